// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>
#include <array>

#include "fhir/fhirpath/evaluator.h"

namespace xl::fhir::fhirpath {
namespace {

/// What a search or a patch wants takes some hundreds.
constexpr std::size_t steps_max = 1'000'000;
/// Copying a text is work too.
constexpr std::size_t text_bytes_per_step = 64;

/// Functions without order, whose results have no first item.
bool is_unordered(const Syntax* input) {
  return input != nullptr && input->op == Operator::call &&
         (input->name == "children" || input->name == "descendants");
}

/// Every function must be one that there is, with as many arguments as it takes.
Status check_functions(const Syntax& syntax) {
  if (syntax.op == Operator::call) {
    const Function* function = find_function(syntax.name);
    if (function == nullptr) {
      return make_error(ErrorCode::fhirpath_unsupported, "the function " + syntax.name);
    }
    const std::size_t count = syntax.operands.size() - 1;
    if (count < function->arguments_min || count > function->arguments_max) {
      return invalid("wrong number of arguments: " + syntax.name);
    }
  }
  for (const auto& operand : syntax.operands) {
    if (operand) XL_TRY(check_functions(*operand));
  }
  return {};
}

std::optional<bool> not_of(std::optional<bool> value) {
  return value ? std::optional(!*value) : std::nullopt;
}

/// Collections with the same items in any order.
bool equivalent_collections(const Collection& a, const Collection& b) {
  if (a.size() != b.size()) return false;
  std::vector<bool> used(b.size());
  for (const Item& item : a) {
    std::size_t i = 0;
    while (i < b.size() && (used[i] || !equivalent_items(item, b[i]))) ++i;
    if (i == b.size()) return false;
    used[i] = true;
  }
  return true;
}

Result<Collection> ordered(std::string_view name, const Collection& a, const Collection& b) {
  if (a.empty() || b.empty()) return Collection{};
  if (a.size() > 1 || b.size() > 1) return invalid("several items are compared");
  XL_TRY_ASSIGN(const auto order, order_of(a.front(), b.front()));
  if (!order) return Collection{};
  if (name == "<") return truth(*order < 0);
  if (name == ">") return truth(*order > 0);
  return truth(name == "<=" ? *order <= 0 : *order >= 0);
}

Result<Collection> membership(const Collection& item, const Collection& items) {
  if (item.empty()) return Collection{};
  if (item.size() > 1) return invalid("one item is looked for");
  return truth(holds(items, item.front()));
}

}  // namespace

Result<std::optional<bool>> truth_of(const Collection& collection) {
  if (collection.empty()) return std::optional<bool>();
  if (collection.size() > 1) return invalid("one condition is wanted");
  const auto value = system_value(collection.front());
  const bool* said = value ? value->as<bool>() : nullptr;
  return std::optional(said == nullptr || *said);
}

bool holds(const Collection& items, const Item& item) {
  return std::any_of(items.begin(), items.end(),
                     [&](const Item& other) { return equal_items(item, other).value_or(false); });
}

Status add_distinct(Evaluator& evaluator, const Collection& more, Collection& out) {
  for (const Item& item : more) {
    XL_TRY(evaluator.charge(out.size()));
    if (!holds(out, item)) out.push_back(item);
  }
  return {};
}

std::optional<bool> equal_collections(const Collection& a, const Collection& b) {
  if (a.empty() || b.empty()) return std::nullopt;
  if (a.size() != b.size()) return false;
  bool known = true;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto same = equal_items(a[i], b[i]);
    if (same == false) return false;
    known = known && same.has_value();
  }
  return known ? std::optional(true) : std::nullopt;
}

const Function* find_function(std::string_view name) {
  for (const auto functions : {collection_functions(), text_functions(), number_functions(),
                               conversion_functions(), fhir_functions()}) {
    for (const Function& one : functions) {
      if (one.name == name) return &one;
    }
  }
  return nullptr;
}

Status Evaluator::charge(std::size_t steps) {
  steps_ += steps;
  return steps_ > steps_max ? Status(make_error(ErrorCode::fhirpath_too_costly)) : Status{};
}

Status Evaluator::charge_text(std::size_t bytes) {
  if (bytes > text_bytes_max) return make_error(ErrorCode::fhirpath_too_costly);
  return charge(bytes / text_bytes_per_step);
}

Result<Collection> Evaluator::run(const Syntax& syntax, const Scope& scope) {
  XL_TRY(charge(1));
  switch (syntax.op) {
    case Operator::literal:
      return syntax.literal;
    case Operator::member:
      return member(syntax, scope);
    case Operator::call:
      return call(syntax, scope);
    case Operator::index:
      return indexed(syntax, scope);
    case Operator::this_item:
      return scope.focus;
    case Operator::this_index:
      return scope.index ? one(item_of(*scope.index)) : Collection{};
    case Operator::this_total:
      return scope.total != nullptr ? *scope.total : Collection{};
    case Operator::external:
      return external(syntax.name);
    case Operator::keep:
    case Operator::negate: {
      XL_TRY_ASSIGN(const Collection value, run(*syntax.operands[0], scope));
      XL_TRY_ASSIGN(Collection out, negated(value));
      return syntax.op == Operator::keep ? value : out;
    }
    case Operator::is_type:
    case Operator::as_type: {
      XL_TRY_ASSIGN(const Collection value, run(*syntax.operands[0], scope));
      const TypeSpecifier& type = syntax.type;
      if (!is_known_type(type.space, type.name)) return invalid("there is no such type");
      if (value.size() > 1 && (environment_.strict || syntax.op == Operator::is_type)) {
        return invalid("one item has a type");
      }
      if (syntax.op == Operator::is_type) {
        if (value.empty()) return Collection{};
        return truth(is_of_type(value.front(), type.space, type.name, false));
      }
      Collection out;
      for (const Item& item : value) {
        if (is_of_type(item, type.space, type.name, true)) out.push_back(item);
      }
      return out;
    }
    case Operator::binary:
      break;
  }
  return binary(syntax, scope);
}

/// In strict mode: no type of the input has the element.
Status Evaluator::check_member(const Syntax& syntax, const Collection& input) const {
  const Syntax* before = syntax.operands[0].get();
  if (before != nullptr && before->op == Operator::as_type) {
    const auto type = find_type(before->type.name);
    if (type && !has_element(*type, syntax.name)) return invalid("there is no such element");
  }
  for (const Item& item : input) {
    const NodeItem* node = item.node();
    if (node == nullptr || is_primitive(node->kind)) return {};
    if (has_element(node->type, syntax.name)) return {};
  }
  return input.empty() ? Status{} : Status(invalid("there is no such element"));
}

Result<Collection> Evaluator::member(const Syntax& syntax, const Scope& scope) {
  const Syntax* before = syntax.operands[0].get();
  Collection input;
  if (before != nullptr) {
    XL_TRY_ASSIGN(input, run(*before, scope));
  } else {
    input = scope.focus;
    // `Patient.name`: the type of what is looked at.
    const NodeItem* node = input.size() == 1 ? input.front().node() : nullptr;
    const bool resource = node != nullptr && node->kind == Kind::resource;
    if (resource && is_of_type(input.front(), {}, syntax.name, false)) return input;
  }
  if (environment_.strict) XL_TRY(check_member(syntax, input));
  Collection out;
  for (const Item& item : input) append_children(item, syntax.name, out);
  XL_TRY(charge(out.size()));
  return out;
}

Status Evaluator::check_ordered(const Syntax* input) const {
  if (!environment_.strict || !is_unordered(input)) return {};
  return invalid("what has no order has no first item");
}

Result<Collection> Evaluator::call(const Syntax& syntax, const Scope& scope) {
  const Function* function = find_function(syntax.name);
  if (function == nullptr) return make_error(ErrorCode::fhirpath_unsupported, syntax.name);
  constexpr std::array<std::string_view, 5> by_order = {"first", "last", "tail", "skip", "take"};
  const Syntax* before = syntax.operands[0].get();
  if (std::find(by_order.begin(), by_order.end(), syntax.name) != by_order.end()) {
    XL_TRY(check_ordered(before));
  }
  if (before == nullptr) return function->run({*this, syntax, scope.focus, scope});
  XL_TRY_ASSIGN(const Collection input, run(*before, scope));
  return function->run({*this, syntax, input, scope});
}

Result<Collection> Evaluator::indexed(const Syntax& syntax, const Scope& scope) {
  XL_TRY(check_ordered(syntax.operands[0].get()));
  XL_TRY_ASSIGN(const Collection input, run(*syntax.operands[0], scope));
  XL_TRY_ASSIGN(const Collection at, run(*syntax.operands[1], scope));
  if (at.empty()) return Collection{};
  const auto value = at.size() == 1 ? system_value(at.front()) : std::nullopt;
  const auto* index = value ? value->as<std::int64_t>() : nullptr;
  if (index == nullptr) return invalid("an index is an Integer");
  if (*index < 0 || static_cast<std::size_t>(*index) >= input.size()) return Collection{};
  return one(input[static_cast<std::size_t>(*index)]);
}

Result<Collection> Evaluator::external(const std::string& name) const {
  if (name == "context") return context_;
  if (name == "resource" || name == "rootResource") {
    const auto item = resource_item(environment_.resource);
    return item ? one(*item) : Collection{};
  }
  const auto text = [](std::string_view value) { return one(item_of(std::string(value))); };
  if (name == "ucum") return text("http://unitsofmeasure.org");
  if (name == "sct") return text("http://snomed.info/sct");
  if (name == "loinc") return text("http://loinc.org");
  if (name.starts_with("vs-")) return text("http://hl7.org/fhir/ValueSet/" + name.substr(3));
  if (name.starts_with("ext-")) {
    return text("http://hl7.org/fhir/StructureDefinition/" + name.substr(4));
  }
  auto given = environment_.variable ? environment_.variable(name) : std::nullopt;
  if (!given) return invalid("there is no variable of this name");
  return std::move(*given);
}

Result<Collection> Evaluator::binary(const Syntax& syntax, const Scope& scope) {
  const std::string& name = syntax.name;
  if (name == "and" || name == "or" || name == "xor" || name == "implies") {
    return logic(syntax, scope);
  }
  XL_TRY_ASSIGN(Collection left, run(*syntax.operands[0], scope));
  XL_TRY_ASSIGN(const Collection right, run(*syntax.operands[1], scope));
  if (name == "=") return truth(equal_collections(left, right));
  if (name == "!=") return truth(not_of(equal_collections(left, right)));
  if (name == "~" || name == "!~") {
    XL_TRY(charge(left.size() * right.size()));
    return truth(equivalent_collections(left, right) == (name == "~"));
  }
  if (name == "<" || name == "<=" || name == ">" || name == ">=") {
    return ordered(name, left, right);
  }
  if (name == "in") return membership(left, right);
  if (name == "contains") return membership(right, left);
  if (name == "|") {
    Collection out;
    XL_TRY(add_distinct(*this, left, out));
    XL_TRY(add_distinct(*this, right, out));
    return out;
  }
  XL_TRY_ASSIGN(Collection out, arithmetic(name, left, right));
  const auto* text = out.empty() ? nullptr : out.front().as<std::string>();
  if (text != nullptr) XL_TRY(charge_text(text->size()));
  return out;
}

/// Three-valued (FHIRPath N1 §6.5).
Result<Collection> Evaluator::logic(const Syntax& syntax, const Scope& scope) {
  XL_TRY_ASSIGN(const Collection left, run(*syntax.operands[0], scope));
  XL_TRY_ASSIGN(const auto a, truth_of(left));
  const std::string& name = syntax.name;
  if (name == "and" && a == false) return truth(false);
  if (name == "or" && a == true) return truth(true);
  if (name == "implies" && a == false) return truth(true);
  XL_TRY_ASSIGN(const Collection right, run(*syntax.operands[1], scope));
  XL_TRY_ASSIGN(const auto b, truth_of(right));
  if (name == "and") {
    if (b == false) return truth(false);
    return truth(a && b ? std::optional(true) : std::nullopt);
  }
  if (name == "or") {
    if (b == true) return truth(true);
    return truth(a && b ? std::optional(false) : std::nullopt);
  }
  if (name == "xor") return truth(a && b ? std::optional(*a != *b) : std::nullopt);
  if (b == true) return truth(true);
  return truth(a && b ? std::optional(false) : std::nullopt);
}

Expression::Expression(std::unique_ptr<const Syntax> syntax) : syntax_(std::move(syntax)) {}
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;
Expression::~Expression() = default;

Result<Expression> Expression::parse(std::string_view text) {
  XL_TRY_ASSIGN(std::unique_ptr<Syntax> syntax, parse_syntax(text));
  XL_TRY(check_functions(*syntax));
  return Expression(std::move(syntax));
}

Result<Collection> Expression::evaluate(const Collection& focus,
                                        const Environment& environment) const {
  Evaluator evaluator(environment, focus);
  return evaluator.run(*syntax_, {focus, std::nullopt, nullptr});
}

}  // namespace xl::fhir::fhirpath
