// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: other people's resources are judged as other people's validators judge them. Method: every
// FHIR R4 example of ../shared/data against the verdicts of an independent validator
// (medplum-validation.tsv) and of HL7's own (validator-cases/index.json); each disagreement is
// listed with its reason (tests/conformance/disagreements.tsv), and the list holds no more than
// that.
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

/// Why we and a validator differ, of tests/conformance/disagreements.tsv: path -> reason.
std::map<std::string, std::string, std::less<>> disagreements(std::string_view judge) {
  std::map<std::string, std::string, std::less<>> reasons;
  std::ifstream in(fs::path(XL_SOURCE_DIR) / "tests/conformance/disagreements.tsv");
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find('\t');
    const std::size_t second = line.find('\t', first + 1);
    if (second == std::string::npos || line.substr(0, first) != judge) continue;
    reasons[line.substr(first + 1, second - first - 1)] = line.substr(second + 1);
  }
  return reasons;
}

TEST(FhirConformance, AgreesWithTheIndependentValidator) {
  const auto verdicts = independent_verdicts();
  if (verdicts.empty()) GTEST_SKIP() << "skipped: ../shared/data not found";
  const auto reasons = disagreements("independent");
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
    const bool listed = reasons.contains(name);
    disagreed += our_refusal != their_refusal ? 1 : 0;
    EXPECT_EQ(our_refusal != their_refusal, listed)
        << name << "\n  ours: " << first_of(issues) << "\n  theirs: " << verdict.substr(0, 200);
    for (const Issue& issue : issues) EXPECT_FALSE(issue.expression.empty()) << name;
  }
  EXPECT_GE(files, 900U);
  EXPECT_EQ(disagreed, reasons.size());
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

TEST(FhirConformance, AgreesWithTheOfficialValidator) {
  const fs::path folder = shared_data / "fhir/validator-cases";
  if (!fs::exists(folder)) GTEST_SKIP() << "skipped: ../shared/data not found";
  const auto index = read_document(folder / "index.json");
  ASSERT_TRUE(index.ok());
  const auto reasons = disagreements("official");
  std::size_t disagreed = 0;
  for (const json::Value item : index->root().items()) {
    const std::string name(item.find("file").as_string().value_or(""));
    const bool their_refusal = item.find("javaValidatorErrors").as_int64().value_or(0) > 0;
    const auto document = read_document(folder / name);
    std::vector<Issue> issues;
    if (document.ok()) issues = validate(document->root());
    const bool our_refusal = !document.ok() || !issues.empty();
    EXPECT_EQ(our_refusal != their_refusal, reasons.contains("fhir/validator-cases/" + name))
        << name << "\n  ours: " << first_of(issues);
    EXPECT_TRUE(their_refusal || !our_refusal) << name << ": a false refusal";
    disagreed += our_refusal != their_refusal ? 1 : 0;
  }
  EXPECT_EQ(disagreed, reasons.size());
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
