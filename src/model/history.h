// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace xl::model {

/// One leaf of the history tree: that a transaction was executed, where, and with what result.
struct HistoryEntry {
  Hash transaction_id{};
  std::uint64_t height = 0;
  std::uint32_t index = 0;           ///< position of the envelope in the block
  std::uint32_t envelope_index = 0;  ///< position of the transaction in the envelope
  std::uint32_t status = 0;          ///< 0: applied
  Hash result_digest{};
  bool operator==(const HistoryEntry&) const = default;
};

/// Canonical encoding: the leaf's preimage.
[[nodiscard]] Bytes encode_history_entry(const HistoryEntry& entry);

/// Decodes what `encode_history_entry` wrote, canonical only. Errors: receipt_malformed.
[[nodiscard]] Result<HistoryEntry> decode_history_entry(ByteView bytes);

/// SHA-256(0x00 ‖ encoding): the leaf of the RFC 9162 tree.
[[nodiscard]] Hash history_leaf(const HistoryEntry& entry);

/// Digest of an encoded TransactionResult.
[[nodiscard]] Hash result_digest(ByteView result_bytes);

/// What a block's execution commits to: SHA-256(tag ‖ 0x00 ‖ suite ‖ state root ‖ history root ‖
/// history size, 8 bytes big-endian). Changes only when something was executed.
[[nodiscard]] Hash app_hash(const Hash& state_root, const Hash& history_root,
                            std::uint64_t history_size);

/// Where a state key stands in the sparse Merkle tree.
[[nodiscard]] Hash state_path(ByteView key);

/// What a leaf says of its value (version byte included).
[[nodiscard]] Hash state_value_hash(ByteView value);

}  // namespace xl::model
