// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/routes.h"

#include "base/json/writer.h"
#include "contracts/identity/view.h"
#include "gateway/organisation/access_export.h"
#include "gateway/organisation/access_log.h"
#include "gateway/organisation/agreements.h"
#include "gateway/organisation/consents.h"
#include "gateway/organisation/disputes.h"
#include "gateway/organisation/emergencies.h"
#include "gateway/organisation/erasures.h"
#include "gateway/organisation/guardianships.h"
#include "gateway/organisation/notices.h"
#include "gateway/organisation/oversight.h"
#include "gateway/organisation/proofs.h"
#include "gateway/organisation/requests.h"

namespace xl::gateway::organisation {
namespace {

Result<http::Response> list_organisations(const Services& services, const http::Request& request) {
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/organisations/v1");
  out.key("organisations").begin_array();
  for (const auto& organisation : services.custody.organisations()) {
    out.begin_object().key("id").string(organisation->did().text());
    out.key("did").string(model::did_text(organisation->did()));
    out.key("name").string(organisation->name());
    const crypto::SigningKey& key = organisation->stores().identity().key;
    out.key("signing_key").string(to_hex(model::key_id_of(key.algorithm(), key.public_key())));
    out.key("fhir").string(base_url(services, request) + "/o/" + organisation->did().text() +
                           "/fhir");
    out.end_object();
  }
  out.end_array().end_object();
  return json_response(out.take());
}

/// Of emergencies: the custodian may be on another node.
void add_emergency_routes(Router& router, const Services& services) {
  const auto takes = [](std::string_view body, std::string_view answer, unsigned status) {
    return RouteDoc{
        .body_media = {"application/json"}, .body = body, .status = status, .answer = answer};
  };
  using HandleAnywhere =
      Result<http::Response> (*)(const Services&, const model::Id&, const custody::Principal&,
                                 const http::Request&, const PathValues&);
  const auto add_anywhere = [&](const char* pattern, const char* summary, HandleAnywhere handle,
                                RouteDoc about) {
    router.add({"POST", pattern, summary,
                [services, handle](const http::Request& request,
                                   const PathValues& values) -> Result<http::Response> {
                  const auto custodian = values[0].starts_with(model::did_prefix)
                                             ? model::id_from_did(values[0])
                                             : model::id_from_text(values[0]);
                  if (!custodian.ok()) return make_error(ErrorCode::organisation_unknown);
                  XL_TRY_ASSIGN(const custody::Principal who,
                                services.tokens.principal_of(request));
                  return handle(services, *custodian, who, request, values);
                },
                Access::signed_in, std::move(about)});
  };
  add_anywhere("/o/{org}/emergencies", "Break the glass, with a reason", declare_emergency,
               takes("NewEmergency", "Declared", 201));
  add_anywhere("/o/{org}/emergencies/{entry}/renewals", "Keep the glass broken for once more",
               renew_emergency, takes("NewRenewal", "Declared", 201));
  add_anywhere("/o/{org}/emergencies/{entry}/find",
               "Ask every custodian who the person is about whom the glass is broken", find_person,
               takes("PersonIdentifiers", "FoundPerson", 200));
}

/// What serves a route of one organisation.
using HandleHouse = Result<http::Response> (*)(const Services&, custody::Organisation&,
                                               const custody::Principal&, const http::Request&,
                                               const PathValues&);
using AddRoute = std::function<void(const char*, const char*, const char*, HandleHouse, RouteDoc)>;

/// Of handles and of what is asked by them.
void add_request_routes(const AddRoute& add) {
  const auto posts = [](std::string_view body, std::string_view answer) {
    return RouteDoc{.query = {"patient"},
                    .body_media = {"application/json"},
                    .body = body,
                    .status = 201,
                    .answer = answer};
  };
  add("POST", "/o/{org}/handles", "Make a handle by which one can be asked", make_handle,
      posts("NewHandle", "Handle"));
  add("GET", "/o/{org}/handles", "A patient's handles in use", list_handles,
      RouteDoc{.query = {"patient"}, .answer = "Handles"});
  add("DELETE", "/o/{org}/handles/{handle}", "End a handle", end_handle,
      RouteDoc{.query = {"patient"}, .answer = "HandleEnded"});
  add("GET", "/o/{org}/requests", "What a patient is asked for, or what one asked for",
      list_requests, RouteDoc{.query = {"patient", "custodian"}, .answer = "ConsentRequests"});
  add("GET", "/o/{org}/requests/{request}", "One request as its side may know it", show_request,
      RouteDoc{.query = {"patient", "custodian"}, .answer = "ConsentRequest"});
  add("POST", "/o/{org}/requests/{request}/decline", "Refuse a request, provably", decline_request,
      posts("NewDispute", "Declared"));
}

/// Of what the organisation agreed with others.
void add_agreement_routes(const AddRoute& add) {
  const RouteDoc post{.body_media = {"application/json"},
                      .body = "NewDispute",
                      .status = 201,
                      .answer = "Declared"};
  add("POST", "/o/{org}/agreements", "Propose or accept an agreement with its terms",
      bring_agreement, post);
  add("GET", "/o/{org}/agreements", "The organisation's agreements that were not ended",
      list_agreements, RouteDoc{.answer = "Agreements"});
  add("GET", "/o/{org}/agreements/{agreement}", "One agreement with disputes and receipt",
      show_agreement, RouteDoc{.answer = "Agreement"});
  add("POST", "/o/{org}/agreements/{agreement}/disputes", "Say that it was broken, or answer that",
      bring_agreement_words, post);
}

}  // namespace

void add_routes(Router& router, const Services& services) {
  router.add({"GET", "/o", "The organisations of this node",
              [services](const http::Request& request, const auto&) {
                return list_organisations(services, request);
              },
              Access::anyone, RouteDoc{.answer = "Organisations"}});
  const auto add = [&](const char* method, const char* pattern, const char* summary,
                       HandleHouse handle, RouteDoc about) {
    router.add({method, pattern, summary,
                [services, handle](const http::Request& request,
                                   const PathValues& values) -> Result<http::Response> {
                  XL_TRY_ASSIGN(custody::Organisation * organisation,
                                organisation_of(services, values[0]));
                  XL_TRY_ASSIGN(const custody::Principal who,
                                services.tokens.principal_of(request));
                  return handle(services, *organisation, who, request, values);
                },
                Access::signed_in, std::move(about)});
  };
  const auto posts = [](std::string_view body, std::string_view answer) {
    return RouteDoc{
        .body_media = {"application/json"}, .body = body, .status = 201, .answer = answer};
  };
  add("POST", "/o/{org}/consents", "Bring a consent that was signed, with its sealed policy",
      bring_consent, posts("NewConsent", "BroughtConsent"));
  add("GET", "/o/{org}/consents", "A patient's own consents", list_consents,
      RouteDoc{.query = {"patient"}, .answer = "Consents"});
  add_request_routes(add);
  add_agreement_routes(add);
  add_emergency_routes(router, services);
  add("POST", "/o/{org}/erasures", "Erase a record or everything of a patient", erase,
      posts("NewErasure", "Erasures"));
  add("GET", "/o/{org}/erasures/{id}", "A certificate of erasure as it stands", show_erasure,
      RouteDoc{.answer = "Erasures"});
  add("GET", "/o/{org}/guardianships", "Whose guardians' office ends when", list_guardianships,
      RouteDoc{.query = {"within_days", "after"}, .answer = "Guardianships"});
  add("GET", "/o/{org}/access-log", "Who saw or was refused a patient's records", list_accesses,
      RouteDoc{.query = {"patient", "after", "count"}, .answer = "AccessLog"});
  add("GET", "/o/{org}/access-log/proofs", "Proves a patient's entries towards the ledger",
      prove_accesses, RouteDoc{.query = {"patient", "before", "count"}, .answer = "AccessProofs"});
  add("GET", "/o/{org}/access-log/export", "A patient's access log as a file", export_accesses,
      RouteDoc{.query = {"format", "patient", "from", "to", "disclosures", "bom"},
               .media = "text/csv"});
  add("GET", "/o/{org}/access-log/{sequence}/proof", "Proves one entry towards the ledger",
      prove_access, RouteDoc{.query = {"patient"}, .answer = "AccessProof"});
  add("POST", "/o/{org}/disputes", "Dispute an entry of the access log", open_dispute,
      posts("NewDispute", "Declared"));
  add("GET", "/o/{org}/disputes", "A patient's disputes, or those that wait for an answer",
      list_disputes, RouteDoc{.query = {"patient", "after", "count"}, .answer = "Disputes"});
  add("GET", "/o/{org}/disputes/{dispute}", "One dispute with its receipt", show_dispute,
      RouteDoc{.answer = "Dispute"});
  add("POST", "/o/{org}/disputes/{dispute}/answer", "Answer a dispute, as a privacy officer",
      answer_dispute, posts("NewDispute", "Declared"));
  add("GET", "/o/{org}/notices", "What a patient, guardian or privacy officer is told of",
      list_notices, RouteDoc{.query = {"after", "count", "patient"}, .answer = "Notices"});
  add("POST", "/o/{org}/webhooks", "Have an address told of notices", add_webhook,
      posts("NewWebhook", "Webhook"));
  add("GET", "/o/{org}/webhooks", "One's own webhooks", list_webhooks,
      RouteDoc{.answer = "Webhooks"});
  add("DELETE", "/o/{org}/webhooks/{webhook}", "Tell an address no more", remove_webhook,
      RouteDoc{.answer = "WebhookRemoved"});
  add("GET", "/o/{org}/oversight", "Counts of accesses for those who oversee them", show_oversight,
      RouteDoc{.query = {"from", "to"}, .answer = "Oversight"});
  add("GET", "/o/{org}/records/{type}/{id}/proof", "Proves a record version towards the ledger",
      prove_record, RouteDoc{.query = {"version"}, .answer = "RecordProof"});
}

}  // namespace xl::gateway::organisation
