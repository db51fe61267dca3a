// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: `_list` finds what stands in a List, for those who may read the List, and nothing that they
// may not see; `near` finds places within a circle over HTTP. Method: a real node with a List of
// two patients' records, asked by the organisation's system and by a doctor of one of them.
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

class FhirList : public testing::Care {
 protected:
  void SetUp() override {
    Care::SetUp();
    ASSERT_EQ(north_->put("Patient/p2", patient_json("p2", "Bea")).status, 201U);
    ASSERT_EQ(north_->put("Observation/x1", observation_json("x1", "p2")).status, 201U);
    const std::string own = "http://node.example/o/" + live_->organisations[0].text() + "/fhir/";
    ASSERT_EQ(north_
                  ->put("List/all", list("all", {"Patient/p1", "Patient/p2", "Observation/o1",
                                                 own + "Observation/x1", "Observation/none",
                                                 "http://else.where/Observation/o2"}))
                  .status,
              201U);
    // About one patient, and so readable by who may read of that one.
    ASSERT_EQ(north_
                  ->put("List/ann", list("ann", {"Observation/o1", "Observation/o2"},
                                         R"("subject":{"reference":"Patient/p1"},)"))
                  .status,
              201U);
  }
  static std::string list(const std::string& id, const Names& references,
                          const std::string& more = {}) {
    std::string entries;
    for (const std::string& one : references) {
      entries +=
          (entries.empty() ? "" : ",") + std::string(R"({"item":{"reference":")") + one + "\"}}";
    }
    return R"({"resourceType":"List","id":")" + id + R"(","status":"current",)" + more +
           R"("mode":"changes","entry":[)" + entries +
           R"(,{"deleted":true,"item":{"reference":"Observation/o2"}}]})";
  }
  /// `Type/id` of the matches in the order of names; or status and code of the refusal.
  Names found(const std::string& path, FhirClient* who = nullptr) {
    const auto answer = (who == nullptr ? *north_ : *who).get(path);
    const json::Document document = parsed(answer);
    if (answer.status != 200) {
      const json::Value details = document.root().find("issue").at(0).find("details");
      return {std::to_string(answer.status),
              std::string(details.find("coding").at(0).find("code").as_string().value_or(""))};
    }
    Names out;
    for (const json::Value entry : document.root().find("entry").items()) {
      const json::Value resource = entry.find("resource");
      out.push_back(std::string(resource.find("resourceType").as_string().value_or("")) + "/" +
                    std::string(resource.find("id").as_string().value_or("")));
    }
    EXPECT_EQ(document.root().find("total").number_text(), std::to_string(out.size())) << path;
    std::sort(out.begin(), out.end());
    return out;
  }
};

TEST_F(FhirList, WhatStandsInAList) {
  EXPECT_EQ(found("Patient?_list=all"), (Names{"Patient/p1", "Patient/p2"}));
  EXPECT_EQ(found("Observation?_list=all"), (Names{"Observation/o1", "Observation/x1"}));
  EXPECT_EQ(found("Observation?_list=all&patient=p1"), Names{"Observation/o1"});
  EXPECT_EQ(found("Observation?_list=all&_list=ann"), Names{"Observation/o1"});
  EXPECT_EQ(found("Observation?_list=all,ann"),
            (Names{"Observation/o1", "Observation/o2", "Observation/x1"}));
  EXPECT_EQ(found("Encounter?_list=all"), Names{});
  EXPECT_EQ(found("?_list=ann"), (Names{"Observation/o1", "Observation/o2"}));
  EXPECT_EQ(found("Patient/p2/Observation?_list=all"), Names{"Observation/x1"});
  const auto posted = north_->ask("POST", "Observation/_search", "_list=ann", {},
                                  "application/x-www-form-urlencoded");
  EXPECT_EQ(total(posted), "2");
  // A page and the next.
  const json::Document first = parsed(north_->get("Observation?_list=all&_count=1"));
  EXPECT_EQ(first.root().find("total").number_text(), "2");
  const std::string next(first.root().find("link").at(1).find("url").as_string().value_or(""));
  const json::Document second = parsed(north_->get(next.substr(next.find("/fhir/") + 6)));
  EXPECT_EQ(second.root().find("entry").size(), 1U);

  EXPECT_EQ(found("Observation?_list=absent"), (Names{"404", "XL4170"}));
  EXPECT_EQ(found("Observation?_list=$current-problems"), (Names{"400", "XL4174"}));
  EXPECT_EQ(found("Observation?_list=List/all"), (Names{"400", "XL1711"}));
  EXPECT_EQ(found("Observation?_list="), (Names{"400", "XL1711"}));
  EXPECT_EQ(found("Observation?_list:not=all"), (Names{"400", "XL1715"}));
  EXPECT_EQ(found("Observation?subject:Patient._list=all"), (Names{"400", "XL1710"}));
  const auto capabilities = north_->get("metadata");
  EXPECT_NE(capabilities.body.find(R"({"name":"_list","type":"string"})"), std::string::npos);
  ASSERT_EQ(north_->ask("DELETE", "List/ann").status, 204U);
  EXPECT_EQ(found("Observation?_list=ann"), (Names{"410", "XL4171"}));
}

TEST_F(FhirList, OnlyForThoseWhoMayReadTheListAndOfWhatTheyMaySee) {
  FhirClient doctor(live_->doctor(north_->who(), "li"), live_->organisations[0]);
  EXPECT_EQ(found("Observation?_list=ann", &doctor), (Names{"403", "XL3511"}));
  EXPECT_EQ(found("Patient?_list=all", &doctor)[0], "403");
  ASSERT_EQ(
      north_
          ->put("Encounter/v1", R"({"resourceType":"Encounter","id":"v1","status":"in-progress",)"
                                R"("class":{"code":"AMB"},"subject":{"reference":"Patient/p1"},)"
                                R"("participant":[{"individual":{"reference":"Practitioner/)" +
                                    doctor.who().did().text() + R"("}}]})")
          .status,
      201U);
  const std::uint64_t before = custodian().stores().journal().size();
  EXPECT_EQ(found("Observation?_list=ann&patient=p1", &doctor),
            (Names{"Observation/o1", "Observation/o2"}));
  EXPECT_EQ(custodian().stores().journal().size(), before + 3);  // the List was read too
  // The list now names a record of somebody else's too: that one stays hidden.
  ASSERT_EQ(north_
                ->put("List/ann",
                      list("ann", {"Observation/o1"}, R"("subject":{"reference":"Patient/p1"},)"))
                .status,
            200U);
  EXPECT_EQ(found("?_list=ann", &doctor), Names{"Observation/o1"});
  EXPECT_EQ(found("Observation?_list=all", &doctor)[0], "403");
}

TEST_F(FhirList, PlacesNearby) {
  const auto place = [&](const std::string& id, const std::string& longitude) {
    ASSERT_EQ(north_
                  ->put("Location/" + id, R"({"resourceType":"Location","id":")" + id +
                                              R"(","position":{"latitude":-16.8,"longitude":)" +
                                              longitude + "}}")
                  .status,
              201U);
  };
  place("east", "-179.95");
  place("west", "179.95");
  place("far", "179");
  EXPECT_EQ(found("Location?near=-16.8%7C180%7C6%7Ckm"), (Names{"Location/east", "Location/west"}));
  EXPECT_EQ(found("Location?near=-16.8%7C179.95%7C10"), Names{"Location/west"});
  EXPECT_EQ(found("Location?near=-16.8%7C179.95%7C7%7Cmi"),
            (Names{"Location/east", "Location/west"}));
  EXPECT_EQ(found("Location?near=here"), (Names{"400", "XL1711"}));
}

}  // namespace
}  // namespace xl::node
