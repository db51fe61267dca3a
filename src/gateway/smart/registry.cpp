// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/smart/registry.h"

#include <algorithm>
#include <array>

#include "crypto/kdf.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "model/id.h"

namespace xl::gateway::smart {
namespace {

constexpr std::int64_t registry_format = 2;
constexpr std::string_view registry_tables =
    "CREATE TABLE clients(id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE accounts(name TEXT PRIMARY KEY, did TEXT NOT NULL, subject TEXT,"
    "  passes INTEGER NOT NULL, memory_kib INTEGER NOT NULL, salt BLOB NOT NULL,"
    "  digest BLOB NOT NULL, UNIQUE(subject)) WITHOUT ROWID;"
    "CREATE TABLE credentials(key BLOB PRIMARY KEY, credential BLOB NOT NULL) WITHOUT ROWID;"
    "PRAGMA user_version = 2";
/// Format 1 did not say whose accounts were: those let nobody in until they are added anew.
constexpr std::string_view registry_from_1 =
    "ALTER TABLE accounts DROP COLUMN fhir_user;"
    "ALTER TABLE accounts ADD COLUMN did TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE credentials(key BLOB PRIMARY KEY, credential BLOB NOT NULL) WITHOUT ROWID;"
    "PRAGMA user_version = 2";

/// RFC 9106 §4, the second recommendation: what several people at once can be granted. A row keeps
/// what it was made with.
constexpr crypto::Argon2idCost login_cost{3, 65536};
constexpr std::size_t digest_bytes = 32;

bool is_account_name(std::string_view text) {
  return !text.empty() && text.size() <= account_name_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-' || c == '@';
         });
}

Account account_from(const sqlite::Statement& row) {
  return {std::string(row.text(0)), std::string(row.text(1)), std::string(row.text(2)),
          row.integer(3) != 0};
}

json::Limits document_bounds() {
  json::Limits out;
  out.bytes_max = client_document_bytes_max;
  return out;
}

}  // namespace

Result<std::unique_ptr<Registry>> Registry::open(const std::filesystem::path& path, ByteView key) {
  sqlite::Options options;
  options.key = key;
  options.cache_kib = 512;
  XL_TRY_ASSIGN(sqlite::Database database, sqlite::Database::open(path, options));
  std::unique_ptr<Registry> out(new Registry(std::move(database)));
  XL_TRY(out->make_tables());
  XL_TRY(out->read_origins());
  return out;
}

Status Registry::make_tables() {
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(database_));
  std::int64_t format = 0;
  {
    XL_TRY_ASSIGN(sqlite::Statement stamp, database_.prepare("PRAGMA user_version"));
    XL_TRY_ASSIGN(const bool stamped, stamp.step());
    format = stamped ? stamp.integer(0) : 0;
  }
  if (format == registry_format) return {};
  if (format != 0 && format != 1) return make_error(ErrorCode::index_version_unsupported);
  XL_TRY(database_.execute(format == 1 ? registry_from_1 : registry_tables));
  return transaction.commit();
}

Result<std::size_t> Registry::count(std::string_view table) {
  XL_TRY_ASSIGN(sqlite::Statement rows,
                database_.prepare("SELECT count(*) FROM " + std::string(table)));
  XL_TRY_ASSIGN(const bool any, rows.step());
  return any ? static_cast<std::size_t>(rows.integer(0)) : 0;
}

Status Registry::read_origins() {
  XL_TRY_ASSIGN(const std::vector<Client> all, clients_locked());
  origins_.clear();
  for (const Client& client : all) {
    for (const std::string& uri : client.redirect_uris) origins_.push_back(origin_of(uri));
  }
  return {};
}

Result<std::vector<Client>> Registry::clients_locked() {
  XL_TRY_ASSIGN(sqlite::Statement rows,
                database_.prepare("SELECT document FROM clients ORDER BY id"));
  std::vector<Client> out;
  while (true) {
    XL_TRY_ASSIGN(const bool more, rows.step());
    if (!more) return out;
    XL_TRY_ASSIGN(const json::Document document, json::parse(rows.text(0), document_bounds()));
    XL_TRY_ASSIGN(Client client, read_client(document.root()));
    out.push_back(std::move(client));
  }
}

Status Registry::add_client(const Client& client) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(const std::size_t there, count("clients"));
  if (there >= clients_max) return make_error(ErrorCode::smart_registry_full);
  {
    XL_TRY_ASSIGN(sqlite::Statement insert,
                  database_.prepare("INSERT INTO clients(id, document) VALUES(?1, ?2)"));
    const Status added = insert.run(std::string_view(client.id), std::string_view(client.document));
    if (!added.ok() && added.error().code == ErrorCode::database_constraint) {
      return make_error(ErrorCode::smart_entry_exists);
    }
    XL_TRY(added);
  }
  return read_origins();
}

Result<Client> Registry::client(std::string_view id) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(sqlite::Statement row,
                database_.prepare("SELECT document FROM clients WHERE id = ?1"));
  XL_TRY_ASSIGN(const bool found, row.start(id));
  if (!found) return make_error(ErrorCode::smart_client_unknown);
  XL_TRY_ASSIGN(const json::Document document, json::parse(row.text(0), document_bounds()));
  return read_client(document.root());
}

Result<std::vector<Client>> Registry::clients() {
  const std::scoped_lock lock(mutex_);
  return clients_locked();
}

Status Registry::remove_client(std::string_view id) {
  const std::scoped_lock lock(mutex_);
  {
    XL_TRY_ASSIGN(sqlite::Statement row, database_.prepare("DELETE FROM clients WHERE id = ?1"));
    XL_TRY(row.run(id));
  }
  if (database_.changes() == 0) return make_error(ErrorCode::smart_client_unknown);
  return read_origins();
}

bool Registry::knows_origin(std::string_view origin) {
  const std::scoped_lock lock(mutex_);
  return !origin.empty() && std::find(origins_.begin(), origins_.end(), origin) != origins_.end();
}

Status Registry::add_account(const Account& account, std::string_view password) {
  const bool has_password = !password.empty();
  if (!is_account_name(account.name)) {
    return make_error(ErrorCode::smart_account_invalid, "name");
  }
  if (!model::id_from_did(account.did).ok()) return make_error(ErrorCode::smart_account_unbound);
  if (account.subject.size() > 255 || (account.subject.empty() && !has_password)) {
    return make_error(ErrorCode::smart_account_invalid, "subject, or a password");
  }
  if (has_password &&
      (password.size() < password_bytes_min || password.size() > password_bytes_max)) {
    return make_error(ErrorCode::smart_account_invalid, "password");
  }
  std::array<std::uint8_t, crypto::argon2id_salt_bytes> salt{};
  crypto::random_bytes(salt);
  crypto::SecretBytes digest;
  if (has_password) {
    const std::scoped_lock deriving(deriving_);
    XL_TRY_ASSIGN(digest, crypto::argon2id(password, salt, login_cost, digest_bytes));
  }
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(const std::size_t there, count("accounts"));
  if (there >= accounts_max) return make_error(ErrorCode::smart_registry_full);
  XL_TRY_ASSIGN(sqlite::Statement insert,
                database_.prepare("INSERT INTO accounts(name, did, subject, passes,"
                                  " memory_kib, salt, digest)"
                                  " VALUES(?1, ?2, nullif(?3, ''), ?4, ?5, ?6, ?7)"));
  const Status added = insert.run(
      std::string_view(account.name), std::string_view(account.did),
      std::string_view(account.subject), std::int64_t{has_password ? login_cost.passes : 0},
      std::int64_t{login_cost.memory_kib}, ByteView(salt), digest.view());
  if (!added.ok() && added.error().code == ErrorCode::database_constraint) {
    return make_error(ErrorCode::smart_entry_exists);
  }
  return added;
}

Result<std::vector<Account>> Registry::accounts() {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(sqlite::Statement rows,
                database_.prepare("SELECT name, did, coalesce(subject, ''), passes"
                                  " FROM accounts ORDER BY name"));
  std::vector<Account> out;
  while (true) {
    XL_TRY_ASSIGN(const bool more, rows.step());
    if (!more) return out;
    out.push_back(account_from(rows));
  }
}

Status Registry::remove_account(std::string_view name) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(sqlite::Statement row, database_.prepare("DELETE FROM accounts WHERE name = ?1"));
  XL_TRY(row.run(name));
  if (database_.changes() == 0) return make_error(ErrorCode::smart_account_unknown);
  return {};
}

Result<Account> Registry::check_password(std::string_view name, std::string_view password) {
  const auto refused = [] { return make_error(ErrorCode::smart_login_refused); };
  if (password.empty() || password.size() > password_bytes_max) return refused();
  std::optional<Account> account;
  crypto::Argon2idCost cost = login_cost;
  Bytes salt(crypto::argon2id_salt_bytes);
  Bytes expected(digest_bytes);
  {
    const std::scoped_lock lock(mutex_);
    XL_TRY_ASSIGN(sqlite::Statement row,
                  database_.prepare("SELECT name, did, coalesce(subject, ''), passes,"
                                    " memory_kib, salt, digest FROM accounts WHERE name = ?1"));
    XL_TRY_ASSIGN(const bool found, row.start(name));
    if (found && row.integer(3) != 0) {
      account = account_from(row);
      cost = {static_cast<std::uint32_t>(row.integer(3)),
              static_cast<std::uint32_t>(row.integer(4))};
      salt = copy_of(row.blob(5));
      expected = copy_of(row.blob(6));
    }
  }
  const std::scoped_lock deriving(deriving_);
  XL_TRY_ASSIGN(const crypto::SecretBytes digest,
                crypto::argon2id(password, salt, cost, digest_bytes));
  const bool same = crypto::equal_constant_time(digest.view(), expected);
  if (!account || !same) return refused();
  return std::move(*account);
}

Status Registry::keep_credential(const Hash& key_id, ByteView credential) {
  if (credential.empty() || credential.size() > credential_bytes_max) return {};
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(const std::size_t there, count("credentials"));
  if (there >= credentials_max) return {};  // a browser finds its passkeys without
  XL_TRY_ASSIGN(sqlite::Statement row,
                database_.prepare("INSERT OR REPLACE INTO credentials(key, credential)"
                                  " VALUES(?1, ?2)"));
  return row.run(ByteView(key_id), credential);
}

Result<Bytes> Registry::credential_of(const Hash& key_id) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(sqlite::Statement row,
                database_.prepare("SELECT credential FROM credentials WHERE key = ?1"));
  XL_TRY_ASSIGN(const bool found, row.start(ByteView(key_id)));
  return found ? copy_of(row.blob(0)) : Bytes{};
}

Result<Account> Registry::account_of_subject(std::string_view subject) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(sqlite::Statement row,
                database_.prepare("SELECT name, did, coalesce(subject, ''), passes"
                                  " FROM accounts WHERE subject = ?1"));
  XL_TRY_ASSIGN(const bool found, row.start(subject));
  if (!found || subject.empty()) return make_error(ErrorCode::smart_login_refused);
  return account_from(row);
}

}  // namespace xl::gateway::smart
