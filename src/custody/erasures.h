// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "custody/records.h"
#include "vault/erasure_log.h"

namespace xl::custody {

/// An organisation's erasures, from the wraps to the ledger. What is to be erased is written down
/// first; what a crash or an error interrupts is finished by `settle`. Thread-safe.
class ErasureDesk {
 public:
  /// All of them outlive it. `forget`: what else is to be forgotten of a patient who was erased; it
  /// may be called again.
  ErasureDesk(Stores& stores, RecordStore& records, const LedgerPort& port,
              std::function<Status(const model::Id&)> forget)
      : stores_(stores), records_(records), port_(port), forget_(std::move(forget)) {}

  /// The keys decide: people of the organisation act for it by delegation, and that is not enough.
  /// Errors: role_refused (not the organisation itself).
  [[nodiscard]] Status check_asker(const Principal& who) const;

  /// Erases a record, all its versions or one of them: wraps, bodies, index entries; a record that
  /// has no version left is stated on the ledger as erased. The current version goes only with the
  /// whole record: otherwise the one before would pass for current. One certificate for each
  /// version. Errors: index_record_unknown, record_erased, parameter_invalid (the current version
  /// of several), custody_busy, those of the stores and of `LedgerPort::send`.
  [[nodiscard]] Result<std::vector<vault::ErasureCertificate>> erase_record(
      const Principal& who, const std::string& type, const std::string& id,
      std::optional<std::uint64_t> version);

  /// Erases everything of a patient. Erasing again gives the first certificate. That `who` erases,
  /// here and above, is in the journal before anything goes. Errors:
  /// patient_unknown, role_refused (the organisation's own pseudonyms), those of the stores and of
  /// `LedgerPort::send`.
  [[nodiscard]] Result<vault::ErasureCertificate> erase_patient(const Principal& who,
                                                                const model::Id& patient);

  /// May `who` read this certificate: the organisation itself, its privacy officers and auditors,
  /// the patient, a guardian in office who may consent, and of organisations that it lists as given
  /// the data the organisation and those who oversee there. Errors: store_corrupt.
  [[nodiscard]] Result<bool> may_read(const Principal& who,
                                      const vault::ErasureCertificate& certificate) const;

  /// An erasure as it stands now. Errors: erasure_unknown, those of the keyring.
  [[nodiscard]] Result<vault::ErasureCertificate> certificate(const model::Id& id) {
    return stores_.keyring().certificate(id);
  }
  /// The organisation's signature of `digest_of(certificate)`, suite first.
  [[nodiscard]] Bytes sign(const vault::ErasureCertificate& certificate) const;

  /// True when the record, or this version of it, was erased. Errors: those of the log.
  [[nodiscard]] Result<bool> was_erased(std::string_view type, std::string_view id,
                                        std::string_view version = {});

  /// Forgets again what a backup from before brought back beside the records of patients who were
  /// erased. Errors: those of the stores.
  [[nodiscard]] Status forget_erased();

  /// Erases what the ledger says is erased and the vault holds: a backup from before the erasure
  /// brought it back. Looks again while the ledger grows, until it holds a block of `since_ms` or
  /// later. Errors: those of the stores.
  [[nodiscard]] Status follow_ledger(std::uint64_t since_ms);

  /// Destroys expired backup keys, finishes what was interrupted, and tells the ledger what became
  /// pending and what became final. Errors: those of the stores and of `LedgerPort::send`.
  [[nodiscard]] Status settle();

 private:
  [[nodiscard]] Result<vault::ErasureCertificate> finish(const vault::AskedErasure& asked);
  [[nodiscard]] Status note_asked(const Principal& who, std::span<const vault::AskedErasure> asked);
  [[nodiscard]] Status note_disclosures(const vault::AskedErasure& asked);
  [[nodiscard]] Status forget_patient(const model::Id& patient, const model::Id& certificate);
  [[nodiscard]] Status note_record(const model::Id& record, const model::Id& certificate);
  [[nodiscard]] Status erase_again(const vault::RecordVersion& which, const model::Id& patient);
  [[nodiscard]] Status tell_ledger();
  [[nodiscard]] Result<std::vector<query::RecordEntry>> versions_of(const std::string& type,
                                                                    const std::string& id);

  Stores& stores_;
  RecordStore& records_;
  const LedgerPort& port_;
  std::function<Status(const model::Id&)> forget_;
  std::mutex mutex_;  // one erasure at a time; guards the next two
  std::uint64_t followed_height_ = 0;
  bool followed_ = false;
};

}  // namespace xl::custody
