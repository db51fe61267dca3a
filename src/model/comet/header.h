// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/comet/timestamp.h"

/// CometBFT's header, commit and validator set: the format of both ordering engines
/// (source: CometBFT v0.40 types/block.go, types/validator_set.go, types/canonical.go).
namespace xl::model::comet {

/// First 20 bytes of SHA-256 of a validator's public key.
using Address = std::array<std::uint8_t, 20>;

constexpr std::uint64_t block_protocol = 11;

/// How many parts a block was cut into, and their root.
struct PartSetHeader {
  std::uint32_t total = 0;
  Bytes hash;  ///< empty or 32 bytes
  bool operator==(const PartSetHeader&) const = default;
};

/// Names a block: its header and its parts.
struct BlockId {
  Bytes hash;  ///< empty (first block's predecessor) or 32 bytes
  PartSetHeader parts;
  bool operator==(const BlockId&) const = default;
};

/// A block's header; its hash is what validators sign.
struct Header {
  std::uint64_t version_block = block_protocol;
  std::uint64_t version_app = 0;
  std::string chain_id;
  std::int64_t height = 0;
  Timestamp time;
  BlockId last_block_id;
  Bytes last_commit_hash;
  Bytes data_hash;
  Bytes validators_hash;
  Bytes next_validators_hash;
  Bytes consensus_hash;
  Bytes app_hash;  ///< result of the previous block; any length
  Bytes last_results_hash;
  Bytes evidence_hash;
  Bytes proposer_address;
  bool operator==(const Header&) const = default;
};

/// A member that votes, with its voting power.
struct Validator {
  Bytes public_key;  ///< 32 bytes, Ed25519
  std::int64_t power = 0;
  bool operator==(const Validator&) const = default;
};

/// Ordered by power descending, then address ascending; the order is part of the hash.
using ValidatorSet = std::vector<Validator>;

enum class BlockIdFlag : std::uint8_t { absent = 1, commit = 2, nil = 3 };

/// One validator's vote in a commit.
struct CommitSignature {
  BlockIdFlag flag = BlockIdFlag::absent;
  Bytes address;  ///< 20 bytes, empty when absent
  Timestamp time{Timestamp::zero_seconds, 0};
  Bytes signature;  ///< 64 bytes without suite byte, empty when absent
  bool operator==(const CommitSignature&) const = default;
};

/// The votes that make a block final, one slot per validator.
struct Commit {
  std::int64_t height = 0;
  std::int32_t round = 0;
  BlockId block_id;
  std::vector<CommitSignature> signatures;
  bool operator==(const Commit&) const = default;
};

/// A header with the commit that makes it final and the set that signed it.
struct LightBlock {
  Header header;
  Commit commit;
  ValidatorSet validators;
};

/// Puts a set into the order that its hash and its commits use.
void sort_validators(ValidatorSet& validators);

/// The address of a 32-byte Ed25519 public key.
[[nodiscard]] Address address_of(ByteView public_key);

/// The header's hash: the RFC 6962 root over its 14 encoded fields (consensus.md §4.2).
[[nodiscard]] Hash hash_of(const Header& header);

/// The root over the set in its given order.
[[nodiscard]] Hash hash_of(const ValidatorSet& validators);

/// The root over the commit's signatures: the next header's last_commit_hash.
[[nodiscard]] Hash hash_of(const Commit& commit);

/// Root over SHA-256 of each transaction of a block: the header's data_hash.
[[nodiscard]] Hash data_hash(const std::vector<Bytes>& transactions);

/// SHA-256 of the two consensus parameters that headers commit to.
[[nodiscard]] Hash consensus_hash(std::int64_t block_bytes_max, std::int64_t block_gas_max);

/// What the block's ExecTxResult `data` fields give: the next header's last_results_hash. Codes,
/// gas wanted and gas used are 0 in this product.
[[nodiscard]] Hash results_hash(const std::vector<Bytes>& result_data);

/// Proofs that validators broke the rules, as CometBFT's `Evidence` each, in the block's order.
using EvidenceList = std::vector<Bytes>;

/// Root over the proofs of a block: its header's evidence_hash. What is no evidence counts as
/// empty.
[[nodiscard]] Hash evidence_hash(const EvidenceList& evidence);

/// The id of a whole block: header hash and the root over its 65,536-byte parts. Cost: encodes the
/// block once.
[[nodiscard]] BlockId block_id_of(const Header& header, const std::vector<Bytes>& transactions,
                                  const Commit& last_commit, const EvidenceList& evidence);

/// The bytes that validator number `index` signed in `commit`: its length-prefixed CanonicalVote.
/// Precondition: index is in range and its flag is not `absent`.
[[nodiscard]] Bytes vote_sign_bytes(std::string_view chain_id, const Commit& commit,
                                    std::size_t index);

}  // namespace xl::model::comet
