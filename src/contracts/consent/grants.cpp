// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/consent/grants.h"

#include <set>

#include "contracts/api/event_values.h"
#include "contracts/api/shape.h"
#include "contracts/api/time.h"
#include "contracts/consent/events.h"
#include "contracts/consent/records.h"
#include "contracts/consent/status.h"
#include "contracts/consent/view.h"
#include "contracts/identity/view.h"
#include "model/limits.h"

namespace xl::contracts::consent {
namespace {

/// Did a guardian sign that may consent for the ward? Otherwise guardian_not_acting when one of its
/// guardians signed in vain, not_patient when none did.
StatusCode require_guardian(const Context& context, const model::StateReader& state,
                            const model::Id& ward) {
  StatusCode status = not_patient;
  for (const Caller& caller : context.callers) {
    if (caller.kind != PartyKind::guardian) continue;
    if (identity::guardian_acts(state, caller.did, ward, identity::power_consent,
                                context.block_ms)) {
      if (caller.delegated) return delegation_refused;
      if ((caller.purposes & purpose_manage) == 0) return purpose_missing;
      return applied;
    }
    if (identity::is_guardian_of(state, caller.did, ward)) status = guardian_not_acting;
  }
  return status;
}

}  // namespace

StatusCode require_patient(const Context& context, const model::StateReader& state,
                           const model::Id& patient) {
  const auto party = identity::find_party(state, patient);
  if (!party || party->kind() != static_cast<std::uint32_t>(PartyKind::patient)) {
    return patient_unknown;
  }
  if (party->status() == static_cast<std::uint32_t>(identity::PartyStatus::deactivated)) {
    return patient_deactivated;
  }
  switch (identity::signed_by(context, patient, purpose_manage)) {
    case identity::Signed::yes:
      return applied;
    case identity::Signed::delegated:
      return delegation_refused;
    case identity::Signed::without_purpose:
      return purpose_missing;
    case identity::Signed::absent:
      break;
  }
  const StatusCode guardian = require_guardian(context, state, patient);
  const bool unclaimed =
      party->status() == static_cast<std::uint32_t>(identity::PartyStatus::unclaimed);
  return guardian == not_patient && unclaimed ? patient_unclaimed : guardian;
}

bool staff_signed(const Context& context, const model::StateReader& state,
                  const model::Id& custodian) {
  std::set<model::Id> staff;
  for (const Caller& caller : context.callers) {
    const bool own_key = !caller.delegated && (caller.purposes & purpose_sign) != 0;
    if (caller.kind == PartyKind::practitioner && own_key &&
        identity::is_attested(state, caller.did, custodian, context.block_ms)) {
      staff.insert(caller.did);
    }
  }
  return staff.size() >= 2;
}

StatusCode check_period(std::uint64_t start_ms, std::uint64_t end_ms, std::uint64_t block_ms) {
  const bool reversed = end_ms != 0 && end_ms <= start_ms;
  return reversed || end_reached(end_ms, block_ms) ? period_refused : applied;
}

StatusCode check_new(const model::StateReader& state, const model::Id& consent,
                     const model::Id& patient) {
  if (find_consent(state, consent)) return consent_exists;
  const bool full = consents_of(state, patient).size() >= limits::consents_active_max;
  return full ? consents_too_many : applied;
}

void store_consent(const Context& context, model::StateWriter& state, EventSink& events,
                   const model::Id& consent, xinglin::consent::v1::ConsentRecord record) {
  const model::Id patient = id_of(record.patient());
  const auto party = identity::find_party(state, patient);
  XL_CHECK(party.has_value());
  record.set_custodian(party->custodian());
  record.set_status(static_cast<std::uint32_t>(ConsentStatus::active));
  record.set_since_ms(context.block_ms);
  store_record(state, consent_key(consent), record);
  state.put(patient_index_key(patient, consent), index_value);
  events.emit(event::granted,
              {id_attribute(event::consent_attribute, consent),
               id_attribute(event::patient_attribute, patient),
               bytes_attribute(event::custodian_attribute, view_of(record.custodian()))});
}

}  // namespace xl::contracts::consent
