// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/requests.h"

#include <algorithm>
#include <array>

#include "base/checked.h"
#include "contracts/api/shape.h"
#include "contracts/api/time.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/consent/view.h"
#include "contracts/identity/view.h"
#include "crypto/random.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::custody {

namespace consent = contracts::consent;
namespace wire = xinglin::consent::v1;

namespace {

/// How long a request that is over can still be looked at.
constexpr std::uint64_t request_kept_ms = 90ULL * 24 * 60 * 60 * 1000;
/// Behind all that FHIR can write.
constexpr std::uint64_t year_10000_ms = 253'402'300'800'000;
constexpr std::uint64_t one_day_ms = 24ULL * 60 * 60 * 1000;
/// A consent may be narrowed again and again; nobody follows further.
constexpr int replacements_followed = 64;

constexpr std::string_view request_tables =
    "CREATE TABLE IF NOT EXISTS handles(handle BLOB PRIMARY KEY, patient BLOB NOT NULL,"
    "  made_ms INTEGER NOT NULL, ends_ms INTEGER NOT NULL, locator TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS handles_patient ON handles(patient);"
    "CREATE TABLE IF NOT EXISTS requests(request BLOB PRIMARY KEY, patient BLOB NOT NULL,"
    "  asker BLOB NOT NULL, organisation BLOB NOT NULL, asked BLOB NOT NULL,"
    "  start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, sent_ms INTEGER NOT NULL,"
    "  until_ms INTEGER NOT NULL, why TEXT NOT NULL, answer BLOB NOT NULL,"
    "  declined INTEGER NOT NULL, narrowed INTEGER NOT NULL, opening BLOB NOT NULL)"
    "  WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS requests_patient ON requests(patient, sent_ms);"
    "CREATE INDEX IF NOT EXISTS requests_asker ON requests(asker, sent_ms);"
    "CREATE INDEX IF NOT EXISTS requests_organisation ON requests(organisation, until_ms);";

constexpr std::string_view request_columns =
    "SELECT request, patient, asker, organisation, asked, start_ms, end_ms, sent_ms, until_ms,"
    " why, answer, declined, narrowed, opening FROM requests ";

constexpr auto request_words = std::to_array<std::string_view>(
    {"sent", "granted", "narrowed", "denied", "expired", "revoked"});

std::int64_t number_of(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t number_at(const sqlite::Statement& row, int index) {
  return static_cast<std::uint64_t>(row.integer(index));
}
model::Id id_at(const sqlite::Statement& row, int index) {
  const auto id = model::id_from_bytes(row.blob(index));
  return id.ok() ? *id : model::Id{};
}

Error refused_request(std::string_view part) {
  return make_error(ErrorCode::request_refused, part);
}

/// A permit must be for the asker's own organisation, alone or with one of its people or roles.
Status check_grantees(const consent::Rule& rule, const std::string& organisation) {
  if (rule.grantees().empty()) return refused_request("Consent.provision.actor");
  for (const auto& grantee : rule.grantees()) {
    if (grantee.organisation() != organisation || !grantee.care_team().empty()) {
      return refused_request("Consent.provision.actor");
    }
  }
  return {};
}

/// Names of records, teams and authors of here say what is here to who only guesses.
Status check_names(const consent::Rule& rule) {
  if (!rule.data().empty()) return refused_request("Consent.provision.data");
  // The normal form bounds the depth.
  for (const consent::Rule& exception : rule.exceptions()) XL_TRY(check_names(exception));
  return {};
}

Status check_asked(const consent::SealedPolicy& asked, const std::string& organisation) {
  const auto check = [&](const consent::Policy& policy) -> Status {
    if (policy.effect() != static_cast<std::uint32_t>(consent::Effect::permit)) {
      return refused_request("Consent.provision.type");
    }
    XL_TRY(check_grantees(policy.rule(), organisation));
    return check_names(policy.rule());
  };
  XL_TRY(check(asked.policy()));
  for (const consent::Policy& policy : asked.further()) XL_TRY(check(policy));
  return {};
}

/// When the consent that a transaction grants begins and ends.
struct Period {
  std::uint64_t start_ms = 0;
  std::uint64_t end_ms = 0;
};

template <typename Message>
Result<Period> period_in(ByteView payload) {
  Message message;
  XL_TRY(contracts::decode_message(payload, message));
  return Period{message.start_ms(), message.end_ms()};
}

Result<Period> granted_period(ByteView raw) {
  XL_TRY_ASSIGN(const model::Transaction transaction, model::decode_transaction(raw));
  const auto& messages = transaction.body.messages;
  const bool one = messages.size() == 1 && messages[0].contract == consent::contract_number;
  if (one && messages[0].type == consent::grant_type) {
    return period_in<wire::Grant>(messages[0].payload);
  }
  if (one && messages[0].type == consent::grant_assisted_type) {
    return period_in<wire::GrantAssisted>(messages[0].payload);
  }
  return make_error(ErrorCode::policy_mismatched, "Grant or GrantAssisted");
}

/// What an answer is of what was asked: the same, less, or more (an error).
Result<bool> is_less(const KnownRequest& request, const consent::SealedPolicy& sealed,
                     const Period& period, std::uint64_t now_ms) {
  const bool same = consent::same_policies(request.asked, sealed);
  if (!same && !consent::is_narrower(request.asked, sealed)) {
    return make_error(ErrorCode::request_wider);
  }
  const bool longer = period.end_ms == 0 || period.end_ms > request.end_ms;
  const bool earlier =
      period.start_ms < request.start_ms && !contracts::start_reached(request.start_ms, now_ms);
  if (longer || earlier) return make_error(ErrorCode::request_wider, "period");
  const bool later =
      period.start_ms > request.start_ms && !contracts::start_reached(period.start_ms, now_ms);
  return !same || later || period.end_ms < request.end_ms;
}

}  // namespace

/// A row, with what was sent to the ledger as an answer: whether it came there is the ledger's to
/// say, so that a crash between the two is none.
struct RequestDesk::Kept {
  KnownRequest request;
  model::Id answer;  ///< zero: none
  bool declined = false;
  bool narrowed = false;
  Bytes opening;  ///< of a refusal
};

/// While an answer is under way no other begins.
class RequestDesk::Answering {
 public:
  Answering(RequestDesk& desk, const model::Id& request) : desk_(desk), request_(request) {
    const std::scoped_lock lock(desk.mutex_);
    first_ = desk.answering_.insert(request).second;
  }
  ~Answering() {
    if (!first_) return;
    const std::scoped_lock lock(desk_.mutex_);
    desk_.answering_.erase(request_);
  }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;
  [[nodiscard]] bool first() const { return first_; }

 private:
  RequestDesk& desk_;
  model::Id request_;
  bool first_ = false;
};

std::string_view request_word(RequestState state) {
  return request_words[static_cast<std::size_t>(state)];
}

std::optional<model::Id> answered_request(const consent::SealedPolicy& sealed) {
  constexpr std::string_view type = "Consent/";
  const std::string& source = sealed.form().source();
  if (!source.starts_with(type)) return std::nullopt;
  const auto id = model::id_from_text(source.substr(type.size()));
  return id.ok() ? std::optional(*id) : std::nullopt;
}

Result<std::unique_ptr<RequestDesk>> RequestDesk::open(const std::filesystem::path& path,
                                                       Stores& stores, const LedgerPort& port,
                                                       PolicyStore& policies,
                                                       AgreementDesk& agreements,
                                                       NoticeStore& notices) {
  XL_TRY_ASSIGN(const auto key, stores.keyring().organisation_key(requests_key_purpose));
  XL_TRY_ASSIGN(sqlite::Database database, sqlite::Database::open(path, {.key = key.view()}));
  XL_TRY(database.execute(request_tables));
  return std::unique_ptr<RequestDesk>(
      new RequestDesk(std::move(database), stores, port, policies, agreements, notices));
}

Result<Handle> RequestDesk::make_handle(const model::Id& patient, std::uint64_t life_ms,
                                        const std::string& locator) {
  if (life_ms < limits::handle_ms_min || life_ms > limits::handle_ms_max) {
    return make_error(ErrorCode::handle_life_refused);
  }
  XL_TRY(forget_old());
  const std::uint64_t now = port_.now_ms();
  const Handle out{random_id(), patient, now, now + life_ms};
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(auto count, database_.prepare("SELECT count(*) FROM handles WHERE patient = ?1"));
  XL_TRY_ASSIGN(const bool row, count.start(patient.view()));
  if (row && number_at(count, 0) >= limits::handles_max) {
    return make_error(ErrorCode::handles_exceeded);
  }
  XL_TRY_ASSIGN(auto insert, database_.prepare("INSERT INTO handles VALUES(?1, ?2, ?3, ?4, ?5)"));
  XL_TRY(insert.run(out.handle.view(), patient.view(), number_of(now), number_of(out.ends_ms),
                    locator));
  return out;
}

Result<std::vector<Handle>> RequestDesk::handles(const model::Id& patient) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(auto select,
                database_.prepare("SELECT handle, patient, made_ms, ends_ms FROM handles"
                                  " WHERE patient = ?1 AND ends_ms > ?2 ORDER BY ends_ms, handle"));
  std::vector<Handle> out;
  Result<bool> row = select.start(patient.view(), number_of(port_.now_ms()));
  for (; row.ok() && *row; row = select.step()) {
    out.push_back({id_at(select, 0), id_at(select, 1), number_at(select, 2), number_at(select, 3)});
  }
  if (!row.ok()) return row.error();
  return out;
}

Status RequestDesk::end_handle(const model::Id& patient, const model::Id& handle) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(auto remove,
                database_.prepare("DELETE FROM handles WHERE handle = ?1 AND patient = ?2"
                                  " AND ends_ms > ?3"));
  XL_TRY(remove.run(handle.view(), patient.view(), number_of(port_.now_ms())));
  return database_.changes() == 1 ? Status{} : Status(make_error(ErrorCode::handle_unknown));
}

Result<model::Id> RequestDesk::patient_of(const model::Id& handle) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(auto select, database_.prepare("SELECT patient FROM handles"
                                               " WHERE handle = ?1 AND ends_ms > ?2"));
  XL_TRY_ASSIGN(const bool row, select.start(handle.view(), number_of(port_.now_ms())));
  if (!row) return make_error(ErrorCode::handle_unknown);
  return id_at(select, 0);
}

Result<std::string> RequestDesk::locator_of(const model::Id& handle) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(auto select,
                database_.prepare("SELECT locator FROM handles"
                                  " WHERE handle = ?1 AND ends_ms > ?2 AND locator <> ''"));
  XL_TRY_ASSIGN(const bool row, select.start(handle.view(), number_of(port_.now_ms())));
  if (!row) return make_error(ErrorCode::handle_unknown);
  return std::string(select.text(0));
}

Result<std::uint64_t> RequestDesk::waiting(std::string_view column, const model::Id& whose) {
  XL_TRY_ASSIGN(auto select,
                database_.prepare("SELECT count(*) FROM requests WHERE " + std::string(column) +
                                  " = ?1 AND until_ms > ?2 AND length(answer) = 0"));
  XL_TRY_ASSIGN(const bool row, select.start(whose.view(), number_of(port_.now_ms())));
  return row ? number_at(select, 0) : 0;
}

Status RequestDesk::check_room(const model::Id& patient, const model::Id& organisation) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(const std::uint64_t of_patient, waiting("patient", patient));
  XL_TRY_ASSIGN(const std::uint64_t of_asker, waiting("organisation", organisation));
  const bool full =
      of_patient >= limits::requests_of_patient_max || of_asker >= limits::requests_of_asker_max;
  return full ? Status(make_error(ErrorCode::requests_exceeded)) : Status{};
}

/// Nobody asks a patient for what the house would not give out all the same.
Status RequestDesk::check_agreement(const consent::SealedPolicy& asked,
                                    const model::Id& organisation) {
  if (!agreements_.required() || organisation == stores_.did()) return {};
  XL_TRY_ASSIGN(const LedgerView view, look(port_));
  XL_TRY_ASSIGN(const auto agreed, agreements_.in_force_with(view, organisation));
  const auto covered = [&](const consent::Policy& policy) {
    return std::ranges::any_of(
        agreed, [&](const auto& terms) { return consent::covers(terms, policy.rule()); });
  };
  const bool all = covered(asked.policy()) &&
                   std::all_of(asked.further().begin(), asked.further().end(), covered);
  return all ? Status{} : Status(make_error(ErrorCode::agreement_required));
}

Status RequestDesk::keep(const KnownRequest& request) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(auto insert,
                database_.prepare("INSERT INTO requests VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
                                  " ?10, x'', 0, 0, x'')"));
  const Bytes asked = model::encode(request.asked);
  return insert.run(request.request.view(), request.patient.view(), request.asker.view(),
                    request.organisation.view(), ByteView(asked), number_of(request.start_ms),
                    number_of(request.end_ms), number_of(request.sent_ms),
                    number_of(request.until_ms), std::string_view(request.why));
}

Status RequestDesk::tell(NoticeKind kind, const model::Id& whose, const model::Id& request) {
  Notice notice;
  notice.kind = kind;
  notice.patient = whose;
  notice.time_ms = port_.now_ms();
  notice.subject = request;
  return notices_.tell(notice);
}

Result<KnownRequest> RequestDesk::ask(const Principal& who, NewRequest wish) {
  const std::uint64_t now = port_.now_ms();
  KnownRequest out;
  XL_TRY_ASSIGN(out.patient, patient_of(wish.handle));
  if (wish.why.empty() || wish.why.size() > limits::request_text_bytes_max) {
    return refused_request("why");
  }
  out.until_ms = wish.until_ms == 0 ? now + limits::request_default_ms : wish.until_ms;
  if (out.until_ms <= now || out.until_ms - now > limits::request_ms_max) {
    return refused_request("until");
  }
  const std::uint64_t year = (now + limits::consent_default_ms) / one_day_ms * one_day_ms;
  out.start_ms = wish.start_ms;
  out.end_ms = wish.end_ms == 0 ? year + one_day_ms : wish.end_ms;
  if (out.end_ms > year_10000_ms || out.end_ms <= std::max(out.start_ms, now)) {
    return refused_request("Consent.provision.period");
  }
  out.request = random_id();
  out.asker = who.did;
  out.organisation = who.organisation;
  out.sent_ms = now;
  out.why = std::move(wish.why);
  out.asked = std::move(wish.asked);
  out.asked.set_version(1);
  out.asked.set_consent(bytes_of(out.request.bytes));
  out.asked.set_patient(bytes_of(out.patient.bytes));
  out.asked.set_custodian(bytes_of(stores_.did().bytes));
  out.asked.mutable_form()->clear_source();
  Hash salt{};
  crypto::random_bytes(salt);
  out.asked.set_salt(bytes_of(salt));
  XL_TRY(consent::check_sealed(out.asked));
  XL_TRY(check_asked(out.asked, bytes_of(who.organisation.bytes)));
  XL_TRY(check_agreement(out.asked, who.organisation));
  XL_TRY(check_room(out.patient, who.organisation));
  XL_TRY(keep(out));
  XL_TRY(tell(NoticeKind::request_received, out.patient, out.request));
  return out;
}

/// How it stands, by the ledger.
KnownRequest RequestDesk::known(const Kept& row, const LedgerView& view) {
  KnownRequest out = row.request;
  out.state = out.until_ms > view.now_ms ? RequestState::sent : RequestState::expired;
  if (row.answer.is_zero()) return out;
  if (row.declined) {
    wire::DeclinedRequest opening;
    if (consent::find_decline(*view.state, row.answer) &&
        model::decode_canonical(row.opening, opening)) {
      out.state = RequestState::denied;
      out.declined = std::move(opening);
    }
    return out;
  }
  bool narrowed = row.narrowed;
  model::Id at = row.answer;
  for (int i = 0; i < replacements_followed; ++i) {
    const auto record = consent::find_consent(*view.state, at);
    if (!record) return out;
    if (record->status() == static_cast<std::uint32_t>(consent::ConsentStatus::revoked)) {
      out.state = RequestState::revoked;
      return out;
    }
    if (record->status() == static_cast<std::uint32_t>(consent::ConsentStatus::active)) {
      const bool over = contracts::end_reached(record->end_ms(), view.now_ms);
      out.state = over       ? RequestState::expired
                  : narrowed ? RequestState::narrowed
                             : RequestState::granted;
      if (!over) out.consent = at;
      return out;
    }
    narrowed = true;
    at = contracts::id_of(record->replaced_by());
  }
  out.state = RequestState::narrowed;
  return out;
}

namespace {

/// The columns of `request_columns` that a request holds itself.
Result<KnownRequest> request_row(const sqlite::Statement& row) {
  KnownRequest out;
  out.request = id_at(row, 0);
  out.patient = id_at(row, 1);
  out.asker = id_at(row, 2);
  out.organisation = id_at(row, 3);
  XL_TRY_ASSIGN(out.asked, consent::decode_sealed(row.blob(4)));
  out.start_ms = number_at(row, 5);
  out.end_ms = number_at(row, 6);
  out.sent_ms = number_at(row, 7);
  out.until_ms = number_at(row, 8);
  out.why = row.text(9);
  return out;
}

}  // namespace

Result<std::vector<KnownRequest>> RequestDesk::those(std::string_view column,
                                                     const model::Id& whose) {
  XL_TRY_ASSIGN(const LedgerView view, look(port_));
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(auto select,
                database_.prepare(std::string(request_columns) + "WHERE " + std::string(column) +
                                  " = ?1 ORDER BY sent_ms DESC, request LIMIT ?2"));
  std::vector<KnownRequest> out;
  Result<bool> row = select.start(whose.view(), requests_shown_max);
  for (; row.ok() && *row; row = select.step()) {
    Kept one;
    XL_TRY_ASSIGN(one.request, request_row(select));
    one.answer = id_at(select, 10);
    one.declined = select.integer(11) != 0;
    one.narrowed = select.integer(12) != 0;
    one.opening = copy_of(select.blob(13));
    out.push_back(known(one, view));
  }
  if (!row.ok()) return row.error();
  return out;
}

Result<std::vector<KnownRequest>> RequestDesk::of_patient(const model::Id& patient) {
  return those("patient", patient);
}

Result<std::vector<KnownRequest>> RequestDesk::of_asker(const model::Id& asker) {
  return those("asker", asker);
}

Result<KnownRequest> RequestDesk::find(const model::Id& request) {
  XL_TRY_ASSIGN(std::vector<KnownRequest> found, those("request", request));
  if (found.empty()) return make_error(ErrorCode::request_unknown);
  return std::move(found.front());
}

Result<KnownRequest> RequestDesk::open_request(const model::Id& request,
                                               const std::string& patient) {
  XL_TRY_ASSIGN(KnownRequest out, find(request));
  if (bytes_of(out.patient.bytes) != patient) return make_error(ErrorCode::request_unknown);
  if (out.state != RequestState::sent) return make_error(ErrorCode::request_closed);
  return out;
}

Status RequestDesk::note_answer(const model::Id& request, const model::Id& answer, bool declined,
                                bool narrowed, const Bytes& opening) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(auto update,
                database_.prepare("UPDATE requests SET answer = ?2, declined = ?3, narrowed = ?4,"
                                  " opening = ?5 WHERE request = ?1"));
  const ByteView id = answer.is_zero() ? ByteView{} : answer.view();
  return update.run(request.view(), id, std::int64_t{declined ? 1 : 0},
                    std::int64_t{narrowed ? 1 : 0}, ByteView(opening));
}

Result<model::HistoryEntry> RequestDesk::agree(const Principal& who,
                                               const consent::SealedPolicy& sealed,
                                               Bytes transaction) {
  const auto id = answered_request(sealed);
  if (!id) return policies_.accept(who, sealed, std::move(transaction));
  const auto asked = find(*id);
  if (!asked.ok() && asked.error().code == ErrorCode::request_unknown) {
    return policies_.accept(who, sealed, std::move(transaction));  // it rests on something else
  }
  const Answering answering(*this, *id);
  if (!answering.first()) return make_error(ErrorCode::custody_busy);
  XL_TRY_ASSIGN(const KnownRequest request, open_request(*id, sealed.patient()));
  XL_TRY_ASSIGN(const Period period, granted_period(transaction));
  XL_TRY_ASSIGN(const bool less, is_less(request, sealed, period, port_.now_ms()));
  XL_TRY(note_answer(*id, contracts::id_of(sealed.consent()), false, less, {}));
  auto entry = policies_.accept(who, sealed, std::move(transaction));
  if (!entry.ok() && entry.error().code != ErrorCode::wait_timed_out) {
    XL_TRY(note_answer(*id, {}, false, false, {}));
  }
  if (entry.ok()) XL_TRY(tell(NoticeKind::request_answered, request.asker, *id));
  return entry;
}

Result<model::HistoryEntry> RequestDesk::decline(const consent::DeclinedRequest& declined,
                                                 Bytes transaction) {
  const auto mismatched = [](std::string_view part) {
    return make_error(ErrorCode::policy_mismatched, part);
  };
  XL_TRY(consent::check_declined(declined));
  XL_TRY_ASSIGN(const model::Transaction sent, model::decode_transaction(transaction));
  const auto& messages = sent.body.messages;
  if (messages.size() != 1 || messages[0].contract != consent::contract_number ||
      messages[0].type != consent::decline_type) {
    return mismatched("one Decline");
  }
  wire::Decline message;
  XL_TRY(contracts::decode_message(messages[0].payload, message));
  if (message.decline() != declined.decline()) return mismatched("decline");
  if (message.patient() != declined.patient()) return mismatched("patient");
  if (message.commitment() != bytes_of(consent::commitment_of(declined))) {
    return mismatched("commitment");
  }
  if (declined.custodian() != bytes_of(stores_.did().bytes)) return mismatched("custodian");
  const model::Id id = contracts::id_of(declined.request());
  const Answering answering(*this, id);
  if (!answering.first()) return make_error(ErrorCode::custody_busy);
  XL_TRY_ASSIGN(const KnownRequest request, open_request(id, declined.patient()));
  if (declined.asked() != bytes_of(consent::commitment_of(request.asked))) {
    return mismatched("asked");
  }
  XL_TRY(
      note_answer(id, contracts::id_of(declined.decline()), true, false, model::encode(declined)));
  auto entry = port_.send(std::move(transaction));
  if (!entry.ok() && entry.error().code != ErrorCode::wait_timed_out) {
    XL_TRY(note_answer(id, {}, false, false, {}));
  }
  if (entry.ok()) XL_TRY(tell(NoticeKind::request_answered, request.asker, id));
  return entry;
}

Status RequestDesk::forget_old() {
  const std::uint64_t now = port_.now_ms();
  const std::uint64_t kept_from = now > request_kept_ms ? now - request_kept_ms : 0;
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(auto handles, database_.prepare("DELETE FROM handles WHERE ends_ms <= ?1"));
  XL_TRY(handles.run(number_of(now)));
  // What came of a request that was granted is shown as long as the consent may last.
  XL_TRY_ASSIGN(auto old,
                database_.prepare("DELETE FROM requests WHERE until_ms <= ?1 AND"
                                  " (length(answer) = 0 OR declined = 1 OR end_ms <= ?1)"));
  return old.run(number_of(kept_from));
}

Status RequestDesk::forget(const model::Id& patient) {
  const std::scoped_lock lock(mutex_);
  for (const char* table : {"handles", "requests"}) {
    XL_TRY_ASSIGN(auto remove,
                  database_.prepare("DELETE FROM " + std::string(table) + " WHERE patient = ?1"));
    XL_TRY(remove.run(patient.view()));
  }
  return {};
}

}  // namespace xl::custody
