// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <vector>

#include "contracts/api/contract.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/state.pb.h"

/// Registering and ending keys: the one place that writes the tables 'k', 'i' and 'd'.
namespace xl::contracts::identity {

using NewKeys = google::protobuf::RepeatedPtrField<xinglin::identity::v1::NewKey>;

/// Shape of one key: a known algorithm, a well-formed public key, known purposes that are not
/// empty, an end behind the start, a proof within bounds. Errors: message_malformed.
[[nodiscard]] Status check_new_key(const xinglin::identity::v1::NewKey& key);

/// Shape of `count_min` to `limits::keys_new_max` keys, none twice. Errors: message_malformed.
[[nodiscard]] Status check_new_keys(const NewKeys& keys, int count_min);

/// Shape of an X25519 public key: 32 bytes, not all zero. Errors: message_malformed.
[[nodiscard]] Status check_agreement_key(const std::string& field);

/// The id a new key will have. Precondition: checked.
[[nodiscard]] Hash id_of_new(const xinglin::identity::v1::NewKey& key);

/// May this key be registered for `party` of `kind` here? Otherwise key_known,
/// key_purposes_refused, period_refused or key_proof_invalid. Cost: one signature verification.
[[nodiscard]] StatusCode admit_new_key(const Context& context, const model::StateReader& state,
                                       const model::Id& party, PartyKind kind,
                                       const xinglin::identity::v1::NewKey& key);

/// May these be the first keys of `party`? As `admit_new_key`, and keys_missing when none of them
/// manages it for good (services need none).
[[nodiscard]] StatusCode admit_first_keys(const Context& context, const model::StateReader& state,
                                          const model::Id& party, PartyKind kind,
                                          const NewKeys& keys);

/// True for a key that manages its party and has no end: each active party keeps one.
[[nodiscard]] bool manages_for_good(const xinglin::identity::v1::KeyRecord& key);

/// The record a new key becomes.
[[nodiscard]] xinglin::identity::v1::KeyRecord record_of(const model::Id& party,
                                                         const xinglin::identity::v1::NewKey& key);

/// Writes a key and its place in the index of its controller. Preconditions: new and checked.
void store_key(model::StateWriter& state, const Hash& key_id,
               const xinglin::identity::v1::KeyRecord& key);

/// Registers new keys of a stored party and counts them. Preconditions: admitted.
void add_keys(model::StateWriter& state, const model::Id& party, const NewKeys& keys);

/// Ids of the keys of a party that were not revoked, ascending. With `sessions`, its session keys.
/// At most `limits::keys_live_max` or `sessions_live_max`.
[[nodiscard]] std::vector<Hash> indexed_keys(const model::StateReader& state,
                                             const model::Id& party, bool sessions);

/// How many keys of a party, session keys left out, were not revoked and are not past their end.
[[nodiscard]] std::uint32_t count_live(const model::StateReader& state, const model::Id& party,
                                       std::uint64_t block_ms);

/// Takes keys past their end out of the index, so that new ones have room.
void forget_expired(model::StateWriter& state, const model::Id& party, bool sessions,
                    std::uint64_t block_ms);

/// True when the party keeps a key that manages it for good besides `without`.
[[nodiscard]] bool keeps_manager(const model::StateReader& state, const model::Id& party,
                                 const Hash& without);

/// Ends a key at this block, for ever, and the sessions it delegated. Preconditions: stored, live.
void end_key(model::StateWriter& state, const Hash& key_id, std::uint64_t block_ms);

/// Ends every key and session of a party.
void end_all_keys(model::StateWriter& state, const model::Id& party, std::uint64_t block_ms);

}  // namespace xl::contracts::identity
