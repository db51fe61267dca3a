// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/log.h"
#include "node/demo/cast.h"
#include "node/node.h"
#include "node/tools/repair.h"

namespace xl::bench {

/// Four members of one network on this machine, in a folder of its own: four nodes in this process,
/// each with a CometBFT process of its own. Each member has one organisation with one patient.
/// Stops the process on any failure.
class NetworkFixture {
 public:
  static constexpr std::size_t members = 4;

  /// As in a node's settings.
  struct Options {
    std::uint64_t envelope_transactions = 256;
    std::uint64_t snapshot_every = 10'000;
  };
  explicit NetworkFixture(const Options& options);
  ~NetworkFixture();
  NetworkFixture(const NetworkFixture&) = delete;
  NetworkFixture& operator=(const NetworkFixture&) = delete;

  [[nodiscard]] ordering::Engine& engine(std::size_t member) { return nodes_[member]->engine(); }
  [[nodiscard]] query::LedgerHead head(std::size_t member) const;
  [[nodiscard]] node::Layout layout(std::size_t member) const;
  /// Of a member's gateway.
  [[nodiscard]] client::NodeAddress address(std::size_t member) const;
  /// A member's one organisation.
  [[nodiscard]] const model::Id& organisation(std::size_t member) const {
    return organisations_[member];
  }
  /// People who talk to a member's node.
  [[nodiscard]] node::demo::Cast cast(std::size_t member);
  /// A member's organisation, signed in at its node.
  [[nodiscard]] node::demo::Persona hospital(std::size_t member);
  void start(std::size_t member);
  /// Ends node and engine.
  void stop(std::size_t member) { nodes_[member].reset(); }
  /// Sets the ledger of a stopped member aside and takes it from the others' snapshot.
  node::Repaired restore(std::size_t member, const std::vector<client::NodeAddress>& others);
  /// Sends transactions to a member and waits until all of them are applied.
  void submit_and_wait(std::size_t member, std::vector<Bytes> transactions);

  /// `count` signed transactions of about 300 bytes, each anchoring a new record of that member's.
  [[nodiscard]] std::vector<Bytes> make_anchors(std::size_t member, std::size_t count);
  /// Each member's service key signs its anchors.
  [[nodiscard]] const std::vector<crypto::SigningKey>& signers() const { return signers_; }

 private:
  [[nodiscard]] Bytes sign(std::size_t member, std::uint8_t contract, std::uint16_t type,
                           Bytes message);
  [[nodiscard]] node::Config config(std::size_t member) const;

  SystemClock clock_;
  Log log_;  ///< writes nothing
  std::filesystem::path folder_;
  Options options_;
  Hash network_{};
  std::vector<crypto::SigningKey> signers_;
  std::vector<model::Id> organisations_;
  std::vector<model::Id> patients_;
  std::array<std::unique_ptr<node::Node>, members> nodes_;
};

}  // namespace xl::bench
