// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/contract.h"
#include "contracts/consent/state.pb.h"

/// What the messages of this contract share.
namespace xl::contracts::consent {

/// `applied` when the patient itself, or a guardian that may consent for it now, signed to manage.
/// Otherwise patient_unknown, patient_deactivated, patient_unclaimed, not_patient,
/// delegation_refused, purpose_missing or guardian_not_acting.
[[nodiscard]] StatusCode require_patient(const Context& context, const model::StateReader& state,
                                         const model::Id& patient);

/// True when two different practitioners signed whom `custodian` attests now.
[[nodiscard]] bool staff_signed(const Context& context, const model::StateReader& state,
                                const model::Id& custodian);

/// `applied` when the period has not passed and ends behind its start; otherwise period_refused.
[[nodiscard]] StatusCode check_period(std::uint64_t start_ms, std::uint64_t end_ms,
                                      std::uint64_t block_ms);

/// `applied` when `consent` is new and the patient has room for it; otherwise consent_exists or
/// consents_too_many.
[[nodiscard]] StatusCode check_new(const model::StateReader& state, const model::Id& consent,
                                   const model::Id& patient);

/// Writes a new consent and its place in the index, and tells so.
void store_consent(const Context& context, model::StateWriter& state, EventSink& events,
                   const model::Id& consent, xinglin::consent::v1::ConsentRecord record);

}  // namespace xl::contracts::consent
