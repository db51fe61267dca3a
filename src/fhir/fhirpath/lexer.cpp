// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "fhir/fhirpath/lexer.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace xl::fhir::fhirpath {
namespace {

/// The longest of the definitions has under 4,000 bytes.
constexpr std::size_t expression_bytes_max = 16384;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    std::vector<Token> out;
    for (;;) {
      XL_TRY(skip_space());
      Token token;
      token.at = at_;
      if (at_ == text_.size()) {
        out.push_back(std::move(token));
        return out;
      }
      XL_TRY(read(token));
      out.push_back(std::move(token));
    }
  }

 private:
  [[nodiscard]] char here(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] Error invalid() const {
    return make_error(ErrorCode::fhirpath_invalid, "not expected at byte " + std::to_string(at_));
  }

  Status skip_space() {
    for (;;) {
      while (at_ < text_.size() && is_space(text_[at_])) ++at_;
      if (text_.substr(at_).starts_with("//")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_.substr(at_).starts_with("/*")) {
        const std::size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return invalid();
        at_ = end + 2;
      } else {
        return {};
      }
    }
  }

  Status read(Token& out) {
    const char c = here();
    if (is_letter(c)) {
      out.kind = Token::Kind::identifier;
      out.text = word();
      return {};
    }
    if (is_digit(c)) return number(out);
    if (c == '\'') {
      out.kind = Token::Kind::literal;
      XL_TRY_ASSIGN(std::string text, quoted('\''));
      out.value = item_of(std::move(text));
      return {};
    }
    if (c == '`') {
      out.kind = Token::Kind::quoted_identifier;
      XL_TRY_ASSIGN(out.text, quoted('`'));
      return {};
    }
    if (c == '@') return moment(out);
    if (c == '$') {
      ++at_;
      out.kind = Token::Kind::variable;
      out.text = word();
      return {};
    }
    if (c == '%') return external(out);
    return symbol(out);
  }

  std::string word() {
    const std::size_t begin = at_;
    while (is_letter(here()) || is_digit(here())) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  Status external(Token& out) {
    ++at_;
    out.kind = Token::Kind::external;
    if (here() == '`' || here() == '\'') {
      XL_TRY_ASSIGN(out.text, quoted(here()));
      return {};
    }
    out.text = word();
    return out.text.empty() ? Status(invalid()) : Status{};
  }

  Status symbol(Token& out) {
    constexpr std::array<std::string_view, 19> symbols = {"<=", ">=", "!=", "!~", "(", ")", "[",
                                                          "]",  "{",  "}",  ".",  ",", "=", "~",
                                                          "<",  ">",  "|",  "+",  "-"};
    constexpr std::string_view others = "*/&";
    out.kind = Token::Kind::symbol;
    for (const std::string_view one : symbols) {
      if (!text_.substr(at_).starts_with(one)) continue;
      out.text = one;
      at_ += one.size();
      return {};
    }
    if (others.find(here()) == std::string_view::npos) return invalid();
    out.text = here();
    ++at_;
    return {};
  }

  Status number(Token& out) {
    const std::size_t begin = at_;
    while (is_digit(here())) ++at_;
    const bool decimal = here() == '.' && is_digit(here(1));
    if (decimal) ++at_;
    while (decimal && is_digit(here())) ++at_;
    const std::string_view text = text_.substr(begin, at_ - begin);
    out.kind = Token::Kind::literal;
    if (decimal) {
      const auto value = Decimal::parse(text);
      if (!value) return invalid();
      out.value = item_of(*value);
      return {};
    }
    const auto value = Decimal::parse(text);
    const auto whole = value ? value->truncated() : std::nullopt;
    if (!whole) return invalid();
    out.value = item_of(*whole);
    return {};
  }

  Result<std::string> quoted(char end) {
    ++at_;
    std::string out;
    for (;;) {
      if (at_ >= text_.size()) return invalid();
      const char c = text_[at_++];
      if (c == end) return out;
      if (c != '\\') {
        out.push_back(c);
        continue;
      }
      XL_TRY(escape(out));
    }
  }

  Status escape(std::string& out) {
    const char c = here();
    ++at_;
    switch (c) {
      case 'f':
        out.push_back('\f');
        return {};
      case 'n':
        out.push_back('\n');
        return {};
      case 'r':
        out.push_back('\r');
        return {};
      case 't':
        out.push_back('\t');
        return {};
      case 'u':
        return code_point(out);
      case '\'':
      case '"':
      case '`':
      case '\\':
      case '/':
        out.push_back(c);
        return {};
      default:
        return invalid();
    }
  }

  /// Four hexadecimal digits, twice for what lies beyond the first plane.
  Status code_point(std::string& out) {
    std::uint32_t value = 0;
    if (!four_digits(value)) return invalid();
    if (value >= 0xD800 && value < 0xDC00) {
      std::uint32_t low = 0;
      if (here() != '\\' || here(1) != 'u') return invalid();
      at_ += 2;
      if (!four_digits(low) || low < 0xDC00 || low > 0xDFFF) return invalid();
      value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
    } else if (value >= 0xDC00 && value <= 0xDFFF) {
      return invalid();
    }
    append_utf8(out, value);
    return {};
  }

  bool four_digits(std::uint32_t& out) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = here();
      const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
      const std::size_t value = digits.find(lower);
      if (c == '\0' || value == std::string_view::npos) return false;
      out = out << 4 | static_cast<std::uint32_t>(value);
    }
    return true;
  }

  /// `@2015-02-04T14:34:28+10:00`, `@T14:30`.
  Status moment(Token& out) {
    ++at_;
    const std::size_t begin = at_;
    const bool of_day = here() == 'T';
    if (!of_day) digits_and('-');
    const bool with_time = here() == 'T';
    if (with_time) {
      ++at_;
      digits_and(':');
      if (here() == '.' && is_digit(here(1))) {
        ++at_;
        while (is_digit(here())) ++at_;
      }
      if (!of_day) zone();
    }
    const std::string_view text = text_.substr(begin, at_ - begin);
    const auto value = of_day      ? read_time(text.substr(1))
                       : with_time ? read_date_time(text)
                                   : read_date(text);
    if (!value) return invalid();
    out.kind = Token::Kind::literal;
    out.value = item_of(*value);
    return {};
  }

  /// Digits with `joint` between them.
  void digits_and(char joint) {
    while (is_digit(here()) || (here() == joint && is_digit(here(1)))) ++at_;
  }

  void zone() {
    if (here() == 'Z') ++at_;
    const bool offset = (here() == '+' || here() == '-') && is_digit(here(1)) &&
                        is_digit(here(2)) && here(3) == ':';
    if (offset) at_ += std::min<std::size_t>(6, text_.size() - at_);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> tokens_of(std::string_view text) {
  if (text.size() > expression_bytes_max) {
    return make_error(ErrorCode::fhirpath_invalid, "over 16384 bytes");
  }
  return Lexer(text).run();
}

}  // namespace xl::fhir::fhirpath
