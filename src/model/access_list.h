// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "model/id.h"

namespace xl::model {

/// What a custodian signs of one page of a patient's access log: which entries there are, so that
/// one that is left out is missed by whoever is shown the page, and a count that was wrong can be
/// held against whoever signed it.
struct AccessListPage {
  Hash network{};
  Id custodian;
  Id patient;
  std::uint64_t total = 0;               ///< entries of the patient as of the first page
  std::uint64_t before = 0;              ///< the page has the newest entries numbered below this
  std::uint64_t count = 0;               ///< entries of the patient numbered below `before`
  std::uint64_t next_before = 0;         ///< `before` of the next page; 0: nothing is older
  std::uint64_t height = 0;              ///< of the ledger when it was signed
  std::uint64_t time_ms = 0;             ///< when it was signed
  std::vector<std::uint64_t> sequences;  ///< of the page's entries, descending
};

/// The bytes that are signed (formats-custody.md §5). Pure, thread-safe.
[[nodiscard]] Bytes access_list_bytes(const AccessListPage& page);

}  // namespace xl::model
