// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/access.h"

#include <algorithm>

#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/sealed.h"
#include "contracts/access/view.h"
#include "contracts/api/shape.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"
#include "contracts/identity/view.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::custody {

namespace {

/// Shorter than allowed, so that a session that is opened against block time is never too long.
constexpr std::uint64_t session_life_ms = limits::session_ms_max - 60'000;
/// A session this near its end is not begun to read under.
constexpr std::uint64_t session_margin_ms = 2'000;
constexpr std::size_t sessions_max = 10'000;
/// Sessions of one requester about one patient that are known at once: as many as all of a
/// patient's consents can need, and emergencies.
constexpr std::size_t sessions_of_one_max =
    limits::consents_active_max / limits::session_consents_max + 2;
/// How long another node may take to sign a session that it was proposed, and how many wait.
constexpr std::uint64_t proposed_ms = 60'000;
constexpr std::size_t proposed_max = 1'000;

bool covers(const std::vector<model::Id>& have, const std::vector<model::Id>& want) {
  return std::includes(have.begin(), have.end(), want.begin(), want.end());
}

}  // namespace

Result<Viewer> AccessDesk::open(Ask ask) {
  XL_TRY_ASSIGN(LedgerView view, look(port_));
  if (!still_holds(ask.principal, *view.state, view.now_ms)) {
    return make_error(ErrorCode::sign_in_over);
  }
  return Viewer(*this, std::move(ask), std::move(view));
}

Result<Viewer> AccessDesk::suppose(Ask ask) {
  XL_TRY_ASSIGN(LedgerView view, look(port_));
  return Viewer(*this, std::move(ask), std::move(view));
}

AccessDesk::SessionKey AccessDesk::key_of(const Ask& ask, const model::Id& patient) {
  return {ask.principal.organisation,
          ask.principal.did,
          patient,
          static_cast<std::uint32_t>(ask.purpose),
          ask.principal.roles,
          ask.principal.key_id};
}

/// Those of `key` that can be read under, with the others left out for good. Precondition: locked.
std::vector<AccessDesk::Session> AccessDesk::live_of(const SessionKey& key, const LedgerView& now) {
  const auto found = sessions_.find(key);
  if (found == sessions_.end()) return {};
  std::erase_if(found->second, [&](const Session& known) {
    return now.now_ms + session_margin_ms >= known.ends_ms ||
           !contracts::access::session_is_live(*now.state, known.id, now.now_ms);
  });
  return found->second;
}

Result<std::vector<AccessDesk::Session>> AccessDesk::live_sessions(const Ask& ask,
                                                                   const model::Id& patient) {
  XL_TRY_ASSIGN(const LedgerView now, look(port_));
  const std::scoped_lock lock(mutex_);
  std::vector<Session> out = live_of(key_of(ask, patient), now);
  std::erase_if(out, [](const Session& one) { return !one.emergency.is_zero(); });
  return out;
}

Result<AccessDesk::Session> AccessDesk::session_for(const Ask& ask, const Session& wanted,
                                                    const model::Id& patient) {
  const SessionKey key = key_of(ask, patient);
  XL_TRY_ASSIGN(const LedgerView now, look(port_));
  {
    const std::scoped_lock lock(mutex_);
    for (Session& known : live_of(key, now)) {
      if (known.emergency == wanted.emergency && covers(known.consents, wanted.consents)) {
        return std::move(known);
      }
    }
  }
  std::optional<Session> joint;
  if (ask.far != nullptr) {
    XL_TRY_ASSIGN(joint, take_signed(ask, key));
    if (!joint || joint->emergency != wanted.emergency ||
        !covers(joint->consents, wanted.consents)) {
      return propose_session(ask, key, wanted);
    }
  }
  Session fresh;
  if (joint) {
    fresh = std::move(*joint);
  } else {
    XL_TRY_ASSIGN(fresh, open_session(ask, wanted, patient));
  }
  const std::scoped_lock lock(mutex_);
  if (sessions_.size() >= sessions_max) sessions_.clear();  // they can be opened again
  std::vector<Session>& known = sessions_[key];
  if (known.size() >= sessions_of_one_max) known.erase(known.begin());
  known.push_back(fresh);
  return fresh;
}

Result<AccessDesk::Session> AccessDesk::open_session(const Ask& ask, Session session,
                                                     const model::Id& patient) {
  const crypto::SigningKey* theirs = find_signer_(ask.principal.organisation);
  if (theirs == nullptr) return make_error(ErrorCode::organisation_elsewhere);
  XL_TRY_ASSIGN(model::Message message, opening_of(ask.principal.organisation, session, patient));
  const crypto::SigningKey* both[] = {theirs, &stores_.identity().key};
  XL_TRY(port_.send({std::move(message)}, both));
  return session;
}

/// The message that opens `session`, which gets its id and its end. Errors:
/// session_consents_exceeded.
Result<model::Message> AccessDesk::opening_of(const model::Id& requester, Session& session,
                                              const model::Id& patient) const {
  if (session.consents.size() > limits::session_consents_max) {
    return make_error(ErrorCode::session_consents_exceeded);
  }
  session.id = random_id();
  session.ends_ms = port_.now_ms() + session_life_ms;
  xinglin::access::v1::OpenSession message;
  message.set_session(bytes_of(session.id.bytes));
  message.set_requester(bytes_of(requester.bytes));
  message.set_patient(bytes_of(patient.bytes));
  for (const model::Id& one : session.consents) message.add_consents(bytes_of(one.bytes));
  if (!session.emergency.is_zero()) message.set_emergency(bytes_of(session.emergency.bytes));
  message.set_decision(contracts::access::details_commitment(session.details));
  message.set_ends_ms(session.ends_ms);
  return message_to(contracts::access::contract_number, contracts::access::open_session_type,
                    message);
}

/// Keeps what the other side is to sign first. session_unsigned, or why it cannot be.
Error AccessDesk::propose_session(const Ask& ask, const SessionKey& key, Session session) {
  auto message = opening_of(key.requester, session, key.patient);
  if (!message.ok()) return message.error();
  const std::uint64_t now = port_.now_ms();
  Proposed fresh{std::move(session),
                 model::encode_body(port_.body_of(
                     {std::move(*message)}, {ask.far->key, signer_of(stores_.identity().key)})),
                 now};
  ask.far->proposal = {fresh.body, fresh.session.details};
  const std::scoped_lock lock(mutex_);
  std::erase_if(proposed_, [&](const auto& one) { return one.second.made_ms + proposed_ms < now; });
  if (proposed_.size() >= proposed_max) return make_error(ErrorCode::custody_busy);
  proposed_[key] = std::move(fresh);
  return make_error(ErrorCode::session_unsigned);
}

/// The session that the other side signed after it was proposed, committed with both signatures.
/// Nothing: none was signed, or not that one. Errors: those of the ledger.
Result<std::optional<AccessDesk::Session>> AccessDesk::take_signed(const Ask& ask,
                                                                   const SessionKey& key) {
  if (ask.far->signature.empty()) return std::optional<Session>{};
  Proposed taken;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = proposed_.find(key);
    if (found == proposed_.end() || found->second.body != ask.far->body) {
      return std::optional<Session>{};
    }
    taken = std::move(found->second);
    proposed_.erase(found);
  }
  const Bytes ours = stores_.identity().key.sign(model::signed_bytes(taken.body));
  XL_TRY(port_.send(model::encode_transaction(taken.body, {ask.far->signature, ours})));
  return std::optional(std::move(taken.session));
}

Status AccessDesk::tell_agreement_key() {
  const auto state = port_.ledger().state();
  const Bytes& key = stores_.agreement_key().public_key();
  const auto party = contracts::identity::find_party(*state, stores_.did());
  if (!party || party->agreement_key() == bytes_of(key)) return {};
  xinglin::identity::v1::SetAgreementKey message;
  message.set_party(bytes_of(stores_.did().bytes));
  message.set_agreement_key(bytes_of(key));
  const crypto::SigningKey* own[] = {&stores_.identity().key};
  const auto sent = port_.send({message_to(contracts::identity::contract_number,
                                           contracts::identity::set_agreement_key_type, message)},
                               own);
  return sent.ok() ? Status{} : Status(sent.error());
}

Result<std::size_t> AccessDesk::seal_sessions(bool all) {
  XL_TRY_ASSIGN(const LedgerView now, look(port_));
  const crypto::SigningKey* ours[] = {&stores_.identity().key};
  std::size_t sealed = 0;
  Status failed;
  const auto count = [&](const model::Id& patient, const model::Id& session) {
    const std::unique_lock reading(reading_);
    return stores_.journal().reads_of(patient, session);
  };
  for (const model::Id& id : contracts::access::unsealed_sessions_of(
           *now.state, stores_.did(), static_cast<std::uint32_t>(limits::vault_page_max))) {
    // Over by its end, or because something it rests on is: no read is under way in it any more.
    if (!all && contracts::access::session_is_live(*now.state, id, now.now_ms)) continue;
    const auto record = contracts::access::find_session(*now.state, id);
    if (!record) continue;
    XL_TRY_ASSIGN(const vault::SessionReads reads, count(contracts::id_of(record->patient()), id));
    xinglin::access::v1::SealSession message;
    message.set_session(bytes_of(id.bytes));
    Bytes root{static_cast<std::uint8_t>(crypto::Suite::international)};
    append(root, reads.root);
    message.set_root(bytes_of(root));
    message.set_count(static_cast<std::uint32_t>(reads.count));
    // One that cannot be sealed must not hold the others up.
    const auto sent = port_.send({message_to(contracts::access::contract_number,
                                             contracts::access::seal_session_type, message)},
                                 ours);
    if (sent.ok())
      ++sealed;
    else
      failed = sent.error();
  }
  if (!failed.ok()) return failed.error();
  return sealed;
}

}  // namespace xl::custody
