// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <array>
#include <string>
#include <vector>

#include "custody/access_log.h"
#include "gateway/services.h"

/// The access log as a table for people, in English and Chinese: an accounting of disclosures (45
/// CFR 164.528) with everything else that happened, or of these alone.
namespace xl::gateway::audit {

/// Rows of one export: some 40 MB of CSV.
constexpr std::uint64_t export_rows_max = 100'000;

/// Columns of the table.
constexpr std::size_t account_columns = 11;
using AccountRow = std::array<std::string, account_columns>;

/// The heading: each column in both languages.
[[nodiscard]] AccountRow account_heading();

/// What is exported.
struct AccountWish {
  model::Id patient;
  std::uint64_t from_ms = 0;
  std::uint64_t to_ms = UINT64_MAX;
  bool disclosures = false;  ///< only what another institution was shown
};

/// The rows, oldest first. Errors: export_too_large (over `export_rows_max` entries), those of the
/// journal.
[[nodiscard]] Result<std::vector<AccountRow>> account_of(const Services& services,
                                                         custody::Organisation& organisation,
                                                         const AccountWish& wish);

/// RFC 4180 with CRLF, UTF-8 with a byte order mark where `marked`, which spreadsheets want. No
/// cell begins a formula: one that would has an apostrophe before it.
[[nodiscard]] std::string account_csv(const std::vector<AccountRow>& rows, bool marked);

}  // namespace xl::gateway::audit
