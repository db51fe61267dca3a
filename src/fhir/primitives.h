// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fhir/definitions.h"

namespace xl::fhir {

/// R4 §2.24.0.1: strings shall not exceed 1 MB. Characters and bytes differ outside of ASCII; the
/// bound is on bytes, as storage and wire are.
constexpr std::size_t string_bytes_max = 1024 * 1024;
/// Base64 may be larger than a string; the JSON text around it has its own bound.
constexpr std::size_t base64_bytes_max = 16 * 1024 * 1024;
constexpr std::size_t id_bytes_max = 64;

/// What is wrong with a primitive value.
enum class Fault : std::uint8_t { none, form, length };

/// Judges the text of a value whose JSON form is a string: the regular expression and range that R4
/// §2.24.0.1 gives for its type, and for dates the calendar. `xhtml` is judged by narrative.h.
/// Precondition: a primitive kind that is no boolean and no number. Linear. Thread-safe.
[[nodiscard]] Fault text_fault(Kind kind, std::string_view text);

/// Judges a number as JSON writes it: `integer`, `unsigned_int` and `positive_int` without fraction
/// and exponent and within 32 bits, `decimal` as any number. Precondition: one of these kinds.
[[nodiscard]] Fault number_fault(Kind kind, std::string_view text);

/// The form that values of a primitive type have, for diagnostics: `YYYY, YYYY-MM or YYYY-MM-DD`.
[[nodiscard]] std::string_view expected_form(Kind kind);

/// Bytes that a base64 text stands for, without decoding it. Precondition: it has no fault.
[[nodiscard]] std::size_t base64_size(std::string_view text);

}  // namespace xl::fhir
