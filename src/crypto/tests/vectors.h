// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "base/hex.h"

/// Published vectors for the tests of this folder; no copy of them is kept in the repository.
namespace xl::crypto::test {

inline std::filesystem::path shared_data() { return XL_SHARED_DATA; }

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline nlohmann::json read_json(const std::filesystem::path& path) {
  return nlohmann::json::parse(read_text(path));
}

inline Bytes hex(std::string_view text) {
  Bytes out;
  EXPECT_TRUE(from_any_hex(text, out)) << text;
  return out;
}

inline Bytes hex(const char* text) { return hex(std::string_view(text)); }

inline Bytes hex(const nlohmann::json& text) {
  return hex(std::string_view(text.get_ref<const std::string&>()));
}

}  // namespace xl::crypto::test

#define XL_NEEDS_SHARED_DATA()                                     \
  if (!std::filesystem::exists(::xl::crypto::test::shared_data())) \
  GTEST_SKIP() << "skipped: ../shared/data not found"
