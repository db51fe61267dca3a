// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/consents.h"

#include "base/json/json.h"
#include "base/json/writer.h"
#include "consents/rules.h"
#include "consents/sentence.h"
#include "contracts/api/shape.h"
#include "contracts/consent/view.h"
#include "contracts/identity/view.h"
#include "custody/access.h"
#include "custody/access_log.h"
#include "gateway/ledger/show.h"
#include "model/canonical.h"

namespace xl::gateway::organisation {

namespace consent = contracts::consent;
namespace identity = contracts::identity;
using contracts::PartyKind;

namespace {

void write_consent(json::Writer& out, const custody::AgreedConsent& agreed,
                   const custody::LedgerView& view) {
  const auto record = consent::find_consent(*view.state, agreed.consent);
  out.begin_object().key("consent").string(agreed.consent.text());
  out.key("active").boolean(agreed.active);
  out.key("start_ms").string(std::to_string(record ? record->start_ms() : 0));
  out.key("end_ms").string(std::to_string(record ? record->end_ms() : 0));
  out.key("assisted").boolean(record && record->assisted());
  out.key("rules");
  consents::write_policies(out, agreed.sealed);
  out.key("en").string(consents::sentence_of(agreed.sealed, false));
  out.key("zh").string(consents::sentence_of(agreed.sealed, true));
  out.key("sealed").string(to_base64(model::encode(agreed.sealed))).end_object();
}

}  // namespace

namespace {

/// Errors: role_refused, parameter_invalid (a guardian names no ward).
Result<model::Id> own_or_ward(const Services& services, const custody::Organisation& organisation,
                              const custody::Principal& who, const http::Request& request) {
  if (who.organisation != organisation.did()) return make_error(ErrorCode::role_refused);
  if (who.kind == PartyKind::patient) return who.did;
  if (who.kind == PartyKind::guardian) {
    const auto ward = model::id_from_did(request.parameter("patient").value_or(""));
    if (!ward.ok()) return make_error(ErrorCode::parameter_invalid, "patient: the ward's DID");
    XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(services.custody.port()));
    if (identity::guardian_acts(*view.state, who.did, *ward, identity::power_consent,
                                view.now_ms)) {
      return *ward;
    }
  }
  return make_error(ErrorCode::role_refused);
}

}  // namespace

Result<model::Id> own_patient(const Services& services, custody::Organisation& organisation,
                              const custody::Principal& who, const http::Request& request,
                              std::string_view action) {
  auto out = own_or_ward(services, organisation, who, request);
  if (out.ok() || action.empty() || out.error().code != ErrorCode::role_refused) return out;
  custody::Refusal refused;
  refused.action = action;
  refused.purpose = custody::usual_purpose(who);
  const auto named = model::id_from_did(request.parameter("patient").value_or(""));
  custody::Stores& stores = organisation.stores();
  if (named.ok() && custody::is_patient_here(stores, *services.ledger.state(), *named)) {
    refused.patient = *named;
  }
  XL_TRY(custody::record_refusal(stores, services.custody.port(), who, refused));
  return out;
}

Result<http::Response> bring_consent(const Services& services, custody::Organisation& organisation,
                                     const custody::Principal& who, const http::Request& request,
                                     const PathValues&) {
  json::Limits bounds;
  bounds.bytes_max = 256 * 1024;
  bounds.depth_max = 2;
  XL_TRY_ASSIGN(const json::Document document, json::parse(request.body, bounds));
  Bytes sealed;
  Bytes transaction;
  const json::Value root = document.root();
  if (!from_base64(root.find("sealed").as_string().value_or("*"), sealed)) {
    return make_error(ErrorCode::parameter_invalid, "sealed");
  }
  if (!from_base64(root.find("transaction").as_string().value_or("*"), transaction)) {
    return make_error(ErrorCode::parameter_invalid, "transaction");
  }
  XL_TRY_ASSIGN(const consent::SealedPolicy policy, consent::decode_sealed(sealed));
  XL_TRY_ASSIGN(const model::HistoryEntry entry,
                organisation.requests().agree(who, policy, std::move(transaction)));
  json::Writer out;
  out.begin_object().key("consent").string(contracts::id_of(policy.consent()).text());
  out.key("entry");
  ledger::write_entry(out, entry, services.ledger.registry());
  out.end_object();
  return json_response(out.take(), 201);
}

Result<http::Response> list_consents(const Services& services, custody::Organisation& organisation,
                                     const custody::Principal& who, const http::Request& request,
                                     const PathValues&) {
  XL_TRY_ASSIGN(const model::Id patient,
                own_patient(services, organisation, who, request, "list-consents"));
  XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(services.custody.port()));
  XL_TRY_ASSIGN(const auto all, organisation.policies().agreed(view, patient));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/consents/v1").key("consents").begin_array();
  for (const custody::AgreedConsent& agreed : all) write_consent(out, agreed, view);
  out.end_array().end_object();
  return json_response(out.take());
}

}  // namespace xl::gateway::organisation
