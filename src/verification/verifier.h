// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "contracts/api/contract.h"
#include "model/envelope.h"
#include "model/genesis.h"
#include "model/transaction.h"

namespace xl::verification {

/// The verdicts of signature checks that were made ahead of execution, so that each node verifies
/// each signature once. A verdict belongs to the public key and the exact bytes, not to whether the
/// key is active: that is read at the transaction's own position in its block.
struct SignatureVerdict {
  Hash key_id{};  ///< binds algorithm and public key
  bool valid = false;
};

/// A transaction that was decoded and whose messages were checked for shape, with the signature
/// verdicts that could be made so far. It may be built by anyone; it proves nothing.
struct CheckedTransaction {
  model::Transaction transaction;
  std::vector<std::unique_ptr<contracts::Command>> commands;  ///< one per message
  std::vector<SignatureVerdict> verdicts;  ///< of signers whose key was known; others are missing
};

/// A transaction that may be executed at this position: in time, not replayed, signed by exactly
/// its signers with keys that are active here. Only `admit` builds one.
class VerifiedTransaction {
 public:
  [[nodiscard]] const model::Transaction& transaction() const { return checked_->transaction; }
  [[nodiscard]] const std::vector<std::unique_ptr<contracts::Command>>& commands() const {
    return checked_->commands;
  }
  [[nodiscard]] const std::vector<contracts::Caller>& callers() const { return callers_; }

 private:
  friend Result<VerifiedTransaction> admit(const CheckedTransaction& checked,
                                           const contracts::Context& context,
                                           const model::StateReader& state);
  VerifiedTransaction(const CheckedTransaction& checked, std::vector<contracts::Caller> callers)
      : checked_(&checked), callers_(std::move(callers)) {}

  const CheckedTransaction* checked_;
  std::vector<contracts::Caller> callers_;
};

/// Decodes a transaction and checks everything that needs no state: bounds, canonical form, and
/// the shape of every message. Errors: those of `model::decode_transaction`; contract_unknown,
/// message_malformed. Thread-safe; the costly part runs on many threads.
[[nodiscard]] Result<CheckedTransaction> check(ByteView raw, const contracts::Registry& registry);

/// Verifies the signatures of signers whose keys `state` knows and records the verdicts.
/// Cost: one signature verification per known key.
void check_signatures(CheckedTransaction& checked, const model::StateReader& state);

/// May the transaction enter at this position? Network, time window, replay mark, every signature,
/// every key active and of the named algorithm, delegated keys within their message types.
/// Signatures without a verdict are verified here. `context.callers` is ignored.
/// The result refers to `checked`, which must outlive it.
/// Errors: wrong_network, transaction_expired, validity_too_long, transaction_replayed,
/// key_unknown, key_revoked, key_algorithm_mismatch, signature_invalid, delegation_exceeded.
[[nodiscard]] Result<VerifiedTransaction> admit(const CheckedTransaction& checked,
                                                const contracts::Context& context,
                                                const model::StateReader& state);

/// Checks the member's own signature ahead. Nothing when its key is not in `state`. Thread-safe.
[[nodiscard]] std::optional<SignatureVerdict> check_envelope_signature(
    const model::Envelope& envelope, const model::StateReader& state);

/// May an envelope's transactions be looked at? Its key must be active here, have the envelope
/// purpose, be a present member's, and have signed exactly this content. `verdict` (may be null) is
/// one made ahead over this content; without one for the envelope's key the signature is verified
/// here. Errors: key_unknown, key_revoked, envelope_signature_invalid, envelope_member_unknown.
[[nodiscard]] Status admit_envelope(const model::Envelope& envelope, std::uint64_t block_ms,
                                    const model::StateReader& state,
                                    const SignatureVerdict* verdict = nullptr);

/// The protocol version in force: what the members voted, or the genesis'.
[[nodiscard]] std::uint64_t app_version(const model::StateReader& state,
                                        const model::Genesis& genesis);

/// True when no vote can change the engine's validators and parameters: what `solo` needs.
[[nodiscard]] bool engine_is_fixed(const model::StateReader& state);

/// The state key of a transaction's replay mark: 0x00 'r' ‖ valid_until (8, big-endian) ‖ id, so
/// that marks lie in the order in which they may be dropped.
[[nodiscard]] Bytes replay_mark_key(std::uint64_t valid_until_ms, const Hash& id);

/// The prefix of all replay marks.
[[nodiscard]] Bytes replay_mark_prefix();

/// When a replay mark may be dropped, from its key. Precondition: a key made by `replay_mark_key`.
[[nodiscard]] std::uint64_t replay_mark_valid_until_ms(ByteView key);

}  // namespace xl::verification
