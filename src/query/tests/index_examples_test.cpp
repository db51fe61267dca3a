// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: every published R4 example of a searchable type is found by its own id, patient and code.
// Method: all examples in one index; what to ask for is read from the resource by plain lookups,
// apart from the table of search parameters.
#include <algorithm>
#include <ctime>
#include <map>

#include "fhir/time.h"
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
      if (id.empty() || !seen_[type].insert({id, true}).second) {
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
    const bool has_patient = searched_parameter(example.type, "patient") != nullptr;
    if (const std::string patient = patient_in(resource); has_patient && !patient.empty()) {
      ++by_patient;
      EXPECT_TRUE(found(example, "patient", patient)) << name;
      EXPECT_TRUE(found(example, "patient", patient.substr(8))) << name;
      EXPECT_FALSE(found(example, "patient", patient + "x")) << name;
    }
    if (searched_parameter(example.type, "code") == nullptr) continue;
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

/// `5.4|http://unitsofmeasure.org|mg` and the like, as the element itself has it.
std::string date_text(std::int64_t ms) {
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char out[32];
  EXPECT_GT(std::strftime(out, sizeof(out), "%Y-%m-%dT%H:%M:%SZ", &parts), 0U);
  return out;
}

std::string protect(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view(",|$\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

/// How somebody would search for a term; empty where only other terms of its element say it.
std::string asked_text(const Term& term, std::string& modifier) {
  const Facet& facet = term.facet;
  std::vector<std::string> parts{""};
  for (const char c : facet.value) {
    if (c == part_mark) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  switch (facet.form) {
    case Form::code:
    case Form::uri:
    case Form::words:
      return protect(facet.value);
    case Form::coded:
      return protect(parts[0]) + "|" + protect(parts[1]);
    case Form::system:
      return protect(facet.value) + "|";
    case Form::display:
      modifier = ":text";
      return protect(facet.value);
    case Form::exact:
      modifier = ":exact";
      return protect(facet.value);
    case Form::identifier:
      modifier = ":identifier";
      return protect(parts[0]) + "|" + protect(parts[1]);
    case Form::of_type:
      modifier = ":of-type";
      return protect(parts[0]) + "|" + protect(parts[1]) + "|" + protect(parts[2]);
    case Form::target:
      return protect(facet.text);
    case Form::time:
      if (facet.low == fhir::time_lowest_ms) return "lt" + date_text(facet.high + 1000);
      return "ge" + date_text(facet.low - 1000);
    default:
      return {};
  }
}

TEST_F(IndexExamplesTest, AreFoundByEachOfTheirParameters) {
  if (!fs::exists(examples)) GTEST_SKIP() << "skipped: ../shared/data not found";
  load();
  std::map<std::string, std::size_t> searched;  // by type of parameter
  std::size_t parameters = 0;
  for (const Example& example : loaded_) {
    const auto terms = terms_of(example.document.root());
    ASSERT_TRUE(terms.ok());
    const fhir::SearchParameter* before = nullptr;
    for (const Term& term : *terms) {
      parameters += term.parameter != before ? 1 : 0;
      before = term.parameter;
      std::string modifier;
      const std::string text = asked_text(term, modifier);
      if (text.empty() || text.size() > search_value_bytes_max) continue;
      const std::string name = std::string(term.parameter->code) + modifier;
      ++searched[std::string(fhir::search_type_name(term.parameter->type)) + modifier];
      EXPECT_TRUE(found(example, name, text))
          << example.type << "/" << example.id << " " << name << "=" << text;
      if (!modifier.empty() || term.facet.form != Form::coded) continue;
      EXPECT_FALSE(found(example, name + ":not", text))
          << example.type << "/" << example.id << " " << name << ":not=" << text;
      EXPECT_FALSE(found(example, name + ":missing", "true")) << name;
      EXPECT_TRUE(found(example, name + ":missing", "false")) << name;
    }
  }
  for (const std::string_view kind : {"token", "string", "date", "reference", "uri"}) {
    EXPECT_GT(searched[std::string(kind)], 20U) << kind;
  }
  EXPECT_GT(parameters, 2500U);
}

}  // namespace
}  // namespace xl::query
