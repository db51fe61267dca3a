// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/access_log.h"

#include <algorithm>

#include "base/checked.h"
#include "base/json/writer.h"
#include "contracts/identity/records.h"
#include "custody/access_log.h"
#include "gateway/audit/access_proofs.h"
#include "gateway/organisation/consents.h"
#include "model/limits.h"

namespace xl::gateway::organisation {

namespace identity = contracts::identity;
using contracts::PartyKind;

namespace {

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

std::string name_of(const model::StateReader& state, const model::Id& did) {
  const auto party = identity::find_party(state, did);
  return party ? party->name() : std::string();
}

void write_access(json::Writer& out, const model::StateReader& state,
                  const custody::LoggedAccess& access) {
  const model::JournalEntry& entry = access.entry;
  out.begin_object().key("sequence").string(std::to_string(access.sequence));
  out.key("time_ms").string(std::to_string(entry.time_ms));
  out.key("actor").string(entry.actor.is_zero() ? "" : model::did_text(entry.actor));
  out.key("organisation").string(model::did_text(entry.organisation));
  out.key("organisation_name").string(name_of(state, entry.organisation));
  out.key("by_machine").boolean(access.by_machine);
  out.key("action").string(entry.action).key("what").string(custody::subject_text(access));
  out.key("purpose").string(entry.purpose).key("reasons").string(entry.reason);
  out.key("permitted").boolean(entry.decision == model::JournalDecision::permitted);
  out.key("session").string(entry.session.is_zero() ? "" : entry.session.text());
  out.key("emergency").boolean(access.emergency);
  out.key("consents").begin_array();
  for (const model::Id& one : access.consents) out.string(one.text());
  out.end_array().key("stated").string(access.stated).key("app").string(access.app);
  out.key("roles").begin_array();
  for (const std::uint32_t role : access.roles) out.unsigned_integer(role);
  out.end_array().key("cohort").string(access.cohort ? access.cohort->text() : "").end_object();
}

/// Looking at the log is a look at the patient's affairs. Durable before anything is shown.
Status record_look_at(const Services& services, custody::Organisation& organisation,
                      const custody::Principal& who, const model::Id& patient) {
  return custody::record_look(organisation.stores(), services.custody.port(), who,
                              std::span(&patient, 1));
}

Result<std::uint64_t> number_of(const http::Request& request, std::string_view name,
                                std::uint64_t fallback) {
  const auto text = request.parameter(name);
  std::uint64_t value = fallback;
  if (text && !parse_decimal(*text, value)) return make_error(ErrorCode::parameter_invalid, name);
  return value;
}

}  // namespace

Result<model::Id> patient_asked(const Services& services, custody::Organisation& organisation,
                                const custody::Principal& who, const http::Request& request) {
  if (custody::oversees(who, organisation.did()))
    return patient_named(services, organisation, request);
  return own_patient(services, organisation, who, request, custody::log_action);
}

Result<http::Response> list_accesses(const Services& services, custody::Organisation& organisation,
                                     const custody::Principal& who, const http::Request& request,
                                     const PathValues&) {
  XL_TRY_ASSIGN(const model::Id patient, patient_asked(services, organisation, who, request));
  XL_TRY_ASSIGN(const std::uint64_t after, number_of(request, "after", 0));
  XL_TRY_ASSIGN(const std::uint64_t count, number_of(request, "count", 100));
  if (count == 0 || count > limits::vault_page_max) {
    return make_error(ErrorCode::parameter_invalid, "count");
  }
  vault::JournalLook all;
  all.patients = std::vector{patient};
  XL_TRY_ASSIGN(const std::uint64_t total, organisation.stores().journal().count(all));
  XL_TRY(record_look_at(services, organisation, who, patient));
  XL_TRY_ASSIGN(const auto entries, organisation.stores().journal().entries_of(
                                        patient, after, static_cast<std::uint32_t>(count)));
  XL_TRY_ASSIGN(const auto gaps, organisation.stores().journal().gaps());
  const auto state = services.ledger.state();
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/access-log/v1");
  out.key("patient").string(model::did_text(patient));
  out.key("total").string(std::to_string(total)).key("entries").begin_array();
  for (const vault::KeptEntry& kept : entries) {
    write_access(out, *state, custody::logged_access(organisation.stores(), kept));
  }
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
  const vault::Journal& journal = organisation.stores().journal();
  const auto found = journal.entry(sequence);
  // Who read something has a receipt of it.
  const bool own = found.ok() && who.kind == contracts::PartyKind::practitioner &&
                   found->entry.actor == who.did && !found->entry.patient.is_zero();
  model::Id patient = own ? found->entry.patient : model::Id{};
  if (!own) {
    XL_TRY_ASSIGN(patient, patient_asked(services, organisation, who, request));
  }
  if (!found.ok()) return found.error();
  const vault::KeptEntry& kept = *found;
  // Of another patient: as if it were not there.
  if (kept.entry.patient != patient) return make_error(ErrorCode::journal_entry_unknown);
  audit::AccessProofs proofs(services, organisation);
  XL_TRY_ASSIGN(std::string body, proofs.alone(kept, who.did == patient));
  XL_TRY(record_look_at(services, organisation, who, patient));
  return json_response(std::move(body));
}

Result<http::Response> prove_accesses(const Services& services, custody::Organisation& organisation,
                                      const custody::Principal& who, const http::Request& request,
                                      const PathValues&) {
  XL_TRY_ASSIGN(const model::Id patient, patient_asked(services, organisation, who, request));
  const vault::Journal& journal = organisation.stores().journal();
  const std::uint64_t end = journal.size() + 1;  // what comes meanwhile is in no page
  XL_TRY_ASSIGN(std::uint64_t before, number_of(request, "before", end));
  before = std::min(before, end);
  XL_TRY_ASSIGN(const std::uint64_t count, number_of(request, "count", audit::proofs_max));
  if (count == 0 || count > audit::proofs_max) {
    return make_error(ErrorCode::parameter_invalid, "count");
  }
  vault::JournalLook look;
  look.patients = std::vector{patient};
  look.before = end;
  XL_TRY_ASSIGN(const std::uint64_t total, journal.count(look));
  look.before = before;
  XL_TRY_ASSIGN(const std::uint64_t left, journal.count(look));
  XL_TRY_ASSIGN(const auto entries, journal.newest(look, static_cast<std::uint32_t>(count)));
  audit::AccessProofs proofs(services, organisation);
  for (const vault::KeptEntry& kept : entries) XL_TRY(proofs.add(kept));
  const std::uint64_t next = left > entries.size() ? entries.back().sequence : 0;
  XL_TRY_ASSIGN(std::string body, proofs.take({patient, total, next, before}));
  XL_TRY(record_look_at(services, organisation, who, patient));
  return json_response(std::move(body));
}

}  // namespace xl::gateway::organisation
