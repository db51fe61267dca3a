// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace xl::node {

/// Posts JSON to an address, over TLS that the system's authorities vouch for where it is https.
/// Waits 5 s at most, follows no redirect. Errors: node_unreachable, those of TLS,
/// answer_unexpected (the status is not 2xx). Thread-safe.
[[nodiscard]] Status send_notice(const std::string& url, const std::string& body,
                                 const std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace xl::node
