// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "query/fold.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/utf8.h"
#include "query/fhir_terms.h"

namespace xl::query {
namespace {

using Characters = std::vector<utf8proc_int32_t>;

struct Plain {
  utf8proc_int32_t letter;
  std::string_view written;
};
/// Letters that Unicode does not take apart and that people write without their stroke or hook, in
/// the order of their numbers.
constexpr auto plain_letters = std::to_array<Plain>({{0xE6, "ae"},
                                                     {0xF0, "d"},
                                                     {0xF8, "o"},
                                                     {0xFE, "th"},
                                                     {0x111, "d"},
                                                     {0x127, "h"},
                                                     {0x131, "i"},
                                                     {0x138, "k"},
                                                     {0x142, "l"},
                                                     {0x14B, "n"},
                                                     {0x153, "oe"},
                                                     {0x167, "t"}});

bool is_space(utf8proc_int32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_dropped(utf8proc_int32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x300 && c <= 0x36F);
}

/// Case folded and taken apart by compatibility (NFKD), without what is invisible. Nothing for what
/// is no UTF-8.
std::optional<Characters> taken_apart(std::string_view text) {
  constexpr auto options = static_cast<utf8proc_option_t>(
      UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto size = static_cast<utf8proc_ssize_t>(text.size());
  Characters out(text.size());  // enough but for the few that become many
  for (int tries = 0; tries < 2; ++tries) {
    const auto wanted = utf8proc_decompose(bytes, size, out.data(),
                                           static_cast<utf8proc_ssize_t>(out.size()), options);
    if (wanted < 0) return std::nullopt;
    const bool fits = static_cast<std::size_t>(wanted) <= out.size();
    out.resize(static_cast<std::size_t>(wanted));
    if (fits) return out;
  }
  return std::nullopt;
}

/// Puts single spaces where any stood between two others; `each` adds a character that stays.
template <typename Text, typename Each>
void fold_into(const Text& text, const Each& each) {
  bool any = false;
  bool space = false;
  for (const auto unit : text) {
    const auto c = static_cast<utf8proc_int32_t>(static_cast<std::uint32_t>(unit));
    if (is_space(c)) {
      space = any;
      continue;
    }
    if (is_dropped(c)) continue;
    if (space) each(' ');
    space = false;
    any = true;
    each(c);
  }
}

/// Whether there is more than spaces.
bool any_shown(const Characters& text) {
  return text.empty() || !std::all_of(text.begin(), text.end(), is_space);
}

std::string folded_bytes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto each = [&](utf8proc_int32_t c) {
    out.push_back(static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c));
  };
  const auto* from = reinterpret_cast<const std::uint8_t*>(text.data());
  fold_into(std::span(from, text.size()), each);
  return out;
}

}  // namespace

std::string fold(std::string_view text) {
  const bool ascii = std::all_of(text.begin(), text.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii) return folded_bytes(text);
  const auto apart = taken_apart(text);
  if (!apart) return folded_bytes(text);
  Characters kept;
  kept.reserve(apart->size());
  fold_into(*apart, [&](utf8proc_int32_t c) {
    const auto plain =
        std::lower_bound(plain_letters.begin(), plain_letters.end(), c,
                         [](const Plain& a, utf8proc_int32_t b) { return a.letter < b; });
    if (plain == plain_letters.end() || plain->letter != c) {
      kept.push_back(c);
    } else {
      kept.insert(kept.end(), plain->written.begin(), plain->written.end());
    }
  });
  if (kept.empty()) return any_shown(*apart) ? std::string(text) : std::string();
  // Together again, so that a syllable of Hangul begins with no other and a mark that is no accent
  // belongs to its letter.
  const auto size =
      utf8proc_normalize_utf32(kept.data(), static_cast<utf8proc_ssize_t>(kept.size()),
                               static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  kept.resize(static_cast<std::size_t>(std::max<utf8proc_ssize_t>(size, 0)));
  std::string out;
  out.reserve(text.size());
  for (const utf8proc_int32_t c : kept) append_utf8(out, static_cast<char32_t>(c));
  return out;
}

std::string folded_term(std::string_view text) {
  std::string out = fold(text);
  if (out.size() <= term_bytes_max) return out;
  std::size_t end = term_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80U) --end;
  out.resize(end);
  return out;
}

}  // namespace xl::query
