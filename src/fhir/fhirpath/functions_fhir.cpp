// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Source: FHIR R4 §2.9.1.5, Additional functions. Those that need a terminology service, profiles
// or the structure behind an element are not built: `Expression::parse` names them.
#include <array>

#include "fhir/fhirpath/evaluator.h"

namespace xl::fhir::fhirpath {

namespace of_fhir {
namespace {

Result<Collection> extension(const Call& call) {
  XL_TRY_ASSIGN(const auto url, call.text(0));
  Collection out;
  if (!url) return out;
  for (const Item& item : call.input) {
    Collection found;
    append_children(item, "extension", found);
    for (Item& one_of : found) {
      if (one_of.node()->value.find("url").as_string() == *url) out.push_back(std::move(one_of));
    }
  }
  return out;
}

bool has_a_value(const Collection& items) {
  const NodeItem* node = items.size() == 1 ? items.front().node() : nullptr;
  if (items.size() == 1 && node == nullptr) return true;
  return node != nullptr && is_primitive(node->kind) && node->value.present();
}

Result<Collection> has_value(const Call& call) { return truth(has_a_value(call.input)); }
Result<Collection> get_value(const Call& call) {
  if (!has_a_value(call.input)) return Collection{};
  auto out = system_value(call.input.front());
  return out ? one(std::move(*out)) : Collection{};
}

/// A reference to what is not at hand, of which the type is known.
std::optional<Item> stub_of(std::string_view reference) {
  const std::size_t history = reference.find("/_history/");
  if (history != std::string_view::npos) reference = reference.substr(0, history);
  const std::size_t id = reference.rfind('/');
  if (id == std::string_view::npos) return std::nullopt;
  const std::string_view before = reference.substr(0, id);
  const std::size_t slash = before.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? before : before.substr(slash + 1);
  const auto type = find_type(name);
  if (!type || !is_resource_type(name)) return std::nullopt;
  return Item{NodeItem{{}, {}, Kind::resource, *type}};
}

json::Value contained_at(json::Value resource, std::string_view id) {
  if (id.empty()) return resource;
  for (const json::Value inner : resource.find("contained").items()) {
    if (inner.find("id").as_string() == id) return inner;
  }
  return {};
}

std::optional<Item> resolved(const Environment& environment, std::string_view reference,
                             std::string_view type_said) {
  if (reference.starts_with('#')) {
    return resource_item(contained_at(environment.resource, reference.substr(1)));
  }
  if (environment.resolve) {
    const json::Value found = environment.resolve(reference);
    if (found.present()) return resource_item(found);
  }
  if (auto stub = stub_of(reference)) return stub;
  const auto type = find_type(type_said);
  if (!type || !is_resource_type(type_said)) return std::nullopt;
  return Item{NodeItem{{}, {}, Kind::resource, *type}};
}

Result<Collection> resolve(const Call& call) {
  Collection out;
  for (const Item& item : call.input) {
    std::string_view reference;
    std::string_view type;
    const NodeItem* node = item.node();
    if (node != nullptr && !is_primitive(node->kind)) {
      reference = node->value.find("reference").as_string().value_or("");
      type = node->value.find("type").as_string().value_or("");
    } else if (node != nullptr) {
      reference = node->value.as_string().value_or("");
    } else if (const auto* text = item.as<std::string>()) {
      reference = *text;
    }
    if (auto found = resolved(call.evaluator.environment(), reference, type)) {
      out.push_back(std::move(*found));
    }
  }
  return out;
}

/// The base definitions of R4 alone.
Result<Collection> conforms_to(const Call& call) {
  constexpr std::string_view base = "http://hl7.org/fhir/StructureDefinition/";
  XL_TRY_ASSIGN(const auto url, call.text(0));
  if (!url || call.input.empty()) return Collection{};
  if (call.input.size() > 1) return invalid("one resource is wanted");
  const bool known = url->starts_with(base) && is_known_type("FHIR", url->substr(base.size()));
  if (!known) return make_error(ErrorCode::fhirpath_unsupported, "conformsTo() of a profile");
  return truth(is_of_type(call.input.front(), "FHIR", url->substr(base.size()), false));
}

constexpr auto functions = std::to_array<Function>({{"extension", 1, 1, extension},
                                                    {"hasValue", 0, 0, has_value},
                                                    {"getValue", 0, 0, get_value},
                                                    {"resolve", 0, 0, resolve},
                                                    {"conformsTo", 1, 1, conforms_to}});

}  // namespace
}  // namespace of_fhir

std::span<const Function> fhir_functions() { return of_fhir::functions; }

}  // namespace xl::fhir::fhirpath
