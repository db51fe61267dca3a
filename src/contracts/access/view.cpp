// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/access/view.h"

#include <algorithm>

#include "contracts/access/records.h"
#include "contracts/api/shape.h"
#include "contracts/consent/view.h"
#include "contracts/identity/view.h"

namespace xl::contracts::access {

namespace wire = xinglin::access::v1;

namespace {

template <typename Record>
std::optional<Record> find_at(const model::StateReader& state, const Bytes& key) {
  Record record;
  if (!load_record(state, key, record)) return std::nullopt;
  return record;
}

/// Is the first entry of a due index past its time?
bool first_is_overdue(const model::StateReader& state, char table, const model::Id& owner,
                      std::uint64_t block_ms) {
  const Bytes prefix = state_key(contract_number, table, owner.bytes);
  bool overdue = false;
  state.scan(prefix, prefix, 1, [&](ByteView key, ByteView) {
    overdue = read_be<std::uint64_t>(key.subspan(prefix.size())) <= block_ms;
    return false;
  });
  return overdue;
}

bool key_is_live(const model::StateReader& state, const std::string& field,
                 std::uint64_t block_ms) {
  const auto key = identity::find_key(state, key_id_of(field));
  return key && identity::is_active(*key, block_ms);
}

bool parties_act(const model::StateReader& state, const wire::SessionRecord& session) {
  return identity::find_acting(state, id_of(session.patient()), PartyKind::patient) &&
         identity::find_acting(state, id_of(session.custodian()), PartyKind::organisation) &&
         identity::find_acting(state, id_of(session.requester()), PartyKind::organisation);
}

/// The ids of a custodian's index by time, earliest first.
std::vector<model::Id> by_time(const model::StateReader& state, char index,
                               const model::Id& custodian, std::uint32_t count_max) {
  const Bytes prefix = state_key(contract_number, index, custodian.bytes);
  std::vector<model::Id> out;
  state.scan(prefix, prefix, count_max, [&](ByteView key, ByteView) {
    const auto id = model::id_from_bytes(key.subspan(prefix.size() + sizeof(std::uint64_t)));
    XL_CHECK(id.ok());
    out.push_back(*id);
    return true;
  });
  return out;
}

}  // namespace

std::optional<wire::SessionRecord> find_session(const model::StateReader& state,
                                                const model::Id& session) {
  return find_at<wire::SessionRecord>(state, session_key(session));
}

std::uint64_t end_of(const wire::SessionRecord& session) {
  return session.ended_ms() != 0 ? session.ended_ms() : session.ends_ms();
}

bool session_is_live(const model::StateReader& state, const model::Id& session,
                     std::uint64_t block_ms) {
  const auto record = find_session(state, session);
  if (!record || block_ms >= end_of(*record) || record->sealed_ms() != 0) return false;
  if (!parties_act(state, *record)) return false;
  if (!key_is_live(state, record->requester_key(), block_ms)) return false;
  if (!key_is_live(state, record->custodian_key(), block_ms)) return false;
  if (!record->emergency().empty()) {
    return emergency_is_live(state, id_of(record->emergency()), block_ms);
  }
  return std::all_of(
      record->consents().begin(), record->consents().end(),
      [&](const std::string& field) { return consent::is_active(state, id_of(field), block_ms); });
}

bool seal_is_overdue(const model::StateReader& state, const model::Id& custodian,
                     std::uint64_t block_ms) {
  return first_is_overdue(state, 'o', custodian, block_ms);
}

std::vector<model::Id> unsealed_sessions_of(const model::StateReader& state,
                                            const model::Id& custodian, std::uint32_t count_max) {
  return by_time(state, 'o', custodian, count_max);
}

std::optional<wire::EmergencyRecord> find_emergency(const model::StateReader& state,
                                                    const model::Id& entry) {
  return find_at<wire::EmergencyRecord>(state, emergency_key(entry));
}

bool emergency_is_live(const model::StateReader& state, const model::Id& entry,
                       std::uint64_t block_ms) {
  const auto record = find_emergency(state, entry);
  return record && block_ms < record->ends_ms() &&
         identity::is_attested_for_emergency(state, id_of(record->practitioner()),
                                             id_of(record->organisation()), block_ms);
}

bool review_is_overdue(const model::StateReader& state, const model::Id& organisation,
                       std::uint64_t block_ms) {
  return first_is_overdue(state, 'r', organisation, block_ms);
}

std::optional<wire::JournalHead> find_journal(const model::StateReader& state,
                                              const model::Id& custodian) {
  return find_at<wire::JournalHead>(state, journal_key(custodian));
}

std::optional<wire::CohortRecord> find_cohort(const model::StateReader& state,
                                              const model::Id& entry) {
  return find_at<wire::CohortRecord>(state, cohort_key(entry));
}

std::optional<wire::DeniedRecord> find_denied(const model::StateReader& state,
                                              const model::Id& entry) {
  return find_at<wire::DeniedRecord>(state, denied_key(entry));
}

std::optional<wire::DisputeRecord> find_dispute(const model::StateReader& state,
                                                const model::Id& dispute) {
  return find_at<wire::DisputeRecord>(state, dispute_key(dispute));
}

std::vector<model::Id> disputes_of(const model::StateReader& state, const model::Id& patient,
                                   const model::Id& after, std::uint32_t count_max) {
  const Bytes prefix = state_key(contract_number, 'p', patient.bytes);
  const Bytes from = after.is_zero() ? prefix : patient_dispute_key(patient, after);
  std::vector<model::Id> out;
  state.scan(prefix, from, count_max + 1, [&](ByteView key, ByteView) {
    const auto id = model::id_from_bytes(key.subspan(prefix.size()));
    XL_CHECK(id.ok());
    if (*id != after || after.is_zero()) out.push_back(*id);
    return out.size() < count_max;
  });
  return out;
}

std::vector<model::Id> unanswered_disputes_of(const model::StateReader& state,
                                              const model::Id& custodian, std::uint32_t count_max) {
  return by_time(state, 'u', custodian, count_max);
}

bool is_overdue(const wire::DisputeRecord& dispute, std::uint64_t block_ms) {
  const std::uint64_t until = dispute.answered_ms() != 0 ? dispute.answered_ms() : block_ms;
  return until >= dispute.due_ms();
}

std::vector<std::string_view> glass_actions_of(const wire::EmergencyRecord& record) {
  std::vector<std::string_view> out{glass_broken_action};
  if (record.renewals() > 0) out.push_back(glass_renewed_action);
  const std::uint64_t planned =
      record.declared_ms() + limits::emergency_ms * (std::uint64_t{1} + record.renewals());
  if (record.ends_ms() < planned) out.push_back(glass_mended_action);
  return out;
}

}  // namespace xl::contracts::access
