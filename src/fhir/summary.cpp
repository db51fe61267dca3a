// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/summary.h"

#include <algorithm>
#include <vector>

#include "base/json/writer.h"
#include "fhir/definitions.h"

namespace xl::fhir {
namespace {

/// The tag of what was cut down for an answer.
constexpr std::string_view subsetted_system =
    "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
constexpr std::string_view subsetted_code = "SUBSETTED";

/// The element that a member is of, or beside: `_birthDate` goes with `birthDate`.
const Element* element_of(TypeId type, std::string_view key) {
  if (key.starts_with('_')) key.remove_prefix(1);
  return find_element(type, key);
}

/// `value` of `value[x]`, else the name itself.
std::string_view common_name(TypeId type, const Element& element) {
  const std::string_view choice = choice_name(type, element);
  return choice.empty() ? element.name() : choice.substr(0, choice.size() - 3);
}

/// Chooses the members of one resource.
class Chooser {
 public:
  Chooser(Summary summary, std::span<const std::string> elements)
      : summary_(summary), elements_(elements) {}

  void choose(json::Node resource, std::string_view name, TypeId type) const {
    std::vector<std::string> dropped;
    for (const json::Member& member : resource.members()) {
      if (!stays(name, type, member.key)) dropped.emplace_back(member.key);
    }
    for (const std::string& key : dropped) resource.remove(key);
    if (elements_.empty() && summary_ == Summary::yes) shorten_members(resource, type);
  }

 private:
  bool stays(std::string_view name, TypeId type, std::string_view key) const {
    if (key == "resourceType" || key == "id" || key == "meta") return true;
    const Element* element = element_of(type, key);
    if (element == nullptr) return false;
    const bool required = element->min > 0;
    if (!elements_.empty()) return required || is_named(name, common_name(type, *element));
    if (summary_ == Summary::data) return key != "text";
    if (summary_ == Summary::text) return required || key == "text";
    return element->is_summary;
  }

  bool is_named(std::string_view type, std::string_view element) const {
    return std::any_of(elements_.begin(), elements_.end(), [&](std::string_view one) {
      if (one.starts_with(type) && one.substr(type.size()).starts_with('.')) {
        one.remove_prefix(type.size() + 1);
      }
      return one == element;
    });
  }

  /// Leaves out what is no summary inside elements; their depth is bounded by the parser.
  static void shorten_members(json::Node object, TypeId type) {
    for (const json::Member& member : object.members()) {
      const Element* element = find_element(type, member.key);
      if (element == nullptr || element->kind != Kind::complex) continue;
      json::Node value = object.find(member.key);
      if (value.is_object()) shorten(value, element->type());
      for (std::size_t i = 0; value.is_array() && i < value.size(); ++i) {
        if (value.at(i).is_object()) shorten(value.at(i), element->type());
      }
    }
  }

  static void shorten(json::Node object, TypeId type) {
    std::vector<std::string> dropped;
    for (const json::Member& member : object.members()) {
      const Element* element = element_of(type, member.key);
      // Of a type without any summary element all belong together.
      if (element != nullptr && !element->is_summary && element->min == 0) {
        dropped.emplace_back(member.key);
      }
    }
    if (dropped.size() < object.size()) {
      for (const std::string& key : dropped) object.remove(key);
    }
    shorten_members(object, type);
  }

  Summary summary_;
  std::span<const std::string> elements_;
};

void tag_as_part(json::Document& document) {
  json::Node root = document.edit();
  json::Node meta = root.find("meta");
  if (!meta.is_object()) {
    meta = document.make_object();
    root.set_after(root.find("id").present() ? "id" : "resourceType", "meta", meta);
  }
  json::Node tags = meta.find("tag");
  if (!tags.is_array()) {
    tags = document.make_array();
    meta.set("tag", tags);
  }
  json::Node tag = document.make_object();
  tag.set_string("system", subsetted_system);
  tag.set_string("code", subsetted_code);
  tags.append(tag);
}

}  // namespace

std::string part_of_resource(json::Value resource, Summary summary,
                             std::span<const std::string> elements) {
  const std::string_view name = resource.find("resourceType").as_string().value_or("");
  const auto type = find_type(name);
  const bool whole = summary == Summary::none && elements.empty();
  if (whole || !type || !is_resource_type(name)) return json::write(resource);
  json::Document document = json::Document::copy(resource);
  Chooser(summary, elements).choose(document.edit(), name, *type);
  tag_as_part(document);
  return json::write(document.root());
}

bool is_part(json::Value resource) {
  const auto tags = resource.find("meta").find("tag").items();
  return std::any_of(tags.begin(), tags.end(), [](json::Value tag) {
    return tag.find("system").as_string() == subsetted_system &&
           tag.find("code").as_string() == subsetted_code;
  });
}

}  // namespace xl::fhir
