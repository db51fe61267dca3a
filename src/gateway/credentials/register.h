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

#include "base/result.h"
#include "base/sqlite/database.h"
#include "credentials/status_list.h"

namespace xl::gateway::credentials {

namespace vc = xl::credentials;

/// The purpose of the organisation's key that the store is encrypted with.
constexpr std::string_view register_key_purpose = "credentials";
constexpr std::size_t issued_page_max = 200;

/// A credential that was issued: what its issuer needs to revoke it, and no claim of it.
struct Issued {
  model::Id id;
  std::string type;    ///< the slug
  std::string holder;  ///< thumbprint of the holder's key
  model::Id revocation;
  model::Id suspension;
  std::uint32_t index = 0;  ///< in both lists
  std::uint64_t issued_ms = 0;
  std::uint64_t until_ms = 0;

  /// Both entries, as a credential names them.
  [[nodiscard]] std::vector<vc::StatusPlace> places() const;
};

/// What one organisation has issued, and which entries of its status lists are taken; encrypted at
/// rest. Thread-safe.
class Register {
 public:
  /// Opens or makes the store. Errors: those of a database. Precondition: a key of 32 bytes.
  [[nodiscard]] static Result<std::unique_ptr<Register>> open(const std::filesystem::path& path,
                                                              ByteView key);

  /// Takes a free entry, drawn at random, for a new credential. Errors: status_list_full (a pair of
  /// lists has to be added), a database's.
  [[nodiscard]] Result<Issued> reserve(std::string_view type, std::string_view holder,
                                       std::uint64_t issued_ms, std::uint64_t until_ms);
  /// Adds a pair of lists that the ledger has. Errors: a database's.
  [[nodiscard]] Status add_lists(const model::Id& revocation, const model::Id& suspension,
                                 std::uint32_t entries);

  /// Errors: credential_unknown, a database's.
  [[nodiscard]] Result<Issued> find(const model::Id& id);
  /// The newest first, behind `before_ms` where it is not 0. Errors: a database's.
  [[nodiscard]] Result<std::vector<Issued>> page(std::uint64_t before_ms);

 private:
  explicit Register(sqlite::Database database) : database_(std::move(database)) {}
  [[nodiscard]] Status make_tables();
  [[nodiscard]] Status insert(const Issued& issued, std::int64_t pair);

  std::mutex mutex_;
  sqlite::Database database_;
};

}  // namespace xl::gateway::credentials
