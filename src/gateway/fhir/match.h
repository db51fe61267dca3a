// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"

namespace xl::gateway::fhir {

/// `POST Patient/$match` (FHIR R4 Patient-match, IHE ITI-119): Parameters with `resource`, a
/// Patient as far as it is known, `count` and `onlyCertainMatches`. The answer is a searchset with
/// a score from 0 to 1 and a match grade for each Patient whom the requester may know, best first.
///
/// The score is a table, the same for everyone: an identifier that agrees makes a match certain
/// unless birth date or gender disagree; else family name 35, birth date 35, given name 15, gender
/// 5, telecom or address 10 of a hundred; what disagrees takes as much away.
[[nodiscard]] http::Response match(const Call& call);

}  // namespace xl::gateway::fhir
