// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/sqlite/database.h"
#include "contracts/consent/sealed_forms.h"
#include "custody/agreements.h"
#include "custody/ledger_port.h"
#include "custody/notices.h"
#include "custody/policies.h"
#include "custody/principal.h"
#include "custody/stores.h"

/// What others ask an organisation's patients for, and the handles by which they ask. A handle and
/// a request are kept off the chain; what a patient answers is on it, and tells nobody who asked.
namespace xl::custody {

/// What the key of a store of requests is for.
constexpr std::string_view requests_key_purpose = "requests";
/// So many requests are listed at once, the newest.
constexpr std::int64_t requests_shown_max = 256;

/// A short-lived name that a patient made for itself, to be asked by.
struct Handle {
  model::Id handle;  ///< random; nothing leads from it to the patient but this store
  model::Id patient;
  std::uint64_t made_ms = 0;
  std::uint64_t ends_ms = 0;
};

/// How a request stands. Drawn from what is kept and from the ledger.
enum class RequestState : std::uint8_t { sent, granted, narrowed, denied, expired, revoked };

/// `sent`, `granted`, …
[[nodiscard]] std::string_view request_word(RequestState state);

/// What somebody asks for.
struct NewRequest {
  model::Id handle;
  /// The policies asked for and the form; ids and salt are set by `ask`.
  contracts::consent::SealedPolicy asked;
  std::uint64_t start_ms = 0;  ///< of the consent; 0: at once
  std::uint64_t end_ms = 0;    ///< of the consent, exclusive; 0: `limits::consent_default_ms`
  std::uint64_t until_ms = 0;  ///< until when it waits; 0: `limits::request_default_ms`
  std::string why;             ///< in the asker's words
};

/// A request as its two sides know it; who may know what of it is the caller's to mind.
struct KnownRequest {
  model::Id request;
  model::Id patient;
  model::Id asker;         ///< the person, or the organisation whose software asked
  model::Id organisation;  ///< for whom
  contracts::consent::SealedPolicy asked;
  std::uint64_t start_ms = 0;
  std::uint64_t end_ms = 0;
  std::uint64_t sent_ms = 0;
  std::uint64_t until_ms = 0;
  std::string why;
  RequestState state = RequestState::sent;
  std::optional<model::Id> consent;  ///< in force: granted or narrowed
  std::optional<contracts::consent::DeclinedRequest> declined;
};

/// One organisation's desk for handles and requests, kept encrypted beside its index. Handles that
/// are over are forgotten, requests 90 days after they were. Thread-safe.
class RequestDesk {
 public:
  /// Opens or makes it at `path`. The others outlive it. Errors: those of a database and of the
  /// keyring.
  [[nodiscard]] static Result<std::unique_ptr<RequestDesk>> open(
      const std::filesystem::path& path, Stores& stores, const LedgerPort& port,
      PolicyStore& policies, AgreementDesk& agreements, NoticeStore& notices);

  /// Makes a handle of a patient here. `locator`: what other members are told who name the handle;
  /// empty: nothing. Errors: handle_life_refused, handles_exceeded, those of a database.
  [[nodiscard]] Result<Handle> make_handle(const model::Id& patient, std::uint64_t life_ms,
                                           const std::string& locator = {});
  /// The patient's handles that are in use. Errors: those of a database.
  [[nodiscard]] Result<std::vector<Handle>> handles(const model::Id& patient);
  /// Ends one. Errors: handle_unknown (also for another patient's, and one that is over).
  [[nodiscard]] Status end_handle(const model::Id& patient, const model::Id& handle);
  /// Whose it is. One answer for what never was, is over and was ended. Errors: handle_unknown.
  [[nodiscard]] Result<model::Id> patient_of(const model::Id& handle);
  /// The locator that was left with it. Errors: handle_unknown, also where none was.
  [[nodiscard]] Result<std::string> locator_of(const model::Id& handle);

  /// Takes a request: a permit for the asker's own organisation alone, about no single records.
  /// Errors: handle_unknown, request_refused (names the part), requests_exceeded,
  /// agreement_required (and none in force covers all of it), those of a database.
  [[nodiscard]] Result<KnownRequest> ask(const Principal& who, NewRequest wish);

  /// The requests for a patient, newest first. Errors: those of a database.
  [[nodiscard]] Result<std::vector<KnownRequest>> of_patient(const model::Id& patient);
  /// Those that `asker` sent, newest first. Errors: those of a database.
  [[nodiscard]] Result<std::vector<KnownRequest>> of_asker(const model::Id& asker);
  /// One of them. Errors: request_unknown, those of a database.
  [[nodiscard]] Result<KnownRequest> find(const model::Id& request);

  /// `PolicyStore::accept`; where the form names a request as what the consent rests on, it is an
  /// answer to that one and must stay within it. Errors: request_unknown (of another patient),
  /// request_closed, request_wider, custody_busy (an answer is under way), those of `accept`.
  [[nodiscard]] Result<model::HistoryEntry> agree(const Principal& who,
                                                  const contracts::consent::SealedPolicy& sealed,
                                                  Bytes transaction);

  /// Takes a signed transaction of one Decline whose commitment `declined` opens. Errors:
  /// request_unknown, request_closed, policy_mismatched (names the part), custody_busy, those of
  /// the ledger.
  [[nodiscard]] Result<model::HistoryEntry> decline(
      const contracts::consent::DeclinedRequest& declined, Bytes transaction);

  /// Forgets what is over, and handles and requests of a patient who was erased. Errors: those of a
  /// database.
  [[nodiscard]] Status forget_old();
  [[nodiscard]] Status forget(const model::Id& patient);

 private:
  struct Kept;
  class Answering;
  RequestDesk(sqlite::Database database, Stores& stores, const LedgerPort& port,
              PolicyStore& policies, AgreementDesk& agreements, NoticeStore& notices)
      : database_(std::move(database)),
        stores_(stores),
        port_(port),
        policies_(policies),
        agreements_(agreements),
        notices_(notices) {}
  [[nodiscard]] Result<std::optional<Kept>> kept(const model::Id& request);
  [[nodiscard]] Result<std::vector<KnownRequest>> those(std::string_view column,
                                                        const model::Id& whose);
  [[nodiscard]] Result<std::uint64_t> waiting(std::string_view column, const model::Id& whose);
  [[nodiscard]] Status check_room(const model::Id& patient, const model::Id& organisation);
  [[nodiscard]] Status check_agreement(const contracts::consent::SealedPolicy& asked,
                                       const model::Id& organisation);
  [[nodiscard]] Status keep(const KnownRequest& request);
  [[nodiscard]] Status note_answer(const model::Id& request, const model::Id& answer, bool declined,
                                   bool narrowed, const Bytes& opening);
  [[nodiscard]] Status tell(NoticeKind kind, const model::Id& whose, const model::Id& request);
  [[nodiscard]] static KnownRequest known(const Kept& row, const LedgerView& view);
  [[nodiscard]] Result<KnownRequest> open_request(const model::Id& request,
                                                  const std::string& patient);

  std::mutex mutex_;  // guards the database and what is being answered
  sqlite::Database database_;
  std::set<model::Id> answering_;
  Stores& stores_;
  const LedgerPort& port_;
  PolicyStore& policies_;
  AgreementDesk& agreements_;
  NoticeStore& notices_;
};

/// True when `sealed` answers a request by its form: `Consent/ID` of one.
[[nodiscard]] std::optional<model::Id> answered_request(
    const contracts::consent::SealedPolicy& sealed);

}  // namespace xl::custody
