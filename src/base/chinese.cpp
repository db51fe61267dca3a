// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/chinese.h"

#include <array>
#include <optional>
#include <vector>

namespace xl {
namespace {

constexpr auto catalogue = std::to_array<Wording>({
#define XL_WORDING(english, chinese) {english, chinese},
#include "base/chinese.def"
#include "base/chinese_audit.def"
#include "base/chinese_credentials.def"
#include "base/chinese_fhir.def"
#include "base/chinese_help.def"
#include "base/chinese_peers.def"
#include "base/chinese_requests.def"
#include "base/chinese_smart.def"
#undef XL_WORDING
});

constexpr std::string_view gap = "{}";
constexpr int depth_max = 3;  // an error in a list in a sentence

using Pieces = std::vector<std::string_view>;

/// What stands for the gaps of `pattern` in `text`; nothing when it is another text. Each gap is as
/// short as it can be, the last one takes the rest.
std::optional<Pieces> match(std::string_view pattern, std::string_view text) {
  Pieces out;
  std::size_t at = pattern.find(gap);
  if (at == std::string_view::npos) return pattern == text ? std::optional(out) : std::nullopt;
  if (!text.starts_with(pattern.substr(0, at))) return std::nullopt;
  text.remove_prefix(at);
  pattern.remove_prefix(at + gap.size());
  for (at = pattern.find(gap); at != std::string_view::npos; at = pattern.find(gap)) {
    const std::size_t end = text.find(pattern.substr(0, at));
    if (end == std::string_view::npos) return std::nullopt;
    out.push_back(text.substr(0, end));
    text.remove_prefix(end + at);
    pattern.remove_prefix(at + gap.size());
  }
  if (text.size() < pattern.size() || !text.ends_with(pattern)) return std::nullopt;
  out.push_back(text.substr(0, text.size() - pattern.size()));
  return out;
}

/// The row that says most of this text itself, so that their order says nothing.
const Wording* row_of(std::string_view english, Pieces& pieces) {
  const Wording* out = nullptr;
  std::size_t in_gaps = english.size() + 1;
  for (const Wording& row : catalogue) {
    auto found = match(row.english, english);
    if (!found) continue;
    std::size_t rest = 0;
    for (const std::string_view piece : *found) rest += piece.size();
    if (rest >= in_gaps) continue;
    in_gaps = rest;
    out = &row;
    pieces = std::move(*found);
  }
  return out;
}

std::string chinese_of(std::string_view english, int depth) {
  Pieces pieces;
  const Wording* row = row_of(english, pieces);
  if (row == nullptr) return std::string(english);
  std::string out(row->chinese);
  for (std::size_t i = pieces.size(); i > 0; --i) {
    const std::string place = "{" + std::to_string(i) + "}";
    const std::size_t at = out.find(place);
    if (at == std::string::npos) continue;
    const std::string_view piece = pieces[i - 1];
    out.replace(at, place.size(), depth == 0 ? std::string(piece) : chinese_of(piece, depth - 1));
  }
  return out;
}

}  // namespace

std::span<const Wording> wordings() { return catalogue; }

std::string in_chinese(std::string_view english) { return chinese_of(english, depth_max); }

}  // namespace xl
