// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: whose a resource is, what it refers to, how a consent sees it and how errors are said
// follow FHIR R4. Method: small resources by hand, with the expected answer beside each.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/json/json.h"
#include "base/json/writer.h"
#include "fhir/compartment.h"
#include "fhir/definitions.h"
#include "fhir/labels.h"
#include "fhir/outcome.h"
#include "fhir/references.h"
#include "fhir/validate.h"

namespace xl::fhir {
namespace {

constexpr json::Limits small{};

json::Document document_of(std::string_view text) {
  auto document = json::parse(text, small);
  EXPECT_TRUE(document.ok()) << text;
  return std::move(*document);
}

TEST(Definitions, KnowTypesElementsAndCodes) {
  EXPECT_TRUE(is_resource_type("Patient"));
  EXPECT_FALSE(is_resource_type("patient"));
  EXPECT_FALSE(is_resource_type("DomainResource"));
  EXPECT_FALSE(is_resource_type("HumanName"));
  EXPECT_FALSE(is_resource_type("SubscriptionStatus"));  // of R5
  EXPECT_FALSE(is_resource_type(""));
  const auto component = find_type("Observation.component");
  ASSERT_TRUE(component);
  const Element* value = find_element(*component, "valueQuantity");
  ASSERT_NE(value, nullptr);
  EXPECT_EQ(choice_name(*component, *value), "value[x]");
  EXPECT_EQ(type_path(value->type()), "Quantity");
  const Element* range = find_element(*component, "referenceRange");
  ASSERT_NE(range, nullptr);
  EXPECT_EQ(type_path(range->type()), "Observation.referenceRange");
  EXPECT_TRUE(range->is_array);
  const Element* status = find_element(*find_type("Observation"), "status");
  ASSERT_NE(status, nullptr);
  EXPECT_EQ(status->min, 1);
  EXPECT_EQ(binding_url(*status), "http://hl7.org/fhir/ValueSet/observation-status");
  EXPECT_TRUE(binding_allows(*status, "final"));
  EXPECT_FALSE(binding_allows(*status, "Final"));
  EXPECT_FALSE(binding_allows(*status, "final", "http://example.org"));
  EXPECT_EQ(find_element(*component, "value"), nullptr);
  EXPECT_EQ(kind_name(Kind::base64_binary), "base64Binary");
}

TEST(Compartment, FollowsTheOfficialDefinition) {
  struct Case {
    std::string_view resource;
    std::vector<std::string_view> references;
  };
  const std::vector<Case> cases = {
      {R"({"resourceType":"Observation","subject":{"reference":"Patient/1"},
           "performer":[{"reference":"Practitioner/2"},{"reference":"Patient/1"},
                        {"reference":"http://h/fhir/Patient/3"}]})",
       {"Patient/1", "http://h/fhir/Patient/3"}},
      {R"({"resourceType":"Coverage","policyHolder":{"reference":"Patient/9"},
           "beneficiary":{"reference":"urn:uuid:5"}})",
       {"Patient/9", "urn:uuid:5"}},
      {R"({"resourceType":"Appointment","participant":[{"actor":{"reference":"Location/1"}},
           {"actor":{"reference":"Patient/2/_history/1"}},{"status":"accepted"}]})",
       {"Patient/2/_history/1"}},
      {R"({"resourceType":"Condition","subject":{"reference":"#p"}})", {}},
      {R"({"resourceType":"Condition","subject":{"reference":"urn:uuid:1","type":"Group"}})", {}},
      {R"({"resourceType":"Patient","link":[{"other":{"reference":"Patient/2"}}]})", {"Patient/2"}},
      {R"({"resourceType":"Organization","subject":{"reference":"Patient/1"}})", {}},
      {R"({"resourceType":"Observation","subject":"Patient/1"})", {}},
      {R"([])", {}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(compartment_references(document_of(c.resource).root()), c.references) << c.resource;
  }
  EXPECT_TRUE(may_be_in_patient_compartment("ExplanationOfBenefit"));
  EXPECT_TRUE(may_be_in_patient_compartment("Patient"));
  EXPECT_FALSE(may_be_in_patient_compartment("Organization"));
  EXPECT_FALSE(may_be_in_patient_compartment("Device"));
}

TEST(References, AreVisitedEverywhere) {
  const json::Document document = document_of(R"({"resourceType":"Bundle","entry":[{
      "fullUrl":"urn:uuid:1","resource":{"resourceType":"Observation",
        "contained":[{"resourceType":"Device","owner":{"reference":"a"}}],
        "extension":[{"url":"x","valueReference":{"reference":"b"}}],
        "_issued":{"extension":[{"url":"x","extension":[
          {"url":"y","valueReference":{"reference":"c"}}]}]},
        "subject":{"reference":"d","_reference":{"id":"z"}},
        "component":[{"code":{"text":"t"},"unknown":{"reference":"no"}}],
        "performer":[{"reference":"e"},{"display":"no"}]}}]})");
  std::vector<std::string> seen;
  for_each_reference(document.root(),
                     [&](std::string_view text, json::Value) { seen.emplace_back(text); });
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b", "c", "d", "e"}));
}

TEST(References, AreRewrittenWithUrisAndNarratives) {
  json::Document document = document_of(R"({"resourceType":"DocumentReference",
      "text":{"div":"<a href=\"urn:uuid:1\"/><img src='urn:uuid:2'/> urn:uuid:1 <a href=\"#\"/>"},
      "identifier":[{"system":"urn:uuid:1","value":"urn:uuid:1"}],
      "subject":{"reference":"urn:uuid:1"},
      "author":[{"reference":"urn:uuid:3"}],
      "content":[{"attachment":{"url":"urn:uuid:2","title":"urn:uuid:2"}}]})");
  const std::map<std::string, std::string, std::less<>> known = {{"urn:uuid:1", "Patient/7"},
                                                                 {"urn:uuid:2", "Binary/8"}};
  const std::size_t count =
      rewrite_references(document.edit(), [&](std::string_view text) -> std::optional<std::string> {
        const auto found = known.find(text);
        return found == known.end() ? std::nullopt : std::optional(found->second);
      });
  EXPECT_EQ(count, 5U);
  const json::Document wanted = document_of(R"({"resourceType":"DocumentReference",
      "text":{"div":"<a href=\"Patient/7\"/><img src='Binary/8'/> urn:uuid:1 <a href=\"#\"/>"},
      "identifier":[{"system":"Patient/7","value":"urn:uuid:1"}],
      "subject":{"reference":"Patient/7"},
      "author":[{"reference":"urn:uuid:3"}],
      "content":[{"attachment":{"url":"Binary/8","title":"urn:uuid:2"}}]})");
  EXPECT_EQ(json::write(document.root()), json::write(wanted.root()));
}

/// The classes as `system|code`, without the first one, which is the type.
std::string classes_text(const Labels& labels) {
  std::string text;
  for (std::size_t at = 1; at < labels.classes.size(); ++at) {
    text += (at > 1 ? " " : "") + labels.classes[at].system + "|" + labels.classes[at].code;
  }
  return text;
}

TEST(Labels, HoldClassesAndSecurity) {
  const Labels labels = labels_of(document_of(R"({"resourceType":"Observation",
      "meta":{"security":[
        {"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"L"},
        {"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"},
        {"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"HIV"},
        {"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"HIV"},
        {"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"HTEST"}]},
      "contained":[{"resourceType":"Medication","code":{"coding":[{"system":"m","code":"9"}]}}],
      "code":{"coding":[{"system":"l","code":"1"},{"code":"2"},{"system":"l"}]},
      "category":[{"coding":[{"system":"c","code":"lab"},{"system":"l","code":"1"}]}],
      "valueCodeableConcept":{"coding":[{"system":"v","code":"no"}]},
      "component":[{"code":{"coding":[{"system":"l","code":"3"}]}}]})")
                                      .root());
  ASSERT_FALSE(labels.classes.empty());
  EXPECT_EQ(labels.classes[0], (ClassLabel{"http://hl7.org/fhir/resource-types", "Observation"}));
  EXPECT_EQ(classes_text(labels), "l|1 |2 c|lab l|3");
  const std::vector<ClassLabel> inside = {{"http://hl7.org/fhir/resource-types", "Medication"},
                                          {"m", "9"}};
  EXPECT_EQ(labels.inner_classes, inside);
  EXPECT_EQ(labels.confidentiality, confidentiality_restricted);
  EXPECT_EQ(labels.sensitivities, std::vector<std::string>{"HIV"});
  EXPECT_FALSE(labels.classes_cut || labels.sensitivities_cut);
  const Labels encounter = labels_of(
      document_of(R"({"resourceType":"Encounter","class":{"system":"a","code":"AMB"}})").root());
  EXPECT_EQ(classes_text(encounter), "a|AMB");
  EXPECT_EQ(encounter.confidentiality, confidentiality_normal);
}

TEST(Labels, ProtectByEveryNameOfASystemAndByWhatNobodyKnows) {
  struct Case {
    std::string_view label;
    std::uint8_t confidentiality;
    std::string_view sensitivity;
  };
  const std::vector<Case> cases = {
      {R"({"system":"http://hl7.org/fhir/v3/Confidentiality","code":"V"})", confidentiality_very,
       ""},
      {R"({"system":"urn:oid:2.16.840.1.113883.5.25","code":"R"})", confidentiality_restricted, ""},
      {R"({"system":"http://hl7.org/fhir/v3/ActCode","code":"HIV"})", confidentiality_restricted,
       "HIV"},
      {R"({"system":"urn:oid:2.16.840.1.113883.5.4","code":"PSY"})", confidentiality_restricted,
       "PSY"},
      {R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ActUSPrivacyLaw",
           "code":"42CFRPart2"})",
       confidentiality_restricted, ""},
      {R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"HTEST"})",
       confidentiality_normal, ""},
      {R"({"system":"http://hospital.example.org/labels","code":"secret"})", confidentiality_very,
       ""},
      {R"({"code":"N"})", confidentiality_very, ""},
      {R"({"display":"HIV"})", confidentiality_very, ""},
      {R"({"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"X"})",
       confidentiality_very, ""},
      {R"({"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"L"})",
       confidentiality_low, ""},
  };
  for (const Case& c : cases) {
    const std::string one =
        R"({"resourceType":"Observation","meta":{"security":[)" + std::string(c.label) + "]}}";
    // The same counts for what only carries it inside, however deep.
    const std::string bundle =
        R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"List"}},{"resource":)" +
        one + "}]}";
    for (const std::string& text :
         {one, bundle,
          R"({"resourceType":"Parameters","parameter":[{"resource":)" + bundle + "}]}"}) {
      const Labels labels = labels_of(document_of(text).root());
      EXPECT_EQ(labels.confidentiality, c.confidentiality) << text;
      EXPECT_EQ(labels.sensitivities, c.sensitivity.empty()
                                          ? std::vector<std::string>{}
                                          : std::vector{std::string(c.sensitivity)})
          << text;
    }
  }
}

TEST(Labels, KeepTheirBounds) {
  const auto with_codes = [](std::size_t codes, std::size_t code_bytes, std::size_t system_bytes) {
    json::Writer out;
    out.begin_object().key("resourceType").string("Condition").key("code").begin_object();
    out.key("coding").begin_array();
    for (std::size_t at = 0; at < codes; ++at) {
      std::string code = std::to_string(1000 + at);
      code.resize(code_bytes, 'x');
      out.begin_object().key("system").string(std::string(system_bytes, 's'));
      out.key("code").string(code).end_object();
    }
    out.end_array().end_object().end_object();
    return labels_of(document_of(out.take()).root());
  };
  EXPECT_EQ(with_codes(63, 64, 128).classes.size(), 64U);
  EXPECT_FALSE(with_codes(63, 64, 128).classes_cut);
  EXPECT_EQ(with_codes(64, 64, 128).classes.size(), 64U);
  EXPECT_TRUE(with_codes(64, 64, 128).classes_cut);
  EXPECT_TRUE(with_codes(1, 65, 1).classes_cut);
  EXPECT_TRUE(with_codes(1, 1 + 4, 129).classes_cut);
  EXPECT_EQ(with_codes(1, 65, 1).classes.size(), 1U);
}

TEST(Labels, TellTheClinicalTime) {
  constexpr std::int64_t at_2020 = 1577836800000;
  constexpr std::int64_t day_ms = 86400000;
  struct Case {
    std::string_view elements;
    std::optional<std::int64_t> from;
    std::optional<std::int64_t> to;
  };
  const std::vector<Case> cases = {
      {R"("effectiveDateTime":"2020-01-01","issued":"2021-01-01T00:00:00Z")", at_2020,
       at_2020 + day_ms - 1},
      {R"("effectivePeriod":{"start":"2020-01-01"})", at_2020, std::nullopt},
      {R"("effectivePeriod":{"end":"2020-01-01"})", std::nullopt, at_2020 + day_ms - 1},
      {R"("effectivePeriod":{"start":"2020-01-02","end":"2020-01-01"},
          "issued":"2020-01-01T00:00:00Z")",
       at_2020, at_2020 + 999},
      {R"("onsetDateTime":"2020-01-01","abatementDateTime":"2020-01-03","recordedDate":"2022")",
       at_2020, at_2020 + 3 * day_ms - 1},
      {R"("onsetString":"long ago","recordedDate":"2020-01-01")", at_2020, at_2020 + day_ms - 1},
      {R"("effectiveTiming":{"event":["2020-01-02","2020-01-01"]})", at_2020,
       at_2020 + 2 * day_ms - 1},
      {R"("start":"2020-01-01T00:00:00Z","end":"2020-01-01T00:00:01Z")", at_2020, at_2020 + 1999},
      {R"("context":{"period":{"start":"2020-01-01","end":"2020-01-01"}},
          "date":"2022-01-01T00:00:00Z")",
       at_2020, at_2020 + day_ms - 1},
      {R"("effectiveDateTime":7)", std::nullopt, std::nullopt},
      {R"("birthDate":"2020-01-01")", std::nullopt, std::nullopt},
  };
  for (const Case& c : cases) {
    const Labels labels = labels_of(
        document_of(R"({"resourceType":"Basic",)" + std::string(c.elements) + "}").root());
    EXPECT_EQ(labels.from_ms, c.from) << c.elements;
    EXPECT_EQ(labels.to_ms, c.to) << c.elements;
  }
}

TEST(Outcome, SaysNumberAndSentenceInBothLanguages) {
  const std::vector<Issue> issues = {{Severity::error, IssueType::code_invalid,
                                      ErrorCode::fhir_code_invalid, "Patient.gender", "why"}};
  const json::Document outcome = document_of(outcome_text(issues));
  const json::Value issue = outcome.root().find("issue").at(0);
  EXPECT_EQ(outcome.root().find("resourceType").as_string(), "OperationOutcome");
  EXPECT_EQ(issue.find("severity").as_string(), "error");
  EXPECT_EQ(issue.find("code").as_string(), "code-invalid");
  EXPECT_EQ(issue.find("expression").at(0).as_string(), "Patient.gender");
  EXPECT_EQ(issue.find("diagnostics").as_string(), "why");
  const json::Value details = issue.find("details");
  EXPECT_EQ(details.find("coding").at(0).find("code").as_string(), "XL4156");
  const ErrorInfo& info = describe(ErrorCode::fhir_code_invalid);
  EXPECT_EQ(details.find("text").as_string(),
            std::string(info.en) + " " + std::string(info.en_fix));
  const json::Value translation = details.find("_text").find("extension").at(0).find("extension");
  EXPECT_EQ(translation.at(0).find("valueCode").as_string(), "zh");
  EXPECT_EQ(translation.at(1).find("valueString").as_string(),
            std::string(info.zh) + std::string(info.zh_fix));
  EXPECT_NE(outcome_text(std::span<const Issue>{}).find("informational"), std::string::npos);
  const std::string single = outcome_text(ErrorCode::route_unknown, IssueType::not_found);
  EXPECT_NE(single.find(describe(ErrorCode::route_unknown).en_fix), std::string::npos);
  EXPECT_NE(single.find("not-found"), std::string::npos);
  for (const std::string& text : {outcome_text(issues), outcome_text(std::span<const Issue>{}),
                                  single, outcome_text(make_error(ErrorCode::json_invalid))}) {
    EXPECT_TRUE(validate(document_of(text).root()).empty()) << text;
  }
}

}  // namespace
}  // namespace xl::fhir
