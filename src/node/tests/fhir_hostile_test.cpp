// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: whatever is sent as a resource or Bundle is kept whole or refused with an OperationOutcome
// that names a code; nothing crashes. Method: the invalid validator cases of HL7, the JSON parsing
// suite, and examples that must be accepted, put through HTTP and read back element by element.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json/writer.h"
#include "client/bundle_file.h"
#include "node/tests/live_node.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::LiveNode;
using testing::parsed;
using testing::patient_json;

const std::filesystem::path data_folder = XL_SHARED_DATA;

TEST(FhirHostile, InvalidCasesAreRefusedByName) {
  const auto folder = data_folder / "fhir" / "validator-cases";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "skipped: ../shared/data not found";
  LiveNode live("hostile");
  live.start();
  FhirClient north(live.hospital(0), live.organisations[0]);
  const auto index = read_file(folder / "index.json", 1U << 20U);
  ASSERT_TRUE(index.ok());
  const auto cases = json::parse(text_of(*index), {});
  ASSERT_TRUE(cases.ok());
  int refused = 0;
  int accepted = 0;
  for (const json::Value one : cases->root().items()) {
    const std::string file(one.find("file").as_string().value_or(""));
    if (!file.ends_with(".json")) continue;
    const auto content = read_file(folder / file, 1U << 22U);
    ASSERT_TRUE(content.ok());
    const auto document = json::parse(text_of(*content), {});
    const std::string type(document.ok()
                               ? document->root().find("resourceType").as_string().value_or("Basic")
                               : "Basic");
    const auto answer = north.post(type, text_of(*content));
    ASSERT_TRUE(answer.status == 201 || (answer.status >= 400 && answer.status < 500))
        << file << " " << answer.status;
    if (answer.status == 201) {
      ++accepted;
      continue;
    }
    ++refused;
    EXPECT_NE(answer.body.find("\"code\":\"XL"), std::string::npos) << file;
  }
  // Which of them, and why, is compared case by case in src/fhir/tests/conformance_test.cpp.
  EXPECT_GE(refused, 15);
  EXPECT_GE(accepted, 10);
}

TEST(FhirHostile, TheJsonParsingSuiteIsRefused) {
  const auto folder = data_folder / "json" / "nst-parsing";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "skipped: ../shared/data not found";
  LiveNode live("hostile-json");
  live.start();
  FhirClient north(live.hospital(0), live.organisations[0]);
  int sent = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (!file.is_regular_file() || file.path().extension() != ".json") continue;
    const auto content = read_file(file.path(), 1U << 22U);
    ASSERT_TRUE(content.ok());
    if (content->empty()) continue;
    for (const char* path : {"Observation", ""}) {
      const auto answer = north.post(path, text_of(*content));
      ASSERT_TRUE(answer.status >= 400 && answer.status < 500) << file.path() << answer.status;
      ASSERT_NE(answer.body.find("\"code\":\"XL"), std::string::npos) << file.path();
    }
    ++sent;
  }
  EXPECT_GT(sent, 200);
}

TEST(FhirHostile, OfficialExamplesComeBackElementByElement) {
  const auto folder = data_folder / "fhir" / "r4-examples";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "skipped: ../shared/data not found";
  LiveNode live("examples");
  live.start();
  FhirClient north(live.hospital(0), live.organisations[0]);
  const auto files = client::bundle_files(folder);
  ASSERT_TRUE(files.ok());
  // Patients first: records refer to them.
  std::vector<client::BundleFile> examples;
  std::set<std::string> patients;
  for (const auto& path : *files) {
    auto read = client::read_bundle_file(path);
    if (!read.ok()) continue;  // a Bundle whose entries have no id: not an import
    examples.push_back(std::move(*read));
  }
  const auto name_of = [](json::Value resource) {
    return std::string(resource.find("resourceType").as_string().value_or("")) + "/" +
           std::string(resource.find("id").as_string().value_or(""));
  };
  int kept = 0;
  int refused = 0;
  std::set<std::string> of_several;
  for (const bool patients_now : {true, false}) {
    for (const client::BundleFile& example : examples) {
      for (const json::Value resource : example.resources) {
        const bool is_patient = resource.find("resourceType").as_string() == "Patient";
        if (is_patient != patients_now) continue;
        const std::string name = name_of(resource);
        const auto answer = north.put(name, json::write(resource));
        if (answer.status >= 400) {
          ASSERT_LT(answer.status, 500U) << name << answer.body;
          if (answer.body.find("XL4181") != std::string::npos) of_several.insert(name);
          ++refused;
          continue;
        }
        const json::Document back = parsed(north.get(name));
        std::string where;
        EXPECT_TRUE(client::same_resource(resource, back.root(), where)) << name << where;
        ++kept;
      }
    }
  }
  EXPECT_GT(kept, 350);
  // Examples about patients whom no example introduces, and of one id for two patients.
  EXPECT_LT(refused, kept);
  // These lead to records of two people, because the examples share ids: no one may read both.
  EXPECT_EQ(of_several,
            (std::set<std::string>{
                "CoverageEligibilityRequest/52345", "CoverageEligibilityResponse/E2501",
                "DiagnosticReport/report", "EnrollmentRequest/22345", "ExplanationOfBenefit/EB3500",
                "ImagingStudy/example-xr", "MedicationAdministration/medadminexample03",
                "MedicationDispense/meddisp0301", "RiskAssessment/cardiac"}));
  std::cout << kept << " kept and equal, " << refused << " refused by name\n";
}

}  // namespace
}  // namespace xl::node
