// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: one agreement has one encoding, within bounds, and a commitment that hides it. Method:
// every rule of the form broken once, bounds at max and max + 1, and a recorded commitment.
#include <gtest/gtest.h>

#include "contracts/consent/tests/policies.h"
#include "model/tests/vectors.h"

namespace xl::contracts::consent {
namespace {

SealedPolicy sealed_permit() {
  SealedPolicy out;
  out.set_version(1);
  out.set_consent(testing::field("c1"));
  out.set_patient(testing::field("ann"));
  out.set_custodian(testing::field("north"));
  *out.mutable_policy() = permit_south();
  out.set_salt(std::string(32, 's'));
  return out;
}

template <typename Alter>
bool passes(Alter alter) {
  Policy policy = permit_south();
  alter(policy, *policy.mutable_rule());
  return check_policy(policy).ok();
}

TEST(NormalForm, RefusesWhatIsNotInIt) {
  EXPECT_TRUE(passes([](Policy&, Rule&) {}));
  EXPECT_FALSE(passes([](Policy& p, Rule&) { p.set_effect(0); }));
  EXPECT_FALSE(passes([](Policy& p, Rule&) { p.set_effect(3); }));
  EXPECT_FALSE(passes([](Policy& p, Rule&) { p.clear_rule(); }));
  EXPECT_TRUE(passes([](Policy&, Rule& r) { r.clear_grantees(); }));  // everybody
  EXPECT_FALSE(passes([](Policy&, Rule& r) { r.clear_purposes(); }));
  EXPECT_FALSE(passes([](Policy&, Rule& r) { r.clear_actions(); }));
  EXPECT_FALSE(passes([](Policy&, Rule& r) { r.add_grantees(); }));  // an empty one
  EXPECT_FALSE(passes([](Policy&, Rule& r) { *r.add_grantees() = r.grantees(0); }));
  EXPECT_FALSE(passes([](Policy&, Rule& r) { r.mutable_grantees(0)->set_person("short"); }));
  EXPECT_FALSE(passes([](Policy&, Rule& r) { r.mutable_grantees(0)->set_role(17); }));
  EXPECT_FALSE(passes([](Policy&, Rule& r) { r.add_purposes(21); }));
  EXPECT_FALSE(passes([](Policy&, Rule& r) { r.add_purposes(1); }));  // twice
  EXPECT_FALSE(passes([](Policy&, Rule& r) { r.add_actions(6); }));
  EXPECT_FALSE(passes([](Policy&, Rule& r) { r.set_confidentiality_min(0); }));
  EXPECT_FALSE(passes([](Policy&, Rule& r) { r.set_confidentiality_max(7); }));
  EXPECT_FALSE(passes([](Policy&, Rule& r) {
    r.set_confidentiality_min(3);
    r.set_confidentiality_max(2);
  }));
  EXPECT_FALSE(passes([](Policy&, Rule& r) {
    r.add_sensitivities_excluded("PSY");
    r.add_sensitivities_excluded("HIV");
  }));
  EXPECT_FALSE(passes([](Policy&, Rule& r) { r.add_sensitivities_included(""); }));
  EXPECT_FALSE(passes([](Policy&, Rule& r) { r.add_classes()->set_code("x"); }));
  EXPECT_FALSE(passes([](Policy&, Rule& r) {
    r.set_data_from_ms(5);
    r.set_data_to_ms(5);
  }));
  EXPECT_TRUE(passes([](Policy&, Rule& r) {
    r.set_data_from_ms(-5);
    r.set_data_to_ms(0);
  }));
}

TEST(NormalForm, BoundsEveryList) {
  const auto grantees = [](std::uint32_t count) {
    return passes([&](Policy& p, Rule& r) {
      r.clear_grantees();
      for (std::uint32_t i = 0; i < count; ++i) *r.add_grantees() = anyone_of(std::to_string(i));
      normalise(p);
    });
  };
  EXPECT_TRUE(grantees(limits::grantees_max));
  EXPECT_FALSE(grantees(limits::grantees_max + 1));
  const auto classes = [](std::uint32_t count, std::size_t length) {
    return passes([&](Policy& p, Rule& r) {
      for (std::uint32_t i = 0; i < count; ++i) {
        add_class(r, std::to_string(i) + std::string(length - std::to_string(i).size(), 'x'));
      }
      normalise(p);
    });
  };
  EXPECT_TRUE(classes(limits::classes_max, limits::class_code_bytes_max));
  EXPECT_FALSE(classes(limits::classes_max + 1, 8));
  EXPECT_FALSE(classes(1, limits::class_code_bytes_max + 1));
  const auto sensitivities = [](std::uint32_t count, std::size_t length) {
    return passes([&](Policy& p, Rule& r) {
      for (std::uint32_t i = 0; i < count; ++i) {
        r.add_sensitivities_included(std::to_string(i) +
                                     std::string(length - std::to_string(i).size(), 'x'));
      }
      normalise(p);
    });
  };
  EXPECT_TRUE(sensitivities(limits::sensitivities_max, limits::sensitivity_bytes_max));
  EXPECT_FALSE(sensitivities(limits::sensitivities_max + 1, 8));
  EXPECT_FALSE(sensitivities(1, limits::sensitivity_bytes_max + 1));
}

TEST(NormalForm, BoundsExceptions) {
  const auto nested = [](std::uint32_t depth) {
    return passes([&](Policy&, Rule& r) {
      Rule* at = &r;
      for (std::uint32_t i = 0; i < depth; ++i) {
        at = at->add_exceptions();
        *at = any_rule();
      }
    });
  };
  EXPECT_TRUE(nested(limits::exception_depth_max));
  EXPECT_FALSE(nested(limits::exception_depth_max + 1));
  EXPECT_FALSE(nested(20));
  const auto many = [](std::uint32_t count) {
    return passes([&](Policy& p, Rule& r) {
      for (std::uint32_t i = 0; i < count; ++i) {
        Rule* exception = r.add_exceptions();
        *exception = any_rule();
        add_class(*exception, std::to_string(i));
      }
      normalise(p);
    });
  };
  EXPECT_TRUE(many(limits::exceptions_max));
  EXPECT_FALSE(many(limits::exceptions_max + 1));
}

TEST(NormalForm, SortsAnyOrderIntoOne) {
  Policy one = permit_south();
  Policy other = permit_south();
  add_class(*one.mutable_rule(), "Observation");
  add_class(*one.mutable_rule(), "Condition");
  add_class(*other.mutable_rule(), "Condition");
  add_class(*other.mutable_rule(), "Observation");
  add_class(*other.mutable_rule(), "Condition");
  one.mutable_rule()->add_purposes(3);
  other.mutable_rule()->clear_purposes();
  for (const std::uint32_t purpose : {3U, 1U, 3U}) other.mutable_rule()->add_purposes(purpose);
  normalise(one);
  normalise(other);
  EXPECT_EQ(model::encode(one), model::encode(other));
  EXPECT_TRUE(check_policy(one).ok());
}

TEST(NormalForm, CommitsToEverythingThatIsSealed) {
  const SealedPolicy sealed = sealed_permit();
  ASSERT_TRUE(check_sealed(sealed).ok());
  const Bytes commitment = commitment_of(sealed);
  EXPECT_EQ(commitment.size(), 33U);
  EXPECT_EQ(commitment[0], 1);
  const auto differs = [&](auto&& alter) {
    SealedPolicy other = sealed;
    alter(other);
    return commitment_of(other) != commitment;
  };
  EXPECT_TRUE(differs([](SealedPolicy& s) { s.set_salt(std::string(32, 't')); }));
  EXPECT_TRUE(differs([](SealedPolicy& s) { s.set_consent(testing::field("c2")); }));
  EXPECT_TRUE(differs([](SealedPolicy& s) { s.set_patient(testing::field("bob")); }));
  EXPECT_TRUE(differs([](SealedPolicy& s) { s.mutable_policy()->set_effect(2); }));
  const auto decoded = decode_sealed(model::encode(sealed));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(commitment_of(*decoded), commitment);
  SealedPolicy short_salt = sealed;
  short_salt.mutable_salt()->pop_back();
  EXPECT_FALSE(check_sealed(short_salt).ok());
  SealedPolicy newer = sealed;
  newer.set_version(2);
  EXPECT_FALSE(check_sealed(newer).ok());
}

TEST(NormalForm, CommitmentIsRecorded) {
  // Changing this changes every commitment ever made.
  EXPECT_EQ(to_hex(commitment_of(sealed_permit())),
            "01cbf840f3e6aad2eb5cd811f93845af5d3b6660cf04807fed1695264970b0b930");
}

TEST(NormalForm, IsEncodedAndCommittedToAsThePageSays) {
  const auto page = model::vectors::of_page("formats-contracts.md");
  SealedPolicy sealed = sealed_permit();
  sealed.set_consent(std::string(16, 0x0c));
  sealed.set_patient(std::string(16, 0x02));
  sealed.set_custodian(std::string(16, 0x09));
  sealed.mutable_policy()->mutable_rule()->mutable_grantees(0)->set_organisation(
      std::string(16, 0x0d));
  sealed.set_salt(std::string(32, 0x5a));
  ASSERT_TRUE(check_sealed(sealed).ok());
  EXPECT_EQ(page.at("policy.bytes"), to_hex(model::encode(sealed)));
  EXPECT_EQ(page.at("policy.commitment"), to_hex(commitment_of(sealed)));
}

TEST(Narrower, IsStrictAndKeepsTheEffect) {
  const Policy permit = permit_south();
  EXPECT_FALSE(is_narrower(permit, permit));
  Policy less = permit;
  add_class(*less.mutable_rule(), "Observation");
  EXPECT_TRUE(is_narrower(permit, less));
  EXPECT_FALSE(is_narrower(less, permit));
  EXPECT_FALSE(is_narrower(permit, deny_all()));
  Policy wider_deny = deny_all();
  Policy deny = deny_all();
  add_class(*deny.mutable_rule(), "Observation");
  EXPECT_TRUE(is_narrower(deny, wider_deny));  // denying more permits less
  EXPECT_FALSE(is_narrower(wider_deny, deny));
  Policy person = permit;
  person.mutable_rule()->mutable_grantees(0)->set_person(testing::field("fay"));
  EXPECT_TRUE(is_narrower(permit, person));  // one of south is within anyone of south
  EXPECT_FALSE(is_narrower(person, permit));
}

}  // namespace
}  // namespace xl::contracts::consent
