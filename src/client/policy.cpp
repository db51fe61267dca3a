// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/policy.h"

#include "client/identity.h"
#include "consents/codes.h"
#include "fhir/definitions.h"

namespace xl::client {

namespace consent = contracts::consent;

std::optional<consent::Confidentiality> confidentiality_of_word(std::string_view word) {
  for (std::uint32_t number = 1; number <= consent::confidentiality_max; ++number) {
    if (word == consents::confidentiality_word(number) ||
        word == consents::confidentiality_code(number)) {
      return static_cast<consent::Confidentiality>(number);
    }
  }
  return std::nullopt;
}

namespace {

Status add_types(const std::vector<std::string>& types, consent::Rule& out) {
  for (const std::string& type : types) {
    if (!fhir::is_resource_type(type)) {
      return make_error(ErrorCode::input_invalid, type + " is no FHIR resource type");
    }
    auto* one = out.add_classes();
    one->set_system(std::string(consent::resource_types_system));
    one->set_code(type);
  }
  return {};
}

/// An exception that leaves every dimension open.
consent::Rule& add_exception(consent::Rule& rule) {
  consent::Rule& out = *rule.add_exceptions();
  out.set_confidentiality_min(static_cast<std::uint32_t>(consent::Confidentiality::unrestricted));
  out.set_confidentiality_max(
      static_cast<std::uint32_t>(consent::Confidentiality::very_restricted));
  return out;
}

Status add_exceptions(const PolicyWish& wish, consent::Rule& rule) {
  if (!wish.except_types.empty()) XL_TRY(add_types(wish.except_types, add_exception(rule)));
  if (!wish.except_persons.empty()) {
    consent::Rule& people = add_exception(rule);
    for (const model::Id& one : wish.except_persons) {
      people.add_grantees()->set_person(bytes_of(one.bytes));
    }
  }
  if (!wish.except_authors.empty()) {
    consent::Rule& written = add_exception(rule);
    for (const model::Id& one : wish.except_authors) {
      written.add_authors()->set_person(bytes_of(one.bytes));
    }
  }
  return {};
}

void add_data(const PolicyWish& wish, consent::Rule& rule) {
  rule.set_confidentiality_min(static_cast<std::uint32_t>(wish.confidentiality_min));
  rule.set_confidentiality_max(static_cast<std::uint32_t>(wish.confidentiality_max));
  if (wish.data_from_ms) rule.set_data_from_ms(*wish.data_from_ms);
  if (wish.data_to_ms) rule.set_data_to_ms(*wish.data_to_ms);
  for (const model::Id& one : wish.authors) rule.add_authors()->set_person(bytes_of(one.bytes));
  for (const model::Id& one : wish.author_organisations) {
    rule.add_authors()->set_organisation(bytes_of(one.bytes));
  }
}

}  // namespace

Result<consent::Policy> policy_of(const PolicyWish& wish) {
  const bool permit = wish.effect == consent::Effect::permit;
  if (permit && !wish.organisation && !wish.person) {
    return make_error(ErrorCode::input_invalid, "a consent names an organisation or a person");
  }
  consent::Policy out;
  out.set_effect(static_cast<std::uint32_t>(wish.effect));
  consent::Rule* rule = out.mutable_rule();
  if (wish.organisation || wish.person) {
    auto* grantee = rule->add_grantees();
    if (wish.organisation) grantee->set_organisation(bytes_of(wish.organisation->bytes));
    if (wish.person) grantee->set_person(bytes_of(wish.person->bytes));
  }
  XL_TRY(add_types(wish.types, *rule));
  add_data(wish, *rule);
  XL_TRY(add_exceptions(wish, *rule));
  if (wish.purpose) rule->add_purposes(static_cast<std::uint32_t>(*wish.purpose));
  if (permit) {
    rule->add_actions(static_cast<std::uint32_t>(consent::Action::read));
    rule->add_actions(static_cast<std::uint32_t>(consent::Action::search));
  }
  if (permit && wish.may_export) {
    rule->add_actions(static_cast<std::uint32_t>(consent::Action::export_data));
  }
  consent::normalise(out);
  XL_TRY(consent::check_policy(out));
  return out;
}

}  // namespace xl::client
