// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: $validate says what a resource breaks, keeps nothing, and tells of what is kept only to who
// may read it. Method: a real node, asked over HTTP.
#include <gtest/gtest.h>

#include "node/tests/live_node.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::LiveNode;
using testing::observation_json;
using testing::parsed;
using testing::patient_json;

/// Severity and element of the first issue.
std::string first_issue(const client::HttpResponse& answer) {
  const json::Document document = parsed(answer);
  EXPECT_EQ(document.root().find("resourceType").as_string(), "OperationOutcome");
  const json::Value issue = document.root().find("issue").at(0);
  return std::string(issue.find("severity").as_string().value_or("")) + " " +
         std::string(issue.find("expression").at(0).as_string().value_or(""));
}

TEST(FhirValidate, SaysWhatAResourceBreaksAndKeepsNothing) {
  LiveNode live("fhir-validate");
  live.start();
  ASSERT_NE(live.node, nullptr);
  FhirClient hospital(live.hospital(0), live.organisations[0]);
  ASSERT_EQ(hospital.put("Patient/p1", patient_json("p1", "Planted Name")).status, 201U);
  const auto said = [&](const std::string& path, std::string_view body) {
    const auto answer = hospital.post(path, body);
    EXPECT_EQ(answer.status, 200U) << answer.body;
    return first_issue(answer);
  };
  const std::string fine = observation_json("o", "p1");
  EXPECT_EQ(said("Observation/$validate", fine), "information ");
  EXPECT_EQ(said("Observation/$validate?mode=update", fine), "information ");
  EXPECT_EQ(said("Observation/o/$validate", fine), "information ");
  EXPECT_EQ(said("Observation/$validate", R"({"resourceType":"Observation","status":"final"})"),
            "error Observation.code");
  EXPECT_EQ(said("Observation/$validate",
                 R"({"resourceType":"Parameters","parameter":[{"name":"mode","valueCode":"create"},
                   {"name":"resource","resource":{"resourceType":"Observation","status":"no",
                   "code":{"text":"a"}}}]})"),
            "error Observation.status");
  EXPECT_EQ(said("Parameters/$validate",
                 R"({"resourceType":"Parameters","parameter":[{"valueString":"x"}]})"),
            "error Parameters.parameter[0].name");
  EXPECT_EQ(said("Observation/other/$validate", fine), "error ");
  EXPECT_EQ(said("Patient/$validate", fine), "error ");
  EXPECT_EQ(hospital.get("Observation/o").status, 404U);

  for (const auto& [path, body] :
       {std::pair<std::string, std::string>{"Observation/$validate?profile=http://p", fine},
        {"Observation/$validate?mode=delete", fine},
        {"Observation/$validate?strange=1", fine},
        {"Observation/$validate", "{"},
        {"Observation/$validate", R"({"resourceType":"Parameters"})"}}) {
    EXPECT_EQ(hospital.post(path, body).status, 400U) << path;
  }

  ASSERT_EQ(hospital.put("Observation/o", fine).status, 201U);
  EXPECT_EQ(first_issue(hospital.get("Observation/o/$validate")), "information ");
  FhirClient doctor(live.doctor(hospital.who(), "nobody's doctor"), live.organisations[0]);
  EXPECT_EQ(doctor.get("Observation/o/$validate").status, 403U);
  EXPECT_EQ(hospital.get("Observation/absent/$validate").status, 404U);
}

}  // namespace
}  // namespace xl::node
