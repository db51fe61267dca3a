// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "base/checked.h"
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/identity/authority.h"
#include "contracts/identity/events.h"
#include "contracts/identity/messages.h"
#include "contracts/identity/parties.h"
#include "contracts/identity/records.h"
#include "contracts/identity/status.h"
#include "model/limits.h"

namespace xl::contracts::identity {

namespace wire = xinglin::identity::v1;

namespace {

/// May this organisation vouch for the party: as its custodian, or by an attestation in force?
bool may_attest(const model::StateReader& state, const model::Id& did,
                const wire::PartyRecord& party, const model::Id& organisation,
                std::uint64_t block_ms) {
  if (party.kind() == static_cast<std::uint32_t>(PartyKind::patient)) {
    return custodian_of(party) == organisation;
  }
  return is_attested(state, did, organisation, block_ms);
}

/// A patient or a practitioner that is claimed and not deactivated: only they can be recovered.
StatusCode require_person(const model::StateReader& state, const model::Id& did) {
  const auto party = find_party(state, did);
  if (!party) return party_unknown;
  const bool person = party->kind() == static_cast<std::uint32_t>(PartyKind::patient) ||
                      party->kind() == static_cast<std::uint32_t>(PartyKind::practitioner);
  if (!person) return party_wrong_kind;
  if (party->status() == static_cast<std::uint32_t>(PartyStatus::unclaimed)) {
    return party_unclaimed;
  }
  const bool gone = party->status() == static_cast<std::uint32_t>(PartyStatus::deactivated);
  return gone ? party_deactivated : applied;
}

bool is_running(const model::StateReader& state, const model::Id& did) {
  wire::RunningRecovery running;
  return load_record(state, running_recovery_key(did), running);
}

class ConfigureRecovery final : public Command {
 public:
  explicit ConfigureRecovery(wire::ConfigureRecovery message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id did = id_of(message_.party());
    const StatusCode person = require_person(state, did);
    if (person != applied) return person;
    const StatusCode may = require_manager(context, state, did);
    if (may != applied) return may;
    if (is_running(state, did)) return recovery_running;
    if (message_.waiting_ms() < limits::recovery_wait_ms_min ||
        message_.waiting_ms() > limits::recovery_wait_ms_max) {
      return waiting_refused;
    }
    return terms_can_be_met(context, state, did) ? applied : recovery_terms_refused;
  }

  void apply(const Context&, model::StateWriter& state, EventSink& events) const override {
    const model::Id did = id_of(message_.party());
    wire::RecoveryTerms terms;
    terms.set_threshold(message_.threshold());
    *terms.mutable_guardians() = message_.guardians();
    terms.set_attester(message_.attester());
    terms.set_need_both(message_.need_both());
    terms.set_waiting_ms(message_.waiting_ms());
    store_record(state, recovery_terms_key(did), terms);
    events.emit(event::recovery_configured, {id_attribute(event::party_attribute, did)});
  }

 private:
  [[nodiscard]] bool terms_can_be_met(const Context& context, const model::StateReader& state,
                                      const model::Id& did) const {
    for (const std::string& guardian : message_.guardians()) {
      if (!guardian_acts(state, id_of(guardian), did, power_recovery, context.block_ms)) {
        return false;
      }
    }
    const bool attested = !message_.attester().empty();
    if (attested && !may_attest(state, did, *find_party(state, did), id_of(message_.attester()),
                                context.block_ms)) {
      return false;
    }
    // Somebody must be able to start: enough guardians, or an attester.
    if (!attested && message_.threshold() == 0) return false;
    return !message_.need_both() || (attested && message_.threshold() > 0);
  }

  wire::ConfigureRecovery message_;
};

class StartRecovery final : public Command {
 public:
  explicit StartRecovery(wire::StartRecovery message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id did = id_of(message_.party());
    const StatusCode person = require_person(state, did);
    if (person != applied) return person;
    wire::RecoveryTerms terms;
    if (!load_record(state, recovery_terms_key(did), terms)) return recovery_not_configured;
    if (is_running(state, did)) return recovery_running;
    if (!terms_met(context, state, did, terms)) return recovery_signatures_missing;
    const auto kind = static_cast<PartyKind>(find_party(state, did)->kind());
    return admit_first_keys(context, state, did, kind, message_.keys());
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id did = id_of(message_.party());
    wire::RecoveryTerms terms;
    XL_CHECK(load_record(state, recovery_terms_key(did), terms));
    wire::RunningRecovery running;
    running.set_started_ms(context.block_ms);
    running.set_ready_ms(saturating_add(context.block_ms, terms.waiting_ms()));
    for (const wire::NewKey& key : message_.keys()) *running.add_keys() = record_of(did, key);
    store_record(state, running_recovery_key(did), running);
    events.emit(event::recovery_started,
                {id_attribute(event::party_attribute, did),
                 number_attribute(event::time_attribute, running.ready_ms())});
  }

 private:
  [[nodiscard]] static bool terms_met(const Context& context, const model::StateReader& state,
                                      const model::Id& did, const wire::RecoveryTerms& terms) {
    std::uint32_t signed_guardians = 0;
    for (const std::string& field : terms.guardians()) {
      const model::Id guardian = id_of(field);
      const bool helps = guardian_acts(state, guardian, did, power_recovery, context.block_ms);
      if (helps && signed_by(context, guardian, purpose_manage) == Signed::yes) ++signed_guardians;
    }
    const bool guardians = terms.threshold() > 0 && signed_guardians >= terms.threshold();
    bool attester = false;
    if (!terms.attester().empty()) {
      const model::Id organisation = id_of(terms.attester());
      attester = may_attest(state, did, *find_party(state, did), organisation, context.block_ms) &&
                 require_organisation(context, state, organisation) == applied;
    }
    return terms.need_both() ? guardians && attester : guardians || attester;
  }

  wire::StartRecovery message_;
};

class CancelRecovery final : public Command {
 public:
  explicit CancelRecovery(wire::CancelRecovery message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id did = id_of(message_.party());
    const StatusCode may = require_manager(context, state, did);
    if (may != applied) return may;
    return is_running(state, did) ? applied : recovery_not_running;
  }

  void apply(const Context&, model::StateWriter& state, EventSink& events) const override {
    const model::Id did = id_of(message_.party());
    state.erase(running_recovery_key(did));
    events.emit(event::recovery_cancelled, {id_attribute(event::party_attribute, did)});
  }

 private:
  wire::CancelRecovery message_;
};

class FinishRecovery final : public Command {
 public:
  explicit FinishRecovery(wire::FinishRecovery message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id did = id_of(message_.party());
    const StatusCode person = require_person(state, did);
    if (person != applied) return person;
    wire::RunningRecovery running;
    if (!load_record(state, running_recovery_key(did), running)) return recovery_not_running;
    if (context.block_ms < running.ready_ms()) return recovery_too_early;
    for (const wire::KeyRecord& key : running.keys()) {
      if (find_key(state, id_of_record(key))) return key_known;
    }
    return applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id did = id_of(message_.party());
    wire::RunningRecovery running;
    XL_CHECK(load_record(state, running_recovery_key(did), running));
    end_all_keys(state, did, context.block_ms);
    auto party = find_party(state, did);
    XL_CHECK(party.has_value());
    party->set_key_count(party->key_count() + static_cast<std::uint32_t>(running.keys_size()));
    party->clear_agreement_key();  // its secret may be lost with the old keys
    store_party(state, did, *party);
    std::vector<EventAttribute> attributes{id_attribute(event::party_attribute, did)};
    for (const wire::KeyRecord& key : running.keys()) {
      const Hash key_id = id_of_record(key);
      store_key(state, key_id, key);
      attributes.push_back(bytes_attribute(event::key_attribute, key_id));
    }
    state.erase(running_recovery_key(did));
    events.emit(event::recovery_finished, std::move(attributes));
  }

 private:
  [[nodiscard]] static Hash id_of_record(const wire::KeyRecord& key) {
    return model::key_id_of(static_cast<crypto::Algorithm>(key.algorithm()),
                            view_of(key.public_key()));
  }

  wire::FinishRecovery message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_configure_recovery(ByteView payload) {
  wire::ConfigureRecovery message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.party(), "party"));
  if (message.guardians_size() > static_cast<int>(limits::guardians_live_max)) {
    return malformed("guardians");
  }
  const std::string* before = nullptr;
  for (const std::string& guardian : message.guardians()) {
    XL_TRY(check_id(guardian, "guardians"));
    if (before != nullptr && *before >= guardian) return malformed("guardians");
    before = &guardian;
  }
  if (message.threshold() > static_cast<std::uint32_t>(message.guardians_size())) {
    return malformed("threshold");
  }
  XL_TRY(check_optional_id(message.attester(), "attester"));
  return std::unique_ptr<Command>(std::make_unique<ConfigureRecovery>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_start_recovery(ByteView payload) {
  wire::StartRecovery message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.party(), "party"));
  XL_TRY(check_new_keys(message.keys(), 1));
  return std::unique_ptr<Command>(std::make_unique<StartRecovery>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_cancel_recovery(ByteView payload) {
  wire::CancelRecovery message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.party(), "party"));
  return std::unique_ptr<Command>(std::make_unique<CancelRecovery>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_finish_recovery(ByteView payload) {
  wire::FinishRecovery message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.party(), "party"));
  return std::unique_ptr<Command>(std::make_unique<FinishRecovery>(std::move(message)));
}

}  // namespace xl::contracts::identity
