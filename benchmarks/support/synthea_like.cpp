// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "benchmarks/support/synthea_like.h"

#include <array>
#include <string_view>

namespace xl::bench {
namespace {

struct Code {
  std::string_view code;
  std::string_view text;
  std::string_view unit;
};
constexpr std::array<Code, 6> measures = {
    Code{"8480-6", "Systolic Blood Pressure", "mm[Hg]"},
    Code{"8462-4", "Diastolic Blood Pressure", "mm[Hg]"},
    Code{"8867-4", "Heart rate", "/min"},
    Code{"29463-7", "Body Weight", "kg"},
    Code{"4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%"},
    Code{"2339-0", "Glucose", "mg/dL"}};
constexpr std::array<Code, 4> problems = {
    Code{"59621000", "Hypertension", ""}, Code{"44054006", "Diabetes mellitus type 2", ""},
    Code{"195662009", "Acute viral pharyngitis", ""}, Code{"15777000", "Prediabetes", ""}};

constexpr std::string_view patient_form = R"({"resourceType":"Patient","id":"@I","meta":{"profile":[
"http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"]},"text":{"status":"generated",
"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Made for a measurement, of nobody.</div>"},
"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName",
"valueString":"@F Mater"},{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
"valueAddress":{"city":"Boston","state":"Massachusetts","country":"US"}}],"identifier":[{"system":
"https://github.com/synthetichealth/synthea","value":"@I"},{"type":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR","display":"Medical Record Number"}],
"text":"Medical Record Number"},"system":"http://hospital.smarthealthit.org","value":"mr-@I"}],
"name":[{"use":"official","family":"@F","given":["Ada@N","Rosa"],"prefix":["Mrs."]}],"telecom":[{
"system":"phone","value":"555-@N","use":"home"}],"gender":"female","birthDate":"19@2-0@1-1@1",
"address":[{"line":["@N Main Street"],"city":"Boston","state":"Massachusetts","postalCode":"02108",
"country":"US"}],"maritalStatus":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M","display":"M"}],"text":"M"},
"multipleBirthBoolean":false,"communication":[{"language":{"coding":[{"system":
"urn:ietf:bcp:47","code":"en-US","display":"English"}],"text":"English"}}]})";
constexpr std::string_view encounter_form = R"({"resourceType":"Encounter","id":"@I","meta":{
"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-encounter"]},"status":
"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},
"type":[{"coding":[{"system":"http://snomed.info/sct","code":"162673000","display":
"General examination of patient"}],"text":"General examination of patient"}],
"subject":{"reference":"@P","display":"Mrs. Ada@N @F"},
"participant":[{"individual":{"display":"Dr. Gene Wolff"}}],"period":{"start":
"20@2-0@1-1@1T09:00:00-05:00","end":"20@2-0@1-1@1T09:30:00-05:00"},"serviceProvider":{"display":
"PCP10550"}})";
constexpr std::string_view condition_form =
    R"({"resourceType":"Condition","id":"@I","meta":{"profile":
["http://hl7.org/fhir/us/core/StructureDefinition/us-core-condition"]},"clinicalStatus":{"coding":[{
"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},
"verificationStatus":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"confirmed"}]},"category":[{
"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-category","code":
"encounter-diagnosis","display":"Encounter Diagnosis"}]}],"code":{"coding":[{"system":
"http://snomed.info/sct","code":"@C","display":"@T"}],"text":"@T"},"subject":{"reference":"@P"},
"onsetDateTime":"20@2-0@1-1@1T09:10:00-05:00","recordedDate":"20@2-0@1-1@1T09:10:00-05:00"})";
constexpr std::string_view observation_form = R"({"resourceType":"Observation",@"meta":{"profile":[
"http://hl7.org/fhir/StructureDefinition/vitalsigns"]},"status":"final","category":[{"coding":[{
"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs",
"display":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"@C","display":
"@T"}],"text":"@T"},"subject":{"reference":"@P"},"effectiveDateTime":"20@2-0@1-1@1T09:15:00-05:00",
"issued":"20@2-0@1-1@1T09:15:00.123-05:00","valueQuantity":{"value":1@2.60,"unit":"@U","system":
"http://unitsofmeasure.org","code":"@U"}})";
constexpr std::string_view prescription_form = R"({"resourceType":"MedicationRequest","id":"@I",
"meta":{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-medicationrequest"]},
"status":"active","intent":"order","medicationCodeableConcept":{"coding":[{"system":
"http://www.nlm.nih.gov/research/umls/rxnorm","code":"860975","display":
"24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet"}],"text":
"24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet"},"subject":{"reference":"@P"},
"authoredOn":"20@2-0@1-1@1T09:20:00-05:00","requester":{"display":"Dr. Gene Wolff"},
"dosageInstruction":[{"sequence":1,"timing":{"repeat":{"frequency":1,"period":1.0,
"periodUnit":"d"}},
"asNeededBoolean":false,"doseAndRate":[{"type":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/dose-rate-type","code":"ordered","display":"Ordered"}]},
"doseQuantity":{"value":1.0}}]}]})";
constexpr std::string_view immunization_form = R"({"resourceType":"Immunization","id":"@I","meta":{
"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-immunization"]},"status":
"completed","vaccineCode":{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"140","display":
"Influenza, seasonal, injectable, preservative free"}],"text":
"Influenza, seasonal, injectable, preservative free"},"patient":{"reference":"@P"},
"occurrenceDateTime":"20@2-0@1-1@1T09:15:00-05:00","primarySource":true})";
constexpr std::string_view allergy_form = R"({"resourceType":"AllergyIntolerance","id":"@I",
"clinicalStatus":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},
"verificationStatus":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification","code":"confirmed"}]},
"type":"allergy","category":["food"],"criticality":"low","code":{"coding":[{"system":
"http://snomed.info/sct","code":"300913006","display":"Shellfish allergy"}],"text":
"Shellfish allergy"},"patient":{"reference":"@P"},"recordedDate":"20@2-0@1-1@1T09:15:00-05:00"})";

/// Fills a form in: `@I` id, `@P` reference to the patient, `@F` and `@N` its name and number, `@C`
/// `@T` `@U` the code, `@2` and `@1` two and one digits of `at`, `@"` the member id or nothing.
std::string fill(std::string_view form, std::uint64_t number, const std::string& id,
                 const Code& code, std::uint64_t at) {
  std::string out;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '\n') continue;
    if (form[i] != '@') {
      out += form[i];
      continue;
    }
    switch (form[++i]) {
      case 'I':
        out += id;
        break;
      case 'P':
        out += "Patient/p" + std::to_string(number);
        break;
      case 'F':
        out += family_of(number);
        break;
      case 'N':
        out += std::to_string(number);
        break;
      case 'C':
        out += code.code;
        break;
      case 'T':
        out += code.text;
        break;
      case 'U':
        out += code.unit;
        break;
      case '2':
        out += std::to_string(10 + at % 14);
        break;
      case '1':
        out += std::to_string(1 + at % 8);
        break;
      default:
        out += id.empty() ? "\"" : "\"id\":\"" + id + "\",\"";
    }
  }
  return out;
}

/// The forms of what is about a patient, behind the Patient itself.
struct Form {
  std::string_view type;
  std::string_view form;
  std::size_t count = 1;
};
constexpr std::array<Form, 6> forms = {
    Form{"Encounter", encounter_form, 3},     Form{"Condition", condition_form, 3},
    Form{"Observation", observation_form, 9}, Form{"MedicationRequest", prescription_form, 3},
    Form{"Immunization", immunization_form},  Form{"AllergyIntolerance", allergy_form}};

std::string bundle_of(const std::string& entries) {
  return R"({"resourceType":"Bundle","type":"transaction","entry":[)" + entries + "]}";
}

}  // namespace

std::string family_of(std::uint64_t number) {
  std::string letters;
  for (std::uint64_t rest = number % 1000, i = 0; i < 3; ++i, rest /= 10) {
    letters += static_cast<char>('a' + rest % 10);
  }
  return "Bench" + letters;
}

std::vector<MadeResource> make_patient(std::uint64_t number) {
  const std::string patient = "p" + std::to_string(number);
  std::vector<MadeResource> out;
  out.push_back({"Patient", patient, fill(patient_form, number, patient, {}, number)});
  for (const Form& form : forms) {
    for (std::size_t i = 0; i < form.count; ++i) {
      const std::string id = patient + "-" + static_cast<char>('a' + out.size());
      const Code& code = form.type == "Condition" ? problems[(number + i) % problems.size()]
                                                  : measures[i % measures.size()];
      out.push_back(
          {std::string(form.type), id, fill(form.form, number, id, code, number + out.size())});
    }
  }
  return out;
}

std::string make_observation(std::uint64_t patient, std::uint64_t nth) {
  return fill(observation_form, patient, {}, measures[nth % measures.size()], nth);
}

std::string put_all(const std::vector<MadeResource>& resources) {
  std::string entries;
  for (const MadeResource& one : resources) {
    entries += (entries.empty() ? "" : ",") + std::string(R"({"request":{"method":"PUT","url":")") +
               one.type + "/" + one.id + R"("},"resource":)" + one.json + "}";
  }
  return bundle_of(entries);
}

std::string post_all(const std::vector<MadeResource>& resources) {
  const std::string urn = "urn:uuid:9f1e4d3c-55aa-4b0e-8d2f-3c1f6a7b8c9d";
  const std::string reference = "\"Patient/" + resources.front().id + "\"";
  std::string entries;
  for (const MadeResource& one : resources) {
    std::string json = one.json;
    if (const std::size_t at = json.find(reference); at != std::string::npos) {
      json.replace(at, reference.size(), "\"" + urn + "\"");
    }
    entries += entries.empty() ? R"({"fullUrl":")" + urn + "\"," : ",{";
    entries +=
        R"("request":{"method":"POST","url":")" + one.type + R"("},"resource":)" + json + "}";
  }
  return bundle_of(entries);
}

}  // namespace xl::bench
