// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/openapi.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "base/check.h"
#include "base/json/writer.h"

namespace xl::gateway {
namespace {

struct Schema {
  std::string_view name;
  std::string_view members;
};

constexpr auto api_schemas = std::to_array<Schema>({
#define XL_SCHEMA(name, members) {#name, members},
#include "gateway/openapi_schemas.def"
#undef XL_SCHEMA
});

constexpr std::string_view fhir_media = "application/fhir+json";

void write_reference(json::Writer& out, std::string_view schema) {
  out.begin_object().key("$ref").string("#/components/schemas/" + std::string(schema)).end_object();
}

/// A type of openapi_schemas.def.
void write_type(json::Writer& out, std::string_view type, bool may_be_null) {
  const bool list = type.starts_with('[');
  const bool plain = type == "string" || type == "integer" || type == "boolean" || type == "object";
  if (!list && !plain && !may_be_null) return write_reference(out, type);
  out.begin_object();
  if (!list && !plain) {
    out.key("oneOf").begin_array();
    write_reference(out, type);
    out.begin_object().key("type").string("null").end_object().end_array().end_object();
    return;
  }
  out.key("type");
  const std::string_view name = list ? std::string_view("array") : type;
  if (may_be_null) {
    out.begin_array().string(name).string("null").end_array();
  } else {
    out.string(name);
  }
  if (list) {
    out.key("items");
    write_type(out, type.substr(1, type.size() - 2), false);
  }
  out.end_object();
}

/// One member `name:type` or `name?:type` of a schema's list.
struct Member {
  std::string_view name;
  std::string_view type;
  bool required = true;
};

std::vector<Member> members_of(std::string_view text) {
  std::vector<Member> out;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const std::size_t colon = one.find(':');
    XL_CHECK(colon != std::string_view::npos);
    Member member{one.substr(0, colon), one.substr(colon + 1)};
    if (member.name.ends_with('?')) {
      member.name.remove_suffix(1);
      member.required = false;
    }
    out.push_back(member);
  }
  return out;
}

void write_schema(json::Writer& out, const Schema& schema) {
  const std::vector<Member> members = members_of(schema.members);
  out.key(schema.name).begin_object().key("type").string("object").key("required").begin_array();
  for (const Member& member : members) {
    if (member.required) out.string(member.name);
  }
  out.end_array().key("properties").begin_object();
  for (const Member& member : members) {
    out.key(member.name);
    write_type(out, member.type, !member.required);
  }
  out.end_object().end_object();
}

void write_parameter(json::Writer& out, std::string_view name, bool in_path) {
  out.begin_object().key("name").string(name).key("in").string(in_path ? "path" : "query");
  out.key("required").boolean(in_path).key("schema").begin_object().key("type").string("string");
  out.end_object().end_object();
}

void write_parameters(json::Writer& out, const Route& route) {
  const std::string_view pattern = route.pattern;
  out.key("parameters").begin_array();
  for (std::size_t open = pattern.find('{'); open != std::string_view::npos;
       open = pattern.find('{', open + 1)) {
    std::string_view name = pattern.substr(open + 1, pattern.find('}', open) - open - 1);
    if (name.ends_with('*')) name.remove_suffix(1);
    write_parameter(out, name, true);
  }
  if (route.about) {
    for (const std::string_view name : route.about->query) write_parameter(out, name, false);
  }
  out.end_array();
}

/// `"content": {media: schema}`; anything but JSON is text or bytes.
void write_content(json::Writer& out, std::span<const std::string_view> media,
                   std::string_view schema) {
  out.key("content").begin_object();
  for (const std::string_view one : media) {
    out.key(one).begin_object().key("schema");
    if (one.ends_with("json")) {
      write_reference(out, schema.empty() ? "Anything" : schema);
    } else {
      out.begin_object().key("type").string("string").end_object();
    }
    out.end_object();
  }
  out.end_object();
}

/// What a face of FHIR takes and gives; its CapabilityStatement says the rest.
RouteDoc fhir_doc(const Route& route) {
  RouteDoc out;
  if (route.method == "POST" || route.method == "PUT") out.body_media = {fhir_media};
  out.body = out.answer = "FhirResource";
  out.media = fhir_media;
  return out;
}

void write_operation(json::Writer& out, const Route& route) {
  std::string method = route.method;
  for (char& c : method) c = static_cast<char>(c - 'A' + 'a');
  std::string id = method;
  for (const char c : route.pattern) {
    if (c == '{' || c == '}' || c == '*') continue;
    id += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
  }
  const RouteDoc about = route.about ? *route.about : fhir_doc(route);
  out.key(method).begin_object().key("operationId").string(id);
  out.key("summary").string(route.summary);
  write_parameters(out, route);
  if (!about.body_media.empty()) {
    out.key("requestBody").begin_object().key("required").boolean(true);
    write_content(out, about.body_media, about.body);
    out.end_object();
  }
  if (route.access == Access::signed_in) {
    out.key("security").begin_array().begin_object().key("bearer").begin_array().end_array();
    out.end_object().end_array();
  }
  out.key("responses").begin_object();
  // A face answers by what was done: 200, 201 or 204.
  out.key(route.about ? std::to_string(about.status) : "2XX").begin_object();
  out.key("description").string("Done");
  const std::string_view media[] = {about.media};
  if (about.status != 204 && about.status != 303) write_content(out, media, about.answer);
  out.end_object().key("default").begin_object().key("description").string("Refused or failed");
  std::vector<std::string_view> refusals = about.refusal_media;
  refusals.push_back(route.about ? "application/problem+json" : fhir_media);
  const std::string_view told = route.about ? "Problem" : "FhirResource";
  write_content(out, refusals, about.refusal_media.empty() ? told : "Anything");
  out.end_object().end_object().end_object();
}

void write_components(json::Writer& out) {
  out.key("components").begin_object().key("schemas").begin_object();
  for (const Schema& schema : api_schemas) write_schema(out, schema);
  out.end_object().key("securitySchemes").begin_object().key("bearer").begin_object();
  out.key("type").string("http").key("scheme").string("bearer").end_object().end_object();
  out.end_object();
}

}  // namespace

std::string openapi_text(const std::vector<Route>& routes) {
  std::map<std::string, std::vector<const Route*>> by_path;
  for (const Route& route : routes) {
    std::string path = route.pattern;
    if (path.ends_with("*}")) path.erase(path.size() - 2, 1);
    by_path[path].push_back(&route);
  }
  json::Writer out(json::Style::pretty);
  out.begin_object().key("openapi").string("3.1.0");
  out.key("info").begin_object().key("title").string("Xinglin node");
  out.key("version").string("1").end_object();
  out.key("paths").begin_object();
  for (const auto& [path, operations] : by_path) {
    out.key(path).begin_object();
    for (const Route* route : operations) write_operation(out, *route);
    out.end_object();
  }
  out.end_object();
  write_components(out);
  out.end_object();
  return out.take() + "\n";
}

}  // namespace xl::gateway
