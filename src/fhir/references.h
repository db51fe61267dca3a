// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/json/json.h"

namespace xl::fhir {

/// Called with the text of one `Reference.reference`, and the Reference object it stands in.
using ReferenceVisitor = std::function<void(std::string_view text, json::Value reference)>;

/// As above, with the FHIRPath of the Reference: `Bundle.entry[1].resource.subject`.
using PlacedVisitor = std::function<void(std::string_view text, const std::string& place)>;

/// Called with a resource inside another one, where it stands (`List.contained[0]`), and the
/// element that holds it: an entry of a Bundle has a `fullUrl`.
using InnerVisitor =
    std::function<void(json::Value resource, const std::string& place, json::Value holder)>;

/// The new text of a reference or URI, or nothing to leave it as it is.
using ReferenceMap = std::function<std::optional<std::string>(std::string_view text)>;

/// Visits every `Reference.reference` of a resource in document order: in any element, in contained
/// resources, in entries of a Bundle, and in extensions. Elements that R4 does not define are not
/// looked into. Linear, at most `walk_depth_max` levels deep. Thread-safe.
void for_each_reference(json::Value resource, const ReferenceVisitor& visit);

/// Visits every `Reference.reference` as `for_each_reference` does, and every resource inside:
/// contained, in entries of a Bundle, in Parameters; those inside these too. Either may be empty.
void walk_links(json::Value resource, const PlacedVisitor& on_reference,
                const InnerVisitor& on_inner);

/// Rewrites the links of a resource as a FHIR transaction does (R4 §3.1.0.11.2): the map is asked
/// for every `Reference.reference`; for every absolute value of type uri, url, canonical, oid and
/// uuid; and for every `href` and `src` of narratives. What it answers replaces the text in place.
/// The map should look up a known list of full URLs: it is also asked for canonicals and
/// namespaces. Returns how many texts were replaced. Linear, at most `walk_depth_max` levels deep.
/// Not thread-safe.
std::size_t rewrite_references(json::Node resource, const ReferenceMap& map);

/// As `rewrite_references`, of `Reference.reference` alone.
std::size_t rewrite_only_references(json::Node resource, const ReferenceMap& map);

/// Levels of objects that are walked; deeper ones cannot be valid (see validate.h).
constexpr std::size_t walk_depth_max = 64;

}  // namespace xl::fhir
