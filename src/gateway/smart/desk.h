// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/auth/tokens.h"
#include "gateway/smart/attempts.h"
#include "gateway/smart/registry.h"
#include "gateway/smart/waiting.h"

namespace xl::gateway::smart {

// Lifetimes. Everything below is in memory: a restart ends it, as it ends the sign-ins.
constexpr std::uint64_t code_ms = 60 * 1000;
constexpr std::uint64_t launch_ms = 5 * 60 * 1000;
constexpr std::uint64_t refresh_ms = 12 * 60 * 60 * 1000;  ///< as long as a delegation at most
constexpr std::uint64_t service_token_ms = 5 * 60 * 1000;  ///< of a backend service

// Bounds.
constexpr std::size_t authorizations_max = 10'000;
constexpr std::size_t authorizations_per_address_max = 1000;
constexpr std::size_t enrolments_max = 10'000;
constexpr std::size_t enrolments_per_address_max = 1000;
constexpr std::size_t context_items_max = 16;  ///< of one launch
constexpr std::size_t codes_max = 20'000;
constexpr std::size_t refresh_tokens_max = 50'000;
constexpr std::size_t launches_max = 10'000;
constexpr std::size_t assertion_ids_max = 100'000;

/// What was open when somebody started an app from a record.
struct Launch {
  model::Id organisation;
  model::Id did;        ///< who opened it
  std::string patient;  ///< logical ids; empty: none
  std::string encounter;
  std::vector<ContextItem> context;
  std::uint64_t expires_ms = 0;
};

/// A passkey's login between its steps.
struct PasskeyLogin {
  model::Id did;
  Bytes session_key;  ///< P-256, compressed: made in the browser
  Hash session_key_id{};
  std::uint64_t until_ms = 0;
  Bytes possession_proof;  ///< by the session key
  Hash signer{};           ///< the passkey that is asked
  Bytes body;              ///< of the transaction in which it delegates to the session key
  std::string challenge;   ///< of the sign-in that follows
};

/// An outside provider's login between its steps.
struct ProviderLogin {
  std::string nonce;
  std::string verifier;
};

/// An app's request while somebody signs in and agrees.
struct Authorization : WaitingPage {
  std::string base;  ///< the FHIR base that the app named
  Client client;
  std::string redirect_uri;
  std::string state;
  std::string nonce;
  std::string code_challenge;
  Scopes scopes;
  std::optional<Launch> launch;
  bool chinese = false;

  std::optional<auth::Tokens::SignedIn> who;  ///< set once somebody has signed in
  std::string subject;
  std::string account;  ///< empty: by a key
  std::string fhir_user;
  std::optional<PasskeyLogin> passkey;
  std::optional<ProviderLogin> provider;
  std::string patient;  ///< chosen on our page, where an encounter is still to be chosen
};

/// A passkey that somebody makes for themselves: nothing until their own key signs for it.
struct Enrolment : WaitingPage {
  model::Id did;
  std::string rp_id;
  Bytes public_key;  ///< with the rpId, as the ledger keeps it; empty: not made yet
  Hash key_id{};
  Bytes proof;       ///< its assertion that it is held; empty: not signed yet
  Bytes credential;  ///< what the authenticator calls it; may be empty
};

/// What a code, or a refresh token, stands for.
struct Granted {
  auth::Tokens::SignedIn who;  ///< with the grant
  std::string redirect_uri;
  std::string code_challenge;
  std::string nonce;
  std::uint64_t ends_ms = 0;  ///< of refreshing
};

/// Everything that an authorization needs to remember between two requests. Thread-safe.
class Desk {
 public:
  /// The tokens outlive it.
  explicit Desk(auth::Tokens& tokens) : tokens_(tokens) {}

  /// A request that somebody will answer on our pages; sets its id and user code. Errors:
  /// smart_requests_exceeded.
  [[nodiscard]] Result<Authorization> begin(Authorization wanted);
  /// For the browser that holds `secret`. Errors: smart_login_over.
  [[nodiscard]] Result<Authorization> find(std::string_view id, std::string_view secret) {
    return authorizations_.find(id, secret, now_ms());
  }
  /// By the code that the page shows. Errors: smart_login_over.
  [[nodiscard]] Result<Authorization> find_by_user_code(const model::Id& organisation,
                                                        std::string_view code);
  /// Changes one that is there. Errors: smart_login_over.
  [[nodiscard]] Status change(std::string_view id,
                              const std::function<void(Authorization&)>& edit) {
    return authorizations_.change(id, edit);
  }
  /// Takes it away: it was answered. Errors: smart_login_over.
  [[nodiscard]] Result<Authorization> take(std::string_view id) { return authorizations_.take(id); }

  /// A page that makes a passkey. Errors: smart_requests_exceeded.
  [[nodiscard]] Result<Enrolment> begin_enrolment(Enrolment wanted) {
    return enrolments_.begin(std::move(wanted), now_ms());
  }
  /// For the browser that holds `secret`. Errors: smart_login_over.
  [[nodiscard]] Result<Enrolment> find_enrolment(std::string_view id, std::string_view secret) {
    return enrolments_.find(id, secret, now_ms());
  }
  /// By the code that the page shows once the passkey has signed. Errors:
  /// smart_passkey_code_unknown.
  [[nodiscard]] Result<Enrolment> find_enrolment_by_user_code(const model::Id& organisation,
                                                              std::string_view code);
  /// Changes one that is there. Errors: smart_login_over.
  [[nodiscard]] Status change_enrolment(std::string_view id,
                                        const std::function<void(Enrolment&)>& edit) {
    return enrolments_.change(id, edit);
  }

  /// A code for what was granted. Errors: smart_requests_exceeded.
  [[nodiscard]] Result<std::string> make_code(Granted granted);
  /// What a code stands for, once. Used again it ends what it led to. Errors: smart_grant_invalid.
  [[nodiscard]] Result<Granted> use_code(std::string_view code);

  /// A refresh token. Errors: smart_requests_exceeded.
  [[nodiscard]] Result<std::string> make_refresh(Granted granted);
  /// What a refresh token stands for, once: the next takes its place. Used again, it ends every
  /// token of its authorization, since one of the two who used it stole it. One that `check`
  /// refuses stays as it was. Errors: smart_grant_invalid (also: of another client), those of
  /// `check`, which may not ask the desk.
  [[nodiscard]] Result<Granted> use_refresh(std::string_view token, std::string_view client,
                                            const std::function<Status(const auth::Grant&)>& check);
  /// What a refresh token is of, while it can be used.
  [[nodiscard]] std::optional<Granted> look_up_refresh(std::string_view token);
  /// The app that a refresh token was given to, also of one that was used; empty for none of ours.
  [[nodiscard]] std::string client_of_refresh(std::string_view token);
  /// Ends authorizations whose grant is one of these: codes, refresh tokens and tokens.
  void end(const std::function<bool(const auth::Grant&)>& which);
  /// `end` of one.
  void end_grant(const model::Id& grant);
  /// Forgets the requests of an app that are under way.
  void forget_client(const model::Id& organisation, std::string_view client);

  /// Errors: smart_requests_exceeded.
  [[nodiscard]] Result<std::string> make_launch(Launch launch);
  /// Errors: smart_launch_unknown.
  [[nodiscard]] Result<Launch> find_launch(const model::Id& organisation, std::string_view text);

  /// True the first time that a client uses this id of an assertion, which ends at `until_ms`.
  [[nodiscard]] bool use_assertion(std::string_view client, std::string_view id,
                                   std::uint64_t until_ms);

  /// May somebody at this address try again? Errors: smart_attempts_exceeded.
  [[nodiscard]] Status may_try(std::string_view what, std::string_view address) {
    return attempts_.may_try(std::string(what) + " " + network_of(address),
                             attempts_per_address_max, now_ms());
  }
  /// Counts a failure there.
  void failed(std::string_view what, std::string_view address) {
    attempts_.failed(std::string(what) + " " + network_of(address), now_ms());
  }
  /// As `Attempts`.
  [[nodiscard]] Status try_password(const std::string& account, std::string_view address) {
    return attempts_.try_password(account, address, now_ms());
  }
  /// As `Attempts`.
  void password_was_right(const std::string& account, std::string_view address) {
    attempts_.password_was_right(account, address, now_ms());
  }

 private:
  struct Kept {
    Granted granted;
    std::uint64_t expires_ms = 0;
    bool used = false;
  };
  using Table = std::map<Hash, Kept>;
  [[nodiscard]] Result<std::string> keep(Table& table, std::size_t most, Kept kept);
  [[nodiscard]] std::uint64_t now_ms() const { return tokens_.port().now_ms(); }
  void drop_over();

  auth::Tokens& tokens_;
  std::mutex mutex_;
  Waiting<Authorization> authorizations_{authorizations_max, authorizations_per_address_max};
  Waiting<Enrolment> enrolments_{enrolments_max, enrolments_per_address_max};
  std::map<std::string, Launch, std::less<>> launches_;
  Table codes_;    // by SHA-256
  Table refresh_;  // by SHA-256; used ones stay until they would have expired
  std::map<Hash, std::uint64_t> assertion_ids_;
  Attempts attempts_;
};

}  // namespace xl::gateway::smart
