// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "base/json/json.h"
#include "base/result.h"
#include "credentials/jwt.h"
#include "crypto/jws.h"

/// W3C credentials that others made: what of them can be verified without RDF. Of Data Integrity
/// that is eddsa-jcs-2022; suites that canonicalise RDF are refused by name.
namespace xl::credentials {

/// The JSON Canonicalization Scheme (RFC 8785): members by UTF-16 code units, numbers as ECMAScript
/// writes them. Errors: credential_malformed (a number beyond a double).
[[nodiscard]] Result<std::string> canonical_json(json::Value value);

/// The 64 bytes that an eddsa-jcs-2022 proof signs: SHA-256 of the proof's options, then of the
/// document without its proof (VC-DI-EDDSA 1.0 §3.3). Errors: credential_malformed.
[[nodiscard]] Result<Bytes> integrity_hash(json::Value document, json::Value proof);

/// Checks the one proof of a secured document with the `did:key` that its method names. Answers
/// that DID. Errors: credential_malformed, credential_proof_unsupported (another suite),
/// credential_signature_invalid, did_invalid, did_method_unsupported (a method that is no did:key).
[[nodiscard]] Result<std::string> check_data_integrity(json::Value document);

/// Checks a credential of the data model 2.0 secured as a JWT (VC-JOSE-COSE 1.0, `typ` vc+jwt): by
/// one of `keys`, or without any by the `did:key` that its `kid` names. Answers the token. Errors:
/// credential_malformed, credential_issuer_unknown, credential_signature_invalid.
[[nodiscard]] Result<Jwt> check_jose_credential(std::string_view text,
                                                const std::vector<NamedKey>& keys);

/// The shape of a credential or presentation of the VC Data Model 2.0, as far as it can be told
/// without JSON-LD: contexts, types, identifiers, issuer, subject, times, what has to have a type.
/// Errors: credential_malformed (names the member).
[[nodiscard]] Status check_data_model(json::Value document);

}  // namespace xl::credentials
