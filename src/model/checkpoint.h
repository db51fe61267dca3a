// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

#include "crypto/signature.h"
#include "model/genesis.h"
#include "model/id.h"

namespace xl::model {

/// The purpose bit of keys that sign checkpoints: `contracts::purpose_manage`.
constexpr std::uint32_t checkpoint_key_purpose = 2;

/// A key that may sign checkpoints for its member.
struct CheckpointKey {
  crypto::Algorithm algorithm{};
  Bytes public_key;  ///< encoding of the algorithm; 1..`limits::checkpoint_key_bytes_max`
  bool operator==(const CheckpointKey&) const = default;
};

/// A member, what it weighs, and who may sign for it.
struct CheckpointMember {
  Id organisation;
  std::uint64_t weight = 0;         ///< 0..`limits::member_weight_max`
  std::vector<CheckpointKey> keys;  ///< ascending by algorithm, then bytes
  bool operator==(const CheckpointMember&) const = default;
};

/// What members state together: the header at a height, who orders behind it, and who the members
/// are. Format: `docs/reference/formats-checkpoint.md`.
struct Checkpoint {
  Hash network{};
  std::uint64_t height = 0;  ///< 1..2^63 - 1
  Hash header_hash{};
  comet::ValidatorSet validators;         ///< of the next height, in the engine's order
  std::vector<CheckpointMember> members;  ///< present ones, ascending by id
  bool operator==(const Checkpoint&) const = default;
};

/// One member's word for a checkpoint.
struct CheckpointSignature {
  Id organisation;
  Bytes public_key;
  Bytes signature;  ///< suite byte first
};

/// A checkpoint as a file: its content and who signed it.
struct SignedCheckpoint {
  Checkpoint content;
  std::vector<CheckpointSignature> signatures;  ///< ascending by organisation, each once
};

/// Puts a member's keys into the order of the format.
void sort_keys(std::vector<CheckpointKey>& keys);

/// The content's own bytes, one text for one checkpoint. Thread-safe.
[[nodiscard]] std::string checkpoint_content(const Checkpoint& checkpoint);
/// What members sign: tag ‖ 00 ‖ content. Thread-safe.
[[nodiscard]] Bytes checkpoint_signed_bytes(const Checkpoint& checkpoint);

/// Reads a content. Bounded by `limits`. Errors: checkpoint_malformed (names the member).
/// Thread-safe.
[[nodiscard]] Result<Checkpoint> read_checkpoint_content(json::Value in);

/// The JSON text of a checkpoint file, a line end last. Thread-safe.
[[nodiscard]] std::string write_checkpoint(const SignedCheckpoint& checkpoint);
/// Reads a checkpoint file; what it says is to be accepted by `Trust`. Errors:
/// checkpoint_malformed, json_invalid, json_too_large. Thread-safe.
[[nodiscard]] Result<SignedCheckpoint> read_checkpoint(std::string_view text);

/// Puts a member's signature in its place, instead of an earlier one of the same member.
/// Thread-safe.
void add_signature(SignedCheckpoint& checkpoint, CheckpointSignature signature);

/// The members of a genesis with their managing keys, ascending by id. Errors: genesis_malformed.
/// Thread-safe.
[[nodiscard]] Result<std::vector<CheckpointMember>> founding_members(const Genesis& genesis);

}  // namespace xl::model
