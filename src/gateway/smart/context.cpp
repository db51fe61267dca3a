// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/smart/context.h"

#include <algorithm>

#include "base/json/json.h"
#include "contracts/api/shape.h"
#include "contracts/identity/records.h"
#include "contracts/identity/view.h"
#include "fhir/definitions.h"
#include "gateway/smart/page.h"
#include "query/record_index.h"
#include "query/search_text.h"

namespace xl::gateway::smart {

namespace identity = contracts::identity;
using contracts::PartyKind;

namespace {

constexpr std::string_view shown_choices = "50";
constexpr std::string_view did_system =
    "urn:ietf:rfc:3986|";  // of identifiers that are URIs (R4 §2.24.0.17)
constexpr std::size_t logical_id_bytes = 64;
constexpr std::size_t role_bytes_max = 256;

Error wrong(std::string_view what) { return make_error(ErrorCode::smart_context_invalid, what); }

bool needs_encounter(const Authorization& wanted) {
  return wanted.scopes.launch_encounter && (!wanted.launch || wanted.launch->encounter.empty());
}

bool needs_patient(const Authorization& wanted) {
  return wanted.scopes.launch_patient || wanted.scopes.has(ScopeContext::patient) ||
         needs_encounter(wanted);
}

std::string text_at(json::Value object, std::string_view name) {
  return std::string(object.find(name).as_string().value_or(""));
}

/// The words of a CodeableConcept or Coding.
std::string concept_words(json::Value coded) {
  for (const char* name : {"text", "display", "code"}) {
    if (coded.find(name).as_string()) return text_at(coded, name);
  }
  const json::Value coding = coded.find("coding").at(0);
  return coding.present() ? concept_words(coding) : std::string();
}

/// Name and birth date of a Patient, as people tell patients apart.
std::string patient_label(json::Value patient) {
  const json::Value name = patient.find("name").at(0);
  std::string out = text_at(name, "text");
  if (out.empty()) {
    for (const json::Value given : name.find("given").items()) {
      out += std::string(given.as_string().value_or("")) + " ";
    }
    out += text_at(name, "family");
  }
  const std::string born = text_at(patient, "birthDate");
  if (!born.empty()) out += ", " + born;
  return out + " (" + text_at(patient, "id") + ")";
}

/// Codes of an Encounter's class (v3 ActEncounterCode) and status as people say them.
std::string_view encounter_word(std::string_view code, bool zh) {
  struct Word {
    std::string_view code;
    std::string_view zh;
    std::string_view en;
  };
  constexpr Word words[] = {
      {"AMB", "门诊", "outpatient"},       {"EMER", "急诊", "emergency"},
      {"IMP", "住院", "inpatient"},        {"ACUTE", "住院(急性)", "inpatient, acute"},
      {"SS", "短期住院", "short stay"},    {"OBSENC", "留观", "observation"},
      {"HH", "上门", "at home"},           {"VR", "远程", "virtual"},
      {"planned", "已预约", "planned"},    {"arrived", "已到达", "arrived"},
      {"triaged", "已分诊", "triaged"},    {"in-progress", "进行中", "in progress"},
      {"onleave", "暂离", "on leave"},     {"finished", "已结束", "finished"},
      {"cancelled", "已取消", "cancelled"}};
  for (const Word& one : words) {
    if (one.code == code) return either(zh, one.zh, one.en);
  }
  return code;
}

/// What kind of an Encounter it was, and when.
std::string encounter_label(json::Value encounter, bool zh) {
  std::string out = concept_words(encounter.find("type").at(0));
  if (out.empty()) out = encounter_word(concept_words(encounter.find("class")), zh);
  const json::Value period = encounter.find("period");
  for (const char* end : {"start", "end"}) {
    if (period.find(end).as_string()) {
      out += (end[0] == 's' ? ", " : " – ") + text_at(period, end).substr(0, 16);
    }
  }
  out += ", ";
  out += encounter_word(text_at(encounter, "status"), zh);
  return out + " (" + text_at(encounter, "id") + ")";
}

/// Resources of a type in an answer of the FHIR server; none when it refuses.
Result<json::Document> answer_of(const http::Response& answer) {
  if (answer.status != 200) return json::Document::object();
  json::Limits bounds;
  bounds.bytes_max = answer.body.size() + 1;
  return json::parse(answer.body, bounds);
}

/// Whose records those of this record are, if `who` may see it; else nothing.
std::optional<model::Id> seen_patient_of(const Visit& visit, const custody::Principal& who,
                                         const std::string& type, const std::string& id) {
  if (id.empty() || id.size() > logical_id_bytes || id.find('/') != std::string::npos) return {};
  if (ask_fhir(visit, who, type + "/" + id, {}).status != 200) return std::nullopt;
  const auto entry = visit.organisation.stores().index().current(type, id);
  return entry.ok() ? std::optional(entry->patient) : std::nullopt;
}

/// For whom a guardian acts: each of their DIDs is for one ward. Nobody when that is over.
std::optional<model::Id> ward_of(const Visit& visit, const custody::Principal& who) {
  const auto view = custody::look(visit.services.custody.port());
  xinglin::identity::v1::GuardianRecord record;
  if (!view.ok() ||
      !contracts::load_record(*view->state, identity::guardian_key(who.did), record)) {
    return std::nullopt;
  }
  const model::Id ward = contracts::id_of(record.ward());
  const bool acts =
      identity::guardian_acts(*view->state, who.did, ward, identity::power_consent, view->now_ms);
  return acts ? std::optional(ward) : std::nullopt;
}

/// May a guardian choose this patient? Others may choose whomever they may see.
bool may_stand_for(const Visit& visit, const custody::Principal& who, const model::Id& patient) {
  return who.kind != PartyKind::guardian || ward_of(visit, who) == patient;
}

struct Choice {
  std::string id;
  std::string label;
};

/// The Patients of a guardian's ward, who are asked for by name: a guardian searches among nobody.
Result<std::vector<Choice>> wards_of(const Visit& visit, const custody::Principal& who) {
  std::vector<Choice> out;
  const auto ward = ward_of(visit, who);
  if (!ward) return out;
  query::Query theirs;
  theirs.type = "Patient";
  theirs.allowed.patients = std::vector{*ward};
  XL_TRY_ASSIGN(const query::IndexPage kept, visit.organisation.stores().index().search(theirs));
  for (const query::RecordEntry& one : kept.entries) {
    XL_TRY_ASSIGN(const json::Document seen,
                  answer_of(ask_fhir(visit, who, "Patient/" + one.id, {})));
    if (seen.root().find("id").present()) out.push_back({one.id, patient_label(seen.root())});
  }
  return out;
}

/// The Patients whom somebody may see.
Result<std::vector<Choice>> patients_of(const Visit& visit, const custody::Principal& who,
                                        const std::string& name) {
  if (who.kind == PartyKind::guardian) return wards_of(visit, who);
  std::vector<std::pair<std::string, std::string>> query{{"_count", std::string(shown_choices)}};
  if (!name.empty()) query.emplace_back("name", name);
  XL_TRY_ASSIGN(const json::Document found,
                answer_of(ask_fhir(visit, who, "Patient", std::move(query))));
  std::vector<Choice> out;
  for (const json::Value entry : found.root().find("entry").items()) {
    const json::Value patient = entry.find("resource");
    if (text_at(patient, "resourceType") != "Patient") continue;
    out.push_back({text_at(patient, "id"), patient_label(patient)});
  }
  return out;
}

/// The one whom a guardian acts for; empty when there are several, or none.
std::string only_ward(const Visit& visit, const custody::Principal& who) {
  const auto wards = wards_of(visit, who);
  return wards.ok() && wards->size() == 1 ? wards->front().id : std::string();
}

/// The one patient who comes with the request: of the record that was open, or who signed in, or
/// for whom.
std::string given_patient(const Visit& visit, const Authorization& wanted) {
  if (wanted.launch && !wanted.launch->patient.empty()) return wanted.launch->patient;
  const custody::Principal& who = wanted.who->caller.principal;
  if (who.kind == PartyKind::patient) return own_patient_id(visit, who);
  return who.kind == PartyKind::guardian ? only_ward(visit, who) : std::string();
}

std::string radio(std::string_view name, std::string_view value, std::string_view label,
                  bool chosen = false) {
  return "<label><input type=\"radio\" name=\"" + std::string(name) + "\" value=\"" + html(value) +
         "\"" + (chosen ? " checked" : "") + "> " + html(label) + "</label>";
}

std::string id_field(std::string_view name, std::string_view label) {
  return "<label for=\"" + std::string(name) + "\">" + std::string(label) +
         "</label><input type=\"text\" id=\"" + std::string(name) + "\" name=\"" +
         std::string(name) + "\">";
}

std::string button(std::string_view decision, std::string_view label, bool plain = false) {
  return std::string("<p><button") + (plain ? " class=\"plain\"" : "") +
         " name=\"decision\" value=\"" + std::string(decision) + "\">" + std::string(label) +
         "</button></p>";
}

/// Whom to choose: a list, and a field for an id that the list does not show.
Result<std::string> patient_picker(const Visit& visit, const Authorization& wanted) {
  const bool zh = wanted.chinese;
  const custody::Principal& who = wanted.who->caller.principal;
  const std::string name(visit.request.parameter("name").value_or(""));
  XL_TRY_ASSIGN(const std::vector<Choice> patients, patients_of(visit, who, name.substr(0, 100)));
  std::string out;
  if (who.kind != PartyKind::guardian) {
    out = "<form method=\"get\"><label for=\"q\">";
    out += either(zh, "按姓名查找患者", "Find a patient by name");
    out += "</label><input type=\"search\" id=\"q\" name=\"name\"><p><button class=\"plain\">";
    out += either(zh, "查找", "Find");
    out += "</button></p></form>";
  }
  out += "<form method=\"post\"><fieldset><legend>";
  out += either(zh, "患者", "Patient");
  out += "</legend>";
  for (const Choice& one : patients) out += radio("patient", one.id, one.label);
  if (patients.empty()) {
    out += "<p class=\"note\">";
    out += either(zh, "没有可选的患者。", "There is nobody to choose.");
    out += "</p>";
  }
  if (who.kind != PartyKind::guardian) {
    out += id_field("patient_id", either(zh, "或输入患者编号", "Or the patient's id"));
  }
  out += "</fieldset>";
  out += needs_encounter(wanted) ? button("choose", either(zh, "下一步", "Next"))
                                 : button("allow", either(zh, "同意", "Allow"));
  return out + "</form>";
}

/// Who was chosen, in words; empty when they cannot be seen.
Result<std::string> chosen_part(const Visit& visit, const Authorization& wanted,
                                const std::string& patient) {
  const auto& who = wanted.who->caller.principal;
  XL_TRY_ASSIGN(const json::Document found,
                answer_of(ask_fhir(visit, who, "Patient/" + patient, {})));
  if (!found.root().find("id").present()) return std::string();
  std::string out = "<p>";
  out += either(wanted.chinese, "患者:", "Patient: ");
  return out + "<strong>" + html(patient_label(found.root())) + "</strong></p>";
}

/// Which of the patient's encounters it is about: a list, none, and a field for another's id.
Result<std::string> encounter_picker(const Visit& visit, const Authorization& wanted,
                                     const std::string& patient) {
  const bool zh = wanted.chinese;
  XL_TRY_ASSIGN(
      const json::Document found,
      answer_of(ask_fhir(
          visit, wanted.who->caller.principal, "Encounter",
          {{"patient", patient}, {"_sort", "-date"}, {"_count", std::string(shown_choices)}})));
  std::string out = "<fieldset><legend>";
  out += either(zh, "就诊", "Encounter");
  out += "</legend>";
  for (const json::Value entry : found.root().find("entry").items()) {
    const json::Value encounter = entry.find("resource");
    if (text_at(encounter, "resourceType") != "Encounter") continue;
    out += radio("encounter", text_at(encounter, "id"), encounter_label(encounter, zh));
  }
  out += radio("encounter", "", either(zh, "不选择就诊", "None of them"), true);
  out += id_field("encounter_id", either(zh, "或输入就诊编号", "Or the encounter's id"));
  return out + "</fieldset>";
}

/// The encounter of the launch's patient that somebody chose; none is a choice too.
Status choose_encounter(const Visit& visit, const Authorization& wanted, const Form& form,
                        auth::Grant& grant) {
  const bool given = wanted.launch && !wanted.launch->encounter.empty();
  if (!given && !needs_encounter(wanted)) return {};
  std::string id = given ? wanted.launch->encounter : form.text("encounter_id");
  if (id.empty()) id = form.text("encounter");
  if (id.empty() || (given && grant.patient.empty())) return {};
  const auto of = seen_patient_of(visit, wanted.who->caller.principal, "Encounter", id);
  if (!of || !grant.patient_did || *of != *grant.patient_did) return wrong("encounter");
  grant.encounter = id;
  return {};
}

/// One of `fhirContext`: `{"reference": "Type/id", "role"}`. The launch's patient and encounter
/// have members of their own (SMART §5.3.3).
Result<ContextItem> context_item(const Visit& visit, const custody::Principal& who,
                                 json::Value given, const std::optional<model::Id>& patient) {
  ContextItem out{text_at(given, "reference"), text_at(given, "role")};
  const std::size_t slash = out.reference.find('/');
  const std::string type = out.reference.substr(0, slash);
  const bool own_member = out.role.empty() && (type == "Patient" || type == "Encounter");
  if (slash == std::string::npos || !xl::fhir::is_resource_type(type) || own_member ||
      out.role.size() > role_bytes_max) {
    return wrong("fhirContext");
  }
  const auto of = seen_patient_of(visit, who, type, out.reference.substr(slash + 1));
  const bool about_nobody = of == visit.organisation.stores().directory();
  if (!of || (!about_nobody && of != patient)) return wrong("fhirContext");
  return out;
}

/// The one record of a type, about one of `patients`, with this DID among its identifiers; empty
/// when there is none, or another too.
std::string id_by_did(const Visit& visit, const std::string& type, const model::Id& did,
                      std::vector<model::Id> patients) {
  auto criterion =
      query::read_criterion(type, "identifier", std::string(did_system) + model::did_text(did));
  if (!criterion.ok()) return {};
  query::Query wanted;
  wanted.type = type;
  wanted.criteria.push_back(std::move(*criterion));
  wanted.allowed.patients = std::move(patients);
  const auto found = visit.organisation.stores().index().search(wanted);
  return found.ok() && found->entries.size() == 1 ? found->entries[0].id : std::string();
}

}  // namespace

bool asks_context(const Visit& visit, const Authorization& wanted) {
  return needs_encounter(wanted) || (needs_patient(wanted) && given_patient(visit, wanted).empty());
}

Result<std::string> context_part(const Visit& visit, const Authorization& wanted) {
  const bool zh = wanted.chinese;
  std::string patient = given_patient(visit, wanted);
  const bool given = !patient.empty();
  if (!given) patient = wanted.patient;
  if (patient.empty() && needs_patient(wanted)) return patient_picker(visit, wanted);
  std::string out;
  if (!patient.empty() && needs_patient(wanted)) {
    XL_TRY_ASSIGN(out, chosen_part(visit, wanted, patient));
  }
  out += "<form method=\"post\">";
  if (!patient.empty() && needs_encounter(wanted)) {
    XL_TRY_ASSIGN(const std::string choice, encounter_picker(visit, wanted, patient));
    out += choice;
  }
  out += button("allow", either(zh, "同意", "Allow"));
  if (!given && !patient.empty()) {
    out += button("again", either(zh, "选择其他患者", "Another patient"), true);
  }
  return out + "</form>";
}

Status choose_patient(const Visit& visit, const Authorization& wanted, const Form& form,
                      auth::Grant& grant) {
  const custody::Principal& who = wanted.who->caller.principal;
  std::string id = given_patient(visit, wanted);
  if (id.empty() && !needs_patient(wanted)) return {};
  if (id.empty()) id = form.text("patient");
  if (id.empty()) id = form.text("patient_id");
  if (id.empty()) id = wanted.patient;
  const auto of = seen_patient_of(visit, who, "Patient", id);
  if (!of || !may_stand_for(visit, who, *of)) return wrong("patient");
  grant.patient = id;
  grant.patient_did = *of;
  return {};
}

Status choose_context(const Visit& visit, const Authorization& wanted, const Form& form,
                      auth::Grant& grant) {
  XL_TRY(choose_patient(visit, wanted, form, grant));
  if (wanted.launch) grant.context = wanted.launch->context;
  return choose_encounter(visit, wanted, form, grant);
}

Result<Launch> read_launch(const Visit& visit, const custody::Principal& who, json::Value body) {
  Launch out;
  out.organisation = visit.organisation.did();
  out.did = who.did;
  out.patient = text_at(body, "patient");
  out.encounter = text_at(body, "encounter");
  // What somebody may not see they cannot hand on.
  std::optional<model::Id> patient;
  if (!out.patient.empty()) {
    patient = seen_patient_of(visit, who, "Patient", out.patient);
    if (!patient) return wrong("patient");
  }
  if (!out.encounter.empty()) {
    const auto of = seen_patient_of(visit, who, "Encounter", out.encounter);
    if (!of || (patient && *of != *patient)) return wrong("encounter");
  }
  const json::Value more = body.find("fhirContext");
  if (more.present() && (!more.is_array() || more.size() > context_items_max)) {
    return wrong("fhirContext");
  }
  for (const json::Value one : more.items()) {
    XL_TRY_ASSIGN(ContextItem item, context_item(visit, who, one, patient));
    out.context.push_back(std::move(item));
  }
  return out;
}

std::string fhir_user_of(const Visit& visit, const custody::Principal& who) {
  const model::Id directory = visit.organisation.stores().directory();
  std::string type;
  std::string id;
  if (who.kind == PartyKind::practitioner) {
    type = "Practitioner";
    // Encounters name staff so; whatever else has the DID is a second record.
    const auto kept = visit.organisation.stores().index().current(type, who.did.text());
    const bool there = kept.ok() && !kept->deleted && kept->patient == directory;
    id = there ? who.did.text() : id_by_did(visit, type, who.did, {directory});
  } else if (who.kind == PartyKind::guardian) {
    type = "RelatedPerson";
    const auto ward = ward_of(visit, who);
    if (ward) id = id_by_did(visit, type, who.did, {*ward});
  } else if (who.kind == PartyKind::patient) {
    type = "Patient";
    id = own_patient_id(visit, who);
  }
  const std::string out = type + "/" + id;
  return !id.empty() && ask_fhir(visit, who, out, {}).status == 200 ? out : std::string();
}

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

}  // namespace xl::gateway::smart
