// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "custody/ledger_port.h"
#include "custody/principal.h"
#include "gateway/http/message.h"
#include "gateway/smart/scopes.h"

namespace xl::gateway::auth {

/// A sign-in's answer.
struct Token {
  std::string text;  ///< 43 characters, base64url of 32 random bytes
  std::uint64_t expires_ms = 0;
};

/// What somebody let an app do in their name. It only ever narrows what they may do themselves.
struct Grant {
  model::Id id;            ///< random: all tokens of one authorization end together
  model::Id organisation;  ///< whose FHIR server the app may ask, and no other's
  std::string base;        ///< the FHIR base that the app named: issuer of all that it is told
  std::string client;      ///< as registered
  smart::Scopes scopes;    ///< as granted
  std::string subject;     ///< who signed in, as the app is told
  std::string account;     ///< by which account; empty: by a key
  std::string fhir_user;   ///< `Practitioner/…`, below the FHIR base; empty: nobody with a record
  std::string patient;     ///< logical id of the launch's patient; empty: none
  std::optional<model::Id> patient_did;     ///< whose records that patient's are
  std::string encounter;                    ///< logical id; empty: none
  std::vector<smart::ContextItem> context;  ///< what else was open
};

/// Who sent a request.
struct Caller {
  custody::Principal principal;
  /// Set when an app asks in the principal's name.
  std::shared_ptr<const Grant> grant = nullptr;  // shared by the tokens of one authorization
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
  /// own proof that we made it. `statement` stands before it and is signed with it (sign_in.h).
  [[nodiscard]] Challenge challenge(std::string_view statement = {}) const;

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

  /// What a sign-in rests on, before a token is made of it.
  struct SignedIn {
    Caller caller;
    std::uint64_t expires_ms = 0;  ///< of its tokens
    std::uint64_t ends_ms = 0;     ///< of the key that signed in; 0: it has no end
    /// A key that must be active too, such as that of the software that the organisation vouches
    /// for.
    std::optional<Hash> rests_on{};
  };
  /// `sign_in` without a token: the challenge is used up. Errors: as `sign_in`.
  [[nodiscard]] Result<SignedIn> authenticate(const Answer& answer);

  /// Somebody without a key, for whom `key` (an organisation's own) signs: the evidence of what
  /// they ask is the organisation's own word, `statement`, which says who it is and how the
  /// organisation knows. Errors: sign_in_refused (the ledger does not know the key).
  [[nodiscard]] Result<SignedIn> stated(const model::Id& organisation,
                                        const crypto::SigningKey& key,
                                        std::string_view statement) const;

  /// Whose sign-in at another organisation's node this was, whether or not we made the challenge:
  /// that it is fresh is that organisation's word. Errors: sign_in_refused.
  [[nodiscard]] Result<custody::Principal> signed_in_elsewhere(const Answer& answer) const;

  /// A token for an app. Errors: sign_ins_exceeded.
  [[nodiscard]] Result<Token> issue(SignedIn signed_in);

  /// Who sent the request themselves: the principal of its bearer token, whose key, role and office
  /// still hold. Errors: sign_in_required, token_invalid, sign_in_over, store_corrupt,
  /// scope_insufficient (an app's token, which is for the FHIR server alone).
  [[nodiscard]] Result<custody::Principal> principal_of(const http::Request& request);

  /// Who sent the request, apps included: for the FHIR server. Errors: as `principal_of`.
  [[nodiscard]] Result<Caller> caller_of(const http::Request& request);

  /// What a token is of, for introspection; nothing when it is over or unknown.
  [[nodiscard]] std::optional<SignedIn> look_up(std::string_view token);

  /// Ends the request's sign-in. Errors: sign_in_required.
  [[nodiscard]] Status sign_out(const http::Request& request);

  /// Ends every token of an app whose grant is one of these.
  void end(const std::function<bool(const Grant&)>& which);

  /// True while what a sign-in rests on holds. Errors: store_corrupt.
  [[nodiscard]] Result<bool> holds(const SignedIn& signed_in) const;

  [[nodiscard]] const custody::LedgerPort& port() const { return port_; }

 private:
  [[nodiscard]] Status use_challenge(std::string_view text);
  [[nodiscard]] Result<SignedIn> check(const Answer& answer) const;
  [[nodiscard]] Result<SignedIn> find(std::string_view token);
  void drop_expired(std::uint64_t now_ms);
  void make_room(const SignedIn& fresh);

  const custody::LedgerPort& port_;
  Bytes secret_;  ///< authenticates our challenges
  std::mutex mutex_;
  std::map<Hash, SignedIn> signed_in_;                                 // by SHA-256 of the token
  std::map<std::string, std::uint64_t, std::less<>> used_challenges_;  // until they expire
};

}  // namespace xl::gateway::auth
