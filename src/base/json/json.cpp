// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/json/json.h"

#include <charconv>
#include <string>

#include "base/check.h"
#include "base/json/storage.h"
#include "base/json/text.h"

namespace xl::json {
namespace {

using detail::Element;
using detail::Storage;

constexpr std::size_t small_block_bytes = 1024;

std::string_view text_of_element(const Element* element) {
  return {element->text.data, element->text.size};
}

/// Exact integers only: the grammar of `from_chars` is JSON's `int` where number text is given.
template <typename Integer>
std::optional<Integer> exact_integer(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  Integer value{};
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

const Element* child_called(const Element* object, std::string_view key) {
  for (const Element* child = object->children.first; child != nullptr; child = child->next) {
    if (child->key == key) return child;
  }
  return nullptr;
}

Element* shallow_copy(Storage& storage, const Element* source) {
  Element* copy = storage.make(source->type);
  copy->truth = source->truth;
  if (!detail::is_container(source)) {
    const std::string_view text = storage.keep(text_of_element(source));
    copy->text = {text.data(), text.size()};
  }
  return copy;
}

Element* deep_copy(Storage& storage, const Element* top) {
  Element* const copy_top = shallow_copy(storage, top);
  Element* container = copy_top;
  const Element* from = detail::is_container(top) ? top->children.first : nullptr;
  while (from != nullptr) {
    Element* copy = shallow_copy(storage, from);
    copy->key = storage.keep(from->key);
    detail::link_last(container, copy);
    if (detail::is_container(from) && from->count > 0) {
      container = copy;
      from = from->children.first;
    } else {
      from =
          detail::next_outside(from, top, [&](const Element*) { container = container->parent; });
    }
  }
  return copy_top;
}

std::unique_ptr<Storage> storage_with_root(Type type) {
  auto storage = std::make_unique<Storage>(small_block_bytes);
  storage->root = storage->make(type);
  return storage;
}

}  // namespace

bool Value::is(Type type) const { return element_ != nullptr && element_->type == type; }

Type Value::type() const {
  XL_CHECK(present());
  return element_->type;
}

std::optional<std::string_view> Value::as_string() const {
  if (!is(Type::string)) return std::nullopt;
  return text_of_element(element_);
}

std::optional<std::string_view> Value::number_text() const {
  if (!is(Type::number)) return std::nullopt;
  return text_of_element(element_);
}

std::optional<bool> Value::as_bool() const {
  if (!is(Type::boolean)) return std::nullopt;
  return element_->truth;
}

std::optional<std::int64_t> Value::as_int64() const {
  return exact_integer<std::int64_t>(number_text());
}

std::optional<std::uint64_t> Value::as_uint64() const {
  return exact_integer<std::uint64_t>(number_text());
}

std::size_t Value::size() const {
  return is(Type::array) || is(Type::object) ? element_->count : 0;
}

Value Value::find(std::string_view key) const {
  return is(Type::object) ? Value(child_called(element_, key)) : Value();
}

Value Value::at(std::size_t index) const {
  if (!is(Type::array) || index >= element_->count) return {};
  const Element* item = element_->children.first;
  while (index-- > 0) item = item->next;
  return Value(item);
}

Range<Value> Value::items() const {
  return Range<Value>(is(Type::array) ? element_->children.first : nullptr);
}

Range<Member> Value::members() const {
  return Range<Member>(is(Type::object) ? element_->children.first : nullptr);
}

Node Node::find(std::string_view key) const {
  return {storage_, const_cast<Element*>(Value::find(key).element())};
}

Node Node::at(std::size_t index) const {
  return {storage_, const_cast<Element*>(Value::at(index).element())};
}

/// Checks that `value` may become a child of this container: a tree stays a tree.
void Node::attach(Node value) const {
  XL_CHECK(value.present());
  XL_CHECK(value.storage_ == storage_);
  XL_CHECK(value.element_->parent == nullptr);
  XL_CHECK(value.element_ != storage_->root);
  for (const Element* above = element_; above != nullptr; above = above->parent) {
    XL_CHECK(above != value.element_);
  }
}

void Node::replace(const Element* old, Node value) {
  attach(value);
  Element* const container = mine();
  Element* const fresh = value.mine();
  Element** slot = &container->children.first;
  Element* before = nullptr;
  while (*slot != old) {
    before = *slot;
    slot = &before->next;
  }
  fresh->key = old->key;
  fresh->next = old->next;
  fresh->parent = container;
  Element* const replaced = *slot;
  *slot = fresh;
  if (container->children.last == replaced) container->children.last = fresh;
  replaced->parent = nullptr;
  replaced->next = nullptr;
}

bool Node::unlink(const Element* child) {
  if (child == nullptr) return false;
  Element* const container = mine();
  Element** slot = &container->children.first;
  Element* before = nullptr;
  while (*slot != child) {
    before = *slot;
    slot = &before->next;
  }
  Element* const removed = *slot;
  *slot = removed->next;
  if (container->children.last == removed) container->children.last = before;
  removed->parent = nullptr;
  removed->next = nullptr;
  --container->count;
  return true;
}

void Node::set(std::string_view key, Node value) { set_after({}, key, value); }

void Node::set_after(std::string_view after, std::string_view key, Node value) {
  XL_CHECK(is_object());
  if (const Element* old = child_called(element_, key)) {
    if (old != value.element_) replace(old, value);
    return;
  }
  attach(value);
  Element* const fresh = value.mine();
  fresh->key = storage_->keep(key);
  auto* const anchor =
      after.empty() ? nullptr : const_cast<Element*>(child_called(element_, after));
  if (anchor == nullptr || anchor->next == nullptr) {
    detail::link_last(mine(), fresh);
    return;
  }
  fresh->parent = mine();
  fresh->next = anchor->next;
  anchor->next = fresh;
  ++mine()->count;
}

void Node::set_string(std::string_view key, std::string_view text) {
  Element* element = storage_->make(Type::string);
  const std::string_view kept = storage_->keep(text);
  element->text = {kept.data(), kept.size()};
  set(key, Node(storage_, element));
}

void Node::set_boolean(std::string_view key, bool value) {
  Element* element = storage_->make(Type::boolean);
  element->truth = value;
  set(key, Node(storage_, element));
}

void Node::set_integer(std::string_view key, std::int64_t value) {
  Element* element = storage_->make(Type::number);
  const std::string_view kept = storage_->keep(std::to_string(value));
  element->text = {kept.data(), kept.size()};
  set(key, Node(storage_, element));
}

bool Node::remove(std::string_view key) {
  XL_CHECK(is_object());
  return unlink(child_called(element_, key));
}

void Node::rewrite_string(Value string, std::string_view text) {
  XL_CHECK(storage_ != nullptr);
  XL_CHECK(string.is_string());
  auto* element = const_cast<Element*>(string.element());
  const std::string_view kept = storage_->keep(text);
  element->text = {kept.data(), kept.size()};
}

void Node::append(Node value) {
  XL_CHECK(is_array());
  attach(value);
  value.mine()->key = {};
  detail::link_last(mine(), value.mine());
}

void Node::replace_at(std::size_t index, Node value) {
  XL_CHECK(is_array());
  XL_CHECK(index < size());
  replace(at(index).element_, value);
}

bool Node::remove_at(std::size_t index) {
  XL_CHECK(is_array());
  return unlink(at(index).element_);
}

Document::Document(std::unique_ptr<Storage> storage) : storage_(std::move(storage)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Document Document::object() { return Document(storage_with_root(Type::object)); }
Document Document::array() { return Document(storage_with_root(Type::array)); }

Document Document::copy(Value value) {
  XL_CHECK(value.present());
  auto storage = std::make_unique<Storage>(small_block_bytes);
  storage->root = deep_copy(*storage, value.element());
  return Document(std::move(storage));
}

Value Document::root() const { return Value(storage_->root); }
Node Document::edit() { return {storage_.get(), storage_->root}; }

Node Document::make_null() { return {storage_.get(), storage_->make(Type::null)}; }

Node Document::make_boolean(bool value) {
  Element* element = storage_->make(Type::boolean);
  element->truth = value;
  return {storage_.get(), element};
}

Node Document::make_integer(std::int64_t value) { return make_number(std::to_string(value)); }

Node Document::make_string(std::string_view text) {
  Element* element = storage_->make(Type::string);
  const std::string_view kept = storage_->keep(text);
  element->text = {kept.data(), kept.size()};
  return {storage_.get(), element};
}

Node Document::make_number(std::string_view text) {
  XL_CHECK(is_number_text(text));
  Element* element = storage_->make(Type::number);
  const std::string_view kept = storage_->keep(text);
  element->text = {kept.data(), kept.size()};
  return {storage_.get(), element};
}

Node Document::make_object() { return {storage_.get(), storage_->make(Type::object)}; }
Node Document::make_array() { return {storage_.get(), storage_->make(Type::array)}; }

Node Document::make_copy(Value value) {
  XL_CHECK(value.present());
  return {storage_.get(), deep_copy(*storage_, value.element())};
}

bool identical(Value a, Value b) {
  const Element* left = a.element();
  const Element* right = b.element();
  if (left == nullptr || right == nullptr) return left == right;
  const Element* const top = left;
  while (left != nullptr) {
    if (left->type != right->type || left->count != right->count) return false;
    if (left->truth != right->truth) return false;
    if (left != top && left->key != right->key) return false;
    if (!detail::is_container(left) && text_of_element(left) != text_of_element(right)) {
      return false;
    }
    if (detail::is_container(left) && left->count > 0) {
      left = left->children.first;
      right = right->children.first;
      continue;
    }
    left = detail::next_outside(left, top, [&](const Element*) { right = right->parent; });
    if (left != nullptr) right = right->next;
  }
  return true;
}

}  // namespace xl::json
