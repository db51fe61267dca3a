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

namespace xl::contracts::access {

namespace wire = xinglin::access::v1;

namespace {

std::uint32_t waiting_disputes(const model::StateReader& state, const model::Id& patient) {
  const Bytes prefix = state_key(contract_number, 'w', patient.bytes);
  std::uint32_t out = 0;
  state.scan(prefix, prefix, limits::disputes_open_max, [&](ByteView, ByteView) {
    ++out;
    return true;
  });
  return out;
}

void emit_dispute(EventSink& events, std::uint16_t type, const model::Id& dispute,
                  const wire::DisputeRecord& record) {
  std::vector<EventAttribute> what = {
      id_attribute(event::entry_attribute, dispute),
      bytes_attribute(event::patient_attribute, view_of(record.patient())),
      bytes_attribute(event::custodian_attribute, view_of(record.custodian()))};
  if (type == event::dispute_opened) {
    what.push_back(number_attribute(event::time_attribute, record.due_ms()));
  }
  events.emit(type, std::move(what));
}

class Dispute final : public Command {
 public:
  explicit Dispute(wire::Dispute message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id patient = id_of(message_.patient());
    const model::Id by = id_of(message_.by());
    const StatusCode signs = require_person(context, by, disputant_missing);
    if (signs != applied) return signs;
    if (!identity::find_acting(state, patient, PartyKind::patient)) return patient_unknown;
    if (by != patient &&
        !identity::guardian_acts(state, by, patient, identity::power_consent, context.block_ms)) {
      return disputant_missing;
    }
    if (find_dispute(state, id_of(message_.dispute()))) return entry_exists;
    const bool full = waiting_disputes(state, patient) >= limits::disputes_open_max;
    return full ? disputes_exceeded : applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id patient = id_of(message_.patient());
    const model::Id dispute = id_of(message_.dispute());
    const auto party = identity::find_party(state, patient);
    XL_CHECK(party.has_value());
    const model::Id custodian = identity::custodian_of(*party);
    wire::DisputeRecord record;
    record.set_custodian(party->custodian());
    record.set_patient(message_.patient());
    record.set_by(message_.by());
    record.set_details(message_.details());
    record.set_opened_ms(context.block_ms);
    record.set_due_ms(saturating_add(context.block_ms, limits::dispute_answer_within_ms));
    store_record(state, dispute_key(dispute), record);
    state.put(patient_dispute_key(patient, dispute), index_value);
    state.put(waiting_dispute_key(patient, dispute), index_value);
    state.put(unanswered_key(custodian, record.due_ms(), dispute), index_value);
    emit_dispute(events, event::dispute_opened, dispute, record);
  }

 private:
  wire::Dispute message_;
};

class AnswerDispute final : public Command {
 public:
  explicit AnswerDispute(wire::AnswerDispute message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const auto record = find_dispute(state, id_of(message_.dispute()));
    if (!record) return dispute_unknown;
    const model::Id officer = id_of(message_.officer());
    const StatusCode signs = require_person(context, officer, not_answerer);
    if (signs != applied) return signs;
    if (!identity::is_attested(state, officer, id_of(record->custodian()),
                               identity::Role::privacy_officer, context.block_ms)) {
      return not_answerer;
    }
    return record->answered_ms() != 0 ? dispute_answered : applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id dispute = id_of(message_.dispute());
    auto record = find_dispute(state, dispute);
    XL_CHECK(record.has_value());
    record->set_officer(message_.officer());
    record->set_answer(message_.answer());
    record->set_answered_ms(context.block_ms);
    store_record(state, dispute_key(dispute), *record);
    state.erase(waiting_dispute_key(id_of(record->patient()), dispute));
    state.erase(unanswered_key(id_of(record->custodian()), record->due_ms(), dispute));
    emit_dispute(events, event::dispute_answered, dispute, *record);
  }

 private:
  wire::AnswerDispute message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_dispute(ByteView payload) {
  wire::Dispute message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.dispute(), "dispute"));
  XL_TRY(check_id(message.patient(), "patient"));
  XL_TRY(check_id(message.by(), "by"));
  XL_TRY(check_digest(message.details(), "details"));
  return std::unique_ptr<Command>(std::make_unique<Dispute>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_answer_dispute(ByteView payload) {
  wire::AnswerDispute message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.dispute(), "dispute"));
  XL_TRY(check_id(message.officer(), "officer"));
  XL_TRY(check_digest(message.answer(), "answer"));
  return std::unique_ptr<Command>(std::make_unique<AnswerDispute>(std::move(message)));
}

}  // namespace xl::contracts::access
