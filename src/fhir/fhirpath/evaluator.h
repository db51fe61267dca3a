// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "fhir/fhirpath/fhirpath.h"
#include "fhir/fhirpath/syntax.h"

/// For the sources of this folder only.
namespace xl::fhir::fhirpath {

/// Texts grow by joining and replacing.
constexpr std::size_t text_bytes_max = 4U << 20U;

/// What `$this`, `$index` and `$total` mean at a place of an expression.
struct Scope {
  const Collection& focus;
  std::optional<std::int64_t> index;
  const Collection* total = nullptr;
};

/// One evaluation. Its recursion is bounded by the depth of the syntax.
class Evaluator {
 public:
  explicit Evaluator(const Environment& environment, const Collection& context)
      : environment_(environment), context_(context) {}

  [[nodiscard]] Result<Collection> run(const Syntax& syntax, const Scope& scope);
  [[nodiscard]] const Environment& environment() const { return environment_; }
  /// Counts work. Errors: fhirpath_too_costly.
  [[nodiscard]] Status charge(std::size_t steps);
  /// Counts the work of a text, which may have 4 MiB. Errors: fhirpath_too_costly.
  [[nodiscard]] Status charge_text(std::size_t bytes);

 private:
  [[nodiscard]] Result<Collection> member(const Syntax& syntax, const Scope& scope);
  [[nodiscard]] Result<Collection> call(const Syntax& syntax, const Scope& scope);
  [[nodiscard]] Result<Collection> indexed(const Syntax& syntax, const Scope& scope);
  [[nodiscard]] Result<Collection> external(const std::string& name) const;
  [[nodiscard]] Result<Collection> binary(const Syntax& syntax, const Scope& scope);
  [[nodiscard]] Result<Collection> logic(const Syntax& syntax, const Scope& scope);
  [[nodiscard]] Status check_member(const Syntax& syntax, const Collection& input) const;
  [[nodiscard]] Status check_ordered(const Syntax* input) const;

  const Environment& environment_;
  const Collection& context_;
  std::size_t steps_ = 0;
};

/// A function that is being called.
struct Call {
  Evaluator& evaluator;
  const Syntax& syntax;
  const Collection& input;
  const Scope& scope;

  [[nodiscard]] std::size_t count() const { return syntax.operands.size() - 1; }
  [[nodiscard]] const Syntax& part(std::size_t number) const {
    return *syntax.operands[number + 1];
  }
  /// An argument evaluated where the call stands.
  [[nodiscard]] Result<Collection> argument(std::size_t number) const {
    return evaluator.run(part(number), scope);
  }
  /// An argument evaluated for one item of the input.
  [[nodiscard]] Result<Collection> argument_for(std::size_t number, const Collection& item,
                                                std::size_t index,
                                                const Collection* total = nullptr) const {
    return evaluator.run(part(number), {item, static_cast<std::int64_t>(index), total});
  }
  /// An argument as one text or one number; nothing when it is empty. Errors: fhirpath_invalid.
  [[nodiscard]] Result<std::optional<std::string>> text(std::size_t number) const;
  [[nodiscard]] Result<std::optional<std::int64_t>> integer(std::size_t number) const;
  /// The input as one value or one text; nothing when it is empty. Errors: fhirpath_invalid.
  [[nodiscard]] Result<std::optional<Item>> value() const;
  [[nodiscard]] Result<std::optional<std::string>> text_input() const;
};

/// A function by its name.
struct Function {
  std::string_view name;
  std::size_t arguments_min;
  std::size_t arguments_max;
  Result<Collection> (*run)(const Call& call);
};
[[nodiscard]] std::span<const Function> collection_functions();
[[nodiscard]] std::span<const Function> text_functions();
[[nodiscard]] std::span<const Function> number_functions();
[[nodiscard]] std::span<const Function> conversion_functions();
[[nodiscard]] std::span<const Function> fhir_functions();
/// The function called `name`, or null.
[[nodiscard]] const Function* find_function(std::string_view name);

/// `+ - * / div mod &` between two values. Empty where there is no result. Errors:
/// fhirpath_invalid (types).
[[nodiscard]] Result<Collection> arithmetic(std::string_view name, const Collection& left,
                                            const Collection& right);
/// `-` before a value. Errors: fhirpath_invalid.
[[nodiscard]] Result<Collection> negated(const Collection& value);

/// Adds the items of `more` that are not there yet. Errors: fhirpath_too_costly.
[[nodiscard]] Status add_distinct(Evaluator& evaluator, const Collection& more, Collection& out);
/// True when one of `items` equals `item`.
[[nodiscard]] bool holds(const Collection& items, const Item& item);
/// `=` of two collections.
[[nodiscard]] std::optional<bool> equal_collections(const Collection& a, const Collection& b);

/// A fhirpath_invalid that says what is wrong.
[[nodiscard]] inline Error invalid(std::string_view what) {
  return make_error(ErrorCode::fhirpath_invalid, what);
}
/// A collection of one item.
[[nodiscard]] inline Collection one(Item item) {
  Collection out;
  out.push_back(std::move(item));
  return out;
}
/// A Boolean, or nothing where it is not known.
[[nodiscard]] inline Collection truth(std::optional<bool> value) {
  return value ? one(item_of(*value)) : Collection{};
}

}  // namespace xl::fhir::fhirpath
