// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/access_log.h"

#include <algorithm>

#include "contracts/access/sealed.pb.h"
#include "contracts/api/shape.h"
#include "contracts/identity/sign_in.h"
#include "contracts/identity/view.h"
#include "custody/access.h"
#include "custody/labels.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::custody {

namespace consent = contracts::consent;
using contracts::PartyKind;

namespace {

/// Which record a subject names; what the journal says of anything else is no record.
void read_subject(Stores& stores, LoggedAccess& out) {
  const Bytes& subject = out.entry.subject;
  if (subject.size() != limits::id_bytes + 4) return;
  const auto record = model::id_from_bytes(ByteView(subject).first(limits::id_bytes));
  if (!record.ok()) return;
  const auto version = read_be<std::uint32_t>(ByteView(subject).subspan(limits::id_bytes));
  if (version == 0) return;
  out.record = *record;
  out.version = version;
  const auto opened = stores.vault().get({*record, version});
  if (!opened.ok()) return;
  const auto labels = decode_labels(opened->labels);
  if (!labels.ok() || labels->type().empty()) return;
  out.type = labels->type();
  out.id = labels->id();
}

void read_details(const xinglin::access::v1::AccessDetails& details, LoggedAccess& out) {
  out.roles.assign(details.roles().begin(), details.roles().end());
  out.reasons.assign(details.reasons().begin(), details.reasons().end());
  if (details.key().size() == sizeof(Hash)) out.key = contracts::key_id_of(details.key());
  const auto stated = contracts::identity::stated_in(details.sign_in().challenge());
  out.stated = stated.organisation;
  out.app = stated.app;
  for (const std::string& one : details.consents()) {
    const auto id = model::id_from_bytes(view_of(one));
    if (id.ok()) out.consents.push_back(*id);
  }
  out.emergency = !details.emergency().empty();
  out.in_session = !details.session_details().empty() && !out.emergency;
  if (details.has_cohort()) out.cohort = contracts::id_of(details.cohort().leaf().entry());
}

consent::PurposeOfUse look_purpose(PartyKind kind) {
  if (kind == PartyKind::patient) return consent::PurposeOfUse::patient_request;
  if (kind == PartyKind::guardian) return consent::PurposeOfUse::family_request;
  return consent::PurposeOfUse::compliance;
}

}  // namespace

LoggedAccess logged_access(Stores& stores, const vault::KeptEntry& kept) {
  LoggedAccess out;
  out.sequence = kept.sequence;
  out.entry = kept.entry;
  out.by_machine = kept.entry.actor == kept.entry.organisation;
  read_subject(stores, out);
  xinglin::access::v1::AccessDetails details;
  xinglin::access::v1::CohortOpening opening;
  if (model::decode_canonical(kept.entry.evidence, details) && details.version() == 1) {
    read_details(details, out);
  } else if (model::decode_canonical(kept.entry.evidence, opening) && opening.has_details()) {
    read_details(opening.details(), out);
    out.query = opening.query();
    out.cohort = kept.entry.session;
  }
  return out;
}

std::string subject_text(const LoggedAccess& access) {
  if (access.type.empty()) return {};
  return access.type + "/" + access.id + "/_history/" + std::to_string(access.version);
}

namespace {

bool watches(const Principal& who) {
  const auto has = [&](contracts::identity::Role role) {
    return std::ranges::find(who.roles, static_cast<std::uint32_t>(role)) != who.roles.end();
  };
  return who.kind == PartyKind::practitioner && (has(contracts::identity::Role::privacy_officer) ||
                                                 has(contracts::identity::Role::auditor));
}

}  // namespace

bool oversees(const Principal& who, const model::Id& organisation) {
  return who.organisation == organisation && watches(who);
}

bool regulates(const Principal& who, const model::StateReader& state) {
  if (!watches(who)) return false;
  const auto party =
      contracts::identity::find_acting(state, who.organisation, PartyKind::organisation);
  return party && party->organisation_type() ==
                      static_cast<std::uint32_t>(contracts::identity::OrganisationType::regulator);
}

namespace {

/// By which right somebody looks: no row of a log lacks one.
consent::Reason look_reason(contracts::PartyKind kind) {
  if (kind == contracts::PartyKind::patient) return consent::Reason::own_access;
  return kind == contracts::PartyKind::guardian ? consent::Reason::guardian_access
                                                : consent::Reason::oversight;
}

}  // namespace

Status record_look(Stores& stores, const LedgerPort& port, const Principal& who,
                   std::span<const model::Id> patients) {
  return record_look(stores, port, who, patients, log_action, look_purpose(who.kind));
}

Status record_look(Stores& stores, const LedgerPort& port, const Principal& who,
                   std::span<const model::Id> patients, std::string_view action,
                   consent::PurposeOfUse purpose) {
  const model::Id nobody{};
  if (patients.empty()) patients = std::span(&nobody, 1);
  XL_TRY_ASSIGN(const query::LedgerHead head, port.ledger().head());
  std::vector<model::JournalEntry> batch;
  for (const model::Id& patient : patients) {
    model::JournalEntry entry;
    entry.time_ms = port.now_ms();
    entry.actor = who.did;
    entry.organisation = who.organisation;
    entry.patient = patient;
    entry.decision = model::JournalDecision::permitted;
    entry.outcome = model::JournalOutcome::served;
    entry.action = action;
    entry.purpose = purpose_code(purpose);
    auto details =
        access_details(who, patient, stores.did(), purpose, consent::Action::search, head.height);
    details.add_reasons(static_cast<std::uint32_t>(look_reason(who.kind)));
    entry.evidence = model::encode(details);
    batch.push_back(std::move(entry));
  }
  for (std::size_t next = 0; next < batch.size(); next += limits::journal_group_max) {
    const std::size_t count = std::min<std::size_t>(limits::journal_group_max, batch.size() - next);
    const auto kept = stores.journal().append_batch(std::span(batch).subspan(next, count));
    if (!kept.ok()) return kept.error();
  }
  return {};
}

Status record_refusal(Stores& stores, const LedgerPort& port, const Principal& who,
                      const Refusal& refusal) {
  XL_TRY_ASSIGN(const query::LedgerHead head, port.ledger().head());
  model::JournalEntry entry;
  entry.time_ms = port.now_ms();
  entry.actor = requester_of(who).did;
  entry.organisation = who.organisation;
  entry.patient = refusal.patient;
  entry.action = refusal.action;
  entry.purpose = purpose_code(refusal.purpose);
  entry.reason = not_for_this_role;
  if (refusal.which) {
    entry.subject = copy_of(refusal.which->record.view());
    append_be(entry.subject, refusal.which->version);
  }
  auto details = access_details(who, refusal.patient, stores.did(), refusal.purpose,
                                consent::Action::read, head.height);
  if (who.sign_in.signature.empty()) {  // nobody signed in here: another member brought it
    details.clear_key();
    details.clear_sign_in();
  }
  entry.evidence = model::encode(details);
  const auto kept = stores.journal().append(entry);
  return kept.ok() ? Status{} : Status(kept.error());
}

bool is_patient_here(const Stores& stores, const model::StateReader& state,
                     const model::Id& patient) {
  const auto party = contracts::identity::find_party(state, patient);
  return party && static_cast<PartyKind>(party->kind()) == PartyKind::patient &&
         contracts::identity::custodian_of(*party) == stores.did() && !stores.is_own(patient);
}

}  // namespace xl::custody
