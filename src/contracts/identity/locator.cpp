// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/identity/locator.h"

#include <algorithm>

#include "base/check.h"
#include "contracts/api/shape.h"
#include "contracts/identity/locator.pb.h"
#include "contracts/identity/view.h"
#include "crypto/hash.h"
#include "model/canonical.h"
#include "model/tags.h"

namespace xl::contracts::identity {
namespace {

Error unusable(std::string_view why) { return make_error(ErrorCode::locator_invalid, why); }

bool is_signed_by(const model::StateReader& state, const model::Id& did, std::uint64_t now_ms,
                  ByteView text, ByteView signature) {
  const std::vector<Hash> keys = keys_of(state, did);
  return std::any_of(keys.begin(), keys.end(), [&](const Hash& id) {
    const auto key = find_key(state, id);
    return key && !key->has_delegation() && (key->purposes() & purpose_sign) != 0 &&
           is_active(*key, now_ms) &&
           crypto::verify(static_cast<crypto::Algorithm>(key->algorithm()),
                          view_of(key->public_key()), text, signature);
  });
}

/// May whoever signed speak for this patient?
bool is_signed_for(const model::StateReader& state, const Place& place, std::uint64_t now_ms,
                   ByteView text, ByteView signature) {
  const auto party = find_party(state, place.patient);
  if (!party || party->kind() != static_cast<std::uint32_t>(PartyKind::patient) ||
      custodian_of(*party) != place.custodian) {
    return false;
  }
  if (party->status() == static_cast<std::uint32_t>(PartyStatus::unclaimed)) {
    return is_signed_by(state, place.custodian, now_ms, text, signature);
  }
  if (party->status() != static_cast<std::uint32_t>(PartyStatus::active)) return false;
  if (is_signed_by(state, place.patient, now_ms, text, signature)) return true;
  const std::vector<model::Id> guardians = guardians_of(state, place.patient);
  return std::any_of(guardians.begin(), guardians.end(), [&](const model::Id& guardian) {
    return guardian_acts(state, guardian, place.patient, power_consent, now_ms) &&
           is_signed_by(state, guardian, now_ms, text, signature);
  });
}

/// Errors: locator_invalid.
Result<std::vector<Place>> places_of(const xinglin::identity::v1::Locator& locator) {
  if (locator.places().empty() ||
      static_cast<std::size_t>(locator.places().size()) > locator_places_max) {
    return unusable("1 to 16 places");
  }
  std::vector<Place> out;
  for (const auto& one : locator.places()) {
    const bool ids =
        check_id(one.custodian(), "custodian").ok() && check_id(one.patient(), "patient").ok();
    if (!ids) return unusable("a place");
    out.push_back({id_of(one.custodian()), id_of(one.patient())});
    if (out.size() > 1 && !(out[out.size() - 2].custodian < out.back().custodian)) {
      return unusable("places out of order");
    }
  }
  return out;
}

}  // namespace

Bytes locator_bytes(const Hash& network, std::uint64_t until_ms, std::span<const Place> places) {
  XL_CHECK(!places.empty() && places.size() <= locator_places_max);
  xinglin::identity::v1::Locator out;
  out.set_version(1);
  out.set_network(std::string(text_of(network)));
  out.set_until_ms(until_ms);
  for (const Place& place : places) {
    auto* one = out.add_places();
    one->set_custodian(std::string(text_of(place.custodian.bytes)));
    one->set_patient(std::string(text_of(place.patient.bytes)));
  }
  return model::encode(out);
}

Bytes locator_signed_bytes(ByteView locator) {
  return crypto::tagged_bytes(model::tags::locator, {locator});
}

std::string locator_text(ByteView locator, std::span<const Bytes> signatures) {
  xinglin::identity::v1::SignedLocator out;
  out.set_locator(std::string(text_of(locator)));
  for (const Bytes& one : signatures) out.add_signatures(std::string(text_of(one)));
  return std::string(locator_prefix) + to_base64url(model::encode(out));
}

Result<std::vector<Place>> read_locator(const model::StateReader& state, const Hash& network,
                                        std::uint64_t now_ms, std::string_view text) {
  Bytes raw;
  if (text.size() > locator_text_bytes_max || !text.starts_with(locator_prefix) ||
      !from_base64url(text.substr(locator_prefix.size()), raw)) {
    return unusable("it begins with xinglin:locator:");
  }
  xinglin::identity::v1::SignedLocator signed_locator;
  xinglin::identity::v1::Locator locator;
  if (!model::decode_canonical(raw, signed_locator) ||
      !model::decode_canonical(view_of(signed_locator.locator()), locator) ||
      locator.version() != 1) {
    return unusable("its bytes");
  }
  if (view_of(locator.network()).size() != network.size() ||
      !std::ranges::equal(view_of(locator.network()), network)) {
    return unusable("of another network");
  }
  if (now_ms >= locator.until_ms()) return unusable("it is over");
  if (locator.until_ms() - now_ms > locator_ms_max) return unusable("it lasts longer than a year");
  XL_TRY_ASSIGN(std::vector<Place> out, places_of(locator));
  if (signed_locator.signatures().size() != locator.places().size()) {
    return unusable("a signature for each place");
  }
  const Bytes signed_text = locator_signed_bytes(view_of(signed_locator.locator()));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const ByteView signature = view_of(signed_locator.signatures(static_cast<int>(i)));
    if (!is_signed_for(state, out[i], now_ms, signed_text, signature)) {
      return unusable("a place that its patient did not sign");
    }
  }
  return out;
}

}  // namespace xl::contracts::identity
