// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: DIDs and their documents are those that others make of the same keys. Method: published
// did:key vectors and outputs of other resolvers where the shared data is there; documents of
// parties by hand; malformed names.
#include "credentials/did.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/file.h"
#include "base/json/json.h"
#include "contracts/api/contract.h"
#include "contracts/identity/view.h"
#include "credentials/jwt.h"
#include "credentials/multibase.h"
#include "crypto/signature.h"

namespace xl::credentials {
namespace {

constexpr auto shared = XL_SHARED_DATA "/did-vc/";

json::Document document_of(const std::string& text) {
  auto parsed = json::parse(text, {});
  EXPECT_TRUE(parsed.ok()) << text.substr(0, 200);
  return parsed.ok() ? std::move(*parsed) : json::Document::object();
}

json::Document shared_file(const std::string& name) {
  const auto content = read_file(std::string(shared) + name, 16U << 20U);
  return content.ok() ? document_of(std::string(text_of(*content))) : json::Document::object();
}

bool no_shared_data() { return !std::filesystem::exists(shared); }

TEST(Multibase, Base58IsBitcoins) {
  EXPECT_EQ(to_base58(view_of("Hello World!")), "2NEpo7TZRRrLZSi2U");
  EXPECT_EQ(to_base58(Bytes{0, 0, 0x28, 0x7f, 0xb4, 0xcd}), "11233QC4");
  Bytes out;
  ASSERT_TRUE(from_base58("11233QC4", out));
  EXPECT_EQ(out, (Bytes{0, 0, 0x28, 0x7f, 0xb4, 0xcd}));
  EXPECT_FALSE(from_base58("0OIl", out));
  EXPECT_FALSE(from_base58(std::string(base58_bytes_max + 1, '2'), out));
  EXPECT_FALSE(from_multibase("mAAAA", out));
  ASSERT_TRUE(from_multibase("uAQI", out));
  EXPECT_EQ(out, (Bytes{1, 2}));
}

TEST(DidKey, PublishedVectorsResolveToTheirKeys) {
  if (no_shared_data()) GTEST_SKIP() << "skipped: ../shared/data not found";
  const json::Document all = shared_file("did-key/ed25519-x25519.json");
  int seen = 0;
  for (const json::Member one : all.root().members()) {
    const auto key = key_of_did_key(one.key);
    ASSERT_TRUE(key.ok()) << one.key;
    Bytes expected;
    const json::Value pair = one.value.find("verificationKeyPair");
    const auto text = pair.find("publicKeyBase58").as_string();
    const auto jwk = pair.find("publicKeyJwk").find("x").as_string();
    ASSERT_TRUE(text ? from_base58(*text, expected) : jwk && from_base64url(*jwk, expected));
    EXPECT_EQ(key->first, expected);
    EXPECT_EQ(did_key_of(*key), one.key);
    // The same relations as the published document has, of the key that verifies.
    const auto ours = did_key_document(one.key, DidForm::json_ld);
    ASSERT_TRUE(ours.ok());
    const json::Document made = document_of(*ours);
    for (const char* relation :
         {"authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation"}) {
      EXPECT_EQ(made.root().find(relation).at(0).as_string(),
                one.value.find("didDocument").find(relation).at(0).as_string());
    }
    ++seen;
  }
  EXPECT_EQ(seen, 5);
  const json::Document other = shared_file("did-key/secp256k1.json");
  for (const json::Member one : other.root().members()) {
    EXPECT_EQ(key_of_did_key(one.key).error().code, ErrorCode::did_invalid);  // not offered
  }
  EXPECT_GT(other.root().size(), 0U);
}

TEST(DidKey, P256AndBack) {
  const auto key = crypto::SigningKey::generate(crypto::Algorithm::p256);
  ASSERT_TRUE(key.ok());
  const std::string did = did_key_of(public_half(*key));
  EXPECT_TRUE(did.starts_with("did:key:zDn"));  // as all of this curve begin
  const auto back = key_of_did_key(did);
  ASSERT_TRUE(back.ok());
  EXPECT_TRUE(same_key(*back, public_half(*key)));
  for (const char* bad : {"did:key:", "did:key:z", "did:key:z6Mk", "did:key:uAQI",
                          "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW"}) {
    EXPECT_FALSE(key_of_did_key(bad).ok()) << bad;
  }
}

TEST(Did, SyntaxIsThatOfDidCore) {
  for (const char* good : {"did:key:z6Mk", "did:web:example.com", "did:example:a:b%20c"}) {
    EXPECT_TRUE(is_did(good)) << good;
  }
  for (const char* bad : {"", "did:", "did::x", "did:Key:x", "did:key:", "did:key:a#b",
                          "did:key:a/b", "did:key:a?b", "did:key:a:", "urn:did:key:a"}) {
    EXPECT_FALSE(is_did(bad)) << bad;
  }
  // Those of other people's resolvers are DIDs to us too.
  if (no_shared_data()) GTEST_SKIP() << "skipped: ../shared/data not found";
  int seen = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(shared) + "did-core-implementations")) {
    const json::Document suite =
        shared_file("did-core-implementations/" + file.path().filename().string());
    for (const json::Value run : suite.root().find("executions").items()) {
      const json::Value made = run.find("output").find("didDocument");
      const auto id = made.find("id").as_string();
      if (!id) continue;
      EXPECT_TRUE(is_did(*id)) << *id;
      ++seen;
    }
  }
  EXPECT_EQ(seen, 3);  // the others were recorded as representations
}

Party organisation() {
  Party out;
  out.did = *model::id_from_bytes(Bytes(16, 7));
  out.record.set_kind(static_cast<std::uint32_t>(contracts::PartyKind::organisation));
  out.record.set_name("North");
  out.record.set_agreement_key(std::string(32, 'k'));
  const auto add = [&](std::uint8_t name, std::uint32_t purposes) -> PartyKey& {
    const auto key = crypto::SigningKey::from_secret(crypto::Algorithm::ed25519, Bytes(32, name));
    PartyKey one;
    one.id.fill(name);
    one.record.set_algorithm(1);
    one.record.set_public_key(std::string(text_of(key->public_key())));
    one.record.set_purposes(purposes);
    return out.keys.emplace_back(one);
  };
  add(1, contracts::purpose_sign | contracts::purpose_manage);
  add(2, contracts::purpose_sign);
  add(3, contracts::purpose_sign).record.set_not_after_ms(1000);
  return out;
}

TEST(DidDocument, SaysWhatKeysMayAndNoMore) {
  Party party = organisation();
  party.gateway = "https://north.example";
  const std::string did = model::did_text(party.did);
  const json::Document made = document_of(did_document(party, 2000, DidForm::json));
  const json::Value root = made.root();
  EXPECT_EQ(root.find("id").as_string(), did);
  EXPECT_FALSE(root.find("@context").present());
  EXPECT_FALSE(root.find("controller").present());
  EXPECT_EQ(root.find("verificationMethod").size(), 2U);  // the third is over
  EXPECT_EQ(root.find("authentication").size(), 2U);
  EXPECT_EQ(root.find("assertionMethod").size(), 2U);
  EXPECT_EQ(root.find("capabilityDelegation").size(), 1U);
  const json::Value method = root.find("verificationMethod").at(0);
  const auto url = read_key_url(method.find("id").as_string().value_or(""));
  ASSERT_TRUE(url.has_value());
  EXPECT_EQ(url->did, party.did);
  EXPECT_EQ(url->key_id, party.keys[0].id);
  EXPECT_TRUE(read_jwk(method.find("publicKeyJwk")).ok());
  EXPECT_EQ(root.find("keyAgreement").at(0).find("publicKeyJwk").find("crv").as_string(), "X25519");
  EXPECT_EQ(root.find("service").at(0).find("serviceEndpoint").as_string(),
            "https://north.example/o/" + party.did.text() + "/fhir");
  // DID Core §4: nothing else stands in a document; of another form only the context differs.
  std::set<std::string_view> names;
  for (const json::Member member : root.members()) names.insert(member.key);
  EXPECT_EQ(names, (std::set<std::string_view>{"id", "verificationMethod", "authentication",
                                               "assertionMethod", "capabilityInvocation",
                                               "capabilityDelegation", "keyAgreement", "service"}));
  const json::Document ld = document_of(did_document(party, 2000, DidForm::json_ld));
  EXPECT_EQ(ld.root().find("@context").at(0).as_string(), "https://www.w3.org/ns/did/v1");
  EXPECT_EQ(did_document(party, 2000, DidForm::json), did_document(party, 3000, DidForm::json));
  EXPECT_NE(version_of_document(did_document(party, 500, DidForm::json)),
            version_of_document(did_document(party, 2000, DidForm::json)));
}

TEST(DidDocument, OfAPatientNamesNobodyElse) {
  Party party = organisation();
  party.record.Clear();
  party.record.set_kind(static_cast<std::uint32_t>(contracts::PartyKind::patient));
  party.record.set_custodian(std::string(16, 'c'));
  const std::string claimed = did_document(party, 2000, DidForm::json);
  EXPECT_EQ(
      claimed.find("controller\":\"did:xinglin:" + model::id_from_bytes(Bytes(16, 'c'))->text()),
      std::string::npos);
  EXPECT_EQ(claimed.find("service"), std::string::npos);
  party.keys.clear();
  party.record.set_status(static_cast<std::uint32_t>(contracts::identity::PartyStatus::unclaimed));
  const json::Document unclaimed = document_of(did_document(party, 2000, DidForm::json));
  EXPECT_EQ(unclaimed.root().size(), 2U);
  EXPECT_TRUE(unclaimed.root().find("controller").present());  // its custodian acts for it
  party.record.set_status(
      static_cast<std::uint32_t>(contracts::identity::PartyStatus::deactivated));
  EXPECT_EQ(document_of(did_document(party, 2000, DidForm::json)).root().size(), 1U);
}

}  // namespace
}  // namespace xl::credentials
