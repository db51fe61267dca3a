// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/binary.h"

#include "base/json/writer.h"
#include "gateway/fhir/media.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/reply.h"
#include "gateway/fhir/write.h"
#include "model/limits.h"

namespace xl::gateway::fhir {
namespace {

/// The bytes and their media type as the resource that is kept.
std::string resource_of(const Call& call, std::string_view id) {
  json::Writer out;
  out.begin_object().key("resourceType").string("Binary");
  if (!id.empty()) out.key("id").string(id);
  std::string_view media = call.request.header("content-type");
  media = media.substr(0, media.find(';'));
  out.key("contentType").string(media.empty() ? "application/octet-stream" : media);
  const std::string_view whose = call.request.header("x-security-context");
  if (!whose.empty()) {
    out.key("securityContext").begin_object().key("reference").string(whose).end_object();
  }
  out.key("data").string(to_base64(view_of(call.request.body)));
  return out.end_object().take();
}

http::Response give_bytes(http::Response found) {
  json::Limits bounds;
  bounds.bytes_max = limits::record_bytes_max + 1;
  const auto document = json::parse(found.body, bounds);
  if (!document.ok()) return refusal(document.error());
  const json::Value binary = document->root();
  Bytes data;
  if (!from_base64(binary.find("data").as_string().value_or(""), data)) {
    return refusal(make_error(ErrorCode::not_acceptable));
  }
  const std::string media(binary.find("contentType").as_string().value_or(""));
  found.body = text_of(data);
  found.content_type = media;
  found.headers["x-content-type-options"] = "nosniff";
  found.headers["content-security-policy"] = "sandbox; default-src 'none'";
  const auto whose = binary.find("securityContext").find("reference").as_string();
  if (whose) found.headers["x-security-context"] = *whose;
  return found;
}

}  // namespace

bool is_raw_binary(const http::Request& request, const std::vector<std::string_view>& segments) {
  if (segments.empty() || segments[0] != "Binary" || segments.size() > 2) return false;
  if (request.method == "POST" || request.method == "PUT") {
    const std::string_view media = request.header("content-type");
    const bool form = media.starts_with("application/x-www-form-urlencoded");
    return !media.empty() && !is_fhir_media(media) && !form;
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  return reads && segments.size() == 2 && wants_bytes(request);
}

http::Response answer_raw_binary(const Call& call) {
  const auto& at = call.segments;
  if (call.request.method == "GET" || call.request.method == "HEAD") {
    http::Response found = read(call, at[0], at[1]);
    return found.status == 200 ? give_bytes(std::move(found)) : found;
  }
  const std::string_view id = at.size() == 2 ? at[1] : std::string_view{};
  if (id.empty() != (call.request.method == "POST")) {
    return refusal(make_error(ErrorCode::fhir_identity_mismatched, "id"));
  }
  http::Request request = call.request;
  request.body = resource_of(call, id);
  request.headers["content-type"] = "application/fhir+json";
  const Call as_json{call.services, call.organisation, request,   call.base,
                     call.segments, call.principal,    call.grant};
  return id.empty() ? create(as_json, at[0]) : update(as_json, at[0], id);
}

}  // namespace xl::gateway::fhir
