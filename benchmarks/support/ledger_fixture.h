// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "contracts/api/contract.h"
#include "crypto/signature.h"
#include "ordering/solo/engine.h"

namespace xl::bench {

/// A real solo ledger in a folder of its own, with a filled state and many signers: organisations
/// of sixteen keys each, one registered patient per organisation. Stops the process on any failure.
class LedgerFixture {
 public:
  struct Options {
    std::uint64_t filler_keys = 1'000'000;  ///< state keys that are there before
    std::size_t signers = 10'000;
    ordering::solo::Options engine;
  };
  explicit LedgerFixture(const Options& options);
  ~LedgerFixture();

  /// `count` signed transactions of about 300 bytes, each anchoring a new record by the next
  /// signer.
  [[nodiscard]] std::vector<Bytes> make_anchors(std::size_t count);

  [[nodiscard]] ordering::Engine& engine() { return *engine_; }
  [[nodiscard]] chain::Chain& chain() { return *chain_; }
  [[nodiscard]] state::Database& database() { return *database_; }
  [[nodiscard]] const std::vector<crypto::SigningKey>& signers() const { return signers_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

 private:
  [[nodiscard]] model::Genesis make_genesis() const;
  void register_patients();
  [[nodiscard]] Bytes sign(std::size_t signer, model::Message message);

  SystemClock clock_;
  std::filesystem::path directory_;
  std::unique_ptr<contracts::Registry> registry_;
  std::vector<crypto::SigningKey> signers_;
  std::unique_ptr<crypto::SigningKey> validator_;
  std::unique_ptr<crypto::SigningKey> envelope_;
  std::unique_ptr<state::Database> database_;
  std::unique_ptr<chain::Chain> chain_;
  std::unique_ptr<ordering::Engine> engine_;
  Hash network_{};
  std::uint64_t made_ = 0;
};

}  // namespace xl::bench
