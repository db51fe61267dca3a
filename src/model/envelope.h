// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/signature.h"
#include "model/limits.h"

namespace xl::model {

/// Several transactions packed by a member into one transaction of the ordering engine. Each keeps
/// its own result, history entry and receipt.
struct Envelope {
  Hash key_id{};               ///< the member's envelope key
  std::uint64_t sequence = 0;  ///< counted by the member; keeps equal content distinct
  std::vector<Bytes> transactions;
  Bytes content;    ///< as received: what the member signed
  Bytes signature;  ///< suite byte ‖ 64 bytes
};

/// Encodes and signs an envelope. Precondition: 1..envelope_transactions_max transactions, in all
/// at most envelope_bytes_max bytes.
[[nodiscard]] Bytes seal_envelope(const Hash& key_id, std::uint64_t sequence,
                                  const std::vector<Bytes>& transactions,
                                  const crypto::SigningKey& key);

/// An envelope as its own member made it.
struct PackedEnvelope {
  Bytes raw;          ///< as it goes to the ordering engine
  Envelope envelope;  ///< the same decoded, but for the transactions: who packed them has them
};

/// As `seal_envelope`, for a member that goes on to execute what it packed.
[[nodiscard]] PackedEnvelope pack_envelope(const Hash& key_id, std::uint64_t sequence,
                                           std::span<const ByteView> transactions,
                                           const crypto::SigningKey& key);

/// Decodes an envelope: size, canonical form, bounds. Signatures are not checked.
/// Errors: envelope_malformed. Thread-safe.
[[nodiscard]] Result<Envelope> decode_envelope(ByteView raw);

/// The bytes that the packing member signs: tag ‖ 0x00 ‖ suite ‖ content.
[[nodiscard]] Bytes envelope_signed_bytes(ByteView content);

}  // namespace xl::model
