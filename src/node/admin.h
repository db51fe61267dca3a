// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/json/json.h"
#include "base/result.h"

/// What a running node is asked by commands on the same machine: one JSON object in a line, one
/// object in a line back, over a unix socket in a folder that only the node's user can enter.
namespace xl::node {

/// The longest line of either side.
constexpr std::size_t admin_line_bytes_max = 16 * 1024;

/// Does what a request asks; the answer is a JSON object's text.
using AdminHandler = std::function<Result<std::string>(json::Value request)>;

/// Answers one request after the other. Thread-safe.
class AdminServer {
 public:
  virtual ~AdminServer() = default;

  /// Listens at `socket`; what a process that ended left there is replaced. Errors:
  /// address_unusable.
  [[nodiscard]] static Result<std::unique_ptr<AdminServer>> start(
      const std::filesystem::path& socket, AdminHandler handler);
  /// Ends it; a request in work is finished first. Once.
  virtual void stop() = 0;
};

/// Asks the node that listens at `socket`; nothing when none does. Errors: those of the node's
/// answer, admin_failed (it hung up, or answered what is no answer).
[[nodiscard]] std::optional<Result<json::Document>> ask_admin(const std::filesystem::path& socket,
                                                              const std::string& request);

}  // namespace xl::node
