// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/identity/authority.h"
#include "contracts/identity/events.h"
#include "contracts/identity/messages.h"
#include "contracts/identity/parties.h"
#include "contracts/identity/status.h"

namespace xl::contracts::identity {

namespace wire = xinglin::identity::v1;

namespace {

class RegisterPatient final : public Command {
 public:
  explicit RegisterPatient(wire::RegisterPatient message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id custodian = id_of(message_.custodian());
    const StatusCode known = require_kind(state, custodian, PartyKind::organisation);
    if (known != applied) return known;
    const StatusCode may =
        status_of(signed_by_organisation(context, state, custodian, purpose_sign));
    if (may != applied) return may;
    return find_party(state, id_of(message_.patient())) ? party_exists : applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    wire::PartyRecord party;
    party.set_kind(static_cast<std::uint32_t>(PartyKind::patient));
    party.set_custodian(message_.custodian());
    party.set_status(static_cast<std::uint32_t>(PartyStatus::unclaimed));
    register_party(context, state, events, id_of(message_.patient()), party, {});
  }

 private:
  wire::RegisterPatient message_;
};

class ClaimPatient final : public Command {
 public:
  explicit ClaimPatient(wire::ClaimPatient message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id patient = id_of(message_.patient());
    const StatusCode known = require_kind(state, patient, PartyKind::patient);
    if (known != applied) return known;
    const auto party = find_party(state, patient);
    if (party->status() != static_cast<std::uint32_t>(PartyStatus::unclaimed)) {
      return already_claimed;
    }
    const StatusCode may = require_organisation(context, state, custodian_of(*party));
    if (may != applied) return may;
    return admit_first_keys(context, state, patient, PartyKind::patient, message_.keys());
  }

  void apply(const Context&, model::StateWriter& state, EventSink& events) const override {
    const model::Id patient = id_of(message_.patient());
    auto party = find_party(state, patient);
    XL_CHECK(party.has_value());
    party->set_status(static_cast<std::uint32_t>(PartyStatus::active));
    party->set_agreement_key(message_.agreement_key());
    store_party(state, patient, *party);
    add_keys(state, patient, message_.keys());
    std::vector<EventAttribute> attributes = key_attributes(message_.keys());
    attributes.push_back(id_attribute(event::party_attribute, patient));
    attributes.push_back(
        bytes_attribute(event::organisation_attribute, view_of(party->custodian())));
    events.emit(event::party_claimed, std::move(attributes));
  }

 private:
  wire::ClaimPatient message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_register_patient(ByteView payload) {
  wire::RegisterPatient message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.custodian(), "custodian"));
  XL_TRY(check_id(message.patient(), "patient"));
  return std::unique_ptr<Command>(std::make_unique<RegisterPatient>(std::move(message)));
}

Result<std::unique_ptr<Command>> check_claim_patient(ByteView payload) {
  wire::ClaimPatient message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.patient(), "patient"));
  XL_TRY(check_new_keys(message.keys(), 1));
  if (!message.agreement_key().empty()) XL_TRY(check_agreement_key(message.agreement_key()));
  XL_TRY(check_digest(message.evidence(), "evidence"));
  return std::unique_ptr<Command>(std::make_unique<ClaimPatient>(std::move(message)));
}

}  // namespace xl::contracts::identity
