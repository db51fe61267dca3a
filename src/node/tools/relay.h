// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "client/http_client.h"
#include "gateway/http/server.h"

namespace xl::node {

/// Hands the questions of this machine's engine to other members' gateways: the engine knows only
/// the system's authorities and shows nobody a certificate. Listens on the loopback.
class Relay {
 public:
  /// Errors: those of `gateway::http::Server::start`.
  [[nodiscard]] static Result<std::unique_ptr<Relay>> start(
      std::vector<client::NodeAddress> members);

  /// Where the engine asks the member of this number, by their order at `start`.
  [[nodiscard]] std::string url(std::size_t member) const;
  /// True when the last question to this member had no answer. Thread-safe.
  [[nodiscard]] bool failed(std::size_t member) const { return failed_[member]; }

 private:
  explicit Relay(std::vector<client::NodeAddress> members)
      : members_(std::move(members)), failed_(members_.size()) {}
  [[nodiscard]] gateway::http::Response ask(const gateway::http::Request& request);

  std::vector<client::NodeAddress> members_;
  std::vector<std::atomic<bool>> failed_;          // one for each of `members_`
  std::unique_ptr<gateway::http::Server> server_;  // last: its threads use the members
};

}  // namespace xl::node
