// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstddef>
#include <string_view>

namespace xl::fhir {

/// Elements inside each other in a narrative.
constexpr std::size_t narrative_depth_max = 64;

/// True when a text is a narrative as R4 §2.4.0 allows (txt-1): one `div` of well-formed XHTML,
/// with the elements and attributes of HTML 4.0 chapters 7 to 11 and 15, `a` and `img`; no scripts,
/// forms, frames, event handlers or `javascript:` links. It may be blank: some of HL7's own
/// examples are, against txt-2. Linear, at most `narrative_depth_max` levels deep. Thread-safe.
[[nodiscard]] bool is_narrative(std::string_view xhtml);

}  // namespace xl::fhir
