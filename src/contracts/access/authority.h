// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/identity/view.h"

/// Who must have signed an access entry, as statuses.
namespace xl::contracts::access {

/// `applied` when the organisation exists, acts, and one of its own keys or services signed.
/// Otherwise organisation_unknown, delegation_refused, purpose_missing or `missing`. `signer` (may
/// be null) receives the caller that did.
[[nodiscard]] StatusCode require_organisation(const Context& context,
                                              const model::StateReader& state,
                                              const model::Id& organisation, StatusCode missing,
                                              const Caller** signer = nullptr);

/// `applied` when the person signed with an own key. Otherwise delegation_refused, purpose_missing
/// or `missing`.
[[nodiscard]] StatusCode require_person(const Context& context, const model::Id& did,
                                        StatusCode missing);

}  // namespace xl::contracts::access
