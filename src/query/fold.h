// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <string_view>

namespace xl::query {

/// A text as string searches compare it (FHIR R4 §3.1.1.4.8): lower case and without accents for
/// the Latin letters up to U+017F, lower case for Greek and Cyrillic; combining marks and control
/// characters are dropped, runs of spaces become one, none stays at either end. Everything else,
/// such as Han characters, is kept. Input and result are UTF-8. Linear. Thread-safe.
[[nodiscard]] std::string fold(std::string_view text);

}  // namespace xl::query
