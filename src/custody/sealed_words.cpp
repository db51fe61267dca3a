// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/sealed_words.h"

namespace xl::custody {
namespace {

/// Longer than any validity window.
constexpr std::uint64_t words_pending_ms = 12 * 60 * 1000;

}  // namespace

Result<model::HistoryEntry> keep_and_send(Stores& stores, const LedgerPort& port,
                                          const SealedWords& kept, Bytes transaction) {
  Labels labels;
  labels.set_kind(static_cast<std::uint32_t>(kept.kind));
  labels.set_last_updated_ms(port.now_ms());
  XL_TRY_ASSIGN(const Bytes label_bytes, encode_labels(labels));
  const vault::RecordVersion which[] = {kept.which};
  const auto put = stores.vault().put({kept.patient, kept.which, kept.words, label_bytes},
                                      port.now_ms() + words_pending_ms);
  // Brought again after a lost answer: the same words may be sent again.
  if (!put.ok() && put.error().code != ErrorCode::record_version_exists) return put.error();
  if (!put.ok()) {
    XL_TRY_ASSIGN(const vault::Opened there, stores.vault().get(kept.which));
    if (there.content != kept.words) {
      return make_error(kept.mismatched, "other words were brought before");
    }
  } else {
    const KeptBody copied[] = {{kept.which, put->ciphertext_digest}};
    stores.copy_out(copied);
  }
  const auto entry = port.send(std::move(transaction));
  if (!entry.ok() && put.ok() && entry.error().code != ErrorCode::wait_timed_out) {
    // The ledger refused it: it leaves at once, and is in nobody's way.
    const vault::SuiteDigest body[] = {put->ciphertext_digest};
    XL_TRY(stores.keyring().forget(which));
    XL_TRY(stores.bodies().remove(body));
  }
  if (!entry.ok()) return entry.error();
  XL_TRY(stores.vault().confirm(which));
  return *entry;
}

}  // namespace xl::custody
