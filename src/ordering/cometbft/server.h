// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "base/result.h"
#include "ordering/cometbft/abci.pb.h"

namespace xl::ordering::cometbft {

namespace abci = xinglin::abci::v1;

/// Answers one request. Called on the thread of its connection: requests of one connection come
/// one after the other, those of different connections at the same time.
using AbciHandler = std::function<void(const abci::Request& request, abci::Response& response)>;

/// The socket that CometBFT's four connections (query, snapshot, mempool, consensus) come to.
/// Answers go out in the order of the requests; reading goes on while answers are written and
/// while requests are worked on, up to a bound of waiting bytes. Thread-safe.
class AbciServer {
 public:
  virtual ~AbciServer() = default;

  /// Listens on the unix socket `path`, which only this user can reach; a socket left there by a
  /// process that ended is replaced. Errors: address_unusable.
  [[nodiscard]] static Result<std::unique_ptr<AbciServer>> start(const std::filesystem::path& path,
                                                                 AbciHandler handler);

  /// Connections that are open now.
  [[nodiscard]] virtual std::size_t connections() const = 0;
  /// Closes everything; requests in work are finished first. Once.
  virtual void stop() = 0;
};

}  // namespace xl::ordering::cometbft
