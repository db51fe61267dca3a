// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/primitives.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

namespace xl::fhir {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool has_space(std::string_view text) { return std::any_of(text.begin(), text.end(), is_space); }

/// Not blank, and no control characters but tab, line feed and carriage return.
bool is_string(std::string_view text) {
  bool blank = true;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') return false;
    blank = blank && is_space(c);
  }
  return !blank;
}

/// `[^\s]+(\s[^\s]+)*`
bool is_code(std::string_view text) {
  bool space_before = true;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) return false;
    if (is_space(c) && space_before) return false;
    space_before = is_space(c);
  }
  return !space_before;
}

bool is_id(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '-' || c == '.';
  });
}

/// `\S*`, and not empty as every string; R4 leaves the rest to RFC 3986.
bool is_uri(std::string_view text) {
  return !text.empty() && !has_space(text) && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20;
  });
}

/// `urn:oid:[0-2](\.(0|[1-9][0-9]*))+`
bool is_oid(std::string_view text) {
  if (!text.starts_with("urn:oid:")) return false;
  text.remove_prefix(8);
  if (text.size() < 3 || text[0] < '0' || text[0] > '2') return false;
  text.remove_prefix(1);
  while (!text.empty()) {
    if (text.front() != '.') return false;
    text.remove_prefix(1);
    const std::size_t digits = static_cast<std::size_t>(
        std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
    if (digits == 0 || (digits > 1 && text[0] == '0')) return false;
    text.remove_prefix(digits);
  }
  return true;
}

/// `urn:uuid:` and the lower-case form of RFC 4122.
bool is_uuid(std::string_view text) {
  if (!text.starts_with("urn:uuid:")) return false;
  text.remove_prefix(9);
  if (text.size() != 36) return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
    const char c = text[at];
    if (dash ? c != '-' : !is_digit(c) && (c < 'a' || c > 'f')) return false;
  }
  return true;
}

/// Groups of four characters of the alphabet with white space around and between; `=` only at the
/// end.
bool is_base64(std::string_view text) {
  std::size_t characters = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (is_space(c)) continue;
    if (c == '=') {
      ++padding;
    } else if (padding != 0 || !(is_letter(c) || is_digit(c) || c == '+' || c == '/')) {
      return false;
    }
    ++characters;
  }
  return characters != 0 && characters % 4 == 0 && padding <= 2;
}

/// Reads fixed pieces of a date or time from the left.
class Pieces {
 public:
  explicit Pieces(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }
  [[nodiscard]] bool skip(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly `digits` digits up to `high`; nothing otherwise.
  [[nodiscard]] std::optional<unsigned> number(std::size_t digits, unsigned high) {
    if (rest_.size() < digits) return std::nullopt;
    unsigned value = 0;
    for (const char c : rest_.substr(0, digits)) {
      if (!is_digit(c)) return std::nullopt;
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    rest_.remove_prefix(digits);
    return value <= high ? std::optional(value) : std::nullopt;
  }
  [[nodiscard]] bool fraction() {
    if (!skip('.')) return true;
    if (rest_.empty() || !is_digit(rest_.front())) return false;
    while (!rest_.empty() && is_digit(rest_.front())) rest_.remove_prefix(1);
    return true;
  }

 private:
  std::string_view rest_;
};

/// How far a date was written.
enum class Precision : std::uint8_t { none, year, month, day };

/// Reads a date as far as it goes; `none` when it is no date or not in the calendar.
Precision read_date(Pieces& in) {
  const auto year = in.number(4, 9999);
  if (!year || *year == 0) return Precision::none;
  if (in.done()) return Precision::year;
  const auto month = in.skip('-') ? in.number(2, 12) : std::nullopt;
  if (!month || *month == 0) return Precision::none;
  if (in.done()) return Precision::month;
  const auto day = in.skip('-') ? in.number(2, 31) : std::nullopt;
  if (!day) return Precision::none;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  return date.ok() ? Precision::day : Precision::none;
}

/// `hh:mm:ss` with an optional fraction; second 60 is a leap second.
bool read_time(Pieces& in) {
  return in.number(2, 23) && in.skip(':') && in.number(2, 59) && in.skip(':') && in.number(2, 60) &&
         in.fraction();
}

/// `Z` or `+hh:mm` up to 14:00, to the end.
bool read_zone(Pieces& in) {
  if (in.skip('Z')) return in.done();
  if (!in.skip('+') && !in.skip('-')) return false;
  const auto hours = in.number(2, 14);
  if (!hours || !in.skip(':')) return false;
  return in.number(2, *hours == 14 ? 0 : 59) && in.done();
}

bool is_date(std::string_view text) {
  Pieces in(text);
  return read_date(in) != Precision::none && in.done();
}

/// A dateTime; an instant when `whole`.
bool is_date_time(std::string_view text, bool whole) {
  Pieces in(text);
  const Precision precision = read_date(in);
  if (precision == Precision::none) return false;
  if (in.done()) return !whole;
  return precision == Precision::day && in.skip('T') && read_time(in) && read_zone(in);
}

bool is_time(std::string_view text) {
  Pieces in(text);
  return read_time(in) && in.done();
}

bool has_form(Kind kind, std::string_view text) {
  switch (kind) {
    case Kind::code:
      return is_code(text);
    case Kind::id:
      return is_id(text);
    case Kind::uri:
    case Kind::url:
    case Kind::canonical:
      return is_uri(text);
    case Kind::oid:
      return is_oid(text);
    case Kind::uuid:
      return is_uuid(text);
    case Kind::date:
      return is_date(text);
    case Kind::date_time:
      return is_date_time(text, false);
    case Kind::instant:
      return is_date_time(text, true);
    case Kind::time:
      return is_time(text);
    case Kind::base64_binary:
      return is_base64(text);
    default:
      return is_string(text);
  }
}

}  // namespace

Fault text_fault(Kind kind, std::string_view text) {
  const std::size_t bytes_max = kind == Kind::base64_binary ? base64_bytes_max : string_bytes_max;
  if (text.size() > bytes_max) return Fault::length;
  if (!has_form(kind, text)) return Fault::form;
  return kind == Kind::id && text.size() > id_bytes_max ? Fault::length : Fault::none;
}

Fault number_fault(Kind kind, std::string_view text) {
  if (kind == Kind::decimal) return Fault::none;
  if (text == "-0") return Fault::form;
  std::int32_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return Fault::form;
  const std::int32_t low = kind == Kind::positive_int   ? 1
                           : kind == Kind::unsigned_int ? 0
                                                        : INT32_MIN;
  return value < low ? Fault::form : Fault::none;
}

std::string_view expected_form(Kind kind) {
  switch (kind) {
    case Kind::boolean:
      return "true or false";
    case Kind::integer:
      return "a whole number from -2147483648 to 2147483647";
    case Kind::unsigned_int:
      return "a whole number from 0 to 2147483647";
    case Kind::positive_int:
      return "a whole number from 1 to 2147483647";
    case Kind::decimal:
      return "a number";
    case Kind::code:
      return "a text without leading, trailing or double spaces";
    case Kind::id:
      return "1 to 64 of A-Z, a-z, 0-9, '-' and '.'";
    case Kind::uri:
    case Kind::url:
    case Kind::canonical:
      return "a URI without spaces";
    case Kind::oid:
      return "urn:oid: and numbers with dots";
    case Kind::uuid:
      return "urn:uuid: and a UUID in lower case";
    case Kind::date:
      return "YYYY, YYYY-MM or YYYY-MM-DD";
    case Kind::date_time:
      return "YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a zone";
    case Kind::instant:
      return "YYYY-MM-DDThh:mm:ss with a zone";
    case Kind::time:
      return "hh:mm:ss";
    case Kind::base64_binary:
      return "base64 in groups of four characters";
    case Kind::xhtml:
      return "one <div> of XHTML with the elements and attributes that R4 allows";
    default:
      return "a text that is not blank and has no control characters, at most 1 MB";
  }
}

std::size_t base64_size(std::string_view text) {
  std::size_t characters = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '=') ++padding;
    if (!is_space(c)) ++characters;
  }
  return characters / 4 * 3 - padding;
}

}  // namespace xl::fhir
