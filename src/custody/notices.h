// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/sqlite/database.h"
#include "custody/ledger_port.h"
#include "custody/stores.h"

/// What patients, guardians and privacy officers are told of: drawn from the journal and the
/// ledger, each thing once, in one order, under a number that never changes. A notice names no
/// record, no person and no reason: it says that something happened and where to look.
namespace xl::custody {

/// What happened. Stored: never renumber.
enum class NoticeKind : std::uint8_t {
  looked = 1,      ///< somebody was shown something of the patient
  written = 2,     ///< somebody wrote about the patient
  refused = 3,     ///< somebody asked and was refused
  emergency = 4,   ///< somebody broke the glass
  log_looked = 5,  ///< somebody looked at the patient's access log
  consent_granted = 6,
  consent_narrowed = 7,
  consent_revoked = 8,
  consent_ended = 9,  ///< its time is over
  guardian_appointed = 10,
  guardianship_ended = 11,
  recovery_started = 12,  ///< somebody asks for new keys in the patient's name
  recovery_finished = 13,
  key_added = 14,
  key_ended = 15,
  dispute_opened = 16,
  dispute_answered = 17,
  dispute_overdue = 18,
  recovery_cancelled = 19,
  request_received = 20,  ///< somebody asks for a consent
  request_answered = 21,  ///< told to who had asked
  erased = 22,            ///< records of the patient were erased
};

/// What the key of a store of notices is for.
constexpr std::string_view notices_key_purpose = "notices";

/// `looked`, `consent-granted`, …; empty for none of ours.
[[nodiscard]] std::string_view notice_word(NoticeKind kind);

/// One notice.
struct Notice {
  std::uint64_t number = 0;  ///< its cursor: of the organisation, from 1, ascending
  NoticeKind kind{};
  /// Whose it is: a patient, or who asked one; zero: of nobody in particular.
  model::Id patient;
  std::uint64_t time_ms = 0;
  std::uint64_t sequence = 0;  ///< of the journal's entry; 0: it is of the ledger
  model::Id subject;           ///< consent, dispute, emergency or party; zero: none
};

/// Which notices are asked for.
struct NoticeLook {
  std::optional<model::Id> patient;  ///< nothing: those that concern a privacy officer, of all
  std::uint64_t after = 0;
};

/// One organisation's notices, kept encrypted beside its index. Lost, they are drawn again from the
/// journal and from what the ledger still keeps. Thread-safe.
class NoticeStore {
 public:
  /// Opens or makes it at `path`. `stores` and `port` outlive it. Errors: those of a database and
  /// of the keyring.
  [[nodiscard]] static Result<std::unique_ptr<NoticeStore>> open(const std::filesystem::path& path,
                                                                 Stores& stores,
                                                                 const LedgerPort& port);
  /// Of a store at `path` that a backup brought back: what it tells from now on is numbered behind
  /// all that it may have told since, so that nobody's cursor is past it. Nothing where there is
  /// none. Errors: those of a database and of the keyring.
  [[nodiscard]] static Status note_restored(const std::filesystem::path& path,
                                            vault::Keyring& keyring);

  /// Draws what is new, a bounded step. True when more waits. Durable: after a crash the same is
  /// drawn again and nothing twice. Errors: those of a database, the journal and the ledger.
  [[nodiscard]] Result<bool> gather();

  /// Adds one that neither journal nor ledger tells of: once for each kind, whose and subject.
  /// Errors: those of a database.
  [[nodiscard]] Status tell(const Notice& notice);

  /// Notices behind `look.after`, ascending, at most `count_max`. Errors: those of a database.
  [[nodiscard]] Result<std::vector<Notice>> page(const NoticeLook& look, std::uint32_t count_max);

  /// The number of the last one. Errors: those of a database.
  [[nodiscard]] Result<std::uint64_t> last();

  /// The database, for what is kept beside the notices (`webhooks.h`), under `mutex`.
  [[nodiscard]] sqlite::Database& database() { return database_; }
  [[nodiscard]] std::mutex& mutex() { return mutex_; }

 private:
  struct Position {
    std::uint64_t journal = 0;  ///< last entry drawn from
    std::uint64_t height = 0;   ///< last event drawn from
    std::uint64_t event = 0;
  };
  NoticeStore(sqlite::Database database, Stores& stores, const LedgerPort& port)
      : database_(std::move(database)), stores_(stores), port_(port) {}
  [[nodiscard]] Result<Position> position();
  [[nodiscard]] Status add(const Notice& notice, const std::string& source);
  [[nodiscard]] Status draw_journal(Position& at, bool& more);
  [[nodiscard]] Status draw_ledger(Position& at, bool& more);
  [[nodiscard]] Status draw_event(std::uint8_t contract, std::uint16_t type,
                                  const std::vector<std::pair<std::uint32_t, std::string>>& values,
                                  std::uint64_t time_ms, const std::string& source);
  [[nodiscard]] Status draw_timers(std::uint64_t now_ms);

  std::mutex mutex_;  // guards the database
  sqlite::Database database_;
  Stores& stores_;
  const LedgerPort& port_;
};

}  // namespace xl::custody
