// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Source: FHIR R4 §3.1.0.7.2, FHIRPath Patch.
#include <algorithm>
#include <optional>
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

/// What a part says (`valueString` or `resource`), and what stands beside a primitive
/// (`_valueString`, R4 §2.6.2.3). The key, of the value, is empty without either.
struct GivenValue {
  std::string_view key;
  json::Value value;
  json::Value extra;
};
GivenValue value_of_part(json::Value part) {
  GivenValue out;
  for (const json::Member& member : part.members()) {
    std::string_view key = member.key;
    const bool beside = key.starts_with("_value");
    if (beside) key.remove_prefix(1);
    if (!key.starts_with("value") && key != "resource") continue;
    if (!out.key.empty() && out.key != key) continue;
    out.key = key;
    if (!member.value.is_null()) (beside ? out.extra : out.value) = member.value;
  }
  return out;
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

  /// Where an element stands: a member of an object, or an item of one. What stands beside a
  /// primitive is under the same key with `_`, at the same index.
  struct Place {
    json::Node owner;
    std::string key;
    std::optional<std::size_t> index;
  };
  /// Precondition: `value` is not the root.
  Place place_at(json::Value value) {
    const json::detail::Element* at = value.element();
    Place out;
    if (at->parent->type == json::Type::array) {
      out.index = place_in_array(value);
      at = at->parent;
    }
    out.owner = editable(document_, json::Value(at->parent));
    out.key = at->key;
    return out;
  }
  /// Errors: fhir_patch_unapplied.
  Result<Place> place_of(const NodeItem& node) {
    const bool by_value = node.value.present();
    const json::Value there = by_value ? node.value : node.extra;
    if (!there.present() || there.element()->parent == nullptr) {
      return not_applied("its path leads to no value");
    }
    Place out = place_at(there);
    if (!by_value) out.key.erase(0, 1);
    return out;
  }

  /// A value with what stands beside it; either may be absent.
  struct Built {
    json::Node value;
    json::Node extra;
  };
  json::Node value_or_null(json::Node value) {
    return value.present() ? value : document_.make_null();
  }

  /// The two lists of a repeating element, equally long; what stands beside the values is absent
  /// where nothing does and nothing comes.
  struct Lists {
    json::Node values;
    json::Node extras;
  };
  Lists lists_at(json::Node owner, const std::string& key, bool with_extras) {
    const std::string beside = "_" + key;
    const auto list = [&](const std::string& name, const std::string& behind, bool wanted) {
      json::Node out = owner.find(name);
      if (out.is_array() || !wanted) return out;
      owner.set_after(behind, name, document_.make_array());
      return owner.find(name);
    };
    Lists out{list(key, {}, true), list(beside, key, with_extras)};
    while (out.extras.present() && out.extras.size() < out.values.size()) {
      out.extras.append(document_.make_null());
    }
    while (out.extras.present() && out.values.size() < out.extras.size()) {
      out.values.append(document_.make_null());
    }
    return out;
  }
  /// Takes lists away in which nothing is left.
  static void tidy(json::Node owner, const std::string& key) {
    for (const std::string& name : {key, "_" + key}) {
      const json::Node list = owner.find(name);
      if (!list.is_array()) continue;
      const auto items = list.items();
      if (std::all_of(items.begin(), items.end(), [](json::Value one) { return one.is_null(); })) {
        owner.remove(name);
      }
    }
  }

  void insert_into(json::Node owner, const std::string& key, std::size_t at, const Built& built) {
    const Lists lists = lists_at(owner, key, built.extra.present());
    insert_at(document_, lists.values, at, value_or_null(built.value));
    if (lists.extras.present()) {
      insert_at(document_, lists.extras, at, value_or_null(built.extra));
    }
    tidy(owner, key);
  }

  void set_member(json::Node owner, const std::string& key, const Built& built) {
    const std::string beside = "_" + key;
    if (built.value.present()) {
      owner.set(key, built.value);
    } else {
      owner.remove(key);
    }
    if (built.extra.present()) {
      owner.set_after(key, beside, built.extra);
    } else {
      owner.remove(beside);
    }
  }

  void set_at(const Place& place, const Built& built) {
    if (!place.index) return set_member(place.owner, place.key, built);
    const Lists lists = lists_at(place.owner, place.key, built.extra.present());
    lists_set(lists, *place.index, built);
    tidy(place.owner, place.key);
  }
  void lists_set(Lists lists, std::size_t index, const Built& built) {
    lists.values.replace_at(index, value_or_null(built.value));
    if (lists.extras.present()) lists.extras.replace_at(index, value_or_null(built.extra));
  }

  /// Another type of the same choice goes: an element has one.
  static void drop_other_choices(json::Node owner, TypeId type, const std::string& key) {
    const Element* element = find_element(type, key);
    if (element == nullptr || element->choice == 0) return;
    for (const Element& other : elements_of(type)) {
      if (other.choice != element->choice || other.name() == key) continue;
      owner.remove(other.name());
      owner.remove("_" + std::string(other.name()));
    }
  }

  /// What a part says as a value of this type. Errors: fhir_patch_invalid, those of its parts.
  Result<Built> build(bool is_object, TypeId type, json::Value part, int depth) {
    if (depth > parts_depth_max) return bad_form("parts within parts");
    const GivenValue given = value_of_part(part);
    Built out;
    if (given.value.present()) out.value = document_.make_copy(given.value);
    if (given.extra.present()) out.extra = document_.make_copy(given.extra);
    if (given.extra.present() && is_object) return bad_form("_value stands beside a primitive");
    if (!given.key.empty() && (given.value.present() || given.extra.present())) return out;
    if (!is_object || !part.find("part").is_array()) return bad_form("value is missing");
    out.value = document_.make_object();
    for (const json::Value inner : part.find("part").items()) {
      const std::string_view name = inner.find("name").as_string().value_or("");
      XL_TRY(add_to(out.value, type, name, inner, depth + 1));
    }
    return out;
  }

  /// Gives an object of this type the element `name`: one more where it repeats, else instead of
  /// the one that is there.
  Status add_to(json::Node owner, TypeId type, std::string_view name, json::Value part, int depth) {
    std::string key(name);
    const std::string_view given = value_of_part(part).key;
    const Element* element = find_element(type, key);
    if (element == nullptr && given.starts_with("value")) {
      key = choice_key(name, given);
      element = find_element(type, key);
    }
    if (element == nullptr) return not_applied("there is no element of this name");
    const bool is_object = element->kind == Kind::complex;
    XL_TRY_ASSIGN(const Built built, build(!is_primitive(element->kind),
                                           is_object ? element->type() : TypeId{}, part, depth));
    if (element->is_array) {
      const Lists lists = lists_at(owner, key, built.extra.present());
      insert_into(owner, key, lists.values.size(), built);
      return {};
    }
    drop_other_choices(owner, type, key);
    set_member(owner, key, built);
    return {};
  }

  /// What stands beside a primitive, as an object to add to.
  json::Node extra_of(const Place& place) {
    const std::string beside = "_" + place.key;
    if (!place.index) {
      if (!place.owner.find(beside).is_object()) {
        json::Node owner = place.owner;
        owner.set_after(place.key, beside, document_.make_object());
      }
      return place.owner.find(beside);
    }
    Lists lists = lists_at(place.owner, place.key, true);
    if (!lists.extras.at(*place.index).is_object()) {
      lists.extras.replace_at(*place.index, document_.make_object());
    }
    return lists.extras.at(*place.index);
  }

  Status add(const Operation& operation, const fhirpath::Collection& found) {
    XL_TRY_ASSIGN(const NodeItem target, only(found));
    const auto name = operation.name.as_string();
    if (!name || !operation.value.present()) return bad_form("name and value are missing");
    if (!is_primitive(target.kind) && target.value.present()) {
      return add_to(editable(document_, target.value), target.type, *name, operation.value, 0);
    }
    const auto element = find_type("Element");
    if (!is_primitive(target.kind) || !element || find_element(*element, *name) == nullptr) {
      return not_applied("only id and extension are added to a primitive value");
    }
    XL_TRY_ASSIGN(const Place place, place_of(target));
    return add_to(extra_of(place), *element, *name, operation.value, 0);
  }

  /// The list whose items a path leads to, by its first item. Errors: fhir_patch_unapplied.
  Result<Place> list_of(const fhirpath::Collection& found) {
    std::optional<Place> out;
    for (const fhirpath::Item& item : found) {
      const NodeItem* node = item.node();
      if (node == nullptr) return not_applied("its path leads to no list");
      XL_TRY_ASSIGN(Place place, place_of(*node));
      const bool same =
          !out || (out->owner.element() == place.owner.element() && out->key == place.key);
      if (!place.index || !same) return not_applied("its path leads to no list");
      if (!out) out = std::move(place);
    }
    if (!out) return not_applied("its path leads to nothing");
    return *out;
  }

  static Result<std::size_t> number_up_to(json::Value number, std::size_t max) {
    const auto value = number.as_uint64();
    if (!value) return bad_form("index, source and destination are numbers");
    if (*value > max) return not_applied("the list is shorter");
    return static_cast<std::size_t>(*value);
  }

  Status insert(const Operation& operation, const fhirpath::Collection& found) {
    XL_TRY_ASSIGN(const Place list, list_of(found));
    const std::size_t size = lists_at(list.owner, list.key, false).values.size();
    XL_TRY_ASSIGN(const std::size_t at, number_up_to(operation.index, size));
    const NodeItem& item = *found.front().node();
    XL_TRY_ASSIGN(const Built built,
                  build(!is_primitive(item.kind), item.type, operation.value, 0));
    insert_into(list.owner, list.key, at, built);
    return {};
  }

  Status move(const Operation& operation, const fhirpath::Collection& found) {
    XL_TRY_ASSIGN(const Place list, list_of(found));
    Lists lists = lists_at(list.owner, list.key, false);
    const std::size_t last = lists.values.size() - 1;  // what is found is there
    XL_TRY_ASSIGN(const std::size_t from, number_up_to(operation.source, last));
    XL_TRY_ASSIGN(const std::size_t to, number_up_to(operation.destination, last));
    for (json::Node one : {lists.values, lists.extras}) {
      if (!one.present()) continue;
      const json::Node value = document_.make_copy(one.at(from));
      one.remove_at(from);
      insert_at(document_, one, to, value);
    }
    return {};
  }

  Status replace(const Operation& operation, const fhirpath::Collection& found) {
    XL_TRY_ASSIGN(const NodeItem target, only(found));
    XL_TRY_ASSIGN(Place place, place_of(target));
    XL_TRY_ASSIGN(const Built built,
                  build(!is_primitive(target.kind), target.type, operation.value, 0));
    // A choice may become one of another type.
    const auto type = type_of(place.owner);
    const Element* element = type ? find_element(*type, place.key) : nullptr;
    if (element != nullptr && element->choice != 0) {
      std::string_view name = choice_name(*type, *element);
      name = name.substr(0, name.find('['));
      const std::string key = choice_key(name, value_of_part(operation.value).key);
      if (find_element(*type, key) != nullptr) place.key = key;
      drop_other_choices(place.owner, *type, place.key);
    }
    set_at(place, built);
    return {};
  }

  /// The type of an object of the document by the way that leads to it.
  [[nodiscard]] static std::optional<TypeId> type_of(json::Value object) {
    const auto stated = object.find("resourceType").as_string();
    if (stated) return find_type(*stated);
    const json::detail::Element* at = object.element();
    if (at->parent != nullptr && at->parent->type == json::Type::array) at = at->parent;
    if (at->parent == nullptr) return std::nullopt;
    if (at->key.starts_with('_')) return find_type("Element");
    const auto owner = type_of(json::Value(at->parent));
    const Element* element = owner ? find_element(*owner, at->key) : nullptr;
    if (element == nullptr || element->kind != Kind::complex) return std::nullopt;
    return element->type();
  }

  void drop(const Place& place) {
    if (!place.index) return set_member(place.owner, place.key, {});
    Lists lists = lists_at(place.owner, place.key, false);
    lists.values.remove_at(*place.index);
    if (lists.extras.present()) lists.extras.remove_at(*place.index);
    tidy(place.owner, place.key);
  }

  /// Removes what stands beside a primitive; in a list its place stays while there is a value.
  void drop_extra(Place place) {
    if (!place.index) {
      place.owner.remove("_" + place.key);
      return;
    }
    Lists lists = lists_at(place.owner, place.key, false);
    if (lists.values.at(*place.index).is_null()) return drop(place);
    lists.extras.replace_at(*place.index, document_.make_null());
    tidy(place.owner, place.key);
  }

  /// Removes an element from where it stands, and what is empty without it: FHIR has no empty
  /// arrays and objects (R4 §2.6.2). The resource itself stays.
  void detach(Place place) {
    for (;;) {
      if (place.key.starts_with('_')) {
        place.key.erase(0, 1);
        drop_extra(place);
      } else {
        drop(place);
      }
      const bool root = place.owner.element()->parent == nullptr;
      if (place.owner.size() > 0 || root) return;
      place = place_at(place.owner);
    }
  }

  Status remove(const fhirpath::Collection& found) {
    if (found.empty()) return {};
    XL_TRY_ASSIGN(const NodeItem target, only(found));
    const bool root = target.value.present() && target.value.element()->parent == nullptr;
    if (root) return not_applied("a resource is not deleted by a patch");
    XL_TRY_ASSIGN(Place place, place_of(target));
    detach(std::move(place));
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
