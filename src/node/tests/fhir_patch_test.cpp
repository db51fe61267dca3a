// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: PATCH changes what it names and nothing else, is refused with a reason, and meets other
// writers without losing anybody's change. Method: a real node, asked over HTTP.
#include <gtest/gtest.h>

#include <thread>

#include "node/tests/live_node.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::LiveNode;
using testing::observation_json;
using testing::parsed;
using testing::patient_json;

class FhirPatch : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    live_ = std::make_unique<LiveNode>("fhir-patch");
    live_->start();
    ASSERT_NE(live_->node, nullptr);
    hospital_ = std::make_unique<FhirClient>(live_->hospital(0), live_->organisations[0]);
    ASSERT_EQ(hospital_->put("Patient/p1", patient_json("p1", "Planted Name")).status, 201U);
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

  static std::unique_ptr<LiveNode> live_;
  static std::unique_ptr<FhirClient> hospital_;
};

std::unique_ptr<LiveNode> FhirPatch::live_;
std::unique_ptr<FhirClient> FhirPatch::hospital_;

TEST_F(FhirPatch, MakesANewVersion) {
  ASSERT_EQ(hospital_->put("Observation/w", observation_json("w", "p1")).status, 201U);
  const auto by_json = [&](std::string_view body, demo::Headers headers = {}) {
    return hospital_->ask("PATCH", "Observation/w", body, std::move(headers),
                          "application/json-patch+json");
  };
  const auto amended = by_json(R"([{"op":"test","path":"/status","value":"final"},
    {"op":"replace","path":"/status","value":"amended"}])");
  ASSERT_EQ(amended.status, 200U) << amended.body;
  EXPECT_EQ(amended.headers.at("etag"), "W/\"2\"");
  EXPECT_NE(amended.headers.at("link").find("/ledger/v1/receipts/"), std::string::npos);
  EXPECT_EQ(parsed(amended).root().find("status").as_string(), "amended");
  EXPECT_EQ(parsed(hospital_->get("Observation/w/_history/1")).root().find("status").as_string(),
            "final");
  const auto by_path =
      hospital_->ask("PATCH", "Observation/w",
                     R"({"resourceType":"Parameters","parameter":[{"name":"operation",
    "part":[{"name":"type","valueCode":"add"},{"name":"path","valueString":"Observation"},
    {"name":"name","valueString":"note"},
    {"name":"value","part":[{"name":"text","valueMarkdown":"seen"}]}]}]})");
  ASSERT_EQ(by_path.status, 200U) << by_path.body;
  EXPECT_EQ(parsed(by_path).root().find("note").at(0).find("text").as_string(), "seen");

  const auto expect = [&](const client::HttpResponse& answer, unsigned status, const char* code) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(code_of(answer), code);
  };
  const std::string_view fine = R"([{"op":"replace","path":"/status","value":"corrected"}])";
  expect(by_json(fine, {{"If-Match", "W/\"2\""}}), 412, "XL4172");
  expect(by_json(R"([{"op":"test","path":"/status","value":"final"}])"), 422, "XL4165");
  expect(by_json(R"([{"op":"remove","path":"/status"}])"), 422, "XL4153");
  expect(by_json(R"([{"op":"replace","path":"/id","value":"v"}])"), 400, "XL4177");
  expect(by_json(R"({"op":"remove"})"), 400, "XL4164");
  expect(hospital_->ask("PATCH", "Observation/w", "[]"), 400, "XL4164");
  expect(hospital_->ask("PATCH", "Observation/w", "<diff/>", {}, "application/xml-patch+xml"), 415,
         "XL4008");
  EXPECT_EQ(parsed(hospital_->get("Observation/w")).root().find("status").as_string(), "amended");
  EXPECT_EQ(by_json(fine, {{"If-Match", "W/\"3\""}}).status, 200U);
}

TEST_F(FhirPatch, IsForWhoeverMayReadWhatItChanges) {
  ASSERT_EQ(hospital_->put("Observation/d", observation_json("d", "p1")).status, 201U);
  FhirClient doctor(live_->doctor(hospital_->who(), "nobody's doctor"), live_->organisations[0]);
  const auto refused = doctor.ask("PATCH", "Observation/d",
                                  R"([{"op":"replace","path":"/status","value":"amended"}])", {},
                                  "application/json-patch+json");
  EXPECT_EQ(refused.status, 403U) << refused.body;
  EXPECT_EQ(refused.body.find("final"), std::string::npos);
  EXPECT_EQ(
      parsed(hospital_->get("Observation/d")).root().find("meta").find("versionId").as_string(),
      "1");
}

TEST_F(FhirPatch, MeetsOtherWritersAndLosesNothing) {
  ASSERT_EQ(hospital_->put("Observation/n", observation_json("n", "p1")).status, 201U);
  constexpr int writers = 12;
  std::vector<std::thread> threads;
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([writer] {
      FhirClient own(live_->hospital(0), live_->organisations[0]);
      const std::string text = "writer " + std::to_string(writer);
      const auto answer =
          own.ask("PATCH", "Observation/n",
                  R"({"resourceType":"Parameters","parameter":[{"name":"operation","part":[
            {"name":"type","valueCode":"add"},{"name":"path","valueString":"Observation"},
            {"name":"name","valueString":"note"},
            {"name":"value","valueAnnotation":{"text":")" +
                      text + R"("}}]}]})");
      EXPECT_EQ(answer.status, 200U) << answer.body;
    });
  }
  for (std::thread& thread : threads) thread.join();
  const json::Document kept = parsed(hospital_->get("Observation/n"));
  EXPECT_EQ(kept.root().find("note").size(), static_cast<std::size_t>(writers));
  EXPECT_EQ(kept.root().find("meta").find("versionId").as_string(), std::to_string(writers + 1));
}

/// The same in transactions, beside plain updates of others.
TEST_F(FhirPatch, InTransactionsMeetsOtherWritersToo) {
  ASSERT_EQ(hospital_->put("Observation/t", observation_json("t", "p1")).status, 201U);
  // [{"op":"replace","path":"/status","value":"amended"}]
  const std::string bundle = R"({"resourceType":"Bundle","type":"transaction",
    "entry":[{"resource":{"resourceType":"Binary","contentType":"application/json-patch+json",
    "data":"W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii9zdGF0dXMiLCJ2YWx1ZSI6ImFtZW5kZWQifV0="},
    "request":{"method":"PATCH","url":"Observation/t"}}]})";
  std::vector<std::thread> threads;
  for (int writer = 0; writer < 8; ++writer) {
    threads.emplace_back([&, writer] {
      FhirClient own(live_->hospital(0), live_->organisations[0]);
      const auto answer = writer % 2 == 0 ? own.post("", bundle)
                                          : own.put("Observation/t", observation_json("t", "p1"));
      EXPECT_EQ(answer.status, 200U) << answer.body;
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(FhirPatch, SaysOnceWhatIsWrongAndWhere) {
  ASSERT_EQ(hospital_->put("Observation/e", observation_json("e", "p1")).status, 201U);
  const auto element = [](const client::HttpResponse& answer) {
    const json::Document document = parsed(answer);
    const json::Value issue = document.root().find("issue").at(0);
    const std::string text(issue.find("diagnostics").as_string().value_or(""));
    const std::string head = text.substr(0, text.find(':'));
    EXPECT_EQ(text.find(head, 1), std::string::npos) << text;
    return std::string(issue.find("expression").at(0).as_string().value_or(""));
  };
  const auto by_json = [&](std::string_view body) {
    return hospital_->ask("PATCH", "Observation/e", body, {}, "application/json-patch+json");
  };
  EXPECT_EQ(element(by_json(R"([{"op":"replace","path":"/id","value":"v"}])")), "Observation.id");
  EXPECT_EQ(element(by_json(R"([{"op":"remove","path":"/status"}])")), "Observation.status");
  EXPECT_EQ(element(by_json(R"([{"op":"test","path":"/status","value":"x"}])")),
            "Observation.status");
  EXPECT_EQ(element(by_json(R"([{"op":"remove","path":"/nothing"}])")), "Observation.nothing");
  EXPECT_EQ(element(hospital_->ask("PATCH", "Observation/e",
                                   R"({"resourceType":"Parameters","parameter":[{"name":"operation",
    "part":[{"name":"type","valueCode":"replace"},
    {"name":"path","valueString":"Observation.nothing"},{"name":"value","valueString":"x"}]}]})")),
            "Observation.nothing");
  const auto elsewhere = hospital_->put("Observation/e", observation_json("f", "p1"));
  EXPECT_EQ(element(elsewhere), "Observation.id");
  EXPECT_EQ(element(hospital_->put("Observation/e", patient_json("e", "x"))),
            "Patient.resourceType");
  ASSERT_EQ(hospital_->put("Patient/p2", patient_json("p2", "Other")).status, 201U);
  const auto moved = hospital_->put("Observation/e", observation_json("e", "p2"));
  EXPECT_EQ(code_of(moved), "XL4176");
  EXPECT_EQ(element(moved), "Observation.subject");
  EXPECT_EQ(element(hospital_->put("Observation/n0", observation_json("n0", "nobody"))),
            "Observation.subject");
  // In Bundles below the entry.
  for (const char* type : {"batch", "transaction"}) {
    // [{"op":"test","path":"/status","value":"x"}]
    const auto answer =
        hospital_->post("", R"({"resourceType":"Bundle","type":")" + std::string(type) + R"(",
    "entry":[{"resource":{"resourceType":"Binary","contentType":"application/json-patch+json",
    "data":"W3sib3AiOiJ0ZXN0IiwicGF0aCI6Ii9zdGF0dXMiLCJ2YWx1ZSI6IngifV0="},
    "request":{"method":"PATCH","url":"Observation/e"}}]})");
    const std::string sentence = "does not fit the resource";
    const std::size_t at = answer.body.find(sentence);
    ASSERT_NE(at, std::string::npos) << answer.body;
    EXPECT_NE(answer.body.find("Bundle.entry[0].resource"), std::string::npos) << answer.body;
    EXPECT_NE(answer.body.find("test"), std::string::npos) << answer.body;
  }
}

}  // namespace
}  // namespace xl::node
