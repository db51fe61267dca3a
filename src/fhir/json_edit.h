// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstddef>

#include "base/json/json.h"

namespace xl::fhir {

/// Puts a new value in front of the item at `index`, at the end where `index` is the size. Linear.
/// Preconditions: as `Node::append`; `index <= array.size()`.
void insert_at(json::Document& document, json::Node array, std::size_t index, json::Node value);

/// A value of a document as one that can be edited. Precondition: `value` is of this document.
[[nodiscard]] json::Node editable(json::Document& document, json::Value value);

/// Where an item stands in its array. Precondition: its parent is an array.
[[nodiscard]] std::size_t place_in_array(json::Value item);

}  // namespace xl::fhir
