// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/validate.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <string>
#include <string_view>
#include <utility>

#include "fhir/constraints.h"
#include "fhir/definitions.h"
#include "fhir/narrative.h"
#include "fhir/primitives.h"
#include "fhir/report.h"
#include "fhir/tables.h"

namespace xl::fhir {
namespace {

using detail::Invariant;
using detail::Node;
using detail::Report;
using Step = Report::Step;

constexpr std::size_t node_elements_max = 256;  // Node::element_count is a byte
constexpr std::size_t node_choices_max = 16;    // the most is 5, in ElementDefinition

/// What the elements of one object have shown so far.
struct Seen {
  std::bitset<node_elements_max> places;
  std::array<std::uint8_t, node_choices_max> choice_place{};  // the type taken, from 1
};

/// A resource with what it contains: where local references (`#id`) lead.
struct Container {
  std::vector<std::string_view> contained_ids;  // sorted
  std::vector<std::string_view> used_ids;       // named by a local reference
  std::vector<bool> refers_to_container;        // by place in `contained`
  std::size_t contained_at = none;              // the contained resource that is walked

  static constexpr std::size_t none = static_cast<std::size_t>(-1);
};

std::string_view json_type_name(Kind kind) {
  switch (kind) {
    case Kind::boolean:
      return "boolean";
    case Kind::integer:
    case Kind::unsigned_int:
    case Kind::positive_int:
    case Kind::decimal:
      return "number";
    case Kind::complex:
    case Kind::resource:
      return "object";
    default:
      return "string";
  }
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

std::string_view type_of_resource(json::Value resource) {
  return resource.find("resourceType").as_string().value_or(std::string_view{});
}

/// The step of an element in a path: `value` for `valueQuantity`, as in FHIRPath.
std::string_view step_name(TypeId type, const Element& element) {
  std::string_view choice = choice_name(type, element);
  if (choice.empty()) return element.name();
  choice.remove_suffix(3);  // [x]
  return choice;
}

/// A scheme: a colon before any slash, question mark and hash.
bool is_absolute_url(std::string_view text) {
  const std::size_t at = text.find_first_of(":/?#");
  return at != std::string_view::npos && at > 0 && text[at] == ':';
}

/// Walks one resource along its definitions. Recursion ends at `validate_depth_max`.
class Validator {
 public:
  explicit Validator(const ValidateOptions& options)
      : report_(options.issues_max),
        element_type_(*find_type("Element")),
        attachment_type_(*find_type("Attachment")),
        reference_type_(*find_type("Reference")),
        entry_type_(*find_type("Bundle.entry")) {}

  std::vector<Issue> run(json::Value resource) {
    const std::string_view type = type_of_resource(resource);
    Step step(report_, is_resource_type(type) ? type : std::string_view("Resource"));
    check_resource(resource, 0, false);
    return report_.take();
  }

 private:
  void structure(std::string diagnostics, std::string_view child = {}) {
    report_.add(IssueType::structure, ErrorCode::fhir_structure_invalid, std::move(diagnostics),
                child);
  }

  void required(std::string diagnostics, std::string_view child) {
    report_.add(IssueType::required, ErrorCode::fhir_required_missing, std::move(diagnostics),
                child);
  }

  void broken(std::string diagnostics) {
    report_.add(IssueType::invariant, ErrorCode::fhir_invariant_broken, std::move(diagnostics));
  }

  // ------------------------------------------------------------ resources

  void check_resource(json::Value resource, std::size_t depth, bool is_contained) {
    if (!resource.is_object()) return structure("expected a JSON object, a resource");
    const std::string_view name = type_of_resource(resource);
    const auto type = find_type(name);
    if (!type || !detail::node_of(*type).is_resource) {
      report_.add(IssueType::structure, ErrorCode::fhir_type_unknown,
                  "resourceType is missing or no concrete resource type of R4");
      return;
    }
    const json::Value around = std::exchange(resource_, resource);
    if (is_contained) {
      check_object(resource, *type, depth);
      check_contained(resource);
      resource_ = around;
      return;
    }
    Container mine = container_of(resource);
    Container* const outer = container_;
    container_ = &mine;
    check_object(resource, *type, depth);
    container_ = outer;
    resource_ = around;
    check_contained_are_used(resource, mine);
  }

  static Container container_of(json::Value resource) {
    Container container;
    const json::Value contained = resource.find("contained");
    container.refers_to_container.resize(contained.size(), false);
    for (const json::Value inner : contained.items()) {
      if (const auto id = inner.find("id").as_string()) container.contained_ids.push_back(*id);
    }
    std::sort(container.contained_ids.begin(), container.contained_ids.end());
    return container;
  }

  void check_contained(json::Value resource) {
    if (!resource.find("id").present()) required("a contained resource needs an id", "id");
    if (resource.find("contained").present()) {
      broken("dom-2: a contained resource shall not contain resources");
    }
    const json::Value meta = resource.find("meta");
    if (meta.find("versionId").present() || meta.find("lastUpdated").present()) {
      broken("dom-4: a contained resource shall not have meta.versionId or meta.lastUpdated");
    }
    if (meta.find("security").present()) {
      broken("dom-5: a contained resource shall not have meta.security");
    }
  }

  /// dom-3: a contained resource is referred to from the resource, or refers to it.
  void check_contained_are_used(json::Value resource, Container& container) {
    if (container.refers_to_container.empty()) return;
    std::sort(container.used_ids.begin(), container.used_ids.end());
    Step step(report_, "contained");
    std::size_t at = 0;
    for (const json::Value inner : resource.find("contained").items()) {
      if (report_.full()) return;
      step.set_index(at);
      const auto id = inner.find("id").as_string();
      const bool used =
          id && std::binary_search(container.used_ids.begin(), container.used_ids.end(), *id);
      if (id && !used && !container.refers_to_container[at]) {
        broken(
            "dom-3: a contained resource shall be referred to from elsewhere in the resource, "
            "or refer to the resource that contains it");
      }
      ++at;
    }
    const auto& ids = container.contained_ids;
    if (std::adjacent_find(ids.begin(), ids.end()) != ids.end()) {
      step.set_index(0);
      report_.add(IssueType::duplicate, ErrorCode::fhir_invariant_broken,
                  "contained resources shall have different ids");
    }
  }

  /// Remembers `#id`, in the container that the walk is in.
  void note_local_reference(std::string_view text) {
    if (!text.starts_with('#') || container_ == nullptr) return;
    if (text.size() > 1) {
      container_->used_ids.push_back(text.substr(1));
    } else if (container_->contained_at != Container::none) {
      container_->refers_to_container[container_->contained_at] = true;
    }
  }

  /// ref-1: `#id` leads to a contained resource.
  void check_reference(std::string_view text) {
    note_local_reference(text);
    if (text.size() < 2 || text.front() != '#' || container_ == nullptr) return;
    const auto& ids = container_->contained_ids;
    if (!std::binary_search(ids.begin(), ids.end(), text.substr(1))) {
      report_.add(IssueType::invariant, ErrorCode::fhir_reference_unresolved,
                  "ref-1: a local reference shall lead to a contained resource");
    }
  }

  // ------------------------------------------------------------ objects

  void check_object(json::Value object, TypeId type, std::size_t depth, bool id_is_enough = false) {
    if (depth >= validate_depth_max) {
      report_.add(IssueType::too_costly, ErrorCode::fhir_too_deep, "objects are nested too deeply");
      return;
    }
    if (!object.is_object()) {
      return structure(joined({"expected a JSON object of type ", type_path(type)}));
    }
    const Node& node = detail::node_of(type);
    const std::size_t issues_before = report_.size();
    Seen seen;
    bool has_content = node.is_resource || id_is_enough;
    for (const json::Member& member : object.members()) {
      if (report_.full()) return;
      if (member.key == "resourceType" && node.is_resource) continue;
      has_content = has_content || (member.key != "id" && member.key != "_id");
      check_member(object, type, member, depth, seen);
    }
    if (!has_content) broken("ele-1: an element shall have a value or children");
    check_missing(type, node, seen);
    // Rules presuppose the shape that they speak of.
    const bool sound = report_.size() == issues_before;
    if (sound || node.is_resource) check_rules(object, node);
    if (sound) check_expressions(object, type);
    if (type == attachment_type_) check_attachment_size(object);
    if (type == entry_type_) check_entry(object);
  }

  void check_member(json::Value object, TypeId type, const json::Member& member, std::size_t depth,
                    Seen& seen) {
    const bool is_companion = member.key.starts_with('_');
    const std::string_view name = is_companion ? member.key.substr(1) : member.key;
    const Element* element = find_element(type, name);
    if (element == nullptr || (is_companion && !is_primitive(element->kind))) {
      return unknown_element(type, member.key);
    }
    const auto place = static_cast<std::size_t>(element - elements_of(type).data());
    seen.places.set(place);
    Step step(report_, step_name(type, *element));
    if (element->is_forbidden) {
      report_.add(IssueType::structure, ErrorCode::fhir_cardinality,
                  joined({"not allowed in ", type_path(type)}));
      return;
    }
    if (element->choice != 0) {
      std::uint8_t& taken = seen.choice_place[element->choice];
      if (taken != 0 && taken != place + 1) {
        report_.add(IssueType::structure, ErrorCode::fhir_cardinality,
                    joined({choice_name(type, *element), " may have one type only"}));
        return;
      }
      taken = static_cast<std::uint8_t>(place + 1);
    }
    if (is_companion) {
      check_companion(*element, object.find(name), member.value, depth, step);
    } else if (element->is_array) {
      check_array(type, *element, object, member.value, depth, step);
    } else if (member.value.is_array()) {
      structure("expected a single value, not an array");
    } else {
      check_value(type, *element, member.value, depth);
    }
  }

  void unknown_element(TypeId type, std::string_view name) {
    const bool is_name = detail::is_element_name(name);
    report_.add(IssueType::structure, ErrorCode::fhir_element_unknown,
                joined({type_path(type), " has no such element"}),
                is_name ? name : std::string_view{});
  }

  void check_missing(TypeId type, const Node& node, const Seen& seen) {
    for (std::size_t at = 0; at < node.required_count; ++at) {
      const std::uint8_t place = detail::required_places[node.required + at];
      if (seen.places.test(place)) continue;
      const std::string_view name = detail::elements[node.element + place].name();
      required(joined({type_path(type), ".", name, " is required"}), name);
    }
    for (std::size_t at = 0; at < node.choice_count; ++at) {
      const detail::Choice& choice = detail::choices[node.choice + at];
      if (choice.min == 0 || seen.choice_place[at + 1] != 0) continue;
      std::string_view name = choice.name.view();
      name.remove_suffix(3);
      required(joined({type_path(type), ".", choice.name.view(), " is required"}), name);
    }
  }

  void check_rules(json::Value object, const Node& node) {
    for (std::size_t at = 0; at < node.rule_count; ++at) {
      const Invariant rule = detail::rules[node.rule + at];
      if (detail::holds(rule, object)) continue;
      const std::string_view text = detail::rule_texts[static_cast<std::size_t>(rule)].view();
      const std::string words = joined({detail::invariant_key(rule), ": ", text});
      const std::vector<std::string> places = detail::broken_places(rule, object);
      if (places.empty()) broken(words);
      for (const std::string& place : places) {
        report_.add(IssueType::invariant, ErrorCode::fhir_invariant_broken, words, place);
      }
    }
  }

  void check_expressions(json::Value object, TypeId type) {
    if (expressions_ >= detail::expressions_max) return;
    expressions_ +=
        detail::check_constraints(type, object, resource_, [&](const detail::Constraint& one) {
          broken(joined({one.key, ": ", one.words}));
        });
  }

  /// The size is that of the data before base64 (R4 §2.24.0.4); both may be absent.
  void check_attachment_size(json::Value attachment) {
    const auto data = attachment.find("data").as_string();
    const auto size = attachment.find("size").as_uint64();
    if (!data || !size || text_fault(Kind::base64_binary, *data) != Fault::none) return;
    if (base64_size(*data) != *size) {
      report_.add(IssueType::structure, ErrorCode::fhir_invariant_broken,
                  "size is not that of the data", "size");
    }
  }

  /// Bundle.entry.fullUrl is absolute; a search gives resources with ids, and as its outcome
  /// OperationOutcomes.
  void check_entry(json::Value entry) {
    const auto url = entry.find("fullUrl").as_string();
    if (url && !is_absolute_url(*url)) {
      report_.add(IssueType::value, ErrorCode::fhir_value_invalid,
                  "fullUrl shall be an absolute URL", "fullUrl");
      return;
    }
    const json::Value resource = entry.find("resource");
    const auto mode = entry.find("search").find("mode").as_string();
    if (!mode || !resource.is_object()) return;
    const bool is_outcome = type_of_resource(resource) == "OperationOutcome";
    if (*mode == "outcome" && !is_outcome) {
      report_.add(IssueType::invalid, ErrorCode::fhir_invariant_broken,
                  "the outcome of a search shall be an OperationOutcome", "resource");
    } else if (*mode != "outcome" && !resource.find("id").present()) {
      required("what a search finds shall have an id", "resource.id");
    }
  }

  // ------------------------------------------------------------ values

  void check_array(TypeId type, const Element& element, json::Value object, json::Value array,
                   std::size_t depth, Step& step) {
    if (!array.is_array()) return structure("expected a JSON array");
    if (array.size() == 0) return structure("an array shall not be empty");
    if (element.max != 0 && array.size() > element.max) {
      report_.add(IssueType::structure, ErrorCode::fhir_cardinality,
                  "more values than " + std::to_string(element.max));
    }
    const bool is_contained =
        element.kind == Kind::resource && element.name() == "contained" && container_ != nullptr;
    json::Value companion;
    std::size_t at = 0;
    for (const json::Value item : array.items()) {
      if (report_.full()) return;
      step.set_index(at);
      if (item.is_null() && is_primitive(element.kind)) {
        if (!companion.present()) companion = companion_of(object, element.name());
        if (companion.size() != array.size()) structure("null stands only beside extensions");
      } else if (is_contained) {
        check_contained_item(item, depth, at);
      } else {
        check_value(type, element, item, depth);
      }
      ++at;
    }
  }

  void check_contained_item(json::Value item, std::size_t depth, std::size_t at) {
    // Only the first level is contained; dom-2 says the rest.
    const bool nested = container_->contained_at != Container::none;
    if (!nested) container_->contained_at = at;
    check_resource(item, depth + 1, true);
    if (!nested) container_->contained_at = Container::none;
  }

  static json::Value companion_of(json::Value object, std::string_view name) {
    for (const json::Member& member : object.members()) {
      if (member.key.size() == name.size() + 1 && member.key[0] == '_' &&
          member.key.substr(1) == name) {
        return member.value;
      }
    }
    return {};
  }

  /// `_name`: id and extensions of the primitive `name` (R4 §2.6.2.3).
  void check_companion(const Element& element, json::Value base, json::Value companion,
                       std::size_t depth, Step& step) {
    if (!element.is_array) {
      const bool has_value = base.present() && !base.is_null();
      return check_object(companion, element_type_, depth + 1, has_value);
    }
    if (!companion.is_array()) return structure("expected a JSON array of extensions");
    if (companion.size() == 0) return structure("an array shall not be empty");
    if (base.is_array() && base.size() != companion.size()) {
      return structure("values and extensions shall be as many, with null for what is missing");
    }
    auto value = base.items().begin();
    std::size_t at = 0;
    for (const json::Value item : companion.items()) {
      if (report_.full()) return;
      step.set_index(at++);
      const bool has_value = base.is_array() && !(*value).is_null();
      if (base.is_array()) ++value;
      if (!item.is_null()) {
        check_object(item, element_type_, depth + 1, has_value);
      } else if (!has_value) {
        structure("null stands only beside a value");
      }
    }
  }

  void check_value(TypeId type, const Element& element, json::Value value, std::size_t depth) {
    if (element.kind == Kind::resource) {
      check_resource(value, depth + 1, false);
    } else if (element.kind == Kind::complex) {
      check_object(value, element.type(), depth + 1);
      if (element.binding != 0) check_codings(element, value);
    } else {
      check_primitive(type, element, value);
    }
  }

  /// A required binding of a CodeableConcept: one of its codings is of the value set.
  void check_codings(const Element& element, json::Value concept_value) {
    const json::Value codings = concept_value.find("coding");
    if (codings.size() == 0) return;
    for (const json::Value coding : codings.items()) {
      const auto code = coding.find("code").as_string();
      const auto system = coding.find("system").as_string();
      if (code && binding_allows(element, *code, system.value_or(std::string_view{}))) return;
    }
    report_.add(IssueType::code_invalid, ErrorCode::fhir_code_invalid,
                joined({"expected a coding of ", binding_url(element)}));
  }

  void check_primitive(TypeId type, const Element& element, json::Value value) {
    const auto text = value.as_string();
    const auto number = value.number_text();
    const std::string_view json_type = json_type_name(element.kind);
    if (json_type == "boolean" ? !value.as_bool() : json_type == "number" ? !number : !text) {
      return structure(
          joined({"expected a JSON ", json_type, " of type ", kind_name(element.kind)}));
    }
    if (number) return check_fault(element.kind, number_fault(element.kind, *number));
    if (!text) return;  // a boolean has no more to check
    if (element.kind == Kind::xhtml) {
      return check_fault(element.kind, text->size() > string_bytes_max ? Fault::length
                                       : is_narrative(*text)           ? Fault::none
                                                                       : Fault::form);
    }
    const Fault fault = text_fault(element.kind, *text);
    if (fault != Fault::none) return check_fault(element.kind, fault);
    if (element.binding != 0 && !binding_allows(element, *text)) {
      report_.add(IssueType::code_invalid, ErrorCode::fhir_code_invalid,
                  joined({"expected a code of ", binding_url(element)}));
    }
    if (type == reference_type_ && element.name() == "reference") {
      check_reference(*text);
    } else if (element.kind == Kind::uri || element.kind == Kind::url ||
               element.kind == Kind::canonical) {
      note_local_reference(*text);
    }
  }

  void check_fault(Kind kind, Fault fault) {
    if (fault == Fault::none) return;
    const bool is_length = fault == Fault::length;
    report_.add(is_length ? IssueType::too_long : IssueType::value,
                is_length ? ErrorCode::fhir_too_long : ErrorCode::fhir_value_invalid,
                joined({"expected ", kind_name(kind), ": ", expected_form(kind)}));
  }

  Report report_;
  Container* container_ = nullptr;
  json::Value resource_;         // the innermost one that is walked
  std::size_t expressions_ = 0;  // evaluated so far
  TypeId element_type_;
  TypeId attachment_type_;
  TypeId reference_type_;
  TypeId entry_type_;
};

}  // namespace

std::vector<Issue> validate(json::Value resource, const ValidateOptions& options) {
  return Validator(options).run(resource);
}

}  // namespace xl::fhir
