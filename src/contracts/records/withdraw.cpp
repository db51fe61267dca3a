// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/checked.h"
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/identity/view.h"
#include "contracts/records/events.h"
#include "contracts/records/messages.h"
#include "contracts/records/messages.pb.h"
#include "contracts/records/records.h"
#include "contracts/records/status.h"
#include "contracts/records/view.h"
#include "model/limits.h"

namespace xl::contracts::records {

namespace wire = xinglin::records::v1;

namespace {

/// The head of a record whose custodian signed; the status otherwise.
StatusCode require_own_record(const Context& context, const model::StateReader& state,
                              const std::string& record) {
  const auto head = find_record(state, id_of(record));
  if (!head) return record_unknown;
  const bool own = identity::signed_by_organisation(context, state, id_of(head->custodian()),
                                                    purpose_sign) == identity::Signed::yes;
  return own ? applied : not_custodian;
}

wire::RecordHead head_of(const model::StateReader& state, const std::string& record) {
  const auto head = find_record(state, id_of(record));
  XL_CHECK(head.has_value());
  return *head;
}

void emit_head(EventSink& events, std::uint16_t type, const std::string& record,
               const wire::RecordHead& head) {
  events.emit(type, {bytes_attribute(event::record_attribute, view_of(record)),
                     bytes_attribute(event::patient_attribute, view_of(head.patient())),
                     bytes_attribute(event::custodian_attribute, view_of(head.custodian()))});
}

class EnterInError final : public Command {
 public:
  explicit EnterInError(wire::EnterInError message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const StatusCode may = require_own_record(context, state, message_.record());
    if (may != applied) return may;
    return head_of(state, message_.record()).status() == 0 ? applied : record_withdrawn;
  }

  void apply(const Context&, model::StateWriter& state, EventSink& events) const override {
    wire::RecordHead head = head_of(state, message_.record());
    head.set_status(static_cast<std::uint32_t>(RecordStatus::entered_in_error));
    store_record(state, head_key(view_of(message_.record())), head);
    emit_head(events, event::entered_in_error, message_.record(), head);
  }

 private:
  wire::EnterInError message_;
};

class RecordErasure final : public Command {
 public:
  explicit RecordErasure(wire::RecordErasure message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const StatusCode may = require_own_record(context, state, message_.record());
    if (may != applied) return may;
    const wire::RecordHead head = head_of(state, message_.record());
    const auto erasure = static_cast<ErasureStatus>(head.erasure());
    if (erasure == ErasureStatus::complete) return erasure_final;
    if (!message_.final()) return erasure == ErasureStatus::none ? applied : record_erased;
    if (erasure == ErasureStatus::none) return erasure_not_pending;
    const std::uint64_t ready = saturating_add(head.erased_ms(), limits::erasure_backup_ms);
    return context.block_ms >= ready ? applied : erasure_too_early;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    wire::RecordHead head = head_of(state, message_.record());
    if (message_.final()) {
      head.set_erasure(static_cast<std::uint32_t>(ErasureStatus::complete));
      head.set_final_certificate(message_.certificate());
    } else {
      head.set_erasure(static_cast<std::uint32_t>(ErasureStatus::pending));
      head.set_certificate(message_.certificate());
      head.set_erased_ms(context.block_ms);
    }
    store_record(state, head_key(view_of(message_.record())), head);
    emit_head(events, message_.final() ? event::erased : event::erasure_pending, message_.record(),
              head);
  }

 private:
  wire::RecordErasure message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_enter_in_error(ByteView payload) {
  wire::EnterInError message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.record(), "record"));
  XL_TRY(check_digest(message.reason(), "reason"));
  return std::unique_ptr<Command>(std::make_unique<EnterInError>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_record_erasure(ByteView payload) {
  wire::RecordErasure message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.record(), "record"));
  XL_TRY(check_digest(message.certificate(), "certificate"));
  return std::unique_ptr<Command>(std::make_unique<RecordErasure>(std::move(message)));
}

}  // namespace xl::contracts::records
