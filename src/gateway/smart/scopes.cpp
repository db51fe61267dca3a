// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/smart/scopes.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "fhir/definitions.h"
#include "gateway/http/message.h"
#include "query/term_match.h"

namespace xl::gateway::smart {
namespace {

constexpr std::string_view letters = "cruds";
constexpr std::size_t constraint_bytes_max = 256;
constexpr std::uint8_t every_permission = 31;

struct FlagName {
  std::string_view text;
  bool Scopes::*flag;
};
constexpr auto flag_names = std::to_array<FlagName>({
    {"openid", &Scopes::openid},
    {"fhirUser", &Scopes::fhir_user},
    {"profile", &Scopes::fhir_user},
    {"launch", &Scopes::launch},
    {"launch/patient", &Scopes::launch_patient},
    {"launch/encounter", &Scopes::launch_encounter},
    {"online_access", &Scopes::online_access},
    {"offline_access", &Scopes::offline_access},
});

Error scope_error(std::string_view what) {
  return make_error(ErrorCode::smart_scope_invalid, what);
}

/// The bits of `rs`, `read`, `write` or `*`; 0 for anything else.
std::uint8_t permissions_of(std::string_view text) {
  if (text == "read") return may_read | may_search;
  if (text == "write") return may_create | may_update | may_delete;
  if (text == "*") return every_permission;
  std::uint8_t out = 0;
  std::size_t from = 0;
  for (const char letter : text) {
    const std::size_t at = letters.find(letter, from);
    if (at == std::string_view::npos) return 0;
    out = static_cast<std::uint8_t>(out | (1U << at));
    from = at + 1;
  }
  return out;
}

/// `category=laboratory&date=ge2026`; values are percent-encoded as in a URL. A value with a comma
/// would be a choice and a name with a modifier another question: neither is offered.
Status read_constraints(std::string_view text, ResourceScope& out) {
  if (out.type == "*") return scope_error("a constraint needs a resource type");
  while (true) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    const std::size_t equals = pair.find('=');
    std::string name;
    std::string value;
    const bool decoded = equals != std::string_view::npos &&
                         http::percent_decode(pair.substr(0, equals), false, name) &&
                         http::percent_decode(pair.substr(equals + 1), false, value);
    if (!decoded || value.empty() || value.size() > constraint_bytes_max ||
        value.find_first_of(",\\") != std::string::npos) {
      return scope_error("a constraint");
    }
    const auto criterion = query::read_criterion(out.type, name, value);
    if (!criterion.ok() || !query::is_decidable(out.type, *criterion)) {
      return scope_error("a constraint that one record alone does not answer");
    }
    out.constraints.emplace_back(std::move(name), std::move(value));
    if (out.constraints.size() > scope_constraints_max) return scope_error("too many constraints");
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  std::sort(out.constraints.begin(), out.constraints.end());
  const auto twice = std::unique(out.constraints.begin(), out.constraints.end());
  out.constraints.erase(twice, out.constraints.end());
  return {};
}

std::string_view context_text(ScopeContext context) {
  switch (context) {
    case ScopeContext::patient:
      return "patient/";
    case ScopeContext::user:
      return "user/";
    case ScopeContext::system:
      return "system/";
  }
  return "";
}

/// Nothing for a word that is no scope on resources.
Result<bool> read_resource_scope(std::string_view word, ResourceScope& out) {
  bool found = false;
  for (const auto context : {ScopeContext::patient, ScopeContext::user, ScopeContext::system}) {
    if (!word.starts_with(context_text(context))) continue;
    out.context = context;
    word.remove_prefix(context_text(context).size());
    found = true;
    break;
  }
  if (!found) return false;
  const std::size_t question = word.find('?');
  const std::string_view name = word.substr(0, question);
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return scope_error("a scope without permissions");
  out.type = name.substr(0, dot);
  if (out.type != "*" && !xl::fhir::is_resource_type(out.type)) return scope_error("a type");
  out.permissions = permissions_of(name.substr(dot + 1));
  if (out.permissions == 0) return scope_error("permissions are letters of cruds, in this order");
  if (question != std::string_view::npos) XL_TRY(read_constraints(word.substr(question + 1), out));
  return true;
}

/// Sorted, each once.
void tidy(std::vector<ResourceScope>& scopes) {
  std::sort(scopes.begin(), scopes.end());
  scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
}

/// True when `a` is about no record that `b` is not about, whatever either lets an app do.
bool reaches_all_of(const ResourceScope& b, const ResourceScope& a) {
  return a.context == b.context && (b.type == "*" || a.type == b.type) &&
         std::includes(a.constraints.begin(), a.constraints.end(), b.constraints.begin(),
                       b.constraints.end());
}

/// One wanted scope: as it is where one allowed scope holds all of it, else what it shares with
/// each of them.
void add_within(const ResourceScope& a, const Scopes& allowed, std::vector<ResourceScope>& out) {
  for (const ResourceScope& b : allowed.resources) {
    if (reaches_all_of(b, a) && (a.permissions & ~b.permissions) == 0) return out.push_back(a);
  }
  for (const ResourceScope& b : allowed.resources) {
    const auto both = static_cast<std::uint8_t>(a.permissions & b.permissions);
    const bool types_meet = a.type == "*" || b.type == "*" || a.type == b.type;
    if (a.context != b.context || both == 0 || !types_meet) continue;
    ResourceScope scope{a.context, a.type == "*" ? b.type : a.type, both, {}};
    std::set_union(a.constraints.begin(), a.constraints.end(), b.constraints.begin(),
                   b.constraints.end(), std::back_inserter(scope.constraints));
    out.push_back(std::move(scope));
  }
}

}  // namespace

bool Scopes::empty() const {
  return resources.empty() && std::none_of(flag_names.begin(), flag_names.end(),
                                           [&](const auto& one) { return this->*one.flag; });
}

bool Scopes::allow(std::string_view type, std::uint8_t permission) const {
  return std::any_of(resources.begin(), resources.end(), [&](const ResourceScope& one) {
    return (one.type == "*" || one.type == type) && (one.permissions & permission) == permission;
  });
}

bool Scopes::has(ScopeContext context) const {
  return std::any_of(resources.begin(), resources.end(),
                     [&](const ResourceScope& one) { return one.context == context; });
}

Result<Scopes> parse_scopes(std::string_view text) {
  if (text.size() > scope_text_bytes_max) return scope_error("too long");
  Scopes out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    for (const FlagName& one : flag_names) {
      if (one.text == word) out.*one.flag = true;
    }
    ResourceScope scope;
    XL_TRY_ASSIGN(const bool is_one, read_resource_scope(word, scope));
    if (is_one) out.resources.push_back(std::move(scope));
    if (out.resources.size() > resource_scopes_max) return scope_error("too many");
  }
  tidy(out.resources);
  return out;
}

std::string scope_text(const ResourceScope& scope) {
  std::string out(context_text(scope.context));
  out += scope.type + ".";
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if ((scope.permissions >> i & 1) != 0) out += letters[i];
  }
  for (std::size_t i = 0; i < scope.constraints.size(); ++i) {
    out += i == 0 ? '?' : '&';
    out += http::percent_encode(scope.constraints[i].first) + "=" +
           http::percent_encode(scope.constraints[i].second);
  }
  return out;
}

std::string scopes_text(const Scopes& scopes) {
  std::string out;
  for (const FlagName& one : flag_names) {
    if (one.text != "profile" && scopes.*one.flag) out += std::string(one.text) + " ";
  }
  for (const ResourceScope& one : scopes.resources) out += scope_text(one) + " ";
  if (!out.empty()) out.pop_back();
  return out;
}

bool is_within(const Scopes& wanted, const Scopes& allowed) {
  for (const FlagName& one : flag_names) {
    if (wanted.*one.flag && !(allowed.*one.flag)) return false;
  }
  // Each permission by itself: several scopes may grant together what one asks for.
  return std::all_of(wanted.resources.begin(), wanted.resources.end(), [&](const auto& a) {
    std::uint8_t covered = 0;
    for (const ResourceScope& b : allowed.resources) {
      if (reaches_all_of(b, a)) covered |= b.permissions;
    }
    return (a.permissions & ~covered) == 0;
  });
}

Scopes within(const Scopes& wanted, const Scopes& allowed) {
  Scopes out;
  for (const FlagName& one : flag_names) out.*one.flag = wanted.*one.flag && allowed.*one.flag;
  for (const ResourceScope& one : wanted.resources) add_within(one, allowed, out.resources);
  tidy(out.resources);
  if (out.resources.size() > resource_scopes_max) out.resources.resize(resource_scopes_max);
  return out;
}

}  // namespace xl::gateway::smart
