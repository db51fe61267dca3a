// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/agreements.h"

#include <algorithm>

#include "contracts/api/shape.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/consent/view.h"
#include "custody/sealed_words.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::custody {

namespace consent = contracts::consent;
namespace wire = xinglin::consent::v1;

namespace {

constexpr std::uint32_t terms_version = 1;
constexpr std::uint32_t said_version = 1;
constexpr std::uint32_t answered_version = 2;

Error agreement_mismatch(std::string_view part) {
  return make_error(ErrorCode::agreement_mismatched, part);
}

/// The one message of a transaction, to the consent contract.
Result<model::Message> one_message(ByteView raw) {
  XL_TRY_ASSIGN(model::Transaction transaction, model::decode_transaction(raw));
  auto& messages = transaction.body.messages;
  if (messages.size() != 1 || messages[0].contract != consent::contract_number) {
    return agreement_mismatch("one message to the consent contract");
  }
  return std::move(messages[0]);
}

/// Are these two the two of the terms?
bool are_parties(const consent::AgreementTerms& terms, const std::string& one,
                 const std::string& other) {
  return (terms.holder() == one && terms.reader() == other) ||
         (terms.holder() == other && terms.reader() == one);
}

Status check_proposal(const consent::AgreementTerms& terms, ByteView payload) {
  wire::ProposeAgreement message;
  XL_TRY(contracts::decode_message(payload, message));
  if (message.agreement() != terms.agreement()) return agreement_mismatch("agreement");
  if (!are_parties(terms, message.proposer(), message.other())) {
    return agreement_mismatch("other");
  }
  const bool same = message.commitment() == bytes_of(consent::commitment_of(terms));
  return same ? Status{} : Status(agreement_mismatch("commitment"));
}

Status check_acceptance(const consent::AgreementTerms& terms, ByteView payload,
                        const model::StateReader& state) {
  wire::AcceptAgreement message;
  XL_TRY(contracts::decode_message(payload, message));
  if (message.agreement() != terms.agreement()) return agreement_mismatch("agreement");
  const auto record = consent::find_agreement(state, contracts::id_of(terms.agreement()));
  if (record && !are_parties(terms, record->proposer(), record->other())) {
    return agreement_mismatch("other");
  }
  const bool same = message.commitment() == bytes_of(consent::commitment_of(terms));
  return same ? Status{} : Status(agreement_mismatch("commitment"));
}

}  // namespace

Result<model::HistoryEntry> AgreementDesk::bring(const consent::AgreementTerms& terms,
                                                 Bytes transaction) {
  XL_TRY(consent::check_terms(terms));
  XL_TRY_ASSIGN(const model::Message message, one_message(transaction));
  if (message.type == consent::propose_agreement_type) {
    XL_TRY(check_proposal(terms, message.payload));
  } else if (message.type == consent::accept_agreement_type) {
    XL_TRY(check_acceptance(terms, message.payload, *port_.ledger().state()));
  } else {
    return agreement_mismatch("ProposeAgreement or AcceptAgreement");
  }
  const std::string own = bytes_of(stores_.did().bytes);
  if (terms.holder() != own && terms.reader() != own) return agreement_mismatch("holder");
  const Bytes words = model::encode(terms);
  const model::Id id = contracts::id_of(terms.agreement());
  return keep_and_send(stores_, port_,
                       {stores_.directory(),
                        {id, terms_version},
                        Kind::agreement,
                        words,
                        ErrorCode::agreement_mismatched},
                       std::move(transaction));
}

Result<model::HistoryEntry> AgreementDesk::bring(const consent::AgreementWords& words,
                                                 Bytes transaction) {
  XL_TRY(consent::check_words(words));
  XL_TRY_ASSIGN(const model::Message message, one_message(transaction));
  const std::string commitment = bytes_of(consent::commitment_of(words));
  const model::Id id = contracts::id_of(words.dispute());
  model::Id agreement;
  const bool says = message.type == consent::dispute_agreement_type;
  if (says) {
    wire::DisputeAgreement dispute;
    XL_TRY(contracts::decode_message(message.payload, dispute));
    if (dispute.dispute() != words.dispute()) return agreement_mismatch("dispute");
    if (dispute.details() != commitment) return agreement_mismatch("commitment");
    XL_TRY(contracts::check_id(dispute.agreement(), "agreement"));
    agreement = contracts::id_of(dispute.agreement());
  } else if (message.type == consent::answer_agreement_type) {
    wire::AnswerAgreement answer;
    XL_TRY(contracts::decode_message(message.payload, answer));
    if (answer.dispute() != words.dispute()) return agreement_mismatch("dispute");
    if (answer.answer() != commitment) return agreement_mismatch("commitment");
    const auto record = consent::find_agreement_dispute(*port_.ledger().state(), id);
    if (!record) return agreement_mismatch("dispute");
    agreement = contracts::id_of(record->agreement());
  } else {
    return agreement_mismatch("DisputeAgreement or AnswerAgreement");
  }
  XL_TRY_ASSIGN(const auto ours, find(agreement));
  if (!ours) return agreement_mismatch("agreement");
  const Bytes said = model::encode(words);
  return keep_and_send(stores_, port_,
                       {stores_.directory(),
                        {id, says ? said_version : answered_version},
                        Kind::agreement_words,
                        said,
                        ErrorCode::agreement_mismatched},
                       std::move(transaction));
}

Result<AgreementDesk::Shared> AgreementDesk::terms_of(const model::Id& agreement) {
  {
    const std::scoped_lock lock(mutex_);
    const auto found = cache_.find(agreement);
    if (found != cache_.end()) return found->second;
  }
  XL_TRY_ASSIGN(auto terms, words_of<consent::AgreementTerms>(stores_, agreement, terms_version));
  if (!terms) return Shared();
  auto shared = std::make_shared<const consent::AgreementTerms>(std::move(*terms));
  const std::scoped_lock lock(mutex_);
  if (cache_.size() >= limits::agreements_max) cache_.clear();
  cache_[agreement] = shared;
  return shared;
}

Result<std::optional<KnownAgreement>> AgreementDesk::known(const LedgerView& view,
                                                           const model::Id& agreement) {
  auto record = consent::find_agreement(*view.state, agreement);
  const std::string own = bytes_of(stores_.did().bytes);
  if (!record || (record->proposer() != own && record->other() != own)) {
    return std::optional<KnownAgreement>();
  }
  KnownAgreement out;
  out.agreement = agreement;
  out.in_force = consent::in_force(*record, view.now_ms);
  XL_TRY_ASSIGN(const Shared terms, terms_of(agreement));
  // Others than both signed are none.
  if (terms && record->commitment() == bytes_of(consent::commitment_of(*terms))) {
    out.terms = *terms;
  }
  out.record = std::move(*record);
  return std::optional(std::move(out));
}

Result<std::vector<KnownAgreement>> AgreementDesk::all() {
  XL_TRY_ASSIGN(const LedgerView view, look(port_));
  std::vector<KnownAgreement> out;
  for (const model::Id& id : consent::agreements_of(*view.state, stores_.did())) {
    XL_TRY_ASSIGN(auto one, known(view, id));
    if (one) out.push_back(std::move(*one));
  }
  return out;
}

Result<std::optional<KnownAgreement>> AgreementDesk::find(const model::Id& agreement) {
  XL_TRY_ASSIGN(const LedgerView view, look(port_));
  return known(view, agreement);
}

Result<std::vector<AgreementDispute>> AgreementDesk::disputes(const model::Id& agreement,
                                                              std::uint32_t count_max) {
  XL_TRY_ASSIGN(const LedgerView view, look(port_));
  std::vector<AgreementDispute> out;
  for (const model::Id& id : consent::disputes_of_agreement(*view.state, agreement, count_max)) {
    AgreementDispute one;
    one.dispute = id;
    one.record = *consent::find_agreement_dispute(*view.state, id);
    one.overdue = consent::is_overdue(one.record, view.now_ms);
    XL_TRY_ASSIGN(one.words, words_of<consent::AgreementWords>(stores_, id, said_version));
    XL_TRY_ASSIGN(one.answer, words_of<consent::AgreementWords>(stores_, id, answered_version));
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::vector<consent::AgreementTerms>> AgreementDesk::in_force_with(const LedgerView& view,
                                                                          const model::Id& reader) {
  std::vector<consent::AgreementTerms> out;
  for (const model::Id& id : consent::agreements_of(*view.state, reader)) {
    XL_TRY_ASSIGN(auto one, known(view, id));
    const bool ours = one && one->in_force && one->terms &&
                      one->terms->holder() == bytes_of(stores_.did().bytes) &&
                      one->terms->reader() == bytes_of(reader.bytes);
    if (ours) out.push_back(std::move(*one->terms));
  }
  return out;
}

}  // namespace xl::custody
