// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/result.h"
#include "gateway/http/message.h"

/// Formats that a client sends and wants (FHIR R4 §3.1.0.1.9, RFC 9110 §12).
namespace xl::gateway::fhir {

/// Can this server read what the request carries and write what it asks for: FHIR in JSON, by any
/// of its names. `_format` overrides `Accept`. Errors: not_acceptable, media_type_unsupported (each
/// says what was asked for).
[[nodiscard]] Status check_formats(const http::Request& request);

/// True when `text` names FHIR's JSON or XML.
[[nodiscard]] bool is_fhir_media(std::string_view text);

/// Does the request want a Binary's own bytes rather than the resource: is there an `Accept` that
/// names a type of its own, and none of FHIR?
[[nodiscard]] bool wants_bytes(const http::Request& request);

}  // namespace xl::gateway::fhir
