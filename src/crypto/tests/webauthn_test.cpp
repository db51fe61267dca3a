// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: an assertion is taken only when it says exactly what it must. Method: one good assertion,
// and one change at a time: every field, flag, origin and bound, every truncation and every bit;
// the parser of clientDataJSON is fed JSON of every kind, published cases included.
#include "crypto/webauthn.h"

#include "crypto/client_data.h"
#include "crypto/hash.h"
#include "crypto/tests/vectors.h"

namespace xl::crypto::webauthn {
namespace {

class Webauthn : public testing::Test {
 protected:
  static constexpr std::string_view rp_id = "chain.example";
  static constexpr std::uint8_t good_flags = flag_user_present | flag_user_verified;

  Webauthn() : signer_(*SigningKey::from_secret(Algorithm::p256, Bytes(32, 5))) {
    key_ = *make_public_key(signer_.public_key(), rp_id);
  }

  /// clientDataJSON of the good assertion, with one text replaced by another.
  std::string client_data(std::string_view from = "", std::string_view to = "") const {
    std::string json = "{\"type\":\"webauthn.get\",\"challenge\":\"" +
                       to_base64url(sha256(message_)) +
                       "\",\"origin\":\"https://chain.example\",\"crossOrigin\":false}";
    if (!from.empty()) {
      const std::size_t at = json.find(from);
      EXPECT_NE(at, std::string::npos) << from;
      json.replace(at, from.size(), to);
    }
    return json;
  }

  Bytes authenticator_data(std::string_view id = rp_id, std::uint8_t flags = good_flags) const {
    Bytes out = copy_of(sha256(view_of(id)));
    out.push_back(flags);
    append_be(out, std::uint32_t{1});
    return out;
  }

  Bytes signed_with(std::string_view client_data_json) const {
    return sign_assertion(signer_, authenticator_data(), view_of(client_data_json));
  }

  /// "" when accepted, else the step that refused.
  std::string verdict(ByteView signature) const {
    const Status status = verify_assertion(key_, message_, signature);
    EXPECT_EQ(verify(Algorithm::webauthn_p256, key_, message_, signature), status.ok());
    if (status.ok()) return "";
    EXPECT_EQ(status.error().code, ErrorCode::assertion_invalid);
    return status.error().message.substr(status.error().message.rfind(": ") + 2);
  }

  std::string verdict_of_origin(std::string_view origin) const {
    return verdict(signed_with(client_data("https://chain.example", origin)));
  }

  Bytes message_ = copy_of(view_of("a transaction's signing bytes"));
  SigningKey signer_;
  Bytes key_;
};

Result<SigningKey> another_key() { return SigningKey::from_secret(Algorithm::p256, Bytes(32, 6)); }

TEST_F(Webauthn, AGoodAssertionIsAccepted) {
  EXPECT_EQ(verdict(signed_with(client_data())), "");
  EXPECT_EQ(
      verdict(make_assertion(
          signer_, {.rp_id = std::string(rp_id), .origin = "https://chain.example"}, message_)),
      "");
  // What browsers add: no crossOrigin (older), other members, spaces.
  EXPECT_EQ(verdict(signed_with(client_data(",\"crossOrigin\":false", ""))), "");
  EXPECT_EQ(verdict(signed_with(client_data(
                "{", "{\"other_keys_can_be_added_here\":\"do not compare against a template\","))),
            "");
  EXPECT_EQ(verdict(signed_with(" " + client_data(":", " :\n\t") + "\r\n")), "");
  // Escapes mean the same text.
  EXPECT_EQ(verdict(signed_with(client_data("webauthn.get", "webauthn\\u002eget"))), "");
  EXPECT_EQ(verdict(signed_with(client_data("https://", "https:\\/\\/"))), "");
}

TEST_F(Webauthn, EachFieldMustBeRight) {
  EXPECT_EQ(verdict(signed_with(client_data("webauthn.get", "webauthn.create"))), "type");
  EXPECT_EQ(verdict(signed_with(client_data("webauthn.get", "webauthn.get "))), "type");
  EXPECT_EQ(verdict(signed_with(client_data("crossOrigin\":false", "crossOrigin\":true"))),
            "crossOrigin");
  const std::string challenge = to_base64url(sha256(message_));
  EXPECT_EQ(verdict(signed_with(client_data(challenge, challenge + "="))), "challenge");
  EXPECT_EQ(verdict(signed_with(client_data(challenge, to_base64url(sha256(view_of("other")))))),
            "challenge");
  EXPECT_EQ(verdict(signed_with(client_data(challenge, to_base64(sha256(message_))))), "challenge");
  EXPECT_EQ(verdict(signed_with(client_data(challenge, ""))), "challenge");

  const auto with_data = [this](ByteView data) {
    return verdict(sign_assertion(signer_, data, view_of(client_data())));
  };
  EXPECT_EQ(with_data(authenticator_data("other.example")), "rpIdHash");
  EXPECT_EQ(with_data(authenticator_data("www.chain.example")), "rpIdHash");
  EXPECT_EQ(with_data(authenticator_data(rp_id, flag_user_present)), "user not verified");
  EXPECT_EQ(with_data(authenticator_data(rp_id, flag_user_verified)), "user not verified");
  EXPECT_EQ(with_data(authenticator_data(rp_id, 0xfa)), "user not verified");
  EXPECT_EQ(with_data(authenticator_data(rp_id, 0x1d)), "");  // backup flags do not matter

  const Result<SigningKey> other = another_key();
  EXPECT_EQ(verdict(sign_assertion(*other, authenticator_data(), view_of(client_data()))),
            "signature");
  const Bytes good = signed_with(client_data());
  EXPECT_FALSE(verify_assertion(key_, view_of("another message"), good).ok());
  EXPECT_FALSE(verify_assertion(*make_public_key(other->public_key(), rp_id), message_, good).ok());
  EXPECT_FALSE(
      verify_assertion(*make_public_key(signer_.public_key(), "example"), message_, good).ok());
  EXPECT_FALSE(verify_assertion(signer_.public_key(), message_, good).ok());
  EXPECT_FALSE(verify_assertion({}, message_, good).ok());
}

TEST_F(Webauthn, OnlyOriginsOfTheSiteAreTaken) {
  for (const std::string_view origin :
       {"https://chain.example", "https://www.chain.example", "https://a.b-c.chain.example",
        "https://chain.example:8443", "https://x.chain.example:1", "https://chain.example:65535"}) {
    EXPECT_EQ(verdict_of_origin(origin), "") << origin;
  }
  for (const std::string_view origin : {"http://chain.example",
                                        "https://example",
                                        "https://chain.example.evil.org",
                                        "https://evilchain.example",
                                        "https://chain.example/",
                                        "https://chain.example/path",
                                        "https://chain.example:",
                                        "https://chain.example:0",
                                        "https://chain.example:080",
                                        "https://chain.example:65536",
                                        "https://chain.example:443a",
                                        "https://chain.example:443:1",
                                        "https://.chain.example",
                                        "https://a..chain.example",
                                        "https://user@chain.example",
                                        "https://evil.org/.chain.example",
                                        "https://evil.org#.chain.example",
                                        "https://evil.org?.chain.example",
                                        "https://CHAIN.example",
                                        "https://chain.example.",
                                        "HTTPS://chain.example",
                                        "wss://chain.example",
                                        "chain.example",
                                        "https://",
                                        "",
                                        "http://localhost",
                                        "https://localhost",
                                        "https://evil org.chain.example",
                                        "android:apk-key-hash:abc",
                                        "https://\xe6\x9d\x8f.chain.example"}) {
    EXPECT_EQ(verdict_of_origin(origin), "origin") << origin;
  }
}

TEST_F(Webauthn, LocalhostIsForLocalhostKeysOnly) {
  const Result<Bytes> local_key = make_public_key(signer_.public_key(), "localhost");
  ASSERT_TRUE(local_key.ok());
  const auto accepts = [&](const std::string& origin) {
    return verify(Algorithm::webauthn_p256, *local_key, message_,
                  make_assertion(signer_, {.rp_id = "localhost", .origin = origin}, message_));
  };
  for (const char* origin : {"http://localhost", "http://localhost:8080", "https://localhost:8443",
                             "https://localhost"}) {
    EXPECT_TRUE(accepts(origin)) << origin;
  }
  for (const char* origin : {"http://localhost.evil.org", "http://localhostx", "http://localhost:",
                             "http://127.0.0.1", "http://a.localhost", "http://localhost/"}) {
    EXPECT_FALSE(accepts(origin)) << origin;
  }
}

TEST_F(Webauthn, EveryTruncationAndEveryBitIsNoticed) {
  const Bytes good = signed_with(client_data());
  ASSERT_EQ(verdict(good), "");
  for (std::size_t length = 0; length < good.size(); ++length) {
    ASSERT_NE(verdict(ByteView(good).first(length)), "") << length;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(verdict(longer), "lengths");
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes altered = good;
    altered[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    ASSERT_NE(verdict(altered), "") << bit;
  }
  for (std::size_t bit = 0; bit < key_.size() * 8; ++bit) {
    Bytes altered = key_;
    altered[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    ASSERT_FALSE(verify(Algorithm::webauthn_p256, altered, message_, good)) << bit;
  }
}

TEST_F(Webauthn, BoundsHoldAtMaximumAndOneMore) {
  const auto padded_client_data = [this](std::size_t size) {
    const std::string json = client_data();
    return std::string(size - json.size(), ' ') + json;
  };
  EXPECT_EQ(verdict(signed_with(padded_client_data(client_data_bytes_max))), "");
  EXPECT_EQ(verdict(signed_with(padded_client_data(client_data_bytes_max + 1))), "lengths");
  const auto with_data_bytes = [this](std::size_t size) {
    Bytes data = authenticator_data(rp_id, good_flags | 0x80);
    data.resize(size);
    return verdict(sign_assertion(signer_, data, view_of(client_data())));
  };
  EXPECT_EQ(with_data_bytes(authenticator_data_bytes_max), "");
  EXPECT_EQ(with_data_bytes(authenticator_data_bytes_max + 1), "lengths");
  EXPECT_EQ(with_data_bytes(authenticator_data_bytes_min - 1), "lengths");
  const auto with_members = [this](std::size_t count) {
    std::string extra = "{";
    for (std::size_t i = 4; i < count; ++i) extra += "\"m" + std::to_string(i) + "\":1,";
    return verdict(signed_with(client_data("{", extra)));
  };
  EXPECT_EQ(with_members(client_data_members_max), "");
  EXPECT_EQ(with_members(client_data_members_max + 1), "clientDataJSON");
}

TEST_F(Webauthn, AssertionsAreAssembledFromDer) {
  const Bytes good = signed_with(client_data());
  const ByteView rs = ByteView(good).last(64);
  Bytes der = {0x30, 0};
  for (ByteView half : {rs.first(32), rs.subspan(32)}) {
    while (half[0] == 0) half = half.subspan(1);
    const bool padded = (half[0] & 0x80) != 0;
    append(der, Bytes{0x02, static_cast<std::uint8_t>(half.size() + padded)});
    if (padded) der.push_back(0);
    append(der, half);
  }
  der[1] = static_cast<std::uint8_t>(der.size() - 2);
  const std::string json = client_data();
  const Result<Bytes> encoded = encode_assertion(authenticator_data(), view_of(json), der);
  ASSERT_TRUE(encoded.ok());
  EXPECT_EQ(*encoded, good);
  EXPECT_FALSE(encode_assertion(authenticator_data(), view_of(json), rs).ok());
  EXPECT_FALSE(encode_assertion(Bytes(36), view_of(json), der).ok());
  EXPECT_FALSE(encode_assertion(authenticator_data(), Bytes(1025, ' '), der).ok());
}

TEST_F(Webauthn, KeysAreAPointAndAHostName) {
  const auto takes = [this](std::string_view id) {
    return make_public_key(signer_.public_key(), id).ok();
  };
  const std::string label63(63, 'a');
  const std::string longest = label63 + "." + label63 + "." + label63 + "." + std::string(61, 'a');
  ASSERT_EQ(longest.size(), rp_id_bytes_max);
  for (const std::string& id : {std::string("a"), std::string("localhost"), longest,
                                std::string("xn--fiq228c.example"), label63 + ".b"}) {
    EXPECT_TRUE(takes(id)) << id;
  }
  for (const std::string& id :
       {std::string(), longest + "a", longest + ".", std::string("."), std::string(".a"),
        std::string("a."), std::string("a..b"), std::string("A"), std::string("a b"),
        std::string("a/b"), std::string("a:1"), std::string("a\0", 2), "a" + label63,
        std::string("\xc3\xa9.example")}) {
    EXPECT_FALSE(takes(id)) << id;
  }
  EXPECT_FALSE(make_public_key(Bytes(33, 4), "a.example").ok());
  EXPECT_FALSE(make_public_key(Bytes(32, 2), "a.example").ok());
  EXPECT_FALSE(check_public_key(Algorithm::webauthn_p256, signer_.public_key()).ok());
  EXPECT_TRUE(check_public_key(Algorithm::webauthn_p256, key_).ok());
}

bool parses(const std::string& json) {
  detail::ClientData out;
  return detail::parse_client_data(json, out);
}

std::string with_extra(const std::string& member) {
  return R"({"type":"t","challenge":"c","origin":"o",)" + member + "}";
}

TEST(WebauthnClientData, MembersAreReadOnce) {
  detail::ClientData out;
  ASSERT_TRUE(detail::parse_client_data(R"({"crossOrigin":true,"origin":"o\n\"\\\/\b\f\r\t",)"
                                        R"("challenge":"\u00e9\uD83D\uDE00","type":""})",
                                        out));
  EXPECT_EQ(out.type, "");
  EXPECT_EQ(out.challenge, "\xc3\xa9\xf0\x9f\x98\x80");
  EXPECT_EQ(out.origin, "o\n\"\\/\b\f\r\t");
  EXPECT_TRUE(out.cross_origin);
  EXPECT_TRUE(parses(with_extra(R"("x":1)")));
  for (const char* twice :
       {R"("type":"t")", R"("challenge":"c")", R"("origin":"o")", R"("typ\u0065":"t")",
        R"("x":1,"x":1)", R"("crossOrigin":false,"crossOrigin":false)"}) {
    EXPECT_FALSE(parses(with_extra(twice))) << twice;
  }
  for (const char* missing :
       {R"({"challenge":"c","origin":"o"})", R"({"type":"t","origin":"o"})",
        R"({"type":"t","challenge":"c"})", R"({})", R"({"type":1,"challenge":"c","origin":"o"})",
        R"({"type":"t","challenge":null,"origin":"o"})",
        R"({"type":"t","challenge":"c","origin":true})"}) {
    EXPECT_FALSE(parses(missing)) << missing;
  }
  EXPECT_FALSE(parses(with_extra(R"("crossOrigin":"false")")));
  EXPECT_FALSE(parses(with_extra(R"("crossOrigin":null)")));
}

TEST(WebauthnClientData, OnlyFlatAndStrictJsonIsTaken) {
  for (const char* value : {"0", "-0", "1.5", "1e9", "-1.25E-3", "1E+2", "true", "false", "null",
                            R"("")", "\"\xf4\x8f\xbf\xbf\"", "\"\x7f\""}) {
    EXPECT_TRUE(parses(with_extra("\"x\":" + std::string(value)))) << value;
  }
  for (const char* value : {"",
                            "01",
                            "+1",
                            "1.",
                            ".5",
                            "1e",
                            "1e+",
                            "-",
                            "--1",
                            "0x1",
                            "NaN",
                            "Infinity",
                            "True",
                            "nul",
                            "truefalse",
                            "'a'",
                            "\"a",
                            "\"\\x\"",
                            "\"\\u12\"",
                            "\"\\uD800\"",
                            "\"\\uDC00\"",
                            "\"\\uD800\\u0041\"",
                            "\"\n\"",
                            "\"\x1f\"",
                            "{}",
                            "[]",
                            "[1]",
                            R"({"status":"supported"})",
                            "\"\xff\"",
                            "\"\xc0\x80\"",
                            "\"\xed\xa0\x80\"",
                            "\"\xf4\x90\x80\x80\"",
                            "\"\xe2\x82\"",
                            "\"\xc3\"",
                            "1,",
                            ",1",
                            "1 2",
                            "/**/1"}) {
    EXPECT_FALSE(parses(with_extra("\"x\":" + std::string(value)))) << value;
  }
  const std::string good = R"({"type":"t","challenge":"c","origin":"o"})";
  EXPECT_TRUE(parses(good));
  EXPECT_FALSE(parses("\xef\xbb\xbf" + good));
  EXPECT_FALSE(parses(good + good));
  EXPECT_FALSE(parses(good + "x"));
  EXPECT_FALSE(parses(good + std::string(1, '\0')));
  EXPECT_FALSE(parses("[" + good + "]"));
  EXPECT_FALSE(parses(R"({"type":"t" "challenge":"c","origin":"o"})"));
  EXPECT_FALSE(parses(R"({"type" "t","challenge":"c","origin":"o"})"));
  EXPECT_FALSE(parses(R"({type:"t","challenge":"c","origin":"o"})"));
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(parses(good.substr(0, length))) << length;
  }
}

/// The value in `[value]`, or nothing when the text is of another shape.
std::string only_element(std::string text) {
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  text.erase(0, text.find_first_not_of(" \t\r\n"));
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') return {};
  text = text.substr(1, text.size() - 2);
  return text.find_first_of("[]{}") == std::string::npos ? text : std::string{};
}

// JSONTestSuite: an array's only element is tried as a member's value; it must be taken or refused
// as the suite says. The whole files have not the three members and are refused.
TEST(WebauthnClientData, JsonTestSuite) {
  XL_NEEDS_SHARED_DATA();
  int refused = 0;
  int parsed = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(test::shared_data() / "json/nst-parsing")) {
    const std::string name = entry.path().filename();
    if (std::filesystem::file_size(entry.path()) > 4096) continue;
    const std::string text = test::read_text(entry.path());
    EXPECT_FALSE(parses(text)) << name;
    const std::string value = only_element(text);
    if (value.empty()) continue;
    const bool accepted = parses(with_extra("\"x\":" + value));
    if (name.starts_with("n_")) {
      EXPECT_FALSE(accepted) << name;
      ++refused;
    } else if (name.starts_with("y_") && value.find("null,") == std::string::npos) {
      EXPECT_TRUE(accepted) << name;
      ++parsed;
    }
  }
  EXPECT_GT(refused, 60);
  EXPECT_GT(parsed, 40);
}

}  // namespace
}  // namespace xl::crypto::webauthn
