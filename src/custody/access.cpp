// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/access.h"

#include <algorithm>

#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/sealed.h"
#include "contracts/access/view.h"
#include "contracts/api/shape.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::custody {

using xinglin::access::v1::EmergencyReason;

namespace {

/// Shorter than allowed, so that a session that is opened against block time is never too long.
constexpr std::uint64_t session_life_ms = limits::session_ms_max - 60'000;
/// A session this near its end is not begun to read under.
constexpr std::uint64_t session_margin_ms = 2'000;
constexpr std::size_t sessions_max = 10'000;
constexpr std::uint64_t emergency_pending_ms = 12 * 60 * 1000;

Error emergency_mismatch(std::string_view what) {
  return make_error(ErrorCode::emergency_mismatched, what);
}

/// The payload of a transaction that is one message of this type of the access contract.
Result<Bytes> only_message(ByteView raw, std::uint16_t type, std::string_view name) {
  XL_TRY_ASSIGN(model::Transaction transaction, model::decode_transaction(raw));
  auto& messages = transaction.body.messages;
  if (messages.size() != 1 || messages[0].contract != contracts::access::contract_number ||
      messages[0].type != type) {
    return emergency_mismatch("one " + std::string(name));
  }
  return std::move(messages[0].payload);
}

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

Result<AccessDesk::Session> AccessDesk::session_for(const Ask& ask, const Session& wanted,
                                                    const model::Id& patient) {
  const SessionKey key{ask.principal.organisation,
                       ask.principal.did,
                       patient,
                       static_cast<std::uint32_t>(ask.purpose),
                       ask.principal.roles,
                       ask.principal.key_id};
  XL_TRY_ASSIGN(const LedgerView now, look(port_));
  {
    const std::scoped_lock lock(mutex_);
    const auto found = sessions_.find(key);
    if (found != sessions_.end()) {
      const Session& known = found->second;
      if (now.now_ms + session_margin_ms < known.ends_ms && known.emergency == wanted.emergency &&
          covers(known.consents, wanted.consents) &&
          contracts::access::session_is_live(*now.state, known.id, now.now_ms)) {
        return known;
      }
    }
  }
  XL_TRY_ASSIGN(Session fresh, open_session(ask, wanted, patient));
  const std::scoped_lock lock(mutex_);
  if (sessions_.size() >= sessions_max) sessions_.clear();  // they can be opened again
  sessions_[key] = fresh;
  return fresh;
}

Result<AccessDesk::Session> AccessDesk::open_session(const Ask& ask, Session session,
                                                     const model::Id& patient) {
  if (session.consents.size() > limits::session_consents_max) {
    return make_error(ErrorCode::session_consents_exceeded);
  }
  const crypto::SigningKey* theirs = find_signer_(ask.principal.organisation);
  if (theirs == nullptr) return make_error(ErrorCode::organisation_elsewhere);
  session.id = random_id();
  session.ends_ms = port_.now_ms() + session_life_ms;
  xinglin::access::v1::OpenSession message;
  message.set_session(bytes_of(session.id.bytes));
  message.set_requester(bytes_of(ask.principal.organisation.bytes));
  message.set_patient(bytes_of(patient.bytes));
  for (const model::Id& one : session.consents) message.add_consents(bytes_of(one.bytes));
  if (!session.emergency.is_zero()) message.set_emergency(bytes_of(session.emergency.bytes));
  message.set_decision(contracts::access::details_commitment(session.details));
  message.set_ends_ms(session.ends_ms);
  const crypto::SigningKey* both[] = {theirs, &stores_.identity().key};
  XL_TRY(port_.send({message_to(contracts::access::contract_number,
                                contracts::access::open_session_type, message)},
                    both));
  return session;
}

Result<Bytes> AccessDesk::sign_for(const Principal& principal, ByteView body,
                                   std::vector<Bytes> signatures) const {
  const crypto::SigningKey* key = principal.organisation == stores_.did()
                                      ? &stores_.identity().key
                                      : find_signer_(principal.organisation);
  if (key == nullptr) return make_error(ErrorCode::organisation_elsewhere);
  signatures.push_back(key->sign(model::signed_bytes(body)));
  return model::encode_transaction(body, signatures);
}

Result<model::HistoryEntry> AccessDesk::declare_emergency(const Principal& principal, ByteView body,
                                                          std::vector<Bytes> signatures,
                                                          const EmergencyReason& reason) {
  XL_TRY_ASSIGN(const Bytes raw, sign_for(principal, body, std::move(signatures)));
  XL_TRY_ASSIGN(const Bytes payload,
                only_message(raw, contracts::access::declare_emergency_type, "DeclareEmergency"));
  xinglin::access::v1::DeclareEmergency message;
  XL_TRY(contracts::decode_message(payload, message));
  XL_TRY(contracts::check_id(message.entry(), "entry"));
  XL_TRY(contracts::check_id(message.patient(), "patient"));
  const std::string who = bytes_of(principal.did.bytes);
  if (message.practitioner() != who && message.second() != who)
    return emergency_mismatch("practitioner");
  if (message.organisation() != bytes_of(principal.organisation.bytes)) {
    return emergency_mismatch("organisation");
  }
  const Bytes opening = model::encode(reason);
  if (reason.version() != 1 || reason.salt().size() != 32 || reason.code().empty() ||
      reason.code().size() > 64 || reason.text().empty() || reason.text().size() > 1024 ||
      message.reason() != contracts::access::details_commitment(opening)) {
    return emergency_mismatch("reason");
  }
  Labels labels;
  labels.set_kind(static_cast<std::uint32_t>(Kind::emergency));
  labels.set_last_updated_ms(port_.now_ms());
  XL_TRY_ASSIGN(const Bytes label_bytes, encode_labels(labels));
  const vault::RecordVersion which[] = {{contracts::id_of(message.entry()), 1}};
  const auto kept =
      stores_.vault().put({contracts::id_of(message.patient()), which[0], opening, label_bytes},
                          port_.now_ms() + emergency_pending_ms);
  if (!kept.ok()) return kept.error();
  XL_TRY_ASSIGN(const model::HistoryEntry entry, port_.send(raw));
  XL_TRY(stores_.vault().confirm(which));
  return entry;
}

Result<model::HistoryEntry> AccessDesk::renew_emergency(const Principal& principal,
                                                        const model::Id& entry, ByteView body,
                                                        std::vector<Bytes> signatures) {
  XL_TRY_ASSIGN(Bytes raw, sign_for(principal, body, std::move(signatures)));
  XL_TRY_ASSIGN(const Bytes payload,
                only_message(raw, contracts::access::renew_emergency_type, "RenewEmergency"));
  xinglin::access::v1::RenewEmergency message;
  XL_TRY(contracts::decode_message(payload, message));
  if (message.entry() != bytes_of(entry.bytes)) return emergency_mismatch("entry");
  const auto record = contracts::access::find_emergency(*port_.ledger().state(), entry);
  // No organisation's key signs for another one's emergency.
  if (!record || record->organisation() != bytes_of(principal.organisation.bytes)) {
    return emergency_mismatch("entry");
  }
  const std::string who = bytes_of(principal.did.bytes);
  if (record->practitioner() != who && message.second() != who)
    return emergency_mismatch("practitioner");
  return port_.send(std::move(raw));
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
