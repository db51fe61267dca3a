// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/auth/tokens.h"

namespace xl::gateway::auth {

/// What a client sends to sign in.
struct SignIn {
  Tokens::Answer answer;
  Bytes delegation;  ///< a transaction of one `Delegate` message, not checked further; may be empty
};

/// Reads the body of `POST /auth/v1/tokens`. Errors: those of `json::parse` within 128 KiB and a
/// depth of 2, those of `model::decode_transaction`; parameter_invalid names the member.
[[nodiscard]] Result<SignIn> read_sign_in(std::string_view body);

}  // namespace xl::gateway::auth
