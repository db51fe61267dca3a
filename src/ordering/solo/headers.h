// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "chain/chain.h"
#include "crypto/signature.h"

namespace xl::ordering::solo {

/// Makes the headers and commits of a chain with one validator, in CometBFT's format
/// (consensus.md §4). Header time is the proposer's clock and always rises. Not thread-safe.
class HeaderMaker {
 public:
  /// Goes on from the last signed block of `chain`. `validator` is the Ed25519 key of the genesis'
  /// only validator. Errors: genesis_malformed (other validators), key_malformed, store_corrupt.
  [[nodiscard]] static Result<HeaderMaker> resume(const chain::Chain& chain,
                                                  const crypto::SigningKey& validator);

  /// The block's height and time are the next ones.
  [[nodiscard]] std::uint64_t next_height() const { return height_ + 1; }
  [[nodiscard]] std::uint64_t next_block_ms(std::uint64_t now_ms) const;

  /// Signs the next block: `envelopes` at `block_ms`. `app_hash` is the one after the previous
  /// block, `results` the ExecTxResult data of this one, which the next header commits to.
  [[nodiscard]] chain::SignedBlock sign(std::vector<Bytes> envelopes, std::uint64_t block_ms,
                                        const Hash& app_hash, const std::vector<Bytes>& results);

 private:
  HeaderMaker(const chain::Chain& chain, const crypto::SigningKey& validator);

  const model::Genesis& genesis_;
  const crypto::SigningKey& validator_;
  std::uint64_t height_ = 0;
  std::uint64_t block_ms_ = 0;
  model::comet::BlockId last_block_id_;
  model::comet::Commit last_commit_;
  Hash last_results_hash_{};
};

}  // namespace xl::ordering::solo
