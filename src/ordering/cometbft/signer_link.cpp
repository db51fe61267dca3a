// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/signer_link.h"

#include <charconv>
#include <fstream>
#include <string>
#include <vector>

#include "base/checked.h"

namespace xl::ordering::cometbft {
namespace {

/// Lines of a table that are looked at: more than a machine has connections.
constexpr std::size_t lines_max = 200'000;

std::vector<std::string_view> columns_of(std::string_view line) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return out;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find(' '), line.size());
    out.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

template <typename Is>
bool any_line(const char* table, Is is) {
  std::ifstream in(table);
  std::string line;
  for (std::size_t count = 0; count < lines_max && std::getline(in, line); ++count) {
    if (is(line)) return true;
  }
  return false;
}

}  // namespace

bool is_tcp_connection(std::string_view line, unsigned port) {
  constexpr std::string_view established = "01";  // TCP_ESTABLISHED of the kernel's tcp_states.h
  const std::vector<std::string_view> words = columns_of(line);
  if (words.size() < 4 || words[3] != established) return false;
  const std::size_t colon = words[1].rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view digits = words[1].substr(colon + 1);
  unsigned local = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), local, 16);
  return read.ec == std::errc() && read.ptr == digits.data() + digits.size() && local == port;
}

bool is_unix_connection(std::string_view line, std::string_view path) {
  constexpr std::string_view connected = "03";  // SS_CONNECTED of the kernel's net.h
  const std::vector<std::string_view> words = columns_of(line);
  return words.size() == 8 && words[5] == connected && words[7] == path;
}

bool is_signer_connected(std::string_view listens_at) {
  constexpr std::string_view socket = "unix://";
  if (listens_at.starts_with(socket)) {
    const std::string_view path = listens_at.substr(socket.size());
    return any_line("/proc/net/unix",
                    [&](const std::string& line) { return is_unix_connection(line, path); });
  }
  std::uint64_t port = 0;
  const std::size_t colon = listens_at.rfind(':');
  if (colon == std::string_view::npos || !parse_decimal(listens_at.substr(colon + 1), port)) {
    return false;
  }
  const auto is = [port](const std::string& line) {
    return is_tcp_connection(line, static_cast<unsigned>(port));
  };
  return any_line("/proc/net/tcp", is) || any_line("/proc/net/tcp6", is);
}

}  // namespace xl::ordering::cometbft
