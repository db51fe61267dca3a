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

/// Those who break the glass: a licensed clinician with an own key, the organisation, and a second
/// clinician when one is named or a review is overdue.
StatusCode require_clinicians(const Context& context, const model::StateReader& state,
                              const model::Id& organisation, const model::Id& practitioner,
                              const std::string& second) {
  const StatusCode signs = require_person(context, practitioner, practitioner_missing);
  if (signs != applied) return signs;
  const StatusCode vouches = require_organisation(context, state, organisation, requester_missing);
  if (vouches != applied) return vouches;
  const std::uint64_t now = context.block_ms;
  if (!identity::is_attested_for_emergency(state, practitioner, organisation, now)) {
    return role_not_licensed;
  }
  if (second.empty()) {
    return review_is_overdue(state, organisation, now) ? second_clinician_missing : applied;
  }
  const model::Id other = id_of(second);
  const bool stands = other != practitioner &&
                      identity::signed_by(context, other, purpose_sign) == identity::Signed::yes &&
                      identity::is_attested_for_emergency(state, other, organisation, now);
  return stands ? applied : second_clinician_missing;
}

/// The regulator hears of emergencies while reviews are overdue.
void emit_overdue(const Context& context, const model::StateReader& state, EventSink& events,
                  const std::string& entry, const std::string& organisation) {
  if (!review_is_overdue(state, id_of(organisation), context.block_ms)) return;
  events.emit(event::review_overdue,
              {bytes_attribute(event::entry_attribute, view_of(entry)),
               bytes_attribute(event::organisation_attribute, view_of(organisation))});
}

class DeclareEmergency final : public Command {
 public:
  explicit DeclareEmergency(wire::DeclareEmergency message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const StatusCode may = require_clinicians(context, state, id_of(message_.organisation()),
                                              id_of(message_.practitioner()), message_.second());
    if (may != applied) return may;
    if (!message_.patient().empty() &&
        !identity::find_acting(state, id_of(message_.patient()), PartyKind::patient)) {
      return patient_unknown;
    }
    return find_emergency(state, id_of(message_.entry())) ? entry_exists : applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    emit_overdue(context, state, events, message_.entry(), message_.organisation());
    wire::EmergencyRecord record;
    record.set_practitioner(message_.practitioner());
    record.set_organisation(message_.organisation());
    record.set_patient(message_.patient());
    record.set_reason(message_.reason());
    record.set_second(message_.second());
    record.set_declared_ms(context.block_ms);
    record.set_ends_ms(saturating_add(context.block_ms, limits::emergency_ms));
    record.set_review_due_ms(saturating_add(context.block_ms, limits::review_within_ms));
    const model::Id entry = id_of(message_.entry());
    const model::Id organisation = id_of(message_.organisation());
    store_record(state, emergency_key(entry), record);
    state.put(unreviewed_key(organisation, record.review_due_ms(), entry), index_value);
    events.emit(event::emergency_declared,
                {id_attribute(event::entry_attribute, entry),
                 id_attribute(event::organisation_attribute, organisation),
                 number_attribute(event::time_attribute, record.ends_ms())});
    events.emit(event::notice_to_officer,
                {id_attribute(event::entry_attribute, entry),
                 id_attribute(event::organisation_attribute, organisation),
                 number_attribute(event::time_attribute, record.review_due_ms())});
    if (message_.patient().empty()) return;
    events.emit(event::notice_to_patient,
                {id_attribute(event::entry_attribute, entry),
                 bytes_attribute(event::patient_attribute, view_of(message_.patient())),
                 id_attribute(event::organisation_attribute, organisation)});
  }

 private:
  wire::DeclareEmergency message_;
};

class RenewEmergency final : public Command {
 public:
  explicit RenewEmergency(wire::RenewEmergency message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const auto record = find_emergency(state, id_of(message_.entry()));
    if (!record) return emergency_unknown;
    const StatusCode may = require_clinicians(context, state, id_of(record->organisation()),
                                              id_of(record->practitioner()), message_.second());
    if (may != applied) return may;
    if (context.block_ms >= record->ends_ms()) return emergency_over;
    return record->renewals() < limits::emergency_renewals_max ? applied : renewed_already;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id entry = id_of(message_.entry());
    auto record = find_emergency(state, entry);
    XL_CHECK(record.has_value());
    emit_overdue(context, state, events, message_.entry(), record->organisation());
    record->set_renewals(record->renewals() + 1);
    record->set_ends_ms(saturating_add(record->ends_ms(), limits::emergency_ms));
    store_record(state, emergency_key(entry), *record);
    events.emit(event::emergency_renewed,
                {id_attribute(event::entry_attribute, entry),
                 bytes_attribute(event::organisation_attribute, view_of(record->organisation())),
                 number_attribute(event::time_attribute, record->ends_ms())});
    if (record->patient().empty()) return;
    events.emit(event::notice_to_patient,
                {id_attribute(event::entry_attribute, entry),
                 bytes_attribute(event::patient_attribute, view_of(record->patient())),
                 bytes_attribute(event::organisation_attribute, view_of(record->organisation()))});
  }

 private:
  wire::RenewEmergency message_;
};

class EndEmergency final : public Command {
 public:
  explicit EndEmergency(wire::EndEmergency message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const auto record = find_emergency(state, id_of(message_.entry()));
    if (!record) return emergency_unknown;
    const auto signs = [&](const std::string& who) {
      return !who.empty() &&
             identity::signed_by(context, id_of(who), purpose_sign) == identity::Signed::yes;
    };
    const bool may =
        signs(record->practitioner()) || signs(record->second()) ||
        require_organisation(context, state, id_of(record->organisation()), not_ender) == applied;
    if (!may) return not_ender;
    return context.block_ms < record->ends_ms() ? applied : emergency_over;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id entry = id_of(message_.entry());
    auto record = find_emergency(state, entry);
    XL_CHECK(record.has_value());
    record->set_ends_ms(context.block_ms);
    store_record(state, emergency_key(entry), *record);
    events.emit(event::emergency_ended,
                {id_attribute(event::entry_attribute, entry),
                 bytes_attribute(event::organisation_attribute, view_of(record->organisation())),
                 number_attribute(event::time_attribute, record->ends_ms())});
  }

 private:
  wire::EndEmergency message_;
};

class ReviewEmergency final : public Command {
 public:
  explicit ReviewEmergency(wire::ReviewEmergency message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const auto record = find_emergency(state, id_of(message_.entry()));
    if (!record) return emergency_unknown;
    const model::Id reviewer = id_of(message_.reviewer());
    const StatusCode signs = require_person(context, reviewer, not_reviewer);
    if (signs != applied) return signs;
    const bool took_part =
        message_.reviewer() == record->practitioner() || message_.reviewer() == record->second();
    if (took_part || !identity::is_attested(state, reviewer, id_of(record->organisation()),
                                            identity::Role::privacy_officer, context.block_ms)) {
      return not_reviewer;
    }
    if (record->reviewed_ms() != 0) return reviewed_already;
    return context.block_ms < record->ends_ms() ? emergency_running : applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id entry = id_of(message_.entry());
    auto record = find_emergency(state, entry);
    XL_CHECK(record.has_value());
    const model::Id organisation = id_of(record->organisation());
    record->set_reviewer(message_.reviewer());
    record->set_outcome(message_.outcome());
    record->set_reviewed_ms(context.block_ms);
    store_record(state, emergency_key(entry), *record);
    state.erase(unreviewed_key(organisation, record->review_due_ms(), entry));
    events.emit(event::emergency_reviewed,
                {id_attribute(event::entry_attribute, entry),
                 id_attribute(event::organisation_attribute, organisation)});
  }

 private:
  wire::ReviewEmergency message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_declare_emergency(ByteView payload) {
  wire::DeclareEmergency message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.entry(), "entry"));
  XL_TRY(check_id(message.practitioner(), "practitioner"));
  XL_TRY(check_id(message.organisation(), "organisation"));
  XL_TRY(check_optional_id(message.patient(), "patient"));
  XL_TRY(check_digest(message.reason(), "reason"));
  XL_TRY(check_optional_id(message.second(), "second"));
  return std::unique_ptr<Command>(std::make_unique<DeclareEmergency>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_renew_emergency(ByteView payload) {
  wire::RenewEmergency message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.entry(), "entry"));
  XL_TRY(check_optional_id(message.second(), "second"));
  return std::unique_ptr<Command>(std::make_unique<RenewEmergency>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_end_emergency(ByteView payload) {
  wire::EndEmergency message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.entry(), "entry"));
  return std::unique_ptr<Command>(std::make_unique<EndEmergency>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_review_emergency(ByteView payload) {
  wire::ReviewEmergency message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.entry(), "entry"));
  XL_TRY(check_id(message.reviewer(), "reviewer"));
  XL_TRY(check_digest(message.outcome(), "outcome"));
  return std::unique_ptr<Command>(std::make_unique<ReviewEmergency>(std::move(message)));
}

}  // namespace xl::contracts::access
