// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "gateway/router.h"
#include "gateway/services.h"

namespace xl::gateway::auth {

/// Adds `/auth/v1/...`: a challenge to sign, a token for the answer, who a token is of, signing
/// out.
void add_routes(Router& router, const Services& services);

/// Signs in with the body of `POST /auth/v1/tokens`, without a token. The challenge must state
/// exactly `statement`. Errors: challenge_invalid (it states something else), those of
/// `read_sign_in`, of sending the delegation and of `Tokens::authenticate`.
[[nodiscard]] Result<Tokens::SignedIn> authenticate(const Services& services, std::string_view body,
                                                    std::string_view statement);

}  // namespace xl::gateway::auth
