// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/demo/histories.h"

#include <array>

#include "base/json/writer.h"

namespace xl::node::demo {
namespace {

constexpr std::array<std::string_view, 12> names = {"张桂兰", "李敏",   "王建国",      "赵小雨",
                                                    "陈志强", "刘芳",   "Ada Young",   "Tom Baker",
                                                    "周丽华", "吴海涛", "Maria Silva", "孙晓梅"};

struct Problem {
  std::string_view code;  // SNOMED CT
  std::string_view text;
  std::string_view medicine_code;  // RxNorm
  std::string_view medicine;
};
constexpr std::array<Problem, 4> problems = {{
    {"38341003", "Hypertensive disorder", "314076", "lisinopril 10 MG Oral Tablet"},
    {"44054006", "Diabetes mellitus type 2", "860975", "metformin 500 MG Oral Tablet"},
    {"195967001", "Asthma", "745679", "albuterol 0.09 MG/ACTUAT inhaler"},
    {"13645005", "Chronic obstructive lung disease", "896188", "fluticasone inhaler"},
}};

struct Measure {
  std::string_view code;  // LOINC
  std::string_view text;
  std::string_view unit;
  unsigned low;   // tenths
  unsigned span;  // tenths
};
constexpr std::array<Measure, 3> measures = {{
    {"8480-6", "Systolic blood pressure", "mm[Hg]", 1100, 450},
    {"2339-0", "Glucose [Mass/volume] in Blood", "mg/dL", 780, 900},
    {"8867-4", "Heart rate", "/min", 580, 420},
}};

/// A small generator whose numbers are the same everywhere.
class Numbers {
 public:
  explicit Numbers(std::uint32_t seed) : state_(seed * 2654435761U + 12345U) {}
  std::uint32_t below(std::uint32_t bound) {
    state_ = state_ * 1664525U + 1013904223U;
    return (state_ >> 8U) % bound;
  }

 private:
  std::uint32_t state_;
};

std::string two(std::uint32_t value) { return (value < 10 ? "0" : "") + std::to_string(value); }

void write_coding(json::Writer& out, std::string_view name, std::string_view system,
                  std::string_view code, std::string_view text) {
  out.key(name).begin_object().key("coding").begin_array().begin_object();
  out.key("system").string(system).key("code").string(code).key("display").string(text);
  out.end_object().end_array().key("text").string(text).end_object();
}

void write_reference(json::Writer& out, std::string_view name, const std::string& reference) {
  out.key(name).begin_object().key("reference").string(reference).end_object();
}

/// `role` is what the type calls its patient; empty for the Patient itself.
void begin_resource(json::Writer& out, std::string_view type, const std::string& id,
                    const std::string& patient, std::string_view role = "subject") {
  out.begin_object().key("resourceType").string(type).key("id").string(id);
  if (!patient.empty()) write_reference(out, role, "Patient/" + patient);
}

/// One visit of a patient.
struct Visit {
  std::string patient;
  std::string prefix;
  std::string date;
  const Problem& problem;
};

DemoResource make_encounter(const Visit& visit) {
  json::Writer out;
  begin_resource(out, "Encounter", visit.prefix + "-encounter", visit.patient);
  out.key("status").string("finished");
  out.key("class").begin_object().key("system");
  out.string("http://terminology.hl7.org/CodeSystem/v3-ActCode").key("code").string("AMB");
  out.end_object();
  out.key("period").begin_object().key("start").string(visit.date + "T09:00:00+08:00");
  out.key("end").string(visit.date + "T09:30:00+08:00").end_object().end_object();
  return {"Encounter", out.take()};
}

DemoResource make_condition(const Visit& visit) {
  json::Writer out;
  begin_resource(out, "Condition", visit.prefix + "-condition", visit.patient);
  write_coding(out, "code", "http://snomed.info/sct", visit.problem.code, visit.problem.text);
  out.key("recordedDate").string(visit.date).end_object();
  return {"Condition", out.take()};
}

DemoResource make_observation(const Visit& visit, std::size_t which, Numbers& numbers) {
  const Measure& measure = measures[which];
  const std::uint32_t tenths = measure.low + numbers.below(measure.span);
  json::Writer out;
  begin_resource(out, "Observation", visit.prefix + "-observation-" + std::to_string(which),
                 visit.patient);
  out.key("status").string("final");
  write_coding(out, "code", "http://loinc.org", measure.code, measure.text);
  out.key("effectiveDateTime").string(visit.date + "T09:10:00+08:00");
  out.key("valueQuantity").begin_object().key("value");
  out.number_text(std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "0");
  out.key("unit").string(measure.unit).key("system").string("http://unitsofmeasure.org");
  out.key("code").string(measure.unit).end_object().end_object();
  return {"Observation", out.take()};
}

DemoResource make_prescription(const Visit& visit) {
  json::Writer out;
  begin_resource(out, "MedicationRequest", visit.prefix + "-prescription", visit.patient);
  out.key("status").string("active").key("intent").string("order");
  write_coding(out, "medicationCodeableConcept", "http://www.nlm.nih.gov/research/umls/rxnorm",
               visit.problem.medicine_code, visit.problem.medicine);
  out.key("authoredOn").string(visit.date).end_object();
  return {"MedicationRequest", out.take()};
}

DemoResource make_report(const Visit& visit) {
  json::Writer out;
  begin_resource(out, "DiagnosticReport", visit.prefix + "-report", visit.patient);
  out.key("status").string("final");
  write_coding(out, "code", "http://loinc.org", "34566-0", "Vital signs with method details panel");
  out.key("effectiveDateTime").string(visit.date + "T09:20:00+08:00").key("result").begin_array();
  for (std::size_t which = 0; which < measures.size(); ++which) {
    out.begin_object().key("reference");
    out.string("Observation/" + visit.prefix + "-observation-" + std::to_string(which));
    out.end_object();
  }
  out.end_array().end_object();
  return {"DiagnosticReport", out.take()};
}

DemoResource make_claim(const Visit& visit, Numbers& numbers) {
  json::Writer out;
  begin_resource(out, "Claim", visit.prefix + "-claim", visit.patient, "patient");
  out.key("status").string("active");
  write_coding(out, "type", "http://terminology.hl7.org/CodeSystem/claim-type", "professional",
               "Professional");
  out.key("use").string("claim").key("created").string(visit.date);
  out.key("provider").begin_object().key("display").string("Hospital").end_object();
  write_coding(out, "priority", "http://terminology.hl7.org/CodeSystem/processpriority", "normal",
               "Normal");
  out.key("insurance").begin_array().begin_object().key("sequence").integer(1);
  out.key("focal").boolean(true);
  write_reference(out, "coverage", "Coverage/" + visit.patient + "-coverage");
  out.end_object().end_array().key("total").begin_object().key("value");
  out.number_text(std::to_string(80 + numbers.below(400)) + ".50").key("currency").string("CNY");
  out.end_object().end_object();
  return {"Claim", out.take()};
}

DemoResource make_allergy(const std::string& patient) {
  json::Writer out;
  begin_resource(out, "AllergyIntolerance", patient + "-allergy", patient, "patient");
  write_coding(out, "clinicalStatus",
               "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active",
               "Active");
  write_coding(out, "code", "http://snomed.info/sct", "91936005", "Allergy to penicillin");
  out.key("recordedDate").string("2020-03-02").end_object();
  return {"AllergyIntolerance", out.take()};
}

DemoResource make_immunization(const std::string& patient) {
  json::Writer out;
  begin_resource(out, "Immunization", patient + "-immunization", patient, "patient");
  out.key("status").string("completed");
  write_coding(out, "vaccineCode", "http://hl7.org/fhir/sid/cvx", "140",
               "Influenza, seasonal, injectable, preservative free");
  out.key("occurrenceDateTime").string("2025-10-11").end_object();
  return {"Immunization", out.take()};
}

DemoResource make_coverage(const std::string& patient) {
  json::Writer out;
  begin_resource(out, "Coverage", patient + "-coverage", patient, "beneficiary");
  out.key("status").string("active").key("payor").begin_array().begin_object();
  out.key("display").string("Health Insurance").end_object().end_array().end_object();
  return {"Coverage", out.take()};
}

DemoResource make_patient(std::uint32_t number, const std::string& id, Numbers& numbers) {
  json::Writer out;
  begin_resource(out, "Patient", id, {});
  out.key("active").boolean(true).key("name").begin_array().begin_object();
  out.key("text").string(names[number % names.size()]).end_object().end_array();
  out.key("gender").string(numbers.below(2) == 0 ? "female" : "male");
  out.key("birthDate")
      .string(std::to_string(1935 + numbers.below(75)) + "-" + two(1 + numbers.below(12)) + "-" +
              two(1 + numbers.below(28)));
  out.end_object();
  return {"Patient", out.take()};
}

}  // namespace

DemoHistory make_history(std::uint32_t number) {
  Numbers numbers(number);
  DemoHistory out;
  out.name = names[number % names.size()];
  const std::string id = "demo-" + std::to_string(number);
  out.resources.push_back(make_patient(number, id, numbers));
  out.resources.push_back(make_allergy(id));
  out.resources.push_back(make_immunization(id));
  out.resources.push_back(make_coverage(id));
  const std::uint32_t visits = 5 + numbers.below(3);
  for (std::uint32_t i = 0; i < visits; ++i) {
    const std::string date = std::to_string(2021 + i % 6) + "-" + two(1 + numbers.below(12)) + "-" +
                             two(1 + numbers.below(28));
    const Visit visit{id, id + "-" + std::to_string(i), date,
                      problems[numbers.below(static_cast<std::uint32_t>(problems.size()))]};
    out.resources.push_back(make_encounter(visit));
    out.resources.push_back(make_condition(visit));
    for (std::size_t which = 0; which < measures.size(); ++which) {
      out.resources.push_back(make_observation(visit, which, numbers));
    }
    out.resources.push_back(make_report(visit));
    out.resources.push_back(make_prescription(visit));
    out.resources.push_back(make_claim(visit, numbers));
  }
  return out;
}

}  // namespace xl::node::demo
