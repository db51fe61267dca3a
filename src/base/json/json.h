// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace xl::json {

enum class Type : std::uint8_t { null, boolean, number, string, array, object };

/// What one text may cost. Every entry point names its own; "unlimited" does not exist.
struct Limits {
  std::size_t bytes_max = 16U << 20U;    ///< of the text
  std::size_t depth_max = 64;            ///< nested arrays and objects; `[]` has depth 1
  std::size_t elements_max = 1'000'000;  ///< values of any type, the root included
};

class Document;

namespace detail {

struct Storage;

/// One value in a document's arena. Members of an object and items of an array are linked in
/// source order. Trivially destructible: the arena frees it without a call.
struct Element {
  struct Text {
    const char* data;
    std::size_t size;
  };
  struct Children {
    Element* first;
    Element* last;
  };
  std::string_view key;  // name inside the parent object
  union {
    Text text;          // number, string
    Children children;  // array, object
  };
  Element* parent = nullptr;  // null: a root, or not attached yet
  Element* next = nullptr;
  std::uint32_t count = 0;  // children
  Type type = Type::null;
  bool truth = false;  // boolean

  Element() : text{nullptr, 0} {}
};

}  // namespace detail

struct Member;
template <typename Item>
class Range;

/// A read-only view of one value, as cheap as a pointer. It lives as long as its document. A view
/// may be absent (`find` of a member that is not there); everything asked of an absent view is
/// empty, so that lookups can be chained and checked once. Thread-safe while nobody edits.
class Value {
 public:
  Value() = default;
  explicit Value(const detail::Element* element) : element_(element) {}

  /// False for an absent value; JSON `null` is present.
  [[nodiscard]] bool present() const { return element_ != nullptr; }
  explicit operator bool() const { return present(); }

  /// The type. Precondition: present.
  [[nodiscard]] Type type() const;
  [[nodiscard]] bool is_null() const { return is(Type::null); }
  [[nodiscard]] bool is_object() const { return is(Type::object); }
  [[nodiscard]] bool is_array() const { return is(Type::array); }
  [[nodiscard]] bool is_string() const { return is(Type::string); }
  [[nodiscard]] bool is_number() const { return is(Type::number); }

  /// The text of a string, unescaped, valid UTF-8 (it may hold NUL). Empty for other types.
  [[nodiscard]] std::optional<std::string_view> as_string() const;
  /// A number exactly as it was written: `1.50` stays `1.50`. Empty for other types.
  [[nodiscard]] std::optional<std::string_view> number_text() const;
  [[nodiscard]] std::optional<bool> as_bool() const;
  /// A number written without fraction and exponent that fits. Empty for anything else.
  [[nodiscard]] std::optional<std::int64_t> as_int64() const;
  /// As `as_int64`; a minus sign is refused, also in `-0`.
  [[nodiscard]] std::optional<std::uint64_t> as_uint64() const;

  /// Number of items or members; 0 for scalars and absent values.
  [[nodiscard]] std::size_t size() const;
  /// The member called `key`; absent when there is none or this is no object. Linear in size.
  [[nodiscard]] Value find(std::string_view key) const;
  /// The item at `index`; absent beyond the end or when this is no array. Linear in `index`.
  [[nodiscard]] Value at(std::size_t index) const;
  /// The items of an array in order; empty for other types.
  [[nodiscard]] Range<Value> items() const;
  /// The members of an object in source order; empty for other types.
  [[nodiscard]] Range<Member> members() const;

  [[nodiscard]] const detail::Element* element() const { return element_; }

 protected:
  [[nodiscard]] bool is(Type type) const;

  const detail::Element* element_ = nullptr;
};

/// One member of an object.
struct Member {
  std::string_view key;
  Value value;
};

/// Forward iteration over items or members.
template <typename Item>
class Range {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Item;
    using difference_type = std::ptrdiff_t;
    using pointer = const Item*;
    using reference = Item;

    Iterator() = default;
    explicit Iterator(const detail::Element* element) : element_(element) {}
    [[nodiscard]] Item operator*() const {
      if constexpr (std::is_same_v<Item, Member>) {
        return Member{element_->key, Value(element_)};
      } else {
        return Value(element_);
      }
    }
    Iterator& operator++() {
      element_ = element_->next;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    [[nodiscard]] bool operator==(const Iterator& other) const = default;

   private:
    const detail::Element* element_ = nullptr;
  };

  explicit Range(const detail::Element* first) : first_(first) {}
  [[nodiscard]] Iterator begin() const { return Iterator(first_); }
  [[nodiscard]] Iterator end() const { return Iterator(); }

 private:
  const detail::Element* first_;
};

/// A value that can be edited. New values are made by the document (`Document::make_...`), belong
/// to it, and are attached once. Views of a value that was replaced or removed stay readable until
/// the document goes. Not thread-safe.
class Node : public Value {
 public:
  Node() = default;
  Node(detail::Storage* storage, detail::Element* element) : Value(element), storage_(storage) {}

  /// As `Value::find`, editable.
  [[nodiscard]] Node find(std::string_view key) const;
  /// As `Value::at`, editable.
  [[nodiscard]] Node at(std::size_t index) const;

  /// Gives the member `key` a new value: in the place of the old one, or behind the last member.
  /// Preconditions: this is an object; `value` is of the same document, not attached, not this.
  void set(std::string_view key, Node value);
  /// As `set`, but a new member is put right behind the member `after` where that exists.
  void set_after(std::string_view after, std::string_view key, Node value);
  /// `set` of a string; `text` is copied.
  void set_string(std::string_view key, std::string_view text);
  /// `set` of a boolean.
  void set_boolean(std::string_view key, bool value);
  /// `set` of an integer.
  void set_integer(std::string_view key, std::int64_t value);
  /// Removes a member. False when there is none. Precondition: this is an object.
  bool remove(std::string_view key);

  /// Gives a string anywhere in this document another text, in place; constant cost, so that a walk
  /// over views can edit as it goes. `text` is copied; views of the old text stay readable.
  /// Preconditions: `string` is of the same document and a string.
  void rewrite_string(Value string, std::string_view text);

  /// Adds an item behind the last. Preconditions: this is an array; `value` as for `set`.
  void append(Node value);
  /// Puts a new value in the place of the item at `index`. Preconditions: as `append`, and
  /// `index < size()`.
  void replace_at(std::size_t index, Node value);
  /// Removes the item at `index`. False beyond the end. Precondition: this is an array.
  bool remove_at(std::size_t index);

 private:
  [[nodiscard]] detail::Element* mine() const { return const_cast<detail::Element*>(element_); }
  void attach(Node value) const;
  void replace(const detail::Element* old, Node value);
  bool unlink(const detail::Element* child);

  detail::Storage* storage_ = nullptr;
};

/// A tree of values with its arena. Move-only; nodes and views stay valid when it moves. Memory of
/// replaced values is given back only with the whole document.
class Document {
 public:
  /// A document whose root is `{}`.
  [[nodiscard]] static Document object();
  /// A document whose root is `[]`.
  [[nodiscard]] static Document array();
  /// A document whose root is a deep copy of `value`. Precondition: `value` is present.
  [[nodiscard]] static Document copy(Value value);

  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  [[nodiscard]] Value root() const;
  [[nodiscard]] Node edit();

  /// New unattached values of this document.
  [[nodiscard]] Node make_null();
  [[nodiscard]] Node make_boolean(bool value);
  [[nodiscard]] Node make_integer(std::int64_t value);
  [[nodiscard]] Node make_string(std::string_view text);
  /// A number kept as written. Precondition: `is_number_text(text)`.
  [[nodiscard]] Node make_number(std::string_view text);
  [[nodiscard]] Node make_object();
  [[nodiscard]] Node make_array();
  /// Deep copy of a value of any document. Precondition: present.
  [[nodiscard]] Node make_copy(Value value);

 private:
  friend Result<Document> parse(std::string_view text, const Limits& limits);
  explicit Document(std::unique_ptr<detail::Storage> storage);

  std::unique_ptr<detail::Storage> storage_;
};

/// Parses one RFC 8259 text. Strict: no byte order mark, no trailing bytes, valid UTF-8, no lone
/// surrogates, no duplicate names in an object (two readers could understand it differently).
/// Numbers are checked and kept as text. `text` is copied.
/// Errors: json_invalid (names the byte offset, never the content), json_too_large.
/// Linear time and memory. Thread-safe.
[[nodiscard]] Result<Document> parse(std::string_view text, const Limits& limits);

/// What reading `text` said, with the name of the file that holds it before the detail; where the
/// detail names the byte of a syntax error, `FILE:LINE`, lines counted from 1.
[[nodiscard]] Error in_file(const Error& error, std::string_view text, std::string_view file);

/// `in_file` of what failed; what did not stays as it is.
template <typename T>
[[nodiscard]] Result<T> in_file(Result<T> read, std::string_view text, std::string_view file) {
  if (read.ok()) return read;
  return in_file(read.error(), text, file);
}

/// True when both hold the same values, members in the same order and numbers of the same text.
/// Two absent values are identical.
[[nodiscard]] bool identical(Value a, Value b);

}  // namespace xl::json
