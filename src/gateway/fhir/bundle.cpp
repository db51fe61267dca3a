// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/bundle.h"

#include "base/json/writer.h"
#include "gateway/fhir/draft.h"
#include "gateway/fhir/reply.h"
#include "gateway/fhir/transaction.h"

namespace xl::gateway::fhir {
namespace {

/// Once the answer is this long, what is left is not looked at any more: 413 for each.
constexpr std::size_t answer_bytes_max = 16U << 20U;

/// The request that a wish is. Errors: those of a patch.
Result<http::Request> request_of(const Call& call, const Wish& wish) {
  XL_TRY_ASSIGN(http::Request request, request_head_of(call, wish));
  request.body = wish.resource.present() ? json::write(wish.resource) : std::string();
  if (wish.method == "PATCH") {
    XL_TRY_ASSIGN(const EntryPatch patch, patch_of(wish));
    request.headers["content-type"] =
        patch.is_json_patch ? "application/json-patch+json" : "application/fhir+json";
    request.body = json::write(patch.changes.root());
  }
  if (is_posted_search(wish)) {
    if (wish.resource.present()) {
      return make_error(
          ErrorCode::fhir_bundle_invalid,
          wish.place + ".resource: the parameters of a _search entry stand in its URL");
    }
    request.headers["content-type"] = "application/x-www-form-urlencoded";
  }
  return request;
}

http::Response process_batch(const Call& call, const std::vector<Wish>& wishes) {
  std::string out;
  for (const Wish& wish : wishes) append_answer(out, answer_within(call, wish, out.size()));
  return bundle_reply("batch-response", out);
}

/// Where the receipt of a write is, as the head of its answer says; empty for other answers.
std::string_view receipt_of(const http::Response& response) {
  const auto found = response.headers.find("link");
  if (found == response.headers.end()) return {};
  const std::string_view text = found->second;
  const std::size_t end = text.find('>');
  const bool receipt = text.starts_with('<') && end != std::string_view::npos &&
                       text.substr(end) == ">; rel=\"receipt\"";
  return receipt ? text.substr(1, end - 1) : std::string_view{};
}

}  // namespace

InnerCall::InnerCall(const Call& whole, http::Request request)
    : request_(std::move(request)),
      call_{whole.services,  whole.organisation, request_,       whole.base, {},
            whole.principal, whole.grant,        whole.rehearsal} {
  std::string_view rest = std::string_view(request_.path).substr(1);
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    call_.segments.push_back(rest.substr(0, slash));
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  }
}

Result<http::Request> request_head_of(const Call& call, const Wish& wish) {
  http::Request request;
  request.method = wish.method;
  request.headers = call.request.headers;
  request.remote = call.request.remote;
  request.id = call.request.id;
  request.secure = call.request.secure;
  const auto set = [&](const char* header, const std::string& value) {
    request.headers.erase(header);  // that of the whole
    if (!value.empty()) request.headers[header] = value;
  };
  set("if-match", wish.if_match);
  set("if-none-exist", wish.if_none_exist);
  set("if-none-match", wish.if_none_match);
  set("if-modified-since", wish.if_modified_since);
  if (!http::split_target("/" + (wish.asked.empty() ? wish.url : wish.asked), request)) {
    return make_error(ErrorCode::request_malformed, wish.place + ".request.url");
  }
  return request;
}

http::Response answer_within(const Call& call, const Wish& wish, std::size_t bytes_so_far) {
  if (wish.refused) return refusal(*wish.refused);
  if (!wish.issues.empty()) return refusal(wish.issues);
  if (bytes_so_far >= answer_bytes_max) {
    return named(wish, refusal(make_error(ErrorCode::request_too_large,
                                          "the answer is full: send it again")));
  }
  auto request = request_of(call, wish);
  if (!request.ok()) return refusal(named(wish, request.error()));
  const InnerCall inner(call, std::move(*request));
  const Call& one = inner.call();
  // Without a path it is a search in all types; a Bundle in a Bundle it is not.
  const bool reads = wish.method == "GET" || wish.method == "HEAD";
  if (one.segments.empty() && !reads) {
    return refusal(make_error(ErrorCode::fhir_bundle_invalid, wish.place + ".request.url"));
  }
  http::Response out = answer(one);
  if (out.status >= 400) return named(wish, std::move(out));
  if (wish.method == "HEAD") out.body.clear();
  return out;
}

void append_answer(std::string& out, const http::Response& response) {
  json::Writer head;
  head.begin_object().key("status").string(std::to_string(response.status));
  for (const auto& [header, name] :
       {std::pair{"location", "location"}, std::pair{"etag", "etag"}}) {
    const auto found = response.headers.find(header);
    if (found != response.headers.end()) head.key(name).string(found->second);
  }
  if (response.modified_ms > 0) {
    head.key("lastModified").string(instant_text(response.modified_ms));
  }
  const bool failed = response.status >= 400;
  std::string text = head.end_object().take();
  if (failed && !response.body.empty()) {
    text.insert(text.size() - 1, ",\"outcome\":" + response.body);
  }
  out += (out.empty() ? "{" : ",{");
  if (const std::string_view receipt = receipt_of(response); !receipt.empty()) {
    json::Writer link;
    link.begin_object().key("relation").string("receipt").key("url").string(receipt).end_object();
    out += "\"link\":[" + link.take() + "],";
  }
  if (!failed && !response.body.empty()) out += "\"resource\":" + response.body + ",";
  out += "\"response\":" + text + "}";
}

http::Response bundle_reply(std::string_view type, const std::string& entries) {
  std::string out = "{\"resourceType\":\"Bundle\",\"type\":\"" + std::string(type) + "\"";
  if (!entries.empty()) out += ",\"entry\":[" + entries + "]";
  return reply(out + "}");
}

http::Response process_bundle(const Call& call) {
  json::Limits bounds;
  bounds.bytes_max = call.request.body.size();
  const auto document = json::parse(call.request.body, bounds);
  if (!document.ok()) return refusal(document.error());
  const json::Value bundle = document->root();
  const std::string type = text_at(bundle, "type");
  if (text_at(bundle, "resourceType") != "Bundle" || (type != "batch" && type != "transaction")) {
    return refusal(make_error(ErrorCode::fhir_bundle_invalid,
                              "Bundle.type: a Bundle of the type batch or transaction"));
  }
  auto wishes = wishes_of(call, bundle);
  if (!wishes.ok()) return refusal(wishes.error());
  if (type == "transaction") return process_transaction(call, bundle, std::move(*wishes));
  const std::vector<Issue> issues = check_entries(bundle, *wishes);
  return issues.empty() ? process_batch(call, *wishes) : refusal(issues);
}

}  // namespace xl::gateway::fhir
