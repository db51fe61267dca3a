// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/http/message.h"

#include "base/hex.h"

namespace xl::gateway::http {
namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string_view Request::header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view{} : found->second;
}

bool percent_decode(std::string_view text, bool plus_is_space, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out.push_back(' ');
    } else if (text[i] == '%') {
      Bytes byte;
      if (i + 2 >= text.size() || !from_any_hex(text.substr(i + 1, 2), byte)) return false;
      out.push_back(static_cast<char>(byte[0]));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out.find('\0') == std::string::npos;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      out += '%';
      out += to_hex({&byte, 1});
    }
  }
  return out;
}

bool split_target(std::string_view target, Request& out) {
  const std::size_t question = target.find('?');
  if (!percent_decode(target.substr(0, question), false, out.path)) return false;
  if (!out.path.starts_with('/')) return false;
  if (question == std::string_view::npos) return true;
  std::string_view rest = target.substr(question + 1);
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    auto& [key, value] = out.query.emplace_back();
    if (!percent_decode(pair.substr(0, equals), true, key)) return false;
    if (equals != std::string_view::npos && !percent_decode(pair.substr(equals + 1), true, value)) {
      return false;
    }
  }
  return true;
}

}  // namespace xl::gateway::http
