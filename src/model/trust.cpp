// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/trust.h"

#include <algorithm>

#include "model/limits.h"

namespace xl::model {

Trust::Trust(const Genesis& genesis) : chain_id_(genesis.chain_id), network_(genesis.network) {
  starts_.push_back({0, {}, genesis.validators});
}

Result<CheckpointWeight> weigh(const SignedCheckpoint& checkpoint,
                               const std::vector<CheckpointMember>& members) {
  const Bytes content = checkpoint_signed_bytes(checkpoint.content);
  CheckpointWeight out;
  for (const CheckpointMember& member : members) out.total += member.weight;
  for (const CheckpointSignature& one : checkpoint.signatures) {
    const auto member =
        std::find_if(members.begin(), members.end(), [&](const CheckpointMember& candidate) {
          return candidate.organisation == one.organisation;
        });
    if (member == members.end()) continue;
    const auto key = std::find_if(
        member->keys.begin(), member->keys.end(),
        [&](const CheckpointKey& candidate) { return candidate.public_key == one.public_key; });
    if (key == member->keys.end()) continue;
    if (!crypto::verify(key->algorithm, key->public_key, content, one.signature)) {
      return make_error(ErrorCode::checkpoint_signature_invalid, did_text(one.organisation));
    }
    out.signed_weight += member->weight;  // each organisation stands there once
  }
  return out;
}

Result<Trust> Trust::with(const Genesis& genesis, std::span<const SignedCheckpoint> checkpoints) {
  Trust out(genesis);
  if (checkpoints.empty()) return out;
  if (checkpoints.size() > limits::checkpoints_max) {
    return make_error(ErrorCode::checkpoint_malformed, "too many checkpoints");
  }
  XL_TRY_ASSIGN(std::vector<CheckpointMember> members, founding_members(genesis));
  for (const SignedCheckpoint& one : checkpoints) {
    const Checkpoint& content = one.content;
    if (content.network != out.network_) return make_error(ErrorCode::checkpoint_wrong_network);
    const auto height = static_cast<std::int64_t>(content.height);
    if (height <= out.starts_.back().height) {
      return make_error(ErrorCode::checkpoint_out_of_order);
    }
    XL_TRY_ASSIGN(const CheckpointWeight weight, weigh(one, members));
    if (!weight.suffices()) {
      return make_error(ErrorCode::checkpoint_weight_insufficient,
                        "signed weight " + std::to_string(weight.signed_weight) + " of " +
                            std::to_string(weight.total));
    }
    out.starts_.push_back({height, content.header_hash, content.validators});
    members = content.members;
  }
  return out;
}

Result<const comet::TrustedStart*> Trust::start_for(const comet::Header& header) const {
  const comet::TrustedStart* out = &starts_.front();
  for (const comet::TrustedStart& start : starts_) {
    if (start.height < header.height) out = &start;
    if (start.height == header.height && comet::hash_of(header) != start.header_hash) {
      return make_error(ErrorCode::trust_path_broken, "a checkpoint names another header");
    }
  }
  return out;
}

}  // namespace xl::model
