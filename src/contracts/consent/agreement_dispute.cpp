// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/checked.h"
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/consent/agreement_parties.h"
#include "contracts/consent/events.h"
#include "contracts/consent/messages.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/consent/status.h"
#include "model/limits.h"

namespace xl::contracts::consent {

namespace wire = xinglin::consent::v1;

namespace {

std::uint32_t waiting_of(const model::StateReader& state, const model::Id& agreement) {
  const Bytes prefix = state_key(contract_number, 'w', agreement.bytes);
  std::uint32_t out = 0;
  state.scan(prefix, prefix, limits::agreement_disputes_max, [&](ByteView, ByteView) {
    ++out;
    return true;
  });
  return out;
}

void emit_agreement_dispute(EventSink& events, std::uint16_t type, const std::string& dispute,
                            const wire::AgreementDisputeRecord& record) {
  events.emit(type, {bytes_attribute(event::agreement_attribute, view_of(record.agreement())),
                     bytes_attribute(event::dispute_attribute, view_of(dispute)),
                     bytes_attribute(event::by_attribute, view_of(record.by()))});
}

class DisputeAgreement final : public Command {
 public:
  explicit DisputeAgreement(wire::DisputeAgreement message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id agreement = id_of(message_.agreement());
    const auto record = find_agreement(state, agreement);
    if (!record) return agreement_unknown;
    const StatusCode signs = require_administrator(context, state, id_of(message_.by()));
    if (signs != applied) return signs;
    const bool party = message_.by() == record->proposer() || message_.by() == record->other();
    if (!party) return administrator_missing;
    if (record->accepted_ms() == 0) return agreement_closed;
    if (find_agreement_dispute(state, id_of(message_.dispute()))) return identifier_taken;
    const bool full = waiting_of(state, agreement) >= limits::agreement_disputes_max;
    return full ? agreement_disputes_too_many : applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id agreement = id_of(message_.agreement());
    const model::Id dispute = id_of(message_.dispute());
    wire::AgreementDisputeRecord record;
    record.set_agreement(message_.agreement());
    record.set_by(message_.by());
    record.set_details(message_.details());
    record.set_opened_ms(context.block_ms);
    record.set_due_ms(saturating_add(context.block_ms, limits::dispute_answer_within_ms));
    store_record(state, agreement_dispute_key(dispute), record);
    state.put(dispute_of_agreement_key(agreement, dispute), index_value);
    state.put(waiting_dispute_key(agreement, dispute), index_value);
    emit_agreement_dispute(events, event::agreement_disputed, message_.dispute(), record);
  }

 private:
  wire::DisputeAgreement message_;
};

class AnswerAgreement final : public Command {
 public:
  explicit AnswerAgreement(wire::AnswerAgreement message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const auto record = find_agreement_dispute(state, id_of(message_.dispute()));
    if (!record) return agreement_dispute_unknown;
    const auto agreement = find_agreement(state, id_of(record->agreement()));
    XL_CHECK(agreement.has_value());
    const std::string& whose =
        record->by() == agreement->proposer() ? agreement->other() : agreement->proposer();
    const StatusCode signs = require_administrator(context, state, id_of(whose));
    if (signs != applied) return signs;
    return record->answered_ms() != 0 ? agreement_dispute_answered : applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id dispute = id_of(message_.dispute());
    auto record = find_agreement_dispute(state, dispute);
    XL_CHECK(record.has_value());
    record->set_answer(message_.answer());
    record->set_answered_ms(context.block_ms);
    store_record(state, agreement_dispute_key(dispute), *record);
    state.erase(waiting_dispute_key(id_of(record->agreement()), dispute));
    emit_agreement_dispute(events, event::agreement_answered, message_.dispute(), *record);
  }

 private:
  wire::AnswerAgreement message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_dispute_agreement(ByteView payload) {
  wire::DisputeAgreement message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.dispute(), "dispute"));
  XL_TRY(check_id(message.agreement(), "agreement"));
  XL_TRY(check_id(message.by(), "by"));
  XL_TRY(check_digest(message.details(), "details"));
  return std::unique_ptr<Command>(std::make_unique<DisputeAgreement>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_answer_agreement(ByteView payload) {
  wire::AnswerAgreement message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.dispute(), "dispute"));
  XL_TRY(check_digest(message.answer(), "answer"));
  return std::unique_ptr<Command>(std::make_unique<AnswerAgreement>(std::move(message)));
}

}  // namespace xl::contracts::consent
