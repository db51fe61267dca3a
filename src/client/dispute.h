// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "client/access_proof.h"
#include "client/session.h"
#include "contracts/access/state.pb.h"
#include "contracts/access/view.h"

/// Disputes as those who dispute and those who answer sign and check them.
namespace xl::client {

/// Signs, as the patient or a guardian of the session, that the proven entry is not as it should
/// be, and brings it to the custodian. `dispute` receives its id. What became of it. Errors:
/// input_invalid (the text), node_unreachable, what the node answers.
[[nodiscard]] Result<Sent> open_dispute(Session& who, const AccessProof& about,
                                        const model::Id& patient, const std::string& text,
                                        model::Id& dispute);

/// Signs the answer of the session's privacy officer and brings it to the custodian. Errors: as
/// `open_dispute`.
[[nodiscard]] Result<Sent> answer_dispute(Session& officer, const model::Id& custodian,
                                          const model::Id& dispute,
                                          contracts::access::DisputeFinding finding,
                                          const std::string& text);

/// What a shown dispute proves, once checked.
struct ProvenDispute {
  xinglin::access::v1::DisputeRecord record;
  std::uint64_t sequence = 0;
  std::string text;
  std::string answer;  ///< empty: none yet
};

/// Checks, offline, with `trust` alone, that the ledger holds the dispute of a
/// `xinglin/dispute/v1`, that its words are those it commits to, and so for the answer, which only
/// a privacy officer's own signature brings there. Errors: receipt_malformed, content_differs
/// (names the part), those of `model::verify_receipt`.
[[nodiscard]] Result<ProvenDispute> check_dispute(json::Value document, const model::Trust& trust);

}  // namespace xl::client
