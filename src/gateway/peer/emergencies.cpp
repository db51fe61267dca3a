// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/peer/emergencies.h"

#include <algorithm>
#include <future>

#include "contracts/api/shape.h"
#include "gateway/peer/fetch.h"
#include "gateway/peer/peer.pb.h"
#include "model/canonical.h"
#include "query/search_text.h"

namespace xl::gateway::peer {

using contracts::identity::Place;
using custody::bytes_of;
using xinglin::access::v1::EmergencyReason;
using xinglin::peer::v1::Declare;
using xinglin::peer::v1::DeclareAnswer;
using xinglin::peer::v1::Find;
using xinglin::peer::v1::FindAnswer;

namespace {

/// Of every FindAnswer, whatever it says.
constexpr std::size_t find_answer_bytes = 128;
/// Custodians that are asked at the same time.
constexpr std::size_t asked_at_once_max = 16;

Result<std::vector<std::string>> identifiers_in(const Find& find) {
  const auto count = static_cast<std::size_t>(find.identifiers().size());
  if (count == 0 || count > identifiers_max) {
    return make_error(ErrorCode::message_malformed, "identifiers");
  }
  std::vector<std::string> out;
  for (const auto& one : find.identifiers()) {
    const bool fits = !one.value().empty() && one.value().size() <= identifier_bytes_max &&
                      one.system().size() <= identifier_bytes_max;
    if (!fits) return make_error(ErrorCode::message_malformed, "identifiers");
    const std::string value = query::protected_value(one.value());
    out.push_back(one.system().empty() ? value
                                       : query::protected_value(one.system()) + "|" + value);
  }
  return out;
}

Find question_of(const custody::Ask& ask, std::span<const PersonIdentifier> identifiers) {
  Find out;
  out.set_key(bytes_of(ask.principal.key_id));
  out.set_challenge(ask.principal.sign_in.challenge);
  out.set_signature(bytes_of(ask.principal.sign_in.signature));
  if (ask.emergency) out.set_entry(bytes_of(ask.emergency->bytes));
  for (const PersonIdentifier& one : identifiers) {
    auto* identifier = out.add_identifiers();
    identifier->set_system(one.system);
    identifier->set_value(one.value);
  }
  return out;
}

/// Errors: those of `Desk::ask`, peer_answer_untrusted.
Result<std::vector<Place>> find_at(Desk& desk, custody::Organisation& us,
                                   const model::Id& custodian, ByteView question) {
  XL_TRY_ASSIGN(const Bytes raw, desk.ask(us, custodian, PeerKind::find, question));
  FindAnswer answer;
  if (!model::decode_canonical(raw, answer)) return make_error(ErrorCode::peer_answer_untrusted);
  std::vector<Place> out;
  for (const std::string& patient : answer.patients()) {
    XL_TRY(contracts::check_id(patient, "patient"));
    out.push_back({custodian, contracts::id_of(patient)});
  }
  return out;
}

}  // namespace

Result<Bytes> answer_declare(custody::Organisation& of, const Heard& heard) {
  Declare message;
  EmergencyReason reason;
  XL_TRY(contracts::decode_message(heard.payload, message));
  XL_TRY(contracts::decode_message(copy_of(view_of(message.reason())), reason));
  custody::Principal who;  // the envelope is the organisation's; the declaration names the person
  who.kind = contracts::PartyKind::practitioner;
  who.organisation = heard.from;
  XL_TRY_ASSIGN(const model::HistoryEntry entry,
                of.desk().declare_emergency(who, copy_of(view_of(message.transaction())), reason));
  DeclareAnswer out;
  out.set_entry(bytes_of(model::encode_history_entry(entry)));
  return model::encode(out);
}

Result<Bytes> answer_find(custody::Organisation& of, const auth::Tokens& tokens,
                          const Heard& heard) {
  Find message;
  XL_TRY(contracts::decode_message(heard.payload, message));
  XL_TRY(contracts::check_id(message.entry(), "entry"));
  XL_TRY_ASSIGN(const std::vector<std::string> identifiers, identifiers_in(message));
  custody::Ask ask;
  XL_TRY_ASSIGN(ask.principal,
                signed_in_there(tokens, heard.from,
                                {message.key(), message.challenge(), message.signature()}));
  ask.purpose = contracts::consent::PurposeOfUse::emergency_treatment;
  ask.action = contracts::consent::Action::search;
  ask.emergency = contracts::id_of(message.entry());
  XL_TRY_ASSIGN(const std::vector<model::Id> found, of.desk().find_person(ask, identifiers));
  FindAnswer out;
  for (const model::Id& patient : found) out.add_patients(bytes_of(patient.bytes));
  const std::size_t length = model::encode(out).size();
  out.set_padding(std::string(find_answer_bytes - length - 2, '\0'));
  return model::encode(out);
}

Result<model::HistoryEntry> declare_at(Desk& desk, custody::Organisation& us,
                                       const model::Id& custodian, const Bytes& transaction,
                                       const EmergencyReason& reason) {
  Declare message;
  message.set_transaction(bytes_of(transaction));
  message.set_reason(bytes_of(model::encode(reason)));
  XL_TRY_ASSIGN(const Bytes raw,
                desk.ask(us, custodian, PeerKind::declare, model::encode(message)));
  DeclareAnswer answer;
  if (!model::decode_canonical(raw, answer)) return make_error(ErrorCode::peer_answer_untrusted);
  return model::decode_history_entry(view_of(answer.entry()));
}

FoundPerson find_everywhere(Desk& desk, custody::Custody& custody, custody::Organisation& us,
                            const custody::Ask& ask,
                            std::span<const PersonIdentifier> identifiers) {
  FoundPerson out;
  std::vector<model::Id> custodians = desk.custodians(out.missing);
  for (const auto& one : custody.organisations()) custodians.push_back(one->did());
  std::ranges::sort(custodians);
  custodians.erase(std::unique(custodians.begin(), custodians.end()), custodians.end());
  const Bytes question = model::encode(question_of(ask, identifiers));
  for (std::size_t at = 0; at < custodians.size(); at += asked_at_once_max) {
    const std::size_t behind = std::min(custodians.size(), at + asked_at_once_max);
    std::vector<std::future<Result<std::vector<Place>>>> asked;
    for (std::size_t i = at; i < behind; ++i) {
      asked.push_back(std::async(std::launch::async,
                                 [&, i] { return find_at(desk, us, custodians[i], question); }));
    }
    for (std::size_t i = at; i < behind; ++i) {
      const auto found = asked[i - at].get();
      if (!found.ok()) {
        out.missing.push_back(custodians[i]);
        continue;
      }
      out.places.insert(out.places.end(), found->begin(), found->end());
    }
  }
  return out;
}

}  // namespace xl::gateway::peer
