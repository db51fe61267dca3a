// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the resolver answers as DID Resolution's HTTP binding says, shows people to those who
// signed in alone, and what it proves is believed without it. Method: a real node asked over HTTP
// by anybody, a doctor and a patient; proofs read with the genesis.
#include <gtest/gtest.h>

#include "client/proved.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"
#include "credentials/did.h"
#include "node/tests/care.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::parsed;

class DidResolver : public testing::Care {
 protected:
  client::HttpResponse ask(const std::string& did, const std::string& accept = {},
                           const std::string& query = {}) {
    client::HttpClient http({"127.0.0.1", std::to_string(live_->node->port())});
    std::map<std::string, std::string> headers;
    if (!accept.empty()) headers["Accept"] = accept;
    auto answer = http.send("GET", "/1.0/identifiers/" + did + query, "", "", headers);
    EXPECT_TRUE(answer.ok());
    return answer.ok() ? std::move(*answer) : client::HttpResponse{};
  }
  static std::string error_of(const client::HttpResponse& answer) {
    return std::string(
        parsed(answer).root().find("didResolutionMetadata").find("error").as_string().value_or(""));
  }
};

TEST_F(DidResolver, AnswersEachRepresentation) {
  const std::string did = model::did_text(live_->organisations[0]);
  const auto whole = ask(did);
  ASSERT_EQ(whole.status, 200U) << whole.body;
  EXPECT_EQ(whole.headers.at("content-type"), "application/did-resolution");
  const json::Document result = parsed(whole);
  EXPECT_EQ(result.root().find("didDocument").find("id").as_string(), did);
  EXPECT_EQ(result.root().find("didResolutionMetadata").find("contentType").as_string(),
            "application/did+json");
  EXPECT_EQ(result.root().find("didDocumentMetadata").find("versionId").as_string()->size(), 32U);
  const auto plain = ask(did, "application/did+json");
  EXPECT_EQ(plain.headers.at("content-type"), "application/did+json");
  EXPECT_EQ(parsed(plain).root().find("id").as_string(), did);
  EXPECT_FALSE(parsed(plain).root().find("@context").present());
  const auto ld = ask(did, "text/html, application/did+ld+json;q=0.5");
  EXPECT_EQ(ld.headers.at("content-type"), "application/did+ld+json");
  EXPECT_TRUE(parsed(ld).root().find("@context").is_array());
  const std::string key = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";
  EXPECT_EQ(parsed(ask(key, "application/did+json")).root().find("id").as_string(), key);
}

TEST_F(DidResolver, RefusesWithWordAndStatus) {
  const auto refused = [&](const std::string& did, unsigned status, const char* word,
                           const std::string& accept = {}) {
    const auto answer = ask(did, accept);
    EXPECT_EQ(answer.status, status) << did;
    EXPECT_EQ(error_of(answer), word) << did << answer.body;
    EXPECT_TRUE(parsed(answer).root().find("didDocument").is_null());
  };
  refused("nonsense", 400, "invalidDid");
  refused("did:xinglin:short", 400, "invalidDid");
  refused("did:key:z6Mk", 400, "invalidDid");
  refused("did:web:example.com", 501, "methodNotSupported");
  refused(model::did_text(client::random_id()), 404, "notFound");
  refused(model::did_text(live_->organisations[0]), 406, "representationNotSupported",
          "application/xml");
  EXPECT_EQ(ask(model::did_text(live_->organisations[0]), {}, "?versionId=1").status, 400U);
}

TEST_F(DidResolver, PeopleAreShownToThoseWhoSignedInAlone) {
  demo::Persona ann = patient();
  const std::string did = model::did_text(patient_did_);
  EXPECT_EQ(error_of(ask(did)), "notFound");
  EXPECT_EQ(ask(did, "application/did+json").status, 404U);
  auto seen = north_->who().session->ask("GET", "/1.0/identifiers/" + did);
  ASSERT_TRUE(seen.ok());
  ASSERT_EQ(seen->status, 200U) << seen->body;
  EXPECT_EQ(seen->body.find("Ann"), std::string::npos);
  EXPECT_EQ(seen->body.find("controller\":\"" + model::did_text(live_->organisations[0])),
            std::string::npos);
  EXPECT_NE(seen->body.find("capabilityDelegation"), std::string::npos);
  xinglin::identity::v1::Deactivate over;
  over.set_party(client::bytes_of(patient_did_.bytes));
  ASSERT_TRUE(
      ann.session
          ->submit(contracts::identity::contract_number, contracts::identity::deactivate_type, over)
          ->applied());
  seen = north_->who().session->ask("GET", "/1.0/identifiers/" + did);
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(seen->status, 410U);
  EXPECT_EQ(parsed(*seen).root().find("didDocumentMetadata").find("deactivated").as_bool(), true);
  EXPECT_EQ(parsed(*seen).root().find("didDocument").size(), 1U);
}

TEST_F(DidResolver, TheProofGivesTheSameDocumentAndNoOther) {
  const model::Id north = live_->organisations[0];
  const auto answer = ask(model::did_text(north), {}, "?proof=true");
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const json::Document result = parsed(answer);
  const json::Value proof = result.root().find("didDocumentMetadata").find("proof");
  const auto genesis = north_->who().session->genesis();
  ASSERT_TRUE(genesis.ok());
  const auto proved = client::read_party_proof(**genesis, north, proof);
  ASSERT_TRUE(proved.ok()) << proved.error().text();
  EXPECT_EQ(
      credentials::did_document(proved->party, live_->clock.now_ms(), credentials::DidForm::json),
      json::write(result.root().find("didDocument")));
  // Another's proof, or one that was altered, is none.
  EXPECT_FALSE(client::read_party_proof(**genesis, live_->organisations[1], proof).ok());
  json::Document altered = json::Document::copy(proof);
  altered.edit().find("keys").at(0).set_string("id", std::string(64, 'a'));
  EXPECT_FALSE(client::read_party_proof(**genesis, north, altered.root()).ok());
}

}  // namespace
}  // namespace xl::node
