// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/access_proof.h"

#include <algorithm>

#include "base/checked.h"
#include "base/error_detail.h"
#include "base/json/writer.h"
#include "client/proven_record.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/sealed.h"
#include "contracts/access/state.pb.h"
#include "contracts/access/view.h"
#include "contracts/api/shape.h"
#include "contracts/api/state_value.h"
#include "contracts/consent/codes.h"
#include "contracts/identity/records.h"
#include "contracts/identity/sign_in.h"
#include "contracts/identity/state.pb.h"
#include "crypto/signature.h"
#include "crypto/suite.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::client {
namespace {

namespace access = contracts::access;
namespace identity = contracts::identity;
using xinglin::access::v1::AccessDetails;
using xinglin::identity::v1::KeyRecord;

Error access_malformed(std::string_view what) {
  return make_error(ErrorCode::receipt_malformed, "access proof: " + std::string(what));
}

Error access_differs(std::string_view what) { return make_error(ErrorCode::content_differs, what); }

bool is_suite_digest(const std::string& field, const Hash& digest) {
  Bytes expected{static_cast<std::uint8_t>(crypto::Suite::international)};
  append(expected, digest);
  return equal(view_of(field), expected);
}

/// The custodian brought exactly this root to the ledger.
Status check_anchor(const AccessProof& proof, const model::Trust& trust) {
  XL_TRY(model::verify_receipt(proof.anchor, trust));
  if (!proof.anchor.entry || proof.anchor.entry->status != 0) {
    return access_differs("the root was not accepted by the ledger");
  }
  if (proof.anchor.entry->transaction_id != proof.transaction) {
    return access_differs("the receipt is of another transaction");
  }
  XL_TRY_ASSIGN(const model::Body body, model::receipt_body(proof.anchor));
  for (const model::Message& message : body.messages) {
    xinglin::access::v1::JournalRoot told;
    if (message.contract != access::contract_number || message.type != access::journal_root_type ||
        !model::decode_canonical(message.payload, told)) {
      continue;
    }
    if (equal(view_of(told.custodian()), proof.custodian.view()) &&
        told.first_sequence() == proof.root.first_sequence && told.count() == proof.root.count() &&
        is_suite_digest(told.root(), proof.root.root)) {
      return {};
    }
  }
  return access_differs("the transaction brought another root");
}

std::string_view code_of_purpose(std::uint32_t purpose) {
  for (const auto& info : contracts::consent::purpose_infos()) {
    if (static_cast<std::uint32_t>(info.purpose) == purpose) return info.code;
  }
  return {};
}

/// The entry was on the ledger soon after the time it gives, never before it.
Status check_time(const AccessProof& proof, const model::JournalEntry& entry) {
  if (entry.time_ms > proof.anchor.block.header.time.milliseconds() + times_apart_ms) {
    return access_differs("the entry's time is after its root was on the ledger");
  }
  return {};
}

/// The evidence speaks of the one who is in the entry, and of the same purpose.
Status check_parties(const model::JournalEntry& entry, const AccessDetails& details,
                     const model::Id& custodian) {
  if (!equal(view_of(details.requester()), entry.actor.view()) ||
      !equal(view_of(details.organisation()), entry.organisation.view())) {
    return access_differs("the evidence names another requester");
  }
  const Bytes patient = entry.patient.is_zero() ? Bytes{} : copy_of(entry.patient.view());
  if (!equal(view_of(details.patient()), patient)) {
    return access_differs("the evidence names another patient");
  }
  if (!equal(view_of(details.custodian()), custodian.view())) {
    return access_differs("the evidence names another custodian");
  }
  if (code_of_purpose(details.purpose()) != entry.purpose) {
    return access_differs("the evidence names another purpose");
  }
  return {};
}

/// A session key speaks for its person, for the organisation and in the roles delegated to it; an
/// own key of an organisation, or of a service of its, for the organisation. At its own records the
/// organisation may speak for a person whom it lets in without a key: what it signed names them.
Status check_speaks_for(const AccessProof& proof, const KeyRecord& key,
                        const AccessDetails& details, const model::Trust& trust) {
  if (key.has_delegation()) {
    const auto& terms = key.delegation();
    const bool same = key.controller() == details.requester() &&
                      terms.organisation() == details.organisation() &&
                      std::equal(terms.roles().begin(), terms.roles().end(),
                                 details.roles().begin(), details.roles().end());
    return same ? Status{} : access_differs("the key is not the requester's");
  }
  const auto stated = identity::stated_in(details.sign_in().challenge());
  const auto person = model::id_from_did(stated.person);
  if (person.ok() && details.requester() != details.organisation()) {
    const bool same = equal(view_of(details.requester()), person->view()) &&
                      key.controller() == details.organisation() &&
                      details.organisation() == details.custodian();
    return same ? Status{} : access_differs("the organisation's word is for somebody else");
  }
  if (details.requester() != details.organisation() || !details.roles().empty() ||
      key.controller().size() != limits::id_bytes) {
    return access_differs("the key is not the requester's");
  }
  if (key.controller() == details.organisation()) return {};
  XL_TRY_ASSIGN(const bool same, is_service_of(proof.service, key, details.organisation(), trust));
  return same ? Status{} : access_differs("the service is not the requester's");
}

/// The key named in the evidence is the requester's, and had signed in.
Status check_sign_in(const AccessProof& proof, const AccessDetails& details, std::uint64_t time_ms,
                     const model::Trust& trust) {
  const auto& sign_in = details.sign_in();
  KeyRecord sealed;
  if (!details.has_sign_in() || details.key().size() != sizeof(Hash) ||
      !model::decode_canonical(view_of(sign_in.key_record()), sealed)) {
    return access_differs("the evidence holds no sign-in");
  }
  const Hash key_id = contracts::key_id_of(details.key());
  const auto algorithm = static_cast<crypto::Algorithm>(sealed.algorithm());
  if (model::key_id_of(algorithm, view_of(sealed.public_key())) != key_id) {
    return access_differs("the sign-in is of another key");
  }
  XL_TRY(check_speaks_for(proof, sealed, details, trust));
  const Bytes text = identity::sign_in_bytes(
      trust.network(), contracts::id_of(details.organisation()), key_id, sign_in.challenge());
  if (!crypto::verify(algorithm, view_of(sealed.public_key()), text,
                      view_of(sign_in.signature()))) {
    return access_differs("the sign-in is not signed by the key");
  }
  KeyRecord on_ledger;
  XL_TRY(proven_record(proof.key, identity::key_key(key_id), trust, "key", on_ledger));
  if (!was_good(on_ledger, time_ms)) {
    return access_differs("the key was not good at the entry's time");
  }
  on_ledger.set_revoked_at_ms(sealed.revoked_at_ms());  // it may have been revoked since
  if (model::encode(on_ledger) != model::encode(sealed)) {
    return access_differs("the ledger has the key otherwise");
  }
  return {};
}

/// Whoever comes from elsewhere was let in by a session that both organisations opened over what
/// the evidence says of it, and that was open at the entry's time.
Status check_session(const AccessProof& proof, const model::JournalEntry& entry,
                     const AccessDetails& details, const model::Trust& trust) {
  if (details.session_details().empty()) {
    const bool elsewhere = details.organisation() != details.custodian();
    // A regulator looks at what is journalled, of no record: no session was opened for it.
    const bool shown =
        entry.decision == model::JournalDecision::permitted && !entry.subject.empty();
    if (elsewhere && shown && !details.has_cohort()) {
      return access_differs("there is no session for a requester from elsewhere");
    }
    return {};
  }
  xinglin::access::v1::SessionRecord session;
  XL_TRY(
      proven_record(proof.session, access::session_key(entry.session), trust, "session", session));
  if (session.decision() != access::details_commitment(view_of(details.session_details()))) {
    return access_differs("the session was opened on something else");
  }
  AccessDetails opened;
  if (!model::decode_canonical(view_of(details.session_details()), opened) ||
      opened.requester() != details.requester() || opened.key() != details.key() ||
      opened.patient() != details.patient() || opened.purpose() != details.purpose() ||
      session.requester() != details.organisation() || session.custodian() != details.custodian() ||
      session.patient() != details.patient()) {
    return access_differs("the session was opened for somebody else");
  }
  const std::uint64_t ended = session.ended_ms() != 0 ? session.ended_ms() : session.ends_ms();
  if (entry.time_ms + times_apart_ms < session.opened_ms() ||
      entry.time_ms > ended + times_apart_ms) {
    return access_differs("the session was not open at the entry's time");
  }
  return {};
}

/// True for an entry that says what became of an emergency: the ledger's record of it is its
/// evidence, which whoever declared it signed. A refused declaration that came from another member
/// is that one's word, and says nothing of the person.
Result<bool> check_emergency(const AccessProof& proof, const model::JournalEntry& entry,
                             const AccessDetails& details, const model::Trust& trust) {
  if (!access::is_glass_action(entry.action)) return false;
  if (entry.decision != model::JournalDecision::permitted) {
    return details.sign_in().signature().empty() && details.organisation() != details.custodian();
  }
  xinglin::access::v1::EmergencyRecord record;
  XL_TRY(proven_record(proof.emergency, access::emergency_key(entry.session), trust, "emergency",
                       record));
  if (record.practitioner() != details.requester() ||
      record.organisation() != details.organisation() || record.patient() != details.patient()) {
    return access_differs("the emergency is another's, or about somebody else");
  }
  const auto came = access::glass_actions_of(record);
  if (std::ranges::find(came, entry.action) == came.end()) {
    return access_differs("the ledger has the emergency otherwise");
  }
  if (entry.time_ms + times_apart_ms < record.declared_ms()) {
    return access_differs("the entry is older than the emergency");
  }
  return true;
}

Status check_cohort(const AccessProof& proof, const model::JournalEntry& entry,
                    const AccessDetails& details, const model::Trust& trust) {
  if (!details.has_cohort()) return {};
  const auto& leaf = details.cohort().leaf();
  xinglin::access::v1::CohortRecord cohort;
  XL_TRY(proven_record(proof.cohort, access::cohort_key(entry.session), trust,
                       "look at many patients", cohort));
  Hash root{};
  if (cohort.root().size() != 1 + root.size()) return access_differs("the look's root");
  std::copy(cohort.root().begin() + 1, cohort.root().end(), root.begin());
  if (!equal(view_of(leaf.entry()), entry.session.view()) || leaf.patient() != details.patient() ||
      details.cohort().count() != cohort.count() || !access::leads_to(details.cohort(), root)) {
    return access_differs("the patient's place in the look at many patients");
  }
  return {};
}

Result<std::optional<model::Receipt>> receipt_in(json::Value document, std::string_view name) {
  const json::Value one = document.find("receipts").find(name);
  if (!one.present()) return std::optional<model::Receipt>();
  if (!one.is_object()) return access_malformed(name);
  XL_TRY_ASSIGN(model::Receipt receipt, model::read_receipt(json::write(one)));
  return std::optional<model::Receipt>(std::move(receipt));
}

/// The member of `proof` that a receipt of this name goes to; null for none of ours.
std::optional<model::Receipt>* place_of(AccessProof& proof, std::string_view name) {
  if (name == "key") return &proof.key;
  if (name == "service") return &proof.service;
  if (name == "session") return &proof.session;
  if (name == "cohort") return &proof.cohort;
  if (name == "emergency") return &proof.emergency;
  return nullptr;
}

/// A proof without its receipts. Errors: receipt_malformed.
Result<AccessProof> read_entry_part(json::Value document) {
  const auto text = [&](std::string_view name) {
    return document.find(name).as_string().value_or(std::string_view{});
  };
  const auto number = [&](std::string_view name, std::uint64_t& out) {
    return parse_decimal(text(name), out) && out != 0;
  };
  if (text("schema") != "xinglin/access-proof/v1") return access_malformed("schema");
  AccessProof out;
  const auto custodian = model::id_from_did(text("organisation"));
  if (!custodian.ok()) return access_malformed("organisation");
  out.custodian = *custodian;
  if (!number("sequence", out.journal.sequence)) return access_malformed("sequence");
  if (!number("first_sequence", out.root.first_sequence) ||
      !number("last_sequence", out.root.last_sequence) ||
      out.root.last_sequence < out.root.first_sequence) {
    return access_malformed("first_sequence, last_sequence");
  }
  if (!from_hex(text("root"), out.root.root)) return access_malformed("root");
  if (!from_hex(text("transaction"), out.transaction)) return access_malformed("transaction");
  if (!from_hex(text("previous"), out.journal.previous)) return access_malformed("previous");
  if (!from_hex(text("salt"), out.journal.salt)) return access_malformed("salt");
  if (!from_base64(text("content"), out.journal.content)) return access_malformed("content");
  for (const json::Value hash : document.find("path").items()) {
    if (!from_hex(hash.as_string().value_or(""), out.journal.path.emplace_back())) {
      return access_malformed("path");
    }
  }
  return out;
}

}  // namespace

Result<AccessProof> read_access_proof(json::Value document) {
  XL_TRY_ASSIGN(AccessProof out, read_entry_part(document));
  XL_TRY_ASSIGN(auto anchor, receipt_in(document, "anchor"));
  if (!anchor) return access_malformed("receipts.anchor");
  out.anchor = std::move(*anchor);
  XL_TRY_ASSIGN(out.key, receipt_in(document, "key"));
  XL_TRY_ASSIGN(out.service, receipt_in(document, "service"));
  XL_TRY_ASSIGN(out.session, receipt_in(document, "session"));
  XL_TRY_ASSIGN(out.cohort, receipt_in(document, "cohort"));
  XL_TRY_ASSIGN(out.emergency, receipt_in(document, "emergency"));
  return out;
}

namespace {

/// Gives an entry of a page the receipts that it names by number.
Status take_receipts(json::Value entry, const std::vector<model::Receipt>& receipts,
                     AccessProof& out) {
  bool anchored = false;
  for (const json::Member member : entry.find("receipts").members()) {
    const std::string_view name = member.key;
    const json::Value number = member.value;
    std::uint64_t at = 0;
    if (!parse_decimal(number.number_text().value_or(""), at) || at >= receipts.size()) {
      return access_malformed("entries.receipts");
    }
    if (name == "anchor") {
      out.anchor = receipts[at];
      anchored = true;
    } else if (auto* place = place_of(out, name)) {
      *place = receipts[at];
    }
  }
  return anchored ? Status{} : Status(access_malformed("entries.receipts.anchor"));
}

/// The custodian's word for a page, with the receipts that it names by number.
Result<AccessListStatement> read_list_statement(json::Value document,
                                                const std::vector<model::Receipt>& receipts) {
  const auto text = [&](std::string_view name) {
    return document.find(name).as_string().value_or(std::string_view{});
  };
  AccessListStatement out;
  if (!parse_decimal(text("before"), out.before) || !parse_decimal(text("count"), out.count) ||
      !parse_decimal(text("height"), out.height) || !parse_decimal(text("time_ms"), out.time_ms) ||
      !from_hex(text("key"), out.key_id) || !from_base64(text("signature"), out.signature)) {
    return access_malformed("statement");
  }
  for (const json::Member member : document.find("receipts").members()) {
    std::uint64_t at = 0;
    if (!parse_decimal(member.value.number_text().value_or(""), at) || at >= receipts.size()) {
      return access_malformed("statement.receipts");
    }
    if (std::string_view(member.key) == "key") out.key = receipts[at];
    if (std::string_view(member.key) == "service") out.service = receipts[at];
  }
  return out;
}

}  // namespace

Result<AccessProofs> read_access_proofs(json::Value document) {
  const auto text = [&](std::string_view name) {
    return document.find(name).as_string().value_or(std::string_view{});
  };
  if (text("schema") != "xinglin/access-proofs/v1") return access_malformed("schema");
  AccessProofs out;
  const auto custodian = model::id_from_did(text("organisation"));
  const auto patient = model::id_from_did(text("patient"));
  if (!custodian.ok() || !patient.ok()) return access_malformed("organisation, patient");
  out.custodian = *custodian;
  out.patient = *patient;
  if (!parse_decimal(text("total"), out.total)) return access_malformed("total");
  const std::string_view next = text("next_before");
  if (!next.empty() && !parse_decimal(next, out.next_before)) {
    return access_malformed("next_before");
  }
  for (const json::Value one : document.find("waiting").items()) {
    if (!parse_decimal(one.as_string().value_or(""), out.waiting.emplace_back())) {
      return access_malformed("waiting");
    }
  }
  std::vector<model::Receipt> receipts;
  for (const json::Value one : document.find("receipts").items()) {
    XL_TRY_ASSIGN(model::Receipt receipt, model::read_receipt(json::write(one)));
    receipts.push_back(std::move(receipt));
  }
  if (document.find("statement").present()) {
    XL_TRY_ASSIGN(out.statement, read_list_statement(document.find("statement"), receipts));
  }
  for (const json::Value one : document.find("entries").items()) {
    XL_TRY_ASSIGN(AccessProof entry, read_entry_part(one));
    XL_TRY(take_receipts(one, receipts, entry));
    out.entries.push_back(std::move(entry));
  }
  return out;
}

Result<std::vector<ProvenAccess>> check_access_proofs(const AccessProofs& proofs,
                                                      const model::Trust& trust) {
  std::vector<ProvenAccess> out;
  std::uint64_t last = UINT64_MAX;
  for (const AccessProof& one : proofs.entries) {
    const std::string which = "entry " + std::to_string(one.journal.sequence);
    if (one.journal.sequence >= last) return access_differs(which + ": it is out of order");
    last = one.journal.sequence;
    if (one.custodian != proofs.custodian) return access_differs(which + ": another custodian");
    auto proven = check_access_proof(one, trust);
    if (!proven.ok()) {
      return make_error(proven.error().code, which + ": " + std::string(detail_of(proven.error())));
    }
    if (proven->entry.patient != proofs.patient) {
      return access_differs(which + ": another patient");
    }
    out.push_back(std::move(*proven));
  }
  return out;
}

Result<ProvenAccess> check_access_proof(const AccessProof& proof, const model::Trust& trust) {
  XL_TRY(check_anchor(proof, trust));
  ProvenAccess out;
  XL_TRY_ASSIGN(out.entry, model::verify_journal_proof(proof.custodian, proof.journal, proof.root));
  if (!model::decode_canonical(out.entry.evidence, out.details)) {
    return access_differs("the evidence of the entry");
  }
  XL_TRY(check_time(proof, out.entry));
  XL_TRY(check_parties(out.entry, out.details, proof.custodian));
  XL_TRY_ASSIGN(const bool of_emergency, check_emergency(proof, out.entry, out.details, trust));
  if (of_emergency) return out;
  XL_TRY(check_sign_in(proof, out.details, out.entry.time_ms, trust));
  XL_TRY(check_session(proof, out.entry, out.details, trust));
  XL_TRY(check_cohort(proof, out.entry, out.details, trust));
  return out;
}

}  // namespace xl::client
