// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/contract.h"

namespace xl::contracts::credentials {

/// Is the organisation there, and did it sign with a key that has `purposes`: for `purpose_manage`
/// its own, for `purpose_sign` a service's will do? Otherwise organisation_unknown,
/// organisation_missing, delegation_refused or purpose_missing.
[[nodiscard]] StatusCode require_organisation(const Context& context,
                                              const model::StateReader& state,
                                              const model::Id& organisation, Purpose purpose);

}  // namespace xl::contracts::credentials
