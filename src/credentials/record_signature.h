// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "credentials/check.h"
#include "credentials/did.h"

/// A clinician's own signature of one version of a record: a detached JWS (RFC 7515 appendix F)
/// over its bytes as they are kept and served, by the key that the ledger has of them, naming the
/// licence with which it was made.
namespace xl::credentials {

/// Signs `content`. `signer` names the key (`key_url`); `credential` is the licence, of which the
/// header names the digest of what its issuer signed; `signed_ms` goes in as `sigT`, with
/// milliseconds: a licence may end within a second.
[[nodiscard]] std::string sign_version(std::string_view content, const KeyUrl& signer,
                                       const crypto::SigningKey& key, const SdJwt& credential,
                                       std::uint64_t signed_ms);

/// Who signed, when, and with which licence.
struct VersionSignature {
  KeyUrl signer;
  std::uint64_t signed_ms = 0;
  Checked credential;
};

/// What a signature says of itself, before anything of it is believed. Errors:
/// record_signature_invalid.
struct SignatureClaim {
  KeyUrl signer;
  std::uint64_t signed_ms = 0;
};
[[nodiscard]] Result<SignatureClaim> read_version_signature(std::string_view jws);

/// Checks that the key was its signer's at `sigT`, that it signed these very bytes, and that the
/// credential was a licence, bound to this key and valid at that time: neither revoked nor
/// suspended then, whatever came later. `state` has to hold the changes of the credential's
/// entries. Errors: record_signature_invalid, those of `check_credential`, and what `error_of` says
/// of its standing.
[[nodiscard]] Result<VersionSignature> check_version_signature(std::string_view jws,
                                                               std::string_view content,
                                                               const SdJwt& credential,
                                                               const model::StateReader& state);

}  // namespace xl::credentials
