// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/json.h"
#include "base/sqlite/database.h"
#include "credentials/jwt.h"
#include "gateway/smart/scopes.h"

namespace xl::gateway::smart {

namespace vc = xl::credentials;

// Bounds of what an organisation registers.
constexpr std::size_t clients_max = 1000;
constexpr std::size_t accounts_max = 10'000;
constexpr std::size_t credentials_max = 100'000;
constexpr std::size_t credential_bytes_max = 1023;  ///< WebAuthn Level 3 §5.1
constexpr std::size_t client_id_bytes_max = 128;
constexpr std::size_t client_name_bytes_max = 128;
constexpr std::size_t redirect_uris_max = 16;
constexpr std::size_t uri_bytes_max = 2048;
constexpr std::size_t client_document_bytes_max = 64 * 1024;
constexpr std::size_t account_name_bytes_max = 64;
constexpr std::size_t password_bytes_min = 12;
constexpr std::size_t password_bytes_max = 256;

/// The purpose of the organisation's key that the store is encrypted with.
constexpr std::string_view registry_key_purpose = "smart";

/// An app that an organisation lets ask its people, or a backend service that it vouches for.
struct Client {
  std::string id;
  std::string name;
  std::vector<std::string> redirect_uris;  ///< compared byte by byte
  std::string launch_uri;                  ///< where a record opens it; empty: nowhere
  Scopes scopes;                           ///< the most that it may be granted
  std::vector<vc::NamedKey> keys;          ///< with which it proves who it is; empty: it is public
  std::string document;                    ///< as it was registered
};

/// Reads a registration: `{"client_id", "client_name", "redirect_uris", "scope", "jwks",
/// "launch_uri"}`. Without an id one is drawn. Errors: smart_client_invalid (names the member),
/// smart_scope_invalid, json_web_key_malformed.
[[nodiscard]] Result<Client> read_client(json::Value registration);

/// True for an address that an app may be sent back to: https, http on the machine itself, or a
/// private scheme with a dot (RFC 8252 §7), without a fragment.
[[nodiscard]] bool is_redirect_uri(std::string_view uri);

/// `https://app.example` of a URL; empty for one without a host.
[[nodiscard]] std::string origin_of(std::string_view uri);

/// Somebody whom the organisation lets in with a password, or by the word of an outside provider.
struct Account {
  std::string name;     ///< 1..64 bytes of letters, digits, `.`, `_`, `-`, `@`
  std::string did;      ///< who it is, on the ledger; empty: of an old store, nobody signs in
  std::string subject;  ///< `sub` at the outside provider; empty: none
  bool has_password = false;
};

/// One organisation's apps and accounts, encrypted at rest. Thread-safe.
class Registry {
 public:
  /// Opens or makes the store. `key` is the organisation's for the purpose `smart`. Errors: those
  /// of a database. Precondition: 32 bytes.
  [[nodiscard]] static Result<std::unique_ptr<Registry>> open(const std::filesystem::path& path,
                                                              ByteView key);

  /// Errors: smart_entry_exists, smart_registry_full, a database's.
  [[nodiscard]] Status add_client(const Client& client);
  /// Errors: smart_client_unknown, a database's.
  [[nodiscard]] Result<Client> client(std::string_view id);
  /// All of them by id. Errors: a database's.
  [[nodiscard]] Result<std::vector<Client>> clients();
  /// Errors: smart_client_unknown, a database's.
  [[nodiscard]] Status remove_client(std::string_view id);
  /// True when an app of this origin is registered: its scripts may read our answers.
  [[nodiscard]] bool knows_origin(std::string_view origin);

  /// `password` may be empty: then only an outside provider lets the person in. That the DID has a
  /// standing at the organisation is for the caller to see to. Errors:
  /// smart_account_invalid, smart_entry_exists, smart_registry_full, a database's. Cost: one
  /// Argon2id derivation of 64 MiB.
  [[nodiscard]] Status add_account(const Account& account, std::string_view password);
  /// Errors: a database's.
  [[nodiscard]] Result<std::vector<Account>> accounts();
  /// Errors: smart_account_unknown, a database's.
  [[nodiscard]] Status remove_account(std::string_view name);
  /// The account when the password is its own. Costs the same for a name that is not there.
  /// Errors: smart_login_refused, a database's.
  [[nodiscard]] Result<Account> check_password(std::string_view name, std::string_view password);
  /// The account of a subject of the outside provider. Errors: smart_login_refused, a database's.
  [[nodiscard]] Result<Account> account_of_subject(std::string_view subject);

  /// Which credential of an authenticator a passkey of the ledger is. Errors: a database's.
  [[nodiscard]] Status keep_credential(const Hash& key_id, ByteView credential);
  /// Empty: not known here. Errors: a database's.
  [[nodiscard]] Result<Bytes> credential_of(const Hash& key_id);

 private:
  explicit Registry(sqlite::Database database) : database_(std::move(database)) {}
  [[nodiscard]] Status make_tables();
  [[nodiscard]] Result<std::size_t> count(std::string_view table);
  [[nodiscard]] Status read_origins();
  [[nodiscard]] Result<std::vector<Client>> clients_locked();

  std::mutex mutex_;
  std::mutex deriving_;  ///< one derivation at a time: each takes 64 MiB
  sqlite::Database database_;
  std::vector<std::string> origins_;  ///< of all redirect addresses
};

}  // namespace xl::gateway::smart
