// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contracts/access/sealed.pb.h"
#include "contracts/access/state.pb.h"
#include "custody/ledger_port.h"
#include "custody/principal.h"
#include "custody/stores.h"

/// What patients dispute in an organisation's read journal, and what it answers. On the chain are
/// who, when and until when; the words are sealed in the vault.
namespace xl::custody {

/// Longest text of a dispute and of an answer.
constexpr std::size_t dispute_text_bytes_max = 2048;

/// A dispute as the ledger has it, with what was kept of its words.
struct KnownDispute {
  model::Id dispute;
  xinglin::access::v1::DisputeRecord record;
  std::optional<xinglin::access::v1::DisputeDetails>
      details;  ///< nothing: never brought, or erased
  std::optional<xinglin::access::v1::DisputeAnswer> answer;
  bool overdue = false;
};

/// One organisation's desk for disputes. Thread-safe.
class DisputeDesk {
 public:
  /// Both outlive it.
  DisputeDesk(Stores& stores, const LedgerPort& port) : stores_(stores), port_(port) {}

  /// Takes a signed transaction of one Dispute about an entry of this journal, whose commitment
  /// `details` opens; keeps the words sealed and sends it. The principal is who signed: the
  /// patient, or a guardian in office. Errors: dispute_mismatched (names the part),
  /// journal_entry_unknown, journal_not_sealed, those of the vault and the ledger.
  [[nodiscard]] Result<model::HistoryEntry> open(
      const Principal& principal, Bytes transaction,
      const xinglin::access::v1::DisputeDetails& details);

  /// As `open` for one AnswerDispute, which the principal, a privacy officer, signed. Errors:
  /// dispute_mismatched, dispute_unknown, dispute_of_own_access, those of the vault and the ledger.
  [[nodiscard]] Result<model::HistoryEntry> answer(
      const Principal& principal, Bytes transaction,
      const xinglin::access::v1::DisputeAnswer& answer);

  /// Disputes of a patient behind `after` (zero: from the first), by id, at most `count_max`.
  /// Errors: those of the vault and the ledger.
  [[nodiscard]] Result<std::vector<KnownDispute>> of_patient(const model::Id& patient,
                                                             const model::Id& after,
                                                             std::uint32_t count_max);

  /// Those that wait for an answer, those due first. Errors: as `of_patient`.
  [[nodiscard]] Result<std::vector<KnownDispute>> waiting(std::uint32_t count_max);

  /// One of this organisation's. Errors: dispute_unknown, as `of_patient`.
  [[nodiscard]] Result<KnownDispute> find(const model::Id& dispute);

 private:
  [[nodiscard]] Result<KnownDispute> known(const LedgerView& view, const model::Id& dispute);

  Stores& stores_;
  const LedgerPort& port_;
};

}  // namespace xl::custody
