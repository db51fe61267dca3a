// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>

#include "client/session.h"

namespace xl::client {

/// Tokens of earlier sign-ins, so that one command after another need not put a delegation on the
/// ledger each. A token lies under a key derived from the identity's own: whoever cannot unlock the
/// identity cannot use it. Files are named by a digest, so the folder does not tell who is whose
/// patient. Not thread-safe; two processes may share a folder.
class TokenCache {
 public:
  explicit TokenCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Signs in with the token of last time, or afresh. `node` tells nodes apart. A folder that
  /// cannot be written is no error: the next command signs in again.
  [[nodiscard]] Status sign_in(Session& session, const std::string& node,
                               const model::Id& organisation,
                               const std::vector<std::uint32_t>& roles, std::uint64_t now_ms);

  /// Keeps the session's token when it is another than last time.
  void keep(const Session& session, const std::string& node, const model::Id& organisation,
            const std::vector<std::uint32_t>& roles) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace xl::client
