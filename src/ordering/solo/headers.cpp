// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/solo/headers.h"

#include <algorithm>

#include "crypto/merkle.h"

namespace xl::ordering::solo {

namespace comet = model::comet;

HeaderMaker::HeaderMaker(const chain::Chain& chain, const crypto::SigningKey& validator)
    : genesis_(chain.genesis()),
      validator_(validator),
      last_results_hash_(crypto::merkle::empty_root()) {}

Result<HeaderMaker> HeaderMaker::resume(const chain::Chain& chain,
                                        const crypto::SigningKey& validator) {
  const model::Genesis& genesis = chain.genesis();
  if (validator.algorithm() != crypto::Algorithm::ed25519) {
    return make_error(ErrorCode::key_malformed, "the validator's key must be Ed25519");
  }
  if (genesis.validators.size() != 1 ||
      genesis.validators[0].public_key != validator.public_key()) {
    return make_error(ErrorCode::genesis_malformed,
                      "engine solo needs exactly one validator, this node's key");
  }
  HeaderMaker maker(chain, validator);
  const std::uint64_t height = chain.head().signed_height;
  if (height == 0) return maker;
  XL_TRY_ASSIGN(const chain::StoredBlockView last, chain.block(height));
  if (!last.commit) return make_error(ErrorCode::store_corrupt, "commit of the last block");
  maker.height_ = height;
  maker.block_ms_ = last.header.time.milliseconds();
  maker.last_block_id_ = last.commit->block_id;
  maker.last_commit_ = *last.commit;
  // The last signed block is always a proof block, which holds nothing.
  XL_CHECK(last.envelopes.empty());
  return maker;
}

std::uint64_t HeaderMaker::next_block_ms(std::uint64_t now_ms) const {
  const std::uint64_t floor_ms = height_ == 0 ? genesis_.time.milliseconds() : block_ms_ + 1;
  return std::max(now_ms, floor_ms);
}

chain::SignedBlock HeaderMaker::sign(std::vector<Bytes> envelopes, std::uint64_t block_ms,
                                     const Hash& app_hash, const std::vector<Bytes>& results) {
  chain::SignedBlock out;
  comet::Header& header = out.light.header;
  header.version_app = genesis_.app_version;
  header.chain_id = genesis_.chain_id;
  header.height = static_cast<std::int64_t>(next_height());
  header.time = comet::timestamp_from_ms(block_ms);
  header.last_block_id = last_block_id_;
  header.last_commit_hash = copy_of(comet::hash_of(last_commit_));
  header.data_hash = copy_of(comet::data_hash(envelopes));
  header.validators_hash = copy_of(comet::hash_of(genesis_.validators));
  header.next_validators_hash = header.validators_hash;
  header.consensus_hash =
      copy_of(comet::consensus_hash(genesis_.block_bytes_max, genesis_.block_gas_max));
  header.app_hash = copy_of(app_hash);
  header.last_results_hash = copy_of(last_results_hash_);
  header.evidence_hash = copy_of(crypto::merkle::empty_root());
  header.proposer_address = copy_of(comet::address_of(validator_.public_key()));
  out.light.validators = genesis_.validators;
  out.last_commit = last_commit_;
  comet::Commit& commit = out.light.commit;
  commit.height = header.height;
  commit.block_id = comet::block_id_of(header, envelopes, last_commit_, {});
  commit.signatures.push_back(
      {comet::BlockIdFlag::commit, header.proposer_address, header.time, Bytes(64, 0)});
  const Bytes signature = validator_.sign(comet::vote_sign_bytes(header.chain_id, commit, 0));
  // CometBFT's signatures carry no suite byte.
  commit.signatures[0].signature.assign(signature.begin() + 1, signature.end());
  out.envelopes = std::move(envelopes);
  height_ = next_height();
  block_ms_ = block_ms;
  last_block_id_ = commit.block_id;
  last_commit_ = commit;
  last_results_hash_ = comet::results_hash(results);
  return out;
}

}  // namespace xl::ordering::solo
