// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

#include "base/console.h"

namespace xl::cli {

/// Columns on a terminal: one per character, two for those of East Asia (three-byte UTF-8 from
/// U+3000 on, near enough).
[[nodiscard]] std::size_t columns_of(std::string_view text);

/// Rows on stdout: aligned with a heading at a terminal, tab-separated without one in a pipe, never
/// cut off. Not thread-safe.
class Table {
 public:
  explicit Table(std::vector<std::string> heading) : rows_{std::move(heading)} {}

  /// Precondition: as many cells as the heading has.
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void print(const Console& console) const;
  /// What `print` writes; `aligned` for people.
  [[nodiscard]] std::string text(bool aligned) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace xl::cli
