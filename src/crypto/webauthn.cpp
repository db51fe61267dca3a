// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/webauthn.h"

#include <algorithm>

#include "base/check.h"
#include "crypto/client_data.h"
#include "crypto/hash.h"
#include "crypto/p256.h"

namespace xl::crypto::webauthn {
namespace {

constexpr std::size_t label_bytes_max = 63;  // RFC 1035 §2.3.4

Error refused(std::string_view step) { return make_error(ErrorCode::assertion_invalid, step); }

struct Assertion {
  ByteView authenticator_data;
  ByteView client_data_json;
  ByteView signature;  // r ‖ s
};

/// Takes a field behind its u16 length. False when it is not all there.
bool take_field(ByteView& rest, ByteView& field) {
  if (rest.size() < 2) return false;
  const std::size_t length = read_be<std::uint16_t>(rest);
  if (rest.size() - 2 < length) return false;
  field = rest.subspan(2, length);
  rest = rest.subspan(2 + length);
  return true;
}

bool decode_assertion(ByteView signature, Assertion& out) {
  if (signature.empty() || signature[0] != static_cast<std::uint8_t>(Suite::international)) {
    return false;
  }
  ByteView rest = signature.subspan(1);
  if (!take_field(rest, out.authenticator_data) || !take_field(rest, out.client_data_json)) {
    return false;
  }
  out.signature = rest;
  return rest.size() == detail::p256_signature_bytes &&
         out.authenticator_data.size() >= authenticator_data_bytes_min &&
         out.authenticator_data.size() <= authenticator_data_bytes_max &&
         out.client_data_json.size() <= client_data_bytes_max;
}

/// `:1` to `:65535` without leading zeros, or nothing.
bool is_port_suffix(std::string_view text) {
  if (text.empty()) return true;
  if (text.size() < 2 || text.size() > 6 || text[0] != ':' || text[1] == '0') return false;
  std::uint32_t port = 0;
  for (const char c : text.substr(1)) {
    if (c < '0' || c > '9') return false;
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return port <= 65535;
}

bool origin_belongs_to(std::string_view origin, std::string_view rp_id) {
  constexpr std::string_view https = "https://";
  constexpr std::string_view local = "http://localhost";
  if (rp_id == "localhost" && origin.starts_with(local)) {
    return is_port_suffix(origin.substr(local.size()));
  }
  if (!origin.starts_with(https)) return false;
  origin.remove_prefix(https.size());
  const std::size_t host_bytes = std::min(origin.find(':'), origin.size());
  const std::string_view host = origin.substr(0, host_bytes);
  if (!is_rp_id(host) || !is_port_suffix(origin.substr(host_bytes))) return false;
  if (host == rp_id) return true;
  return host.size() > rp_id.size() && host.ends_with(rp_id) &&
         host[host.size() - rp_id.size() - 1] == '.';
}

Bytes signed_bytes(ByteView authenticator_data, ByteView client_data_json) {
  Bytes out = copy_of(authenticator_data);
  append(out, sha256(client_data_json));
  return out;
}

Status check_client_data(ByteView json, std::string_view rp_id, ByteView message) {
  detail::ClientData client;
  if (!detail::parse_client_data(text_of(json), client)) return refused("clientDataJSON");
  if (client.type != "webauthn.get") return refused("type");
  if (client.challenge != to_base64url(sha256(message))) return refused("challenge");
  if (!origin_belongs_to(client.origin, rp_id)) return refused("origin");
  if (client.cross_origin) return refused("crossOrigin");
  return {};
}

Bytes join_assertion(ByteView authenticator_data, ByteView client_data_json, ByteView signature) {
  Bytes out = {static_cast<std::uint8_t>(Suite::international)};
  append_be(out, static_cast<std::uint16_t>(authenticator_data.size()));
  append(out, authenticator_data);
  append_be(out, static_cast<std::uint16_t>(client_data_json.size()));
  append(out, client_data_json);
  append(out, signature);
  return out;
}

}  // namespace

bool is_rp_id(std::string_view text) {
  if (text.empty() || text.size() > rp_id_bytes_max) return false;
  std::size_t label_bytes = 0;
  for (const char c : text) {
    if (c == '.') {
      if (label_bytes == 0) return false;
      label_bytes = 0;
      continue;
    }
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    if (!allowed || ++label_bytes > label_bytes_max) return false;
  }
  return label_bytes > 0;
}

Result<Bytes> make_public_key(ByteView point, std::string_view rp_id) {
  Bytes key = copy_of(point);
  append(key, view_of(rp_id));
  if (point.size() != detail::p256_key_bytes) return make_error(ErrorCode::key_malformed);
  XL_TRY(check_public_key(Algorithm::webauthn_p256, key));
  return key;
}

Status verify_assertion(ByteView key, ByteView message, ByteView signature) {
  if (key.size() <= detail::p256_key_bytes) return refused("key");
  const ByteView point = key.first(detail::p256_key_bytes);
  const std::string_view rp_id = text_of(key.subspan(detail::p256_key_bytes));
  if (!is_rp_id(rp_id)) return refused("rpId of the key");
  Assertion assertion;
  if (!decode_assertion(signature, assertion)) return refused("lengths");
  XL_TRY(check_client_data(assertion.client_data_json, rp_id, message));
  const ByteView authenticator_data = assertion.authenticator_data;
  if (!equal(authenticator_data.first(32), sha256(view_of(rp_id)))) return refused("rpIdHash");
  constexpr std::uint8_t required = flag_user_present | flag_user_verified;
  if ((authenticator_data[32] & required) != required) return refused("user not verified");
  if (!detail::verify_p256(point, signed_bytes(authenticator_data, assertion.client_data_json),
                           assertion.signature)) {
    return refused("signature");
  }
  return {};
}

Result<Bytes> encode_assertion(ByteView authenticator_data, ByteView client_data_json,
                               ByteView der_signature) {
  if (authenticator_data.size() < authenticator_data_bytes_min ||
      authenticator_data.size() > authenticator_data_bytes_max ||
      client_data_json.size() > client_data_bytes_max) {
    return refused("lengths");
  }
  std::array<std::uint8_t, detail::p256_signature_bytes> signature{};
  if (!detail::p256_signature_from_der(der_signature, signature)) return refused("DER signature");
  return join_assertion(authenticator_data, client_data_json, signature);
}

Bytes make_assertion(const SigningKey& key, const AssertionInput& input, ByteView message) {
  Bytes authenticator_data;
  append(authenticator_data, sha256(view_of(input.rp_id)));
  authenticator_data.push_back(input.flags);
  append_be(authenticator_data, input.counter);
  const std::string client_data_json = "{\"type\":\"webauthn.get\",\"challenge\":\"" +
                                       to_base64url(sha256(message)) + "\",\"origin\":\"" +
                                       input.origin + "\",\"crossOrigin\":false}";
  return sign_assertion(key, authenticator_data, view_of(client_data_json));
}

Bytes sign_assertion(const SigningKey& key, ByteView authenticator_data,
                     ByteView client_data_json) {
  XL_CHECK(key.algorithm() == Algorithm::p256);
  XL_CHECK(authenticator_data.size() <= 0xffff);
  XL_CHECK(client_data_json.size() <= 0xffff);
  const Bytes signature = key.sign(signed_bytes(authenticator_data, client_data_json));
  return join_assertion(authenticator_data, client_data_json, ByteView(signature).subspan(1));
}

}  // namespace xl::crypto::webauthn
