// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/requests.h"

#include "base/json/writer.h"
#include "consents/reader.h"
#include "fhir/time.h"
#include "gateway/fhir/consent_parties.h"
#include "gateway/fhir/own.h"
#include "gateway/fhir/page.h"
#include "gateway/fhir/reply.h"
#include "gateway/peer/wishes.h"
#include "model/limits.h"

namespace xl::gateway::fhir {

using contracts::PartyKind;

namespace {

Error asked_wrongly(std::string_view element) {
  const std::string place = "Consent." + std::string(element);
  return make_error(ErrorCode::request_refused, place);
}

/// Takes the extensions of a request out of the Consent, which then is as any other.
Status take_extensions(json::Node root, custody::NewRequest& out) {
  for (const json::Value one : root.find("extension").items()) {
    const auto url = one.find("url").as_string().value_or("");
    if (url == request_why_url) {
      out.why = std::string(one.find("valueString").as_string().value_or(""));
    } else if (url == request_until_url) {
      const auto until =
          xl::fhir::time_range_of(one.find("valueDateTime").as_string().value_or(""));
      if (!until || until->high < 0) return asked_wrongly("extension");
      out.until_ms = static_cast<std::uint64_t>(until->high) + 1;
    } else {
      return asked_wrongly("extension");
    }
  }
  root.remove("extension");
  return {};
}

/// Whose patient is asked: this organisation's, unless `organization` is one other by its DID.
model::Id custodian_of(const Call& call, json::Value resource) {
  const json::Value named = resource.find("organization");
  const json::Value identifier = named.at(0).find("identifier");
  const bool by_did =
      named.size() == 1 && identifier.find("system").as_string() == "urn:ietf:rfc:3986";
  const auto did = model::id_from_did(identifier.find("value").as_string().value_or(""));
  return by_did && did.ok() ? *did : call.organisation.did();
}

Result<custody::NewRequest> read_request(const Call& call, json::Value resource,
                                         const model::Id& custodian) {
  custody::NewRequest out;
  const auto handle = model::id_from_text(
      resource.find("patient").find("identifier").find("value").as_string().value_or(""));
  // What is no handle at all is told as one that is over.
  if (!handle.ok()) return make_error(ErrorCode::handle_unknown);
  out.handle = *handle;
  if (custodian == call.organisation.did()) {
    XL_TRY(call.organisation.requests().patient_of(out.handle));
  }
  json::Limits bounds;
  bounds.bytes_max = limits::record_bytes_max;
  XL_TRY_ASSIGN(json::Document given, json::parse(json::write(resource), bounds));
  make_own_relative(given, own_names(call));
  XL_TRY(take_extensions(given.edit(), out));
  // Nobody's teams are looked up: whether one is there is not for who asks.
  const consents::ReadContext context{
      [&](json::Value reference) { return find_party(call, reference, model::Id{}); }, custodian,
      call.services.clock.now_ms()};
  XL_TRY_ASSIGN(consents::ConsentRead read, consents::read_consent(given.root(), context));
  out.asked = std::move(read.sealed);
  out.start_ms = read.start_ms;
  out.end_ms = read.end_ms;
  return out;
}

/// Keeps it, or sends it to the custodian whose patient it is for.
Result<model::Id> send_request(const Call& call, const model::Id& custodian,
                               custody::NewRequest wish) {
  if (custodian == call.organisation.did()) {
    XL_TRY_ASSIGN(const custody::KnownRequest kept,
                  call.organisation.requests().ask(call.principal, std::move(wish)));
    return kept.request;
  }
  if (call.grant) {
    return make_error(ErrorCode::scope_insufficient,
                      "others' patients are asked by people who signed in themselves");
  }
  if (!is_of_the_house(call)) return make_error(ErrorCode::role_refused);
  XL_TRY_ASSIGN(const auto turn, peer::Desk::Gathering::begin(call.services.peers));
  return peer::send_wish(call.services.peers, call.organisation, call.principal, custodian, wish);
}

}  // namespace

bool asks_by_handle(json::Value resource) {
  return resource.find("resourceType").as_string() == "Consent" &&
         resource.find("status").as_string() == "proposed" &&
         resource.find("patient").find("identifier").find("system").as_string() == handle_system;
}

http::Response ask_for_consent(const Call& call, json::Value resource) {
  const custody::Principal& who = call.principal;
  if (who.kind != PartyKind::practitioner && who.kind != PartyKind::organisation) {
    return refusal(make_error(ErrorCode::role_refused));
  }
  const model::Id custodian = custodian_of(call, resource);
  auto wish = read_request(call, resource, custodian);
  if (!wish.ok()) return refusal(wish.error());
  const auto request = send_request(call, custodian, std::move(*wish));
  if (!request.ok()) return refusal(request.error());
  json::Limits bounds;
  bounds.bytes_max = limits::record_bytes_max;
  auto shown = json::parse(json::write(resource), bounds);
  if (!shown.ok()) return refusal(shown.error());
  shown->edit().set_string("id", request->text());
  http::Response out = reply(json::write(shown->root()), 201);
  out.headers["location"] = base_url(call.services, call.request) + "/o/" +
                            call.organisation.did().text() + "/requests/" + request->text();
  if (custodian != call.organisation.did()) {
    out.headers["location"] += "?custodian=" + model::did_text(custodian);
  }
  return out;
}

}  // namespace xl::gateway::fhir
