// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json/json.h"

namespace xl::json {

/// `compact` has no space at all; `pretty` has one value per line, two spaces per level.
enum class Style : std::uint8_t { compact, pretty };

/// Writes JSON text in one pass, without a tree. The calls must form one JSON value: keys and
/// values alternate inside objects, everything opened is closed. Breaking that is our own bug and
/// stops the process. Not thread-safe.
class Writer {
 public:
  explicit Writer(Style style = Style::compact) : style_(style) {}

  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  /// The name of the next member.
  Writer& key(std::string_view name);
  /// A string. Bytes that are not UTF-8 come out as U+FFFD, so that the text stays valid JSON.
  Writer& string(std::string_view text);
  /// A number as written. Precondition: `is_number_text(text)`.
  Writer& number_text(std::string_view text);
  Writer& integer(std::int64_t value);
  Writer& unsigned_integer(std::uint64_t value);
  Writer& boolean(bool value);
  Writer& null();
  /// A value of a document with all below it. Precondition: present.
  Writer& value(Value value);

  /// The text. Precondition: one complete value was written. Leaves the writer empty.
  [[nodiscard]] std::string take();

 private:
  void open(char bracket);
  void close(char bracket);
  void before_value();
  void new_line();
  void write_scalar(Value scalar);

  Style style_;
  std::string out_;
  std::string open_;      // '{' or '[' for each open container
  bool first_ = true;     // nothing was written yet inside the innermost container
  bool has_key_ = false;  // a member's name waits for its value
};

/// The text of one value. Members keep their order and numbers their text.
[[nodiscard]] std::string write(Value value, Style style = Style::compact);

}  // namespace xl::json
