// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/hex.h"
#include "base/json/writer.h"
#include "credentials/data_integrity.h"

namespace xl::credentials {
namespace {

constexpr std::size_t canonical_depth_max = 64;

Error no_canonical_form() { return make_error(ErrorCode::credential_malformed); }

/// A text's UTF-16 code units, big-endian, which compare as RFC 8785 §3.2.3 wants it.
std::u16string utf16_of(std::string_view text) {
  std::u16string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    std::uint32_t point = size == 1 ? lead : lead & (0x7fU >> size);
    for (std::size_t k = 1; k < size; ++k) {
      point = point << 6U | (static_cast<unsigned char>(text[i + k]) & 0x3fU);
    }
    i += size;
    if (point < 0x10000) {
      out += static_cast<char16_t>(point);
    } else {
      out += static_cast<char16_t>(0xd7c0 + (point >> 10U));
      out += static_cast<char16_t>(0xdc00 + (point & 0x3ffU));
    }
  }
  return out;
}

void write_text(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    constexpr std::string_view short_forms = "\bb\tt\nn\ff\rr\"\"\\\\";
    std::size_t at = std::string_view::npos;
    for (std::size_t i = 0; i < short_forms.size(); i += 2) {
      if (short_forms[i] == c) at = i;
    }
    if (at != std::string_view::npos) {
      out += '\\';
      out += short_forms[at + 1];
    } else if (byte < 0x20) {
      out += "\\u00";
      out += hex[byte >> 4U];
      out += hex[byte & 15U];
    } else {
      out += c;
    }
  }
  out += '"';
}

/// As ECMAScript's Number::toString: the shortest digits that give the same double again.
bool write_number(std::string& out, std::string_view text) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || !std::isfinite(value)) return false;
  if (value == 0) {
    out += '0';
    return true;
  }
  char buffer[40];
  const auto made =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string_view shortest(buffer, static_cast<std::size_t>(made.ptr - buffer));
  if (shortest.starts_with('-')) {
    out += '-';
    shortest.remove_prefix(1);
  }
  const std::size_t e = shortest.find('e');
  std::string digits(shortest.substr(0, e));
  std::erase(digits, '.');
  int exponent = 0;
  const bool minus = shortest[e + 1] == '-';
  std::from_chars(shortest.data() + e + 2, shortest.data() + shortest.size(), exponent);
  const int point = (minus ? -exponent : exponent) + 1;  // where it stands behind the digits
  const int count = static_cast<int>(digits.size());
  if (point > 21 || point < -5) {
    out += digits.substr(0, 1);
    if (count > 1) out += "." + digits.substr(1);
    out += point > 0 ? "e+" : "e-";
    out += std::to_string(std::abs(point - 1));
  } else if (point <= 0) {
    out += "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  } else if (point >= count) {
    out += digits + std::string(static_cast<std::size_t>(point - count), '0');
  } else {
    out += digits.substr(0, static_cast<std::size_t>(point)) + "." +
           digits.substr(static_cast<std::size_t>(point));
  }
  return true;
}

bool write_canonical(std::string& out, json::Value value, std::size_t depth) {
  if (depth > canonical_depth_max) return false;
  if (const auto text = value.as_string()) {
    write_text(out, *text);
    return true;
  }
  if (const auto number = value.number_text()) return write_number(out, *number);
  if (value.is_array()) {
    out += '[';
    for (const json::Value item : value.items()) {
      if (out.back() != '[') out += ',';
      if (!write_canonical(out, item, depth + 1)) return false;
    }
    out += ']';
    return true;
  }
  if (!value.is_object()) {
    out += json::write(value);
    return true;
  }
  std::vector<std::pair<std::u16string, json::Member>> members;
  for (const json::Member member : value.members()) {
    members.emplace_back(utf16_of(member.key), member);
  }
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  out += '{';
  bool first = true;
  for (const auto& [key, member] : members) {
    if (!first) out += ',';
    first = false;
    write_text(out, member.key);
    out += ':';
    if (!write_canonical(out, member.value, depth + 1)) return false;
  }
  out += '}';
  return true;
}

}  // namespace

Result<std::string> canonical_json(json::Value value) {
  std::string out;
  if (!value.present() || !write_canonical(out, value, 0)) return no_canonical_form();
  return out;
}

}  // namespace xl::credentials
