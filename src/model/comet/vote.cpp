// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/comet/vote.h"

#include "model/canonical.h"
#include "model/comet/encoding.h"
#include "model/wire_writer.h"

namespace xl::model::comet {
namespace {

namespace wire = xinglin::comet::v1;

/// SignedMsgType of a proposal.
constexpr std::int32_t proposal_type = 32;

bool names_block(const BlockId& id) { return id != BlockId{}; }

/// CometBFT signs messages with their length before them.
Bytes with_length(const google::protobuf::Message& message) {
  const Bytes encoded = encode(message);
  Bytes out;
  wire_writer::append_varint(out, encoded.size());
  append(out, encoded);
  return out;
}

/// Takes a length of one or two bytes off, as long as anything that is signed.
bool without_length(ByteView in, google::protobuf::Message& out) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{2}}) {
    if (in.size() <= bytes) break;
    Bytes length;
    wire_writer::append_varint(length, in.size() - bytes);
    if (length.size() == bytes && equal(length, in.first(bytes))) {
      return decode_canonical(in.subspan(bytes), out);
    }
  }
  return false;
}

}  // namespace

Bytes sign_bytes(std::string_view chain_id, const Vote& vote) {
  wire::CanonicalVote out;
  out.set_type(static_cast<std::int32_t>(vote.type));
  out.set_height(vote.height);
  out.set_round(vote.round);
  if (names_block(vote.block_id)) to_wire(vote.block_id, *out.mutable_block_id());
  to_wire(vote.time, *out.mutable_timestamp());
  out.set_chain_id(std::string(chain_id));
  return with_length(out);
}

Bytes sign_bytes(std::string_view chain_id, const Proposal& proposal) {
  wire::CanonicalProposal out;
  out.set_type(proposal_type);
  out.set_height(proposal.height);
  out.set_round(proposal.round);
  out.set_pol_round(proposal.locked_round);
  if (names_block(proposal.block_id)) to_wire(proposal.block_id, *out.mutable_block_id());
  to_wire(proposal.time, *out.mutable_timestamp());
  out.set_chain_id(std::string(chain_id));
  return with_length(out);
}

std::optional<Timestamp> time_in_vote(ByteView sign_bytes) {
  wire::CanonicalVote vote;
  if (!without_length(sign_bytes, vote)) return std::nullopt;
  return Timestamp{vote.timestamp().seconds(), vote.timestamp().nanos()};
}

std::optional<Timestamp> time_in_proposal(ByteView sign_bytes) {
  wire::CanonicalProposal proposal;
  if (!without_length(sign_bytes, proposal)) return std::nullopt;
  return Timestamp{proposal.timestamp().seconds(), proposal.timestamp().nanos()};
}

}  // namespace xl::model::comet
