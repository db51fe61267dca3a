// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/consent/invariants.h"

#include "contracts/api/shape.h"
#include "contracts/consent/records.h"
#include "contracts/consent/view.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::contracts::consent {

namespace wire = xinglin::consent::v1;

namespace {

bool has_status(const wire::ConsentRecord& record, ConsentStatus status) {
  return record.status() == static_cast<std::uint32_t>(status);
}

bool replacement_holds(const wire::ConsentRecord& old, const model::StateReader& after) {
  const auto fresh = find_consent(after, id_of(old.replaced_by()));
  if (!fresh || fresh->patient() != old.patient()) return false;
  return old.end_ms() == 0 || (fresh->end_ms() != 0 && fresh->end_ms() <= old.end_ms());
}

bool assisted_holds(const wire::ConsentRecord& record) {
  return !record.assisted() ||
         (record.end_ms() != 0 && !record.evidence().empty() &&
          record.end_ms() - record.since_ms() <= limits::assisted_consent_ms_max);
}

/// Only status, end and successor may change, and only once.
bool change_holds(const wire::ConsentRecord& old, wire::ConsentRecord now) {
  if (!has_status(old, ConsentStatus::active) || has_status(now, ConsentStatus::active)) {
    return false;
  }
  now.set_status(old.status());
  now.set_ended_ms(old.ended_ms());
  now.set_replaced_by(old.replaced_by());
  return equal(model::encode(old), model::encode(now));
}

bool consent_holds(ByteView key, ByteView value, const model::StateReader& before,
                   const model::StateReader& after) {
  wire::ConsentRecord now;
  if (!decode_record(value, now)) return false;
  wire::ConsentRecord old;
  if (load_record(before, key, old) && !change_holds(old, now)) return false;
  if (has_status(now, ConsentStatus::superseded) != !now.replaced_by().empty()) return false;
  if (has_status(now, ConsentStatus::superseded) && !replacement_holds(now, after)) return false;
  const auto consent = model::id_from_bytes(key.subspan(2));
  if (!consent.ok()) return false;
  Bytes entry;
  const bool listed = after.get(patient_index_key(id_of(now.patient()), *consent), entry);
  return listed == has_status(now, ConsentStatus::active) && assisted_holds(now);
}

/// An index entry says the truth.
bool entry_holds(ByteView key, bool present, const model::StateReader& after) {
  const auto consent = model::id_from_bytes(key.subspan(2 + limits::id_bytes));
  if (!consent.ok()) return false;
  const auto record = find_consent(after, *consent);
  return record && has_status(*record, ConsentStatus::active) == present &&
         equal(view_of(record->patient()), key.subspan(2, limits::id_bytes));
}

}  // namespace

bool invariants_hold(const model::WriteSet& changes, const model::StateReader& before,
                     const model::StateReader& after) {
  for (const auto& [key, value] : changes) {
    const ByteView bytes = key;
    if (bytes.size() == 2 + limits::id_bytes && bytes[1] == 'c') {
      if (!value || !consent_holds(bytes, *value, before, after)) return false;
    } else if (bytes.size() == 2 + 2 * limits::id_bytes && bytes[1] == 'i') {
      if (!entry_holds(bytes, value.has_value(), after)) return false;
    } else {
      return false;  // no such table
    }
  }
  return true;
}

}  // namespace xl::contracts::consent
