// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/notices.h"

#include <algorithm>
#include <array>

#include "contracts/access/events.h"
#include "contracts/access/records.h"
#include "contracts/access/view.h"
#include "contracts/api/shape.h"
#include "contracts/consent/events.h"
#include "contracts/consent/records.h"
#include "contracts/consent/view.h"
#include "contracts/identity/events.h"
#include "contracts/identity/records.h"
#include "contracts/identity/view.h"
#include "custody/access_log.h"
#include "model/canonical.h"
#include "model/ledger.pb.h"

namespace xl::custody {

namespace access = contracts::access;
namespace consent = contracts::consent;
namespace identity = contracts::identity;
using contracts::PartyKind;

namespace {

/// One step, so that nobody waits long for the database.
constexpr std::uint64_t entries_per_step = 512;
constexpr std::size_t events_per_step = 256;
constexpr std::size_t blocks_per_step = 1024;
constexpr std::uint32_t timers_per_step = 256;

constexpr std::string_view notice_tables =
    "CREATE TABLE IF NOT EXISTS notices(number INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  kind INTEGER NOT NULL, patient BLOB NOT NULL, time_ms INTEGER NOT NULL,"
    "  sequence INTEGER NOT NULL, subject BLOB NOT NULL, source TEXT NOT NULL UNIQUE);"
    "CREATE INDEX IF NOT EXISTS notices_patient ON notices(patient, number);"
    "CREATE TABLE IF NOT EXISTS position(one INTEGER PRIMARY KEY CHECK(one = 1),"
    "  journal INTEGER NOT NULL, height INTEGER NOT NULL, event INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS timers(subject BLOB NOT NULL, kind INTEGER NOT NULL,"
    "  patient BLOB NOT NULL, due_ms INTEGER NOT NULL, PRIMARY KEY(subject, kind));"
    "CREATE INDEX IF NOT EXISTS timers_due ON timers(due_ms);"
    "CREATE TABLE IF NOT EXISTS webhooks(id BLOB PRIMARY KEY, owner BLOB NOT NULL,"
    "  patient BLOB NOT NULL, url TEXT NOT NULL, secret BLOB NOT NULL, after INTEGER NOT NULL,"
    "  failures INTEGER NOT NULL, next_ms INTEGER NOT NULL, given_up_ms INTEGER NOT NULL,"
    "  last_error TEXT NOT NULL);"
    "INSERT OR IGNORE INTO position VALUES(1, 0, 0, 0);";

struct NoticeName {
  NoticeKind kind;
  std::string_view word;
  bool for_officers;  ///< what a privacy officer is told of without naming a patient
};
constexpr auto notice_names = std::to_array<NoticeName>({
    {NoticeKind::looked, "looked", false},
    {NoticeKind::written, "written", false},
    {NoticeKind::refused, "refused", true},
    {NoticeKind::emergency, "emergency", true},
    {NoticeKind::log_looked, "log-looked", false},
    {NoticeKind::consent_granted, "consent-granted", false},
    {NoticeKind::consent_narrowed, "consent-narrowed", false},
    {NoticeKind::consent_revoked, "consent-revoked", false},
    {NoticeKind::consent_ended, "consent-ended", false},
    {NoticeKind::guardian_appointed, "guardian-appointed", false},
    {NoticeKind::guardianship_ended, "guardianship-ended", false},
    {NoticeKind::recovery_started, "recovery-started", true},
    {NoticeKind::recovery_finished, "recovery-finished", true},
    {NoticeKind::key_added, "key-added", false},
    {NoticeKind::key_ended, "key-ended", false},
    {NoticeKind::dispute_opened, "dispute-opened", true},
    {NoticeKind::dispute_answered, "dispute-answered", true},
    {NoticeKind::dispute_overdue, "dispute-overdue", true},
    {NoticeKind::recovery_cancelled, "recovery-cancelled", false},
    {NoticeKind::request_received, "request-received", false},
    {NoticeKind::request_answered, "request-answered", false},
    {NoticeKind::erased, "erased", true},
});

/// More than anybody was told between a backup and the loss of what came after it.
constexpr std::int64_t numbers_skipped = 1'000'000'000;

std::int64_t column(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t number_in(const sqlite::Statement& row, int index) {
  return static_cast<std::uint64_t>(row.integer(index));
}

model::Id id_in(const sqlite::Statement& row, int index) {
  const auto id = model::id_from_bytes(row.blob(index));
  return id.ok() ? *id : model::Id{};
}

/// What an entry of the journal tells; nothing: what patients do themselves, and looks at many.
std::optional<NoticeKind> kind_of(const LoggedAccess& access) {
  const model::JournalEntry& entry = access.entry;
  if (entry.patient.is_zero() || entry.actor == entry.patient) return std::nullopt;
  if (entry.decision != model::JournalDecision::permitted) return NoticeKind::refused;
  if (access::is_glass_action(entry.action)) return std::nullopt;  // the ledger's events tell it
  if (entry.action == log_action || entry.action == "disputes") return NoticeKind::log_looked;
  if (entry.action == erase_action) return NoticeKind::erased;
  if (access.emergency) return NoticeKind::emergency;
  const bool writes =
      entry.action == "create" || entry.action == "update" || entry.action == "delete";
  return writes ? NoticeKind::written : NoticeKind::looked;
}

using EventValues = std::vector<std::pair<std::uint32_t, std::string>>;

model::Id value_of(const EventValues& values, std::uint32_t key) {
  for (const auto& [name, value] : values) {
    if (name != key) continue;
    const auto id = model::id_from_bytes(view_of(value));
    return id.ok() ? *id : model::Id{};
  }
  return {};
}

/// What an event of the ledger tells of whom.
struct Told {
  NoticeKind kind{};
  model::Id patient;
  model::Id subject;
};

std::optional<Told> told_by_consent(std::uint16_t type, const EventValues& values) {
  const model::Id patient = value_of(values, consent::event::patient_attribute);
  const model::Id subject = value_of(values, consent::event::consent_attribute);
  switch (type) {
    case consent::event::granted:
      return Told{NoticeKind::consent_granted, patient, subject};
    case consent::event::superseded:
      return Told{NoticeKind::consent_narrowed, patient,
                  value_of(values, consent::event::replacement_attribute)};
    case consent::event::revoked:
      return Told{NoticeKind::consent_revoked, patient, subject};
    default:
      return std::nullopt;
  }
}

std::optional<Told> told_by_access(std::uint16_t type, const EventValues& values) {
  const model::Id patient = value_of(values, access::event::patient_attribute);
  const model::Id subject = value_of(values, access::event::entry_attribute);
  switch (type) {
    case access::event::notice_to_patient:
      return Told{NoticeKind::emergency, patient, subject};
    case access::event::dispute_opened:
      return Told{NoticeKind::dispute_opened, patient, subject};
    case access::event::dispute_answered:
      return Told{NoticeKind::dispute_answered, patient, subject};
    default:
      return std::nullopt;
  }
}

std::optional<Told> told_by_identity(std::uint16_t type, const EventValues& values) {
  const model::Id party = value_of(values, identity::event::party_attribute);
  const model::Id ward = value_of(values, identity::event::ward_attribute);
  switch (type) {
    case identity::event::guardian_appointed:
      return Told{NoticeKind::guardian_appointed, ward, party};
    case identity::event::guardianship_ended:
      return Told{NoticeKind::guardianship_ended, ward, party};
    case identity::event::recovery_started:
      return Told{NoticeKind::recovery_started, party, {}};
    case identity::event::recovery_cancelled:
      return Told{NoticeKind::recovery_cancelled, party, {}};
    case identity::event::recovery_finished:
      return Told{NoticeKind::recovery_finished, party, {}};
    case identity::event::key_added:
      return Told{NoticeKind::key_added, party, {}};
    case identity::event::key_ended:
      return Told{NoticeKind::key_ended, party, {}};
    default:
      return std::nullopt;
  }
}

std::optional<Told> told_by(std::uint8_t contract, std::uint16_t type, const EventValues& values) {
  if (contract == consent::contract_number) return told_by_consent(type, values);
  if (contract == access::contract_number) return told_by_access(type, values);
  if (contract == identity::contract_number) return told_by_identity(type, values);
  return std::nullopt;
}

}  // namespace

std::string_view notice_word(NoticeKind kind) {
  const auto found = std::ranges::find(notice_names, kind, &NoticeName::kind);
  return found == notice_names.end() ? std::string_view{} : found->word;
}

Result<std::unique_ptr<NoticeStore>> NoticeStore::open(const std::filesystem::path& path,
                                                       Stores& stores, const LedgerPort& port) {
  XL_TRY_ASSIGN(const auto key, stores.keyring().organisation_key(notices_key_purpose));
  XL_TRY_ASSIGN(sqlite::Database database, sqlite::Database::open(path, {.key = key.view()}));
  XL_TRY(database.execute(notice_tables));
  return std::unique_ptr<NoticeStore>(new NoticeStore(std::move(database), stores, port));
}

Status NoticeStore::note_restored(const std::filesystem::path& path, vault::Keyring& keyring) {
  std::error_code failure;
  if (!std::filesystem::exists(path, failure)) return {};
  XL_TRY_ASSIGN(const auto key, keyring.organisation_key(notices_key_purpose));
  XL_TRY_ASSIGN(sqlite::Database database, sqlite::Database::open(path, {.key = key.view()}));
  XL_TRY(
      database.execute("INSERT INTO sqlite_sequence(name, seq) SELECT 'notices', 0"
                       " WHERE NOT EXISTS(SELECT 1 FROM sqlite_sequence WHERE name='notices')"));
  XL_TRY_ASSIGN(auto behind, database.prepare("UPDATE sqlite_sequence SET seq = seq + ?1"
                                              " WHERE name = 'notices'"));
  return behind.run(numbers_skipped);
}

Result<NoticeStore::Position> NoticeStore::position() {
  XL_TRY_ASSIGN(auto select, database_.prepare("SELECT journal, height, event FROM position"));
  XL_TRY_ASSIGN(const bool row, select.start());
  Position out;
  if (row) out = {number_in(select, 0), number_in(select, 1), number_in(select, 2)};
  return out;
}

Status NoticeStore::add(const Notice& notice, const std::string& source) {
  XL_TRY_ASSIGN(auto insert,
                database_.prepare("INSERT OR IGNORE INTO notices(kind, patient, time_ms, sequence,"
                                  " subject, source) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"));
  return insert.run(static_cast<std::int64_t>(notice.kind), notice.patient.view(),
                    column(notice.time_ms), column(notice.sequence), notice.subject.view(),
                    std::string_view(source));
}

Status NoticeStore::tell(const Notice& notice) {
  const std::scoped_lock lock(mutex_);
  return add(notice, "r" + std::to_string(static_cast<unsigned>(notice.kind)) + "." +
                         notice.subject.text());
}

Status NoticeStore::draw_journal(Position& at, bool& more) {
  const vault::Journal& journal = stores_.journal();
  const std::uint64_t last = journal.size();
  const std::uint64_t end = std::min(last, at.journal + entries_per_step);
  for (std::uint64_t sequence = at.journal + 1; sequence <= end; ++sequence) {
    const auto kept = journal.entry(sequence);
    if (!kept.ok() && kept.error().code == ErrorCode::journal_entry_unknown) continue;  // lost
    if (!kept.ok()) return kept.error();
    const LoggedAccess logged = logged_access(stores_, *kept);
    const auto kind = kind_of(logged);
    if (!kind) continue;
    Notice notice;
    notice.kind = *kind;
    notice.patient = kept->entry.patient;
    notice.time_ms = kept->entry.time_ms;
    notice.sequence = sequence;
    if (logged.emergency) notice.subject = kept->entry.session;
    XL_TRY(add(notice, "j" + std::to_string(sequence)));
  }
  at.journal = end;
  more = more || end < last;
  return {};
}

Status NoticeStore::draw_event(std::uint8_t contract, std::uint16_t type, const EventValues& values,
                               std::uint64_t time_ms, const std::string& source) {
  const auto told = told_by(contract, type, values);
  if (!told) return {};
  const auto state = port_.ledger().state();
  const auto party = identity::find_party(*state, told->patient);
  const bool ours = party && static_cast<PartyKind>(party->kind()) == PartyKind::patient &&
                    identity::custodian_of(*party) == stores_.did();
  if (!ours) return {};
  Notice notice;
  notice.kind = told->kind;
  notice.patient = told->patient;
  notice.time_ms = time_ms;
  notice.subject = told->subject;
  XL_TRY(add(notice, source));
  // What happens by time alone is told when the time comes.
  std::uint64_t due_ms = 0;
  NoticeKind then{};
  if (told->kind == NoticeKind::consent_granted || told->kind == NoticeKind::consent_narrowed) {
    const auto record = consent::find_consent(*state, told->subject);
    due_ms = record ? record->end_ms() : 0;
    then = NoticeKind::consent_ended;
  } else if (told->kind == NoticeKind::dispute_opened) {
    const auto record = access::find_dispute(*state, told->subject);
    due_ms = record ? record->due_ms() : 0;
    then = NoticeKind::dispute_overdue;
  }
  if (due_ms == 0) return {};
  XL_TRY_ASSIGN(auto insert,
                database_.prepare("INSERT OR IGNORE INTO timers VALUES(?1, ?2, ?3, ?4)"));
  return insert.run(told->subject.view(), static_cast<std::int64_t>(then), told->patient.view(),
                    column(due_ms));
}

Status NoticeStore::draw_ledger(Position& at, bool& more) {
  const query::Ledger& ledger = port_.ledger();
  if (at.height < ledger.first_height()) at = {at.journal, ledger.first_height(), 0};
  XL_TRY_ASSIGN(const auto page,
                ledger.events_behind(at.height, static_cast<std::uint32_t>(at.event),
                                     events_per_step, blocks_per_step));
  std::uint64_t time_of = 0;
  std::uint64_t time_ms = 0;
  for (const query::LedgerEvent& event : page.events) {
    at.height = event.height;
    at.event = event.position;
    xinglin::ledger::v1::TransactionResult result;
    if (!model::decode_canonical(event.result, result)) continue;
    std::size_t index = 0;
    for (const auto& one : result.events()) {
      const std::string source = "e" + std::to_string(event.height) + "." +
                                 std::to_string(event.position) + "." + std::to_string(index++);
      EventValues values;
      for (const auto& attribute : one.attributes()) {
        values.emplace_back(attribute.key(), attribute.value());
      }
      if (time_of != event.height) {
        XL_TRY_ASSIGN(const query::LedgerBlock block, ledger.block(event.height));
        time_ms = block.header.time.milliseconds();
        time_of = event.height;
      }
      XL_TRY(draw_event(static_cast<std::uint8_t>(one.contract()),
                        static_cast<std::uint16_t>(one.type()), values, time_ms, source));
    }
  }
  if (page.events.empty() && page.next_height > at.height) {
    // The next look begins there, where nothing was drawn from yet.
    at.height = page.next_height;
    at.event = 0;
    XL_TRY_ASSIGN(const query::LedgerHead head, ledger.head());
    more = more || at.height <= head.height;
  } else {
    more = more || page.events.size() == events_per_step;
  }
  return {};
}

Status NoticeStore::draw_timers(std::uint64_t now_ms) {
  struct Due {
    model::Id subject;
    NoticeKind kind{};
    model::Id patient;
    std::uint64_t due_ms = 0;
  };
  std::vector<Due> due;
  {
    XL_TRY_ASSIGN(auto select, database_.prepare("SELECT subject, kind, patient, due_ms FROM timers"
                                                 " WHERE due_ms <= ?1 ORDER BY due_ms LIMIT ?2"));
    Result<bool> row = select.start(column(now_ms), std::int64_t{timers_per_step});
    for (; row.ok() && *row; row = select.step()) {
      due.push_back({id_in(select, 0), static_cast<NoticeKind>(select.integer(1)), id_in(select, 2),
                     number_in(select, 3)});
    }
    if (!row.ok()) return row.error();
  }
  const auto state = port_.ledger().state();
  for (const Due& one : due) {
    bool happened = false;
    if (one.kind == NoticeKind::dispute_overdue) {
      const auto record = access::find_dispute(*state, one.subject);
      happened = record && access::is_overdue(*record, now_ms);
    } else {
      happened = consent::is_active(*state, one.subject, one.due_ms - 1);
    }
    if (happened) {
      Notice notice;
      notice.kind = one.kind;
      notice.patient = one.patient;
      notice.time_ms = one.due_ms;
      notice.subject = one.subject;
      XL_TRY(add(notice,
                 "t" + std::to_string(static_cast<unsigned>(one.kind)) + "." + one.subject.text()));
    }
    XL_TRY_ASSIGN(auto remove,
                  database_.prepare("DELETE FROM timers WHERE subject = ?1 AND kind = ?2"));
    XL_TRY(remove.run(one.subject.view(), static_cast<std::int64_t>(one.kind)));
  }
  return {};
}

Result<bool> NoticeStore::gather() {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(Position at, position());
  const Position before = at;
  bool more = false;
  XL_TRY_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(database_));
  XL_TRY(draw_journal(at, more));
  XL_TRY(draw_ledger(at, more));
  XL_TRY(draw_timers(port_.now_ms()));
  const bool moved =
      at.journal != before.journal || at.height != before.height || at.event != before.event;
  if (moved) {
    XL_TRY_ASSIGN(auto update, database_.prepare("UPDATE position SET journal = ?1, height = ?2,"
                                                 " event = ?3"));
    XL_TRY(update.run(column(at.journal), column(at.height), column(at.event)));
  }
  XL_TRY(transaction.commit());
  return more;
}

Result<std::vector<Notice>> NoticeStore::page(const NoticeLook& look, std::uint32_t count_max) {
  std::string sql = "SELECT number, kind, patient, time_ms, sequence, subject FROM notices WHERE ";
  if (look.patient) {
    sql += "patient = ?3 AND number > ?1 ORDER BY number LIMIT ?2";
  } else {
    sql += "kind IN (";
    for (const NoticeName& one : notice_names) {
      if (one.for_officers) sql += std::to_string(static_cast<unsigned>(one.kind)) + ",";
    }
    sql.back() = ')';
    sql += " AND number > ?1 ORDER BY number LIMIT ?2";
  }
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(auto select, database_.prepare(sql));
  const std::int64_t after = column(std::min<std::uint64_t>(look.after, INT64_MAX));
  Result<bool> row = look.patient
                         ? select.start(after, std::int64_t{count_max}, look.patient->view())
                         : select.start(after, std::int64_t{count_max});
  std::vector<Notice> out;
  for (; row.ok() && *row; row = select.step()) {
    out.push_back({number_in(select, 0), static_cast<NoticeKind>(select.integer(1)),
                   id_in(select, 2), number_in(select, 3), number_in(select, 4), id_in(select, 5)});
  }
  if (!row.ok()) return row.error();
  return out;
}

Result<std::uint64_t> NoticeStore::last() {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(auto select, database_.prepare("SELECT coalesce(max(number), 0) FROM notices"));
  XL_TRY_ASSIGN(const bool row, select.start());
  return row ? number_in(select, 0) : 0;
}

}  // namespace xl::custody
