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
#include "gateway/fhir/reply.h"
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
  json::Value resource;
  std::optional<Error> refused;  ///< set: it is none
  std::size_t draft = 0;         ///< of a write in a transaction
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
  if (request.find("ifNoneExist").present() || request.find("ifNoneMatch").present() ||
      request.find("ifModifiedSince").present()) {
    return make_error(ErrorCode::fhir_interaction_unsupported, place + ": conditional entries");
  }
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

/// A wish as if it had been sent alone.
http::Response answer_alone(const Call& call, const Wish& wish) {
  if (wish.refused) return refusal(*wish.refused);
  http::Request request = call.request;
  request.method = wish.method;
  request.headers.erase("if-match");
  request.headers.erase("if-none-match");  // of the whole Bundle, which is not kept
  if (!wish.if_match.empty()) request.headers["if-match"] = wish.if_match;
  request.body = wish.resource.present() ? json::write(wish.resource) : std::string();
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
  Call one{call.services, call.organisation, request, call.base, {}, call.principal};
  std::string_view rest = std::string_view(target.path).substr(1);
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    one.segments.push_back(rest.substr(0, slash));
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  }
  if (one.segments.empty()) return refusal(make_error(ErrorCode::fhir_bundle_invalid, "url"));
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

/// `Type` or `Type/id` of a write. Errors: fhir_bundle_invalid, fhir_interaction_unsupported,
/// fhir_type_unknown, fhir_identity_mismatched, parameter_invalid (ifMatch).
Result<Draft> draft_of(const Wish& wish) {
  const std::string_view url = wish.url;
  if (url.find('?') != std::string_view::npos) {
    return make_error(ErrorCode::fhir_interaction_unsupported, "conditional entries");
  }
  Draft out;
  const std::size_t slash = url.find('/');
  out.type = url.substr(0, slash);
  if (slash != std::string_view::npos) out.id = url.substr(slash + 1);
  if (wish.method == "POST") {
    if (!out.id.empty()) return make_error(ErrorCode::fhir_bundle_invalid, "POST with an id");
    out.id = new_logical_id();
  }
  if (!xl::fhir::is_resource_type(out.type)) return make_error(ErrorCode::fhir_type_unknown);
  if (!is_logical_id(out.id)) return make_error(ErrorCode::fhir_identity_mismatched, "id");
  XL_TRY_ASSIGN(out.if_match, version_wanted(wish.if_match));
  if (wish.method == "POST" && out.if_match) {
    return make_error(ErrorCode::fhir_bundle_invalid, "POST with ifMatch");
  }
  if (wish.method == "DELETE") return out;
  if (text_at(wish.resource, "resourceType") != out.type) {
    return make_error(ErrorCode::fhir_identity_mismatched, "resourceType");
  }
  if (wish.method == "PUT" && text_at(wish.resource, "id") != out.id) {
    return make_error(ErrorCode::fhir_identity_mismatched, "id");
  }
  out.document = json::Document::copy(wish.resource);
  return out;
}

bool is_write(const Wish& wish) {
  return wish.method == "POST" || wish.method == "PUT" || wish.method == "DELETE";
}

/// The drafts of a transaction with the references between them resolved.
Result<std::vector<Draft>> drafts_of(std::vector<Wish>& wishes) {
  std::vector<Draft> drafts;
  std::map<std::string, std::string, std::less<>> new_names;
  std::map<std::string, bool, std::less<>> seen;
  for (Wish& wish : wishes) {
    if (!is_write(wish)) continue;
    XL_TRY_ASSIGN(Draft draft, draft_of(wish));
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
                        place + "a transaction takes GET, POST, PUT and DELETE");
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
Reads read_before_writing(const Call& call, const std::vector<Wish>& wishes,
                          const std::vector<Draft>& drafts) {
  const Touched touched(drafts);
  Reads out;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < wishes.size(); ++i) {
    http::Response& answer = out.answers.emplace_back();
    if (is_write(wishes[i])) continue;
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
  auto drafts = drafts_of(wishes);
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
