// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "contracts/access/messages.pb.h"
#include "contracts/access/sealed.pb.h"
#include "contracts/consent/decide.h"
#include "custody/agreements.h"
#include "custody/policies.h"
#include "custody/principal.h"
#include "custody/records.h"
#include "custody/reliance.h"

namespace xl::custody {

/// A session that the requester's organisation, on another member's node, has to sign too.
struct SessionProposal {
  Bytes body;     ///< of the transaction: one OpenSession, its signers that organisation and we
  Bytes details;  ///< canonical AccessDetails, to which `OpenSession.decision` commits
};

/// The other node's part of a request that came from there.
struct FarSide {
  model::Signer key;                          ///< with which the organisation signed the request
  Bytes body;                                 ///< of a proposal before, signed meanwhile
  Bytes signature;                            ///< of the organisation over it; empty: none yet
  std::optional<SessionProposal> proposal{};  ///< set by `serve` where one is to be signed first
  std::optional<model::Id> session{};         ///< set by `serve`: under which it was read
};

/// One request for health data.
struct Ask {
  Principal principal;
  contracts::consent::PurposeOfUse purpose{};
  contracts::consent::Action action{};
  std::optional<model::Id> emergency;  ///< the entry on the chain that is invoked
  /// Set when an app asks for the principal: what the app may know of what the principal may know.
  /// It never lets anything in. The entry has no terms.
  std::function<bool(const query::RecordEntry&)> narrowed{};
  std::optional<model::Id> only_patient{};  ///< set when the app may know of one patient alone
  /// Set when the request came from another member's node; it outlives the request.
  FarSide* far = nullptr;
};

/// The key with which another organisation of this node signs; null when it is not of this node.
using FindSigner = std::function<const crypto::SigningKey*(const model::Id& organisation)>;

class AccessDesk;

/// A write that rests on no decision of its own: at the desk, or by the organisation's software.
struct WriteNote {
  model::Id patient;
  vault::RecordVersion which;
  std::string_view action;  ///< `create`, `update`, `delete`
  std::string_view reason;  ///< `at_the_desk`, `by_the_organisation`
};

/// Answers for one request what its requester may know, at one height of the ledger. Nothing leaves
/// before `serve`. Not thread-safe; it lives as long as its request.
class Viewer {
 public:
  /// May the requester know this version? Pure of journals: listings ask it before they match.
  [[nodiscard]] bool allows(const query::RecordEntry& entry);

  /// The decision about one version.
  [[nodiscard]] Result<contracts::consent::Decision> decide(const query::RecordEntry& entry);

  /// Lets `decide` answer about a version that is not kept yet, by the labels that it is to have.
  void foresee(const query::RecordEntry& entry, const Labels& labels);

  /// Of whom the requester can possibly know something, to restrict a listing before it looks at
  /// anything: the patients asked for, or all for whom the requester has something like a role in
  /// their care; for whoever must name a patient and asks for the `directory` alone, that. Nothing:
  /// all patients of the organisation. Somebody from elsewhere who can be permitted nothing of a
  /// patient gets none of that patient's records to look through: how long an answer takes does not
  /// tell of them. Asked before `allows` is handed to the index. Errors: patient_required (a
  /// requester from elsewhere named nobody), those of the index.
  [[nodiscard]] Result<std::optional<std::vector<model::Id>>> patients(
      std::span<const model::Id> asked_for, bool directory = false);

  /// Of whom what is found may lead to further records (`_include`), beside the `patients` that it
  /// was looked for among. `allows` decides about each. Errors: those of the index.
  [[nodiscard]] Result<std::optional<std::vector<model::Id>>> beside(
      std::optional<std::vector<model::Id>> patients);

  /// Makes what `allows` permitted lawful to send: for a requester from elsewhere a session is
  /// committed on the chain first; every version is in the journal, synced, before this returns.
  /// `action` names the interaction. The evidence of each is its own: who, in which roles, why,
  /// with which outcome of `decide` and at which height. Where several consents permit a record the
  /// session rests on as few as serve all of them; where more are needed than a session holds there
  /// are several sessions. Errors: organisation_elsewhere,
  /// session_unsigned (then `Ask::far` holds what its organisation has to sign first),
  /// session_consents_exceeded, those of the ledger and the journal: nothing may be sent then.
  [[nodiscard]] Status serve(std::span<const query::RecordEntry> entries, std::string_view action);

  /// As `serve`, for a page of a listing that asked for `query` (a URL). One that is about many
  /// patients is one cohort: it is journalled itself, with a tree over the patients it showed, and
  /// the chain gets a CohortEntry within a minute, as it gets a journal's root: no list of a ward
  /// waits for the chain. `of_patients` is false for what can be about no patient: then it is one
  /// only if it showed somebody.
  [[nodiscard]] Status serve_listing(std::span<const query::RecordEntry> entries,
                                     std::string_view action, std::string_view query,
                                     bool of_patients);

  /// How many of the first of `entries`, all of one patient, one session can rest on: a page for
  /// another member is cut there. All of them where they rest on no consents. Errors: as `decide`.
  [[nodiscard]] Result<std::size_t> under_one_session(std::span<const query::RecordEntry> entries);

  /// Records that a listing about one patient showed nothing of what is there, as `refuse` does.
  /// Where nothing was hidden, `a_stranger` leaves the trace of `refuse_unknown`, anybody else
  /// none. Errors: those of the journal.
  [[nodiscard]] Status refuse_hidden(std::string_view action, bool a_stranger);

  /// Records a refusal in the journal, whose next root puts it on the chain. Errors: those of the
  /// journal.
  [[nodiscard]] Status refuse(const query::RecordEntry& entry, std::string_view action);

  /// Records that something was asked for that is not there: whoever watches the ledger cannot tell
  /// it from a refusal. Errors: those of the journal.
  [[nodiscard]] Status refuse_unknown(std::string_view action);

  /// May a practitioner write this version of a patient's record: as it may read it. Recorded
  /// either way. Errors: role_refused (names the reasons), those of the journal.
  [[nodiscard]] Status write(const model::Id& patient, const Labels& labels,
                             const vault::RecordVersion& which, std::string_view action);

  /// Records writes that are permitted without a decision, durably before they are done, so that
  /// they too are in the patients' logs. Errors: those of the journal.
  [[nodiscard]] Status note_writes(std::span<const WriteNote> notes);

  [[nodiscard]] const Ask& ask() const { return ask_; }
  /// The number in the journal of the last entry of what was served: a receipt can be had of it.
  /// 0: nothing was entered.
  [[nodiscard]] std::uint64_t journalled() const { return journalled_; }

 private:
  friend class AccessDesk;
  Viewer(AccessDesk& desk, Ask ask, LedgerView view)
      : desk_(desk), ask_(std::move(ask)), view_(std::move(view)) {}

  struct PatientView {
    std::vector<contracts::consent::KnownPolicy> policies;
    contracts::consent::Facts facts;
    /// Set when the answer is the same for every record of the patient.
    std::optional<contracts::consent::Decision> uniform;
  };
  [[nodiscard]] bool from_elsewhere() const;
  [[nodiscard]] Result<const PatientView*> look_at(const model::Id& patient);
  [[nodiscard]] Result<contracts::consent::Facts> facts_of(const model::Id& patient);
  [[nodiscard]] bool is_stranger() const;
  [[nodiscard]] bool can_be_permitted(const PatientView& view) const;
  void find_uniform(PatientView& view) const;
  [[nodiscard]] Status add_named(std::span<const model::Id> named, std::vector<model::Id>& out);
  [[nodiscard]] query::Query own_encounters() const;
  [[nodiscard]] Result<const std::vector<model::Id>*> in_care();
  [[nodiscard]] Result<bool> treats(const model::Id& patient);
  [[nodiscard]] Status find_care_teams();
  [[nodiscard]] Result<bool> was_let_in(const query::RecordEntry& current);
  [[nodiscard]] contracts::consent::Request request_about(const Labels& labels) const;
  [[nodiscard]] Result<Labels> labels_of(const query::RecordEntry& entry);
  [[nodiscard]] Result<contracts::consent::Decision> judge(
      const PatientView& view, const contracts::consent::Request& request);
  [[nodiscard]] Status close_by_others(const query::RecordEntry& entry, const Labels& labels,
                                       contracts::consent::Decision& decision);
  [[nodiscard]] Result<contracts::consent::Decision> decide_own(const query::RecordEntry& entry);
  [[nodiscard]] xinglin::access::v1::AccessDetails details_of(
      const model::Id& patient, const contracts::consent::Decision& decision) const;
  /// What is shown of one patient in one answer.
  struct Shown {
    contracts::consent::Decision basis;  ///< of all of the patient's entries together
    std::uint32_t records = 0;
    model::Id session;        ///< emergency or cohort that they belong to; zero: see `sessions`
    std::set<Permits> needs;  ///< by which consents each is permitted
    /// For a requester from elsewhere: those under which they are read.
    struct Under {
      model::Id session;
      std::vector<model::Id> consents;  ///< that it rests on; ascending
      Bytes details;                    ///< that opened it
    };
    std::vector<Under> sessions;
    std::optional<xinglin::access::v1::CohortPlace> place;
  };
  using ShownTo = std::map<model::Id, Shown>;
  [[nodiscard]] static const Shown::Under* session_of(const Shown& shown,
                                                      contracts::consent::Decision& decision);
  [[nodiscard]] Result<ShownTo> basis_of(std::span<const query::RecordEntry> entries);
  [[nodiscard]] Status open_sessions(ShownTo& shown);
  [[nodiscard]] Status open_sessions_of(const model::Id& patient, Shown& shown);
  [[nodiscard]] Status note_exceeded(const ShownTo& shown, std::string_view action,
                                     const Status& status);
  [[nodiscard]] model::JournalEntry make_cohort(ShownTo& shown, std::string_view action,
                                                std::string_view query) const;
  [[nodiscard]] Status journal(std::span<const query::RecordEntry> entries, const ShownTo& shown,
                               std::string_view action, std::vector<model::JournalEntry> batch);

  AccessDesk& desk_;
  Ask ask_;
  LedgerView view_;
  std::uint64_t journalled_ = 0;
  std::map<model::Id, PatientView> seen_;
  std::optional<std::vector<model::Id>> in_care_;
  /// Terms in force with the requester's organisation, found where an agreement is required.
  std::optional<std::vector<contracts::consent::AgreementTerms>> agreed_;
  std::optional<std::vector<model::Id>> care_teams_;  ///< found where a policy names any
  std::optional<query::RecordEntry> hidden_;          ///< the first that `allows` refused
  std::optional<model::Id> passed_over_;              ///< the first whom `patients` left out
  std::map<std::pair<model::Id, std::uint64_t>, Labels> foreseen_;
  bool many_ = false;  ///< the listing may be about more than one patient
  std::map<std::pair<model::Id, std::uint32_t>, contracts::consent::Decision> decided_;
};

/// One organisation's desk at which everyone asks who wants to see health data: the only way to it.
/// Thread-safe.
class AccessDesk {
 public:
  /// All outlive it. `find_signer` gives the keys of the other organisations on this node.
  AccessDesk(Stores& stores, RecordStore& records, PolicyStore& policies, AgreementDesk& agreements,
             const LedgerPort& port, FindSigner find_signer)
      : stores_(stores),
        records_(records),
        policies_(policies),
        agreements_(agreements),
        port_(port),
        find_signer_(std::move(find_signer)) {}

  /// Begins to answer one request. Errors: sign_in_over (the principal's key, role or office
  /// ended), store_corrupt.
  [[nodiscard]] Result<Viewer> open(Ask ask);

  /// As if `ask.principal` asked now, whose roles the caller looked up: to tell a patient what
  /// somebody would see. Nothing is sent to that principal: no `serve`, no `refuse`. Errors:
  /// store_corrupt.
  [[nodiscard]] Result<Viewer> suppose(Ask ask);

  /// The transaction of what clinicians declare with the signature of the principal's organisation
  /// behind `signatures`: `body` is one DeclareEmergency, or with `renewed` one RenewEmergency of
  /// that entry of the organisation, in which the principal takes part. Nothing else is signed.
  /// Errors: emergency_mismatched, organisation_elsewhere.
  [[nodiscard]] Result<Bytes> sign_emergency(const Principal& principal, ByteView body,
                                             std::vector<Bytes> signatures,
                                             const std::optional<model::Id>& renewed = {}) const;

  /// Takes what clinicians declared and their organisation, `who.organisation`, signed: keeps the
  /// reason sealed and sends it, one DeclareEmergency about a patient of this custodian or not yet
  /// identified, committing to `reason`. Whether all who must have signed is the ledger's to say.
  /// It is in the log of the patient, also where it is refused: to `who`, or where that is not
  /// known, to whom the declaration names. Errors: emergency_mismatched, emergency_code_unknown,
  /// emergency_text_refused, those of the vault, the journal and the ledger.
  [[nodiscard]] Result<model::HistoryEntry> declare_emergency(
      const Principal& who, const Bytes& transaction,
      const xinglin::access::v1::EmergencyReason& reason);

  /// Records that somebody was refused to break the glass, in the log of `patient` (16 bytes) where
  /// that is one of this organisation, else in nobody's. Errors: those of the journal.
  [[nodiscard]] Status refuse_emergency(const Principal& who, std::string_view patient);

  /// Puts into the log of an emergency's patient what the ledger says of it and the log does not
  /// yet: that the glass was broken, stayed so, was mended early. Nothing where it names no patient
  /// of this organisation. Called again it adds nothing. Errors: those of journal and keyring.
  [[nodiscard]] Status note_emergency(const LedgerView& view, const model::Id& entry);

  /// Patients here who have one of `identifiers` (`system|value`, as a search has them), for a
  /// clinician whose emergency (`ask.emergency`) is about somebody not identified yet. It is in the
  /// log of each who was found. At most `persons_found_max`. Errors: emergency_mismatched (no such
  /// emergency of this clinician, it is over, or names a patient), those of index and journal.
  [[nodiscard]] Result<std::vector<model::Id>> find_person(
      const Ask& ask, std::span<const std::string> identifiers);
  static constexpr std::size_t persons_found_max = 4;

  /// Tells the ledger the organisation's agreement key, unless it has it already. Errors: those of
  /// the ledger.
  [[nodiscard]] Status tell_agreement_key();

  /// Seals the sessions that are over on the chain; with `all` those that run too, and so ends
  /// them: at start and stop, when this process knows of no read in them. The number sealed.
  /// Errors: those of the journal and the ledger.
  [[nodiscard]] Result<std::size_t> seal_sessions(bool all);

  /// Puts what is journalled and not anchored yet on the chain: looks at many patients, then the
  /// roots of the journal, one after the other until nothing is left, `batches_max` at most (0 is
  /// none). `stop` (may be empty) ends it between two. The number of roots anchored.
  /// Errors: those of the journal and the ledger.
  [[nodiscard]] Result<std::size_t> anchor_journal(std::size_t batches_max = round_batches_max,
                                                   const std::function<bool()>& stop = {});

  /// A round of anchoring: a million entries, some seconds.
  static constexpr std::size_t round_batches_max = 64;

 private:
  friend class Viewer;
  struct SessionKey {
    model::Id requester;
    model::Id person;
    model::Id patient;
    std::uint32_t purpose = 0;
    // The chain holds the commitment to these: a person in another role, or signed in with another
    // key, is another requester.
    std::vector<std::uint32_t> roles;
    Hash key_id{};
    auto operator<=>(const SessionKey&) const = default;
  };
  struct Session {
    model::Id id;
    std::vector<model::Id> consents;  ///< ascending
    model::Id emergency;
    std::uint64_t ends_ms = 0;
    Bytes details;
  };
  [[nodiscard]] static SessionKey key_of(const Ask& ask, const model::Id& patient);
  [[nodiscard]] std::vector<Session> live_of(const SessionKey& key, const LedgerView& now);
  /// What live sessions of this requester about the patient rest on, beside emergencies.
  [[nodiscard]] Result<std::vector<Session>> live_sessions(const Ask& ask,
                                                           const model::Id& patient);
  /// A live session that covers `wanted`, opened if there is none.
  [[nodiscard]] Result<Session> session_for(const Ask& ask, const Session& wanted,
                                            const model::Id& patient);
  [[nodiscard]] Result<Session> open_session(const Ask& ask, Session session,
                                             const model::Id& patient);
  [[nodiscard]] Result<model::Message> opening_of(const model::Id& requester, Session& session,
                                                  const model::Id& patient) const;
  /// A proposal that the other side has not signed yet.
  struct Proposed {
    Session session;
    Bytes body;
    std::uint64_t made_ms = 0;
  };
  [[nodiscard]] Error propose_session(const Ask& ask, const SessionKey& key, Session session);
  [[nodiscard]] Result<std::optional<Session>> take_signed(const Ask& ask, const SessionKey& key);
  [[nodiscard]] Result<model::HistoryEntry> take_emergency(
      const model::Id& organisation, const xinglin::access::v1::DeclareEmergency& message,
      const Bytes& transaction, const xinglin::access::v1::EmergencyReason& reason);
  [[nodiscard]] Result<bool> is_noted(const model::Id& patient, const model::Id& entry,
                                      std::string_view action, std::uint64_t since_ms);
  [[nodiscard]] Status go_on_after_restore();
  [[nodiscard]] Status check_renewal(const Principal& principal, const Bytes& transaction,
                                     const model::Id& entry) const;
  [[nodiscard]] Status note_found(const Ask& ask, const model::Id& patient);
  [[nodiscard]] Result<bool> came_by(const vault::JournalBatch& batch, ByteView raw);
  [[nodiscard]] Result<bool> is_there_already(const vault::JournalBatch& batch,
                                              std::uint64_t attempt);
  [[nodiscard]] static std::uint64_t attempt_at(const vault::JournalBatch& batch,
                                                std::uint64_t now);
  [[nodiscard]] Result<bool> anchor_batch(const vault::JournalBatch& batch);
  [[nodiscard]] Status anchor_cohorts(const vault::JournalBatch& batch);
  [[nodiscard]] Bytes root_transaction(const vault::JournalBatch& batch, std::uint64_t attempt,
                                       bool late) const;

  Stores& stores_;
  RecordStore& records_;
  PolicyStore& policies_;
  AgreementDesk& agreements_;
  const LedgerPort& port_;
  FindSigner find_signer_;
  /// Shared from asking whether a session is live until its reads are in the journal; exclusive
  /// while the reads of one that is over are counted: none can be missing.
  std::shared_mutex reading_;
  std::mutex noting_;  // held from looking whether an emergency is noted until it is
  std::mutex mutex_;   // guards what follows
  std::map<SessionKey, std::vector<Session>> sessions_;
  std::map<SessionKey, Proposed> proposed_;
};

/// Who asked, in which roles and why, about whom: what a journal entry's evidence begins with.
/// `reasons` and consents are left to the caller. Salted anew at each call.
[[nodiscard]] xinglin::access::v1::AccessDetails access_details(
    const Principal& principal, const model::Id& patient, const model::Id& custodian,
    contracts::consent::PurposeOfUse purpose, contracts::consent::Action action,
    std::uint64_t policy_height);

/// Why somebody asks who does not say it: PATRQT and FAMRQT for patients and guardians, what their
/// roles serve for practitioners, HOPERAT for software.
[[nodiscard]] contracts::consent::PurposeOfUse usual_purpose(const Principal& who);

/// The HL7 v3 code of a purpose; empty for none of ours.
[[nodiscard]] std::string_view purpose_code(contracts::consent::PurposeOfUse purpose);

/// The reasons of a decision in one language, joined by spaces: for people, no health data.
[[nodiscard]] std::string reasons_text(const contracts::consent::Decision& decision, bool chinese);

}  // namespace xl::custody
