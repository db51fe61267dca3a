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

/// On a node of one organisation the FHIR server is at `/fhir` too, and below the public URL.
TEST(FhirReference, ByTheShortAddressAndThePublicOne) {
  LiveNode live("reference-short", 1);
  live.configure = [](Config& config) { config.public_url = "https://north.example"; };
  live.start();
  FhirClient north(live.hospital(0), live.organisations[0]);
  for (const char* id : {"p1", "p2"}) {
    ASSERT_EQ(north.put("Patient/" + std::string(id), patient_json(id, "Ada")).status, 201U);
  }
  const auto own_bases = [&live] {
    const std::string here = "http://127.0.0.1:" + std::to_string(live.node->port());
    const std::string long_path = "/o/" + live.organisations[0].text() + "/fhir";
    return std::vector<std::string>{here + "/fhir", here + long_path, "https://north.example/fhir",
                                    "https://north.example" + long_path};
  };
  const auto about = [](const std::string& id, const std::string& reference) {
    std::string out = observation_json(id, "p1");
    out.replace(out.find("Patient/p1"), 10, reference);
    return out;
  };
  int number = 0;
  for (const std::string& base : own_bases()) {
    const std::string id = "o" + std::to_string(number++);
    const auto kept = north.put("Observation/" + id, about(id, base + "/Patient/p1"));
    ASSERT_EQ(kept.status, 201U) << base << kept.body;
    EXPECT_EQ(parsed(kept).root().find("subject").find("reference").as_string(), "Patient/p1");
    // One record is about one patient, whatever the second one is called.
    std::string two = observation_json("two", "p1");
    two.insert(two.size() - 1, R"(,"focus":[{"reference":")" + base + R"(/Patient/p2"}])");
    const auto refused = north.put("Observation/two", two);
    EXPECT_EQ(refused.status, 422U) << base << refused.body;
    EXPECT_NE(refused.body.find("Observation.focus[0]"), std::string::npos) << refused.body;
    // Entries, conditions and merges mean the same.
    const auto conditional = north.post("", R"({"resourceType":"Bundle","type":"transaction",
      "entry":[{"resource":)" + about("c" + id, base + "/Patient?_id=p1") +
                                                R"(,"request":{"method":"PUT","url":")" + base +
                                                "/Observation/c" + id + R"("}}]})");
    EXPECT_EQ(conditional.status, 200U) << base << conditional.body;
    const std::string both = R"({"resourceType":"Parameters","parameter":[
      {"name":"preview","valueBoolean":true},
      {"name":"source-patient","valueReference":{"reference":")" +
                             base + R"(/Patient/p2"}},
      {"name":"target-patient","valueReference":{"reference":"Patient/p1"}}]})";
    EXPECT_EQ(north.post("Patient/$merge", both).status, 200U) << base;
  }
  const auto expect_found = [&] {
    for (const std::string& base : own_bases()) {
      const auto found = north.get("Observation?patient=" + base + "/Patient/p1");
      EXPECT_EQ(parsed(found).root().find("total").number_text(), "8") << base << found.body;
    }
    EXPECT_EQ(
        parsed(north.get("Observation?subject:Patient._id=p1")).root().find("total").number_text(),
        "8");
  };
  expect_found();
  // Another server's patient is not ours.
  EXPECT_EQ(north.put("Observation/x", about("x", "https://b.example/fhir/Patient/p1")).status,
            422U);
  EXPECT_EQ(north
                .post("Patient/$merge", R"({"resourceType":"Parameters","parameter":[
      {"name":"source-patient","valueReference":{"reference":"https://b.example/fhir/Patient/p2"}},
      {"name":"target-patient","valueReference":{"reference":"Patient/p1"}}]})")
                .status,
            400U);
  live.stop();
  const auto rebuilt = rebuild_indexes(live.layout(), LiveNode::unlock(), [](std::uint64_t) {});
  ASSERT_TRUE(rebuilt.ok()) << rebuilt.error().text();
  live.start();
  north = FhirClient(live.hospital(0), live.organisations[0]);
  expect_found();
}

}  // namespace
}  // namespace xl::node
