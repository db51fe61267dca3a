// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/json.h"

namespace xl::fhir::detail {

/// The invariants that are checked; invariants.def says which those are.
enum class Invariant : std::uint8_t {
#define XL_INVARIANT(name, key, holds) name,
#include "fhir/invariants.def"
#undef XL_INVARIANT
};

/// True unless an object breaks an invariant. Members of a wrong type count as absent. At most
/// n log n in the size of the object.
[[nodiscard]] bool holds(Invariant invariant, json::Value object);

/// Where an object breaks an invariant that it breaks, as steps below it (`entry[2].request`):
/// rules of a Bundle that one element breaks. Empty for every other rule, which is about the
/// object. n log n in the size of the object.
[[nodiscard]] std::vector<std::string> broken_places(Invariant invariant, json::Value object);

/// `obs-6`.
[[nodiscard]] std::string_view invariant_key(Invariant invariant);

}  // namespace xl::fhir::detail
