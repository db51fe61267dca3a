// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: one record at hand meets a search exactly when the index finds it by that search. Method:
// a few records and every pair of them with a table of searches, asked both ways.
#include "query/term_match.h"

#include "query/tests/index_fixture.h"

namespace xl::query {
namespace {

class TermMatch : public test::IndexTest {};

TEST_F(TermMatch, DecidesAsTheIndexDoes) {
  const std::string observation =
      R"({"resourceType":"Observation","id":"o%","status":"final","code":{"coding":[{"system":)"
      R"("http://loinc.org","code":"2339-0"}]},"subject":{"reference":"Patient/p%"},)"
      R"("effectiveDateTime":"202%-03-04","focus":[{"reference":"Device/d%"}]})";
  const std::string patient =
      R"({"resourceType":"Patient","id":"p%","name":[{"family":"Mü%ller Senior"}],)"
      R"("birthDate":"199%-01"})";
  const std::string plan =
      R"({"resourceType":"PlanDefinition","id":"d%","status":"active","url":"http://a.example/%"})";
  std::vector<RecordEntry> entries;
  std::uint32_t number = 0;
  for (const std::string& form : {observation, patient, plan}) {
    for (const char digit : {'1', '2', '3'}) {
      std::string text = form;
      std::replace(text.begin(), text.end(), '%', digit);
      entries.push_back(test::entry_of(text, ++number));
      ASSERT_TRUE(index_->put(entries.back()).ok());
    }
  }
  const std::vector<std::tuple<std::string, std::string, std::string>> searches = {
      {"Observation", "status", "FINAL"},
      {"Observation", "code", "http://loinc.org|2339-0"},
      {"Observation", "code", "http://loinc.org|"},
      {"Observation", "code", "|2339-0"},
      {"Observation", "code", "urn:other|2339-0"},
      {"Observation", "subject", "Patient/p2"},
      {"Observation", "subject", "p2"},
      {"Observation", "patient", "p3"},
      {"Observation", "patient", "Patient/p"},
      {"Observation", "focus", "d1"},
      {"Observation", "focus", "Device/d1"},
      {"Observation", "focus", "Patient/d1"},
      {"Observation", "date", "2022"},
      {"Observation", "date", "ne2022"},
      {"Observation", "date", "gt2022-03-03"},
      {"Observation", "date", "ge2022-03-04"},
      {"Observation", "date", "lt2022-03-04"},
      {"Observation", "date", "le2022-03-04"},
      {"Observation", "date", "sa2021-12"},
      {"Observation", "date", "eb2022"},
      {"Patient", "birthdate", "1992-01"},
      {"Patient", "birthdate", "le1992-01-10"},
      {"Patient", "family", "mu2"},
      {"Patient", "family", "Mü2LLER sen"},
      {"Patient", "family", "ller"},
      {"Patient", "name", "MÜ"},
      {"PlanDefinition", "url", "http://a.example/2"},
      {"PlanDefinition", "url", "http://a.example"},
  };
  std::size_t found = 0;
  for (const auto& [type, name, value] : searches) {
    const Query query = test::query_of(type, {{name, value}});
    ASSERT_TRUE(is_decidable(type, query.criteria[0])) << name << "=" << value;
    std::vector<std::string> met;
    for (const RecordEntry& entry : entries) {
      if (entry.type == type && meets(type, entry.terms, query.criteria[0]))
        met.push_back(entry.id);
    }
    std::vector<std::string> told = find(query);
    std::sort(told.begin(), told.end());
    EXPECT_EQ(told, met) << name << "=" << value;
    found += met.size();
  }
  EXPECT_GT(found, searches.size() / 2);  // they do find something
}

TEST_F(TermMatch, RefusesWhatItCannotDecide) {
  for (const auto& [type, name, value] :
       std::vector<std::tuple<const char*, const char*, const char*>>{
           {"Observation", "_id", "1"},
           {"Observation", "_lastUpdated", "2020"},
           {"Observation", "value-quantity", "5"},
           {"Observation", "code-value-quantity", "a$5"},
           {"Observation", "date", "ap2020"},
           {"Observation", "date", "soon"},
           {"Observation", "status", "a,b"},
           {"Observation", "status:not", "final"},
           {"Observation", "subject:Patient.name", "x"},
           {"Observation", "subject", "#x"},
           {"RiskAssessment", "probability", "0.5"}}) {
    const auto criterion = read_criterion(type, name, value);
    EXPECT_TRUE(!criterion.ok() || !is_decidable(type, *criterion)) << name << "=" << value;
  }
}

}  // namespace
}  // namespace xl::query
