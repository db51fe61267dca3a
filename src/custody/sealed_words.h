// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>

#include "custody/labels.h"
#include "custody/ledger_port.h"
#include "custody/stores.h"
#include "model/canonical.h"

/// Words that a transaction commits to: sealed in the vault first, then the transaction is sent.
namespace xl::custody {

/// What is kept, and about whom.
struct SealedWords {
  model::Id patient;  ///< or a pseudonym of the organisation's own
  vault::RecordVersion which;
  Kind kind{};
  const Bytes& words;
  ErrorCode mismatched{};  ///< said when other words stand there already
};

/// Keeps the words, sends the transaction and confirms; words whose transaction the ledger refused
/// leave at once. The same brought again after a lost answer is sent again. Errors: `mismatched`,
/// those of the vault and the ledger.
[[nodiscard]] Result<model::HistoryEntry> keep_and_send(Stores& stores, const LedgerPort& port,
                                                        const SealedWords& kept, Bytes transaction);

/// What sealed words open to; nothing when they were never kept, or erased. Errors: record_altered,
/// those of the vault.
template <typename Words>
[[nodiscard]] Result<std::optional<Words>> words_of(Stores& stores, const model::Id& record,
                                                    std::uint32_t version) {
  const auto opened = stores.vault().get({record, version});
  const bool none = !opened.ok() && (opened.error().code == ErrorCode::record_unknown ||
                                     opened.error().code == ErrorCode::record_erased);
  if (none) return std::optional<Words>();
  if (!opened.ok()) return opened.error();
  Words out;
  if (!model::decode_canonical(opened->content, out)) {
    return make_error(ErrorCode::record_altered, record.text());
  }
  return std::optional(std::move(out));
}

}  // namespace xl::custody
