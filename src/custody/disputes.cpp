// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/disputes.h"

#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/sealed.h"
#include "contracts/access/view.h"
#include "contracts/api/shape.h"
#include "contracts/identity/view.h"
#include "custody/access_log.h"
#include "custody/sealed_words.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::custody {

namespace access = contracts::access;
using xinglin::access::v1::DisputeAnswer;
using xinglin::access::v1::DisputeDetails;

namespace {

/// The versions of a dispute's vault record.
constexpr std::uint32_t words_version = 1;
constexpr std::uint32_t answer_version = 2;

Error dispute_mismatch(std::string_view what) {
  return make_error(ErrorCode::dispute_mismatched, what);
}

/// The payload of a transaction that is one message of this type of the access contract.
Result<Bytes> dispute_payload(ByteView raw, std::uint16_t type, std::string_view name) {
  XL_TRY_ASSIGN(model::Transaction transaction, model::decode_transaction(raw));
  auto& messages = transaction.body.messages;
  if (messages.size() != 1 || messages[0].contract != access::contract_number ||
      messages[0].type != type) {
    return dispute_mismatch("one " + std::string(name));
  }
  return std::move(messages[0].payload);
}

bool is_text(const std::string& text) {
  return !text.empty() && text.size() <= dispute_text_bytes_max;
}

/// The hash by which the journal's next entry and its root know this one.
Result<Hash> entry_hash(const Stores& stores, const vault::Journal& journal,
                        std::uint64_t sequence) {
  XL_TRY_ASSIGN(const model::JournalProof proof, journal.prove(sequence));
  return model::journal_hash(stores.did(), sequence, proof.previous,
                             model::journal_leaf(proof.salt, proof.content));
}

}  // namespace

Result<model::HistoryEntry> DisputeDesk::open(const Principal& principal, Bytes transaction,
                                              const DisputeDetails& details) {
  XL_TRY_ASSIGN(const Bytes payload, dispute_payload(transaction, access::dispute_type, "Dispute"));
  xinglin::access::v1::Dispute message;
  XL_TRY(contracts::decode_message(payload, message));
  XL_TRY(contracts::check_id(message.dispute(), "dispute"));
  XL_TRY(contracts::check_id(message.patient(), "patient"));
  const Bytes words = model::encode(details);
  if (details.version() != 1 || details.salt().size() != sizeof(Hash) || !is_text(details.text()) ||
      message.details() != access::details_commitment(words)) {
    return dispute_mismatch("details");
  }
  const model::Id patient = contracts::id_of(message.patient());
  XL_TRY_ASSIGN(const LedgerView view, look(port_));
  // Before anything of the journal is told: nobody else learns which entries are whose.
  const bool guards = contracts::identity::guardian_acts(
      *view.state, principal.did, patient, contracts::identity::power_consent, view.now_ms);
  if (message.by() != bytes_of(principal.did.bytes) || (principal.did != patient && !guards)) {
    return dispute_mismatch("by");
  }
  const auto party = contracts::identity::find_party(*view.state, patient);
  const bool ours =
      party && static_cast<contracts::PartyKind>(party->kind()) == contracts::PartyKind::patient &&
      contracts::identity::custodian_of(*party) == stores_.did();
  if (!ours) return dispute_mismatch("patient");
  const vault::Journal& journal = stores_.journal();
  XL_TRY_ASSIGN(const vault::KeptEntry kept, journal.entry(details.sequence()));
  // Of another patient: as if it were not there.
  if (kept.entry.patient != patient) return make_error(ErrorCode::journal_entry_unknown);
  XL_TRY_ASSIGN(const Hash hash, entry_hash(stores_, journal, details.sequence()));
  if (!equal(view_of(details.entry()), hash)) return dispute_mismatch("entry");
  const model::Id dispute = contracts::id_of(message.dispute());
  return keep_and_send(
      stores_, port_,
      {patient, {dispute, words_version}, Kind::dispute, words, ErrorCode::dispute_mismatched},
      std::move(transaction));
}

Result<model::HistoryEntry> DisputeDesk::answer(const Principal& principal, Bytes transaction,
                                                const DisputeAnswer& answer) {
  XL_TRY_ASSIGN(const Bytes payload,
                dispute_payload(transaction, access::answer_dispute_type, "AnswerDispute"));
  xinglin::access::v1::AnswerDispute message;
  XL_TRY(contracts::decode_message(payload, message));
  XL_TRY(contracts::check_id(message.dispute(), "dispute"));
  if (message.officer() != bytes_of(principal.did.bytes)) return dispute_mismatch("officer");
  const Bytes words = model::encode(answer);
  const bool found =
      answer.finding() >= static_cast<std::uint32_t>(access::DisputeFinding::upheld) &&
      answer.finding() <= static_cast<std::uint32_t>(access::DisputeFinding::partly);
  if (answer.version() != 1 || answer.salt().size() != sizeof(Hash) || !is_text(answer.text()) ||
      !found || answer.dispute() != message.dispute() ||
      message.answer() != access::details_commitment(words)) {
    return dispute_mismatch("answer");
  }
  const model::Id dispute = contracts::id_of(message.dispute());
  XL_TRY_ASSIGN(const KnownDispute known, find(dispute));
  if (known.details) {
    XL_TRY_ASSIGN(const vault::KeptEntry kept, stores_.journal().entry(known.details->sequence()));
    if (kept.entry.actor == principal.did) return make_error(ErrorCode::dispute_of_own_access);
  }
  if (known.record.answered_ms() != 0) {
    return make_error(ErrorCode::contract_refused, "dispute_answered");
  }
  return keep_and_send(stores_, port_,
                       {contracts::id_of(known.record.patient()),
                        {dispute, answer_version},
                        Kind::dispute,
                        words,
                        ErrorCode::dispute_mismatched},
                       std::move(transaction));
}

Result<KnownDispute> DisputeDesk::known(const LedgerView& view, const model::Id& dispute) {
  KnownDispute out;
  out.dispute = dispute;
  auto record = access::find_dispute(*view.state, dispute);
  if (!record) return make_error(ErrorCode::dispute_unknown, dispute.text());
  out.record = std::move(*record);
  out.overdue = access::is_overdue(out.record, view.now_ms);
  XL_TRY_ASSIGN(out.details, words_of<DisputeDetails>(stores_, dispute, words_version));
  if (out.record.answered_ms() != 0) {
    XL_TRY_ASSIGN(out.answer, words_of<DisputeAnswer>(stores_, dispute, answer_version));
  }
  return out;
}

Result<KnownDispute> DisputeDesk::find(const model::Id& dispute) {
  XL_TRY_ASSIGN(const LedgerView view, look(port_));
  XL_TRY_ASSIGN(KnownDispute out, known(view, dispute));
  if (out.record.custodian() != bytes_of(stores_.did().bytes)) {
    return make_error(ErrorCode::dispute_unknown, dispute.text());
  }
  return out;
}

Result<std::vector<KnownDispute>> DisputeDesk::of_patient(const model::Id& patient,
                                                          const model::Id& after,
                                                          std::uint32_t count_max) {
  XL_TRY_ASSIGN(const LedgerView view, look(port_));
  std::vector<KnownDispute> out;
  for (const model::Id& one : access::disputes_of(*view.state, patient, after, count_max)) {
    XL_TRY_ASSIGN(KnownDispute dispute, known(view, one));
    out.push_back(std::move(dispute));
  }
  return out;
}

Result<std::vector<KnownDispute>> DisputeDesk::waiting(std::uint32_t count_max) {
  XL_TRY_ASSIGN(const LedgerView view, look(port_));
  std::vector<KnownDispute> out;
  for (const model::Id& one :
       access::unanswered_disputes_of(*view.state, stores_.did(), count_max)) {
    XL_TRY_ASSIGN(KnownDispute dispute, known(view, one));
    out.push_back(std::move(dispute));
  }
  return out;
}

}  // namespace xl::custody
