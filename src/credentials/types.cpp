// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "credentials/types.h"

#include <algorithm>
#include <array>

#include "base/json/writer.h"
#include "credentials/did.h"

namespace xl::credentials {
namespace {

constexpr auto type_rules = std::to_array<TypeRule>({
#define XL_CREDENTIAL(type, name, slug, en, zh) {CredentialType::type, name, slug, en, zh},
#define XL_CLAIM(type, name, required, hidden, form, en, zh)
#include "credentials/types.def"
#undef XL_CREDENTIAL
#undef XL_CLAIM
});

constexpr auto claim_rules = std::to_array<ClaimRule>({
#define XL_CREDENTIAL(type, name, slug, en, zh)
#define XL_CLAIM(type, name, required, hidden, form, en, zh) \
  {CredentialType::type, name, required, hidden, ClaimForm::form, en, zh},
#include "credentials/types.def"
#undef XL_CREDENTIAL
#undef XL_CLAIM
});

constexpr std::string_view types_path = "/credentials/types/";

Error no_type() { return make_error(ErrorCode::credential_type_unknown); }

template <typename Matches>
Result<TypeRule> find_type(Matches matches) {
  const auto found = std::find_if(type_rules.begin(), type_rules.end(), matches);
  if (found == type_rules.end()) return no_type();
  return *found;
}

/// `YYYY-MM-DD`, a day that may be.
bool is_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const std::size_t at : {0U, 1U, 2U, 3U, 5U, 6U, 8U, 9U}) {
    if (text[at] < '0' || text[at] > '9') return false;
  }
  const int month = (text[5] - '0') * 10 + (text[6] - '0');
  const int day = (text[8] - '0') * 10 + (text[9] - '0');
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

bool fits(const ClaimRule& rule, std::string_view text) {
  if (text.empty() || text.size() > claim_bytes_max) return false;
  if (rule.form == ClaimForm::date) return is_day(text);
  return rule.form != ClaimForm::did || is_did(text);
}

void write_display(json::Writer& out, std::string_view label, std::string_view en,
                   std::string_view zh) {
  out.key("display").begin_array();
  out.begin_object().key("locale").string("en").key(label).string(en).end_object();
  out.begin_object().key("locale").string("zh").key(label).string(zh).end_object();
  out.end_array();
}

}  // namespace

std::span<const TypeRule> all_types() { return type_rules; }

std::vector<ClaimRule> claims_of(CredentialType type) {
  std::vector<ClaimRule> out;
  std::copy_if(claim_rules.begin(), claim_rules.end(), std::back_inserter(out),
               [&](const ClaimRule& rule) { return rule.type == type; });
  return out;
}

Result<TypeRule> type_of_name(std::string_view name) {
  return find_type([&](const TypeRule& one) { return one.name == name || one.slug == name; });
}

Result<TypeRule> type_of_vct(std::string_view vct) {
  const std::size_t at = vct.rfind(types_path);
  if (at == std::string_view::npos) return no_type();
  const std::string_view slug = vct.substr(at + types_path.size());
  return find_type([&](const TypeRule& one) { return one.slug == slug; });
}

std::string vct_of(std::string_view node_url, const TypeRule& type) {
  return std::string(node_url) + std::string(types_path) + std::string(type.slug);
}

std::string type_metadata(std::string_view vct, const TypeRule& type) {
  json::Writer out;
  out.begin_object().key("vct").string(vct).key("name").string(type.name);
  out.key("description").string(type.en);
  write_display(out, "name", type.en, type.zh);
  out.key("claims").begin_array();
  for (const ClaimRule& rule : claims_of(type.type)) {
    out.begin_object().key("path").begin_array().string(rule.name).end_array();
    write_display(out, "label", rule.en, rule.zh);
    out.key("mandatory").boolean(rule.required);
    out.key("sd").string(rule.hidden ? "always" : "never").end_object();
  }
  return out.end_array().end_object().take();
}

std::string_view issuer_name_claim(CredentialType type) {
  if (type == CredentialType::role) return "organisation_name";
  return type == CredentialType::coverage ? "payer_name" : std::string_view{};
}

Result<std::vector<Claim>> read_claims(CredentialType type, json::Value object) {
  const std::vector<ClaimRule> rules = claims_of(type);
  for (const json::Member member : object.members()) {
    const bool known = std::any_of(rules.begin(), rules.end(),
                                   [&](const ClaimRule& rule) { return rule.name == member.key; });
    if (!known) return make_error(ErrorCode::credential_claims_invalid);
  }
  std::vector<Claim> out;
  for (const ClaimRule& rule : rules) {
    const json::Value value = object.find(rule.name);
    if (!value.present() && !rule.required) continue;
    const auto text = value.as_string();
    if (!text || !fits(rule, *text)) {
      return make_error(ErrorCode::credential_claims_invalid, rule.name);
    }
    out.push_back({std::string(rule.name), json::write(value), rule.hidden});
  }
  return out;
}

}  // namespace xl::credentials
