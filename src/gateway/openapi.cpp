// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/openapi.h"

#include <map>

#include "base/json/writer.h"

namespace xl::gateway {
namespace {

void write_path_parameters(json::Writer& out, std::string_view pattern) {
  out.key("parameters").begin_array();
  for (std::size_t open = pattern.find('{'); open != std::string_view::npos;
       open = pattern.find('{', open + 1)) {
    std::string_view name = pattern.substr(open + 1, pattern.find('}', open) - open - 1);
    if (name.ends_with('*')) name.remove_suffix(1);
    out.begin_object().key("name").string(name).key("in").string("path");
    out.key("required").boolean(true).key("schema").begin_object().key("type").string("string");
    out.end_object().end_object();
  }
  out.end_array();
}

void write_operation(json::Writer& out, const Route& route) {
  std::string method = route.method;
  for (char& c : method) c = static_cast<char>(c - 'A' + 'a');
  out.key(method).begin_object().key("summary").string(route.summary);
  write_path_parameters(out, route.pattern);
  if (route.access == Access::signed_in) {
    out.key("security").begin_array().begin_object().key("bearer").begin_array().end_array();
    out.end_object().end_array();
  }
  out.key("responses").begin_object();
  out.key("200").begin_object().key("description").string("Done").end_object();
  out.key("default").begin_object().key("description").string("Refused or failed");
  out.key("content").begin_object().key("application/problem+json").begin_object();
  out.key("schema").begin_object().key("$ref").string("#/components/schemas/Problem");
  out.end_object().end_object().end_object().end_object();
  out.end_object().end_object();
}

void write_problem_schema(json::Writer& out) {
  out.key("components").begin_object().key("schemas").begin_object().key("Problem").begin_object();
  out.key("type").string("object").key("properties").begin_object();
  for (const std::string_view name :
       {"type", "title", "title_zh", "detail", "code", "fix", "fix_zh", "request_id"}) {
    out.key(name).begin_object().key("type").string("string").end_object();
  }
  out.key("status").begin_object().key("type").string("integer").end_object();
  out.end_object().end_object().end_object();
  out.key("securitySchemes").begin_object().key("bearer").begin_object();
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
  write_problem_schema(out);
  out.end_object();
  return out.take() + "\n";
}

}  // namespace xl::gateway
