// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/peer/gather.h"

#include <algorithm>

#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/sealed.h"
#include "contracts/access/view.h"
#include "contracts/api/shape.h"
#include "contracts/identity/view.h"
#include "contracts/records/view.h"
#include "custody/labels.h"
#include "gateway/peer/peer.pb.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::gateway::peer {

namespace identity = contracts::identity;
using custody::bytes_of;
using identity::Place;
using xinglin::access::v1::AccessDetails;
using xinglin::access::v1::OpenSession;
using xinglin::peer::v1::Fetch;
using xinglin::peer::v1::FetchAnswer;

namespace {

/// Sessions of one gathering: pages may rest on further consents.
constexpr std::size_t proposals_max = 8;

Error proposal_refused(std::string_view what) {
  return make_error(ErrorCode::session_proposal_refused, what);
}

Error untrusted(std::string_view what) {
  return make_error(ErrorCode::peer_answer_untrusted, what);
}

/// Is it about what we asked, for whom we asked, and why?
bool is_as_asked(const AccessDetails& details, const custody::Ask& ask, const Place& place) {
  const contracts::consent::Requester who = custody::requester_of(ask.principal);
  const auto& roles = ask.principal.roles;
  return details.requester_kind() == static_cast<std::uint32_t>(who.kind) &&
         details.requester() == bytes_of(who.did.bytes) &&
         details.organisation() == bytes_of(who.organisation.bytes) &&
         std::equal(details.roles().begin(), details.roles().end(), roles.begin(), roles.end()) &&
         details.key() == bytes_of(ask.principal.key_id) &&
         details.patient() == bytes_of(place.patient.bytes) &&
         details.custodian() == bytes_of(place.custodian.bytes) &&
         details.purpose() == static_cast<std::uint32_t>(ask.purpose) &&
         details.sign_in().challenge() == ask.principal.sign_in.challenge &&
         details.sign_in().signature() == bytes_of(ask.principal.sign_in.signature);
}

/// May this key sign for the custodian? The ledger checks it too; we need not sign what it refuses.
bool is_of(const model::StateReader& state, const model::Id& organisation,
           const model::Signer& signer) {
  const auto key = identity::find_key(state, signer.key_id);
  return key && contracts::id_of(key->controller()) == organisation;
}

/// Our organisation's signature under a session that a custodian proposes. Errors:
/// session_proposal_refused (names what differs from what was asked).
Result<Bytes> co_sign(custody::Organisation& us, const custody::LedgerPort& port,
                      const custody::Ask& ask, const Place& place, const FetchAnswer& proposal) {
  const ByteView body = view_of(proposal.body());
  const Bytes signature = us.stores().identity().key.sign(model::signed_bytes(body));
  // Decoded as a whole, so that the body is looked at as the ledger does. The second signature is
  // the custodian's to come.
  const auto whole =
      model::decode_transaction(model::encode_transaction(body, {signature, signature}));
  if (!whole.ok()) return proposal_refused("body");
  const model::Body& told = whole->body;
  const auto own = custody::signer_of(us.stores().identity().key);
  const bool signers = told.signers.size() == 2 && told.signers[0].key_id == own.key_id &&
                       is_of(*port.ledger().state(), place.custodian, told.signers[1]);
  if (!signers || told.network != port.ledger().genesis().network)
    return proposal_refused("signers");
  if (told.messages.size() != 1 ||
      told.messages[0].contract != contracts::access::contract_number ||
      told.messages[0].type != contracts::access::open_session_type) {
    return proposal_refused("message");
  }
  OpenSession session;
  AccessDetails details;
  if (!contracts::decode_message(told.messages[0].payload, session).ok() ||
      !model::decode_canonical(view_of(proposal.details()), details)) {
    return proposal_refused("details");
  }
  const std::string emergency = ask.emergency ? bytes_of(ask.emergency->bytes) : std::string();
  if (session.requester() != bytes_of(us.did().bytes) ||
      session.patient() != bytes_of(place.patient.bytes) ||
      (!session.emergency().empty() && session.emergency() != emergency) ||
      session.ends_ms() > port.now_ms() + limits::session_ms_max + clock_skew_ms) {
    return proposal_refused("session");
  }
  if (session.decision() != contracts::access::details_commitment(view_of(proposal.details())) ||
      !is_as_asked(details, ask, place)) {
    return proposal_refused("decision");
  }
  return signature;
}

/// What is read has a session of ours on the ledger, of now: a custodian that gives it under none,
/// or under an old one, keeps it from the patient's log.
Status check_session(const model::StateReader& state, std::uint64_t now_ms,
                     const custody::Organisation& us, const Place& place,
                     const FetchAnswer& answer) {
  if (answer.pieces().empty()) return {};
  const auto session =
      answer.session().size() == limits::id_bytes
          ? contracts::access::find_session(state, contracts::id_of(answer.session()))
          : std::nullopt;
  const bool ours = session && session->requester() == bytes_of(us.did().bytes) &&
                    session->patient() == bytes_of(place.patient.bytes) &&
                    session->custodian() == bytes_of(place.custodian.bytes) &&
                    contracts::access::end_of(*session) + clock_skew_ms >= now_ms;
  return ours ? Status{} : Status(untrusted("no session of ours on the ledger"));
}

/// Did the ledger have a later version already, well before now?
bool is_stale(const model::StateReader& state, const vault::RecordVersion& which,
              std::uint64_t now_ms) {
  const auto later = contracts::records::find_version(state, which.record, which.version + 1);
  return later && later->block_ms() + clock_skew_ms < now_ms;
}

/// Errors: peer_answer_untrusted (it is not what the ledger has), message_malformed.
Result<GatheredRecord> open_piece(custody::Organisation& us, const model::StateReader& state,
                                  std::uint64_t now_ms, const Place& place,
                                  const xinglin::peer::v1::Piece& piece) {
  XL_TRY(contracts::check_id(piece.record(), "record"));
  GatheredRecord out;
  out.which = {contracts::id_of(piece.record()), piece.version()};
  const auto head = contracts::records::find_record(state, out.which.record);
  const auto version = contracts::records::find_version(state, out.which.record, piece.version());
  if (!head || !version || head->patient() != bytes_of(place.patient.bytes) ||
      head->custodian() != bytes_of(place.custodian.bytes)) {
    return untrusted("a record that the ledger does not have");
  }
  if (is_stale(state, out.which, now_ms)) return untrusted("a version that was replaced");
  if (version->ciphertext_digest() != bytes_of(vault::body_digest(view_of(piece.ciphertext())))) {
    return untrusted("another ciphertext than the ledger's");
  }
  const auto key = us.stores().agreement_key().unwrap(
      view_of(piece.wrap()), vault::data_key_context(place.custodian, out.which));
  if (!key.ok()) return untrusted("a key that opens nothing");
  vault::SuiteDigest commitment{};
  if (version->commitment().size() != commitment.size()) return untrusted("commitment");
  std::copy(version->commitment().begin(), version->commitment().end(), commitment.begin());
  auto opened = vault::open_body(place.custodian, out.which, key->view(),
                                 view_of(piece.ciphertext()), commitment);
  if (!opened.ok()) return untrusted("another content than the ledger's");
  XL_TRY_ASSIGN(const custody::Labels labels, custody::decode_labels(opened->labels));
  if (labels.kind() != static_cast<std::uint32_t>(custody::Kind::resource)) {
    return untrusted("no record");
  }
  out.type = labels.type();
  out.id = labels.id();
  out.content = bytes_of(opened->content);
  return out;
}

Fetch first_question(const custody::Ask& ask, const Place& place,
                     const std::vector<std::string>& types) {
  Fetch out;
  out.set_key(bytes_of(ask.principal.key_id));
  out.set_challenge(ask.principal.sign_in.challenge);
  out.set_signature(bytes_of(ask.principal.sign_in.signature));
  out.set_purpose(static_cast<std::uint32_t>(ask.purpose));
  if (ask.emergency) out.set_emergency(bytes_of(ask.emergency->bytes));
  out.set_patient(bytes_of(place.patient.bytes));
  for (const std::string& type : types) out.add_types(type);
  return out;
}

/// Asks page after page.
Status ask_all(Desk& desk, custody::Organisation& us, const custody::LedgerPort& port,
               const custody::Ask& ask, Fetch question, Gathered& out) {
  for (std::size_t proposals = 0; proposals <= proposals_max;) {
    XL_TRY_ASSIGN(const Bytes raw,
                  desk.ask(us, out.place.custodian, PeerKind::fetch, model::encode(question)));
    FetchAnswer answer;
    if (!model::decode_canonical(raw, answer)) return untrusted("its form");
    question.clear_body();
    question.clear_body_signature();
    if (!answer.body().empty()) {
      ++proposals;
      XL_TRY_ASSIGN(const Bytes signature, co_sign(us, port, ask, out.place, answer));
      question.set_body(answer.body());
      question.set_body_signature(bytes_of(signature));
      out.sessions.push_back(model::transaction_id(view_of(answer.body())));
      continue;
    }
    const auto state = port.ledger().state();
    const std::uint64_t now_ms = port.now_ms();
    XL_TRY(check_session(*state, now_ms, us, out.place, answer));
    for (const auto& piece : answer.pieces()) {
      XL_TRY_ASSIGN(GatheredRecord record, open_piece(us, *state, now_ms, out.place, piece));
      out.records.push_back(std::move(record));
    }
    out.cut = !answer.next_cursor().empty() && out.records.size() >= gathered_records_max;
    if (answer.next_cursor().empty() || out.cut) return {};
    if (answer.pieces().empty()) return untrusted("a page of nothing");
    question.set_cursor(answer.next_cursor());
  }
  return proposal_refused("more sessions than one reading needs");
}

}  // namespace

Gathered gather_from(Desk& desk, custody::Organisation& us, const custody::LedgerPort& port,
                     const custody::Ask& ask, const Place& place,
                     const std::vector<std::string>& types) {
  Gathered out;
  out.place = place;
  const Status done = ask_all(desk, us, port, ask, first_question(ask, place, types), out);
  if (done.ok()) return out;
  out.records.clear();
  out.missing = done.error();
  return out;
}

}  // namespace xl::gateway::peer
