// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Source: FHIR R4 §3.1.0.7.2, FHIRPath Patch.
#include <algorithm>
#include <string>

#include "base/error_detail.h"
#include "fhir/definitions.h"
#include "fhir/fhirpath/fhirpath.h"
#include "fhir/json_edit.h"
#include "fhir/patch.h"

namespace xl::fhir {
namespace {

using fhirpath::NodeItem;

/// Depth of values that are written as parts.
constexpr int parts_depth_max = 16;

Error bad_form(std::string_view what) { return make_error(ErrorCode::fhir_patch_invalid, what); }
Error not_applied(std::string_view what) {
  return make_error(ErrorCode::fhir_patch_unapplied, what);
}

/// The member of a part that holds its value (`valueString`); its key is empty without one.
json::Member value_of_part(json::Value part) {
  for (const json::Member& member : part.members()) {
    if (member.key.starts_with("value")) return member;
    if (member.key == "resource") return member;
  }
  return {};
}

/// `value[x]` as `valueDate`, with the type that `key` (`valueDate`) names.
std::string choice_key(std::string_view name, std::string_view key) {
  return std::string(name) + std::string(key.substr(std::string_view("value").size()));
}

/// One operation with its parts by name.
struct Operation {
  json::Value type;
  json::Value path;
  json::Value name;
  json::Value value;  ///< the whole part
  json::Value index;
  json::Value source;
  json::Value destination;
};

Result<Operation> operation_of(json::Value parameter) {
  Operation out;
  if (parameter.find("name").as_string() != "operation") return bad_form("operations are wanted");
  for (const json::Value part : parameter.find("part").items()) {
    const std::string_view name = part.find("name").as_string().value_or("");
    const json::Value value = value_of_part(part).value;
    if (name == "type") out.type = value;
    if (name == "path") out.path = value;
    if (name == "name") out.name = value;
    if (name == "value") out.value = part;
    if (name == "index") out.index = value;
    if (name == "source") out.source = value;
    if (name == "destination") out.destination = value;
  }
  if (!out.type.is_string() || !out.path.is_string()) return bad_form("type and path are missing");
  return out;
}

class FhirPathPatch {
 public:
  explicit FhirPathPatch(json::Document& document) : document_(document) {}

  Status apply(const Operation& operation) {
    const std::string_view type = *operation.type.as_string();
    XL_TRY_ASSIGN(const fhirpath::Collection found, look(*operation.path.as_string()));
    if (type == "add") return add(operation, found);
    if (type == "insert") return insert(operation, found);
    if (type == "delete") return remove(found);
    if (type == "replace") return replace(operation, found);
    if (type == "move") return move(operation, found);
    return bad_form("type is add, insert, delete, replace or move");
  }

 private:
  Result<fhirpath::Collection> look(std::string_view path) const {
    XL_TRY_ASSIGN(const auto expression, fhirpath::Expression::parse(path));
    const auto item = fhirpath::resource_item(document_.root());
    if (!item) return make_error(ErrorCode::fhir_type_unknown);
    fhirpath::Environment environment;
    environment.resource = document_.root();
    return expression.evaluate({*item}, environment);
  }

  /// The one element that a path leads to. Errors: fhir_patch_unapplied.
  static Result<NodeItem> only(const fhirpath::Collection& found) {
    if (found.empty()) return not_applied("its path leads to nothing");
    if (found.size() > 1) return not_applied("its path leads to several elements");
    const NodeItem* node = found.front().node();
    if (node == nullptr) return not_applied("its path leads to no element");
    return *node;
  }

  /// The member `name` of an object of this type that a value is written to, and the value.
  struct Filled {
    std::string key;
    json::Node value;
    bool is_array = false;
  };
  Result<Filled> fill(TypeId type, std::string_view name, json::Value part, int depth) {
    if (depth > parts_depth_max) return bad_form("parts within parts");
    const json::Member given = value_of_part(part);
    std::string key(name);
    const Element* element = find_element(type, key);
    if (element == nullptr && given.key.starts_with("value")) {
      key = choice_key(name, given.key);
      element = find_element(type, key);
    }
    if (element == nullptr) return not_applied("there is no element of this name");
    if (given.value.present()) {
      return Filled{std::move(key), document_.make_copy(given.value), element->is_array};
    }
    if (element->kind != Kind::complex || !part.find("part").is_array()) {
      return bad_form("value is missing");
    }
    json::Node object = document_.make_object();
    for (const json::Value inner : part.find("part").items()) {
      const std::string_view inner_name = inner.find("name").as_string().value_or("");
      XL_TRY_ASSIGN(Filled filled, fill(element->type(), inner_name, inner, depth + 1));
      put(object, filled);
    }
    return Filled{std::move(key), object, element->is_array};
  }

  void put(json::Node object, const Filled& filled) {
    if (!filled.is_array) return object.set(filled.key, filled.value);
    json::Node array = object.find(filled.key);
    if (!array.is_array()) {
      array = document_.make_array();
      object.set(filled.key, array);
      array = object.find(filled.key);
    }
    array.append(filled.value);
  }

  Status add(const Operation& operation, const fhirpath::Collection& found) {
    XL_TRY_ASSIGN(const NodeItem target, only(found));
    const auto name = operation.name.as_string();
    if (!name || !operation.value.present()) return bad_form("name and value are missing");
    if (is_primitive(target.kind) || !target.value.present()) {
      return not_applied("nothing is added to a primitive value");
    }
    XL_TRY_ASSIGN(const Filled filled, fill(target.type, *name, operation.value, 0));
    put(editable(document_, target.value), filled);
    return {};
  }

  /// The array whose items a path leads to. Errors: fhir_patch_unapplied.
  Result<json::Node> list_of(const fhirpath::Collection& found) {
    if (found.empty() || found.front().node() == nullptr) {
      return not_applied("its path leads to nothing");
    }
    const json::detail::Element* array = nullptr;
    for (const fhirpath::Item& item : found) {
      const NodeItem* node = item.node();
      if (node == nullptr || !node->value.present())
        return not_applied("its path leads to no list");
      const auto* parent = node->value.element()->parent;
      const bool listed = parent != nullptr && parent->type == json::Type::array;
      if (!listed || (array != nullptr && array != parent)) {
        return not_applied("its path leads to no list");
      }
      array = parent;
    }
    return editable(document_, json::Value(array));
  }

  static Result<std::size_t> place(json::Value number, std::size_t max) {
    const auto value = number.as_uint64();
    if (!value) return bad_form("index, source and destination are numbers");
    if (*value > max) return not_applied("the list is shorter");
    return static_cast<std::size_t>(*value);
  }

  Status insert(const Operation& operation, const fhirpath::Collection& found) {
    XL_TRY_ASSIGN(json::Node list, list_of(found));
    XL_TRY_ASSIGN(const std::size_t at, place(operation.index, list.size()));
    const json::Value value = value_of_part(operation.value).value;
    if (!value.present()) return bad_form("value is missing");
    insert_at(document_, list, at, document_.make_copy(value));
    return {};
  }

  Status move(const Operation& operation, const fhirpath::Collection& found) {
    XL_TRY_ASSIGN(json::Node list, list_of(found));
    if (list.size() == 0) return not_applied("the list is shorter");
    XL_TRY_ASSIGN(const std::size_t from, place(operation.source, list.size() - 1));
    XL_TRY_ASSIGN(const std::size_t to, place(operation.destination, list.size() - 1));
    const json::Node value = document_.make_copy(list.at(from));
    list.remove_at(from);
    insert_at(document_, list, to, value);
    return {};
  }

  Status replace(const Operation& operation, const fhirpath::Collection& found) {
    XL_TRY_ASSIGN(const NodeItem target, only(found));
    const json::Member given = value_of_part(operation.value);
    if (!given.value.present()) return bad_form("value is missing");
    if (!target.value.present() || target.value.element()->parent == nullptr) {
      return not_applied("its path leads to no value");
    }
    json::Node parent = editable(document_, json::Value(target.value.element()->parent));
    const json::Node value = document_.make_copy(given.value);
    if (parent.is_array()) {
      parent.replace_at(place_in_array(target.value), value);
    } else {
      parent.set(target.value.element()->key, value);
    }
    return {};
  }

  /// Removes a value from where it stands, and what is empty without it: FHIR has no empty arrays
  /// and objects (R4 §2.6.2). The resource itself stays.
  void detach(json::Value value) {
    while (value.present() && value.element()->parent != nullptr) {
      json::Node parent = editable(document_, json::Value(value.element()->parent));
      if (parent.is_object()) {
        parent.remove(value.element()->key);
      } else {
        parent.remove_at(place_in_array(value));
      }
      if (parent.size() > 0) return;
      value = parent;
    }
  }

  Status remove(const fhirpath::Collection& found) {
    if (found.empty()) return {};
    XL_TRY_ASSIGN(const NodeItem target, only(found));
    const bool root = target.value.present() && target.value.element()->parent == nullptr;
    if (root) return not_applied("a resource is not deleted by a patch");
    detach(target.value);
    detach(target.extra);
    return {};
  }

  json::Document& document_;
};

/// The path of an operation where it is a plain one, else the resource.
std::string operated_element(json::Value resource, json::Value path) {
  const std::string_view type = resource.find("resourceType").as_string().value_or("Resource");
  const std::string_view text = path.as_string().value_or("");
  const bool plain = text.starts_with(type) && text.substr(type.size()).starts_with('.') &&
                     std::ranges::all_of(text, [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '.' || c == '[' || c == ']';
                     });
  return std::string(plain ? text : type);
}

}  // namespace

Status apply_fhirpath_patch(json::Document& resource, json::Value parameters) {
  if (parameters.find("resourceType").as_string() != "Parameters") {
    return bad_form("a Parameters resource is wanted");
  }
  const json::Value all = parameters.find("parameter");
  if (all.size() > patch_operations_max) return bad_form("at most 1,000 operations");
  FhirPathPatch patch(resource);
  std::size_t number = 0;
  for (const json::Value parameter : all.items()) {
    const auto operation = operation_of(parameter);
    const Status applied = operation.ok() ? patch.apply(*operation) : Status(operation.error());
    if (!applied.ok()) {
      const bool of_patch = applied.error().code != ErrorCode::fhir_patch_unapplied;
      const std::string place = "operation " + std::to_string(number);
      const std::string element = of_patch ? "Parameters.parameter[" + std::to_string(number) + "]"
                                           : operated_element(resource.root(), operation->path);
      return make_error(applied.error().code,
                        element + ": " + place + ": " + std::string(detail_of(applied.error())));
    }
    ++number;
  }
  return {};
}

}  // namespace xl::fhir
