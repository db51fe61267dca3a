// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json/json.h"
#include "client/http_client.h"
#include "client/identity.h"
#include "contracts/consent/normal_form.h"
#include "model/genesis.h"
#include "model/transaction.h"

namespace google::protobuf {
class Message;
}

namespace xl::client {

/// What became of a transaction: executed with a status, or not let in.
struct Sent {
  std::string transaction_id;  ///< 64 hexadecimal digits; empty when it was not executed
  std::uint64_t status = 0;    ///< 0: applied
  std::string status_name;     ///< `applied`, a contract's word, or the code of a rejection
  std::string why{};           ///< what the node said of a rejection
  std::string request_id{};    ///< of the answer that rejected it

  [[nodiscard]] bool applied() const { return !transaction_id.empty() && status == 0; }
};

/// Reads a history entry as the node shows it. Errors: answer_unexpected.
[[nodiscard]] Result<Sent> sent_of(json::Value entry);

/// An error unless it was applied: the code that refused it, or contract_refused with the status.
[[nodiscard]] Status applied(const Result<Sent>& sent);

/// A message to a contract in its canonical form.
[[nodiscard]] model::Message message_to(std::uint8_t contract, std::uint16_t type,
                                        const google::protobuf::Message& message);

/// `policy` in normal form under a fresh salt. Errors: message_malformed.
[[nodiscard]] Result<contracts::consent::SealedPolicy> seal_policy(
    contracts::consent::Policy policy, const model::Id& consent_id, const model::Id& patient,
    const model::Id& custodian);

/// The same for everything that is to be sealed, in which patient and custodian are set.
[[nodiscard]] Result<contracts::consent::SealedPolicy> seal_policy(
    contracts::consent::SealedPolicy wanted, const model::Id& consent_id);

/// Somebody's connection to one node: signs and sends transactions, signs in, asks the FHIR server.
/// Not thread-safe.
class Session {
 public:
  /// `clock` outlives it. The identity is copied by key.
  Session(NodeAddress address, const Identity& identity, const Clock& clock);

  [[nodiscard]] const Identity& identity() const { return identity_; }
  [[nodiscard]] std::uint64_t now_ms() const { return clock_.now_ms(); }

  /// From now on whatever would change something at the node ends with the error dry_run, which
  /// says what would have been sent; all before it is done for real.
  void only_show() { only_show_ = true; }

  /// The network's genesis, fetched once. Errors: node_unreachable, genesis_malformed.
  [[nodiscard]] Result<const model::Genesis*> genesis();

  /// Signs `messages` with this identity's key and those of `others` (in this order).
  [[nodiscard]] Result<Bytes> sign(std::vector<model::Message> messages,
                                   std::span<const Identity* const> others = {});

  /// Sends a transaction and waits until it is durable. A refusal is an answer, not an error.
  /// Errors: node_unreachable, answer_unexpected.
  [[nodiscard]] Result<Sent> submit(ByteView transaction);
  /// `sign` and `submit` of one message.
  [[nodiscard]] Result<Sent> submit(std::uint8_t contract, std::uint16_t type,
                                    const google::protobuf::Message& message,
                                    std::span<const Identity* const> others = {});

  /// Signs in for `organisation` in `roles`: people delegate a session key for an hour, software
  /// signs with its own. Errors: node_unreachable, and what the node answers.
  [[nodiscard]] Status sign_in(const model::Id& organisation, std::vector<std::uint32_t> roles);

  /// What `sign_in` sends, for somebody else to send: a delegation and a signed challenge, as the
  /// JSON of `POST /auth/v1/tokens`. Good for a minute. `challenge`: the one to sign, such as one
  /// that names an app; empty: a fresh one. Errors: as `sign_in`.
  [[nodiscard]] Result<std::string> sign_in_request(const model::Id& organisation,
                                                    const std::vector<std::uint32_t>& roles,
                                                    std::string challenge = {});

  /// Goes on with the token of an earlier sign-in, as if `sign_in` had been called with these.
  void resume(const model::Id& organisation, std::vector<std::uint32_t> roles, std::string token,
              std::uint64_t until_ms);
  /// The token of the last sign-in and when it ends by this machine's clock; empty without one.
  [[nodiscard]] const std::string& token() const { return token_; }
  [[nodiscard]] std::uint64_t token_until_ms() const { return token_until_ms_; }

  /// A request without a token. Errors: node_unreachable.
  [[nodiscard]] Result<HttpResponse> get_public(const std::string& target) {
    return http_.get(target);
  }

  /// A request with this identity's token; signs in again when the token is over. Any HTTP status
  /// is a success here. Errors: node_unreachable.
  [[nodiscard]] Result<HttpResponse> ask(std::string_view method, const std::string& target,
                                         std::string_view content_type = {},
                                         std::string_view body = {},
                                         std::map<std::string, std::string> headers = {});

  /// The receipt of a transaction, verified with the genesis alone. Errors: node_unreachable, those
  /// of `model::read_receipt` and `verify_receipt`.
  [[nodiscard]] Status verify_receipt(const std::string& transaction_id);

  /// Grants a consent with this identity (a patient or guardian): seals `policy` under a fresh
  /// salt, brings it to the custodian with the signed Grant. `end_ms` 0: until revoked. What became
  /// of it; `consent` receives its id. Errors: message_malformed, node_unreachable,
  /// answer_unexpected.
  [[nodiscard]] Result<Sent> grant(contracts::consent::Policy policy, const model::Id& patient,
                                   const model::Id& custodian, std::uint64_t end_ms,
                                   model::Id& consent);
  /// The same for what is sealed already.
  [[nodiscard]] Result<Sent> grant(const contracts::consent::SealedPolicy& sealed,
                                   std::uint64_t end_ms);
  /// Puts `sealed`, which must be narrower, in the place of the consent `old`, with a period within
  /// the old one's. What became of it. Errors: as `grant`.
  [[nodiscard]] Result<Sent> narrow(const model::Id& old,
                                    const contracts::consent::SealedPolicy& sealed,
                                    std::uint64_t start_ms, std::uint64_t end_ms);

  /// Brings a sealed policy to its custodian with the signed transaction that commits to it. Needs
  /// a sign-in. What became of it. Errors: node_unreachable, answer_unexpected.
  [[nodiscard]] Result<Sent> bring(const contracts::consent::SealedPolicy& sealed,
                                   ByteView transaction);

 private:
  [[nodiscard]] Result<Sent> bring(const contracts::consent::SealedPolicy& sealed,
                                   std::uint16_t type, const google::protobuf::Message& message);
  [[nodiscard]] Result<std::string> fresh_challenge();
  [[nodiscard]] Result<Bytes> delegation(const crypto::SigningKey& session_key,
                                         const model::Id& organisation,
                                         const std::vector<std::uint32_t>& roles);

  HttpClient http_;
  Identity identity_;
  const Clock& clock_;
  std::optional<model::Genesis> genesis_;
  std::string token_;
  std::uint64_t token_until_ms_ = 0;
  bool only_show_ = false;
  model::Id organisation_;
  std::vector<std::uint32_t> roles_;
};

/// The error that a refusal of the node names (problem or OperationOutcome); answer_unexpected when
/// it names none.
[[nodiscard]] Error error_of(const HttpResponse& answer);

/// The JSON of an answer that has this HTTP status. Errors: those of the request, what the node
/// answers, json_invalid.
[[nodiscard]] Result<json::Document> json_of(const Result<HttpResponse>& answer,
                                             unsigned status = 200);

}  // namespace xl::client
