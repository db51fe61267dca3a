// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "crypto/webauthn.h"
#include "node/tests/smart.h"

/// A passkey in software, and what a page's script sends of it.
namespace xl::node::testing {

struct SoftPasskey {
  crypto::SigningKey key = *crypto::SigningKey::generate(crypto::Algorithm::p256);
  std::string origin = "http://localhost:7410";
  std::string rp_id = "localhost";

  [[nodiscard]] Bytes public_key() const {
    return *crypto::webauthn::make_public_key(key.public_key(), rp_id);
  }
  [[nodiscard]] Bytes sign(ByteView message) const {
    return crypto::webauthn::make_assertion(key, {rp_id, origin}, message);
  }
};

inline Bytes bytes_at(const HttpResponse& answer, const char* name) {
  Bytes out;
  EXPECT_EQ(answer.status, 200U) << answer.body;
  EXPECT_TRUE(from_base64(text_of_member(answer, name), out)) << answer.body;
  return out;
}

/// As WebCrypto signs: without the suite byte.
inline std::string by_browser(const crypto::SigningKey& key, ByteView message) {
  return to_base64(ByteView(key.sign(message)).subspan(1));
}

/// r ‖ s as an authenticator writes it (RFC 3279 §2.2.3).
inline Bytes der_of(ByteView both) {
  Bytes numbers;
  for (const ByteView half : {both.first(32), both.subspan(32)}) {
    ByteView number = half;
    while (number.size() > 1 && number[0] == 0) number = number.subspan(1);
    const bool padded = (number[0] & 0x80) != 0;
    numbers.push_back(2);
    numbers.push_back(static_cast<std::uint8_t>(number.size() + (padded ? 1 : 0)));
    if (padded) numbers.push_back(0);
    append(numbers, number);
  }
  Bytes out;
  out.push_back(0x30);
  out.push_back(static_cast<std::uint8_t>(numbers.size()));
  append(out, numbers);
  return out;
}

/// What the script sends of an assertion whose challenge is the one that was asked. `flags`: of
/// authenticatorData.
inline Fields asserted(const SoftPasskey& passkey, const HttpResponse& asked,
                       std::uint8_t flags = crypto::webauthn::flag_user_present |
                                            crypto::webauthn::flag_user_verified) {
  const Bytes challenge = bytes_at(asked, "challenge");
  Bytes data;
  append(data, crypto::sha256(view_of(passkey.rp_id)));
  data.push_back(flags);
  append_be(data, std::uint32_t{1});
  const std::string client_data = R"({"type":"webauthn.get","challenge":")" +
                                  to_base64url(challenge) + R"(","origin":")" + passkey.origin +
                                  R"(","crossOrigin":false})";
  Bytes message = data;
  append(message, crypto::sha256(view_of(client_data)));
  const Bytes both = passkey.key.sign(message);
  return {{"authenticator_data", to_base64(data)},
          {"client_data", to_base64(view_of(client_data))},
          {"signature", to_base64(der_of(ByteView(both).subspan(1)))}};
}

/// The JSON of texts.
inline std::string json_of_texts(const Fields& members) {
  json::Writer out;
  out.begin_object();
  for (const auto& [key, value] : members) out.key(key).string(value);
  return out.end_object().take();
}

}  // namespace xl::node::testing
