// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "contracts/consent/records.h"
#include "node/tests/live_node.h"

namespace xl::node::testing {

/// Two hospitals on a node; the first keeps the records of a patient, Ann.
class Care : public ::testing::Test {
 protected:
  void SetUp() override {
    live_ = std::make_unique<LiveNode>("care", organisations());
    live_->configure = [this](Config& config) { configure(config); };
    live_->start();
    ASSERT_NE(live_->node, nullptr);
    north_ = std::make_unique<FhirClient>(live_->hospital(0), live_->organisations[0]);
    ASSERT_EQ(north_->put("Patient/p1", patient_json("p1", "Ann")).status, 201U);
    ASSERT_EQ(north_->put("Observation/o1", observation_json("o1", "p1")).status, 201U);
    ASSERT_EQ(north_->put("Observation/o2", observation_json("o2", "p1", "2.0")).status, 201U);
    auto did = demo::pseudonym_of(*north_->who().session, live_->organisations[0], "p1");
    ASSERT_TRUE(did.ok()) << did.error().text();
    patient_did_ = *did;
  }
  void TearDown() override {
    north_.reset();
    live_.reset();
  }

  /// Three: a regulator too.
  [[nodiscard]] virtual std::size_t organisations() const { return 2; }

  /// What the node is to have otherwise.
  virtual void configure(Config&) const {}

  demo::Persona patient() {
    auto out = live_->cast().patient(north_->who(), "ann", patient_did_);
    EXPECT_TRUE(out.ok()) << out.error().text();
    return std::move(*out);
  }
  FhirClient ward() {
    demo::Persona south = live_->hospital(1);
    return {live_->doctor(south, "ward"), live_->organisations[0]};
  }
  static std::string total(const client::HttpResponse& answer) {
    return std::string(parsed(answer).root().find("total").number_text().value_or("none"));
  }
  /// Shares `types` with everyone of South for treatment.
  model::Id share(demo::Persona& ann, const std::vector<std::string>& types,
                  contracts::consent::Effect effect = contracts::consent::Effect::permit) {
    contracts::consent::Policy policy;
    policy.set_effect(static_cast<std::uint32_t>(effect));
    auto* rule = policy.mutable_rule();
    rule->add_grantees()->set_organisation(client::bytes_of(
        live_->organisations[effect == contracts::consent::Effect::permit ? 1 : 0].bytes));
    for (const std::string& type : types) {
      auto* one = rule->add_classes();
      one->set_system(std::string(contracts::consent::resource_types_system));
      one->set_code(type);
    }
    rule->set_confidentiality_min(1);
    rule->set_confidentiality_max(6);
    rule->add_purposes(static_cast<std::uint32_t>(contracts::consent::PurposeOfUse::treatment));
    rule->add_actions(static_cast<std::uint32_t>(contracts::consent::Action::read));
    rule->add_actions(static_cast<std::uint32_t>(contracts::consent::Action::search));
    model::Id out;
    const auto sent = ann.session->grant(policy, patient_did_, live_->organisations[0], 0, out);
    EXPECT_TRUE(sent.ok() && sent->applied()) << (sent.ok() ? sent->status_name : "");
    return out;
  }
  custody::Organisation& custodian() {
    return *live_->node->custody().find(live_->organisations[0]);
  }

  std::unique_ptr<LiveNode> live_;
  std::unique_ptr<FhirClient> north_;
  model::Id patient_did_;
};

}  // namespace xl::node::testing
