// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/access_log.h"

#include <algorithm>

#include "base/checked.h"
#include "base/json/writer.h"
#include "contracts/access/records.h"
#include "contracts/api/shape.h"
#include "contracts/identity/records.h"
#include "contracts/identity/sign_in.h"
#include "gateway/organisation/consents.h"
#include "model/canonical.h"
#include "model/limits.h"
#include "model/receipt.h"

namespace xl::gateway::organisation {

namespace consent = contracts::consent;
namespace identity = contracts::identity;
using contracts::PartyKind;

namespace {

bool oversees(const custody::Principal& who, const custody::Organisation& organisation) {
  const auto has = [&](identity::Role role) {
    return std::find(who.roles.begin(), who.roles.end(), static_cast<std::uint32_t>(role)) !=
           who.roles.end();
  };
  return who.kind == PartyKind::practitioner && who.organisation == organisation.did() &&
         (has(identity::Role::privacy_officer) || has(identity::Role::auditor));
}

/// The parameter `patient`: the DID of a patient of this organisation, whatever became of it.
/// Errors: parameter_invalid, party_unknown.
Result<model::Id> patient_named(const Services& services, custody::Organisation& organisation,
                                const http::Request& request) {
  const auto patient = model::id_from_did(request.parameter("patient").value_or(""));
  if (!patient.ok()) return make_error(ErrorCode::parameter_invalid, "patient: a DID");
  const auto party = identity::find_party(*services.ledger.state(), *patient);
  const bool ours = party && static_cast<PartyKind>(party->kind()) == PartyKind::patient &&
                    identity::custodian_of(*party) == organisation.did() &&
                    !organisation.stores().is_own(*patient);
  if (!ours) return make_error(ErrorCode::party_unknown, "no patient of this organisation");
  return *patient;
}

Result<model::Id> patient_asked(const Services& services, custody::Organisation& organisation,
                                const custody::Principal& who, const http::Request& request) {
  if (oversees(who, organisation)) return patient_named(services, organisation, request);
  return own_patient(services, organisation, who, request);
}

std::string name_of(const model::StateReader& state, const model::Id& did) {
  const auto party = identity::find_party(state, did);
  return party ? party->name() : std::string();
}

/// What was looked at, in FHIR's words; empty for what is no record.
std::string subject_text(custody::Organisation& organisation, const Bytes& subject) {
  if (subject.size() != limits::id_bytes + 4) return {};
  const auto record = model::id_from_bytes(ByteView(subject).first(limits::id_bytes));
  if (!record.ok()) return {};
  const auto version = read_be<std::uint32_t>(ByteView(subject).subspan(limits::id_bytes));
  const auto opened = organisation.stores().vault().get({*record, version});
  if (!opened.ok()) return {};
  const auto labels = custody::decode_labels(opened->labels);
  if (!labels.ok() || labels->type().empty()) return {};
  return labels->type() + "/" + labels->id() + "/_history/" + std::to_string(version);
}

void write_access(json::Writer& out, custody::Organisation& organisation,
                  const model::StateReader& state, const vault::KeptEntry& kept) {
  const model::JournalEntry& entry = kept.entry;
  out.begin_object().key("sequence").string(std::to_string(kept.sequence));
  out.key("time_ms").string(std::to_string(entry.time_ms));
  out.key("actor").string(entry.actor.is_zero() ? "" : model::did_text(entry.actor));
  out.key("organisation").string(model::did_text(entry.organisation));
  out.key("organisation_name").string(name_of(state, entry.organisation));
  out.key("by_machine").boolean(entry.actor == entry.organisation);
  out.key("action").string(entry.action).key("what");
  out.string(subject_text(organisation, entry.subject));
  out.key("purpose").string(entry.purpose).key("reasons").string(entry.reason);
  out.key("permitted").boolean(entry.decision == model::JournalDecision::permitted);
  out.key("session").string(entry.session.is_zero() ? "" : entry.session.text());
  xinglin::access::v1::AccessDetails details;
  const bool known = model::decode_canonical(entry.evidence, details);
  const identity::SignInStatement stated = identity::stated_in(details.sign_in().challenge());
  out.key("stated").string(known ? stated.organisation : "");
  out.key("app").string(known ? stated.app : "");
  out.key("roles").begin_array();
  for (const std::uint32_t role : details.roles()) {
    if (known) out.unsigned_integer(role);
  }
  out.end_array().key("cohort");
  out.string(known && details.has_cohort()
                 ? contracts::id_of(details.cohort().leaf().entry()).text()
                 : "");
  out.end_object();
}

consent::PurposeOfUse look_purpose(PartyKind kind) {
  if (kind == PartyKind::patient) return consent::PurposeOfUse::patient_request;
  if (kind == PartyKind::guardian) return consent::PurposeOfUse::family_request;
  return consent::PurposeOfUse::compliance;
}

/// Looking at the log is a look at the patient's affairs. Durable before anything is shown.
Status record_look(const Services& services, custody::Organisation& organisation,
                   const custody::Principal& who, const model::Id& patient) {
  model::JournalEntry entry;
  entry.time_ms = services.clock.now_ms();
  entry.actor = who.did;
  entry.organisation = who.organisation;
  entry.patient = patient;
  entry.decision = model::JournalDecision::permitted;
  entry.outcome = model::JournalOutcome::served;
  entry.action = "access-log";
  XL_TRY_ASSIGN(const query::LedgerHead head, services.ledger.head());
  const consent::PurposeOfUse purpose = look_purpose(who.kind);
  entry.purpose = custody::purpose_code(purpose);
  entry.evidence = model::encode(custody::access_details(who, patient, organisation.did(), purpose,
                                                         consent::Action::search, head.height));
  const auto kept = organisation.stores().journal().append(entry);
  return kept.ok() ? Status{} : Status(kept.error());
}

Result<std::uint64_t> number_of(const http::Request& request, std::string_view name,
                                std::uint64_t fallback) {
  const auto text = request.parameter(name);
  std::uint64_t value = fallback;
  if (text && !parse_decimal(*text, value)) return make_error(ErrorCode::parameter_invalid, name);
  return value;
}

/// Adds a receipt of what the ledger holds under `key` now. Errors: those of the ledger.
Status add_state(const Services& services, std::string_view name, ByteView key,
                 std::string& receipts) {
  XL_TRY_ASSIGN(const model::Receipt receipt, services.ledger.state_receipt(key, 0));
  receipts += ",\"" + std::string(name) + "\":" + model::write_receipt(receipt);
  return {};
}

/// The receipts with which an entry can be checked by the genesis alone: of the transaction that
/// anchored it, and of what its evidence names. JSON text. Errors: those of the ledger.
Result<std::string> receipts_of(const Services& services, const vault::JournalBatch& batch,
                                const model::JournalEntry& entry) {
  XL_TRY_ASSIGN(const model::Receipt anchor, services.ledger.receipt(batch.transaction));
  std::string out = "{\"anchor\":" + model::write_receipt(anchor);
  xinglin::access::v1::AccessDetails details;
  if (model::decode_canonical(entry.evidence, details)) {
    const Hash key_id = contracts::key_id_of(details.key());
    XL_TRY(add_state(services, "key", identity::key_key(key_id), out));
    const auto key = identity::find_key(*services.ledger.state(), key_id);
    if (key && !key->has_delegation() && key->controller() != details.organisation()) {
      const model::Id service = contracts::id_of(key->controller());
      XL_TRY(add_state(services, "service", identity::party_key(service), out));
    }
    if (!details.session_details().empty()) {
      XL_TRY(add_state(services, "session", contracts::access::session_key(entry.session), out));
    }
    if (details.has_cohort()) {
      XL_TRY(add_state(services, "cohort", contracts::access::cohort_key(entry.session), out));
    }
  }
  return out + "}";
}

}  // namespace

Result<http::Response> list_accesses(const Services& services, custody::Organisation& organisation,
                                     const custody::Principal& who, const http::Request& request,
                                     const PathValues&) {
  XL_TRY_ASSIGN(const model::Id patient, patient_asked(services, organisation, who, request));
  XL_TRY_ASSIGN(const std::uint64_t after, number_of(request, "after", 0));
  XL_TRY_ASSIGN(const std::uint64_t count, number_of(request, "count", 100));
  if (count == 0 || count > limits::vault_page_max) {
    return make_error(ErrorCode::parameter_invalid, "count");
  }
  XL_TRY(record_look(services, organisation, who, patient));
  XL_TRY_ASSIGN(const auto entries, organisation.stores().journal().entries_of(
                                        patient, after, static_cast<std::uint32_t>(count)));
  XL_TRY_ASSIGN(const auto gaps, organisation.stores().journal().gaps());
  const auto state = services.ledger.state();
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/access-log/v1");
  out.key("patient").string(model::did_text(patient)).key("entries").begin_array();
  for (const vault::KeptEntry& kept : entries) write_access(out, organisation, *state, kept);
  out.end_array().key("lost").begin_array();
  for (const vault::JournalGap& gap : gaps) {
    if (gap.held_sequence == gap.last_sequence) continue;  // all are here again
    out.begin_object().key("first_sequence").string(std::to_string(gap.held_sequence + 1));
    out.key("last_sequence").string(std::to_string(gap.last_sequence));
    out.key("noted_ms").string(std::to_string(gap.noted_ms)).end_object();
  }
  out.end_array().key("next_after");
  out.string(entries.size() == count ? std::to_string(entries.back().sequence) : "").end_object();
  return json_response(out.take());
}

Result<http::Response> prove_access(const Services& services, custody::Organisation& organisation,
                                    const custody::Principal& who, const http::Request& request,
                                    const PathValues& values) {
  std::uint64_t sequence = 0;
  if (!parse_decimal(values[1], sequence)) {
    return make_error(ErrorCode::parameter_invalid, "sequence");
  }
  XL_TRY_ASSIGN(const model::Id patient, patient_asked(services, organisation, who, request));
  const vault::Journal& journal = organisation.stores().journal();
  XL_TRY_ASSIGN(const vault::KeptEntry kept, journal.entry(sequence));
  // Of another patient: as if it were not there.
  if (kept.entry.patient != patient) return make_error(ErrorCode::journal_entry_unknown);
  XL_TRY_ASSIGN(const vault::JournalBatch batch, journal.batch_of(sequence));
  if (!batch.anchored_ms) return make_error(ErrorCode::journal_not_sealed);
  XL_TRY_ASSIGN(const model::JournalProof proof, journal.prove(sequence));
  XL_TRY(record_look(services, organisation, who, patient));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/access-proof/v1");
  out.key("organisation").string(model::did_text(organisation.did()));
  out.key("sequence").string(std::to_string(sequence));
  out.key("first_sequence").string(std::to_string(batch.root.first_sequence));
  out.key("last_sequence").string(std::to_string(batch.root.last_sequence));
  out.key("root").string(to_hex(batch.root.root));
  out.key("previous").string(to_hex(proof.previous)).key("salt").string(to_hex(proof.salt));
  out.key("content").string(to_base64(proof.content)).key("path").begin_array();
  for (const Hash& hash : proof.path) out.string(to_hex(hash));
  out.end_array().key("transaction").string(to_hex(batch.transaction)).end_object();
  std::string body = out.take();
  XL_TRY_ASSIGN(const std::string receipts, receipts_of(services, batch, kept.entry));
  body.insert(body.size() - 1, ",\"receipts\":" + receipts);
  return json_response(std::move(body));
}

}  // namespace xl::gateway::organisation
