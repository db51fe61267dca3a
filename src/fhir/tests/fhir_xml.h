// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <gtest/gtest.h>

#include <pugixml.hpp>
#include <sstream>
#include <string>

#include "base/json/writer.h"
#include "fhir/definitions.h"

/// FHIR's XML as JSON, by the definitions: other people's suites are written in it. For tests: a
/// form that it does not know fails the test.
namespace xl::fhir::test {

/// Writes an element of FHIR's XML as JSON.
class XmlReader {
 public:
  std::string resource(pugi::xml_node node) {
    while (node && !is_named(node)) node = node.next_sibling();
    json::Writer out;
    write_resource(node, out);
    return out.take();
  }

 private:
  static bool is_named(const pugi::xml_node& node) { return node.type() == pugi::node_element; }

  void write_resource(const pugi::xml_node& node, json::Writer& out) {
    out.begin_object().key("resourceType").string(node.name());
    write_members(node, *find_type(node.name()), out);
    out.end_object();
  }

  void write_members(const pugi::xml_node& node, TypeId type, json::Writer& out) {
    for (const pugi::xml_attribute one : node.attributes()) {
      const std::string_view name = one.name();
      if (name == "id" || name == "url") out.key(name).string(one.value());
    }
    std::string done;
    for (const pugi::xml_node child : node.children()) {
      const std::string name = child.name();
      if (!is_named(child) || name == done) continue;
      done = name;
      const Element* element = find_element(type, name);
      ASSERT_NE(element, nullptr) << name;
      write_element(node, name, *element, out);
    }
  }

  void write_element(const pugi::xml_node& node, const std::string& name, const Element& element,
                     json::Writer& out) {
    if (!is_primitive(element.kind)) {
      out.key(name);
      if (element.is_array) out.begin_array();
      for (const pugi::xml_node one : node.children(name.c_str())) write_object(one, element, out);
      if (element.is_array) out.end_array();
      return;
    }
    bool extended = false;
    bool valued = false;
    for (const pugi::xml_node one : node.children(name.c_str())) {
      extended = extended || one.attribute("id") || one.child("extension");
      valued = valued || one.attribute("value") || element.kind == Kind::xhtml;
    }
    if (valued) {
      out.key(name);
      if (element.is_array) out.begin_array();
      for (const pugi::xml_node one : node.children(name.c_str())) write_value(one, element, out);
      if (element.is_array) out.end_array();
    }
    if (!extended) return;
    out.key("_" + name);
    if (element.is_array) out.begin_array();
    for (const pugi::xml_node one : node.children(name.c_str())) {
      if (element.is_array && !one.attribute("id") && !one.child("extension")) {
        out.null();
        continue;
      }
      out.begin_object();
      write_members(one, *find_type("Element"), out);
      out.end_object();
    }
    if (element.is_array) out.end_array();
  }

  void write_object(const pugi::xml_node& node, const Element& element, json::Writer& out) {
    if (element.kind == Kind::resource) {
      for (const pugi::xml_node one : node.children()) {
        if (is_named(one)) write_resource(one, out);
      }
      return;
    }
    out.begin_object();
    write_members(node, element.type(), out);
    out.end_object();
  }

  /// The markup of a narrative; spaces are written as each suite likes.
  static std::string without_spaces(const pugi::xml_node& node) {
    std::ostringstream markup;
    node.print(markup, "", pugi::format_raw);
    std::string out = markup.str();
    std::erase_if(out, [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; });
    return out;
  }

  static void write_value(const pugi::xml_node& node, const Element& element, json::Writer& out) {
    const std::string value = node.attribute("value").value();
    switch (element.kind) {
      case Kind::xhtml:
        out.string(without_spaces(node));
        break;
      case Kind::boolean:
        out.boolean(value == "true");
        break;
      case Kind::integer:
      case Kind::unsigned_int:
      case Kind::positive_int:
      case Kind::decimal:
        out.number_text(value);
        break;
      default:
        if (node.attribute("value")) {
          out.string(value);
        } else {
          out.null();
        }
    }
  }
};

/// The JSON text of a resource. Comments and spaces in front of it are passed over.
[[nodiscard]] inline std::string json_of_xml(const pugi::xml_node& resource) {
  return XmlReader().resource(resource);
}

}  // namespace xl::fhir::test
