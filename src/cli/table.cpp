// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/table.h"

#include <unistd.h>

#include <algorithm>

namespace xl::cli {
namespace {

/// Control characters would break the columns, and a terminal.
std::string printable(std::string text) {
  for (char& c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
  }
  return text;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t out = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0U) == 0x80U) continue;
    out += byte >= 0xe3U ? 2 : 1;
  }
  return out;
}

std::string Table::text(bool aligned) const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], columns_of(row[i]));
    }
  }
  std::string out;
  for (std::size_t line = aligned ? 0 : 1; line < rows_.size(); ++line) {
    const auto& row = rows_[line];
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += printable(row[i]);
      if (i + 1 == row.size()) continue;
      out += aligned ? std::string(widths[i] - columns_of(row[i]) + 2, ' ') : "\t";
    }
    out += '\n';
  }
  return out;
}

void Table::print(const Console& console) const {
  const std::string all = text(::isatty(STDOUT_FILENO) == 1);
  if (!all.empty()) console.result(all);
}

}  // namespace xl::cli
