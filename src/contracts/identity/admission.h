// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

#include "contracts/identity/view.h"

/// Organisations come by genesis or by the members' vote; governance alone calls this.
namespace xl::contracts::identity {

/// An organisation to be registered, with Ed25519 keys and what each is for.
struct NewOrganisation {
  struct Key {
    Bytes public_key;
    std::uint32_t purposes = 0;
  };
  model::Id did;
  std::string name;
  OrganisationType type{};
  std::vector<Key> keys;  ///< one of them manages it
};

/// True when neither the DID nor a key of it was ever registered.
[[nodiscard]] bool is_new(const model::StateReader& state, const NewOrganisation& organisation);

/// Registers it at the end of a block (`Contract::end_block`): `state` is not held to one contract.
/// Preconditions: `is_new`, a key that manages it.
void admit_organisation(std::uint64_t block_ms, model::StateWriter& state,
                        const NewOrganisation& organisation);

}  // namespace xl::contracts::identity
