// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json/json.h"
#include "base/result.h"
#include "credentials/jwt.h"

/// SMART Health Cards (framework 1.4): clinical facts that somebody elsewhere signed. They are read
/// and checked, never issued here.
namespace xl::credentials {

constexpr std::size_t health_card_bytes_max = 64 * 1024;
constexpr std::size_t health_card_payload_bytes_max = 4U << 20U;
constexpr std::size_t health_card_chunks_max = 32;
/// What one QR code of version 22 holds (§"Chunking"): a card that is shown as one is no longer.
constexpr std::size_t health_card_single_bytes_max = 1195;

/// A card as it came: nothing is believed before `check_health_card`.
struct HealthCard {
  std::string key_id;
  std::string issuer;
  std::string signed_text;
  Bytes signature;
  json::Document payload;
};

/// The cards of a text: a compact JWS, `shc:/` and digits (one line for each chunk), or a file
/// `{"verifiableCredential": [...]}`. Errors: credential_malformed (names what is wrong, such as
/// `qr.digits`).
[[nodiscard]] Result<std::vector<std::string>> health_cards_in(std::string_view text);

/// Reads a card: ES256, DEFLATE, a key id, and a payload as `check_health_card_payload` wants it.
/// Errors: credential_malformed (`header.zip`, `header.kid`, `payload.deflate`, …).
[[nodiscard]] Result<HealthCard> read_health_card(std::string_view jws);

/// The rules of a payload at a time: an https issuer without a slash at its end, `nbf` reached,
/// `exp` not, the type, a FHIR bundle. Errors: credential_malformed, credential_expired (each names
/// the member).
[[nodiscard]] Status check_health_card_payload(json::Value payload, std::uint64_t now_s);

/// The keys of an issuer's JWK Set that may sign cards: EC P-256 for signatures, each id its
/// thumbprint. Errors: json_web_key_malformed (names the member).
[[nodiscard]] Result<std::vector<NamedKey>> read_health_card_keys(json::Value jwks);

/// Checks signature and payload. Errors: credential_issuer_unknown (no key of that id),
/// credential_signature_invalid, those of `check_health_card_payload`.
[[nodiscard]] Status check_health_card(const HealthCard& card, const std::vector<NamedKey>& keys,
                                       std::uint64_t now_s);

/// Was a card revoked, by the list of its key (framework §"Revocation")? Errors:
/// credential_malformed (another key's list, another method, an id that is none or stands twice,
/// older than `counter`, which the key names), credential_revoked.
[[nodiscard]] Status check_health_card_revocation(const HealthCard& card, json::Value list,
                                                  std::uint64_t counter);

}  // namespace xl::credentials
