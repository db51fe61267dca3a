// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace xl::node {

/// A node's settings: `node.toml` in the data folder.
struct Config {
  std::string listen = "127.0.0.1";  ///< [gateway] listen: an address of this machine
  std::uint16_t port = 7410;         ///< [gateway] port: 0..65535, 0 takes a free one
};

/// Reads a configuration. An unknown key is an error that names it. Missing keys keep their
/// default. Errors: file_unreadable, file_too_large, config_invalid (names the key and the line).
[[nodiscard]] Result<Config> read_config(const std::filesystem::path& path);

}  // namespace xl::node
