// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/consent/agreement_parties.h"
#include "contracts/consent/events.h"
#include "contracts/consent/grants.h"
#include "contracts/consent/messages.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/consent/status.h"
#include "contracts/identity/view.h"
#include "model/limits.h"

namespace xl::contracts::consent {

namespace wire = xinglin::consent::v1;

namespace {

void emit_agreement(EventSink& events, std::uint16_t type, const std::string& agreement,
                    const wire::AgreementRecord& record) {
  events.emit(type, {bytes_attribute(event::agreement_attribute, view_of(agreement)),
                     bytes_attribute(event::proposer_attribute, view_of(record.proposer())),
                     bytes_attribute(event::other_attribute, view_of(record.other()))});
}

class Propose final : public Command {
 public:
  explicit Propose(wire::ProposeAgreement message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id proposer = id_of(message_.proposer());
    const model::Id other = id_of(message_.other());
    const StatusCode signs = require_administrator(context, state, proposer);
    if (signs != applied) return signs;
    const bool there = identity::find_acting(state, other, PartyKind::organisation).has_value();
    if (!there || other == proposer) return organisation_unknown;
    if (find_agreement(state, id_of(message_.agreement()))) return identifier_taken;
    const bool full = agreements_of(state, proposer).size() >= limits::agreements_max ||
                      agreements_of(state, other).size() >= limits::agreements_max;
    if (full) return agreements_too_many;
    return check_period(message_.start_ms(), message_.end_ms(), context.block_ms);
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id agreement = id_of(message_.agreement());
    wire::AgreementRecord record;
    record.set_proposer(message_.proposer());
    record.set_other(message_.other());
    record.set_status(static_cast<std::uint32_t>(AgreementStatus::proposed));
    record.set_start_ms(message_.start_ms());
    record.set_end_ms(message_.end_ms());
    record.set_commitment(message_.commitment());
    record.set_proposed_ms(context.block_ms);
    store_record(state, agreement_key(agreement), record);
    state.put(party_agreement_key(id_of(message_.proposer()), agreement), index_value);
    state.put(party_agreement_key(id_of(message_.other()), agreement), index_value);
    emit_agreement(events, event::agreement_proposed, message_.agreement(), record);
  }

 private:
  wire::ProposeAgreement message_;
};

class Accept final : public Command {
 public:
  explicit Accept(wire::AcceptAgreement message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const auto record = find_agreement(state, id_of(message_.agreement()));
    if (!record) return agreement_unknown;
    const StatusCode signs = require_administrator(context, state, id_of(record->other()));
    if (signs != applied) return signs;
    if (!stands(*record, AgreementStatus::proposed)) return agreement_closed;
    if (message_.commitment() != record->commitment()) return terms_differ;
    return check_period(record->start_ms(), record->end_ms(), context.block_ms);
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    auto record = find_agreement(state, id_of(message_.agreement()));
    XL_CHECK(record.has_value());
    record->set_status(static_cast<std::uint32_t>(AgreementStatus::accepted));
    record->set_accepted_ms(context.block_ms);
    store_record(state, agreement_key(id_of(message_.agreement())), *record);
    emit_agreement(events, event::agreement_accepted, message_.agreement(), *record);
  }

 private:
  wire::AcceptAgreement message_;
};

class End final : public Command {
 public:
  explicit End(wire::EndAgreement message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const auto record = find_agreement(state, id_of(message_.agreement()));
    if (!record) return agreement_unknown;
    const StatusCode signs = require_either(context, state, *record, nullptr);
    if (signs != applied) return signs;
    return stands(*record, AgreementStatus::ended) ? agreement_closed : applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id agreement = id_of(message_.agreement());
    auto record = find_agreement(state, agreement);
    XL_CHECK(record.has_value());
    model::Id by;
    XL_CHECK(require_either(context, state, *record, &by) == applied);
    record->set_status(static_cast<std::uint32_t>(AgreementStatus::ended));
    record->set_ended_ms(context.block_ms);
    record->set_ended_by(std::string(text_of(by.view())));
    store_record(state, agreement_key(agreement), *record);
    state.erase(party_agreement_key(id_of(record->proposer()), agreement));
    state.erase(party_agreement_key(id_of(record->other()), agreement));
    emit_agreement(events, event::agreement_ended, message_.agreement(), *record);
  }

 private:
  wire::EndAgreement message_;
};

}  // namespace

StatusCode require_administrator(const Context& context, const model::StateReader& state,
                                 const model::Id& organisation) {
  if (!identity::find_acting(state, organisation, PartyKind::organisation)) {
    return organisation_unknown;
  }
  switch (identity::signed_by(context, organisation, purpose_manage)) {
    case identity::Signed::yes:
      return applied;
    case identity::Signed::delegated:
      return delegation_refused;
    case identity::Signed::without_purpose:
      return purpose_missing;
    case identity::Signed::absent:
      break;
  }
  return administrator_missing;
}

StatusCode require_either(const Context& context, const model::StateReader& state,
                          const wire::AgreementRecord& record, model::Id* by) {
  StatusCode first = administrator_missing;
  for (const std::string* one : {&record.proposer(), &record.other()}) {
    const StatusCode signs = require_administrator(context, state, id_of(*one));
    if (signs == applied) {
      if (by != nullptr) *by = id_of(*one);
      return applied;
    }
    if (first == administrator_missing) first = signs;
  }
  return first;
}

bool stands(const wire::AgreementRecord& record, AgreementStatus status) {
  return record.status() == static_cast<std::uint32_t>(status);
}

Result<std::unique_ptr<Command>> check_propose_agreement(ByteView payload) {
  wire::ProposeAgreement message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.agreement(), "agreement"));
  XL_TRY(check_id(message.proposer(), "proposer"));
  XL_TRY(check_id(message.other(), "other"));
  XL_TRY(check_digest(message.commitment(), "commitment"));
  return std::unique_ptr<Command>(std::make_unique<Propose>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_accept_agreement(ByteView payload) {
  wire::AcceptAgreement message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.agreement(), "agreement"));
  XL_TRY(check_digest(message.commitment(), "commitment"));
  return std::unique_ptr<Command>(std::make_unique<Accept>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_end_agreement(ByteView payload) {
  wire::EndAgreement message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.agreement(), "agreement"));
  return std::unique_ptr<Command>(std::make_unique<End>(std::move(message)));
}

}  // namespace xl::contracts::consent
