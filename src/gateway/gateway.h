// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>

#include "gateway/http/server.h"
#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway {

/// A node's HTTP face: sign-in, the ledger's own API, each organisation's FHIR server and consents,
/// health, metrics and the status page.
class Gateway {
 public:
  /// Starts serving. Errors: those of `http::Server::start`.
  [[nodiscard]] static Result<std::unique_ptr<Gateway>> start(const http::ServerOptions& options,
                                                              const Services& services);

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  /// As that of the server. Thread-safe.
  void reload_tls() { server_->reload_tls(); }
  /// Stops accepting and finishes what runs. Idempotent.
  void stop() { server_->stop(); }

 private:
  explicit Gateway(const Services& services) : services_(services) {}
  void add_routes();
  [[nodiscard]] http::Response serve(const http::Request& request) const;
  [[nodiscard]] Result<http::Response> health() const;
  [[nodiscard]] Result<http::Response> metrics() const;

  Services services_;
  Router router_;
  std::unique_ptr<http::Server> server_;  // last: its threads use all of the above
};

}  // namespace xl::gateway
