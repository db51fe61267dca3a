// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "vault/statements.h"

namespace xl::vault::detail {

Status make_tables(sqlite::Database& database, std::string_view sql, int version) {
  std::int64_t stamped = 0;
  {
    XL_TRY_ASSIGN(sqlite::Statement ask, database.prepare("PRAGMA user_version"));
    XL_TRY(ask.step());
    stamped = ask.integer(0);
  }
  if (stamped == version) return {};
  if (stamped != 0) {
    return make_error(ErrorCode::vault_version_unsupported, "version " + std::to_string(stamped));
  }
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(database));
  XL_TRY(database.execute(sql));
  XL_TRY(database.execute("PRAGMA user_version=" + std::to_string(version)));
  return transaction.commit();
}

}  // namespace xl::vault::detail
