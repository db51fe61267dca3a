// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>

namespace xl::fhir::detail {

/// The invariants that are checked; invariants.def says which those are.
enum class Invariant : std::uint8_t {
#define XL_INVARIANT(name, key, text) name,
#include "fhir/invariants.def"
#undef XL_INVARIANT
};

}  // namespace xl::fhir::detail
