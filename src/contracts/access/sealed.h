// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "base/bytes.h"
#include "contracts/access/sealed.pb.h"

/// What the sealed messages of `sealed.proto` give on the chain. Pure, thread-safe.
/// Formats: docs/reference/formats-custody.md §4.
namespace xl::contracts::access {

/// What entries commit to: suite ‖ tagged hash of the canonical bytes, which hold a salt of their
/// own.
[[nodiscard]] std::string details_commitment(ByteView details);

/// The leaf hash that a patient's part in a cohort gives.
[[nodiscard]] Hash cohort_leaf(const xinglin::access::v1::CohortLeaf& leaf);

/// Whether `place` leads from its leaf to `root`, which the verifier took from the chain's
/// CohortRecord.
[[nodiscard]] bool leads_to(const xinglin::access::v1::CohortPlace& place, const Hash& root);

}  // namespace xl::contracts::access
