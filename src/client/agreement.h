// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "base/json/json.h"
#include "client/session.h"
#include "contracts/consent/sealed_forms.h"

/// Agreements between organisations, as their administrators sign them. `who` is the organisation's
/// own identity.
namespace xl::client {

/// Draws an id and a salt for the terms and puts them in their one form. Errors:
/// message_malformed (names the part).
[[nodiscard]] Status complete_terms(contracts::consent::AgreementTerms& terms);

/// Signs that they are proposed to the other of the two, until `end_ms` (0: until one ends it), and
/// brings them. Errors: those of the node.
[[nodiscard]] Result<Sent> propose_agreement(Session& who,
                                             const contracts::consent::AgreementTerms& terms,
                                             std::uint64_t end_ms);

/// Signs that exactly these are accepted, and brings them. Errors: those of the node.
[[nodiscard]] Result<Sent> accept_agreement(Session& who,
                                            const contracts::consent::AgreementTerms& terms);

/// Signs the end of an agreement, or that a proposal is withdrawn or refused. Errors: those of the
/// node.
[[nodiscard]] Result<Sent> end_agreement(Session& who, const model::Id& agreement);

/// Signs that the other one broke an agreement; `dispute` receives the dispute's id. Errors:
/// message_malformed (the text), those of the node.
[[nodiscard]] Result<Sent> dispute_agreement(Session& who, const model::Id& agreement,
                                             const std::string& text, model::Id& dispute);

/// Signs the answer. Errors: as `dispute_agreement`.
[[nodiscard]] Result<Sent> answer_agreement(Session& who, const model::Id& agreement,
                                            const model::Id& dispute, const std::string& text);

/// Terms as a file that goes from one to the other, and back. Errors: content_differs.
[[nodiscard]] std::string terms_file(const contracts::consent::AgreementTerms& terms);
[[nodiscard]] Result<contracts::consent::AgreementTerms> read_terms_file(json::Value document);

/// What the terms say, as one sentence; organisations by DID.
[[nodiscard]] std::string terms_sentence(const contracts::consent::AgreementTerms& terms,
                                         bool chinese);

}  // namespace xl::client
