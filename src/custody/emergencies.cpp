// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "contracts/access/emergency_reasons.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/sealed.h"
#include "contracts/access/view.h"
#include "contracts/api/shape.h"
#include "contracts/identity/view.h"
#include "custody/access.h"
#include "custody/access_log.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::custody {

using xinglin::access::v1::EmergencyReason;

namespace {

constexpr std::uint64_t emergency_pending_ms = 12 * 60 * 1000;
/// No entry about an emergency is older than its declaration by more, whatever the clocks.
constexpr std::uint64_t early_ms = 10 * 60 * 1000;

Error emergency_mismatch(std::string_view what) {
  return make_error(ErrorCode::emergency_mismatched, what);
}

/// The payload of a transaction that is one message of this type of the access contract.
Result<Bytes> only_message(ByteView raw, std::uint16_t type, std::string_view name) {
  XL_TRY_ASSIGN(model::Transaction transaction, model::decode_transaction(raw));
  auto& messages = transaction.body.messages;
  if (messages.size() != 1 || messages[0].contract != contracts::access::contract_number ||
      messages[0].type != type) {
    return emergency_mismatch("one " + std::string(name));
  }
  return std::move(messages[0].payload);
}

/// Errors by which a declaration is refused; others say that it could not be dealt with.
bool says_no(ErrorCode code) {
  switch (code) {
    case ErrorCode::emergency_mismatched:
    case ErrorCode::emergency_code_unknown:
    case ErrorCode::emergency_text_refused:
    case ErrorCode::contract_refused:
    case ErrorCode::patient_unknown:
    case ErrorCode::patient_erased:
      return true;
    default:
      return false;
  }
}

}  // namespace

/// Errors: emergency_mismatched.
Status AccessDesk::check_renewal(const Principal& principal, const Bytes& transaction,
                                 const model::Id& entry) const {
  XL_TRY_ASSIGN(
      const Bytes payload,
      only_message(transaction, contracts::access::renew_emergency_type, "RenewEmergency"));
  xinglin::access::v1::RenewEmergency message;
  XL_TRY(contracts::decode_message(payload, message));
  if (message.entry() != bytes_of(entry.bytes)) return emergency_mismatch("entry");
  const auto record = contracts::access::find_emergency(*port_.ledger().state(), entry);
  // No organisation's key signs for another one's emergency.
  if (!record || record->organisation() != bytes_of(principal.organisation.bytes)) {
    return emergency_mismatch("entry");
  }
  const std::string who = bytes_of(principal.did.bytes);
  if (record->practitioner() == who || message.second() == who) return {};
  return emergency_mismatch("practitioner");
}

Result<Bytes> AccessDesk::sign_emergency(const Principal& principal, ByteView body,
                                         std::vector<Bytes> signatures,
                                         const std::optional<model::Id>& renewed) const {
  const crypto::SigningKey* key = principal.organisation == stores_.did()
                                      ? &stores_.identity().key
                                      : find_signer_(principal.organisation);
  if (key == nullptr) return make_error(ErrorCode::organisation_elsewhere);
  signatures.push_back(key->sign(model::signed_bytes(body)));
  Bytes out = model::encode_transaction(body, signatures);
  if (renewed) {
    XL_TRY(check_renewal(principal, out, *renewed));
    return out;
  }
  XL_TRY_ASSIGN(const Bytes payload,
                only_message(out, contracts::access::declare_emergency_type, "DeclareEmergency"));
  xinglin::access::v1::DeclareEmergency message;
  XL_TRY(contracts::decode_message(payload, message));
  if (message.organisation() != bytes_of(principal.organisation.bytes)) {
    return emergency_mismatch("organisation");
  }
  const std::string who = bytes_of(principal.did.bytes);
  if (message.practitioner() == who || message.second() == who) return out;
  return emergency_mismatch("practitioner");
}

Result<model::HistoryEntry> AccessDesk::declare_emergency(const Principal& who,
                                                          const Bytes& transaction,
                                                          const EmergencyReason& reason) {
  XL_TRY_ASSIGN(
      const Bytes payload,
      only_message(transaction, contracts::access::declare_emergency_type, "DeclareEmergency"));
  xinglin::access::v1::DeclareEmergency message;
  XL_TRY(contracts::decode_message(payload, message));
  auto out = take_emergency(who.organisation, message, transaction, reason);
  if (out.ok()) {
    // What cannot be written now is when the ledger is followed: it holds up nobody's care.
    const auto view = look(port_);
    if (view.ok()) (void)note_emergency(*view, contracts::id_of(message.entry()));
    return out;
  }
  if (says_no(out.error().code)) {
    Principal asked = who;
    if (asked.did.is_zero() && contracts::check_id(message.practitioner(), "").ok()) {
      asked.did = contracts::id_of(message.practitioner());
    }
    XL_TRY(refuse_emergency(asked, message.patient()));
  }
  return out;
}

/// Errors: as `declare_emergency`.
Result<model::HistoryEntry> AccessDesk::take_emergency(
    const model::Id& organisation, const xinglin::access::v1::DeclareEmergency& message,
    const Bytes& transaction, const EmergencyReason& reason) {
  XL_TRY(contracts::check_id(message.entry(), "entry"));
  // Of somebody whom nobody knows yet: kept among what names no patient.
  model::Id patient = stores_.unattributed();
  if (!message.patient().empty()) {
    XL_TRY(contracts::check_id(message.patient(), "patient"));
    patient = contracts::id_of(message.patient());
  } else if (organisation != stores_.did()) {
    return emergency_mismatch("patient");
  }
  if (message.organisation() != bytes_of(organisation.bytes)) {
    return emergency_mismatch("organisation");
  }
  const Bytes opening = model::encode(reason);
  XL_TRY(contracts::access::check_emergency_reason(reason.code(), reason.text()));
  if (reason.version() != 1 || reason.salt().size() != 32 ||
      message.reason() != contracts::access::details_commitment(opening)) {
    return emergency_mismatch("reason");
  }
  Labels labels;
  labels.set_kind(static_cast<std::uint32_t>(Kind::emergency));
  labels.set_last_updated_ms(port_.now_ms());
  XL_TRY_ASSIGN(const Bytes label_bytes, encode_labels(labels));
  const vault::RecordVersion which[] = {{contracts::id_of(message.entry()), 1}};
  const auto kept = stores_.vault().put({patient, which[0], opening, label_bytes},
                                        port_.now_ms() + emergency_pending_ms);
  if (!kept.ok()) return kept.error();
  const KeptBody copied[] = {{which[0], kept->ciphertext_digest}};
  stores_.copy_out(copied);
  XL_TRY_ASSIGN(const model::HistoryEntry entry, port_.send(transaction));
  XL_TRY(stores_.vault().confirm(which));
  return entry;
}

/// Somebody who may not break the glass is in the log of the patient whom they named, or where
/// nobody here is named, in nobody's. Errors: those of the journal.
Status AccessDesk::refuse_emergency(const Principal& who, std::string_view patient) {
  Refusal refusal;
  const auto named = model::id_from_bytes(view_of(patient));
  const auto state = port_.ledger().state();
  if (named.ok() && is_patient_here(stores_, *state, *named)) refusal.patient = *named;
  refusal.action = contracts::access::glass_broken_action;
  refusal.purpose = contracts::consent::PurposeOfUse::break_glass;
  return record_refusal(stores_, port_, who, refusal);
}

/// Does the log say this of the emergency already?
Result<bool> AccessDesk::is_noted(const model::Id& patient, const model::Id& entry,
                                  std::string_view action, std::uint64_t since_ms) {
  vault::JournalLook look;
  look.patients = std::vector{patient};
  look.from_ms = since_ms;
  while (true) {
    XL_TRY_ASSIGN(const auto page, stores_.journal().newest(look, limits::vault_page_max));
    for (const vault::KeptEntry& kept : page) {
      if (kept.entry.session == entry && kept.entry.action == action) return true;
    }
    if (page.size() < limits::vault_page_max) return false;
    look.before = page.back().sequence;
  }
}

Status AccessDesk::note_emergency(const LedgerView& view, const model::Id& entry) {
  const auto record = contracts::access::find_emergency(*view.state, entry);
  if (!record || record->patient().empty()) return {};
  const model::Id patient = contracts::id_of(record->patient());
  if (!is_patient_here(stores_, *view.state, patient)) return {};
  XL_TRY_ASSIGN(const bool known, stores_.keyring().knows_patient(patient));
  if (!known) return {};
  Principal who;
  who.kind = contracts::PartyKind::practitioner;
  who.did = contracts::id_of(record->practitioner());
  who.organisation = contracts::id_of(record->organisation());
  constexpr auto purpose = contracts::consent::PurposeOfUse::break_glass;
  const std::uint64_t since_ms = record->declared_ms() - std::min(record->declared_ms(), early_ms);
  const std::scoped_lock lock(noting_);
  for (const std::string_view action : contracts::access::glass_actions_of(*record)) {
    XL_TRY_ASSIGN(const bool noted, is_noted(patient, entry, action, since_ms));
    if (noted) continue;
    model::JournalEntry kept;
    kept.time_ms = port_.now_ms();
    kept.actor = who.did;
    kept.organisation = who.organisation;
    kept.patient = patient;
    kept.session = entry;
    kept.decision = model::JournalDecision::permitted;
    kept.outcome = model::JournalOutcome::served;
    kept.action = action;
    kept.purpose = purpose_code(purpose);
    kept.reason = "emergency_access";
    // The ledger's record of the emergency is the evidence: who declared it signed that.
    auto details = access_details(who, patient, stores_.did(), purpose,
                                  contracts::consent::Action::read, view.height);
    details.clear_key();
    details.clear_sign_in();
    details.set_emergency(bytes_of(entry.bytes));
    details.add_reasons(static_cast<std::uint32_t>(contracts::consent::Reason::emergency_access));
    kept.evidence = model::encode(details);
    const auto appended = stores_.journal().append(kept);
    if (!appended.ok()) return appended.error();
  }
  return {};
}
}  // namespace xl::custody
