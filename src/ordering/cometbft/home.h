// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/signature.h"

namespace xl::ordering::cometbft {

/// Where CometBFT's own files are below its home folder.
struct Home {
  std::filesystem::path root;

  [[nodiscard]] std::filesystem::path config() const { return root / "config" / "config.toml"; }
  [[nodiscard]] std::filesystem::path genesis() const { return root / "config" / "genesis.json"; }
  [[nodiscard]] std::filesystem::path node_key() const { return root / "config" / "node_key.json"; }
  [[nodiscard]] std::filesystem::path data() const { return root / "data"; }
  /// A validator key that CometBFT makes at each start and uses only where it has no signer, and
  /// what it would have signed: no member's, and removed before each start.
  [[nodiscard]] std::filesystem::path unused_key() const { return root / "unused_key.json"; }
  [[nodiscard]] std::filesystem::path unused_state() const { return root / "unused_state.json"; }
};

/// Another member's engine.
struct Peer {
  std::string node_id;  ///< 40 lower-case hex digits
  std::string address;  ///< host:port
};

/// What differs between two members' engines; the rest is the same for all (consensus.md §3.3).
struct EngineConfig {
  std::string moniker;
  std::filesystem::path abci_socket;
  std::filesystem::path rpc_socket;
  /// Where the engine listens for whoever signs: `unix://PATH` or `tcp://HOST:PORT`. Empty: it
  /// follows without voting.
  std::string signer;
  std::string p2p_listen;  ///< host:port of this machine
  std::vector<Peer> peers;
  /// Where a ledger is restored from, instead of going on with the one there is.
  struct Sync {
    std::vector<std::string> servers;  ///< URLs that answer for other members' engines, two or more
    std::uint64_t trust_height = 0;    ///< of a header that is known to be the network's
    Hash trust_hash{};
  };
  std::optional<Sync> sync;
  std::string metrics_listen;  ///< host:port, or empty: none
  /// Several members share this machine's address: a demo or a test.
  bool same_address = false;
};

/// CometBFT's name of a node: the first 20 bytes of SHA-256 of its public key, lower-case hex.
[[nodiscard]] std::string node_id_of(ByteView public_key);

/// The engine's config.toml, every value said.
[[nodiscard]] std::string config_text(const EngineConfig& config);

/// Writes what CometBFT starts from: configuration, genesis and the key that names the node, each
/// time. The validator's key is never there. Errors: file_unwritable.
[[nodiscard]] Status write_home(const Home& home, const EngineConfig& config, ByteView genesis,
                                const crypto::SigningKey& node_key);

}  // namespace xl::ordering::cometbft
