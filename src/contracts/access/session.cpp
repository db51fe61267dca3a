// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/checked.h"
#include "contracts/access/authority.h"
#include "contracts/access/events.h"
#include "contracts/access/messages.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/status.h"
#include "contracts/access/view.h"
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/consent/view.h"

namespace xl::contracts::access {

namespace wire = xinglin::access::v1;

namespace {

std::vector<EventAttribute> session_attributes(const model::Id& session,
                                               const wire::SessionRecord& record) {
  return {id_attribute(event::entry_attribute, session),
          bytes_attribute(event::patient_attribute, view_of(record.patient())),
          bytes_attribute(event::custodian_attribute, view_of(record.custodian())),
          bytes_attribute(event::organisation_attribute, view_of(record.requester()))};
}

std::uint64_t seal_due(const wire::SessionRecord& session) {
  return saturating_add(end_of(session), limits::seal_within_ms);
}

class OpenSession final : public Command {
 public:
  explicit OpenSession(wire::OpenSession message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const auto patient =
        identity::find_acting(state, id_of(message_.patient()), PartyKind::patient);
    if (!patient) return patient_unknown;
    const model::Id custodian = identity::custodian_of(*patient);
    const model::Id requester = id_of(message_.requester());
    if (requester == custodian) return own_care;
    const StatusCode asks = require_organisation(context, state, requester, requester_missing);
    if (asks != applied) return asks;
    const StatusCode gives = require_organisation(context, state, custodian, custodian_missing);
    if (gives != applied) return gives;
    if (find_session(state, id_of(message_.session()))) return entry_exists;
    if (message_.ends_ms() <= context.block_ms ||
        message_.ends_ms() - context.block_ms > limits::session_ms_max) {
      return period_refused;
    }
    if (seal_is_overdue(state, custodian, context.block_ms)) return seal_overdue;
    return message_.emergency().empty() ? check_consents(context, state)
                                        : check_emergency(context, state);
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const auto patient = identity::find_party(state, id_of(message_.patient()));
    XL_CHECK(patient.has_value());
    const model::Id custodian = identity::custodian_of(*patient);
    wire::SessionRecord record;
    record.set_requester(message_.requester());
    record.set_custodian(patient->custodian());
    record.set_patient(message_.patient());
    *record.mutable_consents() = message_.consents();
    record.set_emergency(message_.emergency());
    record.set_decision(message_.decision());
    record.set_requester_key(signing_key(context, state, id_of(message_.requester())));
    record.set_custodian_key(signing_key(context, state, custodian));
    record.set_opened_ms(context.block_ms);
    record.set_ends_ms(message_.ends_ms());
    const model::Id session = id_of(message_.session());
    store_record(state, session_key(session), record);
    state.put(unsealed_key(custodian, seal_due(record), session), index_value);
    auto attributes = session_attributes(session, record);
    attributes.push_back(number_attribute(event::time_attribute, record.ends_ms()));
    events.emit(event::session_opened, std::move(attributes));
  }

 private:
  [[nodiscard]] StatusCode check_consents(const Context& context,
                                          const model::StateReader& state) const {
    for (const std::string& field : message_.consents()) {
      const auto consent = consent::find_consent(state, id_of(field));
      if (!consent) return consent_not_active;
      if (consent->patient() != message_.patient()) return consent_of_another;
      if (!consent::holds(*consent, context.block_ms)) return consent_not_active;
    }
    return applied;
  }

  [[nodiscard]] StatusCode check_emergency(const Context& context,
                                           const model::StateReader& state) const {
    const model::Id entry = id_of(message_.emergency());
    const auto emergency = find_emergency(state, entry);
    if (!emergency) return emergency_unknown;
    if (emergency->patient() != message_.patient() ||
        emergency->organisation() != message_.requester()) {
      return emergency_of_another;
    }
    return emergency_is_live(state, entry, context.block_ms) ? applied : emergency_over;
  }

  [[nodiscard]] static std::string signing_key(const Context& context,
                                               const model::StateReader& state,
                                               const model::Id& organisation) {
    const Caller* signer = nullptr;
    const StatusCode found =
        require_organisation(context, state, organisation, custodian_missing, &signer);
    XL_CHECK(found == applied);
    return std::string(text_of(signer->key_id));
  }

  wire::OpenSession message_;
};

/// Ends a session now and moves its place in the index of those to be sealed.
void end_session_now(model::StateWriter& state, const model::Id& session,
                     wire::SessionRecord& record, std::uint64_t block_ms) {
  const model::Id custodian = id_of(record.custodian());
  state.erase(unsealed_key(custodian, seal_due(record), session));
  record.set_ended_ms(block_ms);
  state.put(unsealed_key(custodian, seal_due(record), session), index_value);
  store_record(state, session_key(session), record);
}

class EndSession final : public Command {
 public:
  explicit EndSession(wire::EndSession message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const auto record = find_session(state, id_of(message_.session()));
    if (!record) return session_unknown;
    const bool may =
        identity::signed_by(context, id_of(record->patient()), purpose_sign) ==
            identity::Signed::yes ||
        require_organisation(context, state, id_of(record->requester()), party_missing) ==
            applied ||
        require_organisation(context, state, id_of(record->custodian()), party_missing) == applied;
    if (!may) return party_missing;
    return context.block_ms < end_of(*record) ? applied : session_over;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id session = id_of(message_.session());
    auto record = find_session(state, session);
    XL_CHECK(record.has_value());
    end_session_now(state, session, *record, context.block_ms);
    events.emit(event::session_ended, session_attributes(session, *record));
  }

 private:
  wire::EndSession message_;
};

class SealSession final : public Command {
 public:
  explicit SealSession(wire::SealSession message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const auto record = find_session(state, id_of(message_.session()));
    if (!record) return session_unknown;
    const StatusCode may =
        require_organisation(context, state, id_of(record->custodian()), custodian_missing);
    if (may != applied) return may;
    return record->sealed_ms() == 0 ? applied : session_sealed;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id session = id_of(message_.session());
    auto record = find_session(state, session);
    XL_CHECK(record.has_value());
    if (context.block_ms < end_of(*record)) {
      end_session_now(state, session, *record, context.block_ms);
    }
    state.erase(unsealed_key(id_of(record->custodian()), seal_due(*record), session));
    record->set_root(message_.root());
    record->set_reads(message_.count());
    record->set_sealed_ms(context.block_ms);
    store_record(state, session_key(session), *record);
    auto attributes = session_attributes(session, *record);
    attributes.push_back(number_attribute(event::count_attribute, message_.count()));
    events.emit(event::session_sealed, std::move(attributes));
  }

 private:
  wire::SealSession message_;
};

Status check_basis(const wire::OpenSession& message) {
  const auto count = static_cast<std::uint32_t>(message.consents_size());
  if (count > limits::session_consents_max) return malformed("consents");
  const std::string* before = nullptr;
  for (const std::string& consent : message.consents()) {
    XL_TRY(check_id(consent, "consents"));
    if (before != nullptr && *before >= consent) return malformed("consents");
    before = &consent;
  }
  XL_TRY(check_optional_id(message.emergency(), "emergency"));
  if ((count == 0) == message.emergency().empty()) return malformed("consents or emergency");
  return {};
}

}  // namespace

Result<std::unique_ptr<Command>> check_open_session(ByteView payload) {
  wire::OpenSession message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.session(), "session"));
  XL_TRY(check_id(message.requester(), "requester"));
  XL_TRY(check_id(message.patient(), "patient"));
  XL_TRY(check_basis(message));
  XL_TRY(check_digest(message.decision(), "decision"));
  return std::unique_ptr<Command>(std::make_unique<OpenSession>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_end_session(ByteView payload) {
  wire::EndSession message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.session(), "session"));
  return std::unique_ptr<Command>(std::make_unique<EndSession>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_seal_session(ByteView payload) {
  wire::SealSession message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.session(), "session"));
  XL_TRY(check_digest(message.root(), "root"));
  if (message.count() > limits::journal_count_max) return malformed("count");
  return std::unique_ptr<Command>(std::make_unique<SealSession>(std::move(message)));
}

}  // namespace xl::contracts::access
