// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstring>
#include <memory_resource>
#include <new>
#include <string_view>

#include "base/json/json.h"

namespace xl::json::detail {

/// The arena of one document and its root.
struct Storage {
  explicit Storage(std::size_t first_block_bytes) : arena(first_block_bytes) {}

  [[nodiscard]] Element* make(Type type) {
    auto* element = new (arena.allocate(sizeof(Element), alignof(Element))) Element();
    element->type = type;
    if (type == Type::array || type == Type::object) element->children = {nullptr, nullptr};
    return element;
  }

  /// Copies text into the arena.
  [[nodiscard]] std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    auto* bytes = static_cast<char*>(arena.allocate(text.size(), 1));
    std::memcpy(bytes, text.data(), text.size());
    return {bytes, text.size()};
  }

  std::pmr::monotonic_buffer_resource arena;
  Element* root = nullptr;
};

inline bool is_container(const Element* element) {
  return element->type == Type::array || element->type == Type::object;
}

/// Links `child` behind the last child of `parent`.
inline void link_last(Element* parent, Element* child) {
  child->parent = parent;
  child->next = nullptr;
  if (parent->children.last != nullptr) {
    parent->children.last->next = child;
  } else {
    parent->children.first = child;
  }
  parent->children.last = child;
  ++parent->count;
}

/// The element after `element` and all below it, in document order, within the tree of `top`;
/// null at the end. Calls `leave(container)` for every container that is finished on the way.
template <typename Leave>
const Element* next_outside(const Element* element, const Element* top, Leave leave) {
  while (element != top) {
    if (element->next != nullptr) return element->next;
    element = element->parent;
    leave(element);
  }
  return nullptr;
}

}  // namespace xl::json::detail
