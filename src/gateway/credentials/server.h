// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <map>
#include <memory>

#include "custody/custody.h"
#include "gateway/credentials/desk.h"
#include "gateway/credentials/register.h"

namespace xl::gateway::credentials {

/// What this node's organisations keep and remember as issuers and verifiers. Requests are answered
/// by the functions of `routes.h`. Thread-safe.
class Server {
 public:
  /// Opens each organisation's register in `folder`. The custody outlives it. Errors: those of
  /// `Register::open` and of the keyring.
  [[nodiscard]] static Result<std::unique_ptr<Server>> open(custody::Custody& custody,
                                                            const std::filesystem::path& folder);

  /// Precondition: an organisation of this node.
  [[nodiscard]] Register& issued(const model::Id& organisation);
  [[nodiscard]] Desk& desk() { return desk_; }
  /// Held while a pair of lists is added: one is enough.
  [[nodiscard]] std::mutex& adding() { return adding_; }

 private:
  Server() = default;
  Desk desk_;
  std::mutex adding_;
  std::map<model::Id, std::unique_ptr<Register>> registers_;  // filled by `open`
};

}  // namespace xl::gateway::credentials
