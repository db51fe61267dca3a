// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/governance/view.h"

/// What differs from network to network, and its bounds.
namespace xl::contracts::governance {

/// What a network begins with: more than two thirds decide, 14 days to vote, 100 million
/// transactions and 64 GiB of envelopes of one member in an hour.
[[nodiscard]] xinglin::governance::v1::Parameters default_parameters();

/// Bounds of what is to be changed; something must be. Errors: message_malformed.
[[nodiscard]] Status check_parameters_shape(
    const xinglin::governance::v1::ChangeParameters& change);

/// `parameters` with what `change` names.
[[nodiscard]] xinglin::governance::v1::Parameters changed(
    xinglin::governance::v1::Parameters parameters,
    const xinglin::governance::v1::ChangeParameters& change);

/// Are all within bounds?
[[nodiscard]] bool are_sound(const xinglin::governance::v1::Parameters& parameters);

}  // namespace xl::contracts::governance
