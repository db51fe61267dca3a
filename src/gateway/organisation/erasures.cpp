// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/erasures.h"

#include "base/checked.h"
#include "base/json/json.h"
#include "base/json/writer.h"
#include "custody/access.h"
#include "custody/access_log.h"
#include "gateway/fhir/draft.h"

namespace xl::gateway::organisation {
namespace {

void write_record(json::Writer& out, const vault::RecordVersion& which) {
  out.key("record").string(which.record.text());
  out.key("version").string(std::to_string(which.version));
}

void write_certificate(json::Writer& out, const custody::Organisation& organisation,
                       const custody::ErasureDesk& desk,
                       const vault::ErasureCertificate& certificate) {
  out.begin_object().key("id").string(certificate.id.text());
  out.key("organisation").string(model::did_text(organisation.did()));
  out.key("patient").string(model::did_text(certificate.patient));
  if (certificate.record) {
    write_record(out, *certificate.record);
  } else {
    out.key("record").null().key("version").null();
  }
  out.key("erased_ms").string(std::to_string(certificate.erased_ms));
  out.key("versions").string(std::to_string(certificate.versions));
  out.key("state").string(certificate.is_final ? "final" : "pending");
  out.key("final_ms").string(std::to_string(certificate.final_ms));
  out.key("disclosures").begin_array();
  for (const vault::Disclosure& one : certificate.disclosures) {
    out.begin_object();
    write_record(out, one.which);
    out.key("grantee").string(model::did_text(one.grantee));
    out.key("given_ms").string(std::to_string(one.given_ms)).end_object();
  }
  out.end_array().key("disclosure_count").string(std::to_string(certificate.disclosure_count));
  out.key("certificate").string(to_base64(vault::encode(certificate)));
  out.key("digest").string(to_hex(vault::digest_of(certificate)));
  out.key("signature").string(to_base64(desk.sign(certificate))).end_object();
}

http::Response certificates_answer(custody::Organisation& organisation,
                                   const std::vector<vault::ErasureCertificate>& certificates,
                                   unsigned status) {
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/erasures/v1").key("erasures").begin_array();
  for (const vault::ErasureCertificate& one : certificates) {
    write_certificate(out, organisation, organisation.erasures(), one);
  }
  out.end_array().end_object();
  return json_response(out.take(), status);
}

}  // namespace

namespace {

/// Records that somebody wanted to erase who may not: in the log of the patient whom the request
/// names by DID or record, or where nobody here is named, in nobody's.
Status note_refused_erasure(const Services& services, custody::Organisation& organisation,
                            const custody::Principal& who, json::Value root) {
  custody::Stores& stores = organisation.stores();
  custody::Refusal refused;
  refused.action = custody::erase_action;
  refused.purpose = custody::usual_purpose(who);
  const auto patient = model::id_from_did(root.find("patient").as_string().value_or(""));
  if (patient.ok() && custody::is_patient_here(stores, *services.ledger.state(), *patient)) {
    refused.patient = *patient;
  }
  const auto type = root.find("type").as_string();
  const auto id = root.find("id").as_string();
  if (type && id && fhir::is_logical_id(*id)) {
    XL_TRY_ASSIGN(const auto entry, organisation.records().current(*type, *id));
    if (entry) {
      refused.which = {entry->record, static_cast<std::uint32_t>(entry->vault_version)};
      if (!stores.is_own(entry->patient)) refused.patient = entry->patient;
    }
  }
  return custody::record_refusal(stores, services.custody.port(), who, refused);
}

}  // namespace

Result<http::Response> erase(const Services& services, custody::Organisation& organisation,
                             const custody::Principal& who, const http::Request& request,
                             const PathValues&) {
  const Status may = organisation.erasures().check_asker(who);
  json::Limits bounds;
  bounds.bytes_max = 4096;
  bounds.depth_max = 2;
  auto document = json::parse(request.body, bounds);
  if (!may.ok()) {
    XL_TRY(note_refused_erasure(services, organisation, who,
                                document.ok() ? document->root() : json::Value()));
    return may.error();
  }
  if (!document.ok()) return document.error();
  const json::Value root = document->root();
  if (const auto patient = root.find("patient").as_string()) {
    XL_TRY_ASSIGN(const model::Id did, model::id_from_did(*patient));
    XL_TRY_ASSIGN(vault::ErasureCertificate one, organisation.erasures().erase_patient(who, did));
    return certificates_answer(organisation, {std::move(one)}, 201);
  }
  const auto type = root.find("type").as_string();
  const auto id = root.find("id").as_string();
  if (!type || !id) return make_error(ErrorCode::parameter_invalid, "type and id, or patient");
  std::optional<std::uint64_t> version;
  if (const auto text = root.find("version").as_string()) {
    std::uint64_t number = 0;
    if (!parse_decimal(*text, number)) return make_error(ErrorCode::parameter_invalid, "version");
    version = number;
  }
  XL_TRY_ASSIGN(const auto certificates, organisation.erasures().erase_record(
                                             who, std::string(*type), std::string(*id), version));
  return certificates_answer(organisation, certificates, 201);
}

Result<http::Response> show_erasure(const Services&, custody::Organisation& organisation,
                                    const custody::Principal& who, const http::Request&,
                                    const PathValues& values) {
  XL_TRY_ASSIGN(const model::Id id, model::id_from_text(values[1]));
  auto found = organisation.erasures().certificate(id);
  // To others it is as if there were none.
  const auto may = found.ok() ? organisation.erasures().may_read(who, *found)
                              : Result<bool>(organisation.erasures().check_asker(who).ok());
  if (!may.ok()) return may.error();
  if (!*may) return make_error(ErrorCode::role_refused);
  if (!found.ok()) return found.error();
  vault::ErasureCertificate& one = *found;
  return certificates_answer(organisation, {std::move(one)}, 200);
}

}  // namespace xl::gateway::organisation
