// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/contract.h"
#include "contracts/consent/view.h"

/// What the messages about agreements between organisations share.
namespace xl::contracts::consent {

/// `applied` when the organisation's own key signed to manage. Otherwise organisation_unknown,
/// delegation_refused, purpose_missing or administrator_missing.
[[nodiscard]] StatusCode require_administrator(const Context& context,
                                               const model::StateReader& state,
                                               const model::Id& organisation);

/// The same for one of the two who agree; `by` (may be null) is set to which.
[[nodiscard]] StatusCode require_either(const Context& context, const model::StateReader& state,
                                        const xinglin::consent::v1::AgreementRecord& record,
                                        model::Id* by);

/// True when the agreement stands so.
[[nodiscard]] bool stands(const xinglin::consent::v1::AgreementRecord& record,
                          AgreementStatus status);

}  // namespace xl::contracts::consent
