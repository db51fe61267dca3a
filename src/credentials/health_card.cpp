// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "credentials/health_card.h"

#include <algorithm>
#include <set>

#include "base/checked.h"
#include "credentials/zip.h"

namespace xl::credentials {
namespace {

constexpr std::string_view card_type = "https://smarthealth.cards#health-card";
constexpr std::string_view digits_prefix = "shc:/";
constexpr std::size_t card_depth_max = 48;
constexpr std::uint64_t clock_ahead_s = 60;

Error bad_card(std::string_view what) { return make_error(ErrorCode::credential_malformed, what); }

json::Limits card_bounds() {
  json::Limits out;
  out.bytes_max = health_card_payload_bytes_max;
  out.depth_max = card_depth_max;
  return out;
}

/// Each character of a JWS is two digits, its code less 45.
Result<std::string> characters_of(std::string_view digits) {
  if (digits.empty() || digits.size() % 2 != 0) return bad_card("qr.digits");
  std::string out;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const char tens = digits[i];
    const char ones = digits[i + 1];
    if (tens < '0' || tens > '9' || ones < '0' || ones > '9') return bad_card("qr.digits");
    const int code = (tens - '0') * 10 + (ones - '0') + 45;
    if (code > 'z') return bad_card("qr.digits");
    out += static_cast<char>(code);
  }
  return out;
}

/// One chunk: its digits, and which of how many it is.
struct Chunk {
  std::uint64_t index = 1;
  std::uint64_t count = 1;
  std::string_view digits;
};

Result<Chunk> read_chunk(std::string_view line) {
  if (!line.starts_with(digits_prefix)) return bad_card("qr.prefix");
  Chunk out;
  out.digits = line.substr(digits_prefix.size());
  const std::size_t first = out.digits.find('/');
  if (first == std::string_view::npos) return out;
  const std::size_t second = out.digits.find('/', first + 1);
  if (second == std::string_view::npos || !parse_decimal(out.digits.substr(0, first), out.index) ||
      !parse_decimal(out.digits.substr(first + 1, second - first - 1), out.count)) {
    return bad_card("qr.chunk");
  }
  out.digits = out.digits.substr(second + 1);
  if (out.count < 2 || out.count > health_card_chunks_max || out.index == 0 ||
      out.index > out.count) {
    return bad_card("qr.chunk");
  }
  // A code of version 22 and level L: 20 bits in front, then what 20/3 digits in 10 bits leave.
  if (out.digits.size() > 2 * (health_card_single_bytes_max - 4)) return bad_card("qr.length");
  return out;
}

Result<std::string> card_of_chunks(std::string_view text) {
  std::vector<std::string> parts;
  std::uint64_t count = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    XL_TRY_ASSIGN(const Chunk chunk, read_chunk(line));
    if (count == 0) {
      count = chunk.count;
      parts.resize(count);
    }
    if (chunk.count != count || !parts[chunk.index - 1].empty()) return bad_card("qr.chunk");
    parts[chunk.index - 1] = chunk.digits;
  }
  std::string out;
  for (const std::string& part : parts) {
    if (part.empty()) return bad_card("qr.chunk");  // one is missing
    XL_TRY_ASSIGN(const std::string characters, characters_of(part));
    out += characters;
  }
  return out;
}

/// A number of seconds, perhaps with a fraction, which is dropped; nothing for another value.
std::optional<std::uint64_t> whole_seconds(json::Value value) {
  const auto text = value.number_text();
  std::uint64_t out = 0;
  if (!text || !parse_decimal(text->substr(0, text->find('.')), out)) return std::nullopt;
  return out;
}

bool card_has_type(json::Value types, std::string_view wanted) {
  const auto items = types.items();
  return std::any_of(items.begin(), items.end(),
                     [&](json::Value one) { return one.as_string() == wanted; });
}

/// Base64url, at most 24 characters, and perhaps a time behind a dot.
bool is_revocation_id(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view id = text.substr(0, dot);
  std::uint64_t time = 0;
  if (dot != std::string_view::npos && !parse_decimal(text.substr(dot + 1), time)) return false;
  return !id.empty() && id.size() <= 24 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

}  // namespace

Result<std::vector<std::string>> health_cards_in(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (text.size() > health_card_payload_bytes_max) return bad_card("jws.length");
  std::vector<std::string> out;
  if (text.starts_with(digits_prefix)) {
    XL_TRY_ASSIGN(std::string card, card_of_chunks(text));
    out.push_back(std::move(card));
    return out;
  }
  if (!text.starts_with('{')) {
    out.emplace_back(text);
    return out;
  }
  const auto file = json::parse(text, card_bounds());
  if (!file.ok()) return bad_card("file.json");
  const json::Value list = file->root().find("verifiableCredential");
  if (!list.is_array() || list.size() == 0 || list.size() > health_card_chunks_max) {
    return bad_card("file.cards");
  }
  for (const json::Value one : list.items()) {
    const auto card = one.as_string();
    if (!card) return bad_card("file.cards");
    out.emplace_back(*card);
  }
  return out;
}

Result<HealthCard> read_health_card(std::string_view jws) {
  if (jws.size() > health_card_bytes_max) return bad_card("jws.length");
  const std::size_t first = jws.find('.');
  const std::size_t second = first == std::string_view::npos ? first : jws.find('.', first + 1);
  Bytes head;
  Bytes packed;
  if (second == std::string_view::npos || !from_base64url(jws.substr(0, first), head)) {
    return bad_card("jws.form");
  }
  const auto header = json::parse(text_of(head), card_bounds());
  if (!header.ok()) return bad_card("jws.form");
  if (header->root().find("alg").as_string() != "ES256") return bad_card("header.alg");
  if (header->root().find("zip").as_string() != "DEF") return bad_card("header.zip");
  HealthCard out{{}, {}, std::string(jws.substr(0, second)), {}, json::Document::object()};
  out.key_id = header->root().find("kid").as_string().value_or("");
  if (out.key_id.empty()) return bad_card("header.kid");
  if (!from_base64url(jws.substr(first + 1, second - first - 1), packed) ||
      !from_base64url(jws.substr(second + 1), out.signature)) {
    return bad_card("jws.form");
  }
  const auto plain = inflate_raw(packed, health_card_payload_bytes_max);
  if (!plain.ok()) return bad_card("payload.deflate");
  auto payload = json::parse(text_of(*plain), card_bounds());
  if (!payload.ok()) return bad_card("payload.json");
  out.payload = std::move(*payload);
  out.issuer = out.payload.root().find("iss").as_string().value_or("");
  return out;
}

Status check_health_card_payload(json::Value payload, std::uint64_t now_s) {
  const std::string_view issuer = payload.find("iss").as_string().value_or("");
  if (!issuer.starts_with("https://") || issuer.ends_with('/')) return bad_card("payload.iss");
  const auto start_s = whole_seconds(payload.find("nbf"));
  if (!start_s) return bad_card("payload.nbf");
  if (*start_s > now_s + clock_ahead_s) {
    return make_error(ErrorCode::credential_expired, "payload.nbf");
  }
  const json::Value end = payload.find("exp");
  const auto end_s = whole_seconds(end);
  if (end.present() && !end_s) return bad_card("payload.exp");
  if (end_s && *end_s <= now_s) return make_error(ErrorCode::credential_expired, "payload.exp");
  const json::Value card = payload.find("vc");
  if (!card_has_type(card.find("type"), card_type)) return bad_card("vc.type");
  const json::Value subject = card.find("credentialSubject");
  if (!subject.find("fhirVersion").is_string()) return bad_card("vc.fhir_version");
  const json::Value bundle = subject.find("fhirBundle");
  if (bundle.find("resourceType").as_string() != "Bundle") return bad_card("vc.fhir_bundle");
  const json::Value rid = card.find("rid");
  if (rid.present() && !is_revocation_id(rid.as_string().value_or(""))) return bad_card("vc.rid");
  return {};
}

Result<std::vector<NamedKey>> read_health_card_keys(json::Value jwks) {
  const auto wrong = [](std::string_view what) {
    return make_error(ErrorCode::json_web_key_malformed, what);
  };
  std::vector<NamedKey> out;
  const json::Value keys = jwks.find("keys");
  if (keys.size() == 0 || keys.size() > jwks_keys_max) return wrong("jwks.keys");
  for (const json::Value jwk : keys.items()) {
    if (jwk.find("kty").as_string() != "EC") return wrong("jwk.kty");
    if (jwk.find("use").as_string() != "sig") return wrong("jwk.use");
    if (jwk.find("alg").as_string() != "ES256") return wrong("jwk.alg");
    XL_TRY_ASSIGN(NamedKey key, read_jwk(jwk));
    if (key.id != thumbprint(key.key)) return wrong("jwk.kid");
    out.push_back(std::move(key));
  }
  return out;
}

Status check_health_card(const HealthCard& card, const std::vector<NamedKey>& keys,
                         std::uint64_t now_s) {
  XL_TRY(check_health_card_payload(card.payload.root(), now_s));
  const auto key = std::find_if(keys.begin(), keys.end(),
                                [&](const NamedKey& one) { return one.id == card.key_id; });
  if (key == keys.end()) return make_error(ErrorCode::credential_issuer_unknown);
  if (!crypto::verify_jws(key->key, view_of(card.signed_text), card.signature)) {
    return make_error(ErrorCode::credential_signature_invalid);
  }
  return {};
}

Status check_health_card_revocation(const HealthCard& card, json::Value list,
                                    std::uint64_t counter) {
  if (list.find("kid").as_string() != card.key_id) return bad_card("crl.kid");
  if (list.find("method").as_string() != "rid") return bad_card("crl.method");
  if (list.find("ctr").as_uint64() != counter) return bad_card("crl.ctr");
  const json::Value payload = card.payload.root();
  const std::string_view own = payload.find("vc").find("rid").as_string().value_or("");
  const std::uint64_t issued_s = whole_seconds(payload.find("nbf")).value_or(0);
  std::set<std::string, std::less<>> seen;
  bool revoked = false;
  for (const json::Value one : list.find("rids").items()) {
    const std::string_view text = one.as_string().value_or("");
    const std::string_view id = text.substr(0, text.find('.'));
    if (!is_revocation_id(text) || !seen.emplace(id).second) return bad_card("crl.rids");
    std::uint64_t before_s = UINT64_MAX;
    if (id.size() < text.size() && !parse_decimal(text.substr(id.size() + 1), before_s)) {
      return bad_card("crl.rids");
    }
    revoked = revoked || (id == own && issued_s < before_s);
  }
  if (revoked) return make_error(ErrorCode::credential_revoked);
  return {};
}

}  // namespace xl::credentials
