// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/consent/decide.h"

namespace xl::contracts::consent {

/// Which dimensions of a rule leave a request out. Bits.
enum Mismatch : std::uint32_t {
  mismatch_grantee = 1,
  mismatch_class = 2,
  mismatch_confidentiality = 4,
  mismatch_sensitivity = 8,
  mismatch_purpose = 16,
  mismatch_period = 32,
  mismatch_author = 64,
  mismatch_action = 128,
  mismatch_data = 512,      ///< not among the records that it names
  mismatch_excepted = 256,  ///< inside the rule, but inside one of its exceptions too
};

/// Does a rule that opens (`opens`) or closes data apply? 0 when it does, else why not.
///
/// What is not known, or only partly covered, counts against disclosure: a rule that opens data
/// needs all of a resource's period and every one of its sensitivities inside; one that closes data
/// applies when any part is inside or might be. Exceptions do the opposite of what they stand in.
[[nodiscard]] std::uint32_t mismatch_of(const Rule& rule, const Request& request, bool opens);

}  // namespace xl::contracts::consent
