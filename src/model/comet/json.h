// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/json/json.h"
#include "base/json/writer.h"
#include "model/comet/header.h"

/// CometBFT's own JSON of headers, commits and validator sets, as its RPC and light client write
/// them: 64-bit integers as strings, hashes and addresses in upper-case hex, keys and signatures in
/// base64, RFC 3339 time.
namespace xl::model::comet {

/// Write CometBFT's JSON of each.
void write_header(json::Writer& out, const Header& header);
void write_commit(json::Writer& out, const Commit& commit);
void write_validators(json::Writer& out, const ValidatorSet& validators);
/// `{"signed_header": {"header", "commit"}, "validator_set": {"validators": [...]}}`.
void write_light_block(json::Writer& out, const LightBlock& block);

/// Read what the functions above write. Unknown members are ignored, as CometBFT adds some.
/// Errors: receipt_malformed (names the member).
[[nodiscard]] Result<Header> read_header(json::Value in);
[[nodiscard]] Result<Commit> read_commit(json::Value in);
[[nodiscard]] Result<ValidatorSet> read_validators(json::Value in);
[[nodiscard]] Result<LightBlock> read_light_block(json::Value in);

/// The member `evidence` of a block of CometBFT's RPC: `{"evidence": [{"type", "value"}]}`.
/// Errors: receipt_malformed (names the member).
[[nodiscard]] Result<EvidenceList> read_evidence(json::Value in);

}  // namespace xl::model::comet
