// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/requests.h"

#include <algorithm>

#include "base/checked.h"
#include "base/json/writer.h"
#include "consents/sentence.h"
#include "consents/writer.h"
#include "contracts/api/shape.h"
#include "contracts/consent/records.h"
#include "contracts/identity/locator.h"
#include "contracts/identity/view.h"
#include "gateway/ledger/show.h"
#include "gateway/organisation/consents.h"
#include "gateway/peer/wishes.h"
#include "model/canonical.h"
#include "model/receipt.h"

namespace xl::gateway::organisation {

namespace consent = contracts::consent;
using contracts::PartyKind;

namespace {

bool is_asked(const custody::Principal& who) {
  return who.kind == PartyKind::patient || who.kind == PartyKind::guardian;
}

std::string called(const Services& services, const model::Id& did) {
  const auto party = contracts::identity::find_party(*services.ledger.state(), did);
  return party ? party->name() : std::string();
}

void write_handle(json::Writer& out, const custody::Handle& handle) {
  out.key("handle").string(handle.handle.text());
  out.key("made_ms").string(std::to_string(handle.made_ms));
  out.key("ends_ms").string(std::to_string(handle.ends_ms));
}

/// What both sides may know.
void write_standing(json::Writer& out, const custody::KnownRequest& one) {
  out.key("request").string(one.request.text());
  out.key("state").string(custody::request_word(one.state));
  out.key("sent_ms").string(std::to_string(one.sent_ms));
  out.key("until_ms").string(std::to_string(one.until_ms));
  out.key("text").string(one.declined ? one.declined->text() : "");
}

/// For who asked: while a consent is in force also whose it is, to read by it.
void write_for_asker(json::Writer& out, const custody::KnownRequest& one) {
  write_standing(out, one);
  out.key("patient").string(one.consent ? model::did_text(one.patient) : "");
  out.key("consent").string(one.consent ? one.consent->text() : "");
}

/// What is asked as a FHIR Consent, from which an answer is made.
std::string asked_consent(const custody::KnownRequest& one) {
  consents::Standing standing;
  standing.id = one.request.text();
  standing.status = "proposed";
  standing.since_ms = one.sent_ms;
  standing.start_ms = one.start_ms;
  standing.end_ms = one.end_ms;
  return consents::write_consent(one.asked, standing);
}

/// For who is asked, without the closing brace.
void write_for_patient(json::Writer& out, const Services& services,
                       const custody::KnownRequest& one) {
  write_standing(out, one);
  out.key("patient").string(model::did_text(one.patient));
  out.key("asker").string(model::did_text(one.asker));
  out.key("organisation").string(model::did_text(one.organisation));
  out.key("organisation_name").string(called(services, one.organisation));
  out.key("why").string(one.why);
  out.key("start_ms").string(std::to_string(one.start_ms));
  out.key("end_ms").string(std::to_string(one.end_ms));
  out.key("en").string(consents::sentence_of(one.asked, false));
  out.key("zh").string(consents::sentence_of(one.asked, true));
  out.key("consent").string(one.consent ? one.consent->text() : "");
  out.key("sealed").string(to_base64(model::encode(one.asked)));
  out.key("sealed_decline").string(one.declined ? to_base64(model::encode(*one.declined)) : "");
}

/// What a patient leaves with a handle says where this patient's records are, here among others.
Status check_locator(const Services& services, const custody::Organisation& organisation,
                     const model::Id& patient, const std::string& locator) {
  const custody::LedgerPort& port = services.custody.port();
  XL_TRY_ASSIGN(const auto places, contracts::identity::read_locator(
                                       *port.ledger().state(), port.ledger().genesis().network,
                                       port.now_ms(), locator));
  const contracts::identity::Place own{organisation.did(), patient};
  if (std::ranges::find(places, own) != places.end()) return {};
  return make_error(ErrorCode::locator_invalid, "it does not name the patient here");
}

/// The other custodian that `?custodian=DID` names, for the people and software of this one.
/// Nothing without. Errors: parameter_invalid, role_refused.
Result<std::optional<model::Id>> custodian_named(const custody::Organisation& organisation,
                                                 const custody::Principal& who,
                                                 const http::Request& request) {
  const auto text = request.parameter("custodian");
  if (!text) return std::optional<model::Id>();
  const auto did = model::id_from_did(*text);
  if (!did.ok()) return make_error(ErrorCode::parameter_invalid, "custodian: a DID");
  if (is_asked(who) || who.organisation != organisation.did()) {
    return make_error(ErrorCode::role_refused);
  }
  return std::optional(*did);
}

/// What `who` sent to another custodian, as that one tells it.
Result<std::vector<custody::KnownRequest>> sent_there(const Services& services,
                                                      custody::Organisation& organisation,
                                                      const custody::Principal& who,
                                                      const model::Id& custodian,
                                                      const std::optional<model::Id>& request) {
  XL_TRY_ASSIGN(const auto turn, peer::Desk::Gathering::begin(services.peers));
  return peer::look_there(services.peers, organisation, who, custodian, request);
}

Result<model::Id> named_id(const PathValues& values, ErrorCode unknown) {
  const auto id = model::id_from_text(values[1]);
  if (!id.ok()) return make_error(unknown);
  return *id;
}

}  // namespace

Result<http::Response> make_handle(const Services& services, custody::Organisation& organisation,
                                   const custody::Principal& who, const http::Request& request,
                                   const PathValues&) {
  XL_TRY_ASSIGN(const model::Id patient, own_patient(services, organisation, who, request));
  json::Limits bounds;
  bounds.bytes_max = contracts::identity::locator_text_bytes_max + 1024;
  bounds.depth_max = 2;
  XL_TRY_ASSIGN(const json::Document document, json::parse(request.body, bounds));
  const std::string locator(document.root().find("locator").as_string().value_or(""));
  if (!locator.empty()) XL_TRY(check_locator(services, organisation, patient, locator));
  std::uint64_t life_ms = 0;
  if (!parse_decimal(document.root().find("life_ms").as_string().value_or(""), life_ms)) {
    return make_error(ErrorCode::parameter_invalid, "life_ms");
  }
  XL_TRY_ASSIGN(const custody::Handle made,
                organisation.requests().make_handle(patient, life_ms, locator));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/handle/v1");
  write_handle(out, made);
  return json_response(out.end_object().take(), 201);
}

Result<http::Response> list_handles(const Services& services, custody::Organisation& organisation,
                                    const custody::Principal& who, const http::Request& request,
                                    const PathValues&) {
  XL_TRY_ASSIGN(const model::Id patient, own_patient(services, organisation, who, request));
  XL_TRY_ASSIGN(const auto handles, organisation.requests().handles(patient));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/handles/v1").key("handles").begin_array();
  for (const custody::Handle& one : handles) {
    out.begin_object();
    write_handle(out, one);
    out.end_object();
  }
  return json_response(out.end_array().end_object().take());
}

Result<http::Response> end_handle(const Services& services, custody::Organisation& organisation,
                                  const custody::Principal& who, const http::Request& request,
                                  const PathValues& values) {
  XL_TRY_ASSIGN(const model::Id patient, own_patient(services, organisation, who, request));
  XL_TRY_ASSIGN(const model::Id handle, named_id(values, ErrorCode::handle_unknown));
  XL_TRY(organisation.requests().end_handle(patient, handle));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/handle-ended/v1");
  out.key("handle").string(handle.text());
  return json_response(out.end_object().take());
}

Result<http::Response> list_requests(const Services& services, custody::Organisation& organisation,
                                     const custody::Principal& who, const http::Request& request,
                                     const PathValues&) {
  XL_TRY_ASSIGN(const auto custodian, custodian_named(organisation, who, request));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/consent-requests/v1").key("requests");
  out.begin_array();
  if (is_asked(who)) {
    XL_TRY_ASSIGN(const model::Id patient, own_patient(services, organisation, who, request));
    XL_TRY_ASSIGN(const auto found, organisation.requests().of_patient(patient));
    for (const custody::KnownRequest& one : found) {
      out.begin_object();
      write_for_patient(out, services, one);
      out.end_object();
    }
  } else {
    XL_TRY_ASSIGN(const auto found,
                  custodian ? sent_there(services, organisation, who, *custodian, std::nullopt)
                            : organisation.requests().of_asker(who.did));
    for (const custody::KnownRequest& one : found) {
      out.begin_object();
      write_for_asker(out, one);
      out.end_object();
    }
  }
  return json_response(out.end_array().end_object().take());
}

Result<http::Response> show_request(const Services& services, custody::Organisation& organisation,
                                    const custody::Principal& who, const http::Request& request,
                                    const PathValues& values) {
  XL_TRY_ASSIGN(const model::Id id, named_id(values, ErrorCode::request_unknown));
  XL_TRY_ASSIGN(const auto custodian, custodian_named(organisation, who, request));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/consent-request/v1");
  if (custodian) {
    XL_TRY_ASSIGN(const auto found, sent_there(services, organisation, who, *custodian, id));
    write_for_asker(out, found.front());
    return json_response(out.end_object().take());
  }
  XL_TRY_ASSIGN(const custody::KnownRequest one, organisation.requests().find(id));
  if (!is_asked(who)) {
    if (one.asker != who.did) return make_error(ErrorCode::request_unknown);
    write_for_asker(out, one);
    return json_response(out.end_object().take());
  }
  const auto patient = own_patient(services, organisation, who, request);
  if (!patient.ok() || *patient != one.patient) return make_error(ErrorCode::request_unknown);
  write_for_patient(out, services, one);
  std::string body = out.end_object().take();
  std::string more = ",\"asked\":" + asked_consent(one);
  if (one.declined) {
    const model::Id decline = contracts::id_of(one.declined->decline());
    XL_TRY_ASSIGN(const model::Receipt receipt,
                  services.ledger.state_receipt(consent::decline_key(decline), 0));
    more += ",\"receipt\":" + model::write_receipt(receipt);
  }
  body.insert(body.size() - 1, more);
  return json_response(std::move(body));
}

Result<http::Response> decline_request(const Services& services,
                                       custody::Organisation& organisation,
                                       const custody::Principal& who, const http::Request& request,
                                       const PathValues& values) {
  XL_TRY_ASSIGN(const model::Id patient, own_patient(services, organisation, who, request));
  XL_TRY_ASSIGN(const model::Id id, named_id(values, ErrorCode::request_unknown));
  json::Limits bounds;
  bounds.bytes_max = 64 * 1024;
  bounds.depth_max = 2;
  XL_TRY_ASSIGN(const json::Document document, json::parse(request.body, bounds));
  Bytes sealed;
  Bytes transaction;
  const auto part = [&](std::string_view name) {
    return document.root().find(name).as_string().value_or("*");
  };
  consent::DeclinedRequest declined;
  if (!from_base64(part("sealed"), sealed) || !model::decode_canonical(sealed, declined)) {
    return make_error(ErrorCode::parameter_invalid, "sealed");
  }
  if (!from_base64(part("transaction"), transaction)) {
    return make_error(ErrorCode::parameter_invalid, "transaction");
  }
  const bool about_it = declined.request() == custody::bytes_of(id.bytes) &&
                        declined.patient() == custody::bytes_of(patient.bytes);
  if (!about_it) return make_error(ErrorCode::request_unknown);
  XL_TRY_ASSIGN(const model::HistoryEntry entry,
                organisation.requests().decline(declined, std::move(transaction)));
  json::Writer out;
  out.begin_object().key("entry");
  ledger::write_entry(out, entry, services.ledger.registry());
  return json_response(out.end_object().take(), 201);
}

}  // namespace xl::gateway::organisation
