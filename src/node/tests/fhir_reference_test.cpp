// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: what refers to a patient is found by searches for that patient, however the reference is
// written. Method: records with references of each kind through HTTP, before and after a rebuild.
#include <gtest/gtest.h>

#include "node/tests/live_node.h"
#include "node/tools/rebuild_index.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::LiveNode;
using testing::observation_json;
using testing::parsed;
using testing::patient_json;

TEST(FhirReference, ByThisServersOwnAddressMeansWhatARelativeOneMeans) {
  LiveNode live("reference");
  live.start();
  FhirClient north(live.hospital(0), live.organisations[0]);
  ASSERT_EQ(north.put("Patient/p1", patient_json("p1", "Ada")).status, 201U);
  const std::string own = "/o/" + live.organisations[0].text() + "/fhir/";
  const std::string other = "/o/" + live.organisations[1].text() + "/fhir/";
  const auto about = [](const std::string& id, const std::string& reference) {
    std::string out = observation_json(id, "p1");
    out.replace(out.find("Patient/p1"), 10, reference);
    return out;
  };
  ASSERT_EQ(
      north.put("Observation/abs", about("abs", "http://127.0.0.1:1" + own + "Patient/p1")).status,
      201U);
  ASSERT_EQ(north.put("Observation/abs2", about("abs2", "https://a.example/x" + own + "Patient/p1"))
                .status,
            201U);
  const auto expect_found = [&] {
    for (const std::string& who :
         {std::string("p1"), std::string("Patient/p1"), "http://127.0.0.1:1" + own + "Patient/p1",
          "https://another.example" + own + "Patient/p1"}) {
      for (const char* id : {"abs", "abs2"}) {
        const auto found = north.get("Observation?_id=" + std::string(id) + "&patient=" + who);
        EXPECT_EQ(parsed(found).root().find("total").number_text(), "1") << who << found.body;
      }
    }
  };
  expect_found();
  const auto strange =
      north.put("Observation/abs3", about("abs3", "http://127.0.0.1:1" + other + "Patient/p1"));
  EXPECT_EQ(strange.status, 422U);
  EXPECT_NE(strange.body.find("XL4175"), std::string::npos) << strange.body;
  live.stop();
  const auto rebuilt = rebuild_indexes(live.layout(), LiveNode::unlock(), [](std::uint64_t) {});
  ASSERT_TRUE(rebuilt.ok()) << rebuilt.error().text();
  live.start();
  north = FhirClient(live.hospital(0), live.organisations[0]);
  expect_found();
}

}  // namespace
}  // namespace xl::node
