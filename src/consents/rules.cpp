// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "consents/rules.h"

#include <array>
#include <string>
#include <string_view>

#include "contracts/consent/codes.h"
#include "model/id.h"

namespace xl::consents {

namespace consent = contracts::consent;

namespace {

std::string party_in(const std::string& field) {
  const auto id = model::id_from_bytes(view_of(field));
  return id.ok() ? model::did_text(*id) : std::string();
}

void write_people(json::Writer& out, const consent::Rule& rule) {
  out.key("grantees").begin_array();
  for (const auto& grantee : rule.grantees()) {
    out.begin_object().key("organisation").string(party_in(grantee.organisation()));
    out.key("person").string(party_in(grantee.person()));
    out.key("role").unsigned_integer(grantee.role());
    out.key("care_team").string(party_in(grantee.care_team())).end_object();
  }
  out.end_array().key("authors").begin_array();
  for (const auto& author : rule.authors()) {
    out.begin_object().key("organisation").string(party_in(author.organisation()));
    out.key("person").string(party_in(author.person())).end_object();
  }
  out.end_array();
}

void write_codes(json::Writer& out, const consent::Rule& rule) {
  out.key("classes").begin_array();
  for (const auto& one : rule.classes()) {
    out.begin_object().key("system").string(one.system()).key("code").string(one.code());
    out.end_object();
  }
  out.end_array().key("codes").begin_array();
  for (const auto& one : rule.codes()) {
    out.begin_object().key("system").string(one.system()).key("code").string(one.code());
    out.end_object();
  }
  out.end_array().key("records").begin_array();
  for (const auto& one : rule.data()) {
    out.begin_object().key("record").string(one.type() + "/" + one.id()).key("related");
    out.boolean(one.scope() == static_cast<std::uint32_t>(consent::DataScope::related));
    out.end_object();
  }
  out.end_array().key("purposes").begin_array();
  for (const std::uint32_t purpose : rule.purposes()) {
    for (const consent::PurposeInfo& info : consent::purpose_infos()) {
      if (static_cast<std::uint32_t>(info.purpose) == purpose) out.string(info.code);
    }
  }
  out.end_array().key("actions").begin_array();
  for (const std::uint32_t action : rule.actions()) {
    constexpr std::array<std::string_view, consent::action_max> words = {"read", "search", "export",
                                                                         "collect", "correct"};
    out.string(words[action - 1]);
  }
  out.end_array();
  for (const auto& [name, list] :
       {std::pair("sensitivities_included", &rule.sensitivities_included()),
        std::pair("sensitivities_excluded", &rule.sensitivities_excluded())}) {
    out.key(name).begin_array();
    for (const std::string& code : *list) out.string(code);
    out.end_array();
  }
}

void write_moment(json::Writer& out, std::string_view name, bool here, std::int64_t value) {
  out.key(name);
  if (here) {
    out.integer(value);
  } else {
    out.null();
  }
}

void write_rule(json::Writer& out, const consent::Rule& rule) {
  out.begin_object();
  write_people(out, rule);
  write_codes(out, rule);
  out.key("confidentiality_min").unsigned_integer(rule.confidentiality_min());
  out.key("confidentiality_max").unsigned_integer(rule.confidentiality_max());
  write_moment(out, "data_from_ms", rule.has_data_from_ms(), rule.data_from_ms());
  write_moment(out, "data_to_ms", rule.has_data_to_ms(), rule.data_to_ms());
  out.key("exceptions").begin_array();
  // The normal form bounds the depth.
  for (const consent::Rule& exception : rule.exceptions()) write_rule(out, exception);
  out.end_array().end_object();
}

void write_policy(json::Writer& out, const consent::Policy& policy) {
  const bool permit = policy.effect() == static_cast<std::uint32_t>(consent::Effect::permit);
  out.begin_object().key("effect").string(permit ? "permit" : "deny");
  write_moment(out, "start_ms", policy.has_start_ms(),
               static_cast<std::int64_t>(policy.start_ms()));
  write_moment(out, "end_ms", policy.has_end_ms(), static_cast<std::int64_t>(policy.end_ms()));
  out.key("rule");
  write_rule(out, policy.rule());
  out.end_object();
}

}  // namespace

void write_policies(json::Writer& out, const consent::SealedPolicy& sealed) {
  out.begin_array();
  write_policy(out, sealed.policy());
  for (const consent::Policy& policy : sealed.further()) write_policy(out, policy);
  out.end_array();
}

}  // namespace xl::consents
