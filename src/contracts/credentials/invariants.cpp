// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/credentials/invariants.h"

#include "contracts/api/shape.h"
#include "contracts/credentials/records.h"
#include "contracts/credentials/view.h"
#include "model/canonical.h"

namespace xl::contracts::credentials {

namespace wire = xinglin::credentials::v1;

namespace {

constexpr std::size_t list_key_bytes = 2 + limits::id_bytes;
constexpr std::size_t numbered_key_bytes = list_key_bytes + 4;
constexpr std::size_t index_key_bytes = list_key_bytes + limits::id_bytes;
constexpr std::size_t accreditation_key_bytes = index_key_bytes + 1;

/// The id behind the table letter.
model::Id first_id(ByteView key) {
  const auto id = model::id_from_bytes(key.subspan(2, limits::id_bytes));
  XL_CHECK(id.ok());
  return *id;
}

bool same(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  return equal(model::encode(a), model::encode(b));
}

/// Periods stay, but for the end of the last of the old ones.
bool accreditation_holds(ByteView key, ByteView value, const model::StateReader& before) {
  wire::AccreditationRecord now;
  if (!decode_record(value, now) || now.periods().empty()) return false;
  if (static_cast<std::uint32_t>(now.periods_size()) > limits::accreditation_periods_max) {
    return false;
  }
  for (int i = 0; i < now.periods_size(); ++i) {
    const wire::AccreditationPeriod& one = now.periods(i);
    if (one.until_ms() <= one.from_ms()) return false;
    if (i == 0) continue;
    const wire::AccreditationPeriod& last = now.periods(i - 1);
    const std::uint64_t over_ms = last.ended_ms() != 0 ? last.ended_ms() : last.until_ms();
    if (one.from_ms() < over_ms) return false;
  }
  wire::AccreditationRecord old;
  if (!load_record(before, key, old)) return true;
  if (now.periods_size() < old.periods_size()) return false;
  for (int i = 0; i < old.periods_size(); ++i) {
    wire::AccreditationPeriod open = now.periods(i);
    if (old.periods(i).ended_ms() == 0) open.clear_ended_ms();
    if (!same(open, old.periods(i))) return false;
  }
  return true;
}

bool list_holds(ByteView key, ByteView value, const model::StateReader& before,
                const model::StateReader& after) {
  wire::StatusList now;
  if (!decode_record(value, now) || now.entries() < limits::status_entries_min) return false;
  if (static_cast<std::uint32_t>(now.chunk_digests_size()) != now.entries() / chunk_entries) {
    return false;
  }
  Bytes listed;
  if (!after.get(list_index_key(id_of(now.issuer()), first_id(key)), listed)) return false;
  wire::StatusList old;
  if (!load_record(before, key, old)) return true;
  return now.issuer() == old.issuer() && now.purpose() == old.purpose() &&
         now.entries() == old.entries() && now.since_ms() == old.since_ms() &&
         now.changed_ms() >= old.changed_ms();
}

/// Each bit is as its entry says; the list's record names these very bits.
bool chunk_holds(ByteView key, ByteView value, const model::StateReader& before,
                 const model::StateReader& after) {
  wire::StatusChunk now;
  if (!decode_record(value, now) || now.bits().size() != limits::status_chunk_bytes) return false;
  const model::Id list = first_id(key);
  const auto record = find_list(after, list);
  const auto chunk = read_be<std::uint32_t>(key.subspan(list_key_bytes));
  if (!record || chunk >= record->entries() / chunk_entries) return false;
  const std::string& named = record->chunk_digests(static_cast<int>(chunk));
  if (!equal(view_of(named), chunk_digest(view_of(now.bits())))) return false;
  wire::StatusChunk old;
  if (!load_record(before, key, old)) old.set_bits(std::string(limits::status_chunk_bytes, '\0'));
  for (std::uint32_t i = 0; i < chunk_entries; ++i) {
    const std::uint32_t mask = 0x80U >> (i % 8);
    const bool is_set = (static_cast<std::uint8_t>(now.bits()[i / 8]) & mask) != 0;
    const bool was = (static_cast<std::uint8_t>(old.bits()[i / 8]) & mask) != 0;
    if (is_set == was) continue;
    wire::StatusEntry entry;
    if (!load_record(after, entry_key(list, chunk * chunk_entries + i), entry)) return false;
    if ((entry.changes_ms_size() % 2 == 1) != is_set) return false;
  }
  return true;
}

/// Changes are only added, none before another; the bit agrees; a revocation is one change.
bool entry_holds(ByteView key, ByteView value, const model::StateReader& before,
                 const model::StateReader& after) {
  wire::StatusEntry now;
  if (!decode_record(value, now) || now.changes_ms().empty()) return false;
  if (static_cast<std::uint32_t>(now.changes_ms_size()) > limits::entry_changes_max) return false;
  const model::Id list = first_id(key);
  const auto record = find_list(after, list);
  const auto index = read_be<std::uint32_t>(key.subspan(list_key_bytes));
  if (!record || index >= record->entries()) return false;
  const auto purpose = static_cast<StatusPurpose>(record->purpose());
  if (purpose == StatusPurpose::revocation && now.changes_ms_size() != 1) return false;
  for (int i = 1; i < now.changes_ms_size(); ++i) {
    if (now.changes_ms(i) < now.changes_ms(i - 1)) return false;
  }
  wire::StatusEntry old;
  if (load_record(before, key, old)) {
    if (now.changes_ms_size() <= old.changes_ms_size()) return false;
    for (int i = 0; i < old.changes_ms_size(); ++i) {
      if (now.changes_ms(i) != old.changes_ms(i)) return false;
    }
  }
  wire::StatusChunk chunk;
  if (!load_record(after, chunk_key(list, index / chunk_entries), chunk)) return false;
  const std::uint32_t within = index % chunk_entries;
  const bool bit =
      (static_cast<std::uint8_t>(chunk.bits()[within / 8]) & (0x80U >> (within % 8))) != 0;
  return bit == (now.changes_ms_size() % 2 == 1);
}

bool index_holds(ByteView key, const model::StateReader& after) {
  const auto list = model::id_from_bytes(key.subspan(list_key_bytes));
  if (!list.ok()) return false;
  const auto record = find_list(after, *list);
  return record && id_of(record->issuer()) == first_id(key);
}

bool key_holds(ByteView key, ByteView value, const model::StateReader& before,
               const model::StateReader& after) {
  const char table = key.size() < list_key_bytes ? '\0' : static_cast<char>(key[1]);
  if (table == 'a' && key.size() == accreditation_key_bytes) {
    return accreditation_holds(key, value, before);
  }
  if (table == 'l' && key.size() == list_key_bytes) return list_holds(key, value, before, after);
  if (table == 'i' && key.size() == index_key_bytes) return index_holds(key, after);
  if (table == 'c' && key.size() == numbered_key_bytes) {
    return chunk_holds(key, value, before, after);
  }
  if (table == 'e' && key.size() == numbered_key_bytes) {
    return entry_holds(key, value, before, after);
  }
  return false;  // no such table
}

}  // namespace

bool invariants_hold(const model::WriteSet& changes, const model::StateReader& before,
                     const model::StateReader& after) {
  for (const auto& [bytes, value] : changes) {
    if (!value) return false;  // nothing of a credential is ever erased
    if (!key_holds(bytes, *value, before, after)) return false;
  }
  return true;
}

}  // namespace xl::contracts::credentials
