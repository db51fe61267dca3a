// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fhir/fhirpath/value.h"

/// For the sources of this folder only.
namespace xl::fhir::fhirpath {

enum class Operator : std::uint8_t {
  literal,     ///< `literal`; none: the empty collection `{}`
  member,      ///< `name` of operands[0], or of the focus when there is none
  call,        ///< `name`: operands[0] is the input or null, the arguments follow
  index,       ///< operands[0] [ operands[1] ]
  this_item,   ///< $this
  this_index,  ///< $index
  this_total,  ///< $total
  external,    ///< %name
  negate,      ///< -operands[0]
  keep,        ///< +operands[0]
  is_type,     ///< operands[0] is `type`
  as_type,     ///< operands[0] as `type`
  binary       ///< `name` between operands[0] and operands[1]
};

/// A type as an expression names it.
struct TypeSpecifier {
  std::string space;  ///< `FHIR`, `System`, or empty
  std::string name;
};

/// A node of the syntax tree.
struct Syntax {
  Operator op = Operator::literal;
  std::string name;
  Collection literal;
  TypeSpecifier type;
  std::vector<std::unique_ptr<Syntax>> operands;
  int depth = 1;  ///< levels of the tree below, with this one
};

/// Parses a whole expression. Errors: fhirpath_invalid (names the byte).
[[nodiscard]] Result<std::unique_ptr<Syntax>> parse_syntax(std::string_view text);

/// A member chain such as `FHIR.Patient` as a type; nothing for another expression.
[[nodiscard]] std::optional<TypeSpecifier> type_specifier_of(const Syntax& syntax);

}  // namespace xl::fhir::fhirpath
