// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "contracts/consent/agreement.pb.h"
#include "contracts/consent/decide.h"

/// What stands sealed behind refusals and agreements (`agreement.proto`).
namespace xl::contracts::consent {

using AgreementTerms = xinglin::consent::v1::AgreementTerms;
using AgreementWords = xinglin::consent::v1::AgreementWords;
using DeclinedRequest = xinglin::consent::v1::DeclinedRequest;

/// The 33-byte commitments that stand on the chain: suite ‖ SHA-256(tag ‖ 0x00 ‖ canonical
/// encoding, salt included).
[[nodiscard]] Bytes commitment_of(const DeclinedRequest& declined);
[[nodiscard]] Bytes commitment_of(const AgreementTerms& terms);
[[nodiscard]] Bytes commitment_of(const AgreementWords& words);

/// Checks version, ids, salt, bounds and, of terms, that lists ascend. Errors: message_malformed.
[[nodiscard]] Status check_declined(const DeclinedRequest& declined);
[[nodiscard]] Status check_terms(const AgreementTerms& terms);
[[nodiscard]] Status check_words(const AgreementWords& words);

/// Sorts the lists of terms and drops repetitions.
void normalise(AgreementTerms& terms);

/// True when the terms let `request.requester.organisation` have from `facts.custodian` what the
/// request is about, for its purpose. Pure.
[[nodiscard]] bool covers(const AgreementTerms& terms, const Request& request, const Facts& facts);

/// True when they cover all that a permit opens to `reader`: its classes and its purposes.
[[nodiscard]] bool covers(const AgreementTerms& terms, const Rule& permit);

}  // namespace xl::contracts::consent
