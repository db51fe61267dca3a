// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/erasures.h"

#include <algorithm>

#include "base/checked.h"
#include "contracts/identity/view.h"
#include "contracts/records/messages.pb.h"
#include "contracts/records/records.h"
#include "contracts/records/view.h"
#include "custody/access.h"
#include "custody/access_log.h"
#include "custody/consents.h"
#include "custody/labels.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::custody {

namespace {

std::string name_of(std::string_view type, std::string_view id, std::string_view version = {}) {
  std::string out = std::string(type) + "/" + std::string(id);
  if (!version.empty()) out += "/_history/" + std::string(version);
  return out;
}

/// The record version that an entry is about (formats-custody.md §4); nothing for other subjects.
std::optional<vault::RecordVersion> version_read(const model::JournalEntry& entry) {
  constexpr std::size_t id_size = limits::id_bytes;
  if (entry.subject.size() != id_size + sizeof(std::uint32_t)) return std::nullopt;
  const auto record = model::id_from_bytes(ByteView(entry.subject).first(id_size));
  if (!record.ok()) return std::nullopt;
  std::uint32_t version = 0;
  for (const std::uint8_t byte : ByteView(entry.subject).subspan(id_size)) {
    version = version << 8U | byte;
  }
  return vault::RecordVersion{*record, version};
}

std::string anchored_digest(const vault::ErasureCertificate& certificate) {
  Bytes out{static_cast<std::uint8_t>(crypto::Suite::international)};
  append(out, vault::digest_of(certificate));
  return bytes_of(out);
}

}  // namespace

Bytes ErasureDesk::sign(const vault::ErasureCertificate& certificate) const {
  return stores_.identity().key.sign(vault::digest_of(certificate));
}

Result<bool> ErasureDesk::was_erased(std::string_view type, std::string_view id,
                                     std::string_view version) {
  XL_TRY_ASSIGN(const bool whole, stores_.erasures().knows(name_of(type, id)));
  if (whole || version.empty()) return whole;
  return stores_.erasures().knows(name_of(type, id, version));
}

/// Every version that the index has, newest first.
Result<std::vector<query::RecordEntry>> ErasureDesk::versions_of(const std::string& type,
                                                                 const std::string& id) {
  std::vector<query::RecordEntry> out;
  query::HistoryQuery query;
  query.type = type;
  query.id = id;
  query.count = query::index_page_max;
  do {
    XL_TRY_ASSIGN(query::IndexPage page, stores_.index().history(query));
    std::move(page.entries.begin(), page.entries.end(), std::back_inserter(out));
    query.cursor = page.next_cursor;
  } while (!query.cursor.empty());
  return out;
}

Status ErasureDesk::check_asker(const Principal& who) const {
  if (who.kind == contracts::PartyKind::organisation && who.did == stores_.did()) return {};
  return make_error(ErrorCode::role_refused, "the organisation's own key erases, nobody else's");
}

Result<bool> ErasureDesk::may_read(const Principal& who,
                                   const vault::ErasureCertificate& certificate) const {
  namespace identity = contracts::identity;
  if (check_asker(who).ok() || oversees(who, stores_.did())) return true;
  const bool given = std::ranges::any_of(
      certificate.disclosures, [&](const auto& one) { return one.grantee == who.organisation; });
  const bool itself = who.kind == contracts::PartyKind::organisation && who.did == who.organisation;
  if (given && (itself || oversees(who, who.organisation))) return true;
  if (who.organisation != stores_.did()) return false;
  if (who.kind == contracts::PartyKind::patient) return who.did == certificate.patient;
  if (who.kind != contracts::PartyKind::guardian) return false;
  XL_TRY_ASSIGN(const LedgerView view, look(port_));
  return identity::guardian_acts(*view.state, who.did, certificate.patient, identity::power_consent,
                                 view.now_ms);
}

/// Durably, before anything is asked of the stores: what a crash stops is in the log all the same.
Status ErasureDesk::note_asked(const Principal& who, std::span<const vault::AskedErasure> asked) {
  constexpr auto purpose = contracts::consent::PurposeOfUse::operations;
  XL_TRY_ASSIGN(const query::LedgerHead head, port_.ledger().head());
  std::vector<model::JournalEntry> batch;
  for (const vault::AskedErasure& one : asked) {
    if (stores_.is_own(one.patient)) continue;
    model::JournalEntry entry;
    entry.time_ms = one.asked_ms;
    entry.actor = who.did;
    entry.organisation = who.organisation;
    entry.patient = one.patient;
    entry.decision = model::JournalDecision::permitted;
    entry.outcome = model::JournalOutcome::served;
    entry.action = erase_action;
    entry.purpose = purpose_code(purpose);
    if (one.record) {
      entry.subject = copy_of(one.record->record.view());
      append_be(entry.subject, one.record->version);
    }
    auto details = access_details(who, one.patient, stores_.did(), purpose,
                                  contracts::consent::Action::correct, head.height);
    details.add_reasons(static_cast<std::uint32_t>(contracts::consent::Reason::own_systems));
    entry.evidence = model::encode(details);
    batch.push_back(std::move(entry));
  }
  for (std::size_t next = 0; next < batch.size(); next += limits::journal_group_max) {
    const std::size_t count = std::min<std::size_t>(limits::journal_group_max, batch.size() - next);
    const auto kept = stores_.journal().append_batch(std::span(batch).subspan(next, count));
    if (!kept.ok()) return kept.error();
  }
  return {};
}

Result<std::vector<vault::ErasureCertificate>> ErasureDesk::erase_record(
    const Principal& who, const std::string& type, const std::string& id,
    std::optional<std::uint64_t> version) {
  XL_TRY_ASSIGN(const RecordStore::Hold hold, records_.hold({name_of(type, id)}));
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(std::vector<query::RecordEntry> versions, versions_of(type, id));
  const std::string number = version ? std::to_string(*version) : std::string();
  if (version && versions.size() > 1 && versions.front().version == *version) {
    return make_error(ErrorCode::parameter_invalid,
                      "the current version goes only with the whole record; write a corrected "
                      "version first, or leave the version out");
  }
  const bool whole = !version || (versions.size() == 1 && versions.front().version == *version);
  if (!whole) {
    std::erase_if(versions, [&](const auto& entry) { return entry.version != *version; });
  }
  if (versions.empty()) {
    XL_TRY_ASSIGN(const bool erased, was_erased(type, id, number));
    return make_error(erased ? ErrorCode::record_erased : ErrorCode::index_record_unknown);
  }
  if (is_agreed_consent(versions.front())) {
    // What rules access is not made unreadable; both versions of one that is over rest on one body.
    if (version || versions.front().version == 1) {
      return make_error(ErrorCode::consent_fixed, name_of(type, id));
    }
    versions.resize(1);
  }
  std::vector<vault::AskedErasure> asked;
  std::vector<std::string> names{name_of(type, id, whole ? std::string() : number)};
  for (const query::RecordEntry& entry : versions) {
    const vault::RecordVersion which{entry.record, static_cast<std::uint32_t>(entry.vault_version)};
    asked.push_back({random_id(), entry.patient, which, port_.now_ms(), std::nullopt, false});
  }
  XL_TRY(note_asked(who, asked));
  XL_TRY(stores_.erasures().ask(asked, names));
  std::vector<vault::ErasureCertificate> out;
  for (const vault::AskedErasure& one : asked) {
    XL_TRY_ASSIGN(vault::ErasureCertificate certificate, finish(one));
    out.push_back(std::move(certificate));
  }
  XL_TRY(tell_ledger());
  return out;
}

Result<vault::ErasureCertificate> ErasureDesk::erase_patient(const Principal& who,
                                                             const model::Id& patient) {
  if (stores_.is_own(patient)) return make_error(ErrorCode::role_refused, "it is no patient's");
  const std::scoped_lock lock(mutex_);
  const vault::AskedErasure asked{random_id(),    patient,      std::nullopt,
                                  port_.now_ms(), std::nullopt, false};
  // Nobody here: nothing is written down.
  const auto known = stores_.keyring().knows_patient(patient);
  if (!known.ok()) return known.error();
  if (!*known) return make_error(ErrorCode::patient_unknown, patient.text());
  XL_TRY(note_asked(who, std::span(&asked, 1)));
  XL_TRY(stores_.erasures().ask({asked}, {}));
  XL_TRY_ASSIGN(vault::ErasureCertificate out, finish(asked));
  XL_TRY(tell_ledger());
  return out;
}

/// Writes down who else was shown what is erased: everyone whom the journal names as served, from
/// another organisation than this one.
Status ErasureDesk::note_disclosures(const vault::AskedErasure& asked) {
  std::uint64_t after = 0;
  while (true) {
    XL_TRY_ASSIGN(const auto page,
                  stores_.journal().entries_of(asked.patient, after, limits::vault_page_max));
    if (page.empty()) return {};
    after = page.back().sequence;
    std::vector<vault::Disclosure> shown;
    for (const vault::KeptEntry& kept : page) {
      const model::JournalEntry& read = kept.entry;
      const auto which = version_read(read);
      if (!which || read.outcome != model::JournalOutcome::served ||
          read.organisation == stores_.did() || read.organisation.is_zero()) {
        continue;
      }
      if (!asked.record || *asked.record == *which) {
        shown.push_back({*which, read.organisation, read.time_ms});
      }
    }
    XL_TRY(stores_.keyring().disclose(shown));
  }
}

/// Wraps first: from then on nothing opens what is left. Who had been shown it comes next, once
/// what was opened before is in the journal. The log says last that all of it is gone.
Result<vault::ErasureCertificate> ErasureDesk::finish(const vault::AskedErasure& asked) {
  XL_TRY_ASSIGN(vault::ErasureCertificate out,
                asked.record ? stores_.vault().erase(*asked.record, port_.now_ms())
                             : stores_.vault().erase_patient(asked.patient, port_.now_ms()));
  stores_.care().forget();
  stores_.reads().wait();
  XL_TRY(note_disclosures(asked));
  XL_TRY_ASSIGN(out, stores_.keyring().certificate(out.id));
  XL_TRY(stores_.erasures().certified(asked.id, out.id));
  if (asked.record) {
    XL_TRY(note_record(asked.record->record, out.id));
    XL_TRY(stores_.index().erase_version(asked.record->record, asked.record->version));
  } else {
    XL_TRY(forget_patient(asked.patient, out.id));
    XL_TRY(forget_(asked.patient));
  }
  stores_.care().forget();  // also what was found while the index still told of it
  XL_TRY(stores_.erasures().done(asked.id));
  return out;
}

/// The index still tells the names until they are written down.
Status ErasureDesk::forget_patient(const model::Id& patient, const model::Id& certificate) {
  query::HistoryQuery query;
  query.allowed.patients = std::vector<model::Id>{patient};
  query.count = query::index_page_max;
  do {
    XL_TRY_ASSIGN(const query::IndexPage page, stores_.index().history(query));
    std::vector<std::string> names;
    for (const query::RecordEntry& entry : page.entries) {
      names.push_back(name_of(entry.type, entry.id));
      XL_TRY(stores_.erasures().add_record(entry.record, certificate));
    }
    XL_TRY(stores_.erasures().ask({}, names));
    query.cursor = page.next_cursor;
  } while (!query.cursor.empty());
  return stores_.index().erase_patient(patient);
}

/// A record of which no version can be opened any more is erased as a whole.
Status ErasureDesk::note_record(const model::Id& record, const model::Id& certificate) {
  const auto head = contracts::records::find_record(*port_.ledger().state(), record);
  if (!head) return {};
  for (std::uint32_t version = 1; version <= head->versions(); ++version) {
    const auto kept = stores_.vault().anchored({record, version});
    if (kept.ok()) return {};
    if (kept.error().code != ErrorCode::record_erased) return kept.error();
  }
  return stores_.erasures().add_record(record, certificate);
}

Status ErasureDesk::tell_ledger() {
  const crypto::SigningKey* ours[] = {&stores_.identity().key};
  std::optional<model::Id> after;
  while (true) {
    XL_TRY_ASSIGN(const auto page, stores_.erasures().unstated(after));
    if (page.empty()) return {};
    after = page.back().record;
    XL_TRY_ASSIGN(const LedgerView view, look(port_));
    std::vector<model::Message> messages;
    std::vector<std::pair<model::Id, vault::StatedErasure>> told;
    const auto send = [&]() -> Status {
      if (!messages.empty()) XL_TRY(port_.send(std::move(messages), ours));
      messages.clear();
      for (const auto& [record, state] : told) XL_TRY(stores_.erasures().stated(record, state));
      told.clear();
      return {};
    };
    for (const vault::ErasedRecord& one : page) {
      const auto head = contracts::records::find_record(*view.state, one.record);
      using contracts::records::ErasureStatus;
      const auto known =
          head ? static_cast<ErasureStatus>(head->erasure()) : ErasureStatus::complete;
      if (known == ErasureStatus::complete) {  // or nothing of the records contract
        told.emplace_back(one.record, vault::StatedErasure::complete);
        continue;
      }
      const auto certificate = stores_.keyring().certificate(one.certificate);
      // Of a keyring that was lost since: what it certified was written after the last backup, so
      // nothing opens it, and there is nothing to state that could be proved.
      if (!certificate.ok() && certificate.error().code == ErrorCode::erasure_unknown) continue;
      if (!certificate.ok()) return certificate.error();
      const bool ready =
          certificate->is_final &&
          view.now_ms >= saturating_add(head->erased_ms(), limits::erasure_backup_ms);
      if (known == ErasureStatus::pending && !ready) {
        if (one.stated == vault::StatedErasure::nothing) {
          told.emplace_back(one.record, vault::StatedErasure::pending);
        }
        continue;
      }
      xinglin::records::v1::RecordErasure message;
      message.set_record(bytes_of(one.record.bytes));
      message.set_certificate(anchored_digest(*certificate));
      message.set_final(known == ErasureStatus::pending);
      messages.push_back(message_to(contracts::records::contract_number,
                                    contracts::records::record_erasure_type, message));
      told.emplace_back(one.record, known == ErasureStatus::pending
                                        ? vault::StatedErasure::complete
                                        : vault::StatedErasure::pending);
      if (messages.size() == limits::messages_max) XL_TRY(send());
    }
    XL_TRY(send());
  }
}

Status ErasureDesk::erase_again(const vault::RecordVersion& which, const model::Id& patient) {
  XL_TRY_ASSIGN(const vault::Opened opened, stores_.vault().get(which));
  XL_TRY_ASSIGN(const Labels labels, decode_labels(opened.labels));
  const vault::AskedErasure asked{random_id(), patient, which, port_.now_ms(), std::nullopt, false};
  XL_TRY(stores_.erasures().ask({asked}, {name_of(labels.type(), labels.id())}));
  const auto done = finish(asked);
  if (!done.ok()) return done.error();
  // The last of the patient's: they were erased as a person, as far as can be told.
  query::HistoryQuery left;
  left.allowed.patients = std::vector<model::Id>{patient};
  left.count = 1;
  XL_TRY_ASSIGN(const query::IndexPage page, stores_.index().history(left));
  return page.entries.empty() ? forget_(patient) : Status{};
}

Status ErasureDesk::forget_erased() {
  XL_TRY_ASSIGN(const std::vector<model::Id> all, stores_.keyring().erasures());
  for (const model::Id& id : all) {
    XL_TRY_ASSIGN(const vault::ErasureCertificate one, stores_.keyring().certificate(id));
    if (!one.record) XL_TRY(forget_(one.patient));
  }
  return {};
}

Status ErasureDesk::follow_ledger(std::uint64_t since_ms) {
  const std::scoped_lock lock(mutex_);
  if (followed_) return {};
  XL_TRY_ASSIGN(const query::LedgerHead head, port_.ledger().head());
  if (head.height == followed_height_) return {};
  const auto state = port_.ledger().state();
  std::optional<vault::RecordVersion> after;
  while (true) {
    XL_TRY_ASSIGN(const auto page, stores_.keyring().versions(after, limits::vault_page_max));
    if (page.empty()) break;
    after = page.back().which;
    for (const vault::KeptVersion& kept : page) {
      const auto record = contracts::records::find_record(*state, kept.which.record);
      if (record && record->erasure() != 0) XL_TRY(erase_again(kept.which, kept.patient));
    }
  }
  followed_height_ = head.height;
  followed_ = head.block_ms >= since_ms;
  return {};
}

Status ErasureDesk::settle() {
  const std::scoped_lock lock(mutex_);
  XL_TRY(stores_.keyring().destroy_expired_backup_keys(port_.now_ms()));
  std::optional<model::Id> after;
  while (true) {
    XL_TRY_ASSIGN(const auto page, stores_.erasures().entries(after, true));
    if (page.empty()) break;
    for (const vault::AskedErasure& one : page) {
      const auto finished = finish(one);
      // Written after the backup that the keyring came from: its keys are gone already.
      if (!finished.ok() && (finished.error().code == ErrorCode::record_unknown ||
                             finished.error().code == ErrorCode::patient_unknown)) {
        XL_TRY(stores_.erasures().done(one.id));
      } else if (!finished.ok()) {
        return finished.error();
      }
    }
    after = page.back().id;
  }
  return tell_ledger();
}

}  // namespace xl::custody
