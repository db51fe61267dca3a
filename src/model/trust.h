// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <span>
#include <string>
#include <vector>

#include "model/checkpoint.h"
#include "model/comet/light_client.h"

namespace xl::model {

/// What a verifier trusts before it looks at a receipt: a network's genesis, and checkpoints that
/// its members signed. Not changed after it was made: thread-safe.
class Trust {
 public:
  /// The genesis alone. Implicit: whoever has nothing else gives the genesis.
  Trust(const Genesis& genesis);  // NOLINT(google-explicit-constructor)

  /// The genesis and checkpoints, which are accepted one after the other: members with more than
  /// two thirds of all weight signed each, by the members and keys that the one before names, the
  /// genesis before the first. Signatures of others are passed over.
  /// Errors: genesis_malformed, checkpoint_malformed (too many), checkpoint_wrong_network,
  /// checkpoint_out_of_order, checkpoint_signature_invalid (by a key that is named, and does not
  /// verify), checkpoint_weight_insufficient. Cost: a verification for each signature.
  [[nodiscard]] static Result<Trust> with(const Genesis& genesis,
                                          std::span<const SignedCheckpoint> checkpoints);

  [[nodiscard]] const std::string& chain_id() const { return chain_id_; }
  [[nodiscard]] const Hash& network() const { return network_; }

  /// Where following validators to `header` begins: the last checkpoint below it, or the genesis.
  /// Errors: trust_path_broken (a checkpoint names another header at this height).
  [[nodiscard]] Result<const comet::TrustedStart*> start_for(const comet::Header& header) const;

 private:
  std::string chain_id_;
  Hash network_{};
  std::vector<comet::TrustedStart> starts_;  ///< ascending by height; the genesis first
};

/// Weights of those who signed a checkpoint, among the members that judge it.
struct CheckpointWeight {
  std::uint64_t signed_weight = 0;
  std::uint64_t total = 0;
  [[nodiscard]] bool suffices() const { return signed_weight * 3 > total * 2; }
};

/// Counts a checkpoint's signatures by `members`. Errors: checkpoint_signature_invalid.
[[nodiscard]] Result<CheckpointWeight> weigh(const SignedCheckpoint& checkpoint,
                                             const std::vector<CheckpointMember>& members);

}  // namespace xl::model
