// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json/json.h"
#include "client/http_client.h"
#include "credentials/check.h"
#include "model/genesis.h"
#include "model/kv.h"

namespace xl::client {

/// The part of the ledger's state that receipts prove, for checks that read state: whoever is
/// offline checks a credential by the same rules as a node. What nobody proved is not there.
class ProvedState final : public model::StateReader {
 public:
  explicit ProvedState(const model::Genesis& genesis) : genesis_(genesis) {}

  /// Takes the entries of an issuer's evidence or a status list with its bits, each verified with
  /// the genesis alone. Errors: answer_unexpected (no such document, a receipt of another key, bits
  /// that the list's record denies), those of `model::read_receipt` and `verify_receipt`.
  [[nodiscard]] Status take(json::Value document);

  [[nodiscard]] bool get(ByteView key, Bytes& value) const override;
  void scan(ByteView prefix, ByteView from, std::uint32_t count_max,
            const std::function<bool(ByteView, ByteView)>& visit) const override;

  /// Takes one receipt of a state key, be it that it holds nothing. Answers the block time. Errors:
  /// as `take`.
  [[nodiscard]] Result<std::uint64_t> take_receipt(const Bytes& key, json::Value receipt);

  /// True when a receipt told of this key, be it that it holds nothing.
  [[nodiscard]] bool knows(const Bytes& key) const { return told_.contains(key); }

  /// Block time of the oldest status list taken; 0 without one.
  [[nodiscard]] std::uint64_t status_as_of_ms() const { return status_as_of_ms_; }

 private:
  [[nodiscard]] Status take_entries(json::Value document, std::uint64_t& block_ms);
  [[nodiscard]] Status take_bits(json::Value document);

  const model::Genesis& genesis_;
  std::map<Bytes, Bytes> values_;
  std::set<Bytes> told_;
  std::uint64_t status_as_of_ms_ = 0;
};

/// Everything that a credential's check needs, as documents of a node: its issuer's evidence and
/// its status lists. `then`: with the changes of its own entries, for a time that is past; this
/// tells the node which entries. Errors: credential_malformed, those of the requests.
[[nodiscard]] Result<std::vector<json::Document>> fetch_evidence(HttpClient& http,
                                                                 const credentials::SdJwt& text,
                                                                 bool then);

/// Evidence as a file holds it: `{"schema": "xinglin/credential-evidence/v1", "documents": […]}`.
[[nodiscard]] std::string evidence_text(const std::vector<json::Document>& documents);
/// Errors: input_invalid, those of JSON.
[[nodiscard]] Result<std::vector<json::Document>> read_evidence_text(std::string_view text);

}  // namespace xl::client
