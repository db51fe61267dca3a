// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/policy.h"

#include <array>

#include "client/identity.h"
#include "fhir/definitions.h"

namespace xl::client {

namespace consent = contracts::consent;

namespace {

struct ConfidentialityWord {
  consent::Confidentiality level;
  std::string_view word;
  std::string_view letter;
};

constexpr std::array confidentiality_words = {
    ConfidentialityWord{consent::Confidentiality::unrestricted, "unrestricted", "U"},
    ConfidentialityWord{consent::Confidentiality::low, "low", "L"},
    ConfidentialityWord{consent::Confidentiality::moderate, "moderate", "M"},
    ConfidentialityWord{consent::Confidentiality::normal, "normal", "N"},
    ConfidentialityWord{consent::Confidentiality::restricted, "restricted", "R"},
    ConfidentialityWord{consent::Confidentiality::very_restricted, "very-restricted", "V"}};

}  // namespace

std::optional<consent::Confidentiality> confidentiality_of_word(std::string_view word) {
  for (const auto& one : confidentiality_words) {
    if (one.word == word || one.letter == word) return one.level;
  }
  return std::nullopt;
}

std::string_view confidentiality_word(std::uint32_t number) {
  for (const auto& one : confidentiality_words) {
    if (static_cast<std::uint32_t>(one.level) == number) return one.word;
  }
  return {};
}

Result<consent::Policy> policy_of(const PolicyWish& wish) {
  if (!wish.organisation && !wish.person) {
    return make_error(ErrorCode::input_invalid, "a consent names an organisation or a person");
  }
  consent::Policy out;
  out.set_effect(static_cast<std::uint32_t>(consent::Effect::permit));
  consent::Rule* rule = out.mutable_rule();
  auto* grantee = rule->add_grantees();
  if (wish.organisation) grantee->set_organisation(bytes_of(wish.organisation->bytes));
  if (wish.person) grantee->set_person(bytes_of(wish.person->bytes));
  for (const std::string& type : wish.types) {
    if (!fhir::is_resource_type(type)) {
      return make_error(ErrorCode::input_invalid, type + " is no FHIR resource type");
    }
    auto* one = rule->add_classes();
    one->set_system(std::string(consent::resource_types_system));
    one->set_code(type);
  }
  rule->set_confidentiality_min(static_cast<std::uint32_t>(consent::Confidentiality::unrestricted));
  rule->set_confidentiality_max(static_cast<std::uint32_t>(wish.confidentiality_max));
  rule->add_purposes(static_cast<std::uint32_t>(wish.purpose));
  rule->add_actions(static_cast<std::uint32_t>(consent::Action::read));
  rule->add_actions(static_cast<std::uint32_t>(consent::Action::search));
  if (wish.may_export) {
    rule->add_actions(static_cast<std::uint32_t>(consent::Action::export_data));
  }
  consent::normalise(out);
  XL_TRY(consent::check_policy(out));
  return out;
}

}  // namespace xl::client
