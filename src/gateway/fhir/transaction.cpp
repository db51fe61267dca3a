// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/transaction.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "fhir/definitions.h"
#include "fhir/references.h"
#include "gateway/fhir/bundle.h"
#include "gateway/fhir/draft.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/rehearsal.h"
#include "gateway/fhir/reply.h"
#include "gateway/fhir/scope.h"
#include "gateway/fhir/search.h"
#include "gateway/fhir/write.h"

namespace xl::gateway::fhir {
namespace {

Error refused_at(const Wish& wish, ErrorCode code, std::string_view element) {
  return make_error(code, wish.place + std::string(element));
}

/// The current version of what an entry changes with its patch; read, and so decided and recorded,
/// first. Errors: fhir_not_found (it may not be read), fhir_version_conflict,
/// fhir_patch_unapplied, fhir_identity_mismatched, those of a patch.
Result<Draft> patched_draft(const Call& call, const Wish& wish, Draft out) {
  XL_TRY_ASSIGN(const EntryPatch patch, patch_of(wish));
  http::Response current = read_whatever_asked(call, out.type, out.id);
  if (current.status != 200) return make_error(ErrorCode::fhir_not_found);
  XL_TRY_ASSIGN(const auto seen, version_wanted(current.headers["etag"]));
  if (out.if_match && out.if_match != seen) return make_error(ErrorCode::fhir_version_conflict);
  out.if_match = seen;
  CheckedResource patched =
      patched_resource(current.body, patch.changes.root(), patch.is_json_patch);
  if (patched.refused) return refused_at(wish, ErrorCode::fhir_patch_unapplied, ".resource");
  const json::Value root = patched.document->root();
  if (text_at(root, "id") != out.id || text_at(root, "resourceType") != out.type) {
    return make_error(ErrorCode::fhir_identity_mismatched, "id and resourceType stay");
  }
  out.document = std::move(patched.document);
  return out;
}

/// `Type` or `Type/id` of a write. Errors: fhir_bundle_invalid, fhir_type_unknown,
/// fhir_identity_mismatched, those of a patch.
Result<Draft> draft_of(const Call& call, const Wish& wish) {
  const std::string_view url = wish.url;
  Draft out;
  const std::size_t slash = url.find('/');
  out.type = url.substr(0, slash);
  if (slash != std::string_view::npos) out.id = url.substr(slash + 1);
  if (wish.method == "POST") {
    if (!out.id.empty()) {
      return refused_at(wish, ErrorCode::fhir_bundle_invalid, ".request.url: POST with an id");
    }
    out.id = new_logical_id();
  }
  out.only_new = wish.if_none_match == "*" || (wish.by_condition && wish.found.empty());
  if (!xl::fhir::is_resource_type(out.type)) return make_error(ErrorCode::fhir_type_unknown);
  if (!is_logical_id(out.id)) {
    return refused_at(wish, ErrorCode::fhir_identity_mismatched, ".request.url");
  }
  XL_TRY_ASSIGN(out.if_match, version_wanted(wish.if_match));
  if (wish.method == "DELETE") return out;
  if (wish.method == "PATCH") return patched_draft(call, wish, std::move(out));
  if (text_at(wish.resource, "resourceType") != out.type) {
    return refused_at(wish, ErrorCode::fhir_identity_mismatched, ".resource: resourceType");
  }
  if (wish.method == "PUT" && !wish.by_condition && text_at(wish.resource, "id") != out.id) {
    return refused_at(wish, ErrorCode::fhir_identity_mismatched, ".resource.id");
  }
  out.document = json::Document::copy(wish.resource);
  return out;
}

/// What references of a transaction mean here.
using References = std::map<std::string, std::string, std::less<>>;

/// References that are conditions, such as `Patient?identifier=1`, each with the first element that
/// has it.
std::map<std::string, std::string> conditions_in(const std::vector<Wish>& wishes) {
  std::map<std::string, std::string> out;
  for (const Wish& wish : wishes) {
    if (!is_write(wish) || !wish.resource.present()) continue;
    const auto visit = [&](std::string_view text, const std::string& path) {
      const std::size_t mark = text.find('?');
      const bool is_condition =
          mark != std::string_view::npos && xl::fhir::is_resource_type(text.substr(0, mark));
      const std::size_t behind_type = std::min(path.find('.'), path.size());
      if (is_condition) out.emplace(text, wish.place + ".resource" + path.substr(behind_type));
    };
    xl::fhir::walk_links(wish.resource, visit, {});
  }
  return out;
}

/// Gives an entry with a condition what it is about. Errors: fhir_match_ambiguous,
/// fhir_not_found (a patch of nothing), fhir_identity_mismatched.
Status settle_condition(const Call& call, const Parameters& condition, const RecordNames& gone,
                        Wish& wish) {
  const std::string type = type_of_url(wish.url);
  XL_TRY_ASSIGN(const auto match, only_match(call, type, condition, gone));
  wish.by_condition = true;
  if (match) wish.found = path_of(*match);
  if (wish.method == "POST") {
    if (!match) return {};
    wish.settled = read_whatever_asked(call, match->type, match->id);
    wish.settled->headers["location"] = call.base + "/" + path_of(*match, true);
    return {};
  }
  if (match) {
    const std::string id = text_at(wish.resource, "id");
    if (wish.method == "PUT" && !id.empty() && id != match->id) {
      return refused_at(wish, ErrorCode::fhir_identity_mismatched, ".resource.id");
    }
    wish.url = wish.found;
    return {};
  }
  if (wish.method == "PATCH") return make_error(ErrorCode::fhir_not_found);
  if (wish.method == "DELETE") {
    wish.settled = reply({}, 204);
    return {};
  }
  const std::string id = text_at(wish.resource, "id");
  wish.url = type + "/" + (id.empty() ? new_logical_id() : id);
  return {};
}

/// The conditions of a transaction, looked at before anything is written, with others who have the
/// same kept away until it is.
struct Settled {
  std::optional<custody::RecordStore::Hold> held;
  References references;
};

/// The conditions of entries. Deletions come first, and what they delete is not found by the others
/// (R4 §3.1.0.11.2). Errors: those of `settle_condition`, fhir_bundle_invalid (two entries would
/// create under one condition).
Status settle_entries(const Call& call, const std::vector<Parameters>& conditions,
                      RecordNames& gone, std::vector<Wish>& wishes) {
  std::set<std::string> creates;
  for (const bool deletions : {true, false}) {
    for (std::size_t i = 0; i < wishes.size(); ++i) {
      Wish& wish = wishes[i];
      if ((wish.method == "DELETE") != deletions) continue;
      if (!conditions[i].empty()) {
        const std::string text = condition_text(type_of_url(wish.url), conditions[i]);
        const Status settled = settle_condition(call, conditions[i], gone, wish);
        if (!settled.ok()) return named(wish, settled.error());
        const bool makes = wish.found.empty() && is_write(wish);
        if (makes && !creates.insert(text).second) {
          return refused_at(wish, ErrorCode::fhir_bundle_invalid,
                            wish.method == "POST" ? ".request.ifNoneExist: one condition twice"
                                                  : ".request.url: one condition twice");
        }
      }
      if (deletions) gone.insert(wish.url);
    }
  }
  return {};
}

Result<Settled> settle_conditions(const Call& call, std::vector<Wish>& wishes) {
  Settled out;
  std::set<std::string> texts;
  for (const auto& [text, place] : conditions_in(wishes)) texts.insert(text);
  std::vector<Parameters> conditions;
  for (const Wish& wish : wishes) {
    XL_TRY_ASSIGN(Parameters condition, condition_of(wish));
    if (!condition.empty()) texts.insert(condition_text(type_of_url(wish.url), condition));
    conditions.push_back(std::move(condition));
  }
  if (texts.empty()) return out;
  XL_TRY_ASSIGN(auto held, hold_conditions(call, {texts.begin(), texts.end()}));
  out.held.emplace(std::move(held));
  RecordNames gone;
  XL_TRY(settle_entries(call, conditions, gone, wishes));
  for (const auto& [text, place] : conditions_in(wishes)) {
    const auto condition = read_condition(text);
    if (!condition.ok()) return make_error(condition.error().code, place);
    const auto match = only_match(call, text.substr(0, text.find('?')), *condition, gone);
    if (!match.ok()) return make_error(match.error().code, place);
    if (!*match) {
      return make_error(ErrorCode::fhir_reference_unresolved, place + ": a conditional reference");
    }
    out.references.emplace(text, path_of(**match));
  }
  return out;
}

/// The drafts of a transaction with the references between them resolved.
Result<std::vector<Draft>> drafts_of(const Call& call, std::vector<Wish>& wishes,
                                     const References& by_condition) {
  std::vector<Draft> drafts;
  References new_names = by_condition;
  std::set<std::string> seen;
  for (Wish& wish : wishes) {
    if (!wish.full_url.empty() && wish.settled && !wish.found.empty()) {
      new_names.emplace(wish.full_url, wish.found);
    }
    if (!is_write(wish)) continue;
    auto draft = draft_of(call, wish);
    if (!draft.ok()) return named(wish, draft.error());
    const std::string name = draft->type + "/" + draft->id;
    if (!seen.insert(name).second) {
      return refused_at(wish, ErrorCode::fhir_bundle_invalid, ".request.url: one record twice");
    }
    if (!wish.full_url.empty() && draft->document &&
        !new_names.emplace(wish.full_url, name).second) {
      return refused_at(wish, ErrorCode::fhir_bundle_invalid, ".fullUrl: one fullUrl twice");
    }
    wish.draft = drafts.size();
    drafts.push_back(std::move(*draft));
  }
  for (Draft& draft : drafts) {
    if (!draft.document) continue;
    xl::fhir::rewrite_references(draft.document->edit(),
                                 [&](std::string_view text) -> std::optional<std::string> {
                                   const auto found = new_names.find(text);
                                   if (found == new_names.end()) return std::nullopt;
                                   return found->second;
                                 });
  }
  return drafts;
}

/// Errors: of the first entry that is none; fhir_interaction_unsupported.
Status check_transaction(const std::vector<Wish>& wishes) {
  for (const Wish& wish : wishes) {
    if (wish.refused) return *wish.refused;
    if (is_posted_search(wish)) {
      return refused_at(wish, ErrorCode::fhir_interaction_unsupported,
                        ".request.method: a search in a transaction is a GET");
    }
    if (!is_write(wish) && wish.method != "GET" && wish.method != "HEAD") {
      return refused_at(
          wish, ErrorCode::fhir_interaction_unsupported,
          ".request.method: a transaction takes GET, HEAD, POST, PUT, PATCH and DELETE");
    }
  }
  return {};
}

/// May the requester, and the app that asks for it, write at all. Errors: role_refused,
/// scope_insufficient.
Status check_writes(const Call& call, const std::vector<Wish>& wishes) {
  for (const Wish& wish : wishes) {
    if (!is_write(wish)) continue;  // a read passes `answer`
    XL_TRY(check_writer(call));
    const Status in_scope = check_write_scope(call, wish.method, wish.url);
    if (!in_scope.ok()) return named(wish, in_scope.error());
  }
  return {};
}

/// The answers to the reads; empty for writes. Where one is refused, that is the answer.
struct Reads {
  std::vector<http::Response> answers;
  std::optional<http::Response> refused;
};

/// Asks for what the reads want until one is refused; `to_the_end`: whatever is.
Reads ask_reads(const Call& call, const std::vector<Wish>& wishes, bool to_the_end) {
  Reads out;
  std::size_t bytes = 0;
  for (const Wish& wish : wishes) {
    http::Response& answer = out.answers.emplace_back();
    if (wish.settled) answer = *wish.settled;
    if (wish.settled || is_write(wish)) continue;
    answer = answer_within(call, wish, bytes);
    bytes += answer.body.size();
    if (answer.status < 400 || to_the_end) continue;
    out.refused = std::move(answer);
    return out;
  }
  return out;
}

bool has_reads(const std::vector<Wish>& wishes) {
  return std::any_of(wishes.begin(), wishes.end(),
                     [](const Wish& one) { return !one.settled && !is_write(one); });
}

/// Nothing that is written can be taken back, so the reads are tried when all is ready to be
/// written, and answered behind it. One that fails only then, since something else changed between,
/// has its refusal in its own entry: the others are done.
http::Response write_and_read(const Call& call, const std::vector<Wish>& wishes,
                              std::vector<Draft> drafts) {
  std::optional<http::Response> refused;
  WriteHooks hooks;
  hooks.named = [&](std::size_t draft, const Error& error) {
    const auto found = std::ranges::find_if(
        wishes, [&](const Wish& one) { return is_write(one) && one.draft == draft; });
    return found == wishes.end() ? error : named(*found, error);
  };
  hooks.before = [&](std::span<const custody::NewVersion> versions) -> Status {
    if (!has_reads(wishes)) return {};
    const Rehearsal rehearsal{versions};
    Call trial = call;
    trial.rehearsal = &rehearsal;
    refused = ask_reads(trial, wishes, false).refused;
    return refused ? Status(make_error(ErrorCode::fhir_bundle_invalid)) : Status{};
  };
  const auto written = write_drafts(call, std::move(drafts), hooks);
  if (refused) return std::move(*refused);
  if (!written.ok()) return refusal(written.error());
  Reads reads = ask_reads(call, wishes, true);
  std::string out;
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    append_answer(out, is_write(wishes[i]) ? written_reply(call, (*written)[wishes[i].draft])
                                           : reads.answers[i]);
  }
  return bundle_reply("transaction-response", out);
}

/// Nothing is to be written: the reads succeed or fail together.
http::Response only_read(const Call& call, const std::vector<Wish>& wishes) {
  Reads reads = ask_reads(call, wishes, false);
  if (reads.refused) return std::move(*reads.refused);
  std::string out;
  for (const http::Response& one : reads.answers) append_answer(out, one);
  return bundle_reply("transaction-response", out);
}

}  // namespace

http::Response process_transaction(const Call& call, json::Value bundle, std::vector<Wish> wishes) {
  const Status fits = check_transaction(wishes);
  if (!fits.ok()) return refusal(fits.error());
  // The whole Bundle is checked at once, its resources with it: expressions name the entry.
  if (auto refused = check_resource(bundle)) return std::move(*refused);
  const std::vector<Issue> issues = check_entries(bundle, wishes);
  if (!issues.empty()) return refusal(issues);
  for (const Wish& wish : wishes) {
    if (!wish.issues.empty()) return refusal(wish.issues);
  }
  const Status may = check_writes(call, wishes);
  if (!may.ok()) return refusal(may.error());
  const auto settled = settle_conditions(call, wishes);
  if (!settled.ok()) return refusal(settled.error());
  auto drafts = drafts_of(call, wishes, settled->references);
  if (!drafts.ok()) return refusal(drafts.error());
  return drafts->empty() ? only_read(call, wishes)
                         : write_and_read(call, wishes, std::move(*drafts));
}

}  // namespace xl::gateway::fhir
