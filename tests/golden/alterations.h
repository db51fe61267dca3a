// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

namespace xl::golden {

/// A receipt's text after somebody changed something.
struct Alteration {
  std::string what;
  std::string text;
};

/// Every scalar of a receipt changed by one character, every member of its own left out, and what
/// forgers and careless programs do beside that. `text` is compact JSON.
[[nodiscard]] std::vector<Alteration> alterations_of(const std::string& text);

}  // namespace xl::golden
