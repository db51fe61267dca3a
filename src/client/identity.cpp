// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/identity.h"

#include "contracts/identity/messages.pb.h"
#include "contracts/identity/possession.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "model/tags.h"

namespace xl::client {

Identity make_identity(std::string name, contracts::PartyKind kind, const model::Id& organisation) {
  auto key = crypto::SigningKey::generate(crypto::Algorithm::ed25519);
  XL_CHECK(key.ok());
  return {std::move(name), random_id(), kind, organisation, std::move(*key), {}};
}

model::Id random_id() {
  model::Id id;
  do crypto::random_bytes(id.bytes);
  while (id.is_zero());
  return id;
}

std::string bytes_of(ByteView bytes) { return std::string(text_of(bytes)); }

Bytes committed(std::string_view text) {
  Hash salt{};
  return committed(text, salt);
}

Bytes committed(std::string_view text, Hash& salt) {
  crypto::random_bytes(salt);
  Bytes out{static_cast<std::uint8_t>(crypto::Suite::international)};
  append(out, crypto::tagged_hash(model::tags::salted_text, {salt, view_of(text)}));
  return out;
}

void fill_new_key(const Hash& network, const model::Id& party, const crypto::SigningKey& key,
                  std::uint32_t purposes, std::uint64_t not_after_ms,
                  xinglin::identity::v1::NewKey& out) {
  const contracts::identity::KeyClaim claim{party, key.algorithm(), key.public_key(), purposes,
                                            0,     not_after_ms};
  out.set_algorithm(static_cast<std::uint32_t>(key.algorithm()));
  out.set_public_key(bytes_of(key.public_key()));
  out.set_purposes(purposes);
  out.set_not_after_ms(not_after_ms);
  out.set_proof(bytes_of(key.sign(contracts::identity::possession_bytes(network, claim))));
}

}  // namespace xl::client
