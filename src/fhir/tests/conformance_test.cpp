// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: other people's resources are judged as other people's validators judge them. Method: every
// FHIR R4 example of ../shared/data against the verdicts of an independent validator
// (medplum-validation.tsv) and of HL7's own (validator-cases/index.json); each disagreement is
// listed with its reason, and the list holds no more than that.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/json/json.h"
#include "fhir/compartment.h"
#include "fhir/definitions.h"
#include "fhir/labels.h"
#include "fhir/references.h"
#include "fhir/validate.h"

namespace xl::fhir {
namespace {

namespace fs = std::filesystem;

const fs::path shared_data = XL_SHARED_DATA;
constexpr std::uint64_t example_bytes_max = 64ULL << 20U;
const json::Limits generous{
    .bytes_max = example_bytes_max, .depth_max = 128, .elements_max = 10'000'000};

Result<json::Document> read_document(const fs::path& path) {
  XL_TRY_ASSIGN(const Bytes bytes, read_file(path, example_bytes_max));
  std::string_view text = text_of(bytes);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // the files of some editors
  return json::parse(text, generous);
}

std::string text_of_issue(const Issue& issue) {
  return std::string(issue_type_code(issue.code)) + " " + issue.expression + ": " +
         issue.diagnostics;
}

std::string first_of(const std::vector<Issue>& issues) {
  return issues.empty() ? "valid" : text_of_issue(issues.front());
}

/// path -> verdict of the independent validator; "ok" or its errors.
std::map<std::string, std::string> independent_verdicts() {
  std::map<std::string, std::string> verdicts;
  std::ifstream in(shared_data / "medplum-validation.tsv");
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    const std::size_t first = line.find('\t');
    const std::size_t second = line.find('\t', first + 1);
    if (second == std::string::npos) continue;
    verdicts[line.substr(0, first)] = line.substr(second + 1);
  }
  return verdicts;
}

/// Why we and the independent validator differ, by the end of the path.
const std::map<std::string, std::string, std::less<>>& independent_disagreements() {
  const std::string full_url = "refused: fullUrl is relative; HL7's validator refuses that too";
  const std::string id = "refused: an id breaks its pattern or length";
  const std::string narrative = "refused: the narrative is no well-formed XML";
  const std::string on_purpose = "refused: wrong on purpose, and the other one does not look";
  static const std::map<std::string, std::string, std::less<>> reasons = {
      {"test-example-00-a-fhirBundle-bad_meta_non_security.json",
       "refused: meta is an empty object"},
      {"test-example-00-a-short-refs.json", full_url},
      {"May2025__hl7_connectathon_may_2025_epic_example2.json", id},
      {"Sept2024__US_Epic_Connectathon_Sept.json", narrative},
      {"archive__HK_IPS_Sample1.json", narrative},
      {"archive__HK_IPS_Sample2.json", narrative},
      {"archive__HK_IPS_Sample3.json", narrative},
      {"archive__NL_Curavista_01.json", narrative},
      {"archive__UK_NHSx_IPS_Example_02-modified.json", full_url},
      {"archive__US_Dynamic_Health_IT_Happy_Kid_FHIR_Bundle-IPS.json", full_url},
      {"archive__US_Interoperability_Institute_Jared_Bruce_Adams-IPS.json",
       full_url + "; clinicalStatus has a wrong system"},
      {"archive__US_Interoperability_Institute_Louis_Daniel_Saunders-IPS.json",
       full_url + "; clinicalStatus has a wrong system"},
      {"archive__US_Interoperability_Institute_Rose_Cox_Burnett-IPS.json",
       full_url + "; clinicalStatus has a wrong system"},
      {"Normative__Bundle-BatchWithConditionalUpdateByIdentifier.json", "refused: empty strings"},
      {"Normative__Medication.json", "refused: dom-3, a contained resource that nothing refers to"},
      {"Normative__SearchParameterInvalidBase.json", on_purpose},
      {"Normative__SearchParameterMissingExpression.json", on_purpose},
      {"Normative__Specimen.json", "refused: ref-1, a local reference that leads to nothing"},
      {"R4__SmartPatientB.json", "accepted: base64 may have white space anywhere (R4 example)"},
      {"Binary-example.json", "accepted: base64 may have white space anywhere (R4 example)"},
      {"RiskAssessment-prognosis.json",
       "accepted: there is no probability; the other one's FHIRPath takes that for a breach"},
      {"attachment-with-wrong-size.json", on_purpose},
      {"bundle-duplicate-id.json", full_url},
      {"bundle-duplicate-ids-not.json", full_url},
      {"bundle-id-search-3.json", on_purpose},
      {"bundle-id-search-4.json", on_purpose},
      {"contained-resource.json", id},
      {"mni-patientOverview-bundle-example1.json", full_url},
      {"mni-patientOverview-bundle-example1b.json", full_url},
      {"patient-id-bad-3.json", id},
      {"q-enablewhen-me-wrong.json", on_purpose},
      {"resource-invalid-id-1.json", id},
      {"resource-invalid-id-2.json", id},
      {"resource-invalid-id-3.json", id},
      {"ADT04-23-expected.json", "refused: codes of HL7 v2 where R4 requires its own"},
  };
  return reasons;
}

TEST(FhirConformance, AgreesWithTheIndependentValidator) {
  const auto verdicts = independent_verdicts();
  if (verdicts.empty()) GTEST_SKIP() << "skipped: ../shared/data not found";
  std::size_t files = 0;
  std::size_t disagreed = 0;
  for (const auto& [name, verdict] : verdicts) {
    if (!name.ends_with(".json")) continue;
    const auto document = read_document(shared_data / name);
    ++files;
    const bool their_refusal = verdict != "ok";
    std::vector<Issue> issues;
    if (document.ok()) issues = validate(document->root());
    const bool our_refusal = !document.ok() || !issues.empty();
    const bool listed = independent_disagreements().contains(name.substr(name.rfind('/') + 1));
    disagreed += our_refusal != their_refusal ? 1 : 0;
    EXPECT_EQ(our_refusal != their_refusal, listed)
        << name << "\n  ours: " << first_of(issues) << "\n  theirs: " << verdict.substr(0, 200);
    for (const Issue& issue : issues) EXPECT_FALSE(issue.expression.empty()) << name;
  }
  EXPECT_GE(files, 900U);
  EXPECT_EQ(disagreed, independent_disagreements().size());
  std::cout << files << " files, " << files - disagreed << " agreed\n";
}

TEST(FhirConformance, AcceptsBulkExports) {
  const fs::path folder = shared_data / "fhir/bulk-ndjson";
  if (!fs::exists(folder)) GTEST_SKIP() << "skipped: ../shared/data not found";
  std::size_t resources = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    // log.ndjson tells how the export went.
    if (entry.path().extension() != ".ndjson" || entry.path().stem() == "log") continue;
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) {
      const auto document = json::parse(line, generous);
      ASSERT_TRUE(document.ok()) << entry.path();
      const auto issues = validate(document->root());
      EXPECT_TRUE(issues.empty()) << entry.path() << " " << first_of(issues);
      ++resources;
    }
  }
  EXPECT_GE(resources, 100U);
}

TEST(FhirConformance, RefusesNoOfficialExample) {
  const fs::path folder = shared_data / "fhir/r4-examples";
  if (!fs::exists(folder)) GTEST_SKIP() << "skipped: ../shared/data not found";
  // Its items have no linkId, which R4 requires: HL7's own mistake.
  const std::string wrong = "Questionnaire-qs1.json";
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    const auto document = read_document(entry.path());
    ASSERT_TRUE(document.ok()) << entry.path();
    const auto issues = validate(document->root());
    EXPECT_EQ(!issues.empty(), entry.path().filename() == wrong)
        << entry.path() << " " << first_of(issues);
    ++files;
  }
  EXPECT_GE(files, 400U);
}

/// Cases of HL7's validator that we accept and it does not, and what it would take.
const std::map<std::string, std::string, std::less<>>& official_disagreements() {
  static const std::map<std::string, std::string, std::less<>> reasons = {
      {"cases/obs-temp-bad.json", "a profile: vital signs by their code"},
      {"cases/parameters-reference-bad.json", "resolves a reference to another resource"},
      {"cases/qr-bad-ref2.json", "resolves a canonical"},
      {"cases/pat-dob-ext.json", "demands that extensions are known"},
      {"cases/target-ref-profile-empty.json", "demands that extensions are known"},
      {"cases/bundle-id-collection.json", "terminology: a display"},
      {"cases/bundle-with-contained.json", "terminology, and links inside narratives"},
      {"cases/uk-msg.json", "terminology: codes of UK SNOMED CT"},
      {"cases/ips-htmlrefs-backwards.json", "demands that extensions are known, and where"},
  };
  return reasons;
}

TEST(FhirConformance, AgreesWithTheOfficialValidator) {
  const fs::path folder = shared_data / "fhir/validator-cases";
  if (!fs::exists(folder)) GTEST_SKIP() << "skipped: ../shared/data not found";
  const auto index = read_document(folder / "index.json");
  ASSERT_TRUE(index.ok());
  std::size_t disagreed = 0;
  for (const json::Value item : index->root().items()) {
    const std::string name(item.find("file").as_string().value_or(""));
    const bool their_refusal = item.find("javaValidatorErrors").as_int64().value_or(0) > 0;
    const auto document = read_document(folder / name);
    std::vector<Issue> issues;
    if (document.ok()) issues = validate(document->root());
    const bool our_refusal = !document.ok() || !issues.empty();
    EXPECT_EQ(our_refusal != their_refusal, official_disagreements().contains(name))
        << name << "\n  ours: " << first_of(issues);
    EXPECT_TRUE(their_refusal || !our_refusal) << name << ": a false refusal";
    disagreed += our_refusal != their_refusal ? 1 : 0;
  }
  EXPECT_EQ(disagreed, official_disagreements().size());
  std::cout << index->root().size() << " cases, " << index->root().size() - disagreed
            << " agreed\n";
}

TEST(FhirConformance, EveryReaderSurvivesEveryText) {
  const fs::path folder = shared_data / "json/nst-parsing";
  if (!fs::exists(folder)) GTEST_SKIP() << "skipped: ../shared/data not found";
  std::size_t parsed = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    auto document = read_document(entry.path());
    if (!document.ok()) continue;
    ++parsed;
    EXPECT_FALSE(validate(document->root()).empty()) << entry.path();
    EXPECT_TRUE(compartment_references(document->root()).empty());
    EXPECT_EQ(rewrite_references(document->edit(), [](std::string_view) { return "x"; }), 0U);
    (void)labels_of(document->root());
  }
  EXPECT_GE(parsed, 60U);
}

/// Speed is printed, not judged: machines differ. It answers how many resources a second one core
/// validates, of patients as a generator makes them.
TEST(FhirConformance, ValidatesSynthetic) {
  const fs::path folder = shared_data / "fhir/synthea-r4/plain";
  if (!fs::exists(folder)) GTEST_SKIP() << "skipped: ../shared/data not found";
  std::size_t resources = 0;
  std::chrono::nanoseconds spent{};
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    const auto document = read_document(entry.path());
    ASSERT_TRUE(document.ok()) << entry.path();
    EXPECT_TRUE(validate(document->root()).empty()) << entry.path();
    for (const json::Value item : document->root().find("entry").items()) {
      const json::Value resource = item.find("resource");
      const auto start = std::chrono::steady_clock::now();
      const auto issues = validate(resource);
      spent += std::chrono::steady_clock::now() - start;
      EXPECT_TRUE(issues.empty()) << entry.path() << first_of(issues);
      EXPECT_FALSE(labels_of(resource).classes.empty());
      ++resources;
    }
  }
  EXPECT_GE(resources, 1000U);
  std::cout << resources << " resources, " << static_cast<std::size_t>(spent.count()) / resources
            << " ns each\n";
}

}  // namespace
}  // namespace xl::fhir
