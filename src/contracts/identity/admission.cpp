// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/identity/admission.h"

#include <algorithm>

#include "contracts/identity/keys.h"
#include "contracts/identity/parties.h"
#include "contracts/identity/records.h"
#include "model/transaction.h"

namespace xl::contracts::identity {

namespace {

Hash id_of_key(const NewOrganisation::Key& key) {
  return model::key_id_of(crypto::Algorithm::ed25519, key.public_key);
}

}  // namespace

bool is_new(const model::StateReader& state, const NewOrganisation& organisation) {
  return !find_party(state, organisation.did) &&
         std::none_of(organisation.keys.begin(), organisation.keys.end(),
                      [&](const auto& key) { return find_key(state, id_of_key(key)).has_value(); });
}

void admit_organisation(std::uint64_t block_ms, model::StateWriter& state,
                        const NewOrganisation& organisation) {
  OwnPrefixWriter own(contract_number, state);
  xinglin::identity::v1::PartyRecord party;
  party.set_kind(static_cast<std::uint32_t>(PartyKind::organisation));
  party.set_name(organisation.name);
  party.set_organisation_type(static_cast<std::uint32_t>(organisation.type));
  party.set_key_count(static_cast<std::uint32_t>(organisation.keys.size()));
  party.set_since_ms(block_ms);
  store_party(own, organisation.did, party);
  for (const NewOrganisation::Key& one : organisation.keys) {
    xinglin::identity::v1::KeyRecord key;
    key.set_controller(organisation.did.bytes.data(), organisation.did.bytes.size());
    key.set_algorithm(static_cast<std::uint32_t>(crypto::Algorithm::ed25519));
    key.set_public_key(one.public_key.data(), one.public_key.size());
    key.set_purposes(one.purposes);
    store_key(own, id_of_key(one), key);
  }
}

}  // namespace xl::contracts::identity
