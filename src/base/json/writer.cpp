// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/json/writer.h"

#include <utility>

#include "base/check.h"
#include "base/json/storage.h"
#include "base/json/text.h"

namespace xl::json {
namespace {

/// The letter behind the backslash for bytes that have a short escape, 0 for others.
char short_escape(char c) {
  switch (c) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

/// Appends one quoted string. Only what RFC 8259 §7 demands is escaped.
void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t copied = 0;  // everything before is in `out`
  const auto copy_until = [&](std::size_t end) { out.append(text.substr(copied, end - copied)); };
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\') {
      ++at;
      continue;
    }
    if (const std::size_t length = byte < 0x80 ? 0 : utf8_length_at(text, at); length > 0) {
      at += length;
      continue;
    }
    copy_until(at);
    constexpr std::string_view digits = "0123456789abcdef";
    if (const char letter = short_escape(text[at])) {
      out.push_back('\\');
      out.push_back(letter);
    } else if (byte < 0x20) {
      out.append("\\u00");
      out.push_back(digits[byte >> 4U]);
      out.push_back(digits[byte & 15U]);
    } else {
      out.append("\xEF\xBF\xBD");  // U+FFFD
    }
    copied = ++at;
  }
  copy_until(text.size());
  out.push_back('"');
}

}  // namespace

void Writer::new_line() {
  if (style_ == Style::compact) return;
  out_.push_back('\n');
  out_.append(open_.size() * 2, ' ');
}

void Writer::before_value() {
  if (has_key_) {
    has_key_ = false;
    return;
  }
  XL_CHECK(open_.empty() || open_.back() == '[');
  XL_CHECK(!open_.empty() || out_.empty());
  if (open_.empty()) return;
  if (!first_) out_.push_back(',');
  new_line();
  first_ = false;
}

void Writer::open(char bracket) {
  before_value();
  out_.push_back(bracket);
  open_.push_back(bracket);
  first_ = true;
}

void Writer::close(char bracket) {
  XL_CHECK(!open_.empty());
  XL_CHECK(open_.back() == bracket);
  XL_CHECK(!has_key_);
  open_.pop_back();
  if (!first_) new_line();
  out_.push_back(bracket == '{' ? '}' : ']');
  first_ = false;
}

Writer& Writer::begin_object() {
  open('{');
  return *this;
}

Writer& Writer::end_object() {
  close('{');
  return *this;
}

Writer& Writer::begin_array() {
  open('[');
  return *this;
}

Writer& Writer::end_array() {
  close('[');
  return *this;
}

Writer& Writer::key(std::string_view name) {
  XL_CHECK(!open_.empty());
  XL_CHECK(open_.back() == '{');
  XL_CHECK(!has_key_);
  if (!first_) out_.push_back(',');
  new_line();
  first_ = false;
  append_quoted(out_, name);
  out_.append(style_ == Style::compact ? ":" : ": ");
  has_key_ = true;
  return *this;
}

Writer& Writer::string(std::string_view text) {
  before_value();
  append_quoted(out_, text);
  return *this;
}

Writer& Writer::number_text(std::string_view text) {
  XL_CHECK(is_number_text(text));
  before_value();
  out_.append(text);
  return *this;
}

Writer& Writer::integer(std::int64_t value) { return number_text(std::to_string(value)); }

Writer& Writer::unsigned_integer(std::uint64_t value) { return number_text(std::to_string(value)); }

Writer& Writer::boolean(bool value) {
  before_value();
  out_.append(value ? "true" : "false");
  return *this;
}

Writer& Writer::null() {
  before_value();
  out_.append("null");
  return *this;
}

void Writer::write_scalar(Value scalar) {
  switch (scalar.type()) {
    case Type::null:
      null();
      return;
    case Type::boolean:
      boolean(*scalar.as_bool());
      return;
    case Type::number:
      before_value();
      out_.append(*scalar.number_text());
      return;
    case Type::string:
      string(*scalar.as_string());
      return;
    case Type::array:
    case Type::object:
      break;
  }
  XL_CHECK(false);
}

Writer& Writer::value(Value value) {
  XL_CHECK(value.present());
  const detail::Element* const top = value.element();
  const auto bracket = [](const detail::Element* container) {
    return container->type == Type::object ? '{' : '[';
  };
  const detail::Element* at = top;
  while (at != nullptr) {
    if (at != top && at->parent->type == Type::object) key(at->key);
    if (detail::is_container(at)) {
      open(bracket(at));
      if (at->count > 0) {
        at = at->children.first;
        continue;
      }
      close(bracket(at));
    } else {
      write_scalar(Value(at));
    }
    at = detail::next_outside(at, top, [&](const detail::Element* left) { close(bracket(left)); });
  }
  return *this;
}

std::string Writer::take() {
  XL_CHECK(open_.empty());
  XL_CHECK(!out_.empty());
  return std::exchange(out_, {});
}

std::string write(Value value, Style style) {
  Writer writer(style);
  writer.value(value);
  return writer.take();
}

}  // namespace xl::json
