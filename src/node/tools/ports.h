// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace xl::node {

/// A program that listens at a TCP port of this machine.
struct Listener {
  int pid = 0;       ///< 0: of another user, not to be seen from here
  std::string name;  ///< the program's, as the kernel has it; empty without `pid`
};

/// Who listens at `port`, from /proc/net/tcp and tcp6; nothing where nobody does. Linux alone.
[[nodiscard]] std::optional<Listener> listener_at(std::uint16_t port);

/// Can a TCP connection to `address` (host:port) be made? Empty, or what the system says.
/// `patience_ms` bounds connecting, not the look-up of a name.
[[nodiscard]] std::string why_unreachable(const std::string& address, std::uint64_t patience_ms);

}  // namespace xl::node
