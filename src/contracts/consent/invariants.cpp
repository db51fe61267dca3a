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

bool refusal_holds(ByteView key, ByteView value, const model::StateReader& before) {
  wire::DeclineRecord now;
  wire::DeclineRecord old;
  return decode_record(value, now) && !load_record(before, key, old);
}

/// Only how it stands may change, and never back.
bool agreement_change_holds(const wire::AgreementRecord& old, wire::AgreementRecord now) {
  if (now.status() <= old.status()) return false;
  if (old.accepted_ms() != 0 && now.accepted_ms() != old.accepted_ms()) return false;
  now.set_status(old.status());
  now.set_accepted_ms(old.accepted_ms());
  now.set_ended_ms(old.ended_ms());
  now.set_ended_by(old.ended_by());
  return equal(model::encode(old), model::encode(now));
}

bool agreement_holds(ByteView key, ByteView value, const model::StateReader& before,
                     const model::StateReader& after) {
  wire::AgreementRecord now;
  if (!decode_record(value, now) || now.proposer() == now.other()) return false;
  wire::AgreementRecord old;
  if (load_record(before, key, old) && !agreement_change_holds(old, now)) return false;
  const auto status = static_cast<AgreementStatus>(now.status());
  const bool ended = status == AgreementStatus::ended;
  const bool by_one = now.ended_by() == now.proposer() || now.ended_by() == now.other();
  if (ended ? !by_one || now.ended_ms() == 0 : !now.ended_by().empty()) return false;
  if (status == AgreementStatus::accepted && now.accepted_ms() == 0) return false;
  if (status == AgreementStatus::proposed && now.accepted_ms() != 0) return false;
  const auto agreement = model::id_from_bytes(key.subspan(2));
  if (!agreement.ok()) return false;
  Bytes entry;
  return after.get(party_agreement_key(id_of(now.proposer()), *agreement), entry) == !ended &&
         after.get(party_agreement_key(id_of(now.other()), *agreement), entry) == !ended;
}

bool party_entry_holds(ByteView key, bool present, const model::StateReader& after) {
  const auto agreement = model::id_from_bytes(key.subspan(2 + limits::id_bytes));
  if (!agreement.ok()) return false;
  const auto record = find_agreement(after, *agreement);
  const ByteView whose = key.subspan(2, limits::id_bytes);
  const bool one_of = record && (equal(view_of(record->proposer()), whose) ||
                                 equal(view_of(record->other()), whose));
  const bool open =
      record && record->status() != static_cast<std::uint32_t>(AgreementStatus::ended);
  return one_of && open == present;
}

bool agreement_dispute_holds(ByteView key, ByteView value, const model::StateReader& before,
                             const model::StateReader& after) {
  wire::AgreementDisputeRecord now;
  if (!decode_record(value, now)) return false;
  const bool answered = now.answered_ms() != 0;
  if (answered == now.answer().empty()) return false;
  wire::AgreementDisputeRecord old;
  if (load_record(before, key, old)) {
    if (old.answered_ms() != 0 || !answered) return false;
    wire::AgreementDisputeRecord asked = now;
    asked.clear_answer();
    asked.clear_answered_ms();
    if (!equal(model::encode(old), model::encode(asked))) return false;
  }
  const auto dispute = model::id_from_bytes(key.subspan(2));
  if (!dispute.ok()) return false;
  const model::Id agreement = id_of(now.agreement());
  Bytes entry;
  return after.get(dispute_of_agreement_key(agreement, *dispute), entry) &&
         after.get(waiting_dispute_key(agreement, *dispute), entry) == !answered;
}

bool dispute_entry_holds(ByteView key, bool present, const model::StateReader& after) {
  const auto dispute = model::id_from_bytes(key.subspan(2 + limits::id_bytes));
  if (!dispute.ok()) return false;
  const auto record = find_agreement_dispute(after, *dispute);
  const bool of_it =
      record && equal(view_of(record->agreement()), key.subspan(2, limits::id_bytes));
  const bool wanted = key[1] == 'g' || (record && record->answered_ms() == 0);
  return of_it && present == wanted;
}

/// One change of a table whose keys are one id.
bool record_holds(ByteView key, ByteView value, const model::StateReader& before,
                  const model::StateReader& after) {
  switch (key[1]) {
    case 'c':
      return consent_holds(key, value, before, after);
    case 'd':
      return refusal_holds(key, value, before);
    case 'a':
      return agreement_holds(key, value, before, after);
    case 'q':
      return agreement_dispute_holds(key, value, before, after);
    default:
      return false;  // no such table
  }
}

/// One change of an index.
bool index_holds(ByteView key, bool present, const model::StateReader& after) {
  switch (key[1]) {
    case 'i':
      return entry_holds(key, present, after);
    case 'o':
      return party_entry_holds(key, present, after);
    case 'g':
    case 'w':
      return dispute_entry_holds(key, present, after);
    default:
      return false;  // no such table
  }
}

}  // namespace

bool invariants_hold(const model::WriteSet& changes, const model::StateReader& before,
                     const model::StateReader& after) {
  for (const auto& [key, value] : changes) {
    const ByteView bytes = key;
    if (bytes.size() == 2 + limits::id_bytes) {
      if (!value || !record_holds(bytes, *value, before, after)) return false;
    } else if (bytes.size() == 2 + 2 * limits::id_bytes) {
      if (!index_holds(bytes, value.has_value(), after)) return false;
    } else {
      return false;  // no such table
    }
  }
  return true;
}

}  // namespace xl::contracts::consent
