// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/records/invariants.h"

#include "contracts/records/records.h"
#include "contracts/records/view.h"
#include "model/limits.h"

namespace xl::contracts::records {

namespace wire = xinglin::records::v1;

namespace {

bool erasure_holds(const wire::RecordHead& now) {
  const auto erasure = static_cast<ErasureStatus>(now.erasure());
  return (erasure != ErasureStatus::none) == !now.certificate().empty() &&
         (erasure == ErasureStatus::complete) == !now.final_certificate().empty();
}

bool head_change_holds(const wire::RecordHead& old, const wire::RecordHead& now) {
  const bool closed = old.status() != 0 || old.erasure() != 0;
  if (closed && now.versions() != old.versions()) return false;
  if (old.erasure() != 0 && now.certificate() != old.certificate()) return false;
  return now.patient() == old.patient() && now.custodian() == old.custodian() &&
         now.versions() >= old.versions() && now.status() >= old.status() &&
         now.erasure() >= old.erasure();
}

bool head_holds(ByteView key, ByteView value, const model::StateReader& before,
                const model::StateReader& after) {
  wire::RecordHead now;
  if (!decode_record(value, now) || now.versions() == 0 || !erasure_holds(now)) return false;
  Bytes newest;
  if (!after.get(version_key(key.subspan(2), now.versions()), newest)) return false;
  wire::RecordHead old;
  return !load_record(before, key, old) || head_change_holds(old, now);
}

/// A new version, within what its record counts.
bool version_holds(ByteView key, const model::StateReader& before,
                   const model::StateReader& after) {
  Bytes old;
  if (before.get(key, old)) return false;
  const ByteView record = key.subspan(2, limits::id_bytes);
  wire::RecordHead head;
  if (!load_record(after, head_key(record), head)) return false;
  const auto version = read_be<std::uint32_t>(key.subspan(2 + limits::id_bytes));
  if (version == 0 || version > head.versions()) return false;
  Bytes previous;
  return version == 1 || after.get(version_key(record, version - 1), previous);
}

}  // namespace

bool invariants_hold(const model::WriteSet& changes, const model::StateReader& before,
                     const model::StateReader& after) {
  for (const auto& [bytes, value] : changes) {
    const ByteView key = bytes;
    if (!value) return false;  // nothing of a record is ever erased
    if (key.size() == 2 + limits::id_bytes && key[1] == 'h') {
      if (!head_holds(key, *value, before, after)) return false;
    } else if (key.size() == 2 + limits::id_bytes + 4 && key[1] == 'v') {
      if (!version_holds(key, before, after)) return false;
    } else {
      return false;  // no such table
    }
  }
  return true;
}

}  // namespace xl::contracts::records
