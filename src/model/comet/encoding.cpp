// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/comet/encoding.h"

#include "model/canonical.h"
#include "model/limits.h"

namespace xl::model::comet {
namespace {

namespace wire = xinglin::comet::v1;

std::string text_copy(ByteView bytes) { return std::string(text_of(bytes)); }

Bytes bytes_copy(const std::string& text) { return copy_of(view_of(text)); }

Timestamp from_wire(const wire::Timestamp& in) { return {in.seconds(), in.nanos()}; }

BlockId from_wire(const wire::BlockID& in) {
  return {bytes_copy(in.hash()),
          {in.part_set_header().total(), bytes_copy(in.part_set_header().hash())}};
}

}  // namespace

void to_wire(const Timestamp& in, wire::Timestamp& out) {
  out.set_seconds(in.seconds);
  out.set_nanos(in.nanos);
}

void to_wire(const BlockId& in, wire::BlockID& out) {
  out.set_hash(text_copy(in.hash));
  auto* parts = out.mutable_part_set_header();  // non-nullable in CometBFT: always written
  parts->set_total(in.parts.total);
  parts->set_hash(text_copy(in.parts.hash));
}

void to_wire(const Header& in, wire::Header& out) {
  out.mutable_version()->set_block(in.version_block);
  out.mutable_version()->set_app(in.version_app);
  out.set_chain_id(in.chain_id);
  out.set_height(in.height);
  to_wire(in.time, *out.mutable_time());
  to_wire(in.last_block_id, *out.mutable_last_block_id());
  out.set_last_commit_hash(text_copy(in.last_commit_hash));
  out.set_data_hash(text_copy(in.data_hash));
  out.set_validators_hash(text_copy(in.validators_hash));
  out.set_next_validators_hash(text_copy(in.next_validators_hash));
  out.set_consensus_hash(text_copy(in.consensus_hash));
  out.set_app_hash(text_copy(in.app_hash));
  out.set_last_results_hash(text_copy(in.last_results_hash));
  out.set_evidence_hash(text_copy(in.evidence_hash));
  out.set_proposer_address(text_copy(in.proposer_address));
}

void to_wire(const CommitSignature& in, wire::CommitSig& out) {
  out.set_block_id_flag(static_cast<std::int32_t>(in.flag));
  out.set_validator_address(text_copy(in.address));
  to_wire(in.time, *out.mutable_timestamp());
  out.set_signature(text_copy(in.signature));
}

void to_wire(const Commit& in, wire::Commit& out) {
  out.set_height(in.height);
  out.set_round(in.round);
  to_wire(in.block_id, *out.mutable_block_id());
  for (const CommitSignature& signature : in.signatures) to_wire(signature, *out.add_signatures());
}

Bytes encode_header(const Header& header) {
  wire::Header out;
  to_wire(header, out);
  return encode(out);
}

Bytes encode_commit(const Commit& commit) {
  wire::Commit out;
  to_wire(commit, out);
  return encode(out);
}

Bytes encode_validators(const ValidatorSet& validators) {
  wire::StoredValidators out;
  for (const Validator& validator : validators) {
    auto* added = out.add_validators();
    added->mutable_pub_key()->set_ed25519(text_copy(validator.public_key));
    added->set_voting_power(validator.power);
  }
  return encode(out);
}

Result<Header> decode_header(ByteView bytes) {
  wire::Header in;
  if (!decode_canonical(bytes, in)) return make_error(ErrorCode::header_invalid);
  if (in.chain_id().size() > limits::chain_id_bytes_max) {
    return make_error(ErrorCode::header_invalid, "chain id too long");
  }
  Header out;
  out.version_block = in.version().block();
  out.version_app = in.version().app();
  out.chain_id = in.chain_id();
  out.height = in.height();
  out.time = from_wire(in.time());
  out.last_block_id = from_wire(in.last_block_id());
  out.last_commit_hash = bytes_copy(in.last_commit_hash());
  out.data_hash = bytes_copy(in.data_hash());
  out.validators_hash = bytes_copy(in.validators_hash());
  out.next_validators_hash = bytes_copy(in.next_validators_hash());
  out.consensus_hash = bytes_copy(in.consensus_hash());
  out.app_hash = bytes_copy(in.app_hash());
  out.last_results_hash = bytes_copy(in.last_results_hash());
  out.evidence_hash = bytes_copy(in.evidence_hash());
  out.proposer_address = bytes_copy(in.proposer_address());
  return out;
}

Result<Commit> decode_commit(ByteView bytes) {
  wire::Commit in;
  if (!decode_canonical(bytes, in)) return make_error(ErrorCode::commit_invalid);
  if (in.signatures_size() > static_cast<int>(limits::validators_max)) {
    return make_error(ErrorCode::commit_invalid, "too many signatures");
  }
  Commit out{in.height(), in.round(), from_wire(in.block_id()), {}};
  for (const auto& signature : in.signatures()) {
    if (signature.block_id_flag() < 1 || signature.block_id_flag() > 3) {
      return make_error(ErrorCode::commit_invalid, "block id flag");
    }
    out.signatures.push_back({static_cast<BlockIdFlag>(signature.block_id_flag()),
                              bytes_copy(signature.validator_address()),
                              from_wire(signature.timestamp()), bytes_copy(signature.signature())});
  }
  return out;
}

Result<ValidatorSet> decode_validators(ByteView bytes) {
  wire::StoredValidators in;
  if (!decode_canonical(bytes, in)) return make_error(ErrorCode::validators_mismatch);
  if (in.validators_size() > static_cast<int>(limits::validators_max)) {
    return make_error(ErrorCode::validators_mismatch, "too many validators");
  }
  ValidatorSet out;
  for (const auto& validator : in.validators()) {
    out.push_back({bytes_copy(validator.pub_key().ed25519()), validator.voting_power()});
  }
  return out;
}

}  // namespace xl::model::comet
