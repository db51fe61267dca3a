// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/services.h"
#include "vault/journal.h"

/// Proofs that entries of the read journal stand on the ledger (formats-custody.md §5).
namespace xl::gateway::audit {

/// Entries that one answer proves.
constexpr std::uint64_t proofs_max = 100;

/// Writes proofs for one answer; what several of them need is fetched once. Not thread-safe.
class AccessProofs {
 public:
  AccessProofs(const Services& services, custody::Organisation& organisation)
      : services_(services), organisation_(organisation) {}

  /// `xinglin/access-proof/v1` of one entry with its receipts inside. `to_the_patient`: with what
  /// the decision was about, so that it can be run again. Errors: journal_not_sealed (not on the
  /// ledger yet), those of the journal, the stores and the ledger.
  [[nodiscard]] Result<std::string> alone(const vault::KeptEntry& kept, bool to_the_patient);

  /// Adds an entry to what `take` gives. Errors: as `alone`, but for one that is not on the ledger
  /// yet: that is named as waiting.
  [[nodiscard]] Status add(const vault::KeptEntry& kept);

  /// Which page it is that was added.
  struct Page {
    model::Id patient;
    std::uint64_t total = 0;        ///< entries of the patient as of the first page
    std::uint64_t next_before = 0;  ///< where the next page goes on; 0: there is none
    /// The page has all entries of the patient below this one, as many as were added; nothing: they
    /// are a selection.
    std::optional<std::uint64_t> before;
  };
  /// `xinglin/access-proofs/v1` of what was added: receipts once each, entries that name them by
  /// number, in the order they were added; with the custodian's signature of which these are,
  /// unless they are a selection. Errors: those of the journal and the ledger.
  [[nodiscard]] Result<std::string> take(const Page& page);

 private:
  /// Receipts that an entry needs, by what they are of.
  using Needed = std::vector<std::pair<std::string, std::size_t>>;
  [[nodiscard]] Result<Needed> receipts_of(const vault::JournalBatch& batch,
                                           const model::JournalEntry& entry);
  [[nodiscard]] Result<std::string> disclosed(const model::JournalEntry& entry) const;
  [[nodiscard]] Result<std::string> consents_then(const model::JournalEntry& entry) const;
  [[nodiscard]] Result<std::string> record_then(const model::JournalEntry& entry) const;
  [[nodiscard]] Result<std::string> statement(const Page& page, std::uint64_t before);
  [[nodiscard]] Status need_state(std::string_view name, ByteView key, Needed& out);
  [[nodiscard]] Result<std::string> entry_part(const vault::KeptEntry& kept,
                                               const vault::JournalBatch& batch) const;

  const Services& services_;
  custody::Organisation& organisation_;
  std::vector<std::string> receipts_;   ///< JSON texts
  std::map<Bytes, std::size_t> known_;  ///< by transaction or state key
  std::string entries_;                 ///< JSON texts, commas between
  std::vector<std::uint64_t> waiting_;
  std::vector<std::uint64_t> added_;  ///< sequences of both, as they were added
};

}  // namespace xl::gateway::audit
