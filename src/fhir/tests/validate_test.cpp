// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: every kind of mistake is found, named by error, issue type and FHIRPath, without a value of
// the resource. Method: tables of small resources with the first finding expected.
#include "fhir/validate.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/json/writer.h"

namespace xl::fhir {
namespace {

/// What `validate` says first: `error type path`, or `valid`.
std::string verdict_on(std::string_view text) {
  const auto document =
      json::parse(text, {.bytes_max = 64U << 20U, .depth_max = 500, .elements_max = 3'000'000});
  if (!document.ok()) return "no JSON: " + std::string(text);
  const auto issues = validate(document->root());
  if (issues.empty()) return "valid";
  const Issue& first = issues.front();
  std::string error(describe(first.error).name);
  return error.substr(5) + " " + std::string(issue_type_code(first.code)) + " " + first.expression;
}

struct Case {
  std::string resource;
  std::string verdict;
};

void expect_verdicts(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(verdict_on(c.resource), c.verdict) << c.resource;
}

TEST(Validate, Shape) {
  expect_verdicts({
      {"[]", "structure_invalid structure Resource"},
      {"7", "structure_invalid structure Resource"},
      {"{}", "type_unknown structure Resource"},
      {R"({"resourceType":"patient"})", "type_unknown structure Resource"},
      {R"({"resourceType":"DomainResource"})", "type_unknown structure Resource"},
      {R"({"resourceType":"HumanName"})", "type_unknown structure Resource"},
      {R"({"resourceType":["Patient"]})", "type_unknown structure Resource"},
      {R"({"resourceType":"Patient"})", "valid"},
      {R"({"resourceType":"Patient","nam":1})", "element_unknown structure Patient.nam"},
      {R"({"resourceType":"Patient","Dr. No 1-1-70":1})", "element_unknown structure Patient"},
      {R"({"resourceType":"Patient","name":[{"resourceType":"HumanName"}]})",
       "element_unknown structure Patient.name[0].resourceType"},
      {R"({"resourceType":"Patient","name":{"text":"x"}})",
       "structure_invalid structure Patient.name"},
      {R"({"resourceType":"Patient","name":[]})", "structure_invalid structure Patient.name"},
      {R"({"resourceType":"Patient","name":[{}]})", "invariant_broken invariant Patient.name[0]"},
      {R"({"resourceType":"Patient","name":[{"id":"x"}]})",
       "invariant_broken invariant Patient.name[0]"},
      {R"({"resourceType":"Patient","name":["x"]})", "structure_invalid structure Patient.name[0]"},
      {R"({"resourceType":"Patient","name":[null]})",
       "structure_invalid structure Patient.name[0]"},
      {R"({"resourceType":"Patient","active":["true"]})",
       "structure_invalid structure Patient.active"},
      {R"({"resourceType":"Patient","active":"true"})",
       "structure_invalid structure Patient.active"},
      {R"({"resourceType":"Patient","active":null})", "structure_invalid structure Patient.active"},
      {R"({"resourceType":"Patient","birthDate":7})",
       "structure_invalid structure Patient.birthDate"},
      {R"({"resourceType":"Patient","multipleBirthInteger":"2"})",
       "structure_invalid structure Patient.multipleBirth"},
      {R"({"resourceType":"Patient","maritalStatus":"M"})",
       "structure_invalid structure Patient.maritalStatus"},
      {R"({"resourceType":"Binary","contentType":"text/plain","contained":[]})",
       "element_unknown structure Binary.contained"},
  });
}

TEST(Validate, Primitives) {
  expect_verdicts({
      {R"({"resourceType":"Patient","birthDate":"not a date"})",
       "value_invalid value Patient.birthDate"},
      {R"({"resourceType":"Patient","id":"a b"})", "value_invalid value Patient.id"},
      {R"({"resourceType":"Patient","id":""})", "value_invalid value Patient.id"},
      {R"({"resourceType":"Patient","multipleBirthInteger":1.5})",
       "value_invalid value Patient.multipleBirth"},
      {R"({"resourceType":"Patient","gender":"Male"})", "code_invalid code-invalid Patient.gender"},
      {R"({"resourceType":"Patient","gender":"male"})", "valid"},
      {R"({"resourceType":"Patient","text":{"status":"generated","div":"<p/>"}})",
       "value_invalid value Patient.text.div"},
      {R"({"resourceType":"Patient","meta":{"lastUpdated":"2020"}})",
       "value_invalid value Patient.meta.lastUpdated"},
      {R"({"resourceType":"Patient","name":[{"given":["a"," "]}]})",
       "value_invalid value Patient.name[0].given[1]"},
  });
  const std::string long_id(65, 'a');
  EXPECT_EQ(verdict_on(R"({"resourceType":"Patient","id":")" + long_id + R"("})"),
            "too_long too-long Patient.id");
}

TEST(Validate, ExtensionsOfPrimitives) {
  const std::string_view reason = R"({"extension":[{"url":"u","valueCode":"unknown"}]})";
  const auto patient = [](std::string_view elements) {
    return R"({"resourceType":"Patient",)" + std::string(elements) + "}";
  };
  const auto with = [&](std::string_view before, std::string_view after) {
    return patient(std::string(before) + std::string(reason) + std::string(after));
  };
  EXPECT_EQ(verdict_on(with(R"("_birthDate":)", "")), "valid");
  EXPECT_EQ(verdict_on(with(R"("birthDate":"2020","_birthDate":)", "")), "valid");
  EXPECT_EQ(verdict_on(patient(R"("birthDate":"2020","_birthDate":{"id":"x"})")), "valid");
  EXPECT_EQ(verdict_on(patient(R"("_birthDate":{"id":"x"})")),
            "invariant_broken invariant Patient.birthDate");
  EXPECT_EQ(verdict_on(patient(R"("_birthDate":{"x":1})")),
            "element_unknown structure Patient.birthDate.x");
  EXPECT_EQ(verdict_on(patient(R"("_birthDate":[{"id":"x"}])")),
            "structure_invalid structure Patient.birthDate");
  EXPECT_EQ(verdict_on(patient(R"("_name":[{"id":"x"}])")),
            "element_unknown structure Patient._name");
  EXPECT_EQ(verdict_on(patient(R"("_":{"id":"x"})")), "element_unknown structure Patient._");
  EXPECT_EQ(verdict_on(with(R"("name":[{"given":["a",null],"_given":[null,)", "]}]")), "valid");
  EXPECT_EQ(verdict_on(with(R"("name":[{"_given":[)", "]}]")), "valid");
  EXPECT_EQ(verdict_on(with(R"("name":[{"given":["a",null],"_given":[)", "]}]")),
            "structure_invalid structure Patient.name[0].given[1]");
  EXPECT_EQ(verdict_on(patient(R"("name":[{"given":["a",null]}])")),
            "structure_invalid structure Patient.name[0].given[1]");
  EXPECT_EQ(verdict_on(patient(R"("name":[{"given":[null],"_given":[null]}])")),
            "structure_invalid structure Patient.name[0].given[0]");
  // A required element may have an extension in the place of its value.
  EXPECT_EQ(verdict_on(R"({"resourceType":"Observation","code":{"text":"x"},"_status":)" +
                       std::string(reason) + "}"),
            "valid");
}

TEST(Validate, CardinalityAndChoices) {
  expect_verdicts({
      {R"({"resourceType":"Observation","status":"final"})",
       "required_missing required Observation.code"},
      {R"({"resourceType":"Observation","code":{"text":"x"}})",
       "required_missing required Observation.status"},
      {R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
           "component":[{"valueString":"a"}]})",
       "required_missing required Observation.component[0].code"},
      {R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
           "valueString":"a","valueInteger":1})",
       "cardinality structure Observation.value"},
      {R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
           "valueString":"a","_valueString":{"id":"b"}})",
       "valid"},
      {R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
           "valueMoney":{"value":1}})",
       "element_unknown structure Observation.valueMoney"},
      {R"({"resourceType":"MedicationRequest","status":"active","intent":"order",
           "subject":{"reference":"Patient/1"}})",
       "required_missing required MedicationRequest.medication"},
      {R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
           "referenceRange":[{"low":{"value":1,"comparator":"<"}}]})",
       "cardinality structure Observation.referenceRange[0].low.comparator"},
  });
}

TEST(Validate, ExtensionsAndBindings) {
  expect_verdicts({
      {R"({"resourceType":"Patient","extension":[{"url":"u","valueString":"a"}]})", "valid"},
      {R"({"resourceType":"Patient","extension":[{"valueString":"a"}]})",
       "required_missing required Patient.extension[0].url"},
      {R"({"resourceType":"Patient","extension":[{"url":"u"}]})",
       "invariant_broken invariant Patient.extension[0]"},
      {R"({"resourceType":"Patient","extension":[{"url":"u","valueString":"a",
           "extension":[{"url":"v","valueString":"b"}]}]})",
       "invariant_broken invariant Patient.extension[0]"},
      {R"({"resourceType":"Condition","subject":{"display":"x"},"clinicalStatus":{"coding":[
           {"system":"http://terminology.hl7.org/CodeSystem/condition-clinical",
            "code":"active"}]}})",
       "valid"},
      {R"({"resourceType":"Condition","subject":{"display":"x"},"clinicalStatus":{"coding":[
           {"system":"http://example.org","code":"active"}]}})",
       "code_invalid code-invalid Condition.clinicalStatus"},
      {R"({"resourceType":"Condition","subject":{"display":"x"},"clinicalStatus":{"text":"x"}})",
       "valid"},
  });
}

TEST(Validate, ContainedAndLocalReferences) {
  const auto list = [](std::string_view contained, std::string_view subject) {
    return R"({"resourceType":"List","status":"current","mode":"working",)"
           R"("contained":[)" +
           std::string(contained) + R"(],"subject":{"reference":")" + std::string(subject) +
           R"("}})";
  };
  EXPECT_EQ(verdict_on(list(R"({"resourceType":"Patient","id":"p"})", "#p")), "valid");
  EXPECT_EQ(verdict_on(list(R"({"resourceType":"Patient","id":"p"})", "#q")),
            "reference_unresolved invariant List.subject.reference");
  EXPECT_EQ(verdict_on(list(R"({"resourceType":"Patient","id":"p"})", "Patient/p")),
            "invariant_broken invariant List.contained[0]");
  EXPECT_EQ(verdict_on(list(R"({"resourceType":"Patient"})", "Patient/p")),
            "required_missing required List.contained[0].id");
  EXPECT_EQ(verdict_on(list(R"({"resourceType":"Provenance","id":"p","target":[{"reference":"#"}],
                "recorded":"2020-01-01T00:00:00Z","agent":[{"who":{"display":"x"}}]})",
                            "Patient/p")),
            "valid");
  EXPECT_EQ(verdict_on(list(R"({"resourceType":"Patient","id":"p","contained":[
                {"resourceType":"Patient","id":"q"}]})",
                            "#p")),
            "invariant_broken invariant List.contained[0]");
  EXPECT_EQ(
      verdict_on(list(R"({"resourceType":"Patient","id":"p","meta":{"versionId":"1"}})", "#p")),
      "invariant_broken invariant List.contained[0]");
  EXPECT_EQ(verdict_on(list(R"({"resourceType":"Patient","id":"p"},
                {"resourceType":"Patient","id":"p"})",
                            "#p")),
            "invariant_broken duplicate List.contained[0]");
  // An entry of a Bundle is a container of its own.
  EXPECT_EQ(verdict_on(R"({"resourceType":"Bundle","type":"collection","entry":[
      {"resource":)" + list(R"({"resourceType":"Patient","id":"p"})", "#p") +
                       R"(},{"resource":{"resourceType":"Basic","code":{"text":"x"},
      "subject":{"reference":"#p"}}}]})"),
            "reference_unresolved invariant Bundle.entry[1].resource.subject.reference");
}

TEST(Validate, Invariants) {
  expect_verdicts({
      {R"({"resourceType":"Patient","contact":[{"gender":"male"}]})",
       "invariant_broken invariant Patient.contact[0]"},
      {R"({"resourceType":"Patient","telecom":[{"value":"1"}]})",
       "invariant_broken invariant Patient.telecom[0]"},
      {R"({"resourceType":"Patient","photo":[{"data":"AAAA"}]})",
       "invariant_broken invariant Patient.photo[0]"},
      {R"({"resourceType":"Patient","photo":[{"contentType":"a/b","data":"AAAA","size":4}]})",
       "invariant_broken structure Patient.photo[0].size"},
      {R"({"resourceType":"Patient","photo":[{"contentType":"a/b","data":"AAAA","size":3}]})",
       "valid"},
      {R"({"resourceType":"Patient","name":[{"text":"x",
           "period":{"start":"2021","end":"2020"}}]})",
       "invariant_broken invariant Patient.name[0].period"},
      {R"({"resourceType":"Patient","name":[{"text":"x",
           "period":{"start":"2020-05","end":"2020"}}]})",
       "valid"},
      {R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
           "valueString":"a","dataAbsentReason":{"text":"x"}})",
       "invariant_broken invariant Observation"},
      {R"({"resourceType":"Observation","status":"final","code":{"coding":[{"code":"a"}]},
           "valueString":"a","component":[{"code":{"coding":[{"code":"a"}]}}]})",
       "invariant_broken invariant Observation"},
      {R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
           "valueQuantity":{"value":1,"code":"g"}})",
       "invariant_broken invariant Observation.value"},
      {R"({"resourceType":"Organization","name":"x","address":[{"use":"home","text":"y"}]})",
       "invariant_broken invariant Organization"},
      {R"({"resourceType":"Bundle","type":"batch","total":1})",
       "invariant_broken invariant Bundle.total"},
      {R"({"resourceType":"Bundle","type":"batch","entry":[{"resource":
           {"resourceType":"Patient"}}]})",
       "invariant_broken invariant Bundle.entry[0].request"},
      {R"({"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:a:b",
           "resource":{"resourceType":"Patient"}},{"fullUrl":"urn:a:b",
           "resource":{"resourceType":"Patient"}}]})",
       "invariant_broken invariant Bundle.entry[1].fullUrl"},
      {R"({"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"Patient/1",
           "resource":{"resourceType":"Patient","id":"1"}}]})",
       "value_invalid value Bundle.entry[0].fullUrl"},
      {R"({"resourceType":"Bundle","type":"searchset","entry":[{"search":{"mode":"match"},
           "resource":{"resourceType":"Patient"}}]})",
       "required_missing required Bundle.entry[0].resource.id"},
      {R"({"resourceType":"Parameters","parameter":[{"name":"a","valueString":"b"},
           {"name":"c","part":[{"name":"d","resource":{"resourceType":"Patient"}}]}]})",
       "valid"},
      {R"({"resourceType":"Parameters","parameter":[{"name":"a","valueString":"b",
           "resource":{"resourceType":"Patient"}}]})",
       "invariant_broken invariant Parameters.parameter[0]"},
      {R"({"resourceType":"Consent","status":"active","scope":{"text":"x"},
           "category":[{"text":"x"}],
           "patient":{"reference":"Patient/1"}})",
       "invariant_broken invariant Consent"},
  });
}

/// Those that invariants.def has no row for: the definitions' own expressions decide.
TEST(Validate, RulesByTheirExpressions) {
  const std::string request =
      R"({"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{)"
      R"("reference":"Patient/1"},"occurrenceTiming":{"repeat":{)";
  const std::string risk =
      R"({"resourceType":"RiskAssessment","status":"final","subject":{"reference":"Patient/1"},)"
      R"("prediction":[{"whenRange":{)";
  const std::string form = R"({"resourceType":"Questionnaire","status":"draft","item":[)";
  const std::string script =
      R"({"resourceType":"TestScript","url":"http://a.b/c","name":"x","status":"draft",)";
  const std::string offset = "invariant_broken invariant ServiceRequest.occurrence.repeat";
  const std::string range = "invariant_broken invariant RiskAssessment.prediction[0].when";
  expect_verdicts({
      {request + R"("offset":5,"when":["AC"]}}})", "valid"},
      {request + R"("when":["C"]}}})", "valid"},
      {request + R"("offset":5}}})", offset},
      {request + R"("offset":5,"when":["C"]}}})", offset},
      {risk + R"("low":{"value":1.0},"high":{"value":1}}}]})", "valid"},
      {risk + R"("low":{"value":2}}}]})", "valid"},
      {risk + R"("low":{"value":2},"high":{"value":1}}}]})", range},
      {form + R"({"linkId":"1","type":"group","item":[{"linkId":"2","type":"string"}]}]})",
       "valid"},
      {form + R"({"linkId":"1","type":"group","item":[{"linkId":"1","type":"string"}]}]})",
       "invariant_broken invariant Questionnaire"},
      {form + R"({"linkId":"1","type":"boolean","maxLength":5}]})", "valid"},
      {form + R"({"linkId":"1","type":"date","maxLength":5}]})",
       "invariant_broken invariant Questionnaire.item[0]"},
      {script + R"("variable":[{"name":"a","path":"x","headerField":"y"}]})", "valid"},
      {script + R"("variable":[{"name":"a","path":"x","headerField":"y","expression":"z"}]})",
       "invariant_broken invariant TestScript.variable[0]"},
      // Inside another resource %resource is the inner one.
      {R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":)" + form +
           R"({"linkId":"1","type":"date","maxLength":5}]}}]})",
       "invariant_broken invariant Bundle.entry[0].resource.item[0]"},
  });
}

TEST(Validate, BoundsHold) {
  json::Writer many;
  many.begin_object().key("resourceType").string("Patient").key("name").begin_array();
  for (int at = 0; at < 1000; ++at) many.begin_object().end_object();
  many.end_array().end_object();
  const auto document = json::parse(many.take(), {});
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(validate(document->root()).size(), issues_max);
  EXPECT_EQ(validate(document->root(), {.issues_max = 3}).size(), 3U);
  const auto nested = [](std::size_t extensions) {
    std::string text = R"({"url":"u","valueString":"x"})";
    for (std::size_t at = 1; at < extensions; ++at) {
      text = R"({"url":"u","extension":[)" + text + "]}";
    }
    return verdict_on(R"({"resourceType":"Patient","extension":[)" + text + "]}");
  };
  EXPECT_EQ(nested(validate_depth_max - 1), "valid");
  EXPECT_TRUE(nested(validate_depth_max).starts_with("too_deep too-costly Patient.extension[0]"));
  EXPECT_TRUE(nested(validate_depth_max * 3).starts_with("too_deep"));
}

TEST(Validate, FindingsHoldNoValues) {
  const std::string_view marked = R"({"resourceType":"Patient","id":"MARK_1","gender":"MARK2",
      "birthDate":"MARK3","name":[{"given":["MARK4\u0001"],"MARK5 MARK6":1}],
      "telecom":[{"value":"MARK7"}],"photo":[{"url":"MARK 8"}],
      "managingOrganization":{"reference":"#MARK9"},
      "text":{"div":"<p>MARK10</p>","status":"MARK11"}})";
  const auto document = json::parse(marked, {});
  ASSERT_TRUE(document.ok());
  const auto issues = validate(document->root());
  EXPECT_GE(issues.size(), 9U);
  for (const Issue& issue : issues) {
    EXPECT_EQ((issue.expression + issue.diagnostics).find("MARK"), std::string::npos)
        << issue.expression << issue.diagnostics;
    EXPECT_FALSE(issue.expression.empty());
    EXPECT_FALSE(issue.diagnostics.empty());
  }
}

TEST(Validate, KeepsDecimalsAndUnknownExtensions) {
  const std::string_view text =
      R"({"resourceType":"Observation","extension":[{"url":"http://unknown","valueDecimal":0.10}],)"
      R"("status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50}})";
  const auto document = json::parse(text, {});
  ASSERT_TRUE(document.ok());
  EXPECT_TRUE(validate(document->root()).empty());
  EXPECT_EQ(json::write(document->root()), text);
}

}  // namespace
}  // namespace xl::fhir
