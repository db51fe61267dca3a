// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/wish.h"

namespace xl::gateway::fhir {

/// All entries or none (R4 §3.1.0.11.2). The reads see what the writes have done, whatever the
/// order of the entries: they are tried before, as they would then answer, so that one which fails
/// keeps everything from being written.
[[nodiscard]] http::Response process_transaction(const Call& call, json::Value bundle,
                                                 std::vector<Wish> wishes);

}  // namespace xl::gateway::fhir
