// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/credentials/server.h"

#include "vault/places.h"

namespace xl::gateway::credentials {

Result<std::unique_ptr<Server>> Server::open(custody::Custody& custody,
                                             const std::filesystem::path& folder) {
  std::unique_ptr<Server> out(new Server());
  XL_TRY(vault::make_private_directory(folder));
  for (const auto& organisation : custody.organisations()) {
    XL_TRY_ASSIGN(const crypto::SecretBytes key,
                  organisation->stores().keyring().organisation_key(register_key_purpose));
    XL_TRY_ASSIGN(auto opened,
                  Register::open(folder / (organisation->did().text() + ".db"), key.view()));
    out->registers_.emplace(organisation->did(), std::move(opened));
  }
  return out;
}

Register& Server::issued(const model::Id& organisation) {
  const auto found = registers_.find(organisation);
  XL_CHECK(found != registers_.end());
  return *found->second;
}

}  // namespace xl::gateway::credentials
