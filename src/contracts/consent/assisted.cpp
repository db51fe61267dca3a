// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/api/shape.h"
#include "contracts/consent/grants.h"
#include "contracts/consent/messages.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/status.h"
#include "contracts/identity/view.h"
#include "model/limits.h"

namespace xl::contracts::consent {

namespace wire = xinglin::consent::v1;

namespace {

class GrantAssisted final : public Command {
 public:
  explicit GrantAssisted(wire::GrantAssisted message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const model::Id patient = id_of(message_.patient());
    const auto party = identity::find_party(state, patient);
    if (!party || party->kind() != static_cast<std::uint32_t>(PartyKind::patient)) {
      return patient_unknown;
    }
    if (party->status() == static_cast<std::uint32_t>(identity::PartyStatus::deactivated)) {
      return patient_deactivated;
    }
    if (!staff_signed(context, state, identity::custodian_of(*party))) return staff_missing;
    const StatusCode fresh = check_new(state, id_of(message_.consent()), patient);
    if (fresh != applied) return fresh;
    const StatusCode period =
        check_period(message_.start_ms(), message_.end_ms(), context.block_ms);
    if (period != applied) return period;
    const bool too_long = message_.end_ms() - context.block_ms > limits::assisted_consent_ms_max;
    return too_long ? assisted_too_long : applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    wire::ConsentRecord record;
    record.set_patient(message_.patient());
    record.set_start_ms(message_.start_ms());
    record.set_end_ms(message_.end_ms());
    record.set_commitment(message_.commitment());
    record.set_assisted(true);
    record.set_evidence(message_.evidence());
    store_consent(context, state, events, id_of(message_.consent()), record);
  }

 private:
  wire::GrantAssisted message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_grant_assisted(ByteView payload) {
  wire::GrantAssisted message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.consent(), "consent"));
  XL_TRY(check_id(message.patient(), "patient"));
  if (message.end_ms() == 0) return malformed("end_ms");
  XL_TRY(check_digest(message.commitment(), "commitment"));
  XL_TRY(check_digest(message.evidence(), "evidence"));
  return std::unique_ptr<Command>(std::make_unique<GrantAssisted>(std::move(message)));
}

}  // namespace xl::contracts::consent
