// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "client/session.h"

namespace xl::client {

/// Why somebody breaks the glass.
struct Emergency {
  model::Id patient;  ///< towards the custodian
  std::string code;   ///< 1..64 bytes
  std::string text;   ///< 1..1,024 bytes
};

/// Breaks the glass at `custodian`: the practitioner of the session signs, its organisation
/// co-signs there. Returns the entry, the handle that reads name in `X-Emergency-Entry`. `sent`
/// receives what became of it. Errors: key_unknown, node_unreachable, what the node answers.
[[nodiscard]] Result<model::Id> declare_emergency(Session& doctor, const model::Id& custodian,
                                                  const Emergency& emergency, Sent& sent);

}  // namespace xl::client
