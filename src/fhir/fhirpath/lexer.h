// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/fhirpath/value.h"

/// For the sources of this folder only.
namespace xl::fhir::fhirpath {

/// A word of an expression.
struct Token {
  enum class Kind : std::uint8_t {
    identifier,
    quoted_identifier,  ///< in backticks
    literal,            ///< `value`: number, string, date or time
    symbol,
    variable,  ///< $this
    external,  ///< %resource
    end
  };
  Kind kind = Kind::end;
  std::string text;
  Item value{false};
  std::size_t at = 0;  ///< byte of the expression
};

/// The words of an expression, `end` last. Errors: fhirpath_invalid (names the byte; too long).
[[nodiscard]] Result<std::vector<Token>> tokens_of(std::string_view text);

}  // namespace xl::fhir::fhirpath
