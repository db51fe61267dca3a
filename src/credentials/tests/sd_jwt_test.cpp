// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: SD-JWTs of RFC 9901 are read as it says, ours are such, and nothing that was not signed
// gets in. Method: the example of its section 5 with the key of appendix A.5; our own round trips;
// each rule of section 7.1 broken once.
#include "credentials/sd_jwt.h"

#include <gtest/gtest.h>

#include "base/json/writer.h"
#include "credentials/status_list.h"
#include "credentials/types.h"
#include "credentials/zip.h"
#include "model/limits.h"

namespace xl::credentials {
namespace {

/// RFC 9901 §5.1.
constexpr std::string_view rfc_jwt =
    "eyJhbGciOiAiRVMyNTYiLCAidHlwIjogImV4YW1wbGUrc2Qtand0In0.eyJfc2QiOiBbIkNyUWU3UzVrcUJBSHQtbk"
    "1ZWGdjNmJkdDJTSDVhVFkxc1VfTS1QZ2tqUEkiLCAiSnpZakg0c3ZsaUgwUjNQeUVNZmVadTZKdDY5dTVxZWhabzdG"
    "N0VQWWxTRSIsICJQb3JGYnBLdVZ1Nnh5bUphZ3ZrRnNGWEFiUm9jMkpHbEFVQTJCQTRvN2NJIiwgIlRHZjRvTGJnd2"
    "Q1SlFhSHlLVlFaVTlVZEdFMHc1cnREc3JaemZVYW9tTG8iLCAiWFFfM2tQS3QxWHlYN0tBTmtxVlI2eVoyVmE1TnJQ"
    "SXZQWWJ5TXZSS0JNTSIsICJYekZyendzY002R242Q0pEYzZ2Vks4QmtNbmZHOHZPU0tmcFBJWmRBZmRFIiwgImdiT3"
    "NJNEVkcTJ4Mkt3LXc1d1BFemFrb2I5aFYxY1JEMEFUTjNvUUw5Sk0iLCAianN1OXlWdWx3UVFsaEZsTV8zSmx6TWFT"
    "RnpnbGhRRzBEcGZheVF3TFVLNCJdLCAiaXNzIjogImh0dHBzOi8vaXNzdWVyLmV4YW1wbGUuY29tIiwgImlhdCI6ID"
    "E2ODMwMDAwMDAsICJleHAiOiAxODgzMDAwMDAwLCAic3ViIjogInVzZXJfNDIiLCAibmF0aW9uYWxpdGllcyI6IFt7"
    "Ii4uLiI6ICJwRm5kamtaX1ZDem15VGE2VWpsWm8zZGgta284YUlLUWM5RGxHemhhVllvIn0sIHsiLi4uIjogIjdDZj"
    "ZKa1B1ZHJ5M2xjYndIZ2VaOGtoQXYxVTFPU2xlclAwVmtCSnJXWjAifV0sICJfc2RfYWxnIjogInNoYS0yNTYiLCAi"
    "Y25mIjogeyJqd2siOiB7Imt0eSI6ICJFQyIsICJjcnYiOiAiUC0yNTYiLCAieCI6ICJUQ0FFUjE5WnZ1M09IRjRqNF"
    "c0dmZTVm9ISVAxSUxpbERsczd2Q2VHZW1jIiwgInkiOiAiWnhqaVdXYlpNUUdIVldLVlE0aGJTSWlyc1ZmdWVjQ0U2"
    "dDRqVDlGMkhaUSJ9fX0.MczwjBFGtzf-6WMT-hIvYbkb11NrV1WMO-jTijpMPNbswNzZ87wY2uHz-CXo6R04b7jYrpj9"
    "mNRAvVssXou1iw";
constexpr std::string_view rfc_given_name =
    "WyIyR0xDNDJzS1F2ZUNmR2ZyeU5STjl3IiwgImdpdmVuX25hbWUiLCAiSm9obiJd";
constexpr std::string_view rfc_family_name =
    "WyJlbHVWNU9nM2dTTklJOEVZbnN4QV9BIiwgImZhbWlseV9uYW1lIiwgIkRvZSJd";
constexpr std::string_view rfc_address =
    "WyJBSngtMDk1VlBycFR0TjRRTU9xUk9BIiwgImFkZHJlc3MiLCB7InN0cmVldF9hZGRyZXNzIjogIjEyMyBNYWluIFN0"
    "IiwgImxvY2FsaXR5IjogIkFueXRvd24iLCAicmVnaW9uIjogIkFueXN0YXRlIiwgImNvdW50cnkiOiAiVVMifV0";
constexpr std::string_view rfc_us = "WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIlVTIl0";
constexpr std::string_view rfc_de = "WyJuUHVvUW5rUkZxM0JJZUFtN0FuWEZBIiwgIkRFIl0";
constexpr std::string_view rfc_updated =
    "WyJHMDJOU3JRZmpGWFE3SW8wOXN5YWpBIiwgInVwZGF0ZWRfYXQiLCAxNTcwMDAwMDAwXQ";

constexpr JwtBounds wide{sd_jwt_bytes_max, claims_depth_max};

json::Document parsed_json(std::string_view text) {
  auto out = json::parse(text, {});
  EXPECT_TRUE(out.ok()) << text;
  return out.ok() ? std::move(*out) : json::Document::object();
}

crypto::JwsKey rfc_issuer_key() {
  const json::Document jwk =
      parsed_json(R"({"kty":"EC","crv":"P-256","x":"b28d4MwZMjw8-00CG4xfnn9SLMVMM19SlqZpVb_uNtQ",)"
                  R"("y":"Xv5zWwuoaTgdS6hV43yI6gBwTnjukmFQQnJ_kCxzqk8"})");
  const auto key = read_jwk(jwk.root());
  EXPECT_TRUE(key.ok());
  return key->key;
}

Result<json::Document> opened(const std::vector<std::string_view>& disclosures) {
  const auto jwt = read_jwt(rfc_jwt, wide);
  EXPECT_TRUE(jwt.ok());
  return disclose(jwt->payload.root(), {disclosures.begin(), disclosures.end()});
}

TEST(SdJwtRfc9901, TheExamplesSignatureAndDigestsHold) {
  const auto jwt = read_jwt(rfc_jwt, wide);
  ASSERT_TRUE(jwt.ok());
  EXPECT_EQ(jwt->type(), "example+sd-jwt");
  EXPECT_TRUE(verify(*jwt, rfc_issuer_key()));
  // §4.2.3 and §5.1: digests as printed.
  EXPECT_EQ(digest_of("WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"),
            "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0");
  EXPECT_EQ(digest_of("WyJsa2x4RjVqTVlsR1RQVW92TU5JdkNBIiwgIkZSIl0"),
            "w0I8EKcdCtUPkGCNUrfwVp2xEgNjtoIDlOxc9-PlOhs");
  EXPECT_EQ(digest_of(rfc_given_name), "jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4");
  EXPECT_EQ(digest_of(rfc_us), "pFndjkZ_VCzmyTa6UjlZo3dh-ko8aIKQc9DlGzhaVYo");
}

TEST(SdJwtRfc9901, DisclosedClaimsStandInTheirPlaces) {
  const auto none = opened({});
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->root().find("sub").as_string(), "user_42");
  EXPECT_FALSE(none->root().find("given_name").present());
  EXPECT_FALSE(none->root().find("_sd").present());
  EXPECT_FALSE(none->root().find("_sd_alg").present());
  EXPECT_EQ(none->root().find("nationalities").size(), 0U);
  const auto some = opened({rfc_family_name, rfc_address, rfc_given_name, rfc_us});
  ASSERT_TRUE(some.ok());
  EXPECT_EQ(some->root().find("given_name").as_string(), "John");
  EXPECT_EQ(some->root().find("family_name").as_string(), "Doe");
  EXPECT_EQ(some->root().find("address").find("country").as_string(), "US");
  EXPECT_EQ(some->root().find("nationalities").size(), 1U);
  EXPECT_FALSE(some->root().find("updated_at").present());
  const auto more = opened({rfc_de, rfc_us, rfc_updated});
  ASSERT_TRUE(more.ok());
  EXPECT_EQ(more->root().find("nationalities").at(1).as_string(), "DE");
  EXPECT_EQ(more->root().find("updated_at").as_uint64(), 1570000000U);
}

TEST(SdJwtRfc9901, WhatSection71RefusesIsRefused) {
  const std::string stranger = to_base64url(view_of(R"(["salt","role","surgeon"])"));
  EXPECT_FALSE(opened({stranger}).ok());                        // nothing names it
  EXPECT_FALSE(opened({rfc_given_name, rfc_given_name}).ok());  // twice
  const auto refused = [](const std::string& payload, const std::vector<std::string>& disclosures) {
    const json::Document document = parsed_json(payload);
    const auto out = disclose(document.root(), disclosures);
    EXPECT_FALSE(out.ok()) << payload;
    if (out.ok()) return;
    EXPECT_EQ(out.error().code, ErrorCode::credential_malformed);
  };
  const auto with = [](const std::string& disclosure) {
    return R"({"_sd":[")" + digest_of(disclosure) + R"("],"role":"nurse"})";
  };
  const std::string taken = to_base64url(view_of(R"(["salt","role","surgeon"])"));
  refused(with(taken), {taken});  // a name that stands there already
  for (const char* reserved : {R"(["salt","_sd",[]])", R"(["salt","...","x"])", R"(["salt"])",
                               R"({"a":1})", R"([1,"name","x"])", R"(["salt",2,"x"])"}) {
    const std::string encoded = to_base64url(view_of(reserved));
    refused(with(encoded), {encoded});
  }
  const std::string item = to_base64url(view_of(R"(["salt","US"])"));
  refused(with(item), {item});  // an item where a member belongs
  refused(R"({"list":[{"...":")" + digest_of(taken) + R"("}]})", {taken});
  refused(R"({"_sd":["a","a"]})", {});
  refused(R"({"_sd":"a"})", {});
  refused(R"({"_sd":[1]})", {});
  refused(R"({"_sd_alg":"md5"})", {});
  refused(R"({"...":"a"})", {});
  refused(R"({"list":[{"...":"a","b":1}]})", {});
  std::string deep = "1";
  for (std::size_t i = 0; i < claims_depth_max + 2; ++i) deep = "[" + deep + "]";
  refused("{\"a\":" + deep + "}", {});
}

TEST(SdJwt, DisclosuresWithinDisclosuresGoWithTheirMember) {
  const std::string inner = to_base64url(view_of(R"(["s1","city","Linz"])"));
  const std::string outer = to_base64url(
      view_of(R"(["s2","address",{"country":"AT","_sd":[")" + digest_of(inner) + R"("]}])"));
  const auto key = crypto::SigningKey::generate(crypto::Algorithm::ed25519);
  const std::string payload = R"({"_sd":[")" + digest_of(outer) + R"("]})";
  const SdJwt whole{sign_jws(R"({"alg":"EdDSA"})", payload, *key), {inner, outer}, {}};
  const auto shown = reveal(whole, {"address"});
  ASSERT_TRUE(shown.ok());
  EXPECT_EQ(shown->disclosures.size(), 2U);
  const auto jwt = read_jwt(shown->issued, wide);
  const auto open = disclose(jwt->payload.root(), shown->disclosures);
  ASSERT_TRUE(open.ok());
  EXPECT_EQ(open->root().find("address").find("city").as_string(), "Linz");
  EXPECT_FALSE(disclose(jwt->payload.root(), {inner}).ok());  // its place is hidden
  EXPECT_EQ(reveal(whole, {"salary"}).error().code, ErrorCode::credential_claim_hidden);
}

TEST(SdJwt, IssuedOnesRoundTripUnderBothAlgorithms) {
  for (const auto algorithm : {crypto::Algorithm::ed25519, crypto::Algorithm::p256}) {
    const auto key = crypto::SigningKey::generate(algorithm);
    const auto holder = crypto::SigningKey::generate(algorithm);
    const SdJwt made = issue_sd_jwt(
        "{\"alg\":\"" + std::string(jws_name_of(*key)) + "\"}",
        {{"iss", "\"x\""}, {"given_name", "\"Zo\u00eb\"", true}, {"age", "41", true}}, *key);
    auto split = split_sd_jwt(made.text());
    ASSERT_TRUE(split.ok());
    EXPECT_EQ(split->disclosures, made.disclosures);
    EXPECT_TRUE(split->binding.empty());
    auto shown = reveal(*split, {"age"});
    ASSERT_TRUE(shown.ok());
    const auto jwt = read_jwt(shown->issued, wide);
    ASSERT_TRUE(jwt.ok() && verify(*jwt, public_half(*key)));
    EXPECT_EQ(jwt->payload.root().find("_sd").size(), 2U);
    const auto open = disclose(jwt->payload.root(), shown->disclosures);
    ASSERT_TRUE(open.ok());
    EXPECT_EQ(open->root().find("age").as_uint64(), 41U);
    EXPECT_FALSE(open->root().find("given_name").present());
    bind(*shown, "verifier", "n1", 1000, *holder);
    const auto heard = split_sd_jwt(shown->text());
    ASSERT_TRUE(heard.ok());
    const crypto::JwsKey own = public_half(*holder);
    EXPECT_TRUE(check_binding(*heard, own, {"verifier", "n1", 1100}).ok());
    for (const Bound& other : {Bound{"verifier", "n2", 1100}, Bound{"other", "n1", 1100},
                               Bound{"verifier", "n1", 1601}, Bound{"verifier", "n1", 900}}) {
      EXPECT_EQ(check_binding(*heard, own, other).error().code,
                ErrorCode::credential_holder_unproved);
    }
    EXPECT_FALSE(check_binding(*heard, public_half(*key), {"verifier", "n1", 1100}).ok());
    SdJwt more = *heard;  // another disclosure than those that were bound
    more.disclosures = made.disclosures;
    EXPECT_FALSE(check_binding(more, own, {"verifier", "n1", 1100}).ok());
    EXPECT_FALSE(check_binding(*split, own, {"verifier", "n1", 1100}).ok());
  }
}

TEST(SdJwt, TextsThatAreNoneAreRefused) {
  for (const char* bad : {"", "~", "a", "a.b.c", "a~~b", "~a~"}) {
    EXPECT_FALSE(split_sd_jwt(bad).ok()) << bad;
  }
  std::string many = "a~";
  for (std::size_t i = 0; i < disclosures_max; ++i) many += "b~";
  EXPECT_TRUE(split_sd_jwt(many).ok());
  EXPECT_FALSE(split_sd_jwt(many + "b~").ok());
  EXPECT_FALSE(split_sd_jwt(std::string(sd_jwt_bytes_max, 'a') + "~").ok());
}

TEST(StatusList, IsPackedAsTheStandardSays) {
  Bytes bits(limits::status_entries_min / 8, 0);
  bits[0] = 0x80;
  bits[bits.size() - 1] = 0x01;
  const std::string packed = encoded_list(bits);
  EXPECT_TRUE(packed.starts_with("uH4sI"));  // multibase, GZIP
  const auto again = decoded_list(packed);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, bits);
  EXPECT_TRUE(bit_at(*again, 0));
  EXPECT_FALSE(bit_at(*again, 1));
  EXPECT_TRUE(bit_at(*again, limits::status_entries_min - 1));
  // The example of W3C Bitstring Status List v1.0 §4: a list of 131,072 clear bits.
  const auto example =
      decoded_list("uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA");
  ASSERT_TRUE(example.ok());
  EXPECT_EQ(*example, Bytes(limits::status_entries_min / 8, 0));
  EXPECT_FALSE(decoded_list(encoded_list(Bytes(100, 0))).ok());  // too short for any privacy
  EXPECT_FALSE(decoded_list("u" + to_base64url(gzip(Bytes(64U << 20U, 0)))).ok());
  EXPECT_FALSE(decoded_list(packed.substr(0, packed.size() - 8)).ok());
  EXPECT_FALSE(decoded_list("z" + packed).ok());
}

TEST(CredentialTypes, ClaimsFollowTheirTable) {
  const auto read = [](CredentialType type, const std::string& claims) {
    const json::Document document = parsed_json(claims);
    return read_claims(type, document.root());
  };
  const auto good = read(CredentialType::role, R"({"organisation_name":"North","role":"nurse"})");
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->size(), 2U);
  EXPECT_EQ(good->at(0).name, "role");  // in the table's order, not the writer's
  for (const char* bad : {R"({"role":"nurse"})", R"({"role":1,"organisation_name":"N"})",
                          R"({"role":"","organisation_name":"N"})",
                          R"({"role":"nurse","organisation_name":"N","salary":"1"})",
                          R"({"role":"nurse","organisation_name":"N","practitioner":"li"})"}) {
    EXPECT_EQ(read(CredentialType::role, bad).error().code, ErrorCode::credential_claims_invalid);
  }
  EXPECT_FALSE(read(CredentialType::coverage,
                    R"({"payer_name":"P","member_id":"1","birth_date":"1.2.1990"})")
                   .ok());
  const TypeRule type = *type_of_name("Coverage");
  EXPECT_EQ(type_of_vct(vct_of("https://a.example", type))->type, CredentialType::coverage);
  EXPECT_FALSE(type_of_vct("https://a.example/credentials/types/knight").ok());
  EXPECT_EQ(all_types().size(), contracts::credentials::credential_type_max);
}

}  // namespace
}  // namespace xl::credentials
