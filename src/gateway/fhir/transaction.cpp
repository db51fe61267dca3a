// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/transaction.h"

#include <algorithm>
#include <optional>
#include <set>

#include "fhir/definitions.h"
#include "gateway/fhir/bundle.h"
#include "gateway/fhir/draft.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/rehearsal.h"
#include "gateway/fhir/reply.h"
#include "gateway/fhir/scope.h"
#include "gateway/fhir/search.h"
#include "gateway/fhir/transaction_links.h"
#include "gateway/fhir/write.h"

namespace xl::gateway::fhir {
namespace {

Error refused_at(const Wish& wish, ErrorCode code, std::string_view element) {
  return make_error(code, wish.place + std::string(element));
}

/// Gives a draft the current version with its patch; read, and so decided and recorded, first. The
/// refusal that the patch alone would get, where it gets one. Precondition: the record is held.
std::optional<http::Response> patch_draft(const Call& call, const Wish& wish, Draft& draft) {
  const auto patch = patch_of(wish);
  if (!patch.ok()) return refusal(patch.error());
  auto request = request_head_of(call, wish);
  if (!request.ok()) return refusal(request.error());
  const InnerCall alone(call, std::move(*request));
  http::Response current = read_whatever_asked(alone.call(), draft.type, draft.id);
  if (current.status != 200) return current;
  const auto seen = version_wanted(current.headers["etag"]);
  if (!seen.ok()) return refusal(seen.error());
  if (draft.if_match.version && draft.if_match != *seen) {
    return refusal(make_error(ErrorCode::fhir_version_conflict));
  }
  draft.if_match = *seen;
  CheckedResource patched =
      patched_resource(current.body, patch->changes.root(), patch->is_json_patch);
  if (patched.refused) return std::move(patched.refused);
  const json::Value root = patched.document->root();
  if (auto moved = moved_by_patch(root, draft.type, draft.id)) return refusal(*moved);
  draft.document = std::move(patched.document);
  return std::nullopt;
}

/// `Type` or `Type/id` of a write, without its document. Errors: fhir_bundle_invalid,
/// fhir_type_unknown, fhir_identity_mismatched.
Result<Draft> draft_named(const Wish& wish) {
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
  out.by_put = wish.method == "PUT";
  out.only_new = wish.if_none_match == "*" || (wish.by_condition && wish.found.empty());
  if (!xl::fhir::is_resource_type(out.type)) return make_error(ErrorCode::fhir_type_unknown);
  if (!is_logical_id(out.id)) {
    return refused_at(wish, ErrorCode::fhir_identity_mismatched, ".request.url");
  }
  XL_TRY_ASSIGN(out.if_match, version_wanted(wish.if_match));
  return out;
}

/// Gives a draft what its entry carries. Errors: fhir_identity_mismatched.
Status fill_draft(const Wish& wish, Draft& draft) {
  if (text_at(wish.resource, "resourceType") != draft.type) {
    return refused_at(wish, ErrorCode::fhir_identity_mismatched, ".resource: resourceType");
  }
  if (wish.method == "PUT" && !wish.by_condition && text_at(wish.resource, "id") != draft.id) {
    return refused_at(wish, ErrorCode::fhir_identity_mismatched, ".resource.id");
  }
  draft.document = json::Document::copy(wish.resource);
  return {};
}

/// Gives an entry with a condition what it is about, as the entry alone would find it. Errors:
/// fhir_match_ambiguous, fhir_not_found (a patch of nothing), fhir_identity_mismatched.
Status settle_condition(const Call& call, const Parameters& condition, const RecordNames& gone,
                        Wish& wish) {
  const std::string type = type_of_url(wish.url);
  XL_TRY_ASSIGN(http::Request request, request_head_of(call, wish));
  const InnerCall alone(call, std::move(request));
  XL_TRY_ASSIGN(const auto match, only_match(alone.call(), type, condition, gone));
  wish.by_condition = true;
  wish.asked = wish.url;
  if (match) wish.found = path_of(*match);
  if (wish.method == "POST") {
    if (!match) return {};
    wish.settled = read_whatever_asked(alone.call(), match->type, match->id);
    wish.settled->headers["location"] = call.base + "/" + path_of(*match, true);
    return {};
  }
  const std::string id = text_at(wish.resource, "id");
  if (match) {
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
  wish.url = type + "/" + (id.empty() ? new_logical_id() : id);
  return {};
}

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

/// A transaction made ready, with others kept away from its conditions and its records until it is
/// done.
struct Ready {
  std::optional<custody::RecordStore::Hold> conditions;
  std::optional<custody::RecordStore::Hold> records;
  RecordNames gone;  ///< what it deletes
  std::vector<Draft> drafts;
};

/// Looks at the conditions of the entries, before anything is written.
Status settle_conditions(const Call& call, std::vector<Wish>& wishes, Ready& out) {
  XL_TRY_ASSIGN(std::vector<std::string> texts, reference_conditions(call, wishes));
  std::vector<Parameters> conditions;
  for (const Wish& wish : wishes) {
    XL_TRY_ASSIGN(Parameters condition, condition_of(wish));
    if (!condition.empty()) texts.push_back(condition_text(type_of_url(wish.url), condition));
    conditions.push_back(std::move(condition));
  }
  if (!texts.empty()) {
    XL_TRY_ASSIGN(auto held, hold_conditions(call, std::move(texts)));
    out.conditions.emplace(std::move(held));
  }
  return settle_entries(call, conditions, out.gone, wishes);
}

/// Names the records that a transaction writes, and keeps others away from them.
Status name_drafts(const Call& call, std::vector<Wish>& wishes, Ready& out) {
  std::set<std::string> seen;
  for (Wish& wish : wishes) {
    if (!is_write(wish)) continue;
    auto draft = draft_named(wish);
    if (!draft.ok()) return named(wish, draft.error());
    if (!seen.insert(draft->type + "/" + draft->id).second) {
      return refused_at(wish, ErrorCode::fhir_bundle_invalid, ".request.url: one record twice");
    }
    wish.draft = out.drafts.size();
    out.drafts.push_back(std::move(*draft));
  }
  if (out.drafts.empty()) return {};
  XL_TRY_ASSIGN(auto held, hold_records(call, out.drafts));
  out.records.emplace(std::move(held));
  return {};
}

/// The drafts of a transaction with the references between them resolved; a refusal where one entry
/// gets one.
std::optional<http::Response> make_drafts(const Call& call, std::vector<Wish>& wishes, Ready& out) {
  const Status held = name_drafts(call, wishes, out);
  if (!held.ok()) return refusal(held.error());
  for (const Wish& wish : wishes) {
    if (!is_write(wish) || wish.method == "DELETE") continue;
    Draft& draft = out.drafts[wish.draft];
    if (wish.method == "PATCH") {
      if (auto refused = patch_draft(call, wish, draft)) return named(wish, std::move(*refused));
    } else {
      const Status filled = fill_draft(wish, draft);
      if (!filled.ok()) return refusal(named(wish, filled.error()));
    }
  }
  const Status resolved = resolve_links(call, wishes, out.gone, out.drafts);
  if (!resolved.ok()) return refusal(resolved.error());
  return std::nullopt;
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
    const Status may = check_writer(call);
    if (!may.ok()) {
      const auto named = query::reference_parts(wish.url);
      XL_TRY(note_role_refused(call, "transaction", named ? named->type : std::string_view(),
                               named ? named->id : std::string_view()));
      return may;
    }
    XL_TRY_ASSIGN(http::Request request, request_head_of(call, wish));
    const InnerCall alone(call, std::move(request));
    const Status in_scope = check_scope(alone.call());
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
/// has its refusal in its own entry: the others are done. Precondition: the records are held.
http::Response write_and_read(const Call& call, const std::vector<Wish>& wishes,
                              std::vector<Draft> drafts) {
  std::optional<http::Response> refused;
  WriteHooks hooks;
  hooks.held = true;
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
  Ready ready;
  const Status settled = settle_conditions(call, wishes, ready);
  if (!settled.ok()) return refusal(settled.error());
  for (const Wish& wish : wishes) {
    // What a condition found and the requester may not read.
    if (wish.settled && wish.settled->status >= 400) return named(wish, *wish.settled);
  }
  if (auto refused = make_drafts(call, wishes, ready)) return std::move(*refused);
  return ready.drafts.empty() ? only_read(call, wishes)
                              : write_and_read(call, wishes, std::move(ready.drafts));
}

}  // namespace xl::gateway::fhir
