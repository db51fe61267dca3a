// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consents/reader.h"

/// Of this folder only: a provision as it was read, and what becomes of a tree of them.
namespace xl::consents {

/// When something holds: Unix milliseconds, the end exclusive.
struct Window {
  std::int64_t start_ms = 0;
  std::int64_t end_ms = std::numeric_limits<std::int64_t>::max();  ///< open

  [[nodiscard]] bool covers(const Window& other) const {
    return start_ms <= other.start_ms && other.end_ms <= end_ms;
  }
  [[nodiscard]] bool empty() const { return start_ms >= end_ms; }
  [[nodiscard]] Window within(const Window& other) const {
    return {std::max(start_ms, other.start_ms), std::min(end_ms, other.end_ms)};
  }
};

/// One provision. What it does not say is open in `rule`.
struct Provision {
  std::string place;           ///< `Consent.provision.provision[1]`
  std::optional<bool> permit;  ///< its type
  contracts::consent::Rule rule;
  bool has_labels = false;      ///< confidentiality or sensitivities
  bool only_exception = false;  ///< it opens nothing itself
  std::optional<Window> window;
  std::vector<Provision> inner;
};

/// Errors that name the place of an element.
[[nodiscard]] Error unsupported_at(std::string_view place);
[[nodiscard]] Error invalid_at(std::string_view place);

/// The policies of a tree of provisions that hold in `whole`. Errors: consent_unsupported,
/// consent_invalid.
[[nodiscard]] Result<std::vector<contracts::consent::Policy>> compile(const Provision& root,
                                                                      const Window& whole);

}  // namespace xl::consents
