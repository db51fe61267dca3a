// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/identity/keys.h"

#include <algorithm>

#include "contracts/api/shape.h"
#include "contracts/api/time.h"
#include "contracts/identity/possession.h"
#include "contracts/identity/records.h"
#include "contracts/identity/status.h"
#include "crypto/signature.h"
#include "model/limits.h"

namespace xl::contracts::identity {

namespace wire = xinglin::identity::v1;

namespace {

constexpr std::uint32_t purposes_known =
    purpose_sign | purpose_manage | purpose_envelope | purpose_session;

/// What a party of a kind may use its own keys for. Session keys are made by delegation alone.
std::uint32_t purposes_of_kind(PartyKind kind) {
  switch (kind) {
    case PartyKind::organisation:
      return purpose_sign | purpose_manage | purpose_envelope;
    case PartyKind::service:
      return purpose_sign | purpose_envelope;
    case PartyKind::practitioner:
    case PartyKind::patient:
    case PartyKind::guardian:
      break;
  }
  return purpose_sign | purpose_manage;
}

KeyClaim claim_of(const model::Id& party, const wire::NewKey& key) {
  KeyClaim claim;
  claim.party = party;
  claim.algorithm = static_cast<crypto::Algorithm>(key.algorithm());
  claim.public_key = copy_of(view_of(key.public_key()));
  claim.purposes = key.purposes();
  claim.not_before_ms = key.not_before_ms();
  claim.not_after_ms = key.not_after_ms();
  return claim;
}

}  // namespace

Status check_new_key(const wire::NewKey& key) {
  if (key.algorithm() > 255) return malformed("key.algorithm");
  const auto algorithm = static_cast<crypto::Algorithm>(key.algorithm());
  if (!crypto::is_known(algorithm)) return malformed("key.algorithm");
  if (!crypto::check_public_key(algorithm, view_of(key.public_key())).ok()) {
    return malformed("key.public_key");
  }
  if (key.purposes() == 0 || (key.purposes() & ~purposes_known) != 0) {
    return malformed("key.purposes");
  }
  if (key.not_after_ms() != 0 && key.not_after_ms() <= key.not_before_ms()) {
    return malformed("key.not_after_ms");
  }
  if (key.proof().empty() || key.proof().size() > limits::signature_bytes_max) {
    return malformed("key.proof");
  }
  return {};
}

Status check_new_keys(const NewKeys& keys, int count_min) {
  if (keys.size() < count_min || keys.size() > static_cast<int>(limits::keys_new_max)) {
    return malformed("keys");
  }
  std::vector<Hash> ids;
  for (const wire::NewKey& key : keys) {
    XL_TRY(check_new_key(key));
    const Hash id = id_of_new(key);
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) return malformed("keys: one twice");
    ids.push_back(id);
  }
  return {};
}

Status check_agreement_key(const std::string& field) {
  const bool zero = field.find_first_not_of('\0') == std::string::npos;
  if (field.size() != limits::agreement_key_bytes || zero) return malformed("agreement_key");
  return {};
}

Hash id_of_new(const wire::NewKey& key) {
  return model::key_id_of(static_cast<crypto::Algorithm>(key.algorithm()),
                          view_of(key.public_key()));
}

StatusCode admit_new_key(const Context& context, const model::StateReader& state,
                         const model::Id& party, PartyKind kind, const wire::NewKey& key) {
  if (find_key(state, id_of_new(key))) return key_known;
  const bool session = key.purposes() == purpose_session;
  if (!session && (key.purposes() & ~purposes_of_kind(kind)) != 0) return key_purposes_refused;
  if (end_reached(key.not_after_ms(), context.block_ms)) return period_refused;
  const bool proved =
      crypto::verify(static_cast<crypto::Algorithm>(key.algorithm()), view_of(key.public_key()),
                     possession_bytes(context.network, claim_of(party, key)), view_of(key.proof()));
  return proved ? applied : key_proof_invalid;
}

StatusCode admit_first_keys(const Context& context, const model::StateReader& state,
                            const model::Id& party, PartyKind kind, const NewKeys& keys) {
  bool managed = kind == PartyKind::service;
  for (const wire::NewKey& key : keys) {
    if (key.purposes() == purpose_session) return key_purposes_refused;
    const StatusCode status = admit_new_key(context, state, party, kind, key);
    if (status != applied) return status;
    managed = managed || manages_for_good(record_of(party, key));
  }
  return managed ? applied : keys_missing;
}

bool manages_for_good(const wire::KeyRecord& key) {
  return (key.purposes() & purpose_manage) != 0 && key.not_after_ms() == 0 &&
         key.not_before_ms() == 0 && key.revoked_at_ms() == 0;
}

wire::KeyRecord record_of(const model::Id& party, const wire::NewKey& key) {
  wire::KeyRecord record;
  record.set_controller(party.bytes.data(), party.bytes.size());
  record.set_algorithm(key.algorithm());
  record.set_public_key(key.public_key());
  record.set_purposes(key.purposes());
  record.set_not_before_ms(key.not_before_ms());
  record.set_not_after_ms(key.not_after_ms());
  return record;
}

void store_key(model::StateWriter& state, const Hash& key_id, const wire::KeyRecord& key) {
  const model::Id controller = id_of(key.controller());
  store_record(state, key_key(key_id), key);
  state.put(key.has_delegation() ? session_index_key(controller, key_id)
                                 : key_index_key(controller, key_id),
            index_value);
}

void add_keys(model::StateWriter& state, const model::Id& party, const NewKeys& keys) {
  auto record = find_party(state, party);
  XL_CHECK(record.has_value());
  record->set_key_count(record->key_count() + static_cast<std::uint32_t>(keys.size()));
  store_record(state, party_key(party), *record);
  for (const wire::NewKey& key : keys) store_key(state, id_of_new(key), record_of(party, key));
}

std::vector<Hash> indexed_keys(const model::StateReader& state, const model::Id& party,
                               bool sessions) {
  std::vector<Hash> out;
  const Bytes prefix = state_key(contract_number, sessions ? 'd' : 'i', party.bytes);
  const std::uint32_t count_max = sessions ? limits::sessions_live_max : limits::keys_live_max;
  state.scan(prefix, prefix, count_max, [&](ByteView key, ByteView) {
    out.push_back(key_id_of(std::string(text_of(key.subspan(prefix.size())))));
    return true;
  });
  return out;
}

std::uint32_t count_live(const model::StateReader& state, const model::Id& party,
                         std::uint64_t block_ms) {
  std::uint32_t count = 0;
  for (const Hash& id : indexed_keys(state, party, false)) {
    const auto key = find_key(state, id);
    XL_CHECK(key.has_value());
    if (!end_reached(key->not_after_ms(), block_ms)) ++count;
  }
  return count;
}

void forget_expired(model::StateWriter& state, const model::Id& party, bool sessions,
                    std::uint64_t block_ms) {
  for (const Hash& id : indexed_keys(state, party, sessions)) {
    const auto key = find_key(state, id);
    XL_CHECK(key.has_value());
    if (!end_reached(key->not_after_ms(), block_ms)) continue;
    state.erase(sessions ? session_index_key(party, id) : key_index_key(party, id));
  }
}

bool keeps_manager(const model::StateReader& state, const model::Id& party, const Hash& without) {
  for (const Hash& id : indexed_keys(state, party, false)) {
    const auto key = find_key(state, id);
    XL_CHECK(key.has_value());
    if (id != without && manages_for_good(*key)) return true;
  }
  return false;
}

namespace {

/// Ends one key alone.
void end_one(model::StateWriter& state, const Hash& key_id, std::uint64_t block_ms) {
  auto key = find_key(state, key_id);
  XL_CHECK(key.has_value());
  const model::Id controller = id_of(key->controller());
  key->set_revoked_at_ms(std::max<std::uint64_t>(block_ms, 1));  // 0 would mean "not revoked"
  store_record(state, key_key(key_id), *key);
  state.erase(key->has_delegation() ? session_index_key(controller, key_id)
                                    : key_index_key(controller, key_id));
}

}  // namespace

void end_key(model::StateWriter& state, const Hash& key_id, std::uint64_t block_ms) {
  const auto key = find_key(state, key_id);
  XL_CHECK(key.has_value());
  const model::Id controller = id_of(key->controller());
  end_one(state, key_id, block_ms);
  if (key->has_delegation()) return;
  for (const Hash& id : indexed_keys(state, controller, true)) {
    const auto session = find_key(state, id);
    XL_CHECK(session.has_value());
    if (key_id_of(session->delegation().delegator_key()) == key_id) end_one(state, id, block_ms);
  }
}

void end_all_keys(model::StateWriter& state, const model::Id& party, std::uint64_t block_ms) {
  for (const bool sessions : {true, false}) {
    for (const Hash& id : indexed_keys(state, party, sessions)) end_one(state, id, block_ms);
  }
}

}  // namespace xl::contracts::identity
