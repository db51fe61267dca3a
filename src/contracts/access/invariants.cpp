// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/access/invariants.h"

#include "base/checked.h"
#include "contracts/access/records.h"
#include "contracts/access/view.h"
#include "contracts/api/shape.h"
#include "model/canonical.h"

namespace xl::contracts::access {

namespace wire = xinglin::access::v1;

namespace {

constexpr std::size_t entry_key_bytes = 2 + limits::id_bytes;
constexpr std::size_t due_key_bytes = 2 + limits::id_bytes + 8 + limits::id_bytes;
constexpr std::size_t pair_key_bytes = 2 + limits::id_bytes + limits::id_bytes;

model::Id entry_of(ByteView key) {
  const auto id = model::id_from_bytes(key.subspan(key.size() - limits::id_bytes));
  XL_CHECK(id.ok());
  return *id;
}

bool exists(const model::StateReader& state, const Bytes& key) {
  Bytes value;
  return state.get(key, value);
}

bool session_change_holds(const wire::SessionRecord& old, const wire::SessionRecord& now) {
  if (old.sealed_ms() != 0) return false;
  if (old.ended_ms() != 0 && now.ended_ms() != old.ended_ms()) return false;
  wire::SessionRecord plain = now;
  plain.set_ended_ms(old.ended_ms());
  plain.set_root(old.root());
  plain.set_reads(old.reads());
  plain.set_sealed_ms(old.sealed_ms());
  return equal(model::encode(plain), model::encode(old));
}

bool session_holds(ByteView key, ByteView value, const model::StateReader& before,
                   const model::StateReader& after) {
  wire::SessionRecord now;
  if (!decode_record(value, now)) return false;
  wire::SessionRecord old;
  if (load_record(before, key, old) && !session_change_holds(old, now)) return false;
  if (now.ends_ms() - now.opened_ms() > limits::session_ms_max) return false;
  if (now.consents().empty() == now.emergency().empty()) return false;
  if (now.requester() == now.custodian()) return false;
  const std::uint64_t due = saturating_add(end_of(now), limits::seal_within_ms);
  return exists(after, unsealed_key(id_of(now.custodian()), due, entry_of(key))) ==
         (now.sealed_ms() == 0);
}

bool emergency_holds(ByteView key, ByteView value, const model::StateReader& before,
                     const model::StateReader& after) {
  wire::EmergencyRecord now;
  if (!decode_record(value, now)) return false;
  if (now.renewals() > limits::emergency_renewals_max) return false;
  if (now.ends_ms() < now.declared_ms() ||
      now.ends_ms() - now.declared_ms() > limits::emergency_ms * (1 + now.renewals())) {
    return false;
  }
  wire::EmergencyRecord old;
  if (load_record(before, key, old)) {
    wire::EmergencyRecord plain = now;
    plain.set_ends_ms(old.ends_ms());
    plain.set_renewals(old.renewals());
    plain.set_reviewer(old.reviewer());
    plain.set_outcome(old.outcome());
    plain.set_reviewed_ms(old.reviewed_ms());
    if (old.reviewed_ms() != 0 || !equal(model::encode(plain), model::encode(old))) return false;
    // Nothing but a renewal makes it longer.
    if (now.renewals() == old.renewals() && now.ends_ms() > old.ends_ms()) return false;
  }
  const Bytes listed =
      unreviewed_key(id_of(now.organisation()), now.review_due_ms(), entry_of(key));
  return exists(after, listed) == (now.reviewed_ms() == 0);
}

bool is_listed(const model::StateReader& state, const model::Id& dispute,
               const wire::DisputeRecord& record) {
  return exists(state, waiting_dispute_key(id_of(record.patient()), dispute)) &&
         exists(state, unanswered_key(id_of(record.custodian()), record.due_ms(), dispute));
}

/// A dispute is answered once at most, nothing else of it changes, and the indexes hold it until
/// then.
bool dispute_holds(ByteView key, ByteView value, const model::StateReader& before,
                   const model::StateReader& after) {
  wire::DisputeRecord now;
  if (!decode_record(value, now)) return false;
  if (now.due_ms() != saturating_add(now.opened_ms(), limits::dispute_answer_within_ms)) {
    return false;
  }
  const bool answered = now.answered_ms() != 0;
  if (answered == now.officer().empty() || answered == now.answer().empty()) return false;
  wire::DisputeRecord old;
  if (load_record(before, key, old)) {
    if (old.answered_ms() != 0 || !answered) return false;
    wire::DisputeRecord plain = now;
    plain.clear_officer();
    plain.clear_answer();
    plain.clear_answered_ms();
    if (!equal(model::encode(plain), model::encode(old))) return false;
  }
  const model::Id dispute = entry_of(key);
  return exists(after, patient_dispute_key(id_of(now.patient()), dispute)) &&
         is_listed(after, dispute, now) != answered;
}

/// An index entry of a dispute stands exactly while the dispute says so.
bool dispute_entry_holds(ByteView key, bool present, const model::StateReader& after) {
  const model::Id dispute = entry_of(key);
  const auto record = find_dispute(after, dispute);
  if (!record) return false;
  const model::Id patient = id_of(record->patient());
  if (key[1] == 'p') return present && equal(key, patient_dispute_key(patient, dispute));
  const bool here =
      key[1] == 'w'
          ? equal(key, waiting_dispute_key(patient, dispute))
          : equal(key, unanswered_key(id_of(record->custodian()), record->due_ms(), dispute));
  return present == (here && record->answered_ms() == 0);
}

bool journal_holds(ByteView key, ByteView value, const model::StateReader& before) {
  wire::JournalHead now;
  if (!decode_record(value, now)) return false;
  wire::JournalHead old;
  if (!load_record(before, key, old)) return now.next_sequence() > 1;
  return now.next_sequence() > old.next_sequence() && now.late_count() >= old.late_count();
}

/// An index entry stands exactly where its session or emergency says.
bool due_entry_holds(ByteView key, bool present, const model::StateReader& after) {
  const model::Id entry = entry_of(key);
  if (key[1] == 'o') {
    const auto session = find_session(after, entry);
    if (!session) return false;
    const std::uint64_t due = saturating_add(end_of(*session), limits::seal_within_ms);
    const bool here = equal(key, unsealed_key(id_of(session->custodian()), due, entry));
    return present == (here && session->sealed_ms() == 0);
  }
  const auto emergency = find_emergency(after, entry);
  if (!emergency) return false;
  const bool here = equal(
      key, unreviewed_key(id_of(emergency->organisation()), emergency->review_due_ms(), entry));
  return present == (here && emergency->reviewed_ms() == 0);
}

bool entry_holds(ByteView key, const std::optional<ByteView>& value,
                 const model::StateReader& before, const model::StateReader& after) {
  if (!value) return false;
  switch (key[1]) {
    case 's':
      return session_holds(key, *value, before, after);
    case 'e':
      return emergency_holds(key, *value, before, after);
    case 'j':
      return journal_holds(key, *value, before);
    case 'q':
      return dispute_holds(key, *value, before, after);
    case 'c':
    case 'd':
      return !exists(before, copy_of(key));
    default:
      return false;  // no such table
  }
}

}  // namespace

bool invariants_hold(const model::WriteSet& changes, const model::StateReader& before,
                     const model::StateReader& after) {
  for (const auto& [bytes, value] : changes) {
    const ByteView key = bytes;
    if (key.size() == entry_key_bytes) {
      if (!entry_holds(key, value, before, after)) return false;
    } else if (key.size() == due_key_bytes && (key[1] == 'o' || key[1] == 'r')) {
      if (!due_entry_holds(key, value.has_value(), after)) return false;
    } else if ((key.size() == due_key_bytes && key[1] == 'u') ||
               (key.size() == pair_key_bytes && (key[1] == 'p' || key[1] == 'w'))) {
      if (!dispute_entry_holds(key, value.has_value(), after)) return false;
    } else {
      return false;  // no such table
    }
  }
  return true;
}

}  // namespace xl::contracts::access
