// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/consent/view.h"

#include "contracts/api/time.h"
#include "contracts/consent/records.h"
#include "model/limits.h"

namespace xl::contracts::consent {

using xinglin::consent::v1::AgreementDisputeRecord;
using xinglin::consent::v1::AgreementRecord;
using xinglin::consent::v1::ConsentRecord;
using xinglin::consent::v1::DeclineRecord;

namespace {

template <typename Record>
std::optional<Record> record_at(const model::StateReader& state, const Bytes& key) {
  Record out;
  if (!load_record(state, key, out)) return std::nullopt;
  return out;
}

/// The ids behind a prefix of an index.
std::vector<model::Id> ids_behind(const model::StateReader& state, const Bytes& prefix,
                                  std::uint32_t count_max) {
  std::vector<model::Id> out;
  state.scan(prefix, prefix, count_max, [&](ByteView key, ByteView) {
    const auto id = model::id_from_bytes(key.subspan(prefix.size()));
    XL_CHECK(id.ok());
    out.push_back(*id);
    return true;
  });
  return out;
}

}  // namespace

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
  return ids_behind(state, state_key(contract_number, 'i', patient.bytes),
                    limits::consents_active_max);
}

std::optional<DeclineRecord> find_decline(const model::StateReader& state,
                                          const model::Id& decline) {
  return record_at<DeclineRecord>(state, decline_key(decline));
}

std::optional<AgreementRecord> find_agreement(const model::StateReader& state,
                                              const model::Id& agreement) {
  return record_at<AgreementRecord>(state, agreement_key(agreement));
}

bool in_force(const AgreementRecord& agreement, std::uint64_t block_ms) {
  return agreement.status() == static_cast<std::uint32_t>(AgreementStatus::accepted) &&
         start_reached(agreement.start_ms(), block_ms) &&
         !end_reached(agreement.end_ms(), block_ms);
}

std::vector<model::Id> agreements_of(const model::StateReader& state,
                                     const model::Id& organisation) {
  return ids_behind(state, state_key(contract_number, 'o', organisation.bytes),
                    limits::agreements_max);
}

std::optional<AgreementDisputeRecord> find_agreement_dispute(const model::StateReader& state,
                                                             const model::Id& dispute) {
  return record_at<AgreementDisputeRecord>(state, agreement_dispute_key(dispute));
}

std::vector<model::Id> disputes_of_agreement(const model::StateReader& state,
                                             const model::Id& agreement, std::uint32_t count_max) {
  return ids_behind(state, state_key(contract_number, 'g', agreement.bytes), count_max);
}

bool is_overdue(const AgreementDisputeRecord& dispute, std::uint64_t block_ms) {
  const std::uint64_t until = dispute.answered_ms() != 0 ? dispute.answered_ms() : block_ms;
  return until >= dispute.due_ms();
}

}  // namespace xl::contracts::consent
