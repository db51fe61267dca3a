// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/access_log.h"

#include <algorithm>

#include "base/checked.h"
#include "base/json/writer.h"
#include "contracts/access/records.h"
#include "contracts/api/shape.h"
#include "contracts/identity/view.h"
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
  const vault::JournalEntry& entry = kept.entry;
  out.begin_object().key("sequence").string(std::to_string(kept.sequence));
  out.key("time_ms").string(std::to_string(entry.time_ms));
  out.key("actor").string(entry.actor.is_zero() ? "" : model::did_text(entry.actor));
  out.key("organisation").string(model::did_text(entry.organisation));
  out.key("organisation_name").string(name_of(state, entry.organisation));
  out.key("by_machine").boolean(entry.actor == entry.organisation);
  out.key("action").string(entry.action).key("what");
  out.string(subject_text(organisation, entry.subject));
  out.key("purpose").string(entry.purpose).key("reasons").string(entry.reason);
  out.key("permitted").boolean(entry.decision == vault::Decision::permitted);
  out.key("session").string(entry.session.is_zero() ? "" : entry.session.text());
  xinglin::custody::v1::AccessDetails details;
  const bool known = model::decode_canonical(entry.evidence, details);
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
  vault::JournalEntry entry;
  entry.time_ms = services.clock.now_ms();
  entry.actor = who.did;
  entry.organisation = who.organisation;
  entry.patient = patient;
  entry.decision = vault::Decision::permitted;
  entry.outcome = vault::Outcome::served;
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

/// Of an entry that belongs to a look at many patients: where it stands in that, and what the
/// ledger holds of it. Empty for any other. Errors: those of the ledger.
Result<std::string> cohort_text(const Services& services, const vault::JournalEntry& entry) {
  xinglin::custody::v1::AccessDetails details;
  if (!model::decode_canonical(entry.evidence, details) || !details.has_cohort())
    return std::string();
  const auto& place = details.cohort();
  const model::Id id = contracts::id_of(place.leaf().entry());
  XL_TRY_ASSIGN(const query::LedgerHead head, services.ledger.head());
  XL_TRY_ASSIGN(const model::Receipt receipt,
                services.ledger.state_receipt(contracts::access::cohort_key(id), head.height));
  json::Writer out;
  out.begin_object().key("entry").string(id.text());
  out.key("leaf").string(to_base64(model::encode(place.leaf())));
  out.key("index").unsigned_integer(place.index()).key("count").unsigned_integer(place.count());
  out.key("path").begin_array();
  for (const std::string& sibling : place.path()) out.string(to_hex(view_of(sibling)));
  std::string text = out.end_array().end_object().take();
  text.insert(text.size() - 1, ",\"receipt\":" + model::write_receipt(receipt));
  return text;
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
  const auto state = services.ledger.state();
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/access-log/v1");
  out.key("patient").string(model::did_text(patient)).key("entries").begin_array();
  for (const vault::KeptEntry& kept : entries) write_access(out, organisation, *state, kept);
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
  XL_TRY_ASSIGN(const vault::JournalProof proof, journal.prove(sequence));
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
  XL_TRY_ASSIGN(const std::string cohort, cohort_text(services, kept.entry));
  if (!cohort.empty()) body.insert(body.size() - 1, ",\"cohort\":" + cohort);
  return json_response(std::move(body));
}

}  // namespace xl::gateway::organisation
