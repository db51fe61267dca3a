// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// simdjson's first stage finds the tokens and checks UTF-8, control characters and closed strings.
// The grammar is ours, token by token: simdjson's own front ends either turn numbers into doubles
// or, on demand, do not check values that nobody asks for (`[nope]` and `[[1 2]]` pass there).
#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "base/checked.h"
#include "base/json/json.h"
#include "base/json/storage.h"
#include "base/json/text.h"

namespace xl::json {
namespace {

using detail::Element;
using detail::Storage;

/// Up to this many members are compared pairwise, more are sorted.
constexpr std::size_t pairwise_members_max = 16;

Error invalid_at(std::size_t offset, std::string_view what) {
  return make_error(ErrorCode::json_invalid,
                    std::string(what) + " at byte " + std::to_string(offset));
}

Error too_large(std::string_view what, std::size_t limit) {
  return make_error(ErrorCode::json_too_large,
                    std::string(what) + " over the limit of " + std::to_string(limit));
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Says where the first stage's complaint is, which it does not tell. Only for the error path.
Error locate(std::string_view text, simdjson::error_code error) {
  if (error == simdjson::EMPTY) return invalid_at(text.size(), "nothing but white space");
  bool in_string = false;
  std::size_t opened = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length_at(text, at);
    if (length == 0) return invalid_at(at, "malformed UTF-8");
    const char c = text[at];
    if (in_string && static_cast<unsigned char>(c) < 0x20) {
      return invalid_at(at, "control character in a string");
    }
    if (c == '"') {
      in_string = !in_string;
      opened = at;
    }
    const bool escape = in_string && c == '\\' && at + 1 < text.size();
    at += escape ? 1 + std::max<std::size_t>(utf8_length_at(text, at + 1), 1) : length;
  }
  if (in_string) return invalid_at(opened, "string without end");
  return invalid_at(text.size(), simdjson::error_message(error));
}

/// Reads four hexadecimal digits. False when there are fewer.
bool read_hex4(std::string_view text, std::size_t at, std::uint32_t& out) {
  if (text.size() < at + 4) return false;
  out = 0;
  for (const char c : text.substr(at, 4)) {
    std::uint32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<std::uint32_t>(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      digit = static_cast<std::uint32_t>((c | 0x20) - 'a') + 10;
    } else {
      return false;
    }
    out = out << 4U | digit;
  }
  return true;
}

/// Writes one code point as UTF-8 and returns the byte behind it.
char* put_utf8(char* out, std::uint32_t point) {
  if (point < 0x80) {
    *out++ = static_cast<char>(point);
    return out;
  }
  if (point < 0x800) {
    *out++ = static_cast<char>(0xC0U | point >> 6U);
  } else {
    if (point < 0x10000) {
      *out++ = static_cast<char>(0xE0U | point >> 12U);
    } else {
      *out++ = static_cast<char>(0xF0U | point >> 18U);
      *out++ = static_cast<char>(0x80U | (point >> 12U & 0x3FU));
    }
    *out++ = static_cast<char>(0x80U | (point >> 6U & 0x3FU));
  }
  *out++ = static_cast<char>(0x80U | (point & 0x3FU));
  return out;
}

/// Unescapes the inside of a string in place: no escape is shorter than what it stands for.
/// Returns the new length, or sets `bad` to the offset of the first malformed escape.
bool unescape(char* text, std::size_t size, std::size_t& length, std::size_t& bad) {
  const std::string_view in(text, size);
  char* out = text;
  for (std::size_t at = 0; at < size;) {
    if (in[at] != '\\') {
      *out++ = in[at++];
      continue;
    }
    bad = at;
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (at + 1 >= size) return false;
    const char letter = in[at + 1];
    if (const std::size_t found = letters.find(letter); found != std::string_view::npos) {
      *out++ = meanings[found];
      at += 2;
      continue;
    }
    std::uint32_t point = 0;
    if (letter != 'u' || !read_hex4(in, at + 2, point)) return false;
    at += 6;
    if (point >= 0xDC00 && point <= 0xDFFF) return false;
    if (point >= 0xD800 && point <= 0xDBFF) {
      std::uint32_t low = 0;
      if (in.substr(at, 2) != "\\u" || !read_hex4(in, at + 2, low)) return false;
      if (low < 0xDC00 || low > 0xDFFF) return false;
      point = 0x10000 + ((point - 0xD800) << 10U) + (low - 0xDC00);
      at += 6;
    }
    out = put_utf8(out, point);
  }
  length = static_cast<std::size_t>(out - text);
  return true;
}

/// Builds the tree from the tokens. Iterative: hostile nesting costs no stack.
class Builder {
 public:
  Builder(Storage& storage, char* text, std::size_t size, const std::uint32_t* starts,
          std::size_t count, const Limits& limits)
      : storage_(storage),
        text_(text),
        size_(size),
        starts_(starts),
        count_(count),
        limits_(limits) {}

  Status run() {
    XL_TRY(read_value());
    while (container_ != nullptr) XL_TRY(step());
    if (token_ < count_) return invalid_at(start(), "text behind the value");
    return {};
  }

 private:
  [[nodiscard]] std::size_t start() const { return token_ < count_ ? starts_[token_] : size_; }
  /// The token's first character; a closing NUL, which no token starts with, at the end.
  [[nodiscard]] char peek() const { return token_ < count_ ? text_[starts_[token_]] : '\0'; }

  /// The token's text without the space behind it.
  [[nodiscard]] std::string_view token() const {
    std::size_t end = token_ + 1 < count_ ? starts_[token_ + 1] : size_;
    while (end > start() && is_space(text_[end - 1])) --end;
    return {text_ + start(), end - start()};
  }

  /// One item or member of the open container, or its end.
  Status step() {
    const char close = container_->type == Type::object ? '}' : ']';
    if (peek() == close) {
      ++token_;
      return close_container();
    }
    if (container_->count > 0) {
      if (peek() != ',') return invalid_at(start(), "expected a comma or a closing bracket");
      ++token_;
    }
    if (container_->type == Type::object) XL_TRY(read_key());
    return read_value();
  }

  Status read_key() {
    key_start_ = start();
    if (peek() != '"') return invalid_at(start(), "expected a member name");
    XL_TRY(read_string(key_));
    if (peek() != ':') return invalid_at(start(), "expected a colon");
    ++token_;
    if (container_->count >= pairwise_members_max) return {};
    for (const Element* other = container_->children.first; other != nullptr; other = other->next) {
      if (other->key == key_) return invalid_at(key_start_, "duplicate member name");
    }
    return {};
  }

  /// Reads the string token and moves on.
  Status read_string(std::string_view& out) {
    const std::string_view quoted = token();
    if (quoted.size() < 2 || quoted.back() != '"') {
      return invalid_at(start(), "string without end");
    }
    char* const inside = text_ + start() + 1;
    std::size_t length = quoted.size() - 2;
    if (std::memchr(inside, '\\', length) != nullptr) {
      std::size_t bad = 0;
      if (!unescape(inside, length, length, bad)) {
        return invalid_at(start() + 1 + bad, "malformed escape");
      }
    }
    out = {inside, length};
    ++token_;
    return {};
  }

  Status read_value() {
    if (++elements_ > limits_.elements_max) return too_large("elements", limits_.elements_max);
    switch (peek()) {
      case '{':
        return open_container(Type::object);
      case '[':
        return open_container(Type::array);
      case '"': {
        std::string_view text;
        XL_TRY(read_string(text));
        add(Type::string)->text = {text.data(), text.size()};
        return {};
      }
      default:
        return read_plain();
    }
  }

  /// A number, true, false or null.
  Status read_plain() {
    const std::string_view text = token();
    if (text == "true" || text == "false") {
      add(Type::boolean)->truth = text == "true";
    } else if (text == "null") {
      add(Type::null);
    } else if (is_number_text(text)) {
      add(Type::number)->text = {text.data(), text.size()};
    } else {
      return invalid_at(start(), "expected a value");
    }
    ++token_;
    return {};
  }

  Status open_container(Type type) {
    if (++depth_ > limits_.depth_max) return too_large("nesting", limits_.depth_max);
    container_ = add(type);
    ++token_;
    return {};
  }

  Status close_container() {
    if (container_->type == Type::object && container_->count > pairwise_members_max) {
      XL_TRY(check_many_names());
    }
    container_ = container_->parent;
    --depth_;
    return {};
  }

  /// Names of a large object, sorted so that equal ones meet.
  Status check_many_names() {
    names_.clear();
    for (const Element* member = container_->children.first; member != nullptr;
         member = member->next) {
      names_.push_back(member->key);
    }
    std::sort(names_.begin(), names_.end());
    const auto twice = std::adjacent_find(names_.begin(), names_.end());
    if (twice == names_.end()) return {};
    const char* later = std::max(twice->data(), std::next(twice)->data());
    return invalid_at(static_cast<std::size_t>(later - text_) - 1, "duplicate member name");
  }

  Element* add(Type type) {
    Element* element = storage_.make(type);
    if (container_ == nullptr) {
      storage_.root = element;
      return element;
    }
    element->key = key_;
    key_ = {};
    detail::link_last(container_, element);
    return element;
  }

  Storage& storage_;
  char* text_;
  std::size_t size_;
  const std::uint32_t* starts_;  // offset of each token's first byte
  std::size_t count_;
  const Limits& limits_;
  std::size_t token_ = 0;
  std::size_t depth_ = 0;
  std::size_t elements_ = 0;
  std::size_t key_start_ = 0;
  std::string_view key_;
  Element* container_ = nullptr;
  std::vector<std::string_view> names_;
};

}  // namespace

Result<Document> parse(std::string_view text, const Limits& limits) {
  if (text.size() > limits.bytes_max) return too_large("bytes", limits.bytes_max);
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
  // The first stage keeps 32-bit offsets; the depth is for its second stage, which is not used.
  if (simdjson::get_active_implementation()->create_dom_parser_implementation(
          std::max<std::size_t>(text.size(), 64), 1, stage) != simdjson::SUCCESS) {
    return too_large("bytes", simdjson::SIMDJSON_MAXSIZE_BYTES);
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  if (text.empty()) return locate(text, simdjson::EMPTY);
  const auto error = stage->stage1(bytes, text.size(), simdjson::stage1_mode::regular);
  if (error != simdjson::SUCCESS) return locate(text, error);
  const std::size_t tokens = stage->n_structural_indexes;
  // A member takes four tokens and an item two; elements beyond the limit are never made.
  const std::size_t elements = std::min(tokens / 3 + 1, limits.elements_max);
  auto storage = std::make_unique<Storage>(text.size() + elements * sizeof(Element) + 64);
  char* const copy = static_cast<char*>(storage->arena.allocate(text.size(), 1));
  std::memcpy(copy, text.data(), text.size());
  Builder builder(*storage, copy, text.size(), stage->structural_indexes.get(), tokens, limits);
  XL_TRY(builder.run());
  return Document(std::move(storage));
}

Error in_file(const Error& error, std::string_view text, std::string_view file) {
  std::string place(file);
  constexpr std::string_view words = " at byte ";  // as `invalid_at` writes it
  const std::size_t at = error.message.rfind(words);
  std::uint64_t offset = 0;
  if (at != std::string::npos &&
      parse_decimal(std::string_view(error.message).substr(at + words.size()), offset)) {
    const std::string_view before = text.substr(0, static_cast<std::size_t>(offset));
    place += ":" + std::to_string(std::count(before.begin(), before.end(), '\n') + 1);
  }
  const std::string sentence = make_error(error.code, "").message;
  std::string_view detail = error.message;
  if (detail == describe(error.code).en) detail = {};
  if (detail.starts_with(sentence)) detail.remove_prefix(sentence.size());
  Error out = make_error(error.code, detail.empty() ? place : place + ": " + std::string(detail));
  out.request_id = error.request_id;
  return out;
}

}  // namespace xl::json
