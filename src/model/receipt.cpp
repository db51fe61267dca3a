// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "model/receipt.h"

#include "crypto/hash.h"
#include "crypto/merkle.h"
#include "model/limits.h"

namespace xl::model {
namespace {

namespace smt = crypto::sparse_merkle;

Result<Transaction> transaction_of(const Receipt& receipt) {
  std::vector<Bytes> signatures;
  for (const SignerProof& signer : receipt.signers) signatures.push_back(signer.signature);
  return decode_transaction(encode_transaction(receipt.body, signatures));
}

/// The keys are those the body names, and each signed it.
Status verify_signers(const Transaction& transaction, const std::vector<SignerProof>& signers) {
  const Bytes to_sign = signed_bytes(transaction.body_bytes);
  for (std::size_t i = 0; i < signers.size(); ++i) {
    const Signer& named = transaction.body.signers[i];
    const SignerProof& signer = signers[i];
    if (key_id_of(named.algorithm, signer.public_key) != named.key_id ||
        !crypto::verify(named.algorithm, signer.public_key, to_sign, signer.signature)) {
      return make_error(ErrorCode::receipt_signature_invalid);
    }
  }
  return {};
}

Status verify_entry(const Receipt& receipt, const Hash& network) {
  const HistoryEntry& entry = *receipt.entry;
  if (!crypto::merkle::verify_inclusion(history_leaf(entry), receipt.history_index,
                                        receipt.history_size, receipt.history_path,
                                        receipt.history_root)) {
    return make_error(ErrorCode::receipt_entry_mismatch);
  }
  // The header carries the app hash of an earlier block, so it must be above the entry's.
  if (receipt.block.header.height < 0 ||
      static_cast<std::uint64_t>(receipt.block.header.height) <= entry.height) {
    return make_error(ErrorCode::receipt_entry_mismatch, "header is not above the entry");
  }
  if (transaction_id(receipt.body) != entry.transaction_id) {
    return make_error(ErrorCode::receipt_digest_mismatch, "transaction");
  }
  if (result_digest(receipt.result) != entry.result_digest) {
    return make_error(ErrorCode::receipt_digest_mismatch, "result");
  }
  const auto transaction = transaction_of(receipt);
  if (!transaction.ok()) return make_error(ErrorCode::receipt_signature_invalid);
  // The chain id is a name; this binds every byte of the genesis.
  if (transaction->body.network != network) return make_error(ErrorCode::receipt_wrong_network);
  return verify_signers(*transaction, receipt.signers);
}

Status verify_state(const StateProof& state, const Hash& root) {
  const Hash path = state_path(state.key);
  const bool proved =
      state.value ? smt::verify_inclusion(state.proof, path, state_value_hash(*state.value), root)
                  : smt::verify_absence(state.proof, path, root);
  if (!proved) return make_error(ErrorCode::receipt_state_proof_invalid);
  return {};
}

}  // namespace

Result<Body> receipt_body(const Receipt& receipt) {
  auto transaction = transaction_of(receipt);
  if (!transaction.ok()) return make_error(ErrorCode::receipt_malformed, "transaction");
  return std::move(transaction->body);
}

Status verify_receipt(const Receipt& receipt, const Trust& trust) {
  if (receipt.block.header.chain_id != trust.chain_id()) {
    return make_error(ErrorCode::receipt_wrong_network);
  }
  if (!receipt.entry && !receipt.state) {
    return make_error(ErrorCode::receipt_malformed, "neither an entry nor a state proof");
  }
  if (receipt.entry) XL_TRY(verify_entry(receipt, trust.network()));
  if (receipt.state) XL_TRY(verify_state(*receipt.state, receipt.state_root));
  const Hash expected = app_hash(receipt.state_root, receipt.history_root, receipt.history_size);
  if (!equal(receipt.block.header.app_hash, expected)) {
    return make_error(ErrorCode::receipt_app_hash_mismatch);
  }
  XL_TRY_ASSIGN(const comet::TrustedStart* start, trust.start_for(receipt.block.header));
  if (static_cast<std::uint64_t>(start->height) < receipt.since) {
    return make_error(ErrorCode::trust_start_unknown, "height " + std::to_string(receipt.since));
  }
  return comet::verify_trust_path(trust.chain_id(), *start, receipt.trust_path, receipt.block);
}

}  // namespace xl::model
