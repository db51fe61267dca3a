// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/json/json.h"
#include "base/result.h"

/// Changes to a resource in place (FHIR R4 §3.1.0.7). The result is to be validated as any resource
/// that comes from outside.
namespace xl::fhir {

/// Operations of one patch.
constexpr std::size_t patch_operations_max = 1000;

/// Applies a JSON Patch (RFC 6902). `test` compares numbers by value and members in any order.
/// After an error the document is half changed: it must be thrown away. Errors: fhir_patch_invalid
/// (form), fhir_patch_unapplied (a path leads nowhere, a test fails); each names the element and
/// the operation.
[[nodiscard]] Status apply_json_patch(json::Document& resource, json::Value patch);

/// Applies a FHIRPath Patch: a Parameters resource with operations add, insert, delete, replace and
/// move. As `apply_json_patch`; a deletion of what is not there does nothing. Errors: also those of
/// FHIRPath.
[[nodiscard]] Status apply_fhirpath_patch(json::Document& resource, json::Value parameters);

}  // namespace xl::fhir
