// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/tools/ports.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/checked.h"

namespace xl::node {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view listening = "0A";  // the kernel's TCP_LISTEN
constexpr std::size_t table_lines_max = 100'000;

/// Inodes of the sockets of a table of /proc/net that listen at a port.
void add_inodes(const char* table, std::uint16_t port, std::set<std::string>& out) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);  // the heading
  for (std::size_t lines = 0; lines < table_lines_max && std::getline(file, line); ++lines) {
    std::istringstream words(line);
    std::string number, local, remote, state, queues, timer, retries, user, timeout, inode;
    words >> number >> local >> remote >> state >> queues >> timer >> retries >> user >> timeout >>
        inode;
    const std::size_t colon = local.rfind(':');
    if (state != listening || colon == std::string::npos) continue;
    if (std::strtoul(local.c_str() + colon + 1, nullptr, 16) == port) out.insert(inode);
  }
}

std::string name_of_process(const fs::path& process) {
  std::string name;
  std::ifstream file(process / "comm");
  std::getline(file, name);
  return name;
}

}  // namespace

std::optional<Listener> listener_at(std::uint16_t port) {
  std::set<std::string> inodes;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) add_inodes(table, port, inodes);
  if (inodes.empty()) return std::nullopt;
  std::error_code failure;
  for (fs::directory_iterator process("/proc", failure), end; !failure && process != end;
       process.increment(failure)) {
    std::uint64_t pid = 0;
    if (!parse_decimal(process->path().filename().string(), pid)) continue;
    std::error_code gone;  // processes end while they are looked at, or are another user's
    for (fs::directory_iterator file(process->path() / "fd", gone); !gone && file != end;
         file.increment(gone)) {
      std::error_code closed;
      const std::string target = fs::read_symlink(file->path(), closed).string();
      if (closed || !target.starts_with("socket:[") || !target.ends_with(']')) continue;
      if (inodes.contains(target.substr(8, target.size() - 9))) {
        return Listener{static_cast<int>(pid), name_of_process(process->path())};
      }
    }
  }
  return Listener{};
}

std::string why_unreachable(const std::string& address, std::uint64_t patience_ms) {
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::asio::io_context io;
  boost::system::error_code failure;
  boost::asio::ip::tcp::resolver resolver(io);
  const auto found = resolver.resolve(host, address.substr(colon + 1), failure);
  if (failure) return failure.message();
  boost::beast::tcp_stream stream(io);
  stream.expires_after(std::chrono::milliseconds(patience_ms));
  stream.async_connect(found, [&](const auto& result, const auto&) { failure = result; });
  io.run();
  if (failure == boost::beast::error::timeout) return "no answer in time";
  return failure ? failure.message() : std::string();
}

}  // namespace xl::node
