// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xl::bench {

/// One resource of a made-up patient, of the size and shape that Synthea gives it.
struct MadeResource {
  std::string type;
  std::string id;
  std::string json;
};

/// Patient `number` with 20 resources about it, the Patient first: encounters, conditions,
/// observations of six kinds, prescriptions, an immunization and an allergy, about a kilobyte each.
/// Ids and references are of this patient alone. The same number gives the same bytes.
[[nodiscard]] std::vector<MadeResource> make_patient(std::uint64_t number);

/// An Observation of that patient, the `nth` behind those of `make_patient`; without an id.
[[nodiscard]] std::string make_observation(std::uint64_t patient, std::uint64_t nth);

/// The names by which patient `number` is found: one in a thousand has each.
[[nodiscard]] std::string family_of(std::uint64_t number);

/// A transaction that puts `resources` under their ids.
[[nodiscard]] std::string put_all(const std::vector<MadeResource>& resources);

/// A transaction that creates `resources`, the first of which the others refer to by a URN.
[[nodiscard]] std::string post_all(const std::vector<MadeResource>& resources);

}  // namespace xl::bench
