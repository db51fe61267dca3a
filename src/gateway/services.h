// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>

#include "base/clock.h"
#include "base/log.h"
#include "custody/custody.h"
#include "gateway/auth/tokens.h"
#include "gateway/credentials/server.h"
#include "gateway/peer/copies.h"
#include "gateway/smart/server.h"
#include "ordering/engine.h"
#include "query/ledger.h"

namespace xl::gateway {

/// When this member was last backed up, and when a backup of it was last restored as a test; Unix
/// time in milliseconds, 0: never.
struct BackupTimes {
  std::uint64_t made_ms = 0;
  std::uint64_t tested_ms = 0;
};

/// What handlers serve from; all outlive the gateway.
struct Services {
  const query::Ledger& ledger;
  ordering::Engine& engine;
  const Clock& clock;
  custody::Custody& custody;
  auth::Tokens& tokens;
  smart::Server& smart;
  credentials::Server& credentials;
  peer::Desk& peers;
  const peer::Copies& copies;
  const Log& log;
  /// Hands a JSON-RPC request to the consensus engine beside this node; empty when there is none.
  std::function<Result<std::string>(const std::string& request)> light;
  std::function<BackupTimes()> backups;  ///< may be empty: nothing is known
  std::string public_url;  ///< at which others reach this node, no slash at its end; may be empty
};

/// The organisation that a path names by its 26-character id or its DID. Errors:
/// organisation_unknown.
[[nodiscard]] Result<custody::Organisation*> organisation_of(const Services& services,
                                                             std::string_view text);

/// The URL that a request came to, without a slash at the end: from its Host header, https where it
/// came over TLS; empty without one.
[[nodiscard]] std::string asked_url(const http::Request& request);

/// The URL of this node, without a slash at the end: the public one, else that of the request. For
/// links that only whoever asked follows: they may name any host.
[[nodiscard]] std::string base_url(const Services& services, const http::Request& request);

/// The URL by which this node is itself, without a slash at the end, for all that is believed
/// because of it (issuers, audiences, rpIds, addresses people are sent to): the public one, else
/// that of the Host header where it is the address at which the request came here, or on a loopback
/// connection another of the machine's names for itself. Errors: host_unknown.
[[nodiscard]] Result<std::string> own_url(const Services& services, const http::Request& request);

}  // namespace xl::gateway
