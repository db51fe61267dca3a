// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "model/id.h"

namespace xl::contracts::identity {

/// What a key signs to sign in (formats-custody.md §1): tag ‖ 0x00 ‖ suite ‖ network (32) ‖
/// organisation (16) ‖ key id (32) ‖ challenge as sent. Binds the sign-in to one network,
/// organisation and key. Thread-safe.
[[nodiscard]] Bytes sign_in_bytes(const Hash& network, const model::Id& organisation,
                                  const Hash& key_id, std::string_view challenge);

}  // namespace xl::contracts::identity
