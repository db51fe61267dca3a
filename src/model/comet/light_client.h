// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "model/comet/header.h"

/// Verification of headers without a node: the CometBFT light client's rules (consensus.md §4.3,
/// §4.4; CometBFT v0.40 light/verifier.go, types/validation.go). All functions are pure and
/// thread-safe.
namespace xl::model::comet {

/// How far a light client trusts a header it has verified before.
struct TrustOptions {
  std::int64_t trusting_period_s = 0;
  std::int64_t clock_drift_s = 10;
  std::int64_t trust_numerator = 1;  ///< trust level 1/3..1
  std::int64_t trust_denominator = 3;
};

/// Where following validators begins: what is trusted before anything is verified.
struct TrustedStart {
  std::int64_t height = 0;  ///< 0: the genesis
  Hash header_hash{};       ///< of the header at `height`; of the genesis nothing
  ValidatorSet validators;  ///< of the height behind it
};

/// Checks a light block in itself: sane fields, the header's hash is the commit's, the set is the
/// header's, and valid signatures of more than two thirds of the power. A bad signature is
/// skipped, not fatal, as long as the rest suffices.
/// Errors: header_invalid, commit_invalid, validators_mismatch, commit_power_insufficient.
/// Cost: one Ed25519 verification per signature until the threshold is passed.
[[nodiscard]] Status verify_light_block(const LightBlock& block);

/// Checks that `untrusted` follows from `trusted`, adjacent or by skipping, at time `now`.
/// `trusted_next` is the set that trusted.header.next_validators_hash commits to.
/// Errors: those of `verify_light_block`; header_expired, header_time_invalid, trust_path_broken
/// (other chain, height not above, adjacent set differs), trust_insufficient (skip a smaller
/// distance).
[[nodiscard]] Status verify_step(const Header& trusted, const ValidatorSet& trusted_next,
                                 const LightBlock& untrusted, const Timestamp& now,
                                 const TrustOptions& options);

/// Checks that `path` leads from `start` to `target`: each light block of `path` is the last one
/// signed by its set and commits to the next. Blocks of `path` at or below the start are passed
/// over: the start says what they would. No clock: a receipt is as good in ten years.
/// Precondition: `target` is above the start, or trust_path_broken.
/// Errors: those of `verify_light_block`; trust_path_broken.
[[nodiscard]] Status verify_trust_path(std::string_view chain_id, const TrustedStart& start,
                                       const std::vector<LightBlock>& path,
                                       const LightBlock& target);

}  // namespace xl::model::comet
