// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/signature.h"
#include "model/id.h"

namespace xl::model {

/// Names the key that must sign, by its digest.
struct Signer {
  Hash key_id{};
  crypto::Algorithm algorithm{};
};

/// A call to one contract. `payload` is the canonical encoding of message `type` of `contract`.
struct Message {
  std::uint8_t contract = 0;
  std::uint16_t type = 0;
  Bytes payload;
};

/// What the signers sign: who, until when, and what is to be done.
struct Body {
  Hash network{};
  std::vector<Signer> signers;
  std::uint64_t valid_until_ms = 0;
  std::array<std::uint8_t, limits::id_bytes> nonce{};
  std::vector<Message> messages;
};

/// A decoded transaction that keeps the bytes it was decoded from: what was signed is never
/// serialised again. Decoding says nothing about signatures; `verification` does.
struct Transaction {
  Bytes raw;         ///< the whole transaction as received
  Bytes body_bytes;  ///< the body as received: what was signed
  Body body;
  std::vector<Bytes> signatures;
  Hash id{};
};

/// Encodes a body canonically. Precondition: the body is within `limits`.
[[nodiscard]] Bytes encode_body(const Body& body);

/// The bytes that a signer of `body_bytes` signs: tag ‖ 0x00 ‖ suite ‖ body.
[[nodiscard]] Bytes signed_bytes(ByteView body_bytes);

/// SHA-256(tag ‖ 0x00 ‖ suite ‖ body): does not depend on the signatures.
[[nodiscard]] Hash transaction_id(ByteView body_bytes);

/// Joins a body and its signatures (suite byte first, one per signer, same order).
[[nodiscard]] Bytes encode_transaction(ByteView body_bytes, const std::vector<Bytes>& signatures);

/// Encodes and signs in one step. Precondition: `keys` are the keys of `body.signers`, in order.
[[nodiscard]] Bytes sign_transaction(const Body& body,
                                     const std::vector<const crypto::SigningKey*>& keys);

/// Decodes a transaction: size, canonical form, bounds of every field, one signature per signer.
/// Errors: transaction_too_large, transaction_malformed, transaction_not_canonical,
/// transaction_version_unsupported, transaction_field_out_of_bounds, algorithm_unknown,
/// signature_missing, signature_extra. Thread-safe.
[[nodiscard]] Result<Transaction> decode_transaction(ByteView raw);

}  // namespace xl::model
