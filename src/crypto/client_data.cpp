// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/client_data.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/hex.h"
#include "crypto/webauthn.h"

namespace xl::crypto::detail {
namespace {

enum class ValueKind { string, boolean, other };

struct Value {
  ValueKind kind = ValueKind::other;
  std::string text;      // of a string
  bool boolean = false;  // of a boolean
};

void append_utf8(std::string& out, std::uint32_t code_point) {
  const auto byte = [&out](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (code_point < 0x80) {
    byte(code_point);
  } else if (code_point < 0x800) {
    byte(0xc0 | code_point >> 6);
    byte(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    byte(0xe0 | code_point >> 12);
    byte(0x80 | (code_point >> 6 & 0x3f));
    byte(0x80 | (code_point & 0x3f));
  } else {
    byte(0xf0 | code_point >> 18);
    byte(0x80 | (code_point >> 12 & 0x3f));
    byte(0x80 | (code_point >> 6 & 0x3f));
    byte(0x80 | (code_point & 0x3f));
  }
}

/// Shortest forms only, no surrogates, up to U+10FFFF (RFC 3629 §3).
bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<std::uint8_t>(text[i++]);
    if (lead < 0x80) continue;
    const int following = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4) return false;
    std::uint32_t code_point = lead & (0x3fU >> following);
    for (int k = 0; k < following; ++k, ++i) {
      if (i == text.size()) return false;
      const auto byte = static_cast<std::uint8_t>(text[i]);
      if ((byte & 0xc0) != 0x80) return false;
      code_point = code_point << 6 | (byte & 0x3fU);
    }
    if (following == 2 && (code_point < 0x800 || (code_point >= 0xd800 && code_point <= 0xdfff))) {
      return false;
    }
    if (following == 3 && (code_point < 0x10000 || code_point > 0x10ffff)) return false;
  }
  return true;
}

class ClientDataParser {
 public:
  explicit ClientDataParser(std::string_view json) : rest_(json) {}

  bool parse(ClientData& out) {
    if (!is_utf8(rest_)) return false;
    skip_space();
    if (!take('{')) return false;
    do {
      if (names_.size() == webauthn::client_data_members_max) return false;
      if (!parse_member(out)) return false;
      skip_space();
    } while (take(','));
    if (!take('}')) return false;
    skip_space();
    return rest_.empty() && has("type") && has("challenge") && has("origin");
  }

 private:
  bool has(std::string_view name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  }

  bool parse_member(ClientData& out) {
    std::string name;
    skip_space();
    if (!parse_string(name) || has(name)) return false;
    skip_space();
    if (!take(':')) return false;
    skip_space();
    Value value;
    if (!parse_value(value) || !keep(name, value, out)) return false;
    names_.push_back(std::move(name));
    return true;
  }

  static bool keep(std::string_view name, Value& value, ClientData& out) {
    if (name == "crossOrigin") {
      out.cross_origin = value.boolean;
      return value.kind == ValueKind::boolean;
    }
    std::string* target = name == "type"        ? &out.type
                          : name == "challenge" ? &out.challenge
                          : name == "origin"    ? &out.origin
                                                : nullptr;
    if (target == nullptr) return true;
    *target = std::move(value.text);
    return value.kind == ValueKind::string;
  }

  bool parse_value(Value& value) {
    if (rest_.starts_with('"')) {
      value.kind = ValueKind::string;
      return parse_string(value.text);
    }
    if (take_word("true") || take_word("false")) {
      value.kind = ValueKind::boolean;
      value.boolean = word_ == "true";
      return true;
    }
    return take_word("null") || parse_number();
  }

  bool parse_string(std::string& out) {
    if (!take('"')) return false;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (static_cast<std::uint8_t>(c) < 0x20) return false;
      if (c != '\\') {
        out.push_back(c);
      } else if (!parse_escape(out)) {
        return false;
      }
    }
    return false;
  }

  bool parse_escape(std::string& out) {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c == 'u') return parse_unicode_escape(out);
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const std::size_t which = letters.find(c);
    if (which == std::string_view::npos) return false;
    out.push_back(meanings[which]);
    return true;
  }

  bool parse_unicode_escape(std::string& out) {
    std::uint32_t unit = 0;
    if (!parse_hex4(unit)) return false;
    if (unit >= 0xdc00 && unit <= 0xdfff) return false;  // a low surrogate alone
    if (unit >= 0xd800 && unit <= 0xdbff) {
      std::uint32_t low = 0;
      if (!rest_.starts_with("\\u")) return false;
      rest_.remove_prefix(2);
      if (!parse_hex4(low) || low < 0xdc00 || low > 0xdfff) return false;
      unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(out, unit);
    return true;
  }

  bool parse_hex4(std::uint32_t& out) {
    Bytes bytes;
    if (rest_.size() < 4 || !from_any_hex(rest_.substr(0, 4), bytes)) return false;
    rest_.remove_prefix(4);
    out = read_be<std::uint16_t>(bytes);
    return true;
  }

  bool parse_number() {
    take('-');
    if (!take('0') && !take_digits()) return false;
    if (take('.') && !take_digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!take_digits()) return false;
    }
    return true;
  }

  bool take_digits() {
    const std::size_t count = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    rest_.remove_prefix(count);
    return count > 0;
  }

  bool take_word(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    word_ = word;
    return true;
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void skip_space() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n\r"), rest_.size()));
  }

  std::string_view rest_;
  std::string_view word_;
  std::vector<std::string> names_;
};

}  // namespace

bool parse_client_data(std::string_view json, ClientData& out) {
  out = {};
  return ClientDataParser(json).parse(out);
}

}  // namespace xl::crypto::detail
