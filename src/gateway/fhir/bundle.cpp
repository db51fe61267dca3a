// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/bundle.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/json/writer.h"
#include "fhir/definitions.h"
#include "fhir/references.h"
#include "gateway/fhir/draft.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/reply.h"
#include "gateway/fhir/scope.h"
#include "gateway/fhir/search.h"
#include "gateway/fhir/write.h"

namespace xl::gateway::fhir {
namespace {

constexpr std::size_t entries_max = 2000;
/// Once the answer is this long, what is left is not looked at any more: 413 for each.
constexpr std::size_t answer_bytes_max = 16U << 20U;

/// One entry of the Bundle as a request.
struct Wish {
  std::string method;
  std::string url;  ///< relative to the base, without a slash in front
  std::string full_url;
  std::string if_match;
  std::string if_none_exist;
  std::string if_none_match;
  json::Value resource;
  std::optional<Error> refused;  ///< set: it is none
  std::size_t draft = 0;         ///< of a write in a transaction
  /// Of a transaction: set when its condition says that there is nothing to write.
  std::optional<http::Response> settled;
  std::string found;  ///< `Type/id` that its condition found
  bool by_condition = false;
};

std::string text_at(json::Value object, std::string_view name) {
  return std::string(object.find(name).as_string().value_or(""));
}

/// True for a URL that names its scheme or its host itself.
bool is_absolute(std::string_view url) {
  const std::size_t end = url.find_first_of(":/?#");
  return url.starts_with("//") || (end != std::string_view::npos && url[end] == ':');
}

/// The URL of an entry relative to the base. Errors: fhir_entry_url_foreign.
Result<std::string> relative_url(const Call& call, std::string_view url) {
  const std::string own =
      base_url(call.services, call.request) + "/o/" + call.organisation.did().text() + "/fhir";
  for (const std::string_view base : {std::string_view(call.base), std::string_view(own)}) {
    if (!url.starts_with(base)) continue;
    const std::string_view rest = url.substr(base.size());
    if (rest.starts_with('/')) return std::string(rest.substr(1));
  }
  if (is_absolute(url)) return make_error(ErrorCode::fhir_entry_url_foreign);
  if (url.starts_with('/')) url.remove_prefix(1);
  return std::string(url);
}

/// What an entry asks for. Errors: fhir_bundle_invalid, fhir_interaction_unsupported,
/// fhir_entry_url_foreign; each names the entry.
Result<Wish> wish_of(const Call& call, json::Value entry, const std::string& place) {
  const json::Value request = entry.find("request");
  Wish wish;
  wish.method = text_at(request, "method");
  wish.full_url = text_at(entry, "fullUrl");
  wish.if_match = text_at(request, "ifMatch");
  wish.resource = entry.find("resource");
  const std::string url = text_at(request, "url");
  if (wish.method.empty() || url.empty()) {
    return make_error(ErrorCode::fhir_bundle_invalid, place + ".request");
  }
  wish.if_none_exist = text_at(request, "ifNoneExist");
  wish.if_none_match = text_at(request, "ifNoneMatch");
  auto relative = relative_url(call, url);
  if (!relative.ok()) return make_error(relative.error().code, place + ".request.url");
  wish.url = std::move(*relative);
  return wish;
}

/// Every entry as a wish; those that are none say why. Errors: fhir_bundle_too_large,
/// fhir_bundle_invalid (the entries are no list).
Result<std::vector<Wish>> wishes_of(const Call& call, json::Value bundle) {
  const json::Value entries = bundle.find("entry");
  if (entries.present() && !entries.is_array()) {
    return make_error(ErrorCode::fhir_bundle_invalid, "Bundle.entry is no list");
  }
  if (entries.size() > entries_max) return make_error(ErrorCode::fhir_bundle_too_large);
  std::vector<Wish> out;
  for (const json::Value entry : entries.items()) {
    auto wish = wish_of(call, entry, "Bundle.entry[" + std::to_string(out.size()) + "]");
    if (wish.ok()) {
      out.push_back(std::move(*wish));
    } else {
      out.emplace_back().refused = wish.error();
    }
  }
  return out;
}

/// `Type` of a search by POST, whose parameters stand in the URL: an entry has no form.
bool is_posted_search(const Wish& wish) {
  const std::string_view path = std::string_view(wish.url).substr(0, wish.url.find('?'));
  return wish.method == "POST" && path.ends_with("/_search");
}

/// A patch as an entry has it: a Binary that holds a JSON Patch, or a Parameters (R4 §3.1.0.5.1).
struct EntryPatch {
  bool is_json_patch = false;
  json::Document changes;
};
/// Errors: fhir_patch_invalid, those of `json::parse`.
Result<EntryPatch> patch_of(const Wish& wish) {
  const std::string type = text_at(wish.resource, "resourceType");
  if (type == "Parameters") return EntryPatch{false, json::Document::copy(wish.resource)};
  const std::string media = text_at(wish.resource, "contentType");
  Bytes decoded;
  if (type != "Binary" || !media.starts_with("application/json-patch+json") ||
      !from_base64(text_at(wish.resource, "data"), decoded)) {
    return make_error(ErrorCode::fhir_patch_invalid);
  }
  json::Limits bounds;
  bounds.bytes_max = decoded.size() + 1;
  XL_TRY_ASSIGN(json::Document changes, json::parse(text_of(decoded), bounds));
  return EntryPatch{true, std::move(changes)};
}

/// A wish as if it had been sent alone.
http::Response answer_alone(const Call& call, const Wish& wish) {
  if (wish.refused) return refusal(*wish.refused);
  http::Request request = call.request;
  request.method = wish.method;
  request.headers.erase("if-match");
  for (const char* of_the_whole : {"if-none-match", "if-none-exist", "if-modified-since"}) {
    request.headers.erase(of_the_whole);
  }
  if (!wish.if_match.empty()) request.headers["if-match"] = wish.if_match;
  if (!wish.if_none_exist.empty()) request.headers["if-none-exist"] = wish.if_none_exist;
  if (!wish.if_none_match.empty()) request.headers["if-none-match"] = wish.if_none_match;
  request.body = wish.resource.present() ? json::write(wish.resource) : std::string();
  if (wish.method == "PATCH") {
    auto patch = patch_of(wish);
    if (!patch.ok()) return refusal(patch.error());
    request.headers["content-type"] =
        patch->is_json_patch ? "application/json-patch+json" : "application/fhir+json";
    request.body = json::write(patch->changes.root());
  }
  if (is_posted_search(wish)) {
    if (wish.resource.present()) {
      return refusal(make_error(ErrorCode::fhir_bundle_invalid,
                                "the parameters of a _search entry stand in its URL"));
    }
    request.headers["content-type"] = "application/x-www-form-urlencoded";
  }
  request.query.clear();
  http::Request target;
  if (!http::split_target("/" + wish.url, target)) {
    return refusal(make_error(ErrorCode::request_malformed));
  }
  request.query = target.query;
  Call one{call.services, call.organisation, request, call.base, {}, call.principal, call.grant};
  std::string_view rest = std::string_view(target.path).substr(1);
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    one.segments.push_back(rest.substr(0, slash));
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  }
  // Without a path it is a search in all types; a Bundle in a Bundle it is not.
  if (one.segments.empty() && wish.method != "GET") {
    return refusal(make_error(ErrorCode::fhir_bundle_invalid, "url"));
  }
  return answer(one);
}

http::Response answer_within(const Call& call, const Wish& wish, std::size_t bytes_so_far) {
  if (bytes_so_far < answer_bytes_max) return answer_alone(call, wish);
  return refusal(make_error(ErrorCode::request_too_large, "the answer is full: send it again"));
}

void append_answer(std::string& out, const http::Response& response) {
  json::Writer head;
  head.begin_object().key("status").string(std::to_string(response.status));
  for (const auto& [header, name] :
       {std::pair{"location", "location"}, std::pair{"etag", "etag"}}) {
    const auto found = response.headers.find(header);
    if (found != response.headers.end()) head.key(name).string(found->second);
  }
  const bool failed = response.status >= 400;
  std::string text = head.end_object().take();
  if (failed && !response.body.empty()) {
    text.insert(text.size() - 1, ",\"outcome\":" + response.body);
  }
  out += (out.empty() ? "{" : ",{");
  if (!failed && !response.body.empty()) out += "\"resource\":" + response.body + ",";
  out += "\"response\":" + text + "}";
}

http::Response bundle_reply(std::string_view type, const std::string& entries) {
  std::string out = "{\"resourceType\":\"Bundle\",\"type\":\"" + std::string(type) + "\"";
  if (!entries.empty()) out += ",\"entry\":[" + entries + "]";
  return reply(out + "}");
}

http::Response process_batch(const Call& call, const std::vector<Wish>& wishes) {
  std::string out;
  for (const Wish& wish : wishes) append_answer(out, answer_within(call, wish, out.size()));
  return bundle_reply("batch-response", out);
}

/// The current version of what an entry changes with its patch; read, and so decided and recorded,
/// first. Errors: fhir_bundle_invalid (it may not be read, or the result is no valid resource).
Result<Draft> patched_draft(const Call& call, const Wish& wish, Draft out) {
  XL_TRY_ASSIGN(const EntryPatch patch, patch_of(wish));
  http::Response current = read_whatever_asked(call, out.type, out.id);
  if (current.status != 200) return make_error(ErrorCode::fhir_not_found);
  XL_TRY_ASSIGN(const auto seen, version_wanted(current.headers["etag"]));
  if (out.if_match && out.if_match != seen) return make_error(ErrorCode::fhir_version_conflict);
  out.if_match = seen;
  CheckedResource patched =
      patched_resource(current.body, patch.changes.root(), patch.is_json_patch);
  if (patched.refused) return make_error(ErrorCode::fhir_patch_unapplied);
  const json::Value root = patched.document->root();
  if (text_at(root, "id") != out.id || text_at(root, "resourceType") != out.type) {
    return make_error(ErrorCode::fhir_identity_mismatched, "id and resourceType stay");
  }
  out.document = std::move(patched.document);
  return out;
}

/// `Type` or `Type/id` of a write. Errors: fhir_bundle_invalid, fhir_interaction_unsupported,
/// fhir_type_unknown, fhir_identity_mismatched, parameter_invalid (ifMatch).
Result<Draft> draft_of(const Call& call, const Wish& wish) {
  const std::string_view url = wish.url;
  Draft out;
  const std::size_t slash = url.find('/');
  out.type = url.substr(0, slash);
  if (slash != std::string_view::npos) out.id = url.substr(slash + 1);
  if (wish.method == "POST") {
    if (!out.id.empty()) return make_error(ErrorCode::fhir_bundle_invalid, "POST with an id");
    out.id = new_logical_id();
  }
  out.only_new = wish.if_none_match == "*" || (wish.by_condition && wish.found.empty());
  if (!xl::fhir::is_resource_type(out.type)) return make_error(ErrorCode::fhir_type_unknown);
  if (!is_logical_id(out.id)) return make_error(ErrorCode::fhir_identity_mismatched, "id");
  XL_TRY_ASSIGN(out.if_match, version_wanted(wish.if_match));
  if (wish.method == "POST" && out.if_match) {
    return make_error(ErrorCode::fhir_bundle_invalid, "POST with ifMatch");
  }
  if (wish.method == "DELETE") return out;
  if (wish.method == "PATCH") return patched_draft(call, wish, std::move(out));
  if (text_at(wish.resource, "resourceType") != out.type) {
    return make_error(ErrorCode::fhir_identity_mismatched, "resourceType");
  }
  if (wish.method == "PUT" && !wish.by_condition && text_at(wish.resource, "id") != out.id) {
    return make_error(ErrorCode::fhir_identity_mismatched, "id");
  }
  out.document = json::Document::copy(wish.resource);
  return out;
}

bool is_write(const Wish& wish) {
  return !wish.settled && (wish.method == "POST" || wish.method == "PUT" ||
                           wish.method == "DELETE" || wish.method == "PATCH");
}

/// What references of a transaction mean here.
using References = std::map<std::string, std::string, std::less<>>;

/// The condition of an entry; empty without one. Errors: fhir_condition_empty.
Result<Parameters> condition_of(const Wish& wish) {
  const bool in_url = wish.method == "PUT" || wish.method == "DELETE" || wish.method == "PATCH";
  if (wish.method == "POST" && !wish.if_none_exist.empty()) {
    return read_condition(wish.if_none_exist);
  }
  const std::size_t mark = wish.url.find('?');
  if (!in_url || mark == std::string::npos) return Parameters{};
  return read_condition(std::string_view(wish.url).substr(mark));
}

/// References that are conditions, such as `Patient?identifier=1`, none twice.
std::set<std::string> conditions_in(const std::vector<Wish>& wishes) {
  std::set<std::string> out;
  for (const Wish& wish : wishes) {
    if (!is_write(wish) || !wish.resource.present()) continue;
    xl::fhir::for_each_reference(wish.resource, [&](std::string_view text, json::Value) {
      const std::size_t mark = text.find('?');
      const bool is_condition =
          mark != std::string_view::npos && xl::fhir::is_resource_type(text.substr(0, mark));
      if (is_condition) out.emplace(text);
    });
  }
  return out;
}

/// Gives an entry with a condition what it is about. Errors: fhir_match_ambiguous,
/// fhir_not_found (a patch of nothing), fhir_identity_mismatched.
Status settle_condition(const Call& call, const Parameters& condition, Wish& wish) {
  const std::string type = wish.url.substr(0, wish.url.find('?'));
  XL_TRY_ASSIGN(const auto match, only_match(call, type, condition));
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
      return make_error(ErrorCode::fhir_identity_mismatched, "id");
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
Result<Settled> settle_conditions(const Call& call, std::vector<Wish>& wishes) {
  Settled out;
  std::set<std::string> texts = conditions_in(wishes);
  std::vector<Parameters> conditions;
  for (const Wish& wish : wishes) {
    XL_TRY_ASSIGN(Parameters condition, condition_of(wish));
    if (!condition.empty()) {
      texts.insert(condition_text(wish.url.substr(0, wish.url.find('?')), condition));
    }
    conditions.push_back(std::move(condition));
  }
  if (texts.empty()) return out;
  XL_TRY_ASSIGN(auto held, hold_conditions(call, {texts.begin(), texts.end()}));
  out.held.emplace(std::move(held));
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    if (!conditions[i].empty()) XL_TRY(settle_condition(call, conditions[i], wishes[i]));
  }
  for (const std::string& text : conditions_in(wishes)) {
    XL_TRY_ASSIGN(const Parameters condition, read_condition(text));
    XL_TRY_ASSIGN(const auto match, only_match(call, text.substr(0, text.find('?')), condition));
    if (!match) return make_error(ErrorCode::fhir_reference_unresolved, "a conditional reference");
    out.references.emplace(text, path_of(*match));
  }
  return out;
}

/// The drafts of a transaction with the references between them resolved.
Result<std::vector<Draft>> drafts_of(const Call& call, std::vector<Wish>& wishes,
                                     const References& by_condition) {
  std::vector<Draft> drafts;
  References new_names = by_condition;
  std::map<std::string, bool, std::less<>> seen;
  for (Wish& wish : wishes) {
    if (!wish.full_url.empty() && wish.settled && !wish.found.empty()) {
      new_names.emplace(wish.full_url, wish.found);
    }
    if (!is_write(wish)) continue;
    XL_TRY_ASSIGN(Draft draft, draft_of(call, wish));
    const std::string name = draft.type + "/" + draft.id;
    if (!seen.emplace(name, true).second) {
      return make_error(ErrorCode::fhir_bundle_invalid, "one record twice");
    }
    if (!wish.full_url.empty() && draft.document &&
        !new_names.emplace(wish.full_url, name).second) {
      return make_error(ErrorCode::fhir_bundle_invalid, "one fullUrl twice");
    }
    wish.draft = drafts.size();
    drafts.push_back(std::move(draft));
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

/// What a transaction's reads must not ask about, since its writes change it.
class Touched {
 public:
  explicit Touched(const std::vector<Draft>& drafts) {
    for (const Draft& draft : drafts) {
      types_.insert(draft.type);
      names_.insert(draft.type + "/" + draft.id);
    }
  }

  /// Would this read answer another thing before the writes than behind them?
  [[nodiscard]] bool concerns(std::string_view url) const {
    if (names_.empty()) return false;
    const std::string_view path = url.substr(0, url.find('?'));
    const std::size_t slash = path.find('/');
    const std::string_view type = path.substr(0, slash);
    const std::string_view rest =
        slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
    const std::string_view id = rest.substr(0, rest.find('/'));
    if (!xl::fhir::is_resource_type(type) || rest.ends_with("$everything")) return true;
    if (id.empty() || id == "_history") return types_.contains(type);
    return names_.contains(std::string(type) + "/" + std::string(id));
  }

 private:
  std::set<std::string, std::less<>> types_;
  std::set<std::string, std::less<>> names_;
};

/// Which entry of a transaction failed, in its own outcome.
http::Response name_entry(http::Response refused, std::size_t place) {
  json::Limits bounds;
  bounds.bytes_max = refused.body.size() + 1;
  auto outcome = json::parse(refused.body, bounds);
  if (!outcome.ok()) return refused;
  json::Node issue = outcome->edit().find("issue").at(0);
  if (!issue.is_object() || issue.find("expression").present()) return refused;
  json::Node expression = outcome->make_array();
  expression.append(outcome->make_string("Bundle.entry[" + std::to_string(place) + "]"));
  issue.set("expression", expression);
  refused.body = json::write(outcome->root());
  return refused;
}

Status check_transaction(const std::vector<Wish>& wishes) {
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    const Wish& wish = wishes[i];
    if (wish.refused) return *wish.refused;
    const std::string place = "Bundle.entry[" + std::to_string(i) + "]: ";
    if (!is_write(wish) && wish.method != "GET") {
      return make_error(ErrorCode::fhir_interaction_unsupported,
                        place + "a transaction takes GET, POST, PUT, PATCH and DELETE");
    }
    if (is_posted_search(wish)) {
      return make_error(ErrorCode::fhir_interaction_unsupported,
                        place + "a search in a transaction is a GET");
    }
  }
  return {};
}

/// The reads of a transaction, decided, journalled and answered before anything is written, since
/// a write cannot be taken back when a read behind it fails. They are to see the writes (R4
/// §3.1.0.11.2), so only those are let in which the writes do not change. A refusal is of the
/// whole.
struct Reads {
  std::vector<http::Response> answers;  ///< of each entry; empty for writes
  std::optional<http::Response> refused;
};
Reads read_before_writing(const Call& call, std::vector<Wish>& wishes,
                          const std::vector<Draft>& drafts) {
  const Touched touched(drafts);
  Reads out;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    http::Response& answer = out.answers.emplace_back();
    if (is_write(wishes[i])) continue;
    if (wishes[i].settled) {
      answer = std::move(*wishes[i].settled);
      wishes[i].settled.emplace();
      continue;
    }
    answer = touched.concerns(wishes[i].url)
                 ? refusal(make_error(ErrorCode::fhir_interaction_unsupported,
                                      "a read of what the same transaction writes: the answers to "
                                      "its writes hold it; or ask behind it"))
                 : answer_within(call, wishes[i], bytes);
    if (answer.status >= 400) {
      out.refused = name_entry(std::move(answer), i);
      return out;
    }
    bytes += answer.body.size();
  }
  return out;
}

http::Response process_transaction(const Call& call, std::vector<Wish> wishes) {
  const bool writes = std::any_of(wishes.begin(), wishes.end(), is_write);
  const Status may = writes ? check_writer(call) : Status{};
  if (!may.ok()) return refusal(may.error());
  for (const Wish& wish : wishes) {
    if (!is_write(wish)) continue;  // a read passes `answer`
    const Status in_scope = check_write_scope(call, wish.method, wish.url);
    if (!in_scope.ok()) return refusal(in_scope.error());
  }
  const auto settled = settle_conditions(call, wishes);
  if (!settled.ok()) return refusal(settled.error());
  auto drafts = drafts_of(call, wishes, settled->references);
  if (!drafts.ok()) return refusal(drafts.error());
  Reads reads = read_before_writing(call, wishes, *drafts);
  if (reads.refused) return std::move(*reads.refused);
  const auto written = write_drafts(call, std::move(*drafts));
  if (!written.ok()) return refusal(written.error());
  std::string out;
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    append_answer(out, is_write(wishes[i]) ? written_reply(call, (*written)[wishes[i].draft])
                                           : reads.answers[i]);
  }
  return bundle_reply("transaction-response", out);
}

}  // namespace

http::Response process_bundle(const Call& call) {
  json::Limits bounds;
  bounds.bytes_max = call.request.body.size();
  const auto document = json::parse(call.request.body, bounds);
  if (!document.ok()) return refusal(document.error());
  const json::Value bundle = document->root();
  const std::string type = text_at(bundle, "type");
  if (text_at(bundle, "resourceType") != "Bundle" || (type != "batch" && type != "transaction")) {
    return refusal(make_error(ErrorCode::fhir_bundle_invalid));
  }
  auto wishes = wishes_of(call, bundle);
  if (!wishes.ok()) return refusal(wishes.error());
  if (type == "batch") return process_batch(call, *wishes);
  const Status fits = check_transaction(*wishes);
  if (!fits.ok()) return refusal(fits.error());
  // The whole Bundle is checked at once, its resources with it: expressions name the entry.
  if (auto refused = check_resource(bundle)) return std::move(*refused);
  return process_transaction(call, std::move(*wishes));
}

}  // namespace xl::gateway::fhir
