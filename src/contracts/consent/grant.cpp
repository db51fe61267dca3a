// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/api/time.h"
#include "contracts/consent/events.h"
#include "contracts/consent/grants.h"
#include "contracts/consent/messages.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/consent/status.h"
#include "contracts/consent/view.h"

namespace xl::contracts::consent {

namespace wire = xinglin::consent::v1;

namespace {

bool is_given(const wire::ConsentRecord& record) {
  return record.status() == static_cast<std::uint32_t>(ConsentStatus::active);
}

class Grant final : public Command {
 public:
  explicit Grant(wire::Grant message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id patient = id_of(message_.patient());
    const StatusCode may = require_patient(context, state, patient);
    if (may != applied) return may;
    const StatusCode fresh = check_new(state, id_of(message_.consent()), patient);
    if (fresh != applied) return fresh;
    return check_period(message_.start_ms(), message_.end_ms(), context.block_ms);
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    wire::ConsentRecord record;
    record.set_patient(message_.patient());
    record.set_start_ms(message_.start_ms());
    record.set_end_ms(message_.end_ms());
    record.set_commitment(message_.commitment());
    store_consent(context, state, events, id_of(message_.consent()), record);
  }

 private:
  wire::Grant message_;
};

class Narrow final : public Command {
 public:
  explicit Narrow(wire::Narrow message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const auto old = find_consent(state, id_of(message_.consent()));
    if (!old) return consent_unknown;
    const StatusCode may = require_patient(context, state, id_of(old->patient()));
    if (may != applied) return may;
    if (!is_given(*old)) return consent_ended;
    if (find_consent(state, id_of(message_.replacement()))) return consent_exists;
    const StatusCode period =
        check_period(message_.start_ms(), message_.end_ms(), context.block_ms);
    if (period != applied) return period;
    const bool ends_later =
        old->end_ms() != 0 && (message_.end_ms() == 0 || message_.end_ms() > old->end_ms());
    const bool starts_earlier =
        !start_reached(old->start_ms(), context.block_ms) && message_.start_ms() < old->start_ms();
    if (ends_later || starts_earlier) return period_wider;
    return message_.commitment() == old->commitment() ? commitment_repeated : applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id consent = id_of(message_.consent());
    auto old = find_consent(state, consent);
    XL_CHECK(old.has_value());
    wire::ConsentRecord record;
    record.set_patient(old->patient());
    record.set_start_ms(message_.start_ms());
    record.set_end_ms(message_.end_ms());
    record.set_commitment(message_.commitment());
    old->set_status(static_cast<std::uint32_t>(ConsentStatus::superseded));
    old->set_ended_ms(context.block_ms);
    old->set_replaced_by(message_.replacement());
    store_record(state, consent_key(consent), *old);
    state.erase(patient_index_key(id_of(old->patient()), consent));
    store_consent(context, state, events, id_of(message_.replacement()), record);
    events.emit(event::superseded,
                {id_attribute(event::consent_attribute, consent),
                 bytes_attribute(event::patient_attribute, view_of(old->patient())),
                 bytes_attribute(event::custodian_attribute, view_of(old->custodian())),
                 bytes_attribute(event::replacement_attribute, view_of(message_.replacement()))});
  }

 private:
  wire::Narrow message_;
};

class Revoke final : public Command {
 public:
  explicit Revoke(wire::Revoke message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const auto record = find_consent(state, id_of(message_.consent()));
    if (!record) return consent_unknown;
    const StatusCode may = require_patient(context, state, id_of(record->patient()));
    if (may != applied) {
      // What was given at the desk can be taken back at the desk.
      if (!record->assisted() || !staff_signed(context, state, id_of(record->custodian()))) {
        return may;
      }
      if (message_.evidence().empty()) return evidence_missing;
    }
    return is_given(*record) ? applied : consent_ended;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id consent = id_of(message_.consent());
    auto record = find_consent(state, consent);
    XL_CHECK(record.has_value());
    record->set_status(static_cast<std::uint32_t>(ConsentStatus::revoked));
    record->set_ended_ms(context.block_ms);
    store_record(state, consent_key(consent), *record);
    state.erase(patient_index_key(id_of(record->patient()), consent));
    events.emit(event::revoked,
                {id_attribute(event::consent_attribute, consent),
                 bytes_attribute(event::patient_attribute, view_of(record->patient())),
                 bytes_attribute(event::custodian_attribute, view_of(record->custodian()))});
  }

 private:
  wire::Revoke message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_grant(ByteView payload) {
  wire::Grant message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.consent(), "consent"));
  XL_TRY(check_id(message.patient(), "patient"));
  XL_TRY(check_digest(message.commitment(), "commitment"));
  return std::unique_ptr<Command>(std::make_unique<Grant>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_narrow(ByteView payload) {
  wire::Narrow message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.consent(), "consent"));
  XL_TRY(check_id(message.replacement(), "replacement"));
  XL_TRY(check_digest(message.commitment(), "commitment"));
  return std::unique_ptr<Command>(std::make_unique<Narrow>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_revoke(ByteView payload) {
  wire::Revoke message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.consent(), "consent"));
  XL_TRY(check_optional_digest(message.evidence(), "evidence"));
  return std::unique_ptr<Command>(std::make_unique<Revoke>(std::move(message)));
}

}  // namespace xl::contracts::consent
