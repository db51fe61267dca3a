// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: each rule of the decision does what it says, and nothing else permits. Method: one table
// per rule, each row one change to a request that is otherwise clear, with permit, review and
// reasons.
#include <gtest/gtest.h>

#include "contracts/consent/tests/policies.h"

namespace xl::contracts::consent {
namespace {

using Reasons = std::vector<Reason>;

void expect(const Decision& decision, bool permit, const Reasons& reasons, const char* what,
            bool review = false) {
  EXPECT_EQ(decision.permit, permit) << what;
  EXPECT_EQ(decision.review, review) << what;
  EXPECT_EQ(decision.reasons, reasons) << what;
}

TEST(DecideOwnAccess, PatientsSeeTheirOwnData) {
  Request request = request_of_south();
  request.requester = {RequesterKind::patient, testing::id("ann"), {}, {}, {}};
  Facts facts = facts_of_north();
  expect(decide({}, request, facts), true, {Reason::own_access}, "own data");
  const std::vector<KnownPolicy> denied{known("c1", deny_all())};
  expect(decide(denied, request, facts), true, {Reason::own_access}, "whatever they denied others");
  facts.withheld_from_patient = true;
  expect(decide({}, request, facts), false, {Reason::withheld_from_patient}, "withheld by law");
  request.requester.did = testing::id("bob");
  expect(decide({}, request, facts), false, {Reason::not_this_patient}, "another patient");
}

TEST(DecideGuardian, ActsWhileAppointed) {
  Request request = request_of_south();
  request.requester = {RequesterKind::guardian, testing::id("gail"), {}, {}, {}};
  Facts facts = facts_of_north();
  expect(decide({}, request, facts), false, {Reason::guardian_over}, "over");
  facts.guardian_acts = true;
  expect(decide({}, request, facts), true, {Reason::guardian_access}, "acting");
  Policy deny = deny_all();
  deny.mutable_rule()->add_grantees()->set_person(testing::field("gail"));
  const std::vector<KnownPolicy> policies{known("c1", deny)};
  expect(decide(policies, request, facts), false, {Reason::patient_denies}, "an adolescent's no");
}

TEST(DecideOwnCare, NeedsRoleEncounterAndPurpose) {
  Request request = request_of_south();
  request.requester.organisation = testing::id("north");
  Facts facts = facts_of_north();
  facts.encounter_active = true;
  expect(decide({}, request, facts), true, {Reason::own_care}, "own care");
  facts.encounter_active = false;
  expect(decide({}, request, facts), false, {Reason::no_encounter, Reason::no_consent},
         "no encounter");
  facts.encounter_active = true;
  request.purpose = PurposeOfUse::research;
  expect(decide({}, request, facts), false, {Reason::not_own_care, Reason::no_consent},
         "other purpose");
  request.purpose = PurposeOfUse::treatment;
  facts.role_attested = false;
  expect(decide({}, request, facts), false, {Reason::role_not_attested}, "no role");
  facts.role_attested = true;
  const std::vector<KnownPolicy> denied{known("c1", deny_all())};
  expect(decide(denied, request, facts), false, {Reason::patient_denies}, "denied");
  const std::vector<KnownPolicy> lapsed{known("c1", deny_all(), false)};
  expect(decide(lapsed, request, facts), true, {Reason::own_care}, "a refusal that is over");
}

TEST(DecideOwnCare, SoftwareOfTheCustodianForOperationsOnly) {
  Request request = request_of_south();
  request.requester.kind = RequesterKind::organisation;
  request.requester.did = request.requester.organisation = testing::id("north");
  request.requester.roles.clear();
  request.purpose = PurposeOfUse::operations;
  const Facts facts = facts_of_north();
  expect(decide({}, request, facts), true, {Reason::own_systems}, "own software");
  const std::vector<KnownPolicy> denied{known("c1", deny_all())};
  expect(decide(denied, request, facts), false, {Reason::patient_denies}, "denied");
  request.purpose = PurposeOfUse::treatment;
  expect(decide({}, request, facts), false, {Reason::no_consent},
         "a person must stand behind care");
  request.purpose = PurposeOfUse::operations;
  request.requester.did = request.requester.organisation = testing::id("south");
  expect(decide({}, request, facts), false, {Reason::no_consent}, "of another institution");
}

TEST(DecideConsent, CoversEveryDimensionOrNothing) {
  const Facts facts = facts_of_north();
  Policy policy = permit_south();
  Rule& rule = *policy.mutable_rule();
  add_class(rule, "Observation");
  rule.set_confidentiality_max(4);
  rule.add_sensitivities_excluded("HIV");
  rule.set_data_from_ms(1000);
  rule.set_data_to_ms(2001);
  rule.add_authors()->set_organisation(testing::field("north"));
  ASSERT_TRUE(check_policy(policy).ok());
  const std::vector<KnownPolicy> policies{known("c1", policy)};
  const auto decided = [&](auto&& alter) {
    Request request = request_of_south();
    alter(request);
    return decide(policies, request, facts);
  };
  const auto clear = decided([](Request&) {});
  expect(clear, true, {Reason::consent_permits}, "covered");
  EXPECT_EQ(clear.consents, std::vector<model::Id>{testing::id("c1")});
  expect(decided([](Request& r) { r.requester.organisation = testing::id("insurer"); }), false,
         {Reason::grantee_not_covered}, "grantee");
  expect(decided([](Request& r) { r.resource.classes[0].code = "Condition"; }), false,
         {Reason::class_not_covered}, "class");
  expect(decided([](Request& r) { r.resource.confidentiality = Confidentiality::restricted; }),
         false, {Reason::confidentiality_not_covered}, "confidentiality");
  expect(decided([](Request& r) { r.resource.sensitivities = {"HIV"}; }), false,
         {Reason::sensitivity_not_covered}, "sensitivity");
  expect(decided([](Request& r) { r.purpose = PurposeOfUse::payment; }), false,
         {Reason::purpose_not_covered}, "purpose");
  expect(decided([](Request& r) { r.resource.to_ms = 2001; }), false, {Reason::period_not_covered},
         "period");
  expect(decided([](Request& r) { r.resource.from_ms.reset(); }), false,
         {Reason::period_not_covered}, "undated data");
  expect(decided([](Request& r) { r.resource.author_organisation = testing::id("lab"); }), false,
         {Reason::author_not_covered}, "author");
  expect(decided([](Request& r) { r.action = Action::export_data; }), false,
         {Reason::action_not_covered}, "action");
}

TEST(DecideConsent, NeedsToBeActive) {
  const Request request = request_of_south();
  const Facts facts = facts_of_north();
  expect(decide({}, request, facts), false, {Reason::no_consent}, "none");
  const std::vector<KnownPolicy> over{known("c1", permit_south(), false)};
  expect(decide(over, request, facts), false, {Reason::no_consent, Reason::consent_inactive},
         "over");
  const std::vector<KnownPolicy> both{known("c1", permit_south()), known("c2", deny_all())};
  expect(decide(both, request, facts), false, {Reason::patient_denies}, "deny overrides");
}

TEST(DecideConsent, GranteesByPersonRoleAndTeam) {
  const Facts facts = facts_of_north();
  const auto decided = [&](auto&& alter_grantee, auto&& alter_request) {
    Policy policy = permit_south();
    alter_grantee(*policy.mutable_rule()->mutable_grantees(0));
    Request request = request_of_south();
    alter_request(request.requester);
    const std::vector<KnownPolicy> policies{known("c1", policy)};
    return decide(policies, request, facts).permit;
  };
  using Grantee = xinglin::consent::v1::Grantee;
  const auto person = [](Grantee& g) { g.set_person(testing::field("fay")); };
  EXPECT_TRUE(decided(person, [](Requester&) {}));
  EXPECT_FALSE(decided(person, [](Requester& r) { r.did = testing::id("dora"); }));
  const auto role = [](Grantee& g) { g.set_role(1); };
  EXPECT_TRUE(decided(role, [](Requester&) {}));
  EXPECT_FALSE(decided(role, [](Requester& r) { r.roles = {3}; }));
  const auto team = [](Grantee& g) { g.set_care_team(testing::field("team")); };
  EXPECT_FALSE(decided(team, [](Requester&) {}));
  EXPECT_TRUE(decided(team, [](Requester& r) { r.care_teams = {testing::id("team")}; }));
  const auto software = [](Requester& r) {
    r = {RequesterKind::organisation, testing::id("south"), testing::id("south"), {}, {}};
  };
  EXPECT_TRUE(decided([](Grantee&) {}, software));
  EXPECT_FALSE(decided(role, software));  // software has no role
}

TEST(DecideConsent, SensitivitiesAreAsProtectedAsTheirMostProtectedCode) {
  const Facts facts = facts_of_north();
  Policy permit = permit_south();
  permit.mutable_rule()->add_sensitivities_included("PSY");
  Policy deny = deny_all();
  deny.mutable_rule()->add_sensitivities_included("PSY");
  const std::vector<KnownPolicy> only_psy{known("c1", permit)};
  const std::vector<KnownPolicy> never_psy{known("c1", permit_south()), known("c2", deny)};
  Request request = request_of_south();
  EXPECT_FALSE(decide(only_psy, request, facts).permit);  // not of that kind
  EXPECT_TRUE(decide(never_psy, request, facts).permit);
  request.resource.sensitivities = {"PSY"};
  EXPECT_TRUE(decide(only_psy, request, facts).permit);
  EXPECT_FALSE(decide(never_psy, request, facts).permit);
  request.resource.sensitivities = {"HIV", "PSY"};
  EXPECT_FALSE(decide(only_psy, request, facts).permit);  // HIV was not agreed to
  EXPECT_FALSE(decide(never_psy, request, facts).permit);
}

TEST(DecideConsent, ExceptionsAndTheirExceptions) {
  const Facts facts = facts_of_north();
  Policy policy = permit_south();
  Rule* exception = policy.mutable_rule()->add_exceptions();
  *exception = any_rule();
  exception->add_sensitivities_included("HIV");
  Rule* inner = exception->add_exceptions();
  *inner = any_rule();
  inner->add_grantees()->set_person(testing::field("fay"));
  ASSERT_TRUE(check_policy(policy).ok());
  const std::vector<KnownPolicy> policies{known("c1", policy)};
  Request request = request_of_south();
  request.requester.did = testing::id("someone");
  EXPECT_TRUE(decide(policies, request, facts).permit);
  request.resource.sensitivities = {"HIV"};
  expect(decide(policies, request, facts), false, {Reason::excepted}, "excepted");
  request.requester.did = testing::id("fay");
  EXPECT_TRUE(decide(policies, request, facts).permit);
}

TEST(DecideEmergency, NeedsRoleReasonAndEntry) {
  Request request = request_of_south();
  request.purpose = PurposeOfUse::break_glass;
  Facts facts = facts_of_north();
  facts.emergency_declared = facts.emergency_has_reason = facts.emergency_licensed = true;
  expect(decide({}, request, facts), true, {Reason::emergency_access}, "declared", true);
  const std::vector<KnownPolicy> denied{known("c1", deny_all())};
  expect(decide(denied, request, facts), true,
         {Reason::emergency_access, Reason::emergency_overrides}, "overrides a refusal", true);
  facts.emergency_declared = false;
  expect(decide({}, request, facts), false, {Reason::no_consent, Reason::emergency_not_declared},
         "not declared");
  expect(decide(denied, request, facts), false,
         {Reason::patient_denies, Reason::emergency_not_declared}, "denied");
  facts.emergency_declared = true;
  facts.emergency_has_reason = false;
  expect(decide({}, request, facts), false, {Reason::no_consent, Reason::emergency_without_reason},
         "no reason");
  facts.emergency_has_reason = true;
  facts.emergency_licensed = false;
  expect(decide({}, request, facts), false, {Reason::no_consent, Reason::role_not_licensed},
         "no licensed role");
  facts.emergency_licensed = true;
  facts.role_attested = false;
  expect(decide({}, request, facts), false, {Reason::role_not_attested}, "role not attested");
  facts.role_attested = true;
  facts.law_denies = true;
  expect(decide({}, request, facts), false, {Reason::law_denies}, "the law forbids");
  facts.law_denies = false;
  request.purpose = PurposeOfUse::treatment;
  expect(decide({}, request, facts), false, {Reason::no_consent}, "not asked as an emergency");
}

TEST(DecideEmergency, IsNoneWhenConsentCoversIt) {
  Request request = request_of_south();
  request.purpose = PurposeOfUse::emergency_treatment;
  Facts facts = facts_of_north();
  facts.emergency_declared = facts.emergency_has_reason = facts.emergency_licensed = true;
  Policy policy = permit_south();
  policy.mutable_rule()->add_purposes(2);
  const std::vector<KnownPolicy> policies{known("c1", policy)};
  expect(decide(policies, request, facts), true, {Reason::consent_permits}, "consented");
}

TEST(Codes, AreComplete) {
  std::uint8_t before = 0;
  for (const ReasonInfo& info : reason_infos()) {
    EXPECT_GT(static_cast<std::uint8_t>(info.reason), before);
    EXPECT_FALSE(info.en.empty() || info.zh.empty() || info.name.empty());
    before = static_cast<std::uint8_t>(info.reason);
  }
  for (std::size_t i = 0; i < purpose_infos().size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(purpose_infos()[i].purpose), i + 1);
    EXPECT_EQ(purpose_of_code(purpose_infos()[i].code), purpose_infos()[i].purpose);
  }
  EXPECT_FALSE(purpose_of_code("NOPE").has_value());
}

}  // namespace
}  // namespace xl::contracts::consent
