// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "contracts/api/contract.h"
#include "credentials/dcql.h"
#include "credentials/types.h"
#include "model/id.h"

namespace xl::gateway::credentials {

namespace vc = xl::credentials;

// Lifetimes and bounds. Everything below is in memory: a restart ends it.
constexpr std::uint64_t offer_ms = 30ULL * 60 * 1000;  ///< at the desk, with a telephone
constexpr std::uint64_t grant_ms = 10ULL * 60 * 1000;
constexpr std::uint64_t nonce_ms = 5ULL * 60 * 1000;
constexpr std::uint64_t request_ms = 10ULL * 60 * 1000;
constexpr std::size_t waiting_offers_max = 5000;
constexpr std::size_t waiting_grants_max = 5000;
constexpr std::size_t waiting_nonces_max = 50'000;
constexpr std::size_t waiting_requests_max = 5000;
constexpr int code_attempts_max = 5;

/// What will be in a credential.
struct Contents {
  vc::TypeRule type;
  std::vector<vc::Claim> claims;
  std::uint64_t valid_ms = 0;  ///< from the day of issue on
};

/// An offer that waits for a wallet.
struct Offer {
  std::string id;
  model::Id organisation;
  std::string code;     ///< the pre-authorized one
  std::string tx_code;  ///< six digits that the person is told; empty: none
  Contents contents;
  std::uint64_t expires_ms = 0;
  int attempts = 0;
};

/// What a wallet's access token is good for: one credential.
struct Grant {
  model::Id organisation;
  Contents contents;
  std::uint64_t expires_ms = 0;
};

/// A presentation that a verifier asked for.
struct Request {
  std::string id;
  model::Id organisation;
  std::string client_id;
  std::string response_uri;
  std::string nonce;
  std::string state;
  std::vector<vc::CredentialQuery> queries;
  model::Id asker;  ///< who may read what was presented
  std::uint64_t expires_ms = 0;
  bool answered = false;
  std::string result;    ///< JSON: what was presented and how it stands
  std::string declined;  ///< then why nothing was, as OAuth names it
};

/// What issuing and verifying need to remember between two requests. Thread-safe.
class Desk {
 public:
  /// Sets id, code and, where `with_tx_code`, the transaction code. Errors:
  /// credential_requests_exceeded.
  [[nodiscard]] Result<Offer> offer(Offer wanted, bool with_tx_code, std::uint64_t now_ms);
  /// Errors: credential_offer_unknown.
  [[nodiscard]] Result<Offer> find_offer(const model::Id& organisation, std::string_view id,
                                         std::uint64_t now_ms);
  /// Exchanges a pre-authorized code, once, for an access token. A wrong transaction code counts,
  /// the fifth ends the offer. Errors: credential_grant_invalid, parameter_invalid (one is missing,
  /// or none was asked for), credential_requests_exceeded.
  [[nodiscard]] Result<std::string> exchange(const model::Id& organisation, std::string_view code,
                                             std::string_view tx_code, std::uint64_t now_ms);
  /// What a token is good for. Errors: token_invalid.
  [[nodiscard]] Result<Grant> find_grant(const model::Id& organisation, std::string_view token,
                                         std::uint64_t now_ms);
  /// Takes it, when the credential is made. Errors: token_invalid.
  [[nodiscard]] Result<Grant> take_grant(const model::Id& organisation, std::string_view token,
                                         std::uint64_t now_ms);

  /// A fresh nonce for a proof. Errors: credential_requests_exceeded.
  [[nodiscard]] Result<std::string> nonce(std::uint64_t now_ms);
  /// Uses it up. Errors: credential_nonce_invalid.
  [[nodiscard]] Status use_nonce(std::string_view nonce, std::uint64_t now_ms);

  /// Sets id, nonce and state, and puts `{id}/response` behind the response URI. Errors:
  /// credential_requests_exceeded.
  [[nodiscard]] Result<Request> request(Request wanted, std::uint64_t now_ms);
  /// Errors: presentation_request_unknown.
  [[nodiscard]] Result<Request> find_request(const model::Id& organisation, std::string_view id,
                                             std::uint64_t now_ms);
  /// Keeps the answer, the first one. Errors: presentation_request_unknown, presentation_replayed.
  [[nodiscard]] Status answer(std::string_view id, std::string result, std::uint64_t now_ms);
  /// The same of a wallet that presents nothing. Errors: those of `answer`.
  [[nodiscard]] Status decline(std::string_view id, std::string why, std::uint64_t now_ms);

 private:
  [[nodiscard]] Result<Request*> open_request(std::string_view id, std::uint64_t now_ms);

  std::mutex mutex_;
  std::map<std::string, Offer, std::less<>> offers_;
  std::map<std::string, Grant, std::less<>> grants_;  ///< by a digest of the token
  std::map<std::string, std::uint64_t, std::less<>> nonces_;
  std::map<std::string, Request, std::less<>> requests_;
};

}  // namespace xl::gateway::credentials
