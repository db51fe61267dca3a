// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/bytes.h"
#include "model/id.h"

namespace xl::contracts::identity {

/// A key that someone asks to register, and for what.
struct KeyClaim {
  model::Id party;  ///< whose key it will be
  crypto::Algorithm algorithm{};
  Bytes public_key;
  std::uint32_t purposes = 0;
  std::uint64_t not_before_ms = 0;
  std::uint64_t not_after_ms = 0;
};

/// What the holder of a new key signs to prove that it holds it: tag ‖ 0x00 ‖ suite ‖ network (32)
/// ‖ party (16) ‖ algorithm (1) ‖ purposes (4) ‖ not before (8) ‖ not after (8) ‖ public key,
/// numbers big-endian. Binds the key to one network, one party and one use, so a proof shown
/// elsewhere is worthless. The tag is `model::tags::key_possession`.
[[nodiscard]] Bytes possession_bytes(const Hash& network, const KeyClaim& claim);

}  // namespace xl::contracts::identity
