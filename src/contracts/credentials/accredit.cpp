// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/credentials/authority.h"
#include "contracts/credentials/events.h"
#include "contracts/credentials/messages.h"
#include "contracts/credentials/messages.pb.h"
#include "contracts/credentials/records.h"
#include "contracts/credentials/status.h"
#include "contracts/credentials/view.h"
#include "contracts/identity/view.h"

namespace xl::contracts::credentials {

namespace wire = xinglin::credentials::v1;

namespace {

StatusCode require_regulator(const Context& context, const model::StateReader& state,
                             const model::Id& regulator) {
  const StatusCode signs = require_organisation(context, state, regulator, purpose_manage);
  if (signs != applied) return signs;
  const auto party = identity::find_party(state, regulator);
  const auto type = static_cast<identity::OrganisationType>(party->organisation_type());
  return type == identity::OrganisationType::regulator ? applied : not_regulator;
}

bool is_running(const wire::AccreditationRecord& record, std::uint64_t block_ms) {
  if (record.periods().empty()) return false;
  const wire::AccreditationPeriod& last = record.periods(record.periods_size() - 1);
  return last.ended_ms() == 0 && last.until_ms() > block_ms;
}

void end_running(wire::AccreditationRecord& record, std::uint64_t block_ms) {
  record.mutable_periods(record.periods_size() - 1)->set_ended_ms(block_ms);
}

template <typename Message>
wire::AccreditationRecord said_before(const model::StateReader& state, const Message& message) {
  const auto type = static_cast<CredentialType>(message.type());
  return find_accreditation(state, id_of(message.organisation()), type, id_of(message.regulator()))
      .value_or(wire::AccreditationRecord{});
}

template <typename Message>
void store(model::StateWriter& state, const Message& message,
           const wire::AccreditationRecord& record) {
  store_record(
      state,
      accreditation_key(id_of(message.organisation()), message.type(), id_of(message.regulator())),
      record);
}

template <typename Message>
void tell(EventSink& events, std::uint16_t type, const Message& message) {
  events.emit(type, {bytes_attribute(event::issuer_attribute, view_of(message.organisation())),
                     bytes_attribute(event::regulator_attribute, view_of(message.regulator())),
                     number_attribute(event::type_attribute, message.type())});
}

class Accredit final : public Command {
 public:
  explicit Accredit(wire::Accredit message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const StatusCode may = require_regulator(context, state, id_of(message_.regulator()));
    if (may != applied) return may;
    const model::Id organisation = id_of(message_.organisation());
    if (!identity::find_acting(state, organisation, PartyKind::organisation)) {
      return organisation_unknown;
    }
    const std::uint64_t end_ms = message_.valid_to_ms();
    if (end_ms <= context.block_ms || end_ms - context.block_ms > limits::accreditation_ms_max) {
      return period_refused;
    }
    const auto count = static_cast<std::uint32_t>(said_before(state, message_).periods_size());
    return count < limits::accreditation_periods_max ? applied : periods_exceeded;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    wire::AccreditationRecord record = said_before(state, message_);
    if (is_running(record, context.block_ms)) end_running(record, context.block_ms);
    wire::AccreditationPeriod* added = record.add_periods();
    added->set_from_ms(context.block_ms);
    added->set_until_ms(message_.valid_to_ms());
    store(state, message_, record);
    tell(events, event::accredited, message_);
  }

 private:
  wire::Accredit message_;
};

class EndAccreditation final : public Command {
 public:
  explicit EndAccreditation(wire::EndAccreditation message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const StatusCode may = require_regulator(context, state, id_of(message_.regulator()));
    if (may != applied) return may;
    return is_running(said_before(state, message_), context.block_ms) ? applied
                                                                      : accreditation_unknown;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    wire::AccreditationRecord record = said_before(state, message_);
    end_running(record, context.block_ms);
    store(state, message_, record);
    tell(events, event::accreditation_ended, message_);
  }

 private:
  wire::EndAccreditation message_;
};

template <typename Message>
Status check_parties(const Message& message) {
  XL_TRY(check_id(message.regulator(), "regulator"));
  XL_TRY(check_id(message.organisation(), "organisation"));
  if (message.type() == 0 || message.type() > credential_type_max) return malformed("type");
  return {};
}

}  // namespace

Result<std::unique_ptr<Command>> check_accredit(ByteView payload) {
  wire::Accredit message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_parties(message));
  if (message.valid_to_ms() == 0) return malformed("valid_to_ms");
  return std::unique_ptr<Command>(std::make_unique<Accredit>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_end_accreditation(ByteView payload) {
  wire::EndAccreditation message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_parties(message));
  return std::unique_ptr<Command>(std::make_unique<EndAccreditation>(std::move(message)));
}

}  // namespace xl::contracts::credentials
