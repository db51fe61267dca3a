// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "base/json/json.h"
#include "gateway/smart/endpoints.h"
#include "gateway/smart/page.h"

namespace xl::gateway::smart {

using contracts::PartyKind;

namespace {

constexpr std::string_view shown_patients = "50";
constexpr std::size_t patient_id_bytes_max = 64;

bool needs_patient(const Authorization& wanted) {
  return wanted.scopes.launch_patient || wanted.scopes.has(ScopeContext::patient);
}

/// Name and birth date of a Patient, as people tell patients apart.
std::string patient_label(json::Value patient) {
  const json::Value name = patient.find("name").at(0);
  std::string out(name.find("text").as_string().value_or(""));
  if (out.empty()) {
    for (const json::Value given : name.find("given").items()) {
      out += std::string(given.as_string().value_or("")) + " ";
    }
    out += name.find("family").as_string().value_or("");
  }
  const auto born = patient.find("birthDate").as_string();
  if (born) out += ", " + std::string(*born);
  return out + " (" + std::string(patient.find("id").as_string().value_or("")) + ")";
}

Result<json::Document> patients_for(const Visit& visit, const custody::Principal& who,
                                    const std::string& name) {
  std::vector<std::pair<std::string, std::string>> query{{"_count", std::string(shown_patients)}};
  if (!name.empty()) query.emplace_back("name", name);
  const http::Response answer = ask_fhir(visit, who, "Patient", std::move(query));
  if (answer.status != 200) return json::Document::object();  // nobody to choose from: by id
  json::Limits bounds;
  bounds.bytes_max = answer.body.size() + 1;
  return json::parse(answer.body, bounds);
}

/// Whom to choose: a list, and a field for an id that the list does not show.
Result<std::string> picker(const Visit& visit, const Authorization& wanted) {
  const bool zh = wanted.chinese;
  const std::string name(visit.request.parameter("name").value_or(""));
  XL_TRY_ASSIGN(const json::Document found,
                patients_for(visit, wanted.who->caller.principal, name.substr(0, 100)));
  std::string out = "<fieldset><legend>";
  out += either(zh, "患者", "Patient");
  out += "</legend>";
  for (const json::Value entry : found.root().find("entry").items()) {
    const json::Value patient = entry.find("resource");
    if (patient.find("resourceType").as_string() != "Patient") continue;
    out += "<label><input type=\"radio\" name=\"patient\" value=\"" +
           html(patient.find("id").as_string().value_or("")) + "\"> " +
           html(patient_label(patient)) + "</label>";
  }
  out += "<label for=\"patient_id\">";
  out += either(zh, "或输入患者编号", "Or the patient's id");
  out += "</label><input type=\"text\" id=\"patient_id\" name=\"patient_id\"></fieldset>";
  return out;
}

std::string search_form(const Authorization& wanted) {
  const bool zh = wanted.chinese;
  std::string out = "<form method=\"get\"><label for=\"q\">";
  out += either(zh, "按姓名查找患者", "Find a patient by name");
  out += "</label><input type=\"search\" id=\"q\" name=\"name\"><p><button class=\"plain\">";
  out += either(zh, "查找", "Find");
  return out + "</button></p></form>";
}

/// The one patient who comes with the request: of the record that was open, or who signed in.
std::string given_patient(const Visit& visit, const Authorization& wanted) {
  if (wanted.launch && !wanted.launch->patient.empty()) return wanted.launch->patient;
  const custody::Principal& who = wanted.who->caller.principal;
  return who.kind == PartyKind::patient ? own_patient_id(visit, who) : std::string();
}

/// The patient whom the app will know of: whoever agrees must be able to see them. Errors:
/// smart_context_invalid.
Status choose_patient(const Visit& visit, const Authorization& wanted, const Form& form,
                      auth::Grant& grant) {
  std::string id = given_patient(visit, wanted);
  if (id.empty() && !needs_patient(wanted)) return {};
  if (id.empty()) id = form.text("patient");
  if (id.empty()) id = form.text("patient_id");
  if (id.empty() || id.size() > patient_id_bytes_max || id.find('/') != std::string::npos) {
    return make_error(ErrorCode::smart_context_invalid);
  }
  const http::Response seen = ask_fhir(visit, wanted.who->caller.principal, "Patient/" + id, {});
  if (seen.status != 200) return make_error(ErrorCode::smart_context_invalid);
  const auto entry = visit.organisation.stores().index().current("Patient", id);
  if (!entry.ok()) return make_error(ErrorCode::smart_context_invalid);
  grant.patient = id;
  grant.patient_did = entry->patient;
  if (wanted.launch) grant.encounter = wanted.launch->encounter;
  return {};
}

/// The code with which the app gets its tokens.
Result<std::string> code_for(const Visit& visit, const Authorization& wanted, const Form& form) {
  auth::Grant grant;
  XL_TRY(choose_patient(visit, wanted, form, grant));
  grant.id = custody::random_id();
  grant.organisation = wanted.organisation;
  grant.client = wanted.client.id;
  grant.scopes = wanted.scopes;
  grant.scopes.launch_patient = wanted.scopes.launch_patient && !grant.patient.empty();
  grant.scopes.launch_encounter = wanted.scopes.launch_encounter && !grant.encounter.empty();
  grant.subject = wanted.subject;
  grant.fhir_user = wanted.fhir_user;
  Granted granted;
  granted.who = *wanted.who;
  granted.redirect_uri = wanted.redirect_uri;
  granted.code_challenge = wanted.code_challenge;
  granted.nonce = wanted.nonce;
  granted.base = wanted.base;
  granted.ends_ms = visit.services.clock.now_ms() + refresh_ms;
  if (granted.who.ends_ms != 0) granted.ends_ms = std::min(granted.ends_ms, granted.who.ends_ms);
  // Shared by the tokens made of it.
  granted.who.caller.grant = std::make_shared<const auth::Grant>(std::move(grant));
  return visit.desk().make_code(std::move(granted));
}

}  // namespace

std::string own_patient_id(const Visit& visit, const custody::Principal& who) {
  const http::Response answer = ask_fhir(visit, who, "Patient", {});
  json::Limits bounds;
  bounds.bytes_max = answer.body.size() + 1;
  const auto found = json::parse(answer.body, bounds);
  if (answer.status != 200 || !found.ok()) return {};
  for (const json::Value entry : found->root().find("entry").items()) {
    const std::string id(entry.find("resource").find("id").as_string().value_or(""));
    const auto kept = visit.organisation.stores().index().current("Patient", id);
    if (kept.ok() && kept->patient == who.did) return id;
  }
  return {};
}

Result<http::Response> consent_page(const Visit& visit) {
  const auto wanted = authorization_of(visit);
  if (!wanted.ok()) return error_page(wanted.error(), wants_chinese(visit.request));
  if (!wanted->who) return see_other(visit.address() + "/oauth/login/" + wanted->id);
  const bool zh = wanted->chinese;
  Page out;
  out.chinese = zh;
  out.title = wanted->client.name;
  out.title += either(zh, ":同意访问?", ": allow access?");
  out.assets = visit.address() + "/oauth";
  out.goes_to = origin_of(wanted->redirect_uri);
  out.body = wanted_part(visit, *wanted);
  const bool picks = needs_patient(*wanted) && given_patient(visit, *wanted).empty();
  if (picks) out.body += search_form(*wanted);
  out.body += "<form method=\"post\">";
  if (picks) {
    XL_TRY_ASSIGN(const std::string choice, picker(visit, *wanted));
    out.body += choice;
  }
  out.body += "<p><button name=\"decision\" value=\"allow\">";
  out.body += either(zh, "同意", "Allow");
  out.body += "</button></p></form>" + refusing_part(visit, *wanted);
  return page(out);
}

Result<http::Response> decide_consent(const Visit& visit) {
  const bool chinese = wants_chinese(visit.request);
  const auto found = authorization_of(visit);
  if (!found.ok()) return error_page(found.error(), chinese);
  const auto form = Form::of(visit.request);
  if (!form.ok()) return error_page(form.error(), chinese);
  if (form->text("decision") != "allow") {
    const auto gone = visit.desk().take(found->id);
    return back_with_error(*found, make_error(ErrorCode::smart_consent_refused));
  }
  if (!found->who) return see_other(visit.address() + "/oauth/login/" + found->id);
  const auto code = code_for(visit, *found, *form);
  if (!code.ok() && code.error().code == ErrorCode::smart_context_invalid &&
      given_patient(visit, *found).empty()) {
    return error_page(code.error(), chinese);  // the page behind it still asks
  }
  const auto taken = visit.desk().take(found->id);
  if (!taken.ok()) return error_page(taken.error(), chinese);
  if (!code.ok()) return back_with_error(*found, code.error());
  return see_other(with_query(found->redirect_uri, {{"code", *code}, {"state", found->state}}));
}

}  // namespace xl::gateway::smart
