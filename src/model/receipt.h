// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/sparse_merkle.h"
#include "model/comet/light_client.h"
#include "model/history.h"
#include "model/transaction.h"
#include "model/trust.h"

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

/// Everything needed to check, with the network's genesis or a checkpoint alone, that a transaction
/// was executed with a certain result (`entry`), or what a state key held (`state`), or both.
/// Format: `docs/reference/formats.md` §8.
struct Receipt {
  std::optional<HistoryEntry> entry;
  std::uint64_t history_index = 0;  ///< of the entry's leaf
  std::uint64_t history_size = 0;
  std::vector<Hash> history_path;
  Hash state_root{};
  Hash history_root{};
  comet::LightBlock block;  ///< the later header that carries the app hash, its commit and set
  /// The changes of validators below this height are left out of `trust_path`; 0: none are.
  std::uint64_t since = 0;
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

/// Checks a receipt against its network's genesis, and from the last accepted checkpoint below its
/// header on: with an entry each byte of the genesis counts, else chain id and validators. Pure,
/// thread-safe. Errors: receipt_wrong_network, receipt_malformed (proves nothing),
/// receipt_entry_mismatch, receipt_digest_mismatch, receipt_signature_invalid,
/// receipt_state_proof_invalid, receipt_app_hash_mismatch, trust_start_unknown (it begins at a
/// checkpoint that `trust` lacks), those of `comet::verify_trust_path`.
[[nodiscard]] Status verify_receipt(const Receipt& receipt, const Trust& trust);

}  // namespace xl::model
