// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "contracts/consent/sealed_forms.h"
#include "contracts/consent/state.pb.h"
#include "custody/ledger_port.h"
#include "custody/stores.h"

/// What an organisation agreed with others about data that goes between them. On the chain are who,
/// when and until when; the terms and the words of disputes are sealed in the vault of each that
/// brought them.
namespace xl::custody {

/// A dispute about an agreement, with what was kept here of its words.
struct AgreementDispute {
  model::Id dispute;
  xinglin::consent::v1::AgreementDisputeRecord record;
  std::optional<contracts::consent::AgreementWords> words;
  std::optional<contracts::consent::AgreementWords> answer;
  bool overdue = false;
};

/// An agreement as the ledger has it.
struct KnownAgreement {
  model::Id agreement;
  xinglin::consent::v1::AgreementRecord record;
  std::optional<contracts::consent::AgreementTerms> terms;  ///< nothing: never brought here
  bool in_force = false;
};

/// One organisation's desk for agreements. Thread-safe.
class AgreementDesk {
 public:
  /// Both outlive it. `required`: others read by consent under an agreement alone.
  AgreementDesk(Stores& stores, const LedgerPort& port, bool required)
      : stores_(stores), port_(port), required_(required) {}

  [[nodiscard]] bool required() const { return required_; }

  /// Takes a signed transaction of one ProposeAgreement or AcceptAgreement that commits to `terms`,
  /// between this organisation and another; keeps the terms sealed and sends it. Errors:
  /// message_malformed, agreement_mismatched (names the part), those of the vault and the ledger.
  [[nodiscard]] Result<model::HistoryEntry> bring(const contracts::consent::AgreementTerms& terms,
                                                  Bytes transaction);

  /// The same for one DisputeAgreement or AnswerAgreement and its words.
  [[nodiscard]] Result<model::HistoryEntry> bring(const contracts::consent::AgreementWords& words,
                                                  Bytes transaction);

  /// This organisation's agreements that were not ended. Errors: those of the vault and the ledger.
  [[nodiscard]] Result<std::vector<KnownAgreement>> all();

  /// One of this organisation's, ended or not. Errors: as `all`; nothing for another's or none.
  [[nodiscard]] Result<std::optional<KnownAgreement>> find(const model::Id& agreement);

  /// The disputes about one, at most `count_max`. Errors: as `all`.
  [[nodiscard]] Result<std::vector<AgreementDispute>> disputes(const model::Id& agreement,
                                                               std::uint32_t count_max);

  /// The terms of those in force by which `reader` may get what this organisation holds. Errors: as
  /// `all`.
  [[nodiscard]] Result<std::vector<contracts::consent::AgreementTerms>> in_force_with(
      const LedgerView& view, const model::Id& reader);

 private:
  using Shared = std::shared_ptr<const contracts::consent::AgreementTerms>;  // cache and readers
  [[nodiscard]] Result<Shared> terms_of(const model::Id& agreement);
  [[nodiscard]] Result<std::optional<KnownAgreement>> known(const LedgerView& view,
                                                            const model::Id& agreement);

  Stores& stores_;
  const LedgerPort& port_;
  const bool required_;
  std::mutex mutex_;                   // guards what follows
  std::map<model::Id, Shared> cache_;  // of terms that were kept: they never change
};

}  // namespace xl::custody
