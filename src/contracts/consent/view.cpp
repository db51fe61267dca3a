// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/consent/view.h"

#include "contracts/api/time.h"
#include "contracts/consent/records.h"
#include "model/limits.h"

namespace xl::contracts::consent {

using xinglin::consent::v1::ConsentRecord;

std::optional<ConsentRecord> find_consent(const model::StateReader& state,
                                          const model::Id& consent) {
  ConsentRecord record;
  if (!load_record(state, consent_key(consent), record)) return std::nullopt;
  return record;
}

bool holds(const ConsentRecord& consent, std::uint64_t block_ms) {
  return consent.status() == static_cast<std::uint32_t>(ConsentStatus::active) &&
         start_reached(consent.start_ms(), block_ms) && !end_reached(consent.end_ms(), block_ms);
}

bool is_active(const model::StateReader& state, const model::Id& consent, std::uint64_t block_ms) {
  const auto record = find_consent(state, consent);
  return record && holds(*record, block_ms);
}

std::vector<model::Id> consents_of(const model::StateReader& state, const model::Id& patient) {
  std::vector<model::Id> out;
  const Bytes prefix = state_key(contract_number, 'i', patient.bytes);
  state.scan(prefix, prefix, limits::consents_active_max, [&](ByteView key, ByteView) {
    const auto consent = model::id_from_bytes(key.subspan(prefix.size()));
    XL_CHECK(consent.ok());
    out.push_back(*consent);
    return true;
  });
  return out;
}

}  // namespace xl::contracts::consent
