// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json/json.h"

namespace xl::fhir {

/// Which part of a resource is shown (R4 §3.1.1.5.8, `_summary`).
enum class Summary {
  none,  ///< all of it
  yes,   ///< the elements that the definitions mark as summary
  text,  ///< narrative, id, meta and what is required
  data   ///< all but the narrative
};

/// A part of a resource as JSON text, tagged SUBSETTED in its `meta`, so that nobody takes it for
/// the whole. With `elements` (`_elements`): these, id, meta and what is required; `summary` then
/// does not count. A name may begin with the type (`Patient.name`); a choice goes by its common
/// name (`value`). What is no resource of R4 stays as it is. Thread-safe.
[[nodiscard]] std::string part_of_resource(json::Value resource, Summary summary,
                                           std::span<const std::string> elements);

/// True for a resource that says that it is a part. Thread-safe.
[[nodiscard]] bool is_part(json::Value resource);

}  // namespace xl::fhir
