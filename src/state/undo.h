// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <optional>

#include "base/bytes.h"

/// What a block overwrote, as it is stored: the canonical `Undo` of undo.proto. Thread-safe.
namespace xl::state {

/// Appends one entry; keys ascend. `old`: what the key held, nothing where it was absent. Values
/// are never empty.
void append_undo(Bytes& out, ByteView key, std::optional<ByteView> old);

/// Visits the entries of a stored record. False when it is malformed.
[[nodiscard]] bool visit_undo(ByteView stored,
                              const std::function<void(ByteView, std::optional<ByteView>)>& visit);

}  // namespace xl::state
