// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "model/comet/comet.pb.h"
#include "model/comet/header.h"

/// Conversions between the plain types and CometBFT's wire messages.
namespace xl::model::comet {

/// Fills a wire message from the plain type; `out` must be empty.
void to_wire(const Timestamp& in, xinglin::comet::v1::Timestamp& out);
void to_wire(const BlockId& in, xinglin::comet::v1::BlockID& out);
void to_wire(const Header& in, xinglin::comet::v1::Header& out);
void to_wire(const CommitSignature& in, xinglin::comet::v1::CommitSig& out);
void to_wire(const Commit& in, xinglin::comet::v1::Commit& out);

/// CometBFT's bytes of a header, for storing.
[[nodiscard]] Bytes encode_header(const Header& header);
/// CometBFT's bytes of a commit, for storing.
[[nodiscard]] Bytes encode_commit(const Commit& commit);
/// The set as repeated SimpleValidator, for storing.
[[nodiscard]] Bytes encode_validators(const ValidatorSet& validators);

/// Decode what the three functions above wrote. Errors: header_invalid, commit_invalid,
/// validators_mismatch (malformed bytes or over `limits`).
[[nodiscard]] Result<Header> decode_header(ByteView bytes);
[[nodiscard]] Result<Commit> decode_commit(ByteView bytes);
[[nodiscard]] Result<ValidatorSet> decode_validators(ByteView bytes);

}  // namespace xl::model::comet
