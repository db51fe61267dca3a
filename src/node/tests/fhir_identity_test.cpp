// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: who is who. A Patient is matched as a table says, two Patients are merged and separated
// again with their histories and proofs as they were, groups and bytes are kept. Method: a real
// node, asked over HTTP.
#include <gtest/gtest.h>

#include "node/tests/live_node.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::LiveNode;
using testing::observation_json;
using testing::parsed;

class FhirIdentity : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    live_ = std::make_unique<LiveNode>("fhir-identity");
    live_->start();
    ASSERT_NE(live_->node, nullptr);
    hospital_ = std::make_unique<FhirClient>(live_->hospital(0), live_->organisations[0]);
    const auto keep = [](const std::string& id, const std::string& rest) {
      const auto answer = hospital_->put(
          "Patient/" + id, R"({"resourceType":"Patient","id":")" + id + R"(",)" + rest + "}");
      ASSERT_EQ(answer.status, 201U) << answer.body;
    };
    keep("anna", R"("identifier":[{"system":"urn:mrn","value":"1"}],"gender":"female",
      "name":[{"family":"Schmidt","given":["Anna"]}],"birthDate":"1980-05-04",
      "telecom":[{"system":"phone","value":"123"}])");
    keep("anne", R"("name":[{"family":"Schmitt","given":["Anne"]}],"birthDate":"1980-05-04",
      "gender":"female")");
    keep("otto", R"("name":[{"family":"Schmidt","given":["Otto"]}],"birthDate":"1950",
      "gender":"male")");
    ASSERT_EQ(hospital_->put("Observation/of-anna", observation_json("of-anna", "anna")).status,
              201U);
    ASSERT_EQ(hospital_->put("Observation/of-anne", observation_json("of-anne", "anne")).status,
              201U);
  }
  static void TearDownTestSuite() {
    hospital_.reset();
    live_.reset();
  }

  /// `id grade` of each match, best first.
  static std::vector<std::string> matches(const std::string& patient, const std::string& more) {
    const auto answer = hospital_->post(
        "Patient/$match",
        R"({"resourceType":"Parameters","parameter":[{"name":"resource","resource":{)"
        R"("resourceType":"Patient",)" +
            patient + "}}" + more + "]}");
    EXPECT_EQ(answer.status, 200U) << answer.body;
    const json::Document document = parsed(answer);
    std::vector<std::string> out;
    for (const json::Value entry : document.root().find("entry").items()) {
      const json::Value search = entry.find("search");
      out.push_back(
          std::string(entry.find("resource").find("id").as_string().value_or("")) + " " +
          std::string(search.find("extension").at(0).find("valueCode").as_string().value_or("")));
      EXPECT_TRUE(search.find("score").number_text());
    }
    return out;
  }
  static client::HttpResponse merge(const std::string& what, const std::string& source,
                                    const std::string& target) {
    return hospital_->post("Patient/$" + what,
                           R"({"resourceType":"Parameters","parameter":[
      {"name":"source-patient","valueReference":{"reference":"Patient/)" +
                               source + R"("}},
      {"name":"target-patient","valueReference":{"reference":"Patient/)" +
                               target + R"("}}]})");
  }
  static std::int64_t count(const std::string& query) {
    const json::Document document = parsed(hospital_->get(query));
    return document.root().find("total").as_int64().value_or(-1);
  }

  static std::unique_ptr<LiveNode> live_;
  static std::unique_ptr<FhirClient> hospital_;
};

std::unique_ptr<LiveNode> FhirIdentity::live_;
std::unique_ptr<FhirClient> FhirIdentity::hospital_;

using Matches = std::vector<std::string>;

TEST_F(FhirIdentity, MatchesAreGraded) {
  const std::string known = R"("name":[{"family":"Schmidt","given":["Anna"]}],
    "birthDate":"1980-05-04","gender":"female")";
  EXPECT_EQ(matches(R"("identifier":[{"system":"urn:mrn","value":"1"}])", ""),
            Matches{"anna certain"});
  EXPECT_EQ(matches(known, ""), (Matches{"anna probable", "anne possible"}));
  EXPECT_EQ(matches(known, R"(,{"name":"onlyCertainMatches","valueBoolean":true})"), Matches{});
  EXPECT_EQ(matches(known, R"(,{"name":"count","valueInteger":1})"), Matches{"anna probable"});
  // The number of one person with the birth date of another is looked at by people.
  EXPECT_EQ(
      matches(R"("identifier":[{"system":"urn:mrn","value":"1"}],"birthDate":"1999-01-01")", ""),
      Matches{"anna possible"});
  EXPECT_EQ(matches(R"("name":[{"family":"Nobody"}])", ""), Matches{});
  EXPECT_EQ(hospital_->post("Patient/$match", R"({"resourceType":"Parameters"})").status, 400U);
}

TEST_F(FhirIdentity, AMergeAnswersForBothAndIsUndone) {
  const auto receipt = hospital_->get("Observation/of-anne").headers.at("etag");
  ASSERT_EQ(count("Observation?patient=anna"), 1);
  const auto merged = merge("merge", "anne", "anna");
  ASSERT_EQ(merged.status, 200U) << merged.body;
  EXPECT_EQ(count("Observation?patient=anna"), 2);
  EXPECT_EQ(count("Observation?subject=Patient/anna"), 2);
  EXPECT_EQ(count("Patient/anna/Observation"), 2);
  EXPECT_NE(hospital_->get("Patient/anna/$everything").body.find("of-anne"), std::string::npos);
  const json::Document source = parsed(hospital_->get("Patient/anne"));
  EXPECT_EQ(source.root().find("active").as_bool(), false);
  EXPECT_EQ(source.root().find("link").at(0).find("type").as_string(), "replaced-by");
  // Nothing moved: the record is the version that it was, of whom it was.
  EXPECT_EQ(hospital_->get("Observation/of-anne").headers.at("etag"), receipt);
  EXPECT_EQ(count("Observation?patient=anne"), 1);

  EXPECT_EQ(merge("merge", "anne", "anna").status, 409U);
  EXPECT_EQ(merge("merge", "otto", "anne").status, 409U);  // who is no more cannot stay
  EXPECT_EQ(merge("merge", "anna", "anna").status, 409U);
  EXPECT_EQ(merge("merge", "nobody", "anna").status, 404U);
  // A chain of merges answers for all.
  ASSERT_EQ(merge("merge", "anna", "otto").status, 200U);
  EXPECT_EQ(count("Observation?patient=otto"), 2);
  EXPECT_EQ(merge("unmerge", "anne", "anna").status, 409U);  // in the reverse order
  ASSERT_EQ(merge("unmerge", "anna", "otto").status, 200U);

  const auto back = merge("unmerge", "anne", "anna");
  ASSERT_EQ(back.status, 200U) << back.body;
  EXPECT_EQ(count("Observation?patient=anna"), 1);
  const json::Document again = parsed(hospital_->get("Patient/anne"));
  EXPECT_EQ(again.root().find("active").as_bool(), true);
  EXPECT_FALSE(again.root().find("link").present());
  EXPECT_EQ(count("Patient/anne/_history"), 3);
}

TEST_F(FhirIdentity, GroupsListSeveralPeople) {
  const auto kept = hospital_->put("Group/g", R"({"resourceType":"Group","id":"g","type":"person",
    "actual":true,"member":[{"entity":{"reference":"Patient/anna"}},
    {"entity":{"reference":"Patient/otto"}}]})");
  ASSERT_EQ(kept.status, 201U) << kept.body;
  EXPECT_EQ(count("Group?member=Patient/otto"), 1);
  EXPECT_EQ(count("Patient?_has:Group:member:_id=g"), 2);
  // One patient's record cannot list another.
  EXPECT_EQ(hospital_
                ->put("Observation/two", R"({"resourceType":"Observation","id":"two",
    "status":"final","code":{"text":"x"},"subject":{"reference":"Patient/anna"},
    "focus":[{"reference":"Patient/otto"}]})")
                .status,
            422U);
}

TEST_F(FhirIdentity, BytesComeBackAsTheyWere) {
  const std::string bytes("%PDF-1.7 \x00\xff binary", 18);
  const auto kept = hospital_->ask("POST", "Binary", bytes,
                                   {{"X-Security-Context", "Patient/anna"}}, "application/pdf");
  ASSERT_EQ(kept.status, 201U) << kept.body;
  const std::string id(parsed(kept).root().find("id").as_string().value_or(""));
  const auto raw = hospital_->get("Binary/" + id, {{"Accept", "application/pdf"}});
  ASSERT_EQ(raw.status, 200U);
  EXPECT_EQ(raw.body, bytes);
  EXPECT_EQ(raw.headers.at("content-type"), "application/pdf");
  EXPECT_EQ(raw.headers.at("x-content-type-options"), "nosniff");
  const json::Document as_json = parsed(hospital_->get("Binary/" + id));
  EXPECT_EQ(as_json.root().find("contentType").as_string(), "application/pdf");
  const auto changed = hospital_->ask("PUT", "Binary/" + id, "text",
                                      {{"X-Security-Context", "Patient/anna"}}, "text/plain");
  EXPECT_EQ(changed.status, 200U) << changed.body;
}

TEST_F(FhirIdentity, ASecurityContextIsAReferenceToWhatIsHere) {
  // Also one that the server would have passed over: what it names decides who may see the bytes.
  for (const char* wrong :
       {"somebody", "Patient/nobody", "Nothing/anna", "Patient/anna/_history/1", "Patient/an na",
        "#anna", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "Patient/anna, Patient/otto",
        "https://elsewhere.example/fhir/Patient/anna", "Patient/"}) {
    const auto raw = hospital_->ask("POST", "Binary", "bytes", {{"X-Security-Context", wrong}},
                                    "application/pdf");
    EXPECT_EQ(raw.status, 422U) << wrong;
    const char* code = wrong[0] == '#' ? "XL4158" : "XL4186";
    EXPECT_NE(raw.body.find(code), std::string::npos) << wrong << raw.body;
    const auto as_json = hospital_->ask(
        "POST", "Binary",
        R"({"resourceType":"Binary","contentType":"text/plain","data":"AAAA","securityContext":)"
        R"({"reference":")" +
            std::string(wrong) + "\"}}");
    EXPECT_EQ(as_json.status, 422U) << wrong;
  }
  // What would end a header in an answer never gets that far.
  const auto split = hospital_->ask(
      "POST", "Binary",
      R"({"resourceType":"Binary","contentType":"text/plain\nX-Evil: 1","data":"AAAA"})");
  EXPECT_EQ(split.status, 422U) << split.body;
}

}  // namespace
}  // namespace xl::node
