// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "gateway/http/message.h"
#include "gateway/http/tls.h"

namespace xl::gateway::http {

/// Bounds of the server; each over-run is answered, never silently dropped (but over TLS a
/// connection too many is closed before its handshake). Local to a node.
struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;         ///< 0: any free one
  std::optional<TlsOptions> tls;  ///< nothing: HTTP in clear
  unsigned io_threads = 1;
  unsigned worker_threads = 32;  ///< they mostly wait for commits
  std::size_t connections_max = 1024;
  std::size_t streams_max = 256;  ///< of them, whose answer goes on
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 32U << 20U;  ///< of one request: above, 413
  /// Of a request to `/auth/` or `/o/{org}/oauth/`, which strangers send: above, 413 before it is
  /// read.
  std::size_t sign_in_body_bytes_max = 128 * 1024;
  /// Of all requests being read or handled, counted as they arrive, not as they are announced:
  /// above, 503.
  std::size_t bodies_bytes_max = 256U << 20U;
  /// Beside these, for bodies that are still small: large ones cannot lock small ones out.
  std::size_t small_bodies_bytes_max = 16U << 20U;
  std::size_t requests_waiting_max = 512;  ///< for a worker: above, 503
  unsigned header_timeout_ms = 10'000;  ///< for a handshake, and a request's header: above, closed
  unsigned body_timeout_ms = 30'000;    ///< for a request's body: above, 408
  /// From this moment on a body must have come at the least rate on average: below, 408.
  unsigned body_grace_ms = 5'000;
  std::size_t body_rate_bytes_per_s_min = 1024;
  unsigned idle_timeout_ms = 60'000;   ///< between requests of a connection
  unsigned write_timeout_ms = 30'000;  ///< for an answer that the client does not read
};

/// A body up to this size may use the room that is kept for small ones.
constexpr std::size_t small_body_bytes_max = 64 * 1024;

/// Counters for the metrics page. Read without a lock; approximate.
struct ServerCounters {
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;  ///< over a bound, malformed, or timed out
  std::uint64_t connections = 0;
  std::uint64_t connections_open = 0;
  std::uint64_t tls_until_s = 0;  ///< end of the certificate, Unix time; 0: no TLS
};

/// HTTP/1.1 over TCP or TLS: Boost.Beast behind a thin interface. Handlers run on worker threads
/// and may block; a handler that throws or fails a request check costs its own request a 500.
class Server {
 public:
  /// Binds at once. Errors: address_in_use (names the port), address_unusable, those of
  /// `Tls::open`.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(const ServerOptions& options,
                                                             Handler handler);
  virtual ~Server() = default;  ///< stops, waiting for handlers that run

  /// The port it listens on.
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  [[nodiscard]] virtual ServerCounters counters() const = 0;
  /// Loads certificate and key again before the next look at their files would.
  virtual void reload_tls() = 0;
  /// Stops accepting, finishes running handlers, closes connections: those that listen to nothing
  /// more within half a second are told. Idempotent.
  virtual void stop() = 0;
};

}  // namespace xl::gateway::http
