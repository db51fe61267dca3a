// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/consent/decide.h"
#include "contracts/tests/fixture.h"

/// Policies and requests over a small universe, for the tests of the decision.
namespace xl::contracts::consent {

/// "anyone of this organisation".
inline xinglin::consent::v1::Grantee anyone_of(const std::string& organisation) {
  xinglin::consent::v1::Grantee out;
  out.set_organisation(testing::field(organisation));
  return out;
}

/// A rule about everything.
inline Rule any_rule() {
  Rule out;
  out.set_confidentiality_min(1);
  out.set_confidentiality_max(confidentiality_max);
  return out;
}

/// South may read everything to treat.
inline Policy permit_south() {
  Policy out;
  out.set_effect(static_cast<std::uint32_t>(Effect::permit));
  *out.mutable_rule() = any_rule();
  *out.mutable_rule()->add_grantees() = anyone_of("south");
  out.mutable_rule()->add_purposes(static_cast<std::uint32_t>(PurposeOfUse::treatment));
  out.mutable_rule()->add_actions(static_cast<std::uint32_t>(Action::read));
  return out;
}

inline Policy deny_all() {
  Policy out;
  out.set_effect(static_cast<std::uint32_t>(Effect::deny));
  *out.mutable_rule() = any_rule();
  return out;
}

inline void add_class(Rule& rule, const std::string& code) {
  auto* added = rule.add_classes();
  added->set_system(std::string(resource_types_system));
  added->set_code(code);
}

inline KnownPolicy known(const std::string& name, Policy policy, bool active = true) {
  return {testing::id(name), active, std::move(policy)};
}

/// A physician of south asks to read one normal observation of ann, which north wrote and keeps.
inline Request request_of_south() {
  Request out;
  out.requester.kind = RequesterKind::practitioner;
  out.requester.did = testing::id("fay");
  out.requester.organisation = testing::id("south");
  out.requester.roles = {static_cast<std::uint32_t>(identity::Role::physician)};
  out.purpose = PurposeOfUse::treatment;
  out.action = Action::read;
  out.resource.classes = {{std::string(resource_types_system), "Observation"}};
  out.resource.from_ms = 1000;
  out.resource.to_ms = 2000;
  out.resource.author_organisation = testing::id("north");
  return out;
}

inline Facts facts_of_north() {
  Facts out;
  out.patient = testing::id("ann");
  out.custodian = testing::id("north");
  out.role_attested = true;
  return out;
}

}  // namespace xl::contracts::consent
