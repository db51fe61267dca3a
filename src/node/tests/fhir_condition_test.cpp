// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: writes and reads under a condition do what FHIR R4 says (§3.1.0.4.3, 3.1.0.7.1, 3.1.0.8.1,
// 3.1.0.11), also inside transactions and beside others with the same condition. Method: a real
// node, asked over HTTP; what is there before and after is read back.
#include <gtest/gtest.h>

#include <thread>

#include "node/tests/live_node.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::LiveNode;
using testing::parsed;

std::string person(const std::string& mrn, const std::string& name, const std::string& id = {}) {
  return R"({"resourceType":"Patient",)" + (id.empty() ? "" : R"("id":")" + id + R"(",)") +
         R"("identifier":[{"system":"urn:mrn","value":")" + mrn + R"("}],"name":[{"text":")" +
         name + R"("}]})";
}

class FhirCondition : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    live_ = std::make_unique<LiveNode>("fhir-condition");
    live_->start();
    ASSERT_NE(live_->node, nullptr);
    hospital_ = std::make_unique<FhirClient>(live_->hospital(0), live_->organisations[0]);
  }
  static void TearDownTestSuite() {
    hospital_.reset();
    live_.reset();
  }
  static std::string code_of(const client::HttpResponse& answer) {
    const json::Document document = parsed(answer);
    const json::Value details = document.root().find("issue").at(0).find("details");
    return std::string(details.find("coding").at(0).find("code").as_string().value_or(""));
  }
  static std::int64_t count(const std::string& query) {
    const json::Document document = parsed(hospital_->get(query));
    return document.root().find("total").as_int64().value_or(-1);
  }
  static std::string id_of(const client::HttpResponse& answer) {
    return std::string(parsed(answer).root().find("id").as_string().value_or(""));
  }
  static client::HttpResponse create(const std::string& body, const std::string& unless) {
    return hospital_->ask("POST", "Patient", body, {{"If-None-Exist", unless}});
  }

  static std::unique_ptr<LiveNode> live_;
  static std::unique_ptr<FhirClient> hospital_;
};

std::unique_ptr<LiveNode> FhirCondition::live_;
std::unique_ptr<FhirClient> FhirCondition::hospital_;

TEST_F(FhirCondition, CreateOnlyWhatIsNotThere) {
  const auto first = create(person("C1", "One"), "identifier=urn:mrn|C1");
  ASSERT_EQ(first.status, 201U) << first.body;
  const auto again = create(person("C1", "Other"), "identifier=urn:mrn|C1");
  EXPECT_EQ(again.status, 200U) << again.body;
  EXPECT_EQ(id_of(again), id_of(first));
  EXPECT_NE(again.headers.at("location").find("/Patient/" + id_of(first)), std::string::npos);
  EXPECT_EQ(count("Patient?identifier=urn:mrn|C1"), 1);
  ASSERT_EQ(hospital_->post("Patient", person("C1", "Twin")).status, 201U);
  const auto several = create(person("C1", "Third"), "identifier=urn:mrn|C1");
  EXPECT_EQ(several.status, 412U);
  EXPECT_EQ(code_of(several), "XL4183");
  EXPECT_EQ(create(person("C2", "x"), "nonsense=1").status, 400U);
  EXPECT_EQ(code_of(create(person("C2", "x"), "_count=1")), "XL4184");
}

TEST_F(FhirCondition, OneOfManyAtOnceCreates) {
  std::vector<std::thread> threads;
  std::atomic<int> created = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      FhirClient own(live_->hospital(0), live_->organisations[0]);
      const auto answer =
          own.ask("POST", "Patient", person("RACE", "R"), {{"If-None-Exist", "identifier=RACE"}});
      if (answer.status == 201) ++created;
    });
  }
  for (std::thread& one : threads) one.join();
  EXPECT_EQ(created, 1);
  EXPECT_EQ(count("Patient?identifier=RACE"), 1);
}

TEST_F(FhirCondition, UpdatePatchAndDeleteWhatIsMeant) {
  const auto made = hospital_->put("Patient?identifier=urn:mrn|U1", person("U1", "Made"));
  ASSERT_EQ(made.status, 201U) << made.body;
  const auto changed = hospital_->put("Patient?identifier=urn:mrn|U1", person("U1", "Changed"));
  ASSERT_EQ(changed.status, 200U) << changed.body;
  EXPECT_EQ(id_of(changed), id_of(made));
  EXPECT_EQ(changed.headers.at("etag"), "W/\"2\"");
  EXPECT_EQ(hospital_->put("Patient?identifier=urn:mrn|U1", person("U1", "x", "other")).status,
            400U);
  const auto named = hospital_->put("Patient?identifier=urn:mrn|U2", person("U2", "n", "u-two"));
  EXPECT_EQ(named.status, 201U) << named.body;
  EXPECT_EQ(id_of(named), "u-two");
  const auto patched = hospital_->ask("PATCH", "Patient?identifier=urn:mrn|U1&_summary=true",
                                      R"([{"op":"add","path":"/gender","value":"female"}])", {},
                                      "application/json-patch+json");
  EXPECT_EQ(patched.status, 400U);  // a condition has nothing to do with how much is shown
  const auto well = hospital_->ask("PATCH", "Patient?identifier=urn:mrn|U1",
                                   R"([{"op":"add","path":"/gender","value":"female"}])", {},
                                   "application/json-patch+json");
  ASSERT_EQ(well.status, 200U) << well.body;
  EXPECT_EQ(parsed(well).root().find("name").at(0).find("text").as_string(), "Changed");
  EXPECT_EQ(
      hospital_->ask("PATCH", "Patient?identifier=none", "[]", {}, "application/json-patch+json")
          .status,
      404U);
  EXPECT_EQ(hospital_->ask("DELETE", "Patient?identifier=urn:mrn|U2").status, 204U);
  EXPECT_EQ(hospital_->get("Patient/u-two").status, 410U);
  EXPECT_EQ(hospital_->ask("DELETE", "Patient?identifier=urn:mrn|U2").status, 204U);
  EXPECT_EQ(hospital_->ask("DELETE", "Patient").status, 400U);
}

TEST_F(FhirCondition, InsideATransaction) {
  const std::string bundle =
      R"({"resourceType":"Bundle","type":"transaction","entry":[
    {"fullUrl":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a","resource":)" +
      person("T1", "T") +
      R"(,"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:mrn|T1"}},
    {"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},
     "subject":{"reference":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"}},
     "request":{"method":"POST","url":"Observation"}}]})";
  const auto first = hospital_->post("", bundle);
  ASSERT_EQ(first.status, 200U) << first.body;
  const auto second = hospital_->post("", bundle);
  ASSERT_EQ(second.status, 200U) << second.body;
  EXPECT_EQ(count("Patient?identifier=urn:mrn|T1"), 1);
  EXPECT_EQ(count("Observation?subject:Patient.identifier=urn:mrn|T1"), 2);
  const json::Document answer = parsed(second);
  EXPECT_EQ(answer.root().find("entry").at(0).find("response").find("status").as_string(), "200");

  const auto by_reference = hospital_->post("", R"({"resourceType":"Bundle","type":"transaction",
    "entry":[{"resource":{"resourceType":"Observation","id":"t-o","status":"final",
    "code":{"text":"x"},"subject":{"reference":"Patient?identifier=urn:mrn|T1"}},
    "request":{"method":"PUT","url":"Observation/t-o"}}]})");
  ASSERT_EQ(by_reference.status, 200U) << by_reference.body;
  const std::string subject(parsed(hospital_->get("Observation/t-o"))
                                .root()
                                .find("subject")
                                .find("reference")
                                .as_string()
                                .value_or(""));
  EXPECT_TRUE(subject.starts_with("Patient/")) << subject;

  // [{"op":"replace","path":"/status","value":"amended"}]
  const auto patched = hospital_->post("", R"({"resourceType":"Bundle","type":"transaction",
    "entry":[{"resource":{"resourceType":"Binary","contentType":"application/json-patch+json",
    "data":"W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii9zdGF0dXMiLCJ2YWx1ZSI6ImFtZW5kZWQifV0="},
    "request":{"method":"PATCH","url":"Observation/t-o"}}]})");
  ASSERT_EQ(patched.status, 200U) << patched.body;
  EXPECT_EQ(parsed(hospital_->get("Observation/t-o")).root().find("status").as_string(), "amended");

  const auto unresolved = hospital_->post("", R"({"resourceType":"Bundle","type":"transaction",
    "entry":[{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},
    "subject":{"reference":"Patient?identifier=nobody"}},
    "request":{"method":"POST","url":"Observation"}}]})");
  EXPECT_EQ(code_of(unresolved), "XL4158") << unresolved.body;
}

TEST_F(FhirCondition, ReadsThatKnowItAlready) {
  ASSERT_EQ(hospital_->put("Patient/r1", person("R1", "R", "r1")).status, 201U);
  const auto read = hospital_->get("Patient/r1");
  const auto known = hospital_->get("Patient/r1", {{"If-None-Match", read.headers.at("etag")}});
  EXPECT_EQ(known.status, 304U);
  EXPECT_EQ(known.body, "");
  EXPECT_EQ(hospital_->get("Patient/r1", {{"If-None-Match", "W/\"7\""}}).status, 200U);
  const auto since =
      hospital_->get("Patient/r1", {{"If-Modified-Since", read.headers.at("last-modified")}});
  EXPECT_EQ(since.status, 304U);
  const auto part = hospital_->get("Patient/r1?_elements=name");
  EXPECT_FALSE(parsed(part).root().find("identifier").present()) << part.body;
}

TEST_F(FhirCondition, TheSameConditionInAnyOrderIsOne) {
  std::vector<std::thread> threads;
  std::atomic<int> created = 0;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      FhirClient own(live_->hospital(0), live_->organisations[0]);
      const char* orders[] = {"identifier=ORDER&name=R,Q", "name=R,Q&identifier=ORDER",
                              "name=Q,R&identifier=ORDER"};
      const auto answer =
          own.ask("POST", "Patient", person("ORDER", "R"), {{"If-None-Exist", orders[i % 3]}});
      if (answer.status == 201) ++created;
    });
  }
  for (std::thread& one : threads) one.join();
  EXPECT_EQ(created, 1);
  EXPECT_EQ(count("Patient?identifier=ORDER"), 1);
}

TEST_F(FhirCondition, IfMatchStarWantsThatItIsThere) {
  const demo::Headers star{{"If-Match", "*"}};
  EXPECT_EQ(hospital_->put("Patient/star", person("ST", "S", "star"), star).status, 412U);
  EXPECT_EQ(hospital_->ask("DELETE", "Patient/star", {}, star).status, 412U);
  ASSERT_EQ(hospital_->put("Patient/star", person("ST", "S", "star")).status, 201U);
  EXPECT_EQ(hospital_->put("Patient/star", person("ST", "T", "star"), star).status, 200U);
  EXPECT_EQ(hospital_
                ->ask("PATCH", "Patient/star", R"([{"op":"add","path":"/gender","value":"male"}])",
                      star, "application/json-patch+json")
                .status,
            200U);
  EXPECT_EQ(hospital_->ask("DELETE", "Patient/star", {}, star).status, 204U);
  EXPECT_EQ(hospital_->put("Patient/star", person("ST", "S", "star"), star).status, 412U);
}

}  // namespace
}  // namespace xl::node
