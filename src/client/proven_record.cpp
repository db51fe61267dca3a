// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/proven_record.h"

#include "contracts/api/shape.h"
#include "contracts/api/state_value.h"
#include "contracts/identity/records.h"
#include "contracts/identity/view.h"
#include "model/limits.h"

namespace xl::client {

Status proven_record(const std::optional<model::Receipt>& receipt, const Bytes& key,
                     const model::Trust& trust, std::string_view name,
                     google::protobuf::Message& out) {
  if (!receipt) {
    return make_error(ErrorCode::content_differs,
                      "there is no receipt of the " + std::string(name));
  }
  XL_TRY(model::verify_receipt(*receipt, trust));
  const auto& state = receipt->state;
  if (!state || state->key != key || !state->value ||
      !contracts::decode_record(*state->value, out)) {
    return make_error(ErrorCode::content_differs, "the receipt is not of the " + std::string(name));
  }
  return {};
}

Result<bool> is_service_of(const std::optional<model::Receipt>& receipt,
                           const xinglin::identity::v1::KeyRecord& key,
                           std::string_view organisation, const model::Trust& trust) {
  if (key.controller().size() != limits::id_bytes) return false;
  xinglin::identity::v1::PartyRecord service;
  XL_TRY(proven_record(receipt, contracts::identity::party_key(contracts::id_of(key.controller())),
                       trust, "service", service));
  return static_cast<contracts::PartyKind>(service.kind()) == contracts::PartyKind::service &&
         service.custodian() == organisation;
}

bool was_good(const xinglin::identity::v1::KeyRecord& key, std::uint64_t time_ms) {
  const bool early = key.not_before_ms() > time_ms + times_apart_ms;
  const bool over = key.not_after_ms() != 0 && time_ms > key.not_after_ms() + times_apart_ms;
  const bool revoked = key.revoked_at_ms() != 0 && time_ms > key.revoked_at_ms() + times_apart_ms;
  return !early && !over && !revoked;
}

}  // namespace xl::client
