// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/bytes.h"

#include "base/hex.h"

namespace xl {
namespace {

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view base64url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum class Letters { lower, upper, any };

int hex_value(char c, Letters letters) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f' && letters != Letters::upper) return c - 'a' + 10;
  if (c >= 'A' && c <= 'F' && letters != Letters::lower) return c - 'A' + 10;
  return -1;
}

bool decode_hex(std::string_view text, Letters letters, std::uint8_t* out) {
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i], letters);
    const int low = hex_value(text[i + 1], letters);
    if (high < 0 || low < 0) return false;
    *out++ = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

bool decode_hex(std::string_view text, Letters letters, Bytes& out) {
  if (text.size() % 2 != 0) return false;
  out.resize(text.size() / 2);
  return decode_hex(text, letters, out.data());
}

std::string encode_hex(ByteView bytes, std::string_view digits) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
  return out;
}

std::string encode64(ByteView bytes, std::string_view alphabet, bool padded) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    std::uint32_t group = static_cast<std::uint32_t>(bytes[i]) << 16;
    if (left > 1) group |= static_cast<std::uint32_t>(bytes[i + 1]) << 8;
    if (left > 2) group |= bytes[i + 2];
    out.push_back(alphabet[group >> 18]);
    out.push_back(alphabet[group >> 12 & 63]);
    if (left > 1) out.push_back(alphabet[group >> 6 & 63]);
    if (left > 2) out.push_back(alphabet[group & 63]);
    if (padded && left == 1) out += "==";
    if (padded && left == 2) out += "=";
  }
  return out;
}

bool decode64(std::string_view text, std::string_view alphabet, Bytes& out) {
  if (text.size() % 4 == 1) return false;
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  out.clear();
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const int value = values[static_cast<std::uint8_t>(c)];
    if (value < 0) return false;
    group = group << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<std::uint8_t>(group >> bits));
      group &= (1U << bits) - 1;
    }
  }
  return group == 0;  // unused bits must be zero, or two texts would mean the same bytes
}

}  // namespace

std::string to_hex(ByteView bytes) { return encode_hex(bytes, "0123456789abcdef"); }

std::string to_upper_hex(ByteView bytes) { return encode_hex(bytes, "0123456789ABCDEF"); }

bool from_hex(std::string_view text, Bytes& out) { return decode_hex(text, Letters::lower, out); }

bool from_hex(std::string_view text, Hash& out) {
  return text.size() == out.size() * 2 && decode_hex(text, Letters::lower, out.data());
}

bool from_upper_hex(std::string_view text, Bytes& out) {
  return decode_hex(text, Letters::upper, out);
}

bool from_any_hex(std::string_view text, Bytes& out) { return decode_hex(text, Letters::any, out); }

std::string to_base64(ByteView bytes) { return encode64(bytes, base64_alphabet, true); }

std::string to_base64url(ByteView bytes) { return encode64(bytes, base64url_alphabet, false); }

bool from_base64(std::string_view text, Bytes& out) {
  if (text.size() % 4 != 0) return false;
  if (text.ends_with("==")) {
    text.remove_suffix(2);
  } else if (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  return decode64(text, base64_alphabet, out);
}

bool from_base64url(std::string_view text, Bytes& out) {
  return decode64(text, base64url_alphabet, out);
}

}  // namespace xl
