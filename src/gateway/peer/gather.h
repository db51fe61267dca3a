// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

#include "contracts/identity/locator.h"
#include "gateway/peer/desk.h"

namespace xl::gateway::peer {

/// One record as it came from its custodian, checked against the ledger.
struct GatheredRecord {
  vault::RecordVersion which;
  std::string type;
  std::string id;
  std::string content;  ///< the resource, byte for byte as the custodian committed to it
};

/// What came of asking one custodian.
struct Gathered {
  contracts::identity::Place place;
  std::vector<GatheredRecord> records;
  std::vector<Hash> sessions;    ///< the transactions that opened the sessions it was read in
  std::optional<Error> missing;  ///< why there is not all of it: then no record is here
  bool cut = false;              ///< there is more than `gathered_records_max`
};

/// Bound of one custodian's part.
constexpr std::size_t gathered_records_max = 5'000;

/// Asks the custodian of `place` for what `ask` may see of that patient: signs the session that the
/// custodian proposes if it is just that, opens each body with the key that was wrapped for us, and
/// checks ciphertext, commitment, patient and custodian against our own copy of the ledger. Never
/// an error: what is missing is told. Thread-safe.
[[nodiscard]] Gathered gather_from(Desk& desk, custody::Organisation& us,
                                   const custody::LedgerPort& port, const custody::Ask& ask,
                                   const contracts::identity::Place& place,
                                   const std::vector<std::string>& types);

}  // namespace xl::gateway::peer
