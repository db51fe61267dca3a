// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json/json.h"
#include "base/json/writer.h"
#include "base/result.h"

/// The part of DCQL (OpenID for Verifiable Presentations 1.0 §6) that is asked and answered here:
/// each query wants one SD-JWT VC of some types with some of its claims, bound to its holder.
namespace xl::credentials {

constexpr std::size_t queries_max = 8;
constexpr std::size_t query_values_max = 64;

/// One credential that is wanted.
struct CredentialQuery {
  std::string id;
  std::vector<std::string> vct_values;  ///< one of these
  std::vector<std::string> claims;      ///< names of members; all of these
};

/// Errors: credential_query_unsupported (whatever else DCQL can say: it is refused, not passed
/// over).
[[nodiscard]] Result<std::vector<CredentialQuery>> read_dcql(json::Value query);

/// Writes the queries as the next value.
void write_dcql(json::Writer& out, const std::vector<CredentialQuery>& queries);

/// True when a credential of this `vct` is wanted: its very URL, or another node's of the type.
[[nodiscard]] bool wants_type(const CredentialQuery& query, std::string_view vct);

}  // namespace xl::credentials
