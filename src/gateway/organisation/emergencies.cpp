// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/emergencies.h"

#include "base/json/json.h"
#include "base/json/writer.h"
#include "contracts/access/messages.pb.h"
#include "gateway/ledger/show.h"
#include "gateway/peer/emergencies.h"
#include "model/canonical.h"
#include "model/transaction.h"

namespace xl::gateway::organisation {
namespace {

/// The practitioner, and a second clinician.
constexpr std::size_t clinicians_max = 2;

/// What clinicians signed.
struct SignedByClinicians {
  Bytes body;
  std::vector<Bytes> signatures;
};

Result<json::Document> read_emergency(const custody::Principal& who, const http::Request& request) {
  if (who.kind != contracts::PartyKind::practitioner) return make_error(ErrorCode::role_refused);
  json::Limits bounds;
  bounds.bytes_max = 128 * 1024;
  bounds.depth_max = 3;
  return json::parse(request.body, bounds);
}

Result<SignedByClinicians> signed_part_of(const json::Value& root) {
  SignedByClinicians out;
  if (!from_base64(root.find("body").as_string().value_or("*"), out.body)) {
    return make_error(ErrorCode::parameter_invalid, "body");
  }
  const json::Value signatures = root.find("signatures");
  if (!signatures.is_array() || signatures.size() == 0 || signatures.size() > clinicians_max) {
    return make_error(ErrorCode::parameter_invalid, "signatures");
  }
  for (const json::Value one : signatures.items()) {
    if (!from_base64(one.as_string().value_or("*"), out.signatures.emplace_back())) {
      return make_error(ErrorCode::parameter_invalid, "signatures");
    }
  }
  return out;
}

/// The patient whom a declaration names that is refused unread; empty: none that can be found.
std::string patient_declared(const http::Request& request) {
  json::Limits bounds;
  bounds.bytes_max = 128 * 1024;
  bounds.depth_max = 3;
  const auto document = json::parse(request.body, bounds);
  const auto given = document.ok() ? signed_part_of(document->root())
                                   : Result<SignedByClinicians>(document.error());
  if (!given.ok()) return {};
  // As many signatures as it names signers, or it is not read at all.
  for (std::size_t more = 0; more <= 1; ++more) {
    std::vector<Bytes> signatures = given->signatures;
    if (more == 1) signatures.push_back(given->signatures.front());
    const auto whole =
        model::decode_transaction(model::encode_transaction(given->body, signatures));
    if (!whole.ok() || whole->body.messages.size() != 1) continue;
    xinglin::access::v1::DeclareEmergency message;
    if (!model::decode_canonical(whole->body.messages.front().payload, message)) return {};
    return message.patient();
  }
  return {};
}

http::Response emergency_response(const Services& services, const model::HistoryEntry& entry) {
  json::Writer out;
  out.begin_object().key("entry");
  ledger::write_entry(out, entry, services.ledger.registry());
  out.end_object();
  return json_response(out.take(), 201);
}

/// The organisation of this node that the clinician works for: it signs what they declare, at
/// whichever custodian. Errors: organisation_elsewhere.
Result<custody::Organisation*> employer_of(const Services& services,
                                           const custody::Principal& who) {
  custody::Organisation* out = services.custody.find(who.organisation);
  if (out == nullptr) return make_error(ErrorCode::organisation_elsewhere);
  return out;
}

Result<std::vector<peer::PersonIdentifier>> read_identifiers(const json::Value root) {
  std::vector<peer::PersonIdentifier> out;
  const json::Value list = root.find("identifiers");
  if (!list.is_array() || list.size() == 0 || list.size() > peer::identifiers_max) {
    return make_error(ErrorCode::parameter_invalid, "identifiers");
  }
  for (const json::Value one : list.items()) {
    const std::string system(one.find("system").as_string().value_or(""));
    const std::string value(one.find("value").as_string().value_or(""));
    if (value.empty() || value.size() > peer::identifier_bytes_max ||
        system.size() > peer::identifier_bytes_max) {
      return make_error(ErrorCode::parameter_invalid, "identifiers");
    }
    out.push_back({system, value});
  }
  return out;
}

}  // namespace

Result<http::Response> declare_emergency(const Services& services, const model::Id& custodian,
                                         const custody::Principal& who,
                                         const http::Request& request, const PathValues&) {
  custody::Organisation* here = services.custody.find(custodian);
  if (who.kind != contracts::PartyKind::practitioner && here != nullptr) {
    XL_TRY(here->desk().refuse_emergency(who, patient_declared(request)));
  }
  XL_TRY_ASSIGN(const json::Document document, read_emergency(who, request));
  const json::Value why = document.root().find("reason");
  XL_TRY_ASSIGN(SignedByClinicians given, signed_part_of(document.root()));
  Bytes salt;
  if (!from_base64(why.find("salt").as_string().value_or("*"), salt)) {
    return make_error(ErrorCode::parameter_invalid, "reason.salt");
  }
  xinglin::access::v1::EmergencyReason reason;
  reason.set_version(1);
  reason.set_salt(custody::bytes_of(salt));
  reason.set_code(std::string(why.find("code").as_string().value_or("")));
  reason.set_text(std::string(why.find("text").as_string().value_or("")));
  XL_TRY_ASSIGN(custody::Organisation * employer, employer_of(services, who));
  const auto transaction =
      employer->desk().sign_emergency(who, given.body, std::move(given.signatures));
  if (!transaction.ok()) {
    if (here != nullptr) XL_TRY(here->desk().refuse_emergency(who, patient_declared(request)));
    return transaction.error();
  }
  const auto entry = here != nullptr ? here->desk().declare_emergency(who, *transaction, reason)
                                     : peer::declare_at(services.peers, *employer, custodian,
                                                        *transaction, reason);
  if (!entry.ok()) return entry.error();
  return emergency_response(services, *entry);
}

Result<http::Response> renew_emergency(const Services& services, const model::Id& custodian,
                                       const custody::Principal& who, const http::Request& request,
                                       const PathValues& values) {
  XL_TRY_ASSIGN(const json::Document document, read_emergency(who, request));
  XL_TRY_ASSIGN(SignedByClinicians given, signed_part_of(document.root()));
  const auto entry = model::id_from_text(values[1]);
  if (!entry.ok()) return make_error(ErrorCode::parameter_invalid, "entry");
  XL_TRY_ASSIGN(custody::Organisation * employer, employer_of(services, who));
  XL_TRY_ASSIGN(Bytes transaction, employer->desk().sign_emergency(
                                       who, given.body, std::move(given.signatures), *entry));
  XL_TRY_ASSIGN(const model::HistoryEntry done,
                services.custody.port().send(std::move(transaction)));
  if (custody::Organisation* here = services.custody.find(custodian)) {
    // Who cannot write it now writes it when the ledger is followed.
    const auto view = custody::look(services.custody.port());
    if (view.ok()) (void)here->desk().note_emergency(*view, *entry);
  }
  return emergency_response(services, done);
}

Result<http::Response> find_person(const Services& services, const model::Id&,
                                   const custody::Principal& who, const http::Request& request,
                                   const PathValues& values) {
  XL_TRY_ASSIGN(const json::Document document, read_emergency(who, request));
  const auto entry = model::id_from_text(values[1]);
  if (!entry.ok()) return make_error(ErrorCode::parameter_invalid, "entry");
  XL_TRY_ASSIGN(const auto identifiers, read_identifiers(document.root()));
  XL_TRY_ASSIGN(custody::Organisation * employer, employer_of(services, who));
  XL_TRY_ASSIGN(const auto turn, peer::Desk::Gathering::begin(services.peers));
  custody::Ask ask;
  ask.principal = who;
  ask.emergency = *entry;
  const peer::FoundPerson found =
      peer::find_everywhere(services.peers, services.custody, *employer, ask, identifiers);
  json::Writer out;
  out.begin_object().key("found").begin_array();
  for (const auto& place : found.places) {
    out.begin_object().key("custodian").string(model::did_text(place.custodian));
    out.key("patient").string(model::did_text(place.patient)).end_object();
  }
  out.end_array().key("missing").begin_array();
  for (const model::Id& one : found.missing) out.string(model::did_text(one));
  return json_response(out.end_array().end_object().take());
}

}  // namespace xl::gateway::organisation
