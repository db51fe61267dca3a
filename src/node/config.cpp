// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/config.h"

#include <toml++/toml.h>

#include "base/bytes.h"
#include "base/file.h"

namespace xl::node {
namespace {

constexpr std::uint64_t config_bytes_max = 64 * 1024;

Error config_error(std::string_view key, const toml::node& node) {
  return make_error(ErrorCode::config_invalid,
                    std::string(key) + " in line " + std::to_string(node.source().begin.line));
}

Status read_gateway(const toml::table& table, Config& out) {
  for (const auto& [key, value] : table) {
    if (key == "listen") {
      const auto text = value.value_exact<std::string>();
      if (!text) return config_error("gateway.listen", value);
      out.listen = *text;
    } else if (key == "port") {
      const auto number = value.value_exact<std::int64_t>();
      if (!number || *number < 0 || *number > 65535) return config_error("gateway.port", value);
      out.port = static_cast<std::uint16_t>(*number);
    } else {
      return config_error("unknown key gateway." + std::string(key.str()), value);
    }
  }
  return {};
}

}  // namespace

Result<Config> read_config(const std::filesystem::path& path) {
  XL_TRY_ASSIGN(const Bytes content, read_file(path, config_bytes_max));
  toml::table parsed;
  try {
    parsed = toml::parse(text_of(content));
  } catch (const toml::parse_error& failure) {
    return make_error(ErrorCode::config_invalid, "line " +
                                                     std::to_string(failure.source().begin.line) +
                                                     ": " + std::string(failure.description()));
  }
  Config out;
  for (const auto& [key, value] : parsed) {
    if (key == "gateway" && value.is_table()) {
      XL_TRY(read_gateway(*value.as_table(), out));
    } else {
      return config_error("unknown key " + std::string(key.str()), value);
    }
  }
  return out;
}

}  // namespace xl::node
