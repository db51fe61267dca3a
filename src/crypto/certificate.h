// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

/// Certificates for TLS (RFC 5280), as PEM files that other programs read too. Keys are P-256.
namespace xl::crypto {

constexpr std::size_t certificate_names_max = 32;
/// Of a PEM file with its whole chain, or of several authorities.
constexpr std::uint64_t certificate_file_bytes_max = 1U << 20U;

/// What can be said of a certificate.
struct CertificateFacts {
  Hash fingerprint{};         ///< SHA-256 of its DER bytes
  std::uint64_t until_s = 0;  ///< its end, Unix time
};

/// Is it a DNS name (a first label `*` included) or an IP address, as a certificate can name it?
[[nodiscard]] bool is_certificate_name(std::string_view name);

/// A new P-256 key as PEM (PKCS #8), not encrypted. Errors: crypto_library_failed.
[[nodiscard]] Result<SecretBytes> make_certificate_key();

/// A certificate that signs itself, for servers and clients of TLS, as PEM. `names`: 1 to
/// `certificate_names_max`, each `is_certificate_name`; the period is Unix time in seconds. Errors:
/// certificate_unusable (the key's PEM), crypto_library_failed.
[[nodiscard]] Result<std::string> make_self_signed_certificate(
    ByteView key_pem, const std::vector<std::string>& names, std::uint64_t from_s,
    std::uint64_t until_s);

/// A request to an authority for such a certificate (PKCS #10), as PEM. Errors: as
/// `make_self_signed_certificate`.
[[nodiscard]] Result<std::string> make_certificate_request(ByteView key_pem,
                                                           const std::vector<std::string>& names);

/// The first certificate of a PEM text. Errors: certificate_unusable.
[[nodiscard]] Result<CertificateFacts> read_certificate(std::string_view pem);

/// `AB:CD:…`, as other programs show a fingerprint.
[[nodiscard]] std::string fingerprint_text(const Hash& fingerprint);

/// Checks that a key file is its owner's, or at most its group's to read. Errors: file_missing,
/// key_open_to_others.
[[nodiscard]] Status check_key_file(const std::filesystem::path& path);

}  // namespace xl::crypto
