// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: $everything and histories give what R4 says they give, of the time that is asked for, with
// those who are about nobody beside it; whoever may see nothing of a patient learns nothing from
// them. Method: two patients on a real node, asked over HTTP; which records come out is written
// down by hand.
#include <gtest/gtest.h>

#include <algorithm>

#include "node/tests/care.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::observation_json;
using testing::parsed;
using testing::patient_json;
using Names = std::vector<std::string>;

class FhirRecordListing : public testing::Care {
 protected:
  void SetUp() override {
    Care::SetUp();
    const auto put = [&](const std::string& path, const std::string& body) {
      const auto sent = north_->put(path, body);
      ASSERT_EQ(sent.status, 201U) << sent.body;
    };
    put("Practitioner/d1",
        R"({"resourceType":"Practitioner","id":"d1","name":[{"family":"Dong"}]})");
    put("Patient/p2", patient_json("p2", "Bob"));
    put("Observation/old", performed("old", "p1", "2020-03-01"));
    put("Observation/other", performed("other", "p2", "2020-03-01"));
  }

  static std::string performed(const std::string& id, const std::string& patient,
                               const std::string& date) {
    std::string out = observation_json(id, patient, "1.50", date);
    out.insert(out.size() - 1, R"(,"performer":[{"reference":"Practitioner/d1"}])");
    return out;
  }
  /// `Type/id` of each entry, ascending; `+` before what is shown beside the matches.
  static Names names_in(const client::HttpResponse& answer) {
    EXPECT_EQ(answer.status, 200U) << answer.body;
    Names out;
    const json::Document document = parsed(answer);
    for (const json::Value entry : document.root().find("entry").items()) {
      const json::Value resource = entry.find("resource");
      const bool beside = entry.find("search").find("mode").as_string() == "include";
      out.push_back((beside ? "+" : "") +
                    std::string(resource.find("resourceType").as_string().value_or("")) + "/" +
                    std::string(resource.find("id").as_string().value_or("")));
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  void expect(const std::string& path, const Names& names) {
    EXPECT_EQ(names_in(north_->get(path)), names) << path;
  }
  std::string now_text() {
    const auto answer = north_->put("Patient/p2", patient_json("p2", "Bob"));
    return std::string(
        parsed(answer).root().find("meta").find("lastUpdated").as_string().value_or(""));
  }
};

TEST_F(FhirRecordListing, EverythingOfAPatientWithTheDirectoryBesideIt) {
  const Names all = {"+Practitioner/d1", "Observation/o1", "Observation/o2", "Observation/old",
                     "Patient/p1"};
  expect("Patient/p1/$everything", all);
  expect("Patient/p1/$everything?_type=Observation",
         {"Observation/o1", "Observation/o2", "Observation/old"});
  expect("Patient/p1/$everything?_type=Observation,Practitioner",
         {"+Practitioner/d1", "Observation/o1", "Observation/o2", "Observation/old"});
  expect("Patient/p1/$everything?start=2019&end=2021",
         {"+Practitioner/d1", "Observation/old", "Patient/p1"});
  expect("Patient/p1/$everything?start=2026-01-02",
         {"Observation/o1", "Observation/o2", "Patient/p1"});
  expect("Patient/p1/$everything?_count=0", {});
  const auto posted = north_->post(
      "Patient/p1/$everything",
      R"({"resourceType":"Parameters","parameter":[{"name":"end","valueDate":"2020-12"}]})");
  EXPECT_EQ(names_in(posted), (Names{"+Practitioner/d1", "Observation/old", "Patient/p1"}));
  expect("Patient/$everything",
         {"+Practitioner/d1", "Observation/o1", "Observation/o2", "Observation/old",
          "Observation/other", "Patient/p1", "Patient/p2"});
  const std::string since = now_text();
  ASSERT_EQ(north_->put("Observation/o1", observation_json("o1", "p1", "9.0")).status, 200U);
  expect("Patient/p1/$everything?_since=" + since, {"Observation/o1"});
  for (const char* wrong : {"start=soon", "_since=2020-13", "_type=Nothing", "code=1"}) {
    const auto refused = north_->get("Patient/p1/$everything?" + std::string(wrong));
    EXPECT_TRUE(refused.status == 400U || refused.status == 404U) << wrong << refused.body;
  }
  const auto unnamed =
      north_->post("Patient/p1/$everything", R"({"resourceType":"Patient","id":"p1"})");
  EXPECT_EQ(unnamed.status, 400U) << unnamed.body;
}

TEST_F(FhirRecordListing, EverythingIsPagedAndTheNextPageIsOfTheSameTime) {
  Names all;
  std::string path = "Patient/p1/$everything?_count=1&start=2026";
  for (int pages = 0; !path.empty() && pages < 5; ++pages) {
    const auto answer = north_->get(path);
    for (const std::string& name : names_in(answer)) all.push_back(name);
    path.clear();
    const json::Document document = parsed(answer);
    for (const json::Value link : document.root().find("link").items()) {
      if (link.find("relation").as_string() != "next") continue;
      const std::string url(link.find("url").as_string().value_or(""));
      path = url.substr(url.find("/fhir/") + 6);
    }
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, (Names{"Observation/o1", "Observation/o2", "Patient/p1"}));
}

TEST_F(FhirRecordListing, HistoriesOfATime) {
  const std::string before = now_text();
  ASSERT_EQ(north_->put("Observation/o1", observation_json("o1", "p1", "9.0")).status, 200U);
  ASSERT_EQ(north_->ask("DELETE", "Observation/o2").status, 204U);
  const std::string after = now_text();
  const auto count = [&](const std::string& path) {
    const auto answer = north_->get(path);
    EXPECT_EQ(answer.status, 200U) << answer.body;
    const json::Document document = parsed(answer);
    EXPECT_EQ(document.root().find("total").as_uint64(), document.root().find("entry").size());
    return document.root().find("entry").size();
  };
  EXPECT_EQ(count("Observation/o1/_history"), 2U);
  EXPECT_EQ(count("Observation/o1/_history?_since=" + before), 1U);
  EXPECT_EQ(count("Observation/o1/_history?_since=" + after), 0U);
  EXPECT_EQ(count("Observation/_history?_since=" + before), 2U);
  EXPECT_EQ(count("_history?_since=" + before), 4U);  // and p2 twice
  EXPECT_EQ(count("Observation/o1/_history?_at=" + before), 1U);
  EXPECT_EQ(count("Observation/o1/_history?_at=" + after), 1U);
  EXPECT_EQ(count("Observation/o1/_history?_at=" + before.substr(0, 10)), 2U);
  EXPECT_EQ(count("Observation/o1/_history?_at=2020"), 0U);
  EXPECT_NE(north_->get("Observation/o1/_history?_at=" + before).body.find("W/\\\"1\\\""),
            std::string::npos);
  EXPECT_EQ(north_->get("_history?_at=soon").status, 400U);
  EXPECT_EQ(north_->get("_history?_since=yesterday").status, 400U);
}

TEST_F(FhirRecordListing, ACompartmentIsSearchedThroughTheDirectoryToo) {
  expect("Patient/p1/Observation?performer:Practitioner.name=dong", {"Observation/old"});
  expect("Patient/p1/Observation?_include=Observation:performer",
         {"+Practitioner/d1", "Observation/o1", "Observation/o2", "Observation/old"});
  expect("Patient/p2/*?_total=accurate", {"Observation/other", "Patient/p2"});
  expect("Observation?patient=p2&performer:Practitioner.name=dong", {"Observation/other"});
}

/// Somebody from elsewhere who may see nothing: an empty page whoever is asked about, and the one
/// who is there finds the refusal in the log.
TEST_F(FhirRecordListing, WhoMayKnowNothingGetsNothingToLookThrough) {
  FhirClient ward = FhirRecordListing::ward();
  const auto refused = [&] {
    const auto page = custodian().stores().journal().entries_of(patient_did_, 0, 256);
    EXPECT_TRUE(page.ok()) << page.error().text();
    return std::count_if(page->begin(), page->end(), [](const vault::KeptEntry& kept) {
      return kept.entry.decision == model::JournalDecision::denied;
    });
  };
  const auto before = refused();
  for (const char* patient : {"p1", "nobody"}) {
    const std::string id = patient;
    EXPECT_EQ(total(ward.get("Observation?patient=" + id)), "0");
    EXPECT_EQ(total(ward.get("Patient/" + id + "/Observation")), "0");
  }
  EXPECT_EQ(refused() - before, 2);
  const auto everything = ward.get("Patient/p1/$everything");
  EXPECT_EQ(everything.status, ward.get("Patient/nobody/$everything").status);
  EXPECT_EQ(everything.status, 404U);
  // What a consent opens is found, nothing beside it.
  auto ann = patient();
  share(ann, {"Observation"});
  EXPECT_EQ(names_in(ward.get("Observation?patient=p1")),
            (Names{"Observation/o1", "Observation/o2", "Observation/old"}));
}

TEST_F(FhirRecordListing, FormatsAreWhatTheClientSays) {
  const auto status = [&](const char* accept, const std::string& path = "Patient/p1") {
    return north_->get(path, {{"Accept", accept}}).status;
  };
  for (const char* good :
       {"application/fhir+json", "application/json", "application/*", "*/*;q=0.1",
        "application/fhir+json; fhirVersion=4.0", "text/html,application/xhtml+xml,*/*;q=0.8",
        "application/fhir+xml;q=0.9, application/fhir+json;q=0.1"}) {
    EXPECT_EQ(status(good), 200U) << good;
  }
  for (const char* bad : {"application/fhir+xml", "application/fhir+json;q=0, application/fhir+xml",
                          "application/fhir+json; fhirVersion=3.0", "text/turtle",
                          "application/fhir+json;q=0, */*;q=0.5"}) {
    EXPECT_EQ(status(bad), 406U) << bad;
  }
  EXPECT_EQ(status("application/fhir+xml", "Patient/p1?_format=json"), 200U);
  EXPECT_EQ(status("application/fhir+xml", "Patient/p1?_format=application/fhir+json"), 200U);
  EXPECT_EQ(status("application/fhir+json", "Patient/p1?_format=xml"), 406U);
  const auto sent = [&](const char* type) {
    return north_->ask("PUT", "Patient/p2", patient_json("p2", "Bob"), {}, type).status;
  };
  EXPECT_EQ(sent("application/fhir+json; charset=UTF-8; fhirVersion=4.0"), 200U);
  EXPECT_EQ(sent("application/fhir+json; charset=gbk"), 415U);
  EXPECT_EQ(sent("application/fhir+json; fhirVersion=5.0"), 415U);
  EXPECT_EQ(sent("application/merge-patch+json"), 415U);
  const auto packed =
      north_->ask("PUT", "Patient/p2", patient_json("p2", "Bob"), {{"Content-Encoding", "gzip"}});
  EXPECT_EQ(packed.status, 415U) << packed.body;
  // A Binary's own bytes: anything but FHIR's own formats.
  EXPECT_EQ(north_->ask("POST", "Binary", "<Binary/>", {}, "application/fhir+xml").status, 415U);
  const auto kept = north_->ask("PUT", "Binary/b1", "a,b", {}, "text/csv");
  ASSERT_EQ(kept.status, 201U) << kept.body;
  EXPECT_EQ(north_->get("Binary/b1", {{"Accept", "text/csv"}}).body, "a,b");
  EXPECT_NE(north_->get("Binary/b1").body.find("\"resourceType\":\"Binary\""), std::string::npos);
}

}  // namespace
}  // namespace xl::node
