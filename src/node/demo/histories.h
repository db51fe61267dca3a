// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xl::node::demo {

/// One FHIR R4 resource of a made-up patient.
struct DemoResource {
  std::string type;  ///< FHIR resource type
  std::string json;
};

/// A made-up person and what a hospital has written of them.
struct DemoHistory {
  std::string name;                     ///< of nobody
  std::vector<DemoResource> resources;  ///< the Patient first
};

/// The history of patient `number` (from 0): a Patient, an allergy, an immunization, a coverage,
/// and a few visits, each with an encounter, a condition, observations and a report of them, a
/// prescription and a claim. The same number gives the same bytes, always.
[[nodiscard]] DemoHistory make_history(std::uint32_t number);

}  // namespace xl::node::demo
