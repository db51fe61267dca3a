// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/http/tls.h"
#include "gateway/peer/copy_store.h"
#include "ordering/cometbft/home.h"

namespace xl::node {

enum class EngineKind : std::uint8_t { solo, cometbft };

/// [engine]: how this member agrees with the others on the order of transactions.
struct EngineSettings {
  EngineKind kind = EngineKind::solo;
  std::filesystem::path program;  ///< of CometBFT; relative to the data folder, or absolute
  std::string listen = "127.0.0.1:26656";       ///< where other members' engines come to: host:port
  std::vector<ordering::cometbft::Peer> peers;  ///< `id@host:port` each
  /// Where the engine listens for a signer that is no part of this node: `tcp://HOST:PORT` or
  /// `unix://PATH`. Empty: the node signs with its own validator key.
  std::string signer;
  std::string metrics;                        ///< host:port of the engine's metrics, or empty
  std::uint64_t snapshot_every = 10'000;      ///< blocks between snapshots for members who join
  std::uint64_t envelope_transactions = 256;  ///< that travel together at most: 1..512
  bool same_address = false;                  ///< several members on this machine: a demo or a test
};

/// [[smart.provider]]: an outside OpenID provider that signs an organisation's people in.
struct ProviderSettings {
  std::string name;          ///< as the sign-in page shows it
  std::string organisation;  ///< its id or DID; empty: the only one of the node
  std::string issuer;
  std::string client_id;
  std::filesystem::path secret_file;  ///< relative to the data folder, or absolute; empty: none
};

/// A node's settings: `node.toml` in the data folder.
struct Config {
  EngineSettings engine;
  /// [ledger] keep_blocks: below the last one; 0 keeps all, as an archive does.
  std::uint64_t keep_blocks = 0;
  std::string listen = "127.0.0.1";  ///< [gateway] listen: an address of this machine
  std::uint16_t port = 7410;         ///< [gateway] port: 0..65535, 0 takes a free one
  /// [gateway] public_url: at which others reach this node, no slash at its end. Empty: what the
  /// Host header of a request says.
  std::string public_url;
  /// [gateway] peers_ca: PEM file of authorities that count for other members' gateways instead of
  /// the system's; relative to the data folder, or absolute. Empty: the system's.
  std::string peers_ca;
  /// [gateway] webhooks_within: webhooks may lead to private networks, such as the member's own.
  bool webhooks_within = false;
  gateway::peer::CopySettings copies;  ///< [copies]
  /// [gateway] tls_*: files relative to the data folder, or absolute. Nothing: HTTP in clear.
  std::optional<gateway::http::TlsOptions> tls;
  bool password_login = false;              ///< [smart] password_login
  std::vector<ProviderSettings> providers;  ///< [[smart.provider]]
};

/// True for `tcp://HOST:PORT` and `unix://` with an absolute path of at most 107 bytes.
[[nodiscard]] bool is_signer_address(std::string_view text);

/// Reads a configuration. An unknown key is an error that names it. Missing keys keep their
/// default. Errors: file_unreadable, file_too_large, config_invalid (names the key and the line).
[[nodiscard]] Result<Config> read_config(const std::filesystem::path& path);

}  // namespace xl::node
