// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chain/chain.h"
#include "crypto/signature.h"
#include "ordering/solo/headers.h"

namespace xl::golden {

/// Runs given blocks through verification, execution, state and chain on a store of its own, and
/// says what came of each in one line of text.
class ChainPlayer {
 public:
  /// Founds a chain in an empty temporary folder, which goes with the player.
  /// `genesis` is the text of the document.
  ChainPlayer(std::string genesis, const crypto::SigningKey& validator);
  ~ChainPlayer();
  ChainPlayer(const ChainPlayer&) = delete;
  ChainPlayer& operator=(const ChainPlayer&) = delete;

  /// What the founding gave: header, app hash and state root.
  [[nodiscard]] std::string founding();

  /// Executes and signs the next block and its proof block: JSON of the block as given, its header
  /// hashes, roots, results and rejections. Execution runs with several seeds of its hash tables;
  /// where they differ, the line says so.
  [[nodiscard]] std::string play(std::uint64_t block_ms, const std::vector<Bytes>& envelopes);

  /// Closes the store, opens it again and says where it stands.
  [[nodiscard]] std::string reopened();

  /// How the next blocks are decoded and checked; `chain::decode_block` at first.
  using Decoder = std::function<chain::DecodedBlock(const std::vector<Bytes>& envelopes)>;
  void decode_with(Decoder decoder) { decoder_ = std::move(decoder); }

  [[nodiscard]] const chain::Chain& chain() const { return *chain_; }
  /// For another engine that drives the chain instead of `play`.
  [[nodiscard]] chain::Chain& mutable_chain() { return *chain_; }
  [[nodiscard]] const contracts::Registry& registry() const { return registry_; }
  /// Ids of the executed transactions, in order.
  [[nodiscard]] const std::vector<Hash>& executed() const { return executed_; }

 private:
  void open();
  [[nodiscard]] bool same_for_other_seeds(std::uint64_t height, std::uint64_t block_ms,
                                          const chain::DecodedBlock& decoded,
                                          const execution::BlockResult& result) const;

  std::string genesis_;
  const crypto::SigningKey& validator_;
  contracts::Registry registry_ = contracts::make_registry();
  std::filesystem::path directory_;
  std::unique_ptr<state::Database> database_;
  std::unique_ptr<chain::Chain> chain_;
  std::optional<ordering::solo::HeaderMaker> headers_;
  Decoder decoder_;
  std::vector<Hash> executed_;
};

}  // namespace xl::golden
