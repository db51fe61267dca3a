// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/comet/light_client.h"

#include <algorithm>

#include "base/checked.h"
#include "crypto/signature.h"
#include "model/limits.h"

namespace xl::model::comet {
namespace {

bool is_hash_or_empty(const Bytes& bytes) { return bytes.empty() || bytes.size() == 32; }

Status check_header(const Header& header) {
  if (header.chain_id.empty() || header.chain_id.size() > limits::chain_id_bytes_max) {
    return make_error(ErrorCode::header_invalid, "chain id");
  }
  if (header.height < 1) return make_error(ErrorCode::header_invalid, "height");
  if (header.time.nanos < 0 || header.time.nanos > 999999999) {
    return make_error(ErrorCode::header_invalid, "time");
  }
  const bool hashes_sized =
      is_hash_or_empty(header.last_commit_hash) && is_hash_or_empty(header.data_hash) &&
      is_hash_or_empty(header.last_results_hash) && is_hash_or_empty(header.evidence_hash) &&
      header.validators_hash.size() == 32 && header.next_validators_hash.size() == 32 &&
      is_hash_or_empty(header.consensus_hash) && is_hash_or_empty(header.last_block_id.hash);
  if (!hashes_sized) return make_error(ErrorCode::header_invalid, "hash length");
  if (header.proposer_address.size() != 20) {
    return make_error(ErrorCode::header_invalid, "proposer address");
  }
  return {};
}

Status check_commit(const Commit& commit, const Header& header) {
  if (commit.height != header.height) return make_error(ErrorCode::commit_invalid, "height");
  if (commit.round < 0) return make_error(ErrorCode::commit_invalid, "round");
  if (!equal(commit.block_id.hash, hash_of(header))) {
    return make_error(ErrorCode::commit_invalid, "block id is not the header's hash");
  }
  if (commit.block_id.parts.total == 0 || commit.block_id.parts.hash.size() != 32) {
    return make_error(ErrorCode::commit_invalid, "part set header");
  }
  if (commit.signatures.empty() || commit.signatures.size() > limits::validators_max) {
    return make_error(ErrorCode::commit_invalid, "number of signatures");
  }
  for (const CommitSignature& signature : commit.signatures) {
    const bool absent = signature.flag == BlockIdFlag::absent;
    if (signature.address.size() != (absent ? 0U : 20U)) {
      return make_error(ErrorCode::commit_invalid, "validator address");
    }
    if (signature.signature.size() != (absent ? 0U : 64U)) {
      return make_error(ErrorCode::commit_invalid, "signature length");
    }
  }
  return {};
}

Result<std::int64_t> total_power(const ValidatorSet& validators) {
  if (validators.empty() || validators.size() > limits::validators_max) {
    return make_error(ErrorCode::validators_mismatch, "number of validators");
  }
  std::int64_t total = 0;
  for (const Validator& validator : validators) {
    if (validator.public_key.size() != 32 || validator.power < 1) {
      return make_error(ErrorCode::validators_mismatch, "malformed validator");
    }
    if (!checked_add(total, validator.power, total) || total > limits::voting_power_total_max) {
      return make_error(ErrorCode::validators_mismatch, "voting power");
    }
  }
  return total;
}

bool signature_valid(const Header& header, const Commit& commit, std::size_t index,
                     const Validator& validator) {
  return crypto::verify_ed25519_zip215(validator.public_key,
                                       vote_sign_bytes(header.chain_id, commit, index),
                                       commit.signatures[index].signature);
}

/// More than two thirds of `validators`, each at its own position, signed the header.
Status check_full_commit(const LightBlock& block) {
  XL_TRY_ASSIGN(const std::int64_t total, total_power(block.validators));
  if (!equal(block.header.validators_hash, hash_of(block.validators))) {
    return make_error(ErrorCode::validators_mismatch);
  }
  if (block.commit.signatures.size() != block.validators.size()) {
    return make_error(ErrorCode::commit_invalid, "one signature slot per validator");
  }
  const std::int64_t needed = total * 2 / 3;
  std::int64_t tallied = 0;
  for (std::size_t i = 0; i < block.validators.size() && tallied <= needed; ++i) {
    const CommitSignature& signature = block.commit.signatures[i];
    if (signature.flag != BlockIdFlag::commit) continue;
    if (!equal(signature.address, address_of(block.validators[i].public_key))) {
      return make_error(ErrorCode::commit_invalid, "address is not the validator's");
    }
    if (!signature_valid(block.header, block.commit, i, block.validators[i])) continue;
    tallied += block.validators[i].power;
  }
  if (tallied <= needed) return make_error(ErrorCode::commit_power_insufficient);
  return {};
}

/// More than the trust level of `trusted` signed, wherever they stand in the new set.
Status check_trusting(const ValidatorSet& trusted, const LightBlock& block,
                      const TrustOptions& options) {
  XL_TRY_ASSIGN(const std::int64_t total, total_power(trusted));
  std::int64_t scaled = 0;
  if (options.trust_denominator < 1 || !checked_multiply(total, options.trust_numerator, scaled)) {
    return make_error(ErrorCode::trust_insufficient, "trust level");
  }
  const std::int64_t needed = scaled / options.trust_denominator;
  std::int64_t tallied = 0;
  std::vector<bool> seen(trusted.size(), false);
  for (std::size_t i = 0; i < block.commit.signatures.size() && tallied <= needed; ++i) {
    const CommitSignature& signature = block.commit.signatures[i];
    if (signature.flag != BlockIdFlag::commit) continue;
    const auto found = std::find_if(trusted.begin(), trusted.end(), [&](const Validator& v) {
      return equal(address_of(v.public_key), signature.address);
    });
    if (found == trusted.end()) continue;
    const auto position = static_cast<std::size_t>(found - trusted.begin());
    if (seen[position]) return make_error(ErrorCode::commit_invalid, "validator signed twice");
    seen[position] = true;
    if (signature_valid(block.header, block.commit, i, *found)) tallied += found->power;
  }
  if (tallied <= needed) return make_error(ErrorCode::trust_insufficient);
  return {};
}

}  // namespace

Status verify_light_block(const LightBlock& block) {
  XL_TRY(check_header(block.header));
  XL_TRY(check_commit(block.commit, block.header));
  return check_full_commit(block);
}

Status verify_step(const Header& trusted, const ValidatorSet& trusted_next,
                   const LightBlock& untrusted, const Timestamp& now, const TrustOptions& options) {
  XL_TRY(check_header(untrusted.header));
  XL_TRY(check_commit(untrusted.commit, untrusted.header));
  if (trusted.time.seconds + options.trusting_period_s <= now.seconds) {
    return make_error(ErrorCode::header_expired);
  }
  if (untrusted.header.chain_id != trusted.chain_id) {
    return make_error(ErrorCode::trust_path_broken, "other chain id");
  }
  if (untrusted.header.height <= trusted.height) {
    return make_error(ErrorCode::trust_path_broken, "height is not above the trusted one");
  }
  if (untrusted.header.time <= trusted.time ||
      untrusted.header.time.seconds >= now.seconds + options.clock_drift_s) {
    return make_error(ErrorCode::header_time_invalid);
  }
  if (untrusted.header.height == trusted.height + 1) {
    if (untrusted.header.validators_hash != trusted.next_validators_hash) {
      return make_error(ErrorCode::trust_path_broken, "next validator set differs");
    }
  } else {
    if (!equal(trusted.next_validators_hash, hash_of(trusted_next))) {
      return make_error(ErrorCode::validators_mismatch, "trusted next set");
    }
    XL_TRY(check_trusting(trusted_next, untrusted, options));
  }
  return check_full_commit(untrusted);
}

Status verify_trust_path(std::string_view chain_id, const TrustedStart& start,
                         const std::vector<LightBlock>& path, const LightBlock& target) {
  if (path.size() > limits::trust_path_max) {
    return make_error(ErrorCode::trust_path_broken, "too long");
  }
  Bytes expected = copy_of(hash_of(start.validators));
  std::int64_t height = start.height;
  const auto follow = [&](const LightBlock& block) -> Status {
    if (block.header.chain_id != chain_id) {
      return make_error(ErrorCode::trust_path_broken, "other chain id");
    }
    if (block.header.height <= height) {
      return make_error(ErrorCode::trust_path_broken, "heights do not rise");
    }
    if (block.header.validators_hash != expected) {
      return make_error(ErrorCode::trust_path_broken, "validator set was not announced before");
    }
    XL_TRY(verify_light_block(block));
    expected = block.header.next_validators_hash;
    height = block.header.height;
    return {};
  };
  const auto first = std::find_if(path.begin(), path.end(), [&](const LightBlock& block) {
    return start.height == 0 || block.header.height > start.height;
  });
  for (auto block = first; block != path.end(); ++block) XL_TRY(follow(*block));
  return follow(target);
}

}  // namespace xl::model::comet
