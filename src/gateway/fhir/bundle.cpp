// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/bundle.h"

#include <map>

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
  std::string url;  ///< as written
  std::string full_url;
  std::string if_match;
  json::Value resource;
  std::size_t draft = 0;  ///< of a write in a transaction
};

std::string text_at(json::Value object, std::string_view name) {
  return std::string(object.find(name).as_string().value_or(""));
}

Result<std::vector<Wish>> wishes_of(json::Value bundle) {
  const json::Value entries = bundle.find("entry");
  if (entries.size() > entries_max) return make_error(ErrorCode::fhir_bundle_too_large);
  std::vector<Wish> out;
  for (const json::Value entry : entries.items()) {
    const json::Value request = entry.find("request");
    Wish wish{text_at(request, "method"),  text_at(request, "url"), text_at(entry, "fullUrl"),
              text_at(request, "ifMatch"), entry.find("resource"),  0};
    if (wish.method.empty() || wish.url.empty()) {
      return make_error(ErrorCode::fhir_bundle_invalid,
                        "entry[" + std::to_string(out.size()) + "].request");
    }
    if (request.find("ifNoneExist").present() || request.find("ifNoneMatch").present()) {
      return make_error(ErrorCode::fhir_interaction_unsupported, "conditional entries");
    }
    out.push_back(std::move(wish));
  }
  return out;
}

/// A wish as if it had been sent alone.
http::Response answer_alone(const Call& call, const Wish& wish) {
  http::Request request = call.request;
  request.method = wish.method;
  request.headers.erase("if-match");
  if (!wish.if_match.empty()) request.headers["if-match"] = wish.if_match;
  request.body = wish.resource.present() ? json::write(wish.resource) : std::string();
  request.query.clear();
  http::Request target;
  std::string url = wish.url;
  if (url.starts_with(call.base + "/")) url.erase(0, call.base.size() + 1);
  if (!http::split_target("/" + url, target)) {
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

/// `Type` or `Type/id` of a write. Errors: fhir_bundle_invalid, fhir_interaction_unsupported.
Result<Draft> draft_of(const Call& call, const Wish& wish) {
  std::string_view url = wish.url;
  if (url.starts_with(call.base + "/")) url.remove_prefix(call.base.size() + 1);
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
Result<std::vector<Draft>> drafts_of(const Call& call, std::vector<Wish>& wishes) {
  std::vector<Draft> drafts;
  std::map<std::string, std::string, std::less<>> new_names;
  std::map<std::string, bool, std::less<>> seen;
  for (Wish& wish : wishes) {
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

http::Response process_transaction(const Call& call, std::vector<Wish> wishes) {
  const bool writes = [&] {
    for (const Wish& wish : wishes) {
      if (is_write(wish)) return true;
    }
    return false;
  }();
  const Status may = writes ? check_writer(call) : Status{};
  if (!may.ok()) return refusal(may.error());
  for (const Wish& wish : wishes) {
    if (!is_write(wish) && wish.method != "GET") {
      return refusal(make_error(ErrorCode::fhir_interaction_unsupported, wish.method));
    }
    if (wish.method == "POST" && wish.url.find("_search") != std::string::npos) {
      return refusal(
          make_error(ErrorCode::fhir_interaction_unsupported, "search in a transaction"));
    }
  }
  auto drafts = drafts_of(call, wishes);
  if (!drafts.ok()) return refusal(drafts.error());
  const auto written = write_drafts(call, std::move(*drafts));
  if (!written.ok()) return refusal(written.error());
  std::string out;
  for (const Wish& wish : wishes) {
    append_answer(out, is_write(wish) ? written_reply(call, (*written)[wish.draft])
                                      : answer_within(call, wish, out.size()));
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
  auto wishes = wishes_of(bundle);
  if (!wishes.ok()) return refusal(wishes.error());
  if (type == "batch") return process_batch(call, *wishes);
  // The whole Bundle is checked at once, its resources with it: expressions name the entry.
  if (auto refused = check_resource(bundle)) return std::move(*refused);
  return process_transaction(call, std::move(*wishes));
}

}  // namespace xl::gateway::fhir
