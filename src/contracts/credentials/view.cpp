// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/credentials/view.h"

#include <algorithm>

#include "base/checked.h"
#include "contracts/api/shape.h"
#include "contracts/credentials/records.h"
#include "crypto/hash.h"
#include "model/tags.h"

namespace xl::contracts::credentials {

namespace wire = xinglin::credentials::v1;

namespace {

bool is_of_type(const xinglin::identity::v1::PartyRecord& party, identity::OrganisationType type) {
  return party.organisation_type() == static_cast<std::uint32_t>(type);
}

}  // namespace

bool issues_by_nature(const xinglin::identity::v1::PartyRecord& party, CredentialType type) {
  switch (type) {
    case CredentialType::role:
      return true;
    case CredentialType::coverage:
      return is_of_type(party, identity::OrganisationType::insurer);
    case CredentialType::licence:
    case CredentialType::trading_partner:
      return is_of_type(party, identity::OrganisationType::regulator);
  }
  return false;
}

bool may_issue(const model::StateReader& state, const model::Id& issuer, CredentialType type,
               std::uint64_t at_ms, std::uint64_t within_ms) {
  const auto party = identity::find_party(state, issuer);
  if (!party || party->kind() != static_cast<std::uint32_t>(PartyKind::organisation)) return false;
  if (issues_by_nature(*party, type)) return true;
  const std::vector<model::Id> regulators = accreditors_of(state, issuer, type);
  return std::any_of(regulators.begin(), regulators.end(), [&](const model::Id& regulator) {
    const auto said = find_accreditation(state, issuer, type, regulator);
    return said && covers(*said, at_ms, within_ms);
  });
}

std::optional<wire::AccreditationRecord> find_accreditation(const model::StateReader& state,
                                                            const model::Id& organisation,
                                                            CredentialType type,
                                                            const model::Id& regulator) {
  wire::AccreditationRecord record;
  const Bytes key = accreditation_key(organisation, static_cast<std::uint32_t>(type), regulator);
  if (!load_record(state, key, record)) return std::nullopt;
  return record;
}

bool covers(const wire::AccreditationRecord& accreditation, std::uint64_t at_ms,
            std::uint64_t within_ms) {
  const std::uint64_t last_ms = saturating_add(at_ms, within_ms);
  return std::any_of(accreditation.periods().begin(), accreditation.periods().end(),
                     [&](const wire::AccreditationPeriod& one) {
                       return last_ms >= one.from_ms() && at_ms < one.until_ms() &&
                              (one.ended_ms() == 0 || at_ms < one.ended_ms());
                     });
}

std::vector<model::Id> accreditors_of(const model::StateReader& state,
                                      const model::Id& organisation, CredentialType type) {
  const Bytes part{static_cast<std::uint8_t>(type)};
  const Bytes prefix = state_key(contract_number, 'a', organisation.bytes, part);
  std::vector<model::Id> out;
  state.scan(prefix, prefix, limits::accreditors_max, [&](ByteView key, ByteView) {
    const auto regulator = model::id_from_bytes(key.subspan(prefix.size()));
    XL_CHECK(regulator.ok());
    out.push_back(*regulator);
    return true;
  });
  return out;
}

std::optional<wire::StatusList> find_list(const model::StateReader& state, const model::Id& list) {
  wire::StatusList record;
  if (!load_record(state, list_key(list), record)) return std::nullopt;
  return record;
}

std::vector<model::Id> lists_of(const model::StateReader& state, const model::Id& issuer) {
  const Bytes prefix = state_key(contract_number, 'i', issuer.bytes);
  std::vector<model::Id> out;
  state.scan(prefix, prefix, limits::status_lists_max, [&](ByteView key, ByteView) {
    const auto list = model::id_from_bytes(key.subspan(prefix.size()));
    XL_CHECK(list.ok());
    out.push_back(*list);
    return true;
  });
  return out;
}

Bytes bits_of(const model::StateReader& state, const model::Id& list) {
  const auto record = find_list(state, list);
  if (!record) return {};
  Bytes out(record->entries() / 8, 0);
  for (std::uint32_t chunk = 0; chunk < record->entries() / chunk_entries; ++chunk) {
    wire::StatusChunk bits;
    if (!load_record(state, chunk_key(list, chunk), bits)) continue;
    const std::size_t at = static_cast<std::size_t>(chunk) * limits::status_chunk_bytes;
    std::copy(bits.bits().begin(), bits.bits().end(),
              out.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return out;
}

Bytes chunk_digest(ByteView bits) {
  if (std::all_of(bits.begin(), bits.end(), [](std::uint8_t byte) { return byte == 0; })) return {};
  Bytes out{static_cast<std::uint8_t>(crypto::Suite::international)};
  append(out, crypto::tagged_hash(model::tags::status_bits, {bits}));
  return out;
}

bool was_set(const wire::StatusEntry& entry, std::uint64_t at_ms) {
  bool out = false;
  for (const std::uint64_t changed_ms : entry.changes_ms()) {
    if (changed_ms > at_ms) break;
    out = !out;
  }
  return out;
}

BitStatus status_at(const model::StateReader& state, const model::Id& list, std::uint32_t index,
                    std::uint64_t at_ms) {
  const auto record = find_list(state, list);
  if (!record || index >= record->entries() || at_ms < record->since_ms()) {
    return BitStatus::unknown;
  }
  wire::StatusEntry entry;
  if (!load_record(state, entry_key(list, index), entry)) return BitStatus::clear;
  return was_set(entry, at_ms) ? BitStatus::set : BitStatus::clear;
}

}  // namespace xl::contracts::credentials
