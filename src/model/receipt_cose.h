// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "crypto/signature.h"
#include "model/receipt.h"

namespace xl::model {

/// What a verified COSE receipt says: this entry is in the history of that size and root, as the
/// owner of a key states.
struct CoseReceipt {
  HistoryEntry entry;
  std::uint64_t history_index = 0;
  std::uint64_t history_size = 0;
  Hash history_root{};
  Hash key_id{};  ///< of the signer, as `key_id_of` gives it
};

/// The receipt of an executed transaction as a COSE Receipt of Inclusion (RFC 9942 §5.2.1): a
/// tagged COSE_Sign1 over the history's root, which is detached. The signature is `key`'s, not the
/// validators': who reads it trusts that key's owner to have looked, as others that understand COSE
/// and not CometBFT's headers do. The caller checks the receipt with `verify_receipt` before.
/// Format: `docs/reference/formats-cose.md`. Errors: receipt_malformed (no entry, or the only entry
/// of its history, which RFC 9942 cannot express), key_malformed (a passkey). Thread-safe.
[[nodiscard]] Result<Bytes> write_cose_receipt(const Receipt& receipt,
                                               const crypto::SigningKey& key);

/// True for bytes that begin as a COSE receipt does, with its tag; a JSON receipt never does.
[[nodiscard]] bool begins_like_cose(ByteView bytes);

/// The id of the key that a COSE receipt names as its signer's. It says nothing until
/// `verify_cose_receipt` was asked with that key. Errors: receipt_malformed. Thread-safe.
[[nodiscard]] Result<Hash> cose_signer(ByteView bytes);

/// Checks a COSE receipt as `write_cose_receipt` makes it, deterministic CBOR and nothing besides,
/// against the signer's public key. Errors: receipt_malformed, receipt_entry_mismatch (the path
/// does not lead from the entry to a root), receipt_signature_invalid (other key, algorithm, root
/// or bytes). Thread-safe.
[[nodiscard]] Result<CoseReceipt> verify_cose_receipt(ByteView bytes, crypto::Algorithm algorithm,
                                                      ByteView public_key);

}  // namespace xl::model
