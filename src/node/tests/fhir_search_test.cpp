// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: searches answer what FHIR R4 says (§3.1.1), over what the requester may know and nothing
// else. Method: a small ward on a real node, asked over HTTP; which ids come out is written down by
// hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "node/tests/live_node.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::LiveNode;
using testing::parsed;
using Ids = std::vector<std::string>;

/// A small ward: two patients, a practitioner, what was measured and written.
constexpr std::string_view ward = R"({"resourceType":"Bundle","type":"transaction","entry":[
{"request":{"method":"PUT","url":"Organization/o1"},"resource":{"resourceType":"Organization",
  "id":"o1","name":"Ward A"}},
{"request":{"method":"PUT","url":"Practitioner/d1"},"resource":{"resourceType":"Practitioner",
  "id":"d1","name":[{"family":"Dong","given":["Feng"]}]}},
{"request":{"method":"PUT","url":"Patient/p1"},"resource":{"resourceType":"Patient","id":"p1",
  "identifier":[{"system":"urn:mrn","value":"A1","type":{"coding":[{"system":"urn:t",
  "code":"MR"}]}}],"name":[{"family":"Müller","given":["Eva"]}],"gender":"female",
  "birthDate":"1980-05-04","managingOrganization":{"reference":"Organization/o1"}}},
{"request":{"method":"PUT","url":"Patient/p2"},"resource":{"resourceType":"Patient","id":"p2",
  "name":[{"family":"张","given":["三"]}],"gender":"male","birthDate":"1990"}},
{"request":{"method":"PUT","url":"Encounter/e1"},"resource":{"resourceType":"Encounter","id":"e1",
  "status":"finished","class":{"system":"urn:c","code":"AMB"},"subject":{"reference":"Patient/p1"},
  "participant":[{"individual":{"reference":"Practitioner/d1"}}]}},
{"request":{"method":"PUT","url":"Observation/w1"},"resource":{"resourceType":"Observation",
  "id":"w1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"29463-7",
  "display":"Body weight"}]},"subject":{"reference":"Patient/p1"},
  "encounter":{"reference":"Encounter/e1"},"effectiveDateTime":"2026-01-02",
  "valueQuantity":{"value":70.5,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}},
{"request":{"method":"PUT","url":"Observation/w2"},"resource":{"resourceType":"Observation",
  "id":"w2","status":"amended","code":{"coding":[{"system":"http://loinc.org",
  "code":"29463-7"}]},"subject":{"reference":"Patient/p1"},"effectiveDateTime":"2026-03-02",
  "valueQuantity":{"value":71000,"unit":"g","system":"http://unitsofmeasure.org","code":"g"}}},
{"request":{"method":"PUT","url":"Observation/b1"},"resource":{"resourceType":"Observation",
  "id":"b1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},
  "subject":{"reference":"Patient/p2"},"effectiveDateTime":"2026-02-02","component":[
  {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":120,
   "system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
  {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"valueQuantity":{"value":80,
   "system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}},
{"request":{"method":"PUT","url":"Provenance/v1"},"resource":{"resourceType":"Provenance",
  "id":"v1","target":[{"reference":"Observation/w1"}],"recorded":"2026-01-02T00:00:00Z",
  "agent":[{"who":{"reference":"Practitioner/d1"}}]}}]})";

class FhirSearch : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    live_ = std::make_unique<LiveNode>("fhir-search");
    live_->start();
    ASSERT_NE(live_->node, nullptr);
    hospital_ = std::make_unique<FhirClient>(live_->hospital(0), live_->organisations[0]);
    const auto sent = hospital_->post("", ward);
    ASSERT_EQ(sent.status, 200U) << sent.body;
  }
  static void TearDownTestSuite() {
    hospital_.reset();
    live_.reset();
  }

  /// `Type/id` of each entry in one mode, in order; or status and code of the refusal.
  static Ids found(const std::string& path, std::string_view mode = "match") {
    const auto answer = hospital_->get(path);
    const json::Document document = parsed(answer);
    const json::Value root = document.root();
    if (answer.status != 200) {
      const json::Value details = root.find("issue").at(0).find("details");
      return {std::to_string(answer.status),
              std::string(details.find("coding").at(0).find("code").as_string().value_or(""))};
    }
    Ids out;
    for (const json::Value entry : root.find("entry").items()) {
      if (entry.find("search").find("mode").as_string() != mode) continue;
      const json::Value resource = entry.find("resource");
      out.push_back(std::string(resource.find("resourceType").as_string().value_or("")) + "/" +
                    std::string(resource.find("id").as_string().value_or("")));
    }
    return out;
  }
  static Ids sorted(Ids ids) {
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  static void expect(const std::string& path, const Ids& ids) {
    EXPECT_EQ(sorted(found(path)), ids) << path;
  }

  static std::unique_ptr<LiveNode> live_;
  static std::unique_ptr<FhirClient> hospital_;
};

std::unique_ptr<LiveNode> FhirSearch::live_;
std::unique_ptr<FhirClient> FhirSearch::hospital_;

TEST_F(FhirSearch, EachKindOfParameter) {
  expect("Patient?family=mul", {"Patient/p1"});
  expect("Patient?family:exact=M%C3%BCller", {"Patient/p1"});
  expect("Patient?family:exact=muller", {});
  expect("Patient?family:contains=LLE", {"Patient/p1"});
  expect("Patient?name=%E5%BC%A0", {"Patient/p2"});
  expect("Patient?gender:not=male", {"Patient/p1"});
  expect("Patient?gender=male,female", {"Patient/p1", "Patient/p2"});
  expect("Patient?identifier=urn:mrn%7CA1", {"Patient/p1"});
  expect("Patient?identifier:of-type=urn:t%7CMR%7CA1", {"Patient/p1"});
  expect("Patient?identifier:of-type=urn:t%7CXX%7CA1", {});
  expect("Patient?identifier:missing=true", {"Patient/p2"});
  for (const std::string composite :
       {"code-value-quantity", "combo-code-value-quantity", "code-value-concept"}) {
    const std::string missing = "Observation?" + composite + ":missing=";
    const std::size_t all = found("Observation").size();
    const std::size_t with = found(missing + "false").size();
    EXPECT_EQ(found(missing + "true").size() + with, all) << composite;
    EXPECT_EQ(with > 0, composite != "code-value-concept") << composite;
  }
  expect("Patient?birthdate=lt1985", {"Patient/p1"});
  expect("Patient?birthdate=1990", {"Patient/p2"});
  expect("Patient?birthdate=ap1980-05-05", {"Patient/p1"});
  expect("Observation?code:text=weight", {"Observation/w1"});
  expect("Observation?value-quantity=70.5%7Chttp://unitsofmeasure.org%7Ckg", {"Observation/w1"});
  expect("Observation?value-quantity=gt70.9%7Chttp://unitsofmeasure.org%7Ckg", {"Observation/w2"});
  expect("Observation?value-quantity=71000", {"Observation/w2"});
  expect("Observation?value-quantity=71%7C%7Ckg", {});
  expect("Observation?value-quantity=70.4%7Chttp://unitsofmeasure.org%7Ckg", {});
  expect("Observation?combo-value-quantity=120", {"Observation/b1"});
  expect("Observation?date=ge2026-02&date=lt2026-03", {"Observation/b1"});
  expect("Observation?_id=w1,b1", {"Observation/b1", "Observation/w1"});
  expect("Observation?_id:not=w1,b1", {"Observation/w2"});
  expect("Patient?_id:not=p1", {"Patient/p2"});
  expect("Observation?_lastUpdated:missing=true", {});
  expect("Observation?_lastUpdated:missing=false&_id:missing=false&code=29463-7",
         {"Observation/w1", "Observation/w2"});
  expect("Observation?_lastUpdated=gt2020", {"Observation/b1", "Observation/w1", "Observation/w2"});
  expect("Observation?subject:Patient=p1", {"Observation/w1", "Observation/w2"});
  expect("Observation?subject=Patient/p1", {"Observation/w1", "Observation/w2"});
}

TEST_F(FhirSearch, Composites) {
  const std::string loinc = "http://loinc.org%7C";
  const std::string code = "component-code-value-quantity=" + loinc;
  expect("Observation?" + code + "8480-6$gt100", {"Observation/b1"});
  expect("Observation?" + code + "8462-4$gt100", {});  // 120 is of the other component
  expect("Observation?combo-code-value-quantity=8462-4$80", {"Observation/b1"});
  expect("Observation?combo-code-value-quantity=29463-7$71.0%7Chttp://unitsofmeasure.org%7Ckg",
         {"Observation/w2"});
  expect("Observation?code-value-quantity=" + loinc + "29463-7$lt70.6", {"Observation/w1"});
  expect("Observation?code-value-quantity=" + loinc + "29463-7", {"400", "XL1711"});
}

TEST_F(FhirSearch, ChainsAndHas) {
  expect("Observation?subject:Patient.family=mull", {"Observation/w1", "Observation/w2"});
  expect("Observation?patient.organization.name=ward", {"Observation/w1", "Observation/w2"});
  expect("Observation?encounter.participant:Practitioner.family=dong", {"Observation/w1"});
  expect("Observation?subject.gender=male", {"Observation/b1"});
  expect("Patient?_has:Observation:patient:code=85354-9", {"Patient/p2"});
  expect("Patient?_has:Observation:patient:_has:Provenance:target:agent=Practitioner/d1",
         {"Patient/p1"});
  expect("Patient?_has:Observation:performer:code=85354-9", {});
  expect("Patient?_has:Encounter:practitioner:code=1", {"400", "XL1710"});
  expect("Observation?code.name=x", {"400", "XL1715"});
  expect("Observation?subject.nonsense=x", {"400", "XL1710"});
}

TEST_F(FhirSearch, IncludesWithTheirDirection) {
  const std::string weights = "Observation?code=29463-7";
  expect(weights + "&_include=Observation:subject", {"Observation/w1", "Observation/w2"});
  EXPECT_EQ(found(weights + "&_include=Observation:subject", "include"), Ids{"Patient/p1"});
  EXPECT_EQ(found(weights + "&_include=Observation:subject&_include:iterate=Patient:organization",
                  "include"),
            (Ids{"Patient/p1", "Organization/o1"}));
  EXPECT_EQ(found(weights + "&_include=Observation:subject:Group", "include"), Ids{});
  EXPECT_EQ(sorted(found(weights + "&_include=*", "include")), (Ids{"Encounter/e1", "Patient/p1"}));
  EXPECT_EQ(sorted(found("Patient?_id=p1&_revinclude=Observation:subject"
                         "&_revinclude:iterate=Provenance:target",
                         "include")),
            (Ids{"Observation/w1", "Observation/w2", "Provenance/v1"}));
  expect("Patient?_include=Patient:gender", {"400", "XL1710"});
  expect("Patient?_include:wrong=Patient:organization", {"400", "XL1715"});
}

TEST_F(FhirSearch, OrderPagesAndTotals) {
  EXPECT_EQ(found("Observation?_sort=date"),
            (Ids{"Observation/w1", "Observation/b1", "Observation/w2"}));
  EXPECT_EQ(found("Observation?_sort=-date"),
            (Ids{"Observation/w2", "Observation/b1", "Observation/w1"}));
  EXPECT_EQ(found("Observation?_sort=status,-date"),
            (Ids{"Observation/w2", "Observation/b1", "Observation/w1"}));
  EXPECT_EQ(found("Observation?_sort=_id"),
            (Ids{"Observation/b1", "Observation/w1", "Observation/w2"}));
  EXPECT_EQ(found("Patient?_sort=family"), (Ids{"Patient/p1", "Patient/p2"}));
  expect("Observation?_sort=nonsense", {"400", "XL1710"});

  Ids pages;
  std::string path = "Observation?_sort=-date&_count=1";
  for (int page = 0; page < 5 && !path.empty(); ++page) {
    for (const std::string& id : found(path)) pages.push_back(id);
    const json::Document document = parsed(hospital_->get(path));
    EXPECT_EQ(document.root().find("total").as_int64(), 3);
    path.clear();
    for (const json::Value link : document.root().find("link").items()) {
      if (link.find("relation").as_string() != "next") continue;
      const std::string url(link.find("url").as_string().value_or(""));
      path = url.substr(url.find("/fhir/") + 6);
    }
  }
  EXPECT_EQ(pages, (Ids{"Observation/w2", "Observation/b1", "Observation/w1"}));

  const auto total = [&](const std::string& query) {
    const json::Document document = parsed(hospital_->get(query));
    return document.root().find("total").as_int64().value_or(-1);
  };
  EXPECT_EQ(total("Observation?_total=none"), -1);
  EXPECT_EQ(total("Observation?_total=accurate"), 3);
  EXPECT_EQ(total("Observation?_summary=count"), 3);
  EXPECT_EQ(total("Observation?_count=0"), 3);
  EXPECT_EQ(found("Observation?_summary=count"), Ids{});
  EXPECT_EQ(total("Patient/p1/_history?_total=none"), -1);
  EXPECT_EQ(total("Patient/p1/_history?_total=accurate"), 1);
  EXPECT_EQ(total("Patient/p1/_history?_count=0&_total=none"), 1);
  expect("Patient/p1/_history?_total=some", {"400", "XL4007"});
}

TEST_F(FhirSearch, PartsOfResources) {
  const auto first = [&](const std::string& query) {
    const json::Document document = parsed(hospital_->get(query));
    return json::Document::copy(document.root().find("entry").at(0).find("resource"));
  };
  const json::Document named = first("Patient?_id=p1&_elements=birthDate");
  EXPECT_TRUE(named.root().find("birthDate").present());
  EXPECT_TRUE(named.root().find("id").present());
  EXPECT_FALSE(named.root().find("name").present());
  EXPECT_EQ(named.root().find("meta").find("tag").at(0).find("code").as_string(), "SUBSETTED");
  const json::Document summary = first("Observation?_id=w1&_summary=true");
  EXPECT_TRUE(summary.root().find("valueQuantity").find("code").present());
  EXPECT_TRUE(summary.root().find("code").find("coding").present());
  const json::Document text = first("Observation?_id=w1&_summary=text");
  EXPECT_TRUE(text.root().find("status").present());  // required
  EXPECT_FALSE(text.root().find("valueQuantity").present());
  const json::Document value = first("Observation?_id=w1&_elements=Observation.value");
  EXPECT_TRUE(value.root().find("valueQuantity").present());
  EXPECT_FALSE(value.root().find("effectiveDateTime").present());
  expect("Patient?_summary=nonsense", {"400", "XL4007"});
}

TEST_F(FhirSearch, WhatWasCutDownIsNotKept) {
  const auto part = hospital_->get("Patient/p2?_elements=birthDate");
  ASSERT_EQ(part.status, 200U);
  const auto refused = hospital_->put("Patient/p2", part.body);
  EXPECT_EQ(refused.status, 422U);
  EXPECT_NE(refused.body.find("XL4189"), std::string::npos) << refused.body;
  EXPECT_NE(refused.body.find("Patient.meta.tag"), std::string::npos) << refused.body;
  const auto told = hospital_->post("Patient/p2/$validate?mode=update", part.body);
  EXPECT_NE(told.body.find("XL4189"), std::string::npos) << told.body;
}

std::string repeated(std::string_view text) {
  std::string out;
  for (int i = 0; i < 40; ++i) out += text;
  return out;
}

TEST_F(FhirSearch, NumbersOfAnySizeAreFound) {
  const auto keep = [](const std::string& id, const std::string& value) {
    const auto kept = hospital_->put(
        "Observation/" + id, R"({"resourceType":"Observation","id":")" + id + R"(","status":"final",
      "code":{"text":"n"},"subject":{"reference":"Patient/p2"},"valueQuantity":{"value":)" +
                                 value + "}}");
    ASSERT_EQ(kept.status, 201U) << kept.body;
  };
  const std::string digits(40, '7');
  keep("huge", "1e400");
  keep("tiny", "1e-5000");
  keep("deep", "-1E+6000");
  keep("long", "0." + digits);
  const std::string query = "Observation?patient=p2&code:text=n&value-quantity";
  expect(query + "=gt5", {"Observation/huge"});
  expect(query + "=lt-5", {"Observation/deep"});
  expect(query + "=gt0", {"Observation/huge", "Observation/long"});
  expect(query + "=0." + digits, {"Observation/long"});
  expect(query + "=gt1e300", {"Observation/huge"});
  expect(query + ":missing=true", {});
  expect(query + "=1e", {"400", "XL1711"});
  expect(query + "=inf", {"400", "XL1711"});
  // Nor is any text without letters missing.
  const auto accent = hospital_->put("Patient/accent", R"({"resourceType":"Patient","id":"accent",
    "name":[{"family":"\u0301\u0302"},{"family":")" + repeated("ﷺ") +
                                                           R"("}]})");
  ASSERT_EQ(accent.status, 201U) << accent.body;
  const std::string marks = "%CC%81%CC%82";
  expect("Patient?family=" + marks, {"Patient/accent"});
  expect("Patient?family:exact=" + marks, {"Patient/accent"});
  const std::string blessing = repeated("%EF%B7%BA");
  expect("Patient?family=" + blessing, {"Patient/accent"});
  expect("Patient?family:exact=" + blessing, {"Patient/accent"});
  expect("Patient?family:contains=" + blessing, {"Patient/accent"});
  EXPECT_EQ(hospital_->ask("DELETE", "Patient/accent").status, 204U);
  for (const char* id : {"huge", "tiny", "deep", "long"}) {
    EXPECT_EQ(hospital_->ask("DELETE", "Observation/" + std::string(id)).status, 204U);
  }
}

TEST_F(FhirSearch, AllTypesAndCompartments) {
  expect("?_type=Patient,Organization", {"Organization/o1", "Patient/p1", "Patient/p2"});
  expect("?_id=w1", {"Observation/w1"});
  expect("?family=x", {"400", "XL1710"});
  expect("Patient/p2/Observation", {"Observation/b1"});
  expect("Patient/p2/Observation?code=29463-7", {});
  expect("Patient/p1/*",
         {"Encounter/e1", "Observation/w1", "Observation/w2", "Patient/p1", "Provenance/v1"});
  expect("Patient/nobody/Observation", {});
  const auto posted = hospital_->ask("POST", "Observation/_search", "code=85354-9&_count=5", {},
                                     "application/x-www-form-urlencoded");
  EXPECT_EQ(parsed(posted).root().find("total").as_int64(), 1) << posted.body;
}

TEST_F(FhirSearch, CompartmentsAreThoseOfTheDefinition) {
  const auto keep = [](const std::string& name, const std::string& rest) {
    const std::size_t slash = name.find('/');
    const auto kept =
        hospital_->put(name, R"({"resourceType":")" + name.substr(0, slash) + R"(","id":")" +
                                 name.substr(slash + 1) + "\"," + rest + "}");
    ASSERT_EQ(kept.status, 201U) << kept.body;
  };
  keep("Patient/p8", R"("link":[{"other":{"reference":"Patient/p2"},"type":"seealso"}])");
  keep("Observation/p8-1",
       R"("status":"final","code":{"text":"n"},"subject":{"reference":"Patient/p8"})");
  keep("Group/both", R"("type":"person","actual":true,"member":[
    {"entity":{"reference":"Patient/p1"}},{"entity":{"reference":"Patient/p2"}}])");
  keep("Device/pump", R"("patient":{"reference":"Patient/p2"})");
  expect("Patient/p2/Patient", {"Patient/p2", "Patient/p8"});
  expect("Patient/p2/Patient?_id=p8", {"Patient/p8"});
  expect("Patient/p2/Group", {"Group/both"});
  expect("Patient/p2/*", {"Group/both", "Observation/b1", "Patient/p2", "Patient/p8"});
  expect("Patient/p2/*?_type=Observation,Patient", {"Observation/b1", "Patient/p2", "Patient/p8"});
  expect("Patient/p2/Device", {"400", "XL4173"});
  expect("Patient/p2/*?_type=Device", {"400", "XL4173"});
  expect("Device?patient=p2", {"Device/pump"});
  for (const char* name : {"Device/pump", "Group/both", "Observation/p8-1", "Patient/p8"}) {
    EXPECT_EQ(hospital_->ask("DELETE", name).status, 204U) << name;
  }
}

TEST_F(FhirSearch, CanonicalsLeadToWhatTheyName) {
  const auto keep = [](const std::string& id, const std::string& version,
                       const std::string& title) {
    const auto kept =
        hospital_->put("Questionnaire/" + id, R"({"resourceType":"Questionnaire","id":")" + id +
                                                  R"(","status":"active","url":"http://q.example/1",
      "version":")" + version + R"(","title":")" + title +
                                                  "\"}");
    ASSERT_EQ(kept.status, 201U) << kept.body;
  };
  keep("q1", "1.0", "First");
  keep("q2", "2.0", "Second");
  const auto answer = [](const std::string& id, const std::string& canonical) {
    const auto kept = hospital_->put("QuestionnaireResponse/" + id,
                                     R"({"resourceType":"QuestionnaireResponse","id":")" + id +
                                         R"(","status":"completed",
      "subject":{"reference":"Patient/p2"},"questionnaire":")" +
                                         canonical + "\"}");
    ASSERT_EQ(kept.status, 201U) << kept.body;
  };
  answer("old", "http://q.example/1|1.0");
  answer("any", "http://q.example/1");
  answer("part", "http://q.example/1|2.0#page");
  const std::string of = "QuestionnaireResponse?";
  expect(of + "questionnaire.title=First",
         {"QuestionnaireResponse/any", "QuestionnaireResponse/old"});
  expect(of + "questionnaire:Questionnaire.title=Second",
         {"QuestionnaireResponse/any", "QuestionnaireResponse/part"});
  expect("Questionnaire?_has:QuestionnaireResponse:questionnaire:_id=old", {"Questionnaire/q1"});
  expect("Questionnaire?_has:QuestionnaireResponse:questionnaire:_id=any",
         {"Questionnaire/q1", "Questionnaire/q2"});
  EXPECT_EQ(found(of + "_id=old&_include=QuestionnaireResponse:questionnaire", "include"),
            Ids{"Questionnaire/q1"});
  EXPECT_EQ(sorted(found("Questionnaire?_id=q2&_revinclude=QuestionnaireResponse:questionnaire",
                         "include")),
            (Ids{"QuestionnaireResponse/any", "QuestionnaireResponse/part"}));
  for (const char* name : {"QuestionnaireResponse/old", "QuestionnaireResponse/any",
                           "QuestionnaireResponse/part", "Questionnaire/q1", "Questionnaire/q2"}) {
    EXPECT_EQ(hospital_->ask("DELETE", name).status, 204U) << name;
  }
}

TEST_F(FhirSearch, AConditionIsNeverPassedOver) {
  const auto refused = hospital_->ask("DELETE", "Patient?_id=p1&birthdat=2000", {},
                                      {{"Prefer", "handling=lenient"}});
  EXPECT_EQ(refused.status, 400U);
  EXPECT_NE(refused.body.find("XL1710"), std::string::npos) << refused.body;
}

TEST_F(FhirSearch, WhatIsNotKnownIsRefusedOrPassedOver) {
  expect("Patient?nonsense=1", {"400", "XL1710"});
  expect("Patient?family:nonsense=1", {"400", "XL1715"});
  expect("Patient?gender:exact=male", {"400", "XL1715"});
  expect("Patient?_text=x", {"400", "XL1710"});
  expect("Patient?birthdate=soon", {"400", "XL1711"});
  const auto lenient =
      hospital_->get("Patient?nonsense=1&gender=male", {{"Prefer", "handling=lenient"}});
  ASSERT_EQ(lenient.status, 200U) << lenient.body;
  EXPECT_EQ(parsed(lenient).root().find("total").as_int64(), 1);
  EXPECT_EQ(lenient.body.find("nonsense"), std::string::npos);
}

/// Somebody who may see nothing of a patient learns nothing by a chain, an order or an include.
TEST_F(FhirSearch, ChainsTellNothingOfWhatIsHidden) {
  FhirClient doctor(live_->doctor(hospital_->who(), "nobody's doctor"), live_->organisations[0]);
  for (const std::string path :
       {"Practitioner?_has:Encounter:practitioner:_id=e1", "Practitioner?_id=d1&_revinclude=*",
        "Organization?_has:Patient:organization:family=muller",
        "Organization?_id=o1&_revinclude=Patient:organization"}) {
    const auto answer = doctor.get(path);
    EXPECT_EQ(answer.body.find("üller"), std::string::npos) << path;
    if (path.find("_has") == std::string::npos) continue;
    EXPECT_EQ(parsed(answer).root().find("total").as_int64(), 0) << path << answer.body;
  }
}

TEST_F(FhirSearch, AStrangerSearchesTheDirectoryThatTheyMayRead) {
  FhirClient south(live_->hospital(1), live_->organisations[0]);
  const auto told = [&](const std::string& path) {
    const auto answer = south.get(path);
    EXPECT_EQ(answer.status, 200U) << path << answer.body;
    Ids out;
    const json::Document bundle = parsed(answer);
    for (const json::Value entry : bundle.root().find("entry").items()) {
      const json::Value one = entry.find("resource");
      out.push_back(std::string(one.find("resourceType").as_string().value_or("")) + "/" +
                    std::string(one.find("id").as_string().value_or("")));
    }
    return out;
  };
  EXPECT_EQ(south.get("Practitioner/d1").status, 200U);
  EXPECT_EQ(told("Practitioner"), Ids{"Practitioner/d1"});
  EXPECT_EQ(told("Practitioner?family=dong"), Ids{"Practitioner/d1"});
  EXPECT_EQ(told("Organization?name=ward&_total=accurate"), Ids{"Organization/o1"});
  EXPECT_EQ(told("Practitioner/_history"), Ids{"Practitioner/d1"});
  EXPECT_EQ(told("?_type=Organization"), Ids{"Organization/o1"});
  // Nothing of a patient is told by it: neither by what leads there nor beside it.
  for (const char* path : {"Practitioner?_has:Observation:performer:code=29463-7",
                           "Practitioner?_has:Encounter:participant:_id=e1",
                           "Practitioner?_has:Encounter:participant:subject=Patient/p1",
                           "Practitioner?_has:Provenance:agent:target=Observation/w1",
                           "Organization?_has:Patient:organization:gender=female"}) {
    EXPECT_EQ(told(path), Ids{}) << path;
  }
  EXPECT_EQ(told("Practitioner?_revinclude=Encounter:participant"), Ids{"Practitioner/d1"});
  EXPECT_EQ(told("Organization?_revinclude=Patient:organization"), Ids{"Organization/o1"});
  for (const char* path : {"Patient", "Observation", "Encounter?participant=Practitioner/d1", "",
                           "?_type=Organization,Patient", "_history", "Observation/_history"}) {
    const auto answer = south.get(path);
    EXPECT_EQ(answer.status, 400U) << path << answer.body;
    EXPECT_NE(answer.body.find("XL3504"), std::string::npos) << path << answer.body;
  }
}

}  // namespace
}  // namespace xl::node
