// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>

namespace xl::node {

/// Where everything is in a node's data folder.
struct Layout {
  std::filesystem::path root;

  [[nodiscard]] std::filesystem::path genesis() const { return root / "genesis.json"; }
  [[nodiscard]] std::filesystem::path config() const { return root / "node.toml"; }
  [[nodiscard]] std::filesystem::path ledger() const { return root / "ledger"; }
  [[nodiscard]] std::filesystem::path keys() const { return root / "keys"; }
  [[nodiscard]] std::filesystem::path validator_key() const { return keys() / "validator.key"; }
  /// There while the members are asked to take it in the place of the other.
  [[nodiscard]] std::filesystem::path next_validator_key() const {
    return keys() / "validator-next.key";
  }
  /// What engine solo signed last.
  [[nodiscard]] std::filesystem::path signing_mark() const { return root / "validator.signed"; }
  /// What the validator of engine cometbft signed last, and the lock of whoever signs. Never in a
  /// backup, never in two places.
  [[nodiscard]] std::filesystem::path signer() const { return root / "signer"; }
  [[nodiscard]] std::filesystem::path envelope_key() const { return keys() / "envelope.key"; }
  /// There while the folder's keys change from one unlock to another.
  [[nodiscard]] std::filesystem::path keys_rotating() const { return keys() / "rotating"; }
  /// What this member shows the others at a founding.
  [[nodiscard]] std::filesystem::path own_card() const { return root / "founding" / "card.json"; }
  /// Of a network of several: everybody's cards, and everybody's word for the genesis.
  [[nodiscard]] std::filesystem::path cards() const { return root / "founding" / "cards"; }
  [[nodiscard]] std::filesystem::path signatures() const {
    return root / "founding" / "signatures";
  }
  /// Names this node to other members' engines.
  [[nodiscard]] std::filesystem::path peer_key() const { return keys() / "peer.key"; }
  /// What the gateway speaks TLS with, where `xinglin node certificate` made it.
  [[nodiscard]] std::filesystem::path tls() const { return root / "tls"; }
  /// CometBFT's own folder.
  [[nodiscard]] std::filesystem::path engine() const { return root / "engine"; }
  [[nodiscard]] std::filesystem::path engine_log() const { return root / "log" / "engine.log"; }
  /// For members who join: one folder for each height.
  [[nodiscard]] std::filesystem::path snapshots() const { return root / "snapshots"; }
  /// Ledgers that were found damaged, for whoever wants to know why.
  [[nodiscard]] std::filesystem::path set_aside() const { return root / "set-aside"; }
  /// There while a repair takes another ledger in its place, and behind one that was killed.
  [[nodiscard]] std::filesystem::path former_ledger() const {
    return set_aside() / "ledger-before-repair";
  }
  /// Where node and engine find each other.
  [[nodiscard]] std::filesystem::path abci_socket() const { return root / "run" / "abci.sock"; }
  [[nodiscard]] std::filesystem::path rpc_socket() const { return root / "run" / "rpc.sock"; }
  /// Where a running node is asked for what its own commands cannot do beside it.
  [[nodiscard]] std::filesystem::path admin_socket() const { return root / "run" / "admin.sock"; }
  /// When this member was last backed up, and a backup tried.
  [[nodiscard]] std::filesystem::path backups() const { return root / "backups.json"; }
  [[nodiscard]] std::filesystem::path signer_socket() const { return root / "run" / "sign.sock"; }
  /// What the node did, bounded; those before it have a number behind the name.
  [[nodiscard]] std::filesystem::path log() const { return root / "log" / "node.log"; }
  /// Everybody's bodies, keyrings and journals, each below the organisation's id.
  [[nodiscard]] std::filesystem::path vault() const { return root / "vault"; }
  /// Of an organisation: the index of its records, made again from the vault when it is lost.
  [[nodiscard]] std::filesystem::path record_index(std::string_view organisation) const {
    return root / "index" / (std::string(organisation) + ".db");
  }
  /// The apps and accounts that each organisation registered.
  [[nodiscard]] std::filesystem::path smart() const { return root / "smart"; }
  /// What each organisation has issued as credentials.
  [[nodiscard]] std::filesystem::path credentials() const { return root / "credentials"; }
  /// Of an organisation: its service key, which signs in its name.
  [[nodiscard]] std::filesystem::path service_key(std::string_view organisation) const {
    return keys() / (std::string(organisation) + ".service.key");
  }
  /// Of an organisation: the same key as an identity file, for `xinglin --as`.
  [[nodiscard]] std::filesystem::path identity_file(std::string_view organisation) const {
    return keys() / (std::string(organisation) + ".identity.json");
  }
};

}  // namespace xl::node
