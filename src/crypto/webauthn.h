// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/signature.h"

/// Passkey assertions (Web Authentication Level 2, §7.2) as signatures: the challenge is the
/// SHA-256 of what is signed, so one assertion authorises one transaction and nothing else.
///
///   key       = 33 bytes SEC1 compressed ‖ rpId (ASCII, 1..253 bytes)
///   signature = suite ‖ u16 length ‖ authenticatorData ‖ u16 length ‖ clientDataJSON ‖ r ‖ s
namespace xl::crypto::webauthn {

/// A DNS name has at most 253 characters (RFC 1035 §2.3.4).
constexpr std::size_t rp_id_bytes_max = 253;
/// rpIdHash 32 ‖ flags 1 ‖ signature counter 4.
constexpr std::size_t authenticator_data_bytes_min = 37;
/// Extensions may follow; the known ones are far smaller.
constexpr std::size_t authenticator_data_bytes_max = 512;
/// Browsers write about 150 bytes.
constexpr std::size_t client_data_bytes_max = 1024;
/// Members of clientDataJSON; the standard has five.
constexpr std::size_t client_data_members_max = 16;

/// Flags of authenticatorData that must be set (§6.1): user present, user verified.
constexpr std::uint8_t flag_user_present = 0x01;
constexpr std::uint8_t flag_user_verified = 0x04;

/// True for a host name in lower-case ASCII: labels of `a-z 0-9 -`, 1..63 bytes, joined by dots,
/// 1..253 bytes in all. Thread-safe.
[[nodiscard]] bool is_rp_id(std::string_view text);

/// The key bytes of `webauthn_p256` from a compressed point and an rpId.
/// Errors: key_malformed. Thread-safe.
[[nodiscard]] Result<Bytes> make_public_key(ByteView point, std::string_view rp_id);

/// Checks a passkey assertion over `message`: lengths and bounds; clientDataJSON strictly parsed as
/// one flat object without repeated names; type `webauthn.get`; challenge = base64url(SHA-256(
/// `message`)); origin `https://` + rpId or a subdomain of it (+ port), or `http://localhost` when
/// the rpId is `localhost`; not cross-origin; rpIdHash; flags UP and UV; ECDSA P-256 over
/// authenticatorData ‖ SHA-256(clientDataJSON). The signature counter is not checked: synchronised
/// passkeys do not count. Errors: assertion_invalid with the step that failed. Thread-safe.
[[nodiscard]] Status verify_assertion(ByteView key, ByteView message, ByteView signature);

/// Puts an assertion together from what `navigator.credentials.get()` returned. `der_signature` is
/// the authenticator's own DER form. Errors: assertion_invalid (lengths, DER). Thread-safe.
[[nodiscard]] Result<Bytes> encode_assertion(ByteView authenticator_data, ByteView client_data_json,
                                             ByteView der_signature);

/// What a software authenticator is told; the defaults give an assertion that verifies.
struct AssertionInput {
  std::string rp_id;
  std::string origin;
  std::uint8_t flags = flag_user_present | flag_user_verified;
  std::uint32_t counter = 0;
};

/// An assertion over `message` as a browser and an authenticator would make it. For software
/// authenticators (tools, demo personas) and tests; a person's passkey does this itself.
/// Precondition: `key` is P-256. Thread-safe.
[[nodiscard]] Bytes make_assertion(const SigningKey& key, const AssertionInput& input,
                                   ByteView message);

/// Signs given authenticatorData and clientDataJSON, whatever they say. For the same callers.
/// Precondition: `key` is P-256; both are shorter than 64 KiB. Thread-safe.
[[nodiscard]] Bytes sign_assertion(const SigningKey& key, ByteView authenticator_data,
                                   ByteView client_data_json);

}  // namespace xl::crypto::webauthn
