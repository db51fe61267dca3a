// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "verification/verifier.h"

#include <algorithm>

#include "base/checked.h"
#include "contracts/api/shape.h"
#include "contracts/governance/view.h"
#include "contracts/identity/view.h"
#include "model/limits.h"

namespace xl::verification {
namespace {

namespace identity = contracts::identity;
using xinglin::identity::v1::KeyRecord;

constexpr std::uint8_t system_number = 0;

/// The verdict made ahead for this signer, if there is one.
const SignatureVerdict* find_verdict(const CheckedTransaction& checked, const Hash& key_id) {
  for (const SignatureVerdict& verdict : checked.verdicts) {
    if (verdict.key_id == key_id) return &verdict;
  }
  return nullptr;
}

bool verify_signer(const CheckedTransaction& checked, std::size_t index, const KeyRecord& key) {
  return crypto::verify(static_cast<crypto::Algorithm>(key.algorithm()), view_of(key.public_key()),
                        model::signed_bytes(checked.transaction.body_bytes),
                        checked.transaction.signatures[index]);
}

bool verify_envelope(const model::Envelope& envelope, const KeyRecord& key) {
  return crypto::verify(static_cast<crypto::Algorithm>(key.algorithm()), view_of(key.public_key()),
                        model::envelope_signed_bytes(envelope.content), envelope.signature);
}

Status check_time(const model::Body& body, std::uint64_t block_ms) {
  if (body.valid_until_ms <= block_ms) return make_error(ErrorCode::transaction_expired);
  if (body.valid_until_ms > saturating_add(block_ms, limits::validity_window_ms)) {
    return make_error(ErrorCode::validity_too_long);
  }
  return {};
}

/// Resolves one signer to who it is, or says why it may not sign here.
Result<contracts::Caller> admit_signer(const CheckedTransaction& checked, std::size_t index,
                                       const contracts::Context& context,
                                       const model::StateReader& state) {
  const model::Signer& signer = checked.transaction.body.signers[index];
  const auto key = identity::find_key(state, signer.key_id);
  if (!key) return make_error(ErrorCode::key_unknown);
  if (key->algorithm() != static_cast<std::uint32_t>(signer.algorithm)) {
    return make_error(ErrorCode::key_algorithm_mismatch);
  }
  const SignatureVerdict* verdict = find_verdict(checked, signer.key_id);
  const bool valid = verdict ? verdict->valid : verify_signer(checked, index, *key);
  if (!valid) return make_error(ErrorCode::signature_invalid);
  if (!identity::is_active(*key, context.block_ms)) return make_error(ErrorCode::key_revoked);
  for (const model::Message& message : checked.transaction.body.messages) {
    if (!identity::may_send(*key, message.contract, message.type)) {
      return make_error(ErrorCode::delegation_exceeded);
    }
  }
  return identity::caller_of(state, signer.key_id, *key);
}

}  // namespace

std::uint64_t app_version(const model::StateReader& state, const model::Genesis& genesis) {
  const std::uint64_t voted = contracts::governance::app_version_of(state);
  return voted != 0 ? voted : genesis.app_version;
}

bool engine_is_fixed(const model::StateReader& state) {
  const auto parameters = contracts::governance::find_parameters(state);
  return !parameters || parameters->engine_fixed();
}

Bytes replay_mark_prefix() { return {system_number, 'r'}; }

Bytes replay_mark_key(std::uint64_t valid_until_ms, const Hash& id) {
  Bytes key = replay_mark_prefix();
  append_be(key, valid_until_ms);
  append(key, id);
  return key;
}

std::uint64_t replay_mark_valid_until_ms(ByteView key) {
  XL_CHECK(key.size() == 2 + 8 + sizeof(Hash));
  return read_be<std::uint64_t>(key.subspan(2));
}

Result<CheckedTransaction> check(ByteView raw, const contracts::Registry& registry) {
  XL_TRY_ASSIGN(model::Transaction transaction, model::decode_transaction(raw));
  CheckedTransaction out;
  for (const model::Message& message : transaction.body.messages) {
    const contracts::Contract* contract = registry.find(message.contract);
    if (contract == nullptr) return make_error(ErrorCode::contract_unknown);
    XL_TRY_ASSIGN(auto command, contract->check(message.type, message.payload));
    out.commands.push_back(std::move(command));
  }
  out.transaction = std::move(transaction);
  return out;
}

void check_signatures(CheckedTransaction& checked, const model::StateReader& state) {
  const auto& signers = checked.transaction.body.signers;
  for (std::size_t i = 0; i < signers.size(); ++i) {
    const auto key = identity::find_key(state, signers[i].key_id);
    if (!key || find_verdict(checked, signers[i].key_id) != nullptr) continue;
    checked.verdicts.push_back({signers[i].key_id, verify_signer(checked, i, *key)});
  }
}

std::optional<SignatureVerdict> check_envelope_signature(const model::Envelope& envelope,
                                                         const model::StateReader& state) {
  const auto key = identity::find_key(state, envelope.key_id);
  if (!key) return std::nullopt;
  return SignatureVerdict{envelope.key_id, verify_envelope(envelope, *key)};
}

Status admit_envelope(const model::Envelope& envelope, std::uint64_t block_ms,
                      const model::StateReader& state, const SignatureVerdict* verdict) {
  const auto key = identity::find_key(state, envelope.key_id);
  if (!key) return make_error(ErrorCode::key_unknown, "envelope");
  const bool known = verdict != nullptr && verdict->key_id == envelope.key_id;
  const bool valid = (key->purposes() & contracts::purpose_envelope) != 0 &&
                     (known ? verdict->valid : verify_envelope(envelope, *key));
  if (!valid) return make_error(ErrorCode::envelope_signature_invalid);
  if (!identity::is_active(*key, block_ms)) return make_error(ErrorCode::key_revoked, "envelope");
  if (!contracts::governance::may_pack(state, contracts::id_of(key->controller()))) {
    return make_error(ErrorCode::envelope_member_unknown);
  }
  return {};
}

Result<VerifiedTransaction> admit(const CheckedTransaction& checked,
                                  const contracts::Context& context,
                                  const model::StateReader& state) {
  const model::Body& body = checked.transaction.body;
  if (body.network != context.network) return make_error(ErrorCode::wrong_network);
  XL_TRY(check_time(body, context.block_ms));
  Bytes mark;
  if (state.get(replay_mark_key(body.valid_until_ms, checked.transaction.id), mark)) {
    return make_error(ErrorCode::transaction_replayed);
  }
  std::vector<contracts::Caller> callers;
  for (std::size_t i = 0; i < body.signers.size(); ++i) {
    XL_TRY_ASSIGN(contracts::Caller caller, admit_signer(checked, i, context, state));
    callers.push_back(caller);
  }
  return VerifiedTransaction(checked, std::move(callers));
}

}  // namespace xl::verification
