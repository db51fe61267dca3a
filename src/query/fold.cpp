// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "query/fold.h"

#include <array>
#include <cstdint>

#include "base/utf8.h"

namespace xl::query {
namespace {

constexpr char32_t latin_first = 0xC0;
constexpr char32_t latin_last = 0x17F;
/// Base letters of U+00C0..U+017F, in order; a letter that stands for two is resolved before. `?`
/// marks a character that is no letter and stays.
constexpr std::string_view latin_base =
    "aaaaaaaceeeeiiiidnooooo?ouuuuyts"   // U+00C0..U+00DF
    "aaaaaaaceeeeiiiidnooooo?ouuuuyty"   // U+00E0..U+00FF
    "aaaaaaccccccccddddeeeeeeeeeegggg"   // U+0100..U+011F
    "gggghhhhiiiiiiiiiiiijjkkklllllll"   // U+0120..U+013F
    "lllnnnnnnnnnoooooooorrrrrrssssss"   // U+0140..U+015F
    "ssttttttuuuuuuuuuuuuwwyyyzzzzzzs";  // U+0160..U+017F
static_assert(latin_base.size() == latin_last - latin_first + 1);

struct Pair {
  char32_t letter;
  std::string_view written;
};
constexpr std::array<Pair, 9> pairs = {{{0xC6, "ae"},
                                        {0xDE, "th"},
                                        {0xDF, "ss"},
                                        {0xE6, "ae"},
                                        {0xFE, "th"},
                                        {0x132, "ij"},
                                        {0x133, "ij"},
                                        {0x152, "oe"},
                                        {0x153, "oe"}}};

/// The character at `at`, which moves behind it. The text is valid UTF-8 (the JSON reader checked
/// it) or, from elsewhere, yields its bytes one by one where it is not.
char32_t next_character(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(at);
  std::size_t more = 0;
  if (lead >= 0xF0) {
    more = 3;
  } else if (lead >= 0xE0) {
    more = 2;
  } else if (lead >= 0xC0) {
    more = 1;
  }
  if (more == 0 || at + more >= text.size()) {
    ++at;
    return lead;
  }
  char32_t value = lead & (0x3FU >> more);
  for (std::size_t i = 1; i <= more; ++i) value = (value << 6) | (byte(at + i) & 0x3FU);
  at += more + 1;
  return value;
}

/// Lower case of the Greek and Cyrillic capitals, the character itself otherwise.
char32_t lower(char32_t c) {
  if (c >= 0x391 && c <= 0x3A9) return c + 0x20;
  if (c >= 0x410 && c <= 0x42F) return c + 0x20;
  if (c >= 0x400 && c <= 0x40F) return c + 0x50;
  return c;
}

void append_folded(std::string& out, char32_t c) {
  for (const Pair& pair : pairs) {
    if (pair.letter == c) {
      out += pair.written;
      return;
    }
  }
  if (c >= 'A' && c <= 'Z') {
    c += 'a' - 'A';
  } else if (c >= latin_first && c <= latin_last) {
    const char base = latin_base[c - latin_first];
    if (base != '?') c = static_cast<unsigned char>(base);
  } else {
    c = lower(c);
  }
  append_utf8(out, c);
}

}  // namespace

std::string fold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool space = false;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_character(text, at);
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0xA0 || c == 0x3000) {
      space = !out.empty();
      continue;
    }
    if (c < 0x20 || c == 0x7F || (c >= 0x300 && c <= 0x36F)) continue;
    if (space) out.push_back(' ');
    space = false;
    append_folded(out, c);
  }
  return out;
}

}  // namespace xl::query
