// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <vector>

#include "client/access_proof.h"
#include "client/record_proof.h"
#include "contracts/consent/decide.h"

/// The decision behind an entry of an access log, run again by whoever is shown what it was about.
namespace xl::client {

/// A consent as it was sealed, and the ledger's word on it.
struct DisclosedConsent {
  contracts::consent::SealedPolicy sealed;
  model::Receipt receipt;  ///< of the state key of the consent
};

/// What a decision was about: the patient's consents, whoever shows them, and the record's labels.
struct Disclosure {
  std::vector<DisclosedConsent> consents;
  std::optional<RecordProof> record;
};

/// Whether there was something to run again.
enum class Judgement {
  agrees,       ///< `decide` gives the same
  cannot_tell,  ///< the entry is no decision about a record, or its labels are not shown
};

/// The member `disclosed` of `xinglin/access-proof/v1` (formats-custody.md §5); nothing where there
/// is none. Errors: receipt_malformed, message_malformed, those of `read_record_proof`.
[[nodiscard]] Result<std::optional<Disclosure>> read_disclosure(json::Value proof);

/// Runs `decide` again, offline: with the requester, the purpose and the action of the evidence,
/// the labels to which the record's version on the ledger commits, and the consents to which the
/// ledger commits, as they held at the entry's time (within two minutes of a consent's
/// beginning or end both are believed: blocks say the time of the one before). What a custodian
/// alone knows is taken as the entry states it: an encounter, a care team, an attested role, an
/// emergency's reason, a law. So a refusal that no consent and no such statement gives, and a
/// permit that the named consents do not give, are proved to be wrong. A consent that nobody shows
/// counts for nothing: who was refused shows the one that should have let them in. Errors:
/// content_differs (names what differs), those of `model::verify_receipt`. Pure, thread-safe.
[[nodiscard]] Result<Judgement> judge(const ProvenAccess& access, const Disclosure& disclosure,
                                      const model::Trust& trust);

}  // namespace xl::client
