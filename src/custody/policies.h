// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "contracts/consent/decide.h"
#include "custody/ledger_port.h"
#include "custody/principal.h"
#include "custody/stores.h"

namespace xl::custody {

/// A consent with what was agreed.
struct AgreedConsent {
  model::Id consent;
  bool active = false;
  contracts::consent::SealedPolicy sealed;
};

/// The sealed policies that an organisation's patients entrusted to it. Thread-safe.
class PolicyStore {
 public:
  /// Both outlive it.
  PolicyStore(Stores& stores, const LedgerPort& port) : stores_(stores), port_(port) {}

  /// Takes what a patient, guardian or two members of staff signed: keeps the sealed policy, then
  /// sends the transaction, which must be one Grant, Narrow or GrantAssisted that commits to it.
  /// `who` brings it; a Narrow nobody but the patient or a guardian who may consent: comparing it
  /// with what it replaces tells what that says. Errors: message_malformed, policy_mismatched
  /// (another consent, patient, custodian or commitment; not narrower than what it replaces),
  /// role_refused, those of the vault and `LedgerPort::send`.
  [[nodiscard]] Result<model::HistoryEntry> accept(const Principal& who,
                                                   const contracts::consent::SealedPolicy& sealed,
                                                   Bytes transaction);

  /// Brings the rows of a consent up to what the ledger says of it; nothing happens for one that is
  /// not kept here. Errors: those of the index and the vault.
  [[nodiscard]] Status refresh(const LedgerView& view, const model::Id& consent);
  /// Those of every consent that is in the index. Errors: as `refresh`.
  [[nodiscard]] Status refresh_all(const LedgerView& view);
  /// Those whose time is over: the ledger says nothing when that comes. Errors: as `refresh`.
  [[nodiscard]] Status refresh_over(const LedgerView& view);

  /// The patient's consents that were neither revoked nor replaced, as `decide` takes them. A
  /// consent whose policy was never brought here is passed over: nobody here knows what it says.
  /// Errors: those of the vault.
  [[nodiscard]] Result<std::vector<contracts::consent::KnownPolicy>> known(
      const LedgerView& view, const model::Id& patient);

  /// As `known`, with everything that was sealed.
  [[nodiscard]] Result<std::vector<AgreedConsent>> agreed(const LedgerView& view,
                                                          const model::Id& patient);

 private:
  using Shared = std::shared_ptr<const contracts::consent::SealedPolicy>;  // cache and readers
  [[nodiscard]] Result<Shared> load(const model::Id& consent);
  [[nodiscard]] Status check_narrower(const model::Id& old, std::uint64_t end_ms,
                                      const contracts::consent::SealedPolicy& fresh);

  [[nodiscard]] Status check_bearer(const Principal& who, const model::Id& patient) const;
  [[nodiscard]] Result<std::string> subject_of(const model::Id& patient);
  [[nodiscard]] Status refresh_found(const LedgerView& view, query::Query wanted);

  Stores& stores_;
  const LedgerPort& port_;
  std::mutex mutex_;
  std::map<model::Id, Shared> cache_;
};

}  // namespace xl::custody
