// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/agreements.h"

#include "base/json/writer.h"
#include "contracts/api/shape.h"
#include "contracts/consent/codes.h"
#include "contracts/consent/records.h"
#include "contracts/consent/view.h"
#include "contracts/identity/view.h"
#include "gateway/ledger/show.h"
#include "model/canonical.h"
#include "model/limits.h"
#include "model/receipt.h"

namespace xl::gateway::organisation {

namespace consent = contracts::consent;
using contracts::PartyKind;

namespace {

/// The organisation's own people and software.
Status check_of_house(const custody::Organisation& organisation, const custody::Principal& who) {
  const bool kind = who.kind == PartyKind::practitioner || who.kind == PartyKind::organisation;
  const bool house = kind && who.organisation == organisation.did();
  return house ? Status{} : Status(make_error(ErrorCode::role_refused));
}

struct BroughtTerms {
  Bytes sealed;
  Bytes transaction;
};

Result<BroughtTerms> read_terms(const custody::Organisation& organisation,
                                const custody::Principal& who, const http::Request& request) {
  if (who.did != organisation.did()) return make_error(ErrorCode::role_refused);
  json::Limits bounds;
  bounds.bytes_max = 64 * 1024;
  bounds.depth_max = 2;
  XL_TRY_ASSIGN(const json::Document document, json::parse(request.body, bounds));
  const json::Value root = document.root();
  BroughtTerms out;
  if (!from_base64(root.find("sealed").as_string().value_or("*"), out.sealed)) {
    return make_error(ErrorCode::parameter_invalid, "sealed");
  }
  if (!from_base64(root.find("transaction").as_string().value_or("*"), out.transaction)) {
    return make_error(ErrorCode::parameter_invalid, "transaction");
  }
  return out;
}

http::Response sent_answer(const Services& services, const model::HistoryEntry& entry) {
  json::Writer out;
  out.begin_object().key("entry");
  ledger::write_entry(out, entry, services.ledger.registry());
  return json_response(out.end_object().take(), 201);
}

std::string did_in(const std::string& field) {
  return field.empty() ? std::string() : model::did_text(contracts::id_of(field));
}

std::string_view status_word(std::uint32_t status) {
  switch (static_cast<consent::AgreementStatus>(status)) {
    case consent::AgreementStatus::proposed:
      return "proposed";
    case consent::AgreementStatus::accepted:
      return "accepted";
    case consent::AgreementStatus::ended:
      return "ended";
  }
  return {};
}

void write_terms(json::Writer& out, const consent::AgreementTerms& terms) {
  out.begin_object().key("holder").string(did_in(terms.holder()));
  out.key("reader").string(did_in(terms.reader())).key("classes").begin_array();
  for (const auto& one : terms.classes()) {
    out.begin_object().key("system").string(one.system()).key("code").string(one.code());
    out.end_object();
  }
  out.end_array().key("purposes").begin_array();
  for (const std::uint32_t purpose : terms.purposes()) {
    for (const consent::PurposeInfo& info : consent::purpose_infos()) {
      if (static_cast<std::uint32_t>(info.purpose) == purpose) out.string(info.code);
    }
  }
  out.end_array().key("retention_days").unsigned_integer(terms.retention_days());
  out.key("onward").boolean(terms.onward()).key("text").string(terms.text()).end_object();
}

/// Without braces.
void write_agreement(json::Writer& out, const custody::KnownAgreement& one) {
  const auto& record = one.record;
  out.key("agreement").string(one.agreement.text());
  out.key("status").string(status_word(record.status()));
  out.key("in_force").boolean(one.in_force);
  out.key("proposer").string(did_in(record.proposer()));
  out.key("other").string(did_in(record.other()));
  out.key("start_ms").string(std::to_string(record.start_ms()));
  out.key("end_ms").string(std::to_string(record.end_ms()));
  out.key("proposed_ms").string(std::to_string(record.proposed_ms()));
  out.key("accepted_ms").string(std::to_string(record.accepted_ms()));
  out.key("ended_ms").string(std::to_string(record.ended_ms()));
  out.key("ended_by").string(did_in(record.ended_by()));
  out.key("sealed").string(one.terms ? to_base64(model::encode(*one.terms)) : "");
  if (!one.terms) return;
  out.key("terms");
  write_terms(out, *one.terms);
}

void write_agreement_dispute(json::Writer& out, const custody::AgreementDispute& one) {
  out.begin_object().key("dispute").string(one.dispute.text());
  out.key("by").string(did_in(one.record.by()));
  out.key("opened_ms").string(std::to_string(one.record.opened_ms()));
  out.key("due_ms").string(std::to_string(one.record.due_ms()));
  out.key("overdue").boolean(one.overdue);
  out.key("text").string(one.words ? one.words->text() : "");
  out.key("answered_ms").string(std::to_string(one.record.answered_ms()));
  out.key("answer").string(one.answer ? one.answer->text() : "").end_object();
}

}  // namespace

Result<http::Response> bring_agreement(const Services& services,
                                       custody::Organisation& organisation,
                                       const custody::Principal& who, const http::Request& request,
                                       const PathValues&) {
  XL_TRY_ASSIGN(BroughtTerms brought, read_terms(organisation, who, request));
  consent::AgreementTerms terms;
  if (!model::decode_canonical(brought.sealed, terms)) {
    return make_error(ErrorCode::parameter_invalid, "sealed");
  }
  XL_TRY_ASSIGN(const model::HistoryEntry entry,
                organisation.agreements().bring(terms, std::move(brought.transaction)));
  return sent_answer(services, entry);
}

Result<http::Response> bring_agreement_words(const Services& services,
                                             custody::Organisation& organisation,
                                             const custody::Principal& who,
                                             const http::Request& request, const PathValues&) {
  XL_TRY_ASSIGN(BroughtTerms brought, read_terms(organisation, who, request));
  consent::AgreementWords words;
  if (!model::decode_canonical(brought.sealed, words)) {
    return make_error(ErrorCode::parameter_invalid, "sealed");
  }
  XL_TRY_ASSIGN(const model::HistoryEntry entry,
                organisation.agreements().bring(words, std::move(brought.transaction)));
  return sent_answer(services, entry);
}

Result<http::Response> list_agreements(const Services&, custody::Organisation& organisation,
                                       const custody::Principal& who, const http::Request&,
                                       const PathValues&) {
  XL_TRY(check_of_house(organisation, who));
  XL_TRY_ASSIGN(const auto all, organisation.agreements().all());
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/agreements/v1");
  out.key("required").boolean(organisation.agreements().required());
  out.key("agreements").begin_array();
  for (const custody::KnownAgreement& one : all) {
    out.begin_object();
    write_agreement(out, one);
    out.end_object();
  }
  return json_response(out.end_array().end_object().take());
}

Result<http::Response> show_agreement(const Services& services, custody::Organisation& organisation,
                                      const custody::Principal& who, const http::Request&,
                                      const PathValues& values) {
  XL_TRY(check_of_house(organisation, who));
  const auto id = model::id_from_text(values[1]);
  if (!id.ok()) return make_error(ErrorCode::parameter_invalid, "agreement");
  XL_TRY_ASSIGN(const auto one, organisation.agreements().find(*id));
  if (!one) return make_error(ErrorCode::fhir_not_found);
  XL_TRY_ASSIGN(const auto disputes,
                organisation.agreements().disputes(*id, limits::vault_page_max));
  XL_TRY_ASSIGN(const model::Receipt receipt,
                services.ledger.state_receipt(consent::agreement_key(*id), 0));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/agreement/v1");
  write_agreement(out, *one);
  out.key("disputes").begin_array();
  for (const custody::AgreementDispute& dispute : disputes) write_agreement_dispute(out, dispute);
  std::string body = out.end_array().end_object().take();
  body.insert(body.size() - 1, ",\"receipt\":" + model::write_receipt(receipt));
  return json_response(std::move(body));
}

}  // namespace xl::gateway::organisation
