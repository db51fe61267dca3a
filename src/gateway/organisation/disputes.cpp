// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/disputes.h"

#include <algorithm>

#include "base/checked.h"
#include "base/json/writer.h"
#include "contracts/access/records.h"
#include "contracts/access/view.h"
#include "contracts/api/shape.h"
#include "contracts/identity/view.h"
#include "custody/access_log.h"
#include "custody/disputes.h"
#include "gateway/ledger/show.h"
#include "gateway/organisation/access_log.h"
#include "model/canonical.h"
#include "model/limits.h"
#include "model/receipt.h"

namespace xl::gateway::organisation {

namespace access = contracts::access;
using contracts::PartyKind;

namespace {

constexpr std::string_view disputes_action = "disputes";

/// What a bringer sent: sealed words, and the transaction that commits to them.
struct Brought {
  Bytes sealed;
  Bytes transaction;
};

Result<Brought> read_brought(const http::Request& request) {
  json::Limits bounds;
  bounds.bytes_max = 128 * 1024;
  bounds.depth_max = 2;
  XL_TRY_ASSIGN(const json::Document document, json::parse(request.body, bounds));
  const json::Value root = document.root();
  Brought out;
  if (!from_base64(root.find("sealed").as_string().value_or("*"), out.sealed)) {
    return make_error(ErrorCode::parameter_invalid, "sealed");
  }
  if (!from_base64(root.find("transaction").as_string().value_or("*"), out.transaction)) {
    return make_error(ErrorCode::parameter_invalid, "transaction");
  }
  return out;
}

http::Response entry_response(const Services& services, const model::HistoryEntry& entry) {
  json::Writer out;
  out.begin_object().key("entry");
  ledger::write_entry(out, entry, services.ledger.registry());
  out.end_object();
  return json_response(out.take(), 201);
}

std::string_view finding_word(std::uint32_t finding) {
  switch (static_cast<access::DisputeFinding>(finding)) {
    case access::DisputeFinding::upheld:
      return "upheld";
    case access::DisputeFinding::rejected:
      return "rejected";
    case access::DisputeFinding::partly:
      return "partly";
  }
  return {};
}

std::string disputed_did(const std::string& field) {
  const auto id = model::id_from_bytes(view_of(field));
  return id.ok() ? model::did_text(*id) : std::string();
}

void write_members(json::Writer& out, const custody::KnownDispute& one) {
  const auto& record = one.record;
  const bool answered = record.answered_ms() != 0;
  out.key("dispute")
      .string(one.dispute.text())
      .key("patient")
      .string(disputed_did(record.patient()));
  out.key("by")
      .string(disputed_did(record.by()))
      .key("state")
      .string(answered ? "answered" : "open");
  out.key("overdue").boolean(one.overdue);
  out.key("opened_ms").string(std::to_string(record.opened_ms()));
  out.key("due_ms").string(std::to_string(record.due_ms()));
  out.key("sequence").string(one.details ? std::to_string(one.details->sequence()) : "");
  out.key("text").string(one.details ? one.details->text() : "");
  out.key("officer").string(disputed_did(record.officer()));
  out.key("answered_ms").string(std::to_string(record.answered_ms()));
  out.key("finding").string(one.answer ? finding_word(one.answer->finding()) : "");
  out.key("answer").string(one.answer ? one.answer->text() : "");
}

/// May `who` see a patient's disputes: the patient, a guardian in office, those who oversee.
Result<bool> may_see(const Services& services, const custody::Organisation& organisation,
                     const custody::Principal& who, const model::Id& patient) {
  if (who.organisation != organisation.did()) return false;
  if (custody::oversees(who, organisation.did())) return true;
  if (who.kind == PartyKind::patient) return who.did == patient;
  if (who.kind != PartyKind::guardian) return false;
  XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(services.custody.port()));
  return contracts::identity::guardian_acts(*view.state, who.did, patient,
                                            contracts::identity::power_consent, view.now_ms);
}

Status note_look(const Services& services, custody::Organisation& organisation,
                 const custody::Principal& who, std::span<const model::Id> patients) {
  using contracts::consent::PurposeOfUse;
  const PurposeOfUse purpose = who.kind == PartyKind::patient    ? PurposeOfUse::patient_request
                               : who.kind == PartyKind::guardian ? PurposeOfUse::family_request
                                                                 : PurposeOfUse::compliance;
  return custody::record_look(organisation.stores(), services.custody.port(), who, patients,
                              disputes_action, purpose);
}

}  // namespace

Result<http::Response> open_dispute(const Services& services, custody::Organisation& organisation,
                                    const custody::Principal& who, const http::Request& request,
                                    const PathValues&) {
  XL_TRY_ASSIGN(Brought brought, read_brought(request));
  xinglin::access::v1::DisputeDetails details;
  if (!model::decode_canonical(brought.sealed, details)) {
    return make_error(ErrorCode::parameter_invalid, "sealed");
  }
  XL_TRY_ASSIGN(const model::HistoryEntry entry,
                organisation.disputes().open(who, std::move(brought.transaction), details));
  return entry_response(services, entry);
}

Result<http::Response> answer_dispute(const Services& services, custody::Organisation& organisation,
                                      const custody::Principal& who, const http::Request& request,
                                      const PathValues& values) {
  if (!custody::oversees(who, organisation.did())) return make_error(ErrorCode::role_refused);
  XL_TRY_ASSIGN(Brought brought, read_brought(request));
  xinglin::access::v1::DisputeAnswer answer;
  if (!model::decode_canonical(brought.sealed, answer)) {
    return make_error(ErrorCode::parameter_invalid, "sealed");
  }
  const auto named = model::id_from_text(values[1]);
  if (!named.ok() || answer.dispute() != custody::bytes_of(named->bytes)) {
    return make_error(ErrorCode::parameter_invalid, "dispute");
  }
  XL_TRY_ASSIGN(const model::HistoryEntry entry,
                organisation.disputes().answer(who, std::move(brought.transaction), answer));
  return entry_response(services, entry);
}

Result<http::Response> list_disputes(const Services& services, custody::Organisation& organisation,
                                     const custody::Principal& who, const http::Request& request,
                                     const PathValues&) {
  const bool all = custody::oversees(who, organisation.did()) && !request.parameter("patient");
  std::uint64_t count = 100;
  const auto wanted = request.parameter("count");
  if (wanted && (!parse_decimal(*wanted, count) || count == 0 || count > limits::vault_page_max)) {
    return make_error(ErrorCode::parameter_invalid, "count");
  }
  const auto number = static_cast<std::uint32_t>(count);
  std::vector<custody::KnownDispute> found;
  std::vector<model::Id> patients;
  if (all) {
    XL_TRY_ASSIGN(found, organisation.disputes().waiting(number));
    for (const custody::KnownDispute& one : found) {
      patients.push_back(contracts::id_of(one.record.patient()));
    }
    std::ranges::sort(patients);
    patients.erase(std::unique(patients.begin(), patients.end()), patients.end());
  } else {
    XL_TRY_ASSIGN(const model::Id patient, patient_asked(services, organisation, who, request));
    model::Id after;
    if (const auto text = request.parameter("after"); text && !text->empty()) {
      const auto id = model::id_from_text(*text);
      if (!id.ok()) return make_error(ErrorCode::parameter_invalid, "after");
      after = *id;
    }
    XL_TRY_ASSIGN(found, organisation.disputes().of_patient(patient, after, number));
    patients.push_back(patient);
  }
  XL_TRY(note_look(services, organisation, who, patients));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/disputes/v1").key("disputes").begin_array();
  for (const custody::KnownDispute& one : found) {
    out.begin_object();
    write_members(out, one);
    out.end_object();
  }
  const bool more = !all && found.size() == number;
  out.end_array().key("next_after").string(more ? found.back().dispute.text() : "").end_object();
  return json_response(out.take());
}

Result<http::Response> show_dispute(const Services& services, custody::Organisation& organisation,
                                    const custody::Principal& who, const http::Request&,
                                    const PathValues& values) {
  const auto named = model::id_from_text(values[1]);
  if (!named.ok()) return make_error(ErrorCode::parameter_invalid, "dispute");
  XL_TRY_ASSIGN(const custody::KnownDispute known, organisation.disputes().find(*named));
  const model::Id patient = contracts::id_of(known.record.patient());
  XL_TRY_ASSIGN(const bool may, may_see(services, organisation, who, patient));
  if (!may) return make_error(ErrorCode::dispute_unknown, named->text());
  XL_TRY(note_look(services, organisation, who, std::span(&patient, 1)));
  XL_TRY_ASSIGN(const model::Receipt receipt,
                services.ledger.state_receipt(access::dispute_key(*named), 0));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/dispute/v1");
  write_members(out, known);
  out.key("sealed").string(known.details ? to_base64(model::encode(*known.details)) : "");
  out.key("sealed_answer").string(known.answer ? to_base64(model::encode(*known.answer)) : "");
  out.end_object();
  std::string body = out.take();
  body.insert(body.size() - 1, ",\"receipt\":" + model::write_receipt(receipt));
  return json_response(std::move(body));
}

}  // namespace xl::gateway::organisation
