// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/erase.h"

#include <array>

#include "base/checked.h"
#include "base/json/writer.h"
#include "gateway/fhir/audit_view.h"
#include "gateway/fhir/everything.h"
#include "gateway/fhir/page.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/reply.h"

namespace xl::gateway::fhir {
namespace {

constexpr std::array<std::string_view, 3> erase_parameters = {"confirm", "version", "_format"};

/// Errors: parameter_invalid (no `confirm` that repeats the path; version), those of the body.
Result<std::optional<std::uint64_t>> read_wish(const Call& call, const std::string& path) {
  XL_TRY_ASSIGN(const Parameters asked, parameters_of(call));
  XL_TRY(only_parameters(asked, erase_parameters, "$erase"));
  std::optional<std::uint64_t> version;
  bool confirmed = false;
  for (const auto& [name, value] : asked) {
    if (name == "confirm") confirmed = value == path;
    if (name != "version") continue;
    std::uint64_t number = 0;
    if (!parse_decimal(value, number)) return make_error(ErrorCode::parameter_invalid, "version");
    version = number;
  }
  if (!confirmed) {
    return make_error(ErrorCode::parameter_invalid,
                      "confirm: it repeats what is erased for ever, as " + path);
  }
  return version;
}

/// The certificates of everybody whom the Patient stands for. Errors: fhir_not_found,
/// record_erased, those of the desk.
Result<std::vector<vault::ErasureCertificate>> erase_person(const Call& call, const std::string& id,
                                                            bool of_version) {
  if (of_version) {
    return make_error(ErrorCode::parameter_invalid,
                      "version: a Patient is erased with everything about the person");
  }
  XL_TRY_ASSIGN(const std::vector<model::Id> whose, patients_named(call, id));
  custody::ErasureDesk& desk = call.organisation.erasures();
  if (whose.empty()) {
    XL_TRY_ASSIGN(const bool erased, desk.was_erased("Patient", id));
    return make_error(erased ? ErrorCode::record_erased : ErrorCode::fhir_not_found);
  }
  std::vector<vault::ErasureCertificate> out;
  for (const model::Id& patient : whose) {
    XL_TRY_ASSIGN(vault::ErasureCertificate one, desk.erase_patient(call.principal, patient));
    out.push_back(std::move(one));
  }
  return out;
}

void write_part(json::Writer& out, std::string_view name, std::string_view kind,
                std::string_view value) {
  out.begin_object().key("name").string(name).key(kind).string(value).end_object();
}

void write_disclosure(json::Writer& out, const vault::Disclosure& one) {
  out.begin_object().key("name").string("disclosure").key("part").begin_array();
  write_part(out, "record", "valueId", one.which.record.text());
  write_part(out, "version", "valueString", std::to_string(one.which.version));
  write_part(out, "recipient", "valueUri", model::did_text(one.grantee));
  write_part(out, "given", "valueInstant", instant_text(one.given_ms));
  out.end_array().end_object();
}

void write_certificate(json::Writer& out, const Call& call,
                       const vault::ErasureCertificate& certificate) {
  const std::string url = base_url(call.services, call.request) + "/o/" +
                          call.organisation.did().text() + "/erasures/" + certificate.id.text();
  out.begin_object().key("name").string("certificate").key("part").begin_array();
  write_part(out, "id", "valueId", certificate.id.text());
  write_part(out, "url", "valueUrl", url);
  write_part(out, "state", "valueCode", certificate.is_final ? "final" : "pending");
  write_part(out, "erased", "valueInstant", instant_text(certificate.erased_ms));
  write_part(out, "final", "valueInstant", instant_text(certificate.final_ms));
  write_part(out, "patient", "valueUri", model::did_text(certificate.patient));
  write_part(out, "versions", "valueString", std::to_string(certificate.versions));
  write_part(out, "disclosures", "valueString", std::to_string(certificate.disclosure_count));
  for (const vault::Disclosure& one : certificate.disclosures) write_disclosure(out, one);
  write_part(out, "document", "valueBase64Binary", to_base64(vault::encode(certificate)));
  write_part(out, "signature", "valueBase64Binary",
             to_base64(call.organisation.erasures().sign(certificate)));
  out.end_array().end_object();
}

}  // namespace

http::Response erase(const Call& call, std::string_view type, std::string_view id) {
  const EvenTime begun;
  const Status allowed = call.organisation.erasures().check_asker(call.principal);
  if (!allowed.ok()) return refuse_role(call, "erase", type, id, allowed.error(), begun);
  const std::string path = std::string(type) + "/" + std::string(id);
  const auto version = read_wish(call, path);
  if (!version.ok()) return refusal(version.error());
  if (type == "AuditEvent") return refusal(make_error(ErrorCode::audit_event_kept));
  auto certificates = type == "Patient"
                          ? erase_person(call, std::string(id), version->has_value())
                          : call.organisation.erasures().erase_record(
                                call.principal, std::string(type), std::string(id), *version);
  if (!certificates.ok()) return refusal(certificates.error());
  json::Writer out;
  out.begin_object().key("resourceType").string("Parameters").key("parameter").begin_array();
  for (const vault::ErasureCertificate& one : *certificates) write_certificate(out, call, one);
  out.end_array().end_object();
  return reply(out.take());
}

}  // namespace xl::gateway::fhir
