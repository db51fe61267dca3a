// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: other people's credentials are verified where they can be, and refused for the right reason
// where they are broken. Method: the shared W3C and SMART Health Card files, with counts, and the
// canonical forms of RFC 8785. What cannot be told without RDF is listed by name.
#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>
#include <map>
#include <set>

#include "base/file.h"
#include "base/json/writer.h"
#include "credentials/data_integrity.h"
#include "credentials/did.h"
#include "credentials/health_card.h"

namespace xl::credentials {
namespace {

namespace fs = std::filesystem;

constexpr auto data = XL_SHARED_DATA "/did-vc/";
constexpr std::uint64_t now_s = 1'700'000'000;

#define XL_NEEDS_DATA() \
  if (!fs::exists(data)) GTEST_SKIP() << "skipped: ../shared/data not found"

std::string file_text(const std::string& path) {
  const auto content = read_file(path, 16U << 20U);
  EXPECT_TRUE(content.ok()) << path;
  return content.ok() ? std::string(text_of(*content)) : std::string();
}

json::Document json_file(const std::string& path) {
  auto parsed = json::parse(file_text(path), {});
  EXPECT_TRUE(parsed.ok()) << path;
  return parsed.ok() ? std::move(*parsed) : json::Document::object();
}

TEST(CanonicalJson, IsThatOfRfc8785) {
  const std::string folder = XL_SHARED_DATA "/crypto/jcs-rfc8785/";
  if (!fs::exists(folder)) GTEST_SKIP() << "skipped: ../shared/data not found";
  int seen = 0;
  for (const auto& file : fs::directory_iterator(folder + "input")) {
    const std::string name = file.path().filename().string();
    const json::Document input = json_file(folder + "input/" + name);
    const auto made = canonical_json(input.root());
    ASSERT_TRUE(made.ok()) << name;
    EXPECT_EQ(*made, file_text(folder + "output/" + name)) << name;
    ++seen;
  }
  EXPECT_EQ(seen, 6);
  // Numbers of its appendix B.
  const std::map<std::string, std::string> numbers{
      {"0", "0"},
      {"-0", "0"},
      {"5e-324", "5e-324"},
      {"1e21", "1e+21"},
      {"1e20", "100000000000000000000"},
      {"1e-7", "1e-7"},
      {"0.000001", "0.000001"},
      {"333333333.33333329", "333333333.3333333"},
      {"4.50", "4.5"},
      {"-1.7976931348623157e308", "-1.7976931348623157e+308"}};
  for (const auto& [given, wanted] : numbers) {
    const auto parsed = json::parse(given, {});
    EXPECT_EQ(*canonical_json(parsed->root()), wanted) << given;
  }
  EXPECT_FALSE(canonical_json(json::parse("1e400", {})->root()).ok());
}

TEST(DataIntegrity, EddsaJcs2022VectorsHoldAndTheOthersAreRefusedByName) {
  XL_NEEDS_DATA();
  const std::string folder = std::string(data) + "vc-di-eddsa/";
  const json::Document secured = json_file(folder + "eddsa-jcs-2022__signedJCS.json");
  json::Document plain = json::Document::copy(secured.root());
  (void)plain.edit().remove("proof");
  EXPECT_EQ(*canonical_json(plain.root()), file_text(folder + "eddsa-jcs-2022__canonDocJCS.txt"));
  EXPECT_EQ(*canonical_json(json_file(folder + "eddsa-jcs-2022__proofConfigJCS.json").root()),
            file_text(folder + "eddsa-jcs-2022__proofCanonJCS.txt"));
  const auto hash = integrity_hash(secured.root(), secured.root().find("proof"));
  ASSERT_TRUE(hash.ok());
  EXPECT_EQ(to_hex(*hash), file_text(folder + "eddsa-jcs-2022__combinedHashJCS.txt"));
  const auto signer = check_data_integrity(secured.root());
  ASSERT_TRUE(signer.ok()) << signer.error().text();
  EXPECT_EQ(*signer, "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2");
  json::Document altered = json::Document::copy(secured.root());
  altered.edit().set_string("name", "Another");
  EXPECT_EQ(check_data_integrity(altered.root()).error().code,
            ErrorCode::credential_signature_invalid);
  json::Document later = json::Document::copy(secured.root());
  later.edit().find("proof").set_string("created", "2024-02-24T23:36:38Z");
  EXPECT_EQ(check_data_integrity(later.root()).error().code,
            ErrorCode::credential_signature_invalid);
  for (const char* other :
       {"eddsa-rdfc-2022__signedDataInt.json", "Ed25519Signature2020__signedEdSig.json"}) {
    EXPECT_EQ(check_data_integrity(json_file(folder + other).root()).error().code,
              ErrorCode::credential_proof_unsupported)
        << other;
  }
}

TEST(DataIntegrity, VcApiFixturesHaveRdfProofsAlone) {
  XL_NEEDS_DATA();
  int secured = 0;
  for (const auto& file : fs::directory_iterator(std::string(data) + "vc-api-fixtures")) {
    const json::Document document = json_file(file.path().string());
    const auto out = check_data_integrity(document.root());
    ASSERT_FALSE(out.ok());
    const bool has_proof = document.root().find("proof").is_object();
    if (has_proof) ++secured;
    EXPECT_EQ(out.error().code,
              has_proof ? ErrorCode::credential_proof_unsupported : ErrorCode::credential_malformed)
        << file.path();
  }
  std::cout << "vc-api-fixtures: " << secured << " of 27 secured, all by suites over RDF\n";
}

TEST(DataModel, InputsOfTheTestSuiteAreToldApart) {
  XL_NEEDS_DATA();
  // Only JSON-LD's processing, with contexts fetched from the net, tells these from good ones.
  const std::set<std::string> by_json_ld{
      "credential-redef-type-fail.json",         "credential-redef-type2-fail.json",
      "credential-type-unmapped-fail.json",      "credential-type-mapped-nonurl-fail.json",
      "credential-status-type-nonurl-fail.json", "presentation-holder-name-fail.json"};
  int good = 0;
  int bad = 0;
  int passed_over = 0;
  for (const auto& file : fs::directory_iterator(std::string(data) + "vcdm2-inputs")) {
    const std::string name = file.path().filename().string();
    // The suite gives its inputs to issuers, who add their own name.
    json::Document input = json_file(file.path().string());
    const bool is_of_issuer = name.find("issuer") != std::string::npos;
    if (!is_of_issuer || name.ends_with("-ok.json")) {
      if (!input.root().find("issuer").present()) {
        input.edit().set_string("issuer", "https://issuer.example");
      } else if (!input.root().find("issuer").find("id").present() &&
                 input.root().find("issuer").is_object()) {
        input.edit().find("issuer").set_string("id", "https://issuer.example");
      }
    }
    const Status out = check_data_model(input.root());
    if (by_json_ld.contains(name)) {
      ++passed_over;
      continue;
    }
    if (name.ends_with("-ok.json")) {
      EXPECT_TRUE(out.ok()) << name << (out.ok() ? "" : out.error().text());
      ++good;
    } else if (name.find("-fail") != std::string::npos) {
      EXPECT_FALSE(out.ok()) << name;
      ++bad;
    }
  }
  std::cout << "vcdm2-inputs: " << good << " accepted, " << bad << " refused, " << passed_over
            << " left to JSON-LD\n";
  EXPECT_GT(good, 25);
  EXPECT_GT(bad, 25);
}

TEST(JoseCredential, IsVerifiedByItsDidKeyOrAKeySet) {
  const auto key = crypto::SigningKey::generate(crypto::Algorithm::p256);
  const std::string did = did_key_of(public_half(*key));
  const auto made = [&](const std::string& type, const std::string& subject) {
    return sign_jws(
        R"({"alg":"ES256","typ":")" + type + R"(","kid":")" + did + "#" + did.substr(8) + R"("})",
        R"({"@context":["https://www.w3.org/ns/credentials/v2"],)"
        R"("type":["VerifiableCredential"],"issuer":")" +
            did + R"(","credentialSubject":)" + subject + "}",
        *key);
  };
  const std::string good = made("vc+jwt", R"({"id":"did:example:a"})");
  EXPECT_TRUE(check_jose_credential(good, {}).ok());
  EXPECT_TRUE(check_jose_credential(good, {{"", public_half(*key)}}).ok());
  const auto other = crypto::SigningKey::generate(crypto::Algorithm::p256);
  EXPECT_EQ(check_jose_credential(good, {{"", public_half(*other)}}).error().code,
            ErrorCode::credential_signature_invalid);
  std::string altered = good;
  altered[altered.size() - 10] = altered[altered.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(check_jose_credential(altered, {}).error().code,
            ErrorCode::credential_signature_invalid);
  EXPECT_FALSE(check_jose_credential(made("JWT", R"({"id":"did:example:a"})"), {}).ok());
  EXPECT_FALSE(check_jose_credential(made("vc+jwt", "{}"), {}).ok());  // the model wants a subject
}

class HealthCards : public ::testing::Test {
 protected:
  void SetUp() override {
    XL_NEEDS_DATA();
    auto keys = read_jwks(
        json_file(std::string(data) + "smart-health-cards/framework__jwks.json").root(), false);
    ASSERT_TRUE(keys.ok());
    keys_ = std::move(*keys);
  }
  /// All of it, as `credential verify` does it.
  Status verified(const std::string& text) const {
    XL_TRY_ASSIGN(const std::vector<std::string> cards, health_cards_in(text));
    for (const std::string& one : cards) {
      XL_TRY_ASSIGN(const HealthCard card, read_health_card(one));
      XL_TRY(check_health_card(card, keys_, now_s));
    }
    return {};
  }
  /// Why it is refused: the code, and what is named.
  std::string reason(const std::string& text) const {
    const Status out = verified(text);
    if (out.ok()) return "none";
    const std::size_t colon = out.error().message.rfind(": ");
    return std::string(describe(out.error().code).name) +
           (colon == std::string::npos ? "" : " " + out.error().message.substr(colon + 2));
  }
  static std::string negative(const std::string& name) {
    return file_text(std::string(data) + "smart-health-cards-negative/" + name);
  }

  std::vector<NamedKey> keys_;
};

TEST_F(HealthCards, ThePublishedOnesVerifyInEveryForm) {
  const std::string folder = std::string(data) + "smart-health-cards/";
  for (const char* scenario : {"Scenario1Bundle", "Scenario2Bundle"}) {
    for (const char* form :
         {"-jws.txt", "-file.smart-health-card", "-qr-code-numeric-value-0.txt"}) {
      EXPECT_EQ(reason(file_text(folder + scenario + form)), "none") << scenario << form;
    }
    std::string altered = file_text(folder + scenario + "-jws.txt");
    while (altered.ends_with('\n')) altered.pop_back();
    altered[altered.size() - 3] = altered[altered.size() - 3] == 'A' ? 'B' : 'A';
    EXPECT_EQ(reason(altered), "credential_signature_invalid");
  }
}

TEST_F(HealthCards, EachBrokenOneIsRefusedForItsReason) {
  const std::map<std::string, std::string> reasons{
      {"test-example-00-d-jws-no_deflate.txt", "credential_malformed header.zip"},
      {"test-example-00-d-jws-no_jws_header_zip.txt", "credential_malformed header.zip"},
      {"test-example-00-d-jws-no_jws_header_kid.txt", "credential_malformed header.kid"},
      {"test-example-00-d-jws-wrong_jws_header_kid.txt", "credential_issuer_unknown"},
      {"test-example-00-d-jws-trailing_chars.txt", "credential_malformed jws.form"},
      {"test-example-00-d-jws-der-signature-r-neg.txt", "credential_signature_invalid"},
      {"test-example-00-d-jws-jws_too_long.txt", "credential_malformed payload.nbf"},
      {"test-example-00-e-file-jws_too_long.smart-health-card", "credential_malformed payload.nbf"},
      {"test-example-00-e-file-no_deflate.smart-health-card", "credential_malformed header.zip"},
      {"test-example-00-e-file-invalid_issuer_url_http.smart-health-card",
       "credential_malformed payload.iss"},
      {"test-example-00-e-file-issuer_url_with_trailing_slash.smart-health-card",
       "credential_malformed payload.iss"},
      {"test-example-00-f-qr-code-numeric-value-0-index-out-of-range.txt",
       "credential_malformed qr.chunk"},
      {"test-example-00-f-qr-code-numeric-value-0-odd-count.txt", "credential_malformed qr.digits"},
      {"test-example-00-f-qr-code-numeric-value-0-wrong-multi-chunk.txt",
       "credential_malformed qr.chunk"},
      {"test-example-02-f-qr-code-numeric-value-0-qr_chunk_too_big.txt",
       "credential_malformed qr.length"},
      {"test-example-02-f-qr-code-numeric-value-1-qr_chunk_too_big.txt",
       "credential_malformed qr.length"}};
  for (const auto& [name, wanted] : reasons) EXPECT_EQ(reason(negative(name)), wanted) << name;
  std::cout << "smart-health-cards-negative: " << reasons.size() << " cards refused\n";
}

TEST_F(HealthCards, PayloadsAreRefusedForTheirReason) {
  const auto payload_reason = [&](const std::string& name) -> std::string {
    const auto parsed = json::parse(negative(name), {});
    if (!parsed.ok()) return "no json";
    const Status out = check_health_card_payload(parsed->root(), now_s);
    return out.ok() ? "none" : out.error().message.substr(out.error().message.rfind(": ") + 2);
  };
  EXPECT_EQ(payload_reason("test-example-00-b-jws-payload-expanded-expired.json"), "payload.exp");
  EXPECT_EQ(payload_reason("test-example-00-b-jws-payload-expanded-nbf_not_yet_valid.json"),
            "payload.nbf");
  EXPECT_EQ(payload_reason("test-example-00-b-jws-payload-expanded-missing-shc-vc-type.json"),
            "vc.type");
  EXPECT_EQ(payload_reason("test-example-00-b-jws-payload-expanded-optional-vc-type.json"), "none");
}

TEST_F(HealthCards, KeysThatMaySignNoCardAreRefused) {
  const auto key_reason = [&](const std::string& name) -> std::string {
    const auto out = read_health_card_keys(json::parse(negative(name), {})->root());
    if (out.ok()) return "none";
    return out.error().message.substr(out.error().message.rfind(": ") + 2);
  };
  EXPECT_EQ(key_reason("valid_key.json"), "none");
  EXPECT_EQ(key_reason("wrong_alg_key.json"), "jwk.alg");
  EXPECT_EQ(key_reason("wrong_kty_key.json"), "jwk.kty");
  EXPECT_EQ(key_reason("wrong_use_key.json"), "jwk.use");
}

TEST_F(HealthCards, RevocationListsAreReadAndBrokenOnesRefused) {
  const json::Document revoked =
      json_file(std::string(data) + "smart-health-cards/framework__revoked-bundle.json");
  EXPECT_TRUE(revoked.root().is_object());
  const auto card =
      read_health_card(negative("badcrl__invalid-method__jws-crl-invalid-method.txt"));
  ASSERT_TRUE(card.ok()) << card.error().text();
  const std::string place = "badcrl__duplicate-rid__.well-known__crl__";
  const std::string key = "hrvC0uzB16UXK83BnPo7Glg685b1D6iYOyJd5hpRaAA.json";
  const json::Document twice = *json::parse(negative(place + key), {});
  const auto said = [&](const json::Document& list, std::uint64_t counter = 1) {
    const Status out = check_health_card_revocation(*card, list.root(), counter);
    if (out.ok()) return std::string("none");
    const std::size_t colon = out.error().message.rfind(": ");
    return colon == std::string::npos ? std::string(describe(out.error().code).name)
                                      : out.error().message.substr(colon + 2);
  };
  EXPECT_EQ(said(twice), "crl.rids");
  EXPECT_EQ(said(twice, 2), "crl.ctr");
  EXPECT_EQ(said(*json::parse(negative("badcrl__invalid-method__.well-known__crl__" + key), {})),
            "crl.method");
  const auto list = [&](const std::string& rids) {
    return *json::parse(R"({"kid":"hrvC0uzB16UXK83BnPo7Glg685b1D6iYOyJd5hpRaAA","method":"rid",)"
                        R"("ctr":1,"rids":)" +
                            rids + "}",
                        {});
  };
  const std::string own(card->payload.root().find("vc").find("rid").as_string().value_or(""));
  ASSERT_FALSE(own.empty());
  EXPECT_EQ(said(list("[]")), "none");
  EXPECT_EQ(said(list("[\"" + own + "\"]")), "credential_revoked");
  EXPECT_EQ(said(list("[\"" + own + ".1\"]")), "none");  // it was issued later
  EXPECT_EQ(said(list(R"(["a b"])")), "crl.rids");
}

}  // namespace
}  // namespace xl::credentials
