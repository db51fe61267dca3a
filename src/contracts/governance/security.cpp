// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/governance/security.h"

#include "base/checked.h"
#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/api/time.h"
#include "contracts/governance/authority.h"
#include "contracts/governance/events.h"
#include "contracts/governance/messages.h"
#include "contracts/governance/records.h"
#include "contracts/governance/status.h"
#include "contracts/identity/view.h"
#include "crypto/signature.h"
#include "model/limits.h"
#include "model/tags.h"

namespace xl::contracts::governance {

namespace wire = xinglin::governance::v1;

namespace {

/// A regulator, or a member that stays one.
StatusCode require_auditor(const Context& context, const model::StateReader& state,
                           const wire::AttestSecurity& message) {
  const model::Id auditor = id_of(message.auditor());
  if (auditor == id_of(message.organisation())) return auditor_refused;
  const auto party = identity::find_acting(state, auditor, PartyKind::organisation);
  const auto regulator = static_cast<std::uint32_t>(identity::OrganisationType::regulator);
  const bool suits = party && (party->organisation_type() == regulator ||
                               require_member(state, auditor) == applied);
  return suits ? require_signed(context, auditor) : auditor_refused;
}

/// The scan was made, and the next is due in time.
StatusCode check_period(const Context& context, const wire::AttestSecurity& message) {
  const bool fine =
      start_reached(message.scanned_ms(), context.block_ms) &&
      message.next_due_ms() > context.block_ms && message.next_due_ms() > message.scanned_ms() &&
      message.next_due_ms() - message.scanned_ms() <= limits::security_attestation_ms_max;
  return fine ? applied : attestation_period_refused;
}

/// Is `key` one that the organisation manages itself with now?
bool manages(const Context& context, const model::StateReader& state, const model::Id& organisation,
             ByteView key) {
  const auto stored = identity::find_key(state, model::key_id_of(crypto::Algorithm::ed25519, key));
  return stored && id_of(stored->controller()) == organisation && !stored->has_delegation() &&
         (stored->purposes() & purpose_manage) != 0 &&
         identity::is_active(*stored, context.block_ms);
}

/// The organisation stands behind it: it signed the transaction, or the statement in it with a key
/// of its own or, where it is not registered yet, of its card.
bool signed_by_itself(const Context& context, const model::StateReader& state,
                      const wire::AttestSecurity& message) {
  const model::Id organisation = id_of(message.organisation());
  const bool known = identity::find_party(state, organisation).has_value();
  if (known && !identity::find_acting(state, organisation, PartyKind::organisation)) return false;
  if (message.service_key().empty()) {
    return known && require_signed(context, organisation) == applied;
  }
  if (known && !manages(context, state, organisation, view_of(message.service_key()))) return false;
  return crypto::verify(crypto::Algorithm::ed25519, view_of(message.service_key()),
                        security_attestation_bytes(context.network, message),
                        view_of(message.signature()));
}

class AttestSecurity final : public Command {
 public:
  explicit AttestSecurity(wire::AttestSecurity message) : message_(std::move(message)) {}

  [[nodiscard]] StatusCode authorize(const Context& context,
                                     const model::StateReader& state) const override {
    if (!find_parameters(state)) return not_founded;
    const StatusCode auditor = require_auditor(context, state, message_);
    if (auditor != applied) return auditor;
    const StatusCode period = check_period(context, message_);
    if (period != applied) return period;
    return signed_by_itself(context, state, message_) ? applied : attestation_signature_invalid;
  }

  void apply(const Context& context, model::StateWriter& state, EventSink& events) const override {
    const model::Id organisation = id_of(message_.organisation());
    wire::SecurityRecord record;
    record.set_software(message_.software());
    record.set_scanned_ms(message_.scanned_ms());
    record.set_next_due_ms(message_.next_due_ms());
    record.set_auditor(message_.auditor());
    record.set_report(message_.report());
    record.set_since_ms(context.block_ms);
    record.set_service_key(message_.service_key());
    store_record(state, security_key(organisation), record);
    events.emit(event::attested, {id_attribute(event::member_attribute, organisation),
                                  id_attribute(event::auditor_attribute, id_of(message_.auditor())),
                                  number_attribute(event::time_attribute, message_.next_due_ms())});
  }

 private:
  wire::AttestSecurity message_;
};

}  // namespace

Bytes security_attestation_bytes(const Hash& network, const wire::AttestSecurity& message) {
  Bytes out = copy_of(view_of(model::tags::security_attestation));
  out.push_back(0);
  out.push_back(static_cast<std::uint8_t>(crypto::Suite::international));
  append(out, network);
  append(out, view_of(message.organisation()));
  append(out, view_of(message.auditor()));
  append_be(out, message.scanned_ms());
  append_be(out, message.next_due_ms());
  append(out, view_of(message.report()));
  append(out, view_of(message.software()));
  return out;
}

Result<std::unique_ptr<Command>> check_attest_security(ByteView payload) {
  wire::AttestSecurity message;
  XL_TRY(decode_message(payload, message));
  XL_TRY(check_id(message.organisation(), "organisation"));
  XL_TRY(check_id(message.auditor(), "auditor"));
  if (message.software().empty() || message.software().size() > limits::software_bytes_max) {
    return malformed("software");
  }
  XL_TRY(check_digest(message.report(), "report"));
  if (message.service_key().empty() != message.signature().empty()) return malformed("signature");
  if (!message.service_key().empty()) {
    if (!crypto::check_public_key(crypto::Algorithm::ed25519, view_of(message.service_key()))
             .ok()) {
      return malformed("service_key");
    }
    if (message.signature().size() > limits::signature_bytes_max) return malformed("signature");
  }
  return std::unique_ptr<Command>(std::make_unique<AttestSecurity>(std::move(message)));
}

}  // namespace xl::contracts::governance
