// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "base/bytes.h"
#include "crypto/signature.h"
#include "model/genesis.h"

/// What the pages in docs/reference give as vectors.
namespace xl::model::vectors {

/// The lines `group.name = value` of a page's blocks.
inline std::map<std::string, std::string> of_page(const std::string& page) {
  std::ifstream in(std::string(XL_SOURCE_DIR) + "/docs/reference/" + page);
  EXPECT_TRUE(in.good()) << page;
  std::map<std::string, std::string> out;
  bool in_block = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```")) in_block = !in_block;
    const std::size_t equals = line.find(" = ");
    const std::string name = line.substr(0, equals);
    const bool named = name.find('.') != std::string::npos && name.find(' ') == std::string::npos;
    if (in_block && equals != std::string::npos && named) out[name] = line.substr(equals + 3);
  }
  return out;
}

/// A vector that is hexadecimal.
inline Bytes bytes_of(const std::map<std::string, std::string>& page, const std::string& name) {
  Bytes out;
  const auto found = page.find(name);
  EXPECT_TRUE(found != page.end() && from_hex(found->second, out)) << name;
  return out;
}

/// A file that a page names, as it is.
inline std::string file(const std::string& name) {
  std::ifstream in(std::string(XL_SOURCE_DIR) + "/src/model/tests/vectors/" + name);
  EXPECT_TRUE(in.good()) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The genesis that the page names.
inline Genesis genesis() {
  auto out = read_genesis(view_of(file("genesis.json")));
  XL_CHECK(out.ok());
  return std::move(*out);
}

/// The Ed25519 key whose seed is 32 times `byte`.
inline crypto::SigningKey key_of_seed(std::uint8_t byte) {
  auto made = crypto::SigningKey::from_secret(crypto::Algorithm::ed25519, Bytes(32, byte));
  XL_CHECK(made.ok());
  return std::move(*made);
}

}  // namespace xl::model::vectors
