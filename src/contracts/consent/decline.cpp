// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/consent/events.h"
#include "contracts/consent/grants.h"
#include "contracts/consent/messages.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/consent/status.h"
#include "contracts/consent/view.h"
#include "contracts/identity/view.h"

namespace xl::contracts::consent {

namespace wire = xinglin::consent::v1;

namespace {

class Decline final : public Command {
 public:
  explicit Decline(wire::Decline message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    const StatusCode may = require_patient(context, state, id_of(message_.patient()));
    if (may != applied) return may;
    return find_decline(state, id_of(message_.decline())) ? identifier_taken : applied;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const auto party = identity::find_party(state, id_of(message_.patient()));
    XL_CHECK(party.has_value());
    wire::DeclineRecord record;
    record.set_patient(message_.patient());
    record.set_custodian(party->custodian());
    record.set_commitment(message_.commitment());
    record.set_since_ms(context.block_ms);
    store_record(state, decline_key(id_of(message_.decline())), record);
    events.emit(event::declined,
                {bytes_attribute(event::consent_attribute, view_of(message_.decline())),
                 bytes_attribute(event::patient_attribute, view_of(record.patient())),
                 bytes_attribute(event::custodian_attribute, view_of(record.custodian()))});
  }

 private:
  wire::Decline message_;
};

}  // namespace

Result<std::unique_ptr<Command>> check_decline(ByteView payload) {
  wire::Decline message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.decline(), "decline"));
  XL_TRY(check_id(message.patient(), "patient"));
  XL_TRY(check_digest(message.commitment(), "commitment"));
  return std::unique_ptr<Command>(std::make_unique<Decline>(std::move(message)));
}

}  // namespace xl::contracts::consent
