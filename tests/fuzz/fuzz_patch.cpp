// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// links: fhir
//
// Goal: no patch makes the server crash, hang or part primitives from what stands beside them.
// Method: each line is an operation of a FHIRPath Patch on a small Patient,
// `type|path|name|index|source|destination|key|value|beside`; a text that begins with `[` is a JSON
// Patch. What comes out can be written and read, and lists are as long as the lists beside them.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/json/json.h"
#include "base/json/text.h"
#include "base/json/writer.h"
#include "fhir/patch.h"

namespace {

namespace json = xl::json;

constexpr std::string_view patient = R"({"resourceType":"Patient","id":"p","active":true,
"name":[{"family":"Li","given":["Ming","An",null],"_given":[null,{"id":"a"},{"id":"b"}]},
{"given":["Wu"]}],"birthDate":"1974-12-25","_birthDate":{"extension":[{"url":"u","valueCode":"c"}]},
"deceasedBoolean":true,"contact":[{"name":{"family":"Wu"},"telecom":[{"value":"1"}]}],
"contained":[{"resourceType":"Organization","id":"o","alias":["x","y"]}]})";

std::string_view take(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view out = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return out;
}

/// A part of an operation as Parameters have it; nothing for an empty field.
void add_part(json::Document& patch, json::Node parts, std::string_view name, std::string_view key,
              std::string_view text, bool is_number) {
  if (text.empty()) return;
  if (is_number && !json::is_number_text(text)) return;
  json::Node part = patch.make_object();
  part.set_string("name", name);
  part.set(key, is_number ? patch.make_number(text) : patch.make_string(text));
  parts.append(part);
}

json::Node operation_of(json::Document& patch, std::string_view line) {
  std::array<std::string_view, 8> field{};
  for (std::string_view& one : field) one = take(line, '|');
  json::Node parts = patch.make_array();
  add_part(patch, parts, "type", "valueCode", field[0], false);
  add_part(patch, parts, "path", "valueString", field[1], false);
  add_part(patch, parts, "name", "valueString", field[2], false);
  add_part(patch, parts, "index", "valueInteger", field[3], true);
  add_part(patch, parts, "source", "valueInteger", field[4], true);
  add_part(patch, parts, "destination", "valueInteger", field[5], true);
  json::Node value = patch.make_object();
  value.set_string("name", "value");
  const std::string key(field[6]);
  const auto given = json::parse(field[7], {});
  if (given.ok() && key != "name") value.set(key, patch.make_copy(given->root()));
  const auto beside = json::parse(line, {});
  if (beside.ok()) value.set("_" + key, patch.make_copy(beside->root()));
  if (given.ok() || beside.ok()) parts.append(value);
  json::Node operation = patch.make_object();
  operation.set_string("name", "operation");
  operation.set("part", parts);
  return operation;
}

void check_lists(json::Value value) {
  for (const json::Value one : value.items()) check_lists(one);
  for (const json::Member& member : value.members()) {
    check_lists(member.value);
    const json::Value beside = value.find("_" + std::string(member.key));
    const bool lists = member.value.is_array() && beside.is_array();
    if (lists) XL_CHECK(member.value.size() == beside.size());
  }
}

/// What was written is read again, unless it has become too deep.
void check_text(json::Value root) {
  const auto again = json::parse(json::write(root), {});
  XL_CHECK(again.ok() ? json::identical(again->root(), root)
                      : again.error().code == xl::ErrorCode::json_too_large);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  static const auto original = json::parse(patient, {});
  json::Document document = json::Document::copy(original->root());
  if (text.starts_with('[')) {
    const auto patch = json::parse(text, {});
    if (!patch.ok() || !xl::fhir::apply_json_patch(document, patch->root()).ok()) return 0;
    check_text(document.root());
    return 0;
  }
  const bool brings_own = text.find("\"_") != std::string_view::npos;
  json::Document patch = json::Document::object();
  patch.edit().set_string("resourceType", "Parameters");
  json::Node operations = patch.make_array();
  while (!text.empty()) operations.append(operation_of(patch, take(text, '\n')));
  patch.edit().set("parameter", operations);
  if (!xl::fhir::apply_fhirpath_patch(document, patch.root()).ok()) return 0;
  if (!brings_own) check_lists(document.root());
  check_text(document.root());
  return 0;
}
