// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: every published R4 example of a searchable type is found by its own id, patient and code.
// Method: all examples in one index; what to ask for is read from the resource by plain lookups,
// apart from the table of search parameters.
#include <algorithm>
#include <map>

#include "query/tests/index_fixture.h"

namespace xl::query {
namespace {

namespace fs = std::filesystem;

const fs::path examples = fs::path(XL_SHARED_DATA) / "fhir" / "r4-examples";

std::string text_at(json::Value value, std::string_view key) {
  return std::string(value.find(key).as_string().value_or(""));
}

/// The reference to the patient, wherever this type has it; empty without one.
std::string patient_in(json::Value resource) {
  for (const std::string_view name : {"subject", "patient", "beneficiary"}) {
    const std::string reference = text_at(resource.find(name), "reference");
    if (reference.starts_with("Patient/")) return reference;
  }
  return {};
}

class IndexExamplesTest : public test::IndexTest {
 protected:
  struct Example {
    json::Document document;
    std::string type;
    std::string id;
  };

  void load() {
    std::uint32_t number = 0;
    std::vector<fs::path> files;
    for (const auto& file : fs::recursive_directory_iterator(examples)) {
      if (file.path().extension() == ".json") files.push_back(file.path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      auto document = json::parse(test::raw_file(file), {});
      ASSERT_TRUE(document.ok()) << file;
      const std::string type = text_at(document->root(), "resourceType");
      const std::string id = text_at(document->root(), "id");
      if (!is_searchable_type(type) || id.empty() || !seen_[type].insert({id, true}).second) {
        continue;
      }
      RecordEntry entry;
      entry.record = test::id_of(++number, 1);
      entry.type = type;
      entry.id = id;
      entry.version = entry.vault_version = 1;
      entry.patient = test::patient_of(1);
      entry.last_updated_ms = number;
      auto terms = terms_of(document->root());
      ASSERT_TRUE(terms.ok()) << file;
      EXPECT_LT(terms->size(), 200U) << file;  // the bound leaves room
      entry.terms = std::move(*terms);
      const Status put = index_->put(entry);
      ASSERT_TRUE(put.ok()) << file << put.error().text();
      loaded_.push_back({std::move(*document), type, id});
    }
  }

  /// True when the search finds the example among its answers.
  [[nodiscard]] bool found(const Example& example, const std::string& name,
                           const std::string& value) {
    Query query = test::query_of(example.type, {{name, value}});
    query.count = index_page_max;
    const auto page = index_->search(query);
    EXPECT_TRUE(page.ok()) << page.error().text();
    if (!page.ok()) return false;
    const auto ids = test::ids_of(*page);
    return std::find(ids.begin(), ids.end(), example.id) != ids.end();
  }

  std::map<std::string, std::map<std::string, bool>> seen_;
  std::vector<Example> loaded_;
};

TEST_F(IndexExamplesTest, AreFoundByIdPatientAndCode) {
  if (!fs::exists(examples)) GTEST_SKIP() << "skipped: ../shared/data not found";
  load();
  std::size_t by_patient = 0;
  std::size_t by_code = 0;
  for (const Example& example : loaded_) {
    const std::string name = example.type + "/" + example.id;
    const json::Value resource = example.document.root();
    EXPECT_TRUE(found(example, "_id", example.id)) << name;
    if (const std::string patient = patient_in(resource); !patient.empty()) {
      ++by_patient;
      EXPECT_TRUE(found(example, "patient", patient)) << name;
      EXPECT_TRUE(found(example, "patient", patient.substr(8))) << name;
      EXPECT_FALSE(found(example, "patient", patient + "x")) << name;
    }
    if (!search_parameter(example.type, "code")) continue;
    const bool medication = example.type.starts_with("Medication");
    const json::Value concept_of = resource.find(medication ? "medicationCodeableConcept" : "code");
    for (const json::Value coding : concept_of.find("coding").items()) {
      const std::string code = text_at(coding, "code");
      if (code.empty()) continue;
      ++by_code;
      const std::string system = text_at(coding, "system");
      EXPECT_TRUE(found(example, "code", code)) << name;
      EXPECT_TRUE(found(example, "code", system + "|" + code)) << name;
      EXPECT_FALSE(found(example, "code", "urn:other|" + code)) << name;
    }
  }
  RecordProperty("examples", static_cast<int>(loaded_.size()));
  EXPECT_GT(seen_.size(), 18U);
  EXPECT_GT(loaded_.size(), 150U);
  EXPECT_GT(by_patient, 100U);
  EXPECT_GT(by_code, 60U);
}

}  // namespace
}  // namespace xl::query
