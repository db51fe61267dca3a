// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <string_view>

namespace xl::query {

/// A text as string searches compare it (FHIR R4 §3.1.1.4.8): case folded as Unicode has it,
/// without accents (combining marks U+0300..U+036F) and strokes of Latin letters; what is the same
/// but for its form (full width, ligatures, letters and their marks apart) is the same; control
/// characters are dropped, runs of spaces become one, none stays at either end. Input and result
/// are UTF-8; of what is none only ASCII is folded. Linear. Thread-safe.
/// What has nothing left but is not empty, such as an accent alone, stays as it is.
[[nodiscard]] std::string fold(std::string_view text);

/// `fold`, of what is too long for a term its beginning: up to `term_bytes_max` bytes.
[[nodiscard]] std::string folded_term(std::string_view text);

}  // namespace xl::query
