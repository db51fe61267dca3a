// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Source: FHIRPath N1 (ANSI/HL7 NMN R1-2020), appendix B, Grammar.
#include <algorithm>
#include <array>

#include "fhir/fhirpath/lexer.h"
#include "fhir/fhirpath/syntax.h"

namespace xl::fhir::fhirpath {
namespace {

constexpr int depth_max = 64;

using Part = std::unique_ptr<Syntax>;

/// Binary operators by how tightly they bind, the loosest first; `is` and `as` stand between
/// addition and union.
struct Level {
  std::array<std::string_view, 4> words;
};
constexpr std::array<Level, 10> levels = {{{{"implies"}},
                                           {{"or", "xor"}},
                                           {{"and"}},
                                           {{"in", "contains"}},
                                           {{"=", "~", "!=", "!~"}},
                                           {{"<=", "<", ">", ">="}},
                                           {{"|"}},
                                           {{"is", "as"}},
                                           {{"+", "-", "&"}},
                                           {{"*", "/", "div", "mod"}}}};
constexpr std::size_t type_level = 7;
/// Levels of the syntax tree: of brackets and of operators and members in a row.
constexpr int tree_depth_max = 128;
/// A bracket is as many calls as there are levels, and two more.
constexpr int calls_max = depth_max * (static_cast<int>(levels.size()) + 2);

Part make(Operator op, std::string name = {}) {
  auto out = std::make_unique<Syntax>();
  out->op = op;
  out->name = std::move(name);
  return out;
}

/// Counts how deep the parser is.
class Depth {
 public:
  explicit Depth(int& depth) : depth_(++depth) {}
  ~Depth() { --depth_; }
  Depth(const Depth&) = delete;
  Depth& operator=(const Depth&) = delete;

 private:
  int& depth_;
};

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<Part> whole() {
    XL_TRY_ASSIGN(Part out, expression(0));
    if (now().kind != Token::Kind::end) return unexpected();
    return out;
  }

 private:
  [[nodiscard]] const Token& now() const { return tokens_[at_]; }
  [[nodiscard]] Error unexpected() const {
    return make_error(ErrorCode::fhirpath_invalid,
                      "not expected at byte " + std::to_string(now().at));
  }
  [[nodiscard]] bool is_symbol(std::string_view text) const {
    return now().kind == Token::Kind::symbol && now().text == text;
  }
  bool take_symbol(std::string_view text) {
    if (!is_symbol(text)) return false;
    ++at_;
    return true;
  }

  /// Makes `operand` the next one of `parent`. Chains count as what is nested: `1 + 1 + 1` is
  /// evaluated and taken down by calls within calls too.
  static Status adopt(Syntax& parent, Part operand) {
    const int depth = operand == nullptr ? 0 : operand->depth;
    parent.depth = std::max(parent.depth, depth + 1);
    parent.operands.push_back(std::move(operand));
    if (parent.depth <= tree_depth_max) return {};
    return make_error(ErrorCode::fhirpath_invalid, "nested too deeply");
  }

  /// The operator of this level that stands here; empty for none.
  [[nodiscard]] std::string_view operator_here(std::size_t level) const {
    const bool word = now().kind == Token::Kind::identifier;
    if (!word && now().kind != Token::Kind::symbol) return {};
    for (const std::string_view one : levels.at(level).words) {
      if (!one.empty() && one == now().text) return one;
    }
    return {};
  }

  Result<Part> expression(std::size_t level) {
    const Depth depth(depth_);
    if (depth_ > calls_max) {
      return make_error(ErrorCode::fhirpath_invalid, "nested too deeply");
    }
    if (level == levels.size()) return polarity();
    XL_TRY_ASSIGN(Part left, expression(level + 1));
    for (;;) {
      const std::string_view name = operator_here(level);
      if (name.empty()) return left;
      ++at_;
      if (level == type_level) {
        XL_TRY_ASSIGN(TypeSpecifier type, type_specifier());
        Part out = make(name == "is" ? Operator::is_type : Operator::as_type);
        out->type = std::move(type);
        XL_TRY(adopt(*out, std::move(left)));
        left = std::move(out);
        continue;
      }
      XL_TRY_ASSIGN(Part right, expression(level + 1));
      Part out = make(Operator::binary, std::string(name));
      XL_TRY(adopt(*out, std::move(left)));
      XL_TRY(adopt(*out, std::move(right)));
      left = std::move(out);
    }
  }

  Result<TypeSpecifier> type_specifier() {
    TypeSpecifier out;
    if (!is_identifier()) return unexpected();
    out.name = tokens_[at_++].text;
    if (!take_symbol(".")) return out;
    if (!is_identifier()) return unexpected();
    out.space = std::move(out.name);
    out.name = tokens_[at_++].text;
    return out;
  }

  Result<Part> polarity() {
    const Depth depth(depth_);
    if (depth_ > calls_max) {
      return make_error(ErrorCode::fhirpath_invalid, "nested too deeply");
    }
    for (const auto& [symbol, op] :
         {std::pair{"-", Operator::negate}, std::pair{"+", Operator::keep}}) {
      if (!take_symbol(symbol)) continue;
      XL_TRY_ASSIGN(Part operand, polarity());
      Part out = make(op);
      XL_TRY(adopt(*out, std::move(operand)));
      return out;
    }
    return invocations();
  }

  Result<Part> invocations() {
    XL_TRY_ASSIGN(Part out, term());
    for (;;) {
      if (take_symbol(".")) {
        if (!is_identifier()) return unexpected();
        XL_TRY_ASSIGN(out, invocation(std::move(out)));
      } else if (take_symbol("[")) {
        XL_TRY_ASSIGN(Part index, expression(0));
        if (!take_symbol("]")) return unexpected();
        Part indexed = make(Operator::index);
        XL_TRY(adopt(*indexed, std::move(out)));
        XL_TRY(adopt(*indexed, std::move(index)));
        out = std::move(indexed);
      } else {
        return out;
      }
    }
  }

  [[nodiscard]] bool is_identifier() const {
    return now().kind == Token::Kind::identifier || now().kind == Token::Kind::quoted_identifier;
  }

  /// A member or a function of `input`, which is null at the start of an expression.
  Result<Part> invocation(Part input) {
    std::string name = tokens_[at_++].text;
    const bool calls = take_symbol("(");
    Part out = make(calls ? Operator::call : Operator::member, std::move(name));
    XL_TRY(adopt(*out, std::move(input)));
    if (!calls || take_symbol(")")) return out;
    do {
      XL_TRY_ASSIGN(Part argument, expression(0));
      XL_TRY(adopt(*out, std::move(argument)));
    } while (take_symbol(","));
    if (!take_symbol(")")) return unexpected();
    return out;
  }

  Result<Part> term() {
    const Token& token = now();
    switch (token.kind) {
      case Token::Kind::literal: {
        ++at_;
        Part out = make(Operator::literal);
        out->literal.push_back(token.value);
        take_unit(out->literal.front());
        return out;
      }
      case Token::Kind::identifier:
        if (token.text == "true" || token.text == "false") {
          ++at_;
          Part out = make(Operator::literal);
          out->literal.push_back(item_of(token.text == "true"));
          return out;
        }
        return invocation(nullptr);
      case Token::Kind::quoted_identifier:
        return invocation(nullptr);
      case Token::Kind::variable:
        return variable();
      case Token::Kind::external:
        ++at_;
        return make(Operator::external, token.text);
      default:
        return bracketed();
    }
  }

  /// `4 days`, `10 'mg'`.
  void take_unit(Item& number) {
    std::optional<Decimal> value;
    if (const auto* whole = number.as<std::int64_t>()) value = Decimal::of(*whole);
    if (const auto* decimal = number.as<Decimal>()) value = *decimal;
    if (!value) return;
    if (now().kind == Token::Kind::literal && now().value.as<std::string>() != nullptr) {
      number = item_of(Quantity{*value, *now().value.as<std::string>(), false});
      ++at_;
    } else if (now().kind == Token::Kind::identifier) {
      const std::string_view word = calendar_word(now().text);
      if (word.empty()) return;
      number = item_of(Quantity{*value, std::string(word), true});
      ++at_;
    }
  }

  Result<Part> variable() {
    const std::string& name = tokens_[at_++].text;
    if (name == "this") return make(Operator::this_item);
    if (name == "index") return make(Operator::this_index);
    if (name == "total") return make(Operator::this_total);
    --at_;
    return unexpected();
  }

  Result<Part> bracketed() {
    if (take_symbol("{")) {
      if (!take_symbol("}")) return unexpected();
      return make(Operator::literal);
    }
    if (!take_symbol("(")) return unexpected();
    XL_TRY_ASSIGN(Part out, expression(0));
    if (!take_symbol(")")) return unexpected();
    return out;
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<std::unique_ptr<Syntax>> parse_syntax(std::string_view text) {
  XL_TRY_ASSIGN(std::vector<Token> tokens, tokens_of(text));
  return Parser(std::move(tokens)).whole();
}

std::optional<TypeSpecifier> type_specifier_of(const Syntax& syntax) {
  if (syntax.op != Operator::member) return std::nullopt;
  const Syntax* before = syntax.operands[0].get();
  if (before == nullptr) return TypeSpecifier{{}, syntax.name};
  const bool spaced = before->op == Operator::member && before->operands[0] == nullptr;
  if (!spaced) return std::nullopt;
  return TypeSpecifier{before->name, syntax.name};
}

}  // namespace xl::fhir::fhirpath
