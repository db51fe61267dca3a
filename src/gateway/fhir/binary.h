// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/fhir/face.h"

/// Binary as its own bytes (R4 §2.9.1): any media type in and out. As JSON it is a resource like
/// every other.
namespace xl::gateway::fhir {

/// Is this request about a Binary in its own media type? Then the formats of FHIR do not apply.
[[nodiscard]] bool is_raw_binary(const http::Request& request,
                                 const std::vector<std::string_view>& segments);

/// `POST Binary`, `PUT Binary/id` with the bytes as the body and whose they are in
/// `X-Security-Context` (a reference, such as to the Patient); `GET Binary/id`.
[[nodiscard]] http::Response answer_raw_binary(const Call& call);

}  // namespace xl::gateway::fhir
