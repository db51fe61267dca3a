// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/transaction_links.h"

#include <algorithm>
#include <map>

#include "base/error_detail.h"
#include "fhir/definitions.h"
#include "fhir/references.h"
#include "gateway/fhir/bundle.h"
#include "gateway/fhir/own.h"
#include "gateway/fhir/reply.h"
#include "gateway/fhir/scope.h"
#include "query/term_match.h"

namespace xl::gateway::fhir {
namespace {

/// What references of a transaction mean here.
using References = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view history_step = "/_history/";

std::string place_in(const Wish& wish, const std::string& path) {
  return wish.place + ".resource" + path.substr(std::min(path.find('.'), path.size()));
}

/// `http://there/fhir/` of a full URL `http://there/fhir/Patient/7`; empty for any other.
std::string_view root_of(std::string_view full_url) {
  if (!full_url.starts_with("http")) return {};
  const auto parts = query::reference_parts(full_url);
  return parts && xl::fhir::is_resource_type(parts->type) ? parts->base : std::string_view{};
}

/// The draft of each wish that has one.
std::vector<std::pair<const Wish*, Draft*>> drafted(const std::vector<Wish>& wishes,
                                                    std::vector<Draft>& drafts) {
  std::vector<std::pair<const Wish*, Draft*>> out;
  for (const Wish& wish : wishes) {
    Draft* draft = is_write(wish) ? &drafts[wish.draft] : nullptr;
    if (draft != nullptr && draft->document) out.emplace_back(&wish, draft);
  }
  return out;
}

/// The records of the entries by their full URLs. Errors: fhir_bundle_invalid.
Result<References> full_urls(const std::vector<Wish>& wishes, const std::vector<Draft>& drafts) {
  References out;
  for (const Wish& wish : wishes) {
    if (wish.full_url.empty()) continue;
    std::string name = wish.settled ? wish.found : std::string();
    if (is_write(wish)) {
      const Draft& draft = drafts[wish.draft];
      if (draft.document) name = draft.type + "/" + draft.id;
    }
    if (!name.empty() && !out.emplace(wish.full_url, std::move(name)).second) {
      return make_error(ErrorCode::fhir_bundle_invalid, wish.place + ".fullUrl: one fullUrl twice");
    }
  }
  return out;
}

/// What a reference in an entry means: a relative one is completed by the entry's own full URL.
const std::string* entry_meant(const References& names, std::string_view root,
                               std::string_view text) {
  auto found = names.find(text);
  if (found == names.end() && !root.empty() && text.find(':') == std::string_view::npos) {
    found = names.find(std::string(root) + std::string(text));
  }
  return found == names.end() ? nullptr : &found->second;
}

/// A reference to a version of an entry: which one it will be is not the writer's to say.
Status check_versions(const References& names, const Wish& wish, json::Value root) {
  Status out;
  const std::string_view base = root_of(wish.full_url);
  const auto visit = [&](std::string_view text, const std::string& path) {
    const std::size_t step = text.find(history_step);
    const bool versioned = step != std::string_view::npos && !entry_meant(names, base, text) &&
                           entry_meant(names, base, text.substr(0, step)) != nullptr;
    if (!versioned || !out.ok()) return;
    out = make_error(ErrorCode::fhir_reference_unresolved,
                     place_in(wish, path) + ": a version of an entry of the same transaction");
  };
  xl::fhir::walk_links(root, visit, {});
  return out;
}

/// Would a search find this draft, which has these terms? Errors: fhir_parameter_unsupported.
Result<bool> would_find(const std::vector<query::SearchCriterion>& criteria, const Draft& draft,
                        std::span<const query::Term> terms) {
  for (const query::SearchCriterion& criterion : criteria) {
    bool met = false;
    query::SearchCriterion one = criterion;
    for (const query::SearchValue& value : criterion.values) {
      one.values = {value};
      if (criterion.name == "_id" && criterion.modifier == query::Modifier::none) {
        met = met || value.text == draft.id;
      } else if (query::is_decidable(draft.type, one)) {
        met = met || query::meets(draft.type, terms, one);
      } else {
        return make_error(ErrorCode::fhir_parameter_unsupported, criterion.name);
      }
    }
    if (criterion.values.empty()) {
      return make_error(ErrorCode::fhir_parameter_unsupported, criterion.name);
    }
    if (!met) return false;
  }
  return true;
}

/// The one record that a conditional reference means, when all else is done. Asked as the search
/// that it is.
class ConditionFinder {
 public:
  ConditionFinder(const Call& call, const std::vector<Draft>& drafts, const RecordNames& gone)
      : call_(call),
        drafts_(drafts),
        others_(gone),
        own_path_(query::own_path_of(call.organisation.did())),
        terms_(drafts.size()) {
    for (const Draft& draft : drafts) others_.insert(draft.type + "/" + draft.id);
  }

  /// Errors: as `resolve_links`, without the element.
  Result<std::string> find(const ConditionalReference& wanted) {
    const std::string text = condition_text(wanted.type, wanted.condition);
    const auto known = found_.find(text);
    if (known != found_.end()) return known->second;
    http::Request request;
    request.method = "GET";
    request.headers = call_.request.headers;
    request.secure = call_.request.secure;
    request.id = call_.request.id;
    request.path = "/" + wanted.type;
    request.query = wanted.condition;
    const InnerCall search(call_, std::move(request));
    XL_TRY(check_scope(search.call()));
    XL_TRY_ASSIGN(const auto kept,
                  only_match(search.call(), wanted.type, wanted.condition, others_));
    std::string out = kept ? path_of(*kept) : std::string();
    XL_TRY_ASSIGN(const auto criteria, criteria_of(search.call(), wanted.type, wanted.condition));
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      const Draft& draft = drafts_[i];
      if (!draft.document || draft.type != wanted.type) continue;
      if (!terms_[i]) {
        XL_TRY_ASSIGN(terms_[i], query::terms_of(draft.document->root(), own_path_));
      }
      XL_TRY_ASSIGN(const bool found, would_find(criteria, draft, *terms_[i]));
      if (!found) continue;
      if (!out.empty()) return make_error(ErrorCode::fhir_match_ambiguous);
      out = draft.type + "/" + draft.id;
    }
    if (out.empty()) return make_error(ErrorCode::fhir_reference_unresolved);
    found_.emplace(text, out);
    return out;
  }

 private:
  const Call& call_;
  const std::vector<Draft>& drafts_;
  RecordNames others_;  ///< what the index may say of these is not what will be
  const std::string own_path_;
  std::vector<std::optional<std::vector<query::Term>>> terms_;  ///< of each draft, once asked for
  References found_;
};

/// Errors: as `resolve_links`.
Result<References> find_conditions(const query::OwnNames& own, ConditionFinder& finder,
                                   const Wish& wish, json::Value root) {
  References out;
  Status failed;
  const auto visit = [&](std::string_view text, const std::string& path) {
    if (!failed.ok() || out.contains(text)) return;
    const auto wanted = conditional_reference(own, text);
    if (wanted.ok() && !*wanted) return;
    const auto found = wanted.ok() ? finder.find(**wanted) : Result<std::string>(wanted.error());
    if (found.ok()) {
      out.emplace(text, *found);
    } else {
      const std::string_view why = detail_of(found.error());
      failed = make_error(
          found.error().code,
          place_in(wish, path) + ": " + std::string(why.empty() ? "a conditional reference" : why));
    }
  };
  xl::fhir::walk_links(root, visit, {});
  if (!failed.ok()) return failed.error();
  return out;
}

}  // namespace

Result<std::optional<ConditionalReference>> conditional_reference(const query::OwnNames& own,
                                                                  std::string_view text) {
  const std::string_view plain = query::without_own_base(text, own);
  const std::size_t mark = plain.find('?');
  if (mark == std::string_view::npos || !xl::fhir::is_resource_type(plain.substr(0, mark))) {
    return std::optional<ConditionalReference>{};
  }
  XL_TRY_ASSIGN(Parameters condition, read_condition(plain));
  return std::optional(
      ConditionalReference{std::string(plain.substr(0, mark)), std::move(condition)});
}

Result<std::vector<std::string>> reference_conditions(const Call& call,
                                                      const std::vector<Wish>& wishes) {
  const query::OwnNames own = own_names(call);
  std::vector<std::string> out;
  Status failed;
  for (const Wish& wish : wishes) {
    if (!is_write(wish) || !wish.resource.present()) continue;
    const auto visit = [&](std::string_view text, const std::string& path) {
      const auto one = conditional_reference(own, text);
      if (!one.ok()) failed = make_error(one.error().code, place_in(wish, path));
      if (one.ok() && *one) out.push_back(condition_text((*one)->type, (*one)->condition));
    };
    xl::fhir::walk_links(wish.resource, visit, {});
  }
  if (!failed.ok()) return failed.error();
  return out;
}

Status resolve_links(const Call& call, const std::vector<Wish>& wishes, const RecordNames& gone,
                     std::vector<Draft>& drafts) {
  XL_TRY_ASSIGN(const References names, full_urls(wishes, drafts));
  const query::OwnNames own = own_names(call);
  const auto all = drafted(wishes, drafts);
  for (const auto& [wish, draft] : all) {
    XL_TRY(check_versions(names, *wish, draft->document->root()));
    const std::string_view root = root_of(wish->full_url);
    xl::fhir::rewrite_references(draft->document->edit(),
                                 [&](std::string_view text) -> std::optional<std::string> {
                                   const std::string* found = entry_meant(names, root, text);
                                   return found ? std::optional(*found) : std::nullopt;
                                 });
    make_own_relative(*draft->document, own);
  }
  ConditionFinder finder(call, drafts, gone);
  for (const auto& [wish, draft] : all) {
    XL_TRY_ASSIGN(const References found,
                  find_conditions(own, finder, *wish, draft->document->root()));
    if (found.empty()) continue;
    xl::fhir::rewrite_only_references(draft->document->edit(),
                                      [&](std::string_view text) -> std::optional<std::string> {
                                        const auto at = found.find(text);
                                        if (at == found.end()) return std::nullopt;
                                        return at->second;
                                      });
  }
  return {};
}

}  // namespace xl::gateway::fhir
