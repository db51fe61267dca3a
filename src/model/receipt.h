// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/sparse_merkle.h"
#include "model/comet/light_client.h"
#include "model/genesis.h"
#include "model/history.h"
#include "model/transaction.h"

namespace xl::model {

/// A state key, what it held, and the proof that it did.
struct StateProof {
  Bytes key;
  std::optional<Bytes> value;  ///< with its version byte; nothing: proof of absence
  crypto::sparse_merkle::Proof proof;
};

/// Who signed: the key that the body names only by its digest, and the signature.
struct SignerProof {
  Bytes public_key;
  Bytes signature;  ///< suite byte first
};

/// Everything needed to check, with nothing but the network's genesis, that a transaction was
/// executed with a certain result (`entry`), or what a state key held (`state`), or both.
/// Format: `docs/reference/formats.md` §8.
struct Receipt {
  std::optional<HistoryEntry> entry;
  std::uint64_t history_index = 0;  ///< of the entry's leaf
  std::uint64_t history_size = 0;
  std::vector<Hash> history_path;
  Hash state_root{};
  Hash history_root{};
  comet::LightBlock block;  ///< the later header that carries the app hash, its commit and set
  std::vector<comet::LightBlock> trust_path;
  Bytes body;                        ///< what was signed; with `entry`
  std::vector<SignerProof> signers;  ///< one per signer of the body, same order; with `entry`
  Bytes result;                      ///< canonical TransactionResult; with `entry`
  std::optional<StateProof> state;
};

/// What the transaction of a receipt says. Errors: receipt_malformed (it is of no transaction).
[[nodiscard]] Result<Body> receipt_body(const Receipt& receipt);

/// The JSON text of a receipt.
[[nodiscard]] std::string write_receipt(const Receipt& receipt);

/// Reads a receipt. Bounded by `limits`. Errors: receipt_malformed, json_invalid, json_too_large.
[[nodiscard]] Result<Receipt> read_receipt(std::string_view text);

/// Checks a receipt against its network's genesis: with an entry each byte of it counts, else chain
/// id and validators. Pure, thread-safe. Errors: receipt_wrong_network, receipt_malformed (proves
/// nothing), receipt_entry_mismatch, receipt_digest_mismatch, receipt_signature_invalid,
/// receipt_state_proof_invalid, receipt_app_hash_mismatch, those of `comet::verify_trust_path`.
[[nodiscard]] Status verify_receipt(const Receipt& receipt, const Genesis& genesis);

}  // namespace xl::model
