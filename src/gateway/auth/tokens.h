// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "custody/ledger_port.h"
#include "custody/principal.h"
#include "gateway/http/message.h"

namespace xl::gateway::auth {

/// A sign-in's answer.
struct Token {
  std::string text;  ///< 43 characters, base64url of 32 random bytes
  std::uint64_t expires_ms = 0;
};

/// Who is signed in. Tokens live in memory for at most 15 minutes and end with what they rest on:
/// a restart signs everyone out, and they sign in again with their session keys. Thread-safe.
class Tokens {
 public:
  /// The port outlives it.
  explicit Tokens(const custody::LedgerPort& port);

  struct Challenge {
    std::string text;
    std::uint64_t expires_ms = 0;
  };
  /// Something fresh to sign, good for one sign-in within a minute. Costs no memory: it carries its
  /// own proof that we made it.
  [[nodiscard]] Challenge challenge() const;

  /// What an answer to a challenge must show.
  struct Answer {
    std::string challenge;
    model::Id organisation;  ///< for which organisation the principal signs in
    Hash key_id{};           ///< a session key, or software's own key
    Bytes signature;         ///< by that key, over `identity::sign_in_bytes`
  };
  /// Signs in. A person's key must be a session key delegated for the organisation; software and
  /// organisations sign with an own key. Errors: challenge_invalid, sign_in_refused,
  /// sign_ins_exceeded.
  [[nodiscard]] Result<Token> sign_in(const Answer& answer);

  /// Who sent the request: the principal of its bearer token, whose key, role and office still
  /// hold. Errors: sign_in_required, token_invalid, sign_in_over, store_corrupt.
  [[nodiscard]] Result<custody::Principal> principal_of(const http::Request& request);

  /// Ends the request's sign-in. Errors: sign_in_required.
  [[nodiscard]] Status sign_out(const http::Request& request);

 private:
  struct SignedIn {
    custody::Principal principal;
    std::uint64_t expires_ms = 0;
  };
  [[nodiscard]] Status use_challenge(std::string_view text);
  [[nodiscard]] Result<SignedIn> check(const Answer& answer) const;
  void drop_expired(std::uint64_t now_ms);
  void make_room(const Hash& key_id);

  const custody::LedgerPort& port_;
  Bytes secret_;  ///< authenticates our challenges
  std::mutex mutex_;
  std::map<Hash, SignedIn> signed_in_;                                 // by SHA-256 of the token
  std::map<std::string, std::uint64_t, std::less<>> used_challenges_;  // until they expire
};

}  // namespace xl::gateway::auth
