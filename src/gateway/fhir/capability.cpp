// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/capability.h"

#include <algorithm>
#include <map>

#include "base/json/writer.h"
#include "fhir/definitions.h"
#include "gateway/fhir/lists.h"
#include "gateway/fhir/reply.h"
#include "query/search_text.h"

namespace xl::gateway::fhir {
namespace {

void write_interactions(json::Writer& out, std::initializer_list<std::string_view> codes) {
  out.key("interaction").begin_array();
  for (const std::string_view code : codes) {
    out.begin_object().key("code").string(code).end_object();
  }
  out.end_array();
}

void write_parameter(json::Writer& out, const xl::fhir::SearchParameter& parameter) {
  if (query::searched_parameter("Patient", parameter.code) == nullptr &&
      xl::fhir::is_common(parameter)) {
    return;  // what nothing is kept for, such as `_text`
  }
  out.begin_object().key("name").string(parameter.code);
  out.key("definition").string(parameter.url);
  out.key("type").string(xl::fhir::search_type_name(parameter.type)).end_object();
}

void write_common_parameters(json::Writer& out) {
  for (const auto& one : xl::fhir::search_parameters_of("Resource")) write_parameter(out, one);
  // R4 has a page about it (§3.1.1.5.9), and no SearchParameter to name.
  out.begin_object().key("name").string(list_parameter).key("type").string("string").end_object();
}

bool is_reference(const xl::fhir::SearchParameter& one) {
  return one.type == xl::fhir::SearchType::reference;
}

/// What leads to each type, as `_revinclude` names it.
const std::map<std::string_view, std::vector<std::string>>& leading_to() {
  static const auto all = [] {
    std::map<std::string_view, std::vector<std::string>> out;
    for (const std::string_view type : xl::fhir::resource_types()) {
      for (const auto& one : xl::fhir::search_parameters_of(type)) {
        if (!is_reference(one)) continue;
        for (const std::string_view target : one.targets()) {
          out[target].push_back(std::string(type) + ":" + std::string(one.code));
        }
      }
    }
    return out;
  }();
  return all;
}

/// What a type can be searched by, and what may be included with it.
void write_search(json::Writer& out, std::string_view type) {
  const auto own = xl::fhir::search_parameters_of(type);
  if (std::any_of(own.begin(), own.end(), is_reference)) {
    out.key("searchInclude").begin_array().string("*");
    for (const auto& one : own) {
      if (is_reference(one)) out.string(std::string(type) + ":" + std::string(one.code));
    }
    out.end_array();
  }
  if (const auto leads = leading_to().find(type); leads != leading_to().end()) {
    out.key("searchRevInclude").begin_array();
    for (const std::string& one : leads->second) out.string(one);
    out.end_array();
  }
  out.key("searchParam").begin_array();
  write_common_parameters(out);
  for (const auto& one : own) write_parameter(out, one);
  out.end_array();
}

void write_resource(json::Writer& out, std::string_view type) {
  out.begin_object().key("type").string(type);
  if (type == "AuditEvent") {  // what was reported stays
    write_interactions(
        out, {"read", "vread", "history-instance", "history-type", "create", "search-type"});
  } else {
    write_interactions(out, {"read", "vread", "update", "patch", "delete", "history-instance",
                             "history-type", "create", "search-type"});
  }
  out.key("versioning").string("versioned-update").key("readHistory").boolean(true);
  out.key("updateCreate").boolean(true).key("conditionalCreate").boolean(true);
  out.key("conditionalRead").string("full-support").key("conditionalUpdate").boolean(true);
  out.key("conditionalDelete").string("single");
  write_search(out, type);
  constexpr std::string_view definitions = "http://hl7.org/fhir/OperationDefinition/";
  const auto operation = [&](std::string_view name, std::string_view definition) {
    const bool own = definition.starts_with("urn:") || definition.starts_with("https:");
    out.begin_object().key("name").string(name).key("definition");
    out.string((own ? "" : std::string(definitions)) + std::string(definition)).end_object();
  };
  out.key("operation").begin_array();
  operation("validate", "Resource-validate");
  operation("erase", "urn:xinglin:fhir:operation:resource-erase");
  if (type == "Consent") operation("prepare", "urn:xinglin:fhir:operation:consent-prepare");
  if (type == "Patient") {
    operation("everything", "Patient-everything");
    operation("see-as", "urn:xinglin:fhir:operation:patient-see-as");
    operation("explain", "urn:xinglin:fhir:operation:patient-explain");
    operation("gather", "urn:xinglin:fhir:operation:patient-gather");
    operation("match", "Patient-match");
    operation("ihe-pix", "https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix");
    operation("merge", "Patient-merge");
    operation("access-log", "urn:xinglin:fhir:operation:patient-access-log");
    operation("unmerge", "urn:xinglin:fhir:operation:patient-unmerge");  // HL7 has none
  }
  out.end_array().end_object();
}

/// Who may ask, and where apps get their tokens (SMART App Launch 2.2 §5.2).
void write_security(json::Writer& out, const Call& call) {
  const auto url = own_url(call.services, call.request);
  out.key("security").begin_object();
  if (url.ok()) {  // by another name there is no authorization server
    const std::string oauth = *url + "/o/" + call.organisation.did().text() + "/oauth/";
    out.key("extension").begin_array().begin_object();
    out.key("url").string("http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris");
    out.key("extension").begin_array();
    for (const char* name : {"authorize", "token"}) {
      out.begin_object().key("url").string(name).key("valueUri").string(oauth + name).end_object();
    }
    out.end_array().end_object().end_array();
  }
  out.key("service").begin_array().begin_object().key("coding").begin_array().begin_object();
  out.key("system").string("http://terminology.hl7.org/CodeSystem/restful-security-service");
  out.key("code").string("SMART-on-FHIR").end_object().end_array().end_object().end_array();
  out.key("description");
  out.string(
      "Apps: SMART App Launch 2.2. People and software with a DID: sign in at /auth/v1. Send "
      "'Authorization: Bearer' and X-Purpose-Of-Use. What a requester may see is decided by the "
      "patient's consents; an app's scopes only narrow it.");
  out.end_object();
}

}  // namespace

http::Response capability_statement(const Call& call) {
  json::Writer out;
  out.begin_object().key("resourceType").string("CapabilityStatement");
  out.key("status")
      .string("active")
      .key("date")
      .string("2026-11-21")
      .key("kind")
      .string("instance");
  out.key("software").begin_object().key("name").string("Xinglin").key("version");
  out.string(XL_VERSION).end_object();
  out.key("implementation").begin_object().key("description");
  out.string(call.organisation.name()).key("url").string(call.base).end_object();
  out.key("fhirVersion").string("4.0.1").key("format").begin_array();
  out.string("application/fhir+json").string("json").end_array();
  out.key("patchFormat").begin_array();
  out.string("application/json-patch+json").string("application/fhir+json").end_array();
  out.key("rest").begin_array().begin_object().key("mode").string("server");
  write_security(out, call);
  out.key("resource").begin_array();
  for (const std::string_view type : xl::fhir::resource_types()) write_resource(out, type);
  out.end_array();
  write_interactions(out, {"transaction", "batch", "history-system", "search-system"});
  out.key("searchParam").begin_array();
  write_common_parameters(out);
  out.end_array();
  out.key("compartment").begin_array();
  out.string("http://hl7.org/fhir/CompartmentDefinition/patient").end_array();
  out.end_object().end_array().end_object();
  return reply(out.take());
}

}  // namespace xl::gateway::fhir
