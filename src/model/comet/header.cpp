// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/comet/header.h"

#include <algorithm>

#include "crypto/hash.h"
#include "crypto/merkle.h"
#include "model/canonical.h"
#include "model/comet/encoding.h"
#include "model/comet/vote.h"

namespace xl::model::comet {
namespace {

namespace wire = xinglin::comet::v1;
namespace merkle = crypto::merkle;

/// Parts of a block as CometBFT gossips them (types/params.go BlockPartSizeBytes).
constexpr std::size_t block_part_bytes = 65536;

Bytes bytes_leaf(ByteView value) {
  wire::BytesValue out;
  out.set_value(value.data(), value.size());
  return encode(out);
}

/// Empty when it is none.
wire::Evidence decoded_evidence(ByteView bytes) {
  wire::Evidence out;
  if (!decode_canonical(bytes, out)) out.Clear();
  return out;
}

}  // namespace

Address address_of(ByteView public_key) {
  const Hash digest = crypto::sha256(public_key);
  Address out{};
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

void sort_validators(ValidatorSet& validators) {
  std::sort(validators.begin(), validators.end(), [](const Validator& a, const Validator& b) {
    if (a.power != b.power) return a.power > b.power;
    return address_of(a.public_key) < address_of(b.public_key);
  });
}

Hash hash_of(const Header& header) {
  wire::Consensus version;
  version.set_block(header.version_block);
  version.set_app(header.version_app);
  wire::StringValue chain_id;
  chain_id.set_value(header.chain_id);
  wire::Int64Value height;
  height.set_value(header.height);
  wire::Timestamp time;
  to_wire(header.time, time);
  wire::BlockID last_block_id;
  to_wire(header.last_block_id, last_block_id);
  return merkle::root_of(std::array<Bytes, 14>{
      encode(version), encode(chain_id), encode(height), encode(time), encode(last_block_id),
      bytes_leaf(header.last_commit_hash), bytes_leaf(header.data_hash),
      bytes_leaf(header.validators_hash), bytes_leaf(header.next_validators_hash),
      bytes_leaf(header.consensus_hash), bytes_leaf(header.app_hash),
      bytes_leaf(header.last_results_hash), bytes_leaf(header.evidence_hash),
      bytes_leaf(header.proposer_address)});
}

Hash hash_of(const ValidatorSet& validators) {
  std::vector<Bytes> leaves;
  for (const Validator& validator : validators) {
    wire::SimpleValidator leaf;
    leaf.mutable_pub_key()->set_ed25519(std::string(text_of(validator.public_key)));
    leaf.set_voting_power(validator.power);
    leaves.push_back(encode(leaf));
  }
  return merkle::root_of(leaves);
}

Hash hash_of(const Commit& commit) {
  std::vector<Bytes> leaves;
  for (const CommitSignature& signature : commit.signatures) {
    wire::CommitSig leaf;
    to_wire(signature, leaf);
    leaves.push_back(encode(leaf));
  }
  return merkle::root_of(leaves);
}

Hash data_hash(const std::vector<Bytes>& transactions) {
  std::vector<Bytes> leaves;
  for (const Bytes& transaction : transactions) {
    leaves.push_back(copy_of(crypto::sha256(transaction)));
  }
  return merkle::root_of(leaves);
}

Hash consensus_hash(std::int64_t block_bytes_max, std::int64_t block_gas_max) {
  wire::HashedParams params;
  params.set_block_max_bytes(block_bytes_max);
  params.set_block_max_gas(block_gas_max);
  return crypto::sha256(encode(params));
}

Hash results_hash(const std::vector<Bytes>& result_data) {
  std::vector<Bytes> leaves;
  for (const Bytes& data : result_data) {
    wire::ExecTxResult leaf;
    leaf.set_data(data.data(), data.size());
    leaves.push_back(encode(leaf));
  }
  return merkle::root_of(leaves);
}

Hash evidence_hash(const EvidenceList& evidence) {
  std::vector<Bytes> leaves;
  for (const Bytes& one : evidence) {
    const wire::Evidence decoded = decoded_evidence(one);
    leaves.push_back(copy_of(view_of(
        decoded.has_duplicate_vote() ? decoded.duplicate_vote() : decoded.light_client_attack())));
  }
  return merkle::root_of(leaves);
}

BlockId block_id_of(const Header& header, const std::vector<Bytes>& transactions,
                    const Commit& last_commit, const EvidenceList& evidence) {
  wire::Block block;
  to_wire(header, *block.mutable_header());
  auto* data = block.mutable_data();
  for (const Bytes& transaction : transactions) {
    data->add_txs(transaction.data(), transaction.size());
  }
  auto* list = block.mutable_evidence();
  for (const Bytes& one : evidence) *list->add_evidence() = decoded_evidence(one);
  to_wire(last_commit, *block.mutable_last_commit());
  const Bytes encoded = encode(block);
  std::vector<Bytes> parts;
  for (std::size_t at = 0; at < encoded.size(); at += block_part_bytes) {
    const std::size_t length = std::min(block_part_bytes, encoded.size() - at);
    parts.push_back(copy_of(ByteView(encoded).subspan(at, length)));
  }
  return {copy_of(hash_of(header)),
          {static_cast<std::uint32_t>(parts.size()), copy_of(merkle::root_of(parts))}};
}

Bytes vote_sign_bytes(std::string_view chain_id, const Commit& commit, std::size_t index) {
  const CommitSignature& signature = commit.signatures[index];
  Vote vote{VoteType::precommit, commit.height, commit.round, {}, signature.time};
  if (signature.flag == BlockIdFlag::commit) vote.block_id = commit.block_id;
  return sign_bytes(chain_id, vote);
}

}  // namespace xl::model::comet
