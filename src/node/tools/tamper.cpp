// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/tools/tamper.h"

#include <unistd.h>

#include "state/database.h"

namespace xl::node {

Result<Bytes> tamper_in_place(const std::filesystem::path& ledger) {
  XL_TRY_ASSIGN(const auto database, state::Database::open(ledger, {}));
  Bytes altered;
  Bytes value;
  // The last contract value: a record's newest version where there are records.
  XL_TRY(database->scan(state::Column::state, {}, {}, [&](ByteView key, ByteView found) {
    if (key[0] == 0) return true;
    altered = copy_of(key);
    value = copy_of(found);
    return true;
  }));
  if (value.empty()) return make_error(ErrorCode::store_corrupt, "the ledger holds no state");
  value.back() = static_cast<std::uint8_t>(value.back() ^ 1U);
  state::Batch batch;
  batch.put(state::Column::state, altered, value);
  XL_TRY(database->write(std::move(batch), true));
  return altered;
}

Result<Tampered> tamper_copy(const std::filesystem::path& ledger) {
  std::error_code failure;
  Tampered out;
  out.directory = std::filesystem::temp_directory_path(failure) /
                  ("xinglin-tampered-" + std::to_string(::getpid()));
  std::filesystem::remove_all(out.directory, failure);
  std::filesystem::copy(ledger, out.directory, std::filesystem::copy_options::recursive, failure);
  if (failure) {
    return make_error(ErrorCode::file_unwritable, ledger.string() + ": " + failure.message());
  }
  XL_TRY_ASSIGN(out.key, tamper_in_place(out.directory));
  return out;
}

}  // namespace xl::node
