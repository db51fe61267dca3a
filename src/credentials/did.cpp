// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "credentials/did.h"

#include <algorithm>

#include "base/json/writer.h"
#include "contracts/api/contract.h"
#include "contracts/identity/view.h"
#include "credentials/jwt.h"
#include "credentials/multibase.h"
#include "crypto/hash.h"

namespace xl::credentials {

namespace identity = contracts::identity;
using xinglin::identity::v1::KeyRecord;

namespace {

constexpr std::string_view did_context = "https://www.w3.org/ns/did/v1";
constexpr std::string_view jwk_context = "https://w3id.org/security/jwk/v1";

/// Multicodec's numbers of public keys, as unsigned variable-length integers.
struct Codec {
  crypto::JwsAlgorithm algorithm;
  std::uint8_t first;
  std::uint8_t second;
};
constexpr auto codecs = std::to_array<Codec>({
    {crypto::JwsAlgorithm::eddsa, 0xed, 0x01},
    {crypto::JwsAlgorithm::es256, 0x80, 0x24},
});

Error bad_did() { return make_error(ErrorCode::did_invalid); }

void begin_document(json::Writer& out, std::string_view did, DidForm form, bool has_keys) {
  out.begin_object();
  if (form == DidForm::json_ld) {
    out.key("@context").begin_array().string(did_context);
    if (has_keys) out.string(jwk_context);
    out.end_array();
  }
  out.key("id").string(did);
}

void write_method(json::Writer& out, const std::string& id, std::string_view controller,
                  const crypto::JwsKey& key) {
  out.begin_object().key("id").string(id).key("type").string("JsonWebKey");
  out.key("controller").string(controller).key("publicKeyJwk");
  write_jwk(out, key);
  out.end_object();
}

void write_names(json::Writer& out, std::string_view relation,
                 const std::vector<std::string>& names) {
  if (names.empty()) return;
  out.key(relation).begin_array();
  for (const std::string& name : names) out.string(name);
  out.end_array();
}

/// A key with its name, as the document shows it.
struct Shown {
  std::string url;
  crypto::JwsKey key;
  std::uint32_t purposes = 0;
};

std::vector<Shown> shown_keys(const Party& party, std::uint64_t now_ms) {
  std::vector<Shown> out;
  for (const PartyKey& one : party.keys) {
    if (!identity::is_active(one.record, now_ms) || one.record.has_delegation()) continue;
    auto algorithm = static_cast<crypto::Algorithm>(one.record.algorithm());
    Bytes bytes = copy_of(view_of(one.record.public_key()));
    if (algorithm == crypto::Algorithm::webauthn_p256) {
      bytes.resize(std::min<std::size_t>(bytes.size(), 33));  // the rpId says where it is used
      algorithm = crypto::Algorithm::p256;
    }
    auto key = crypto::jws_key_of(algorithm, bytes);
    if (!key.ok()) continue;
    out.push_back({key_url(party.did, one.id), std::move(*key), one.record.purposes()});
  }
  return out;
}

std::vector<std::string> names_with(const std::vector<Shown>& keys, std::uint32_t purposes) {
  std::vector<std::string> out;
  for (const Shown& one : keys) {
    if ((one.purposes & purposes) != 0) out.push_back(one.url);
  }
  return out;
}

void write_agreement(json::Writer& out, const std::string& did, std::string_view key) {
  out.key("keyAgreement").begin_array().begin_object();
  out.key("id").string(did + "#agreement").key("type").string("JsonWebKey");
  out.key("controller").string(did).key("publicKeyJwk").begin_object();
  out.key("crv").string("X25519").key("kty").string("OKP");
  out.key("x").string(to_base64url(view_of(key))).end_object().end_object().end_array();
}

void write_services(json::Writer& out, const Party& party) {
  const std::string did = model::did_text(party.did);
  const std::string place = party.gateway + "/o/" + party.did.text();
  const auto write = [&](std::string_view name, std::string_view type, const std::string& url) {
    out.begin_object().key("id").string(did + "#" + std::string(name));
    out.key("type").string(type).key("serviceEndpoint").string(url).end_object();
  };
  out.key("service").begin_array();
  write("fhir", "FhirServer", place + "/fhir");
  write("credentials", "OpenID4VCICredentialIssuer", place);
  out.end_array();
}

bool is_kind(const Party& party, contracts::PartyKind kind) {
  return party.record.kind() == static_cast<std::uint32_t>(kind);
}

/// Who acts for a party without keys that manage it.
std::string controller_of(const Party& party) {
  const bool unclaimed =
      party.record.status() == static_cast<std::uint32_t>(identity::PartyStatus::unclaimed);
  if (!is_kind(party, contracts::PartyKind::service) && !unclaimed) return {};
  return model::did_text(identity::custodian_of(party.record));
}

}  // namespace

std::string did_document(const Party& party, std::uint64_t now_ms, DidForm form) {
  const std::string did = model::did_text(party.did);
  json::Writer out;
  if (party.record.status() == static_cast<std::uint32_t>(identity::PartyStatus::deactivated)) {
    begin_document(out, did, form, false);
    return out.end_object().take();
  }
  const std::vector<Shown> keys = shown_keys(party, now_ms);
  const std::string_view agreement = party.record.agreement_key();
  begin_document(out, did, form, !keys.empty() || !agreement.empty());
  const std::string controller = controller_of(party);
  if (!controller.empty()) out.key("controller").string(controller);
  if (!keys.empty()) {
    out.key("verificationMethod").begin_array();
    for (const Shown& one : keys) write_method(out, one.url, did, one.key);
    out.end_array();
  }
  using contracts::purpose_manage;
  using contracts::purpose_sign;
  write_names(out, "authentication", names_with(keys, purpose_sign | purpose_manage));
  write_names(out, "assertionMethod", names_with(keys, purpose_sign));
  write_names(out, "capabilityInvocation", names_with(keys, purpose_manage));
  write_names(out, "capabilityDelegation", names_with(keys, purpose_manage));
  if (!agreement.empty()) write_agreement(out, did, agreement);
  if (is_kind(party, contracts::PartyKind::organisation) && !party.gateway.empty()) {
    write_services(out, party);
  }
  return out.end_object().take();
}

Result<std::string> did_key_document(std::string_view did, DidForm form) {
  XL_TRY_ASSIGN(const crypto::JwsKey key, key_of_did_key(did));
  const std::string url = std::string(did) + "#" + std::string(did.substr(did_key_prefix.size()));
  json::Writer out;
  begin_document(out, did, form, true);
  out.key("verificationMethod").begin_array();
  write_method(out, url, did, key);
  out.end_array();
  for (const std::string_view relation :
       {"authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation"}) {
    write_names(out, relation, {url});
  }
  return out.end_object().take();
}

Result<crypto::JwsKey> key_of_did_key(std::string_view did) {
  if (did.size() > did_bytes_max || !did.starts_with(did_key_prefix)) return bad_did();
  const std::string_view text = did.substr(did_key_prefix.size());
  Bytes bytes;
  if (!text.starts_with('z') || !from_multibase(text, bytes) || bytes.size() < 2) return bad_did();
  const auto codec = std::find_if(codecs.begin(), codecs.end(), [&](const Codec& one) {
    return one.first == bytes[0] && one.second == bytes[1];
  });
  if (codec == codecs.end()) return bad_did();
  const ByteView point = ByteView(bytes).subspan(2);
  const bool is_edwards = codec->algorithm == crypto::JwsAlgorithm::eddsa;
  if (point.size() != (is_edwards ? 32U : 33U)) return bad_did();
  auto out =
      crypto::jws_key_of(is_edwards ? crypto::Algorithm::ed25519 : crypto::Algorithm::p256, point);
  if (!out.ok() || !crypto::check_jws_key(*out).ok()) return bad_did();
  return out;
}

std::string did_key_of(const crypto::JwsKey& key) {
  const auto codec = std::find_if(codecs.begin(), codecs.end(),
                                  [&](const Codec& one) { return one.algorithm == key.algorithm; });
  XL_CHECK(codec != codecs.end());
  Bytes bytes{codec->first, codec->second};
  if (key.algorithm != crypto::JwsAlgorithm::eddsa) {
    bytes.push_back((key.second.back() & 1) == 1 ? 3 : 2);  // SEC1 §2.3.3, compressed
  }
  append(bytes, key.first);
  return std::string(did_key_prefix) + "z" + to_base58(bytes);
}

std::string key_url(const model::Id& did, const Hash& key_id) {
  return model::did_text(did) + "#" + to_base64url(key_id);
}

std::optional<KeyUrl> read_key_url(std::string_view text) {
  const std::size_t hash = text.find('#');
  if (hash == std::string_view::npos || text.size() > did_bytes_max) return std::nullopt;
  const auto did = model::id_from_did(text.substr(0, hash));
  Bytes bytes;
  if (!did.ok() || !from_base64url(text.substr(hash + 1), bytes)) return std::nullopt;
  KeyUrl out{*did, {}};
  if (bytes.size() != out.key_id.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), out.key_id.begin());
  return out;
}

bool is_did(std::string_view text) {
  if (text.size() > did_bytes_max || !text.starts_with("did:")) return false;
  const std::size_t colon = text.find(':', 4);
  if (colon == std::string_view::npos || colon == 4 || colon + 1 == text.size()) return false;
  const std::string_view method = text.substr(4, colon - 4);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_name = [&](char c) { return is_small(c) || is_digit(c); };
  const auto is_id = [&](char c) {
    return is_name(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_' || c == ':' ||
           c == '%';
  };
  const std::string_view id = text.substr(colon + 1);
  return std::all_of(method.begin(), method.end(), is_name) &&
         std::all_of(id.begin(), id.end(), is_id) && id.back() != ':';
}

std::string version_of_document(std::string_view document) {
  return to_hex(ByteView(crypto::sha256(view_of(document))).first(16));
}

}  // namespace xl::credentials
