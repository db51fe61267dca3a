// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/report.h"

#include <algorithm>

namespace xl::fhir::detail {

void Report::add(IssueType type, ErrorCode error, std::string diagnostics, std::string_view child) {
  if (full()) return;
  issues_.push_back({Severity::error, type, error, path(child), std::move(diagnostics)});
}

std::string Report::path(std::string_view child) const {
  std::string text;
  for (const Place& place : steps_) {
    if (!text.empty()) text += '.';
    text += place.name;
    if (place.index != no_index) text += "[" + std::to_string(place.index) + "]";
  }
  if (child.empty()) return text;
  return text.empty() ? std::string(child) : text + "." + std::string(child);
}

bool is_element_name(std::string_view text) {
  constexpr std::size_t name_bytes_max = 64;
  return !text.empty() && text.size() <= name_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-';
         });
}

}  // namespace xl::fhir::detail
