// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string_view>

namespace xl::ordering::cometbft {

/// True while somebody is connected to where the engine listens for a signer, `tcp://HOST:PORT` or
/// `unix://PATH`, as the system's own tables of sockets say: the engine does not tell. Thread-safe.
/// Cost: reads the tables of this machine's network namespace.
[[nodiscard]] bool is_signer_connected(std::string_view listens_at);

/// True when the line of `/proc/net/tcp` or `tcp6` is an established connection at this port of the
/// machine; the same of `/proc/net/unix` and a path.
[[nodiscard]] bool is_tcp_connection(std::string_view line, unsigned port);
[[nodiscard]] bool is_unix_connection(std::string_view line, std::string_view path);

}  // namespace xl::ordering::cometbft
