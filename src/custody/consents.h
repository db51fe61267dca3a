// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

#include "contracts/consent/normal_form.h"
#include "contracts/consent/state.pb.h"
#include "custody/labels.h"
#include "query/record_index.h"

/// Agreed consents as FHIR records: views of what is sealed and of what the ledger says of it.
/// Version 1 says that it was agreed, version 2 that it is over; both rest on one vault record.
namespace xl::custody {

/// True for the row of an agreed consent, which nobody writes: its logical id is the consent's.
[[nodiscard]] inline bool is_agreed_consent(const query::RecordEntry& entry) {
  return entry.type == "Consent" && entry.id == entry.record.text();
}

/// What is sealed beside a policy: Consent as its class, restricted, about what the policies are.
[[nodiscard]] Labels consent_labels(const contracts::consent::SealedPolicy& sealed,
                                    std::uint64_t now_ms);

/// The Consent of a version (JSON text). Precondition: `version` is 1 or 2.
[[nodiscard]] std::string consent_content(const contracts::consent::SealedPolicy& sealed,
                                          const Labels& labels,
                                          const xinglin::consent::v1::ConsentRecord& record,
                                          std::uint64_t version);

/// The rows of a consent as the ledger has it at `now_ms`: one, or two where it is over. Errors:
/// those of `query::terms_of`.
[[nodiscard]] Result<std::vector<query::RecordEntry>> consent_entries(
    const model::Id& organisation, const model::Id& patient,
    const contracts::consent::SealedPolicy& sealed, const Labels& labels,
    const xinglin::consent::v1::ConsentRecord& record, std::uint64_t now_ms);

}  // namespace xl::custody
