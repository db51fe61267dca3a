// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string_view>

#include "model/comet/header.h"

/// What a validator signs while a block is agreed on (source: CometBFT v0.40 types/canonical.go).
namespace xl::model::comet {

/// CometBFT's numbers.
enum class VoteType : std::uint8_t { prevote = 1, precommit = 2 };

/// One validator's word on a round.
struct Vote {
  VoteType type = VoteType::prevote;
  std::int64_t height = 0;
  std::int32_t round = 0;
  BlockId block_id;  ///< empty: for no block
  Timestamp time;
};

/// A block that a validator proposes in its turn.
struct Proposal {
  std::int64_t height = 0;
  std::int32_t round = 0;
  std::int32_t locked_round = -1;  ///< in which the block was agreed on before; -1: in none
  BlockId block_id;
  Timestamp time;
};

/// The bytes that are signed: a length-prefixed CanonicalVote or CanonicalProposal. Thread-safe.
[[nodiscard]] Bytes sign_bytes(std::string_view chain_id, const Vote& vote);
[[nodiscard]] Bytes sign_bytes(std::string_view chain_id, const Proposal& proposal);

/// The time inside the signed bytes of a vote or a proposal; nothing when they are neither.
/// Thread-safe.
[[nodiscard]] std::optional<Timestamp> time_in_vote(ByteView sign_bytes);
[[nodiscard]] std::optional<Timestamp> time_in_proposal(ByteView sign_bytes);

}  // namespace xl::model::comet
