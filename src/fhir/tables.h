// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "fhir/definitions.h"
#include "fhir/invariants.h"

/// What tools/fhir/make_tables.py writes and only this folder reads. Numbers are places in the next
/// table; everything is plain data, so that nothing runs when the program starts.
namespace xl::fhir::detail {

/// A type, or an element that has elements of its own. Sorted by path.
struct Node {
  Text path;
  std::uint16_t element;   // first of its rows in `elements`, sorted by JSON name
  std::uint16_t choice;    // first of its rows in `choices`
  std::uint16_t required;  // first of its rows in `required_places`
  std::uint16_t rule;      // first of its rows in `rules`
  std::uint8_t element_count;
  std::uint8_t choice_count;
  std::uint8_t required_count;  // required elements that are no choice
  std::uint8_t rule_count;
  bool is_resource;  // a concrete resource type
};

/// `value[x]`.
struct Choice {
  Text name;
  std::uint8_t min;
};

/// A value set of a required binding.
struct Binding {
  Text url;
  std::uint16_t code;  // first of its rows in `codes`, sorted by code
  std::uint16_t code_count;
  std::uint16_t system;  // first of its rows in `systems`
  std::uint16_t system_count;
};

struct Code {
  Text text;
  std::uint8_t system;  // within the systems of its binding
};

/// A resource type that may be in a Patient compartment. Sorted by type.
struct Compartment {
  Text type;
  std::uint16_t path;  // first of its rows in `compartment_paths`
  std::uint16_t path_count;
};

extern const char text_pool[];
extern const Element elements[];
extern const Node nodes[];
extern const std::uint16_t node_count;
extern const Choice choices[];
extern const std::uint8_t required_places[];  // places among the elements of the node
extern const Invariant rules[];
extern const Text rule_texts[];   // by Invariant, as the definitions word it
extern const Binding bindings[];  // row 0 is "none"
extern const Code codes[];
extern const Text systems[];
extern const Compartment compartments[];
extern const std::uint16_t compartment_count;
extern const Text compartment_paths[];

inline const Node& node_of(TypeId type) { return nodes[static_cast<std::uint16_t>(type)]; }

}  // namespace xl::fhir::detail
