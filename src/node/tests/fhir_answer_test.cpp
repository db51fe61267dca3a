// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: what other people's clients and test scripts rely on: what is deleted twice is gone, a
// refusal names its element. Method: a real node, asked over HTTP by the hospital's software.
#include <gtest/gtest.h>

#include "node/tests/live_node.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::LiveNode;
using testing::observation_json;
using testing::parsed;
using testing::patient_json;

class FhirAnswer : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    live_ = std::make_unique<LiveNode>("answer");
    live_->start();
    ASSERT_NE(live_->node, nullptr);
    north_ = std::make_unique<FhirClient>(live_->hospital(0), live_->organisations[0]);
    ASSERT_EQ(north_->put("Patient/p1", patient_json("p1", "Ada")).status, 201U);
  }
  static void TearDownTestSuite() {
    north_.reset();
    live_.reset();
  }

  static std::unique_ptr<LiveNode> live_;
  static std::unique_ptr<FhirClient> north_;
};

std::unique_ptr<LiveNode> FhirAnswer::live_;
std::unique_ptr<FhirClient> FhirAnswer::north_;

TEST_F(FhirAnswer, WhatNeverWasIsDeletedAsItWasAskedToBe) {
  const auto answer = north_->ask("DELETE", "Observation/never-was");
  EXPECT_EQ(answer.status, 204U) << answer.body;
  EXPECT_FALSE(answer.headers.contains("etag"));
  EXPECT_FALSE(answer.headers.contains("link"));
  EXPECT_EQ(north_->get("Observation/never-was").status, 404U);
  EXPECT_EQ(north_->ask("DELETE", "Observation/never-was", {}, {{"If-Match", "W/\"1\""}}).status,
            412U);
  const json::Document told = parsed(north_->post(
      "", R"({"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE",)"
          R"("url":"Observation/never-was"}}]})"));
  EXPECT_EQ(told.root().find("entry").at(0).find("response").find("status").as_string(), "204");
}

TEST_F(FhirAnswer, ARefusalNamesTheElement) {
  const auto element_of = [](const client::HttpResponse& answer) {
    EXPECT_GE(answer.status, 400U);
    const json::Document document = parsed(answer);
    return std::string(
        document.root().find("issue").at(0).find("expression").at(0).as_string().value_or(""));
  };
  EXPECT_EQ(element_of(north_->post("Observation", observation_json("x", "nobody-knows"))),
            "Observation.subject");
  ASSERT_EQ(north_->put("Patient/p9", patient_json("p9", "Another")).status, 201U);
  EXPECT_EQ(element_of(north_->post(
                "Observation",
                R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{)"
                R"("reference":"Patient/p1"},"focus":[{"reference":"Patient/p9"}]})")),
            "Observation.focus[0]");
}

}  // namespace
}  // namespace xl::node
