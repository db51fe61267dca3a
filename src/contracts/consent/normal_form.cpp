// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/consent/normal_form.h"

#include <algorithm>
#include <vector>

#include "contracts/api/shape.h"
#include "contracts/identity/view.h"
#include "crypto/hash.h"
#include "model/canonical.h"
#include "model/limits.h"
#include "model/tags.h"

namespace xl::contracts::consent {

namespace wire = xinglin::consent::v1;

namespace {

constexpr std::uint32_t sealed_version = 1;

/// A rule and how deep it stands below its policy.
struct Nested {
  const Rule* rule = nullptr;
  std::uint32_t depth = 0;
};

/// The rule of a policy and all its exceptions, those beyond the deepest level included.
std::vector<Nested> rules_of(const Policy& policy) {
  std::vector<Nested> out{{&policy.rule(), 0}};
  for (std::size_t i = 0; i < out.size(); ++i) {  // grows while it is walked
    const Nested at = out[i];
    if (at.depth > limits::exception_depth_max) break;
    for (const Rule& exception : at.rule->exceptions()) out.push_back({&exception, at.depth + 1});
  }
  return out;
}

/// Items of any message type, strictly ascending by their canonical bytes.
template <typename Message>
bool rises(const google::protobuf::RepeatedPtrField<Message>& items, std::uint32_t count_max) {
  if (static_cast<std::uint32_t>(items.size()) > count_max) return false;
  Bytes before;
  for (const Message& item : items) {
    Bytes now = model::encode(item);
    if (now.empty() || (!before.empty() && text_of(before) >= text_of(now))) return false;
    before = std::move(now);
  }
  return true;
}

Status check_texts(const google::protobuf::RepeatedPtrField<std::string>& texts,
                   std::string_view name) {
  if (static_cast<std::uint32_t>(texts.size()) > limits::sensitivities_max) return malformed(name);
  const std::string* before = nullptr;
  for (const std::string& text : texts) {
    if (text.empty() || text.size() > limits::sensitivity_bytes_max) return malformed(name);
    if (before != nullptr && *before >= text) return malformed(name);
    before = &text;
  }
  return {};
}

template <typename Classes>
Status check_classes(const Classes& classes, std::string_view name) {
  if (!rises(classes, limits::classes_max)) return malformed(name);
  for (const wire::Class& one : classes) {
    const bool sized = !one.system().empty() &&
                       one.system().size() <= limits::class_system_bytes_max &&
                       !one.code().empty() && one.code().size() <= limits::class_code_bytes_max;
    if (!sized) return malformed(name);
  }
  return {};
}

Status check_data(const Rule& rule) {
  if (!rises(rule.data(), limits::rule_data_max)) return malformed("data");
  for (const wire::Data& one : rule.data()) {
    const bool sized = !one.type().empty() && one.type().size() <= limits::record_name_bytes_max &&
                       !one.id().empty() && one.id().size() <= limits::record_name_bytes_max;
    if (!sized || one.scope() < 1 || one.scope() > data_scope_max) return malformed("data");
  }
  return {};
}

Status check_people(const Rule& rule) {
  if (!rises(rule.grantees(), limits::grantees_max)) return malformed("grantees");
  for (const wire::Grantee& grantee : rule.grantees()) {
    XL_TRY(check_optional_id(grantee.organisation(), "grantees.organisation"));
    XL_TRY(check_optional_id(grantee.person(), "grantees.person"));
    XL_TRY(check_optional_id(grantee.care_team(), "grantees.care_team"));
    if (grantee.role() > identity::role_max) return malformed("grantees.role");
  }
  if (!rises(rule.authors(), limits::authors_max)) return malformed("authors");
  for (const wire::Author& author : rule.authors()) {
    XL_TRY(check_optional_id(author.organisation(), "authors.organisation"));
    XL_TRY(check_optional_id(author.person(), "authors.person"));
  }
  return {};
}

Status check_rule(const Rule& rule) {
  XL_TRY(check_people(rule));
  XL_TRY(check_classes(rule.classes(), "classes"));
  XL_TRY(check_classes(rule.codes(), "codes"));
  XL_TRY(check_data(rule));
  if (rule.confidentiality_min() < 1 || rule.confidentiality_min() > rule.confidentiality_max() ||
      rule.confidentiality_max() > confidentiality_max) {
    return malformed("confidentiality");
  }
  XL_TRY(check_texts(rule.sensitivities_included(), "sensitivities_included"));
  XL_TRY(check_texts(rule.sensitivities_excluded(), "sensitivities_excluded"));
  XL_TRY(check_ascending(rule.purposes(), 0, limits::purposes_of_use_max, purpose_of_use_max,
                         "purposes"));
  XL_TRY(check_ascending(rule.actions(), 0, action_max, action_max, "actions"));
  if (rule.has_data_from_ms() && rule.has_data_to_ms() &&
      rule.data_from_ms() >= rule.data_to_ms()) {
    return malformed("data_to_ms");
  }
  if (!rises(rule.exceptions(), limits::exceptions_max)) return malformed("exceptions");
  return {};
}

/// Sorts the messages of a list by their canonical bytes and drops repetitions.
template <typename Message>
void sort_items(google::protobuf::RepeatedPtrField<Message>& items) {
  std::vector<std::pair<Bytes, Message>> sorted;
  for (const Message& item : items) sorted.emplace_back(model::encode(item), item);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return text_of(a.first) < text_of(b.first);
  });
  items.Clear();
  const Bytes* before = nullptr;
  for (const auto& [bytes, item] : sorted) {
    if (before == nullptr || *before != bytes) *items.Add() = item;
    before = &bytes;
  }
}

template <typename List>
void sort_values(List& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

void sort_lists(Rule& rule) {
  sort_items(*rule.mutable_grantees());
  sort_items(*rule.mutable_classes());
  sort_items(*rule.mutable_authors());
  sort_items(*rule.mutable_codes());
  sort_items(*rule.mutable_data());
  sort_values(*rule.mutable_sensitivities_included());
  sort_values(*rule.mutable_sensitivities_excluded());
  sort_values(*rule.mutable_purposes());
  sort_values(*rule.mutable_actions());
}

bool is_text(const std::string& text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max;
}

Status check_coded(const wire::Coded& coded, std::string_view name) {
  const bool sized = coded.system().size() <= limits::form_text_bytes_max &&
                     is_text(coded.value(), limits::form_text_bytes_max);
  return sized ? Status{} : malformed(name);
}

template <typename List>
Status check_all_coded(const List& list, std::string_view name) {
  if (static_cast<std::uint32_t>(list.size()) > limits::form_items_max) return malformed(name);
  for (const wire::Coded& one : list) XL_TRY(check_coded(one, name));
  return {};
}

Status check_form(const wire::Form& form) {
  if (form.scope() < 1 || form.scope() > consent_scope_max) return malformed("form.scope");
  XL_TRY(check_all_coded(form.categories(), "form.categories"));
  XL_TRY(check_all_coded(form.identifiers(), "form.identifiers"));
  if (static_cast<std::uint32_t>(form.policies().size()) > limits::form_items_max) {
    return malformed("form.policies");
  }
  for (const std::string& uri : form.policies()) {
    if (!is_text(uri, limits::form_text_bytes_max)) return malformed("form.policies");
  }
  if (form.has_policy_rule()) XL_TRY(check_coded(form.policy_rule(), "form.policy_rule"));
  if (form.source().size() > 2 * limits::record_name_bytes_max + 1) {
    return malformed("form.source");
  }
  if (form.date_time().size() > limits::form_time_bytes_max) return malformed("form.date_time");
  if (!rises(form.names(), limits::form_names_max)) return malformed("form.names");
  for (const wire::Name& name : form.names()) {
    XL_TRY(check_id(name.did(), "form.names.did"));
    if (!is_text(name.text(), limits::form_name_bytes_max)) return malformed("form.names.text");
  }
  return {};
}

}  // namespace

Status check_policy(const Policy& policy) {
  const bool permit = policy.effect() == static_cast<std::uint32_t>(Effect::permit);
  if (!permit && policy.effect() != static_cast<std::uint32_t>(Effect::deny)) {
    return malformed("effect");
  }
  if (!policy.has_rule()) return malformed("rule");
  for (const Nested& nested : rules_of(policy)) {
    if (nested.depth > limits::exception_depth_max) return malformed("exceptions: too deep");
    XL_TRY(check_rule(*nested.rule));
  }
  const Rule& rule = policy.rule();
  if (permit && rule.purposes().empty()) return malformed("purposes");
  if (permit && rule.actions().empty()) return malformed("actions");
  if (policy.has_start_ms() && policy.has_end_ms() && policy.start_ms() >= policy.end_ms()) {
    return malformed("end_ms");
  }
  if (policy.ByteSizeLong() > limits::policy_bytes_max) return malformed("policy: too large");
  return {};
}

void normalise(Policy& policy) {
  // Innermost first: the order of exceptions depends on what stands inside them.
  Rule& rule = *policy.mutable_rule();
  for (Rule& exception : *rule.mutable_exceptions()) {
    for (Rule& inner : *exception.mutable_exceptions()) sort_lists(inner);
    sort_items(*exception.mutable_exceptions());
    sort_lists(exception);
  }
  sort_items(*rule.mutable_exceptions());
  sort_lists(rule);
}

void normalise(SealedPolicy& sealed) {
  auto& all = *sealed.mutable_further();
  *all.Add() = sealed.policy();
  for (Policy& policy : all) normalise(policy);
  sort_items(all);
  *sealed.mutable_policy() = all[0];
  all.erase(all.begin());
  if (sealed.has_form()) sort_items(*sealed.mutable_form()->mutable_names());
}

Status check_sealed(const SealedPolicy& sealed) {
  if (sealed.version() != sealed_version) return malformed("version");
  XL_TRY(check_id(sealed.consent(), "consent"));
  XL_TRY(check_id(sealed.patient(), "patient"));
  XL_TRY(check_id(sealed.custodian(), "custodian"));
  if (sealed.salt().size() != limits::policy_salt_bytes) return malformed("salt");
  XL_TRY(check_policy(sealed.policy()));
  auto all = sealed.further();
  *all.Add() = sealed.policy();
  std::rotate(all.begin(), std::prev(all.end()), all.end());
  if (!rises(all, limits::policies_max)) return malformed("further");
  for (const Policy& policy : sealed.further()) XL_TRY(check_policy(policy));
  if (sealed.has_form()) XL_TRY(check_form(sealed.form()));
  if (sealed.ByteSizeLong() > limits::policy_bytes_max) return malformed("policy: too large");
  return {};
}

Result<SealedPolicy> decode_sealed(ByteView bytes) {
  SealedPolicy sealed;
  XL_TRY(decode_message(bytes, sealed));
  XL_TRY(check_sealed(sealed));
  return sealed;
}

Bytes commitment_of(const SealedPolicy& sealed) {
  Bytes out{static_cast<std::uint8_t>(crypto::Suite::international)};
  append(out, crypto::tagged_hash(model::tags::consent_policy, {model::encode(sealed)}));
  return out;
}

}  // namespace xl::contracts::consent
