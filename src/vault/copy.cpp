// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "vault/copy.h"

#include "base/sqlite/database.h"
#include "vault/erasure_log.h"
#include "vault/journal_store.h"

namespace xl::vault {
namespace {

Status copy_if_there(const std::filesystem::path& from, ByteView key,
                     const std::filesystem::path& to) {
  std::error_code failure;
  if (!std::filesystem::exists(from, failure)) return {};
  XL_TRY(make_private_directory(to.parent_path()));
  // A connection of its own: the store's goes on.
  sqlite::Options options;
  options.key = key;
  options.create_if_missing = false;
  XL_TRY_ASSIGN(sqlite::Database database, sqlite::Database::open(from, options));
  return database.copy_to(to, key);
}

}  // namespace

Status copy_stores(const Places& places, Keyring& keyring, const Places& to) {
  XL_TRY_ASSIGN(const crypto::SecretBytes journal, keyring.organisation_key("journal"));
  XL_TRY_ASSIGN(const crypto::SecretBytes erasures, keyring.organisation_key("erasures"));
  XL_TRY(copy_if_there(places.journal / "journal.db",
                       detail::journal_database_key(journal.view()).view(),
                       to.journal / "journal.db"));
  XL_TRY(copy_if_there(ErasureLog::path_in(places), erasures.view(), ErasureLog::path_in(to)));
  return copy_if_there(places.bodies / "bodies.db", {}, to.bodies / "bodies.db");
}

}  // namespace xl::vault
