// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: names compare without case and accents, and each kind of element becomes the terms it can
// be found by. Method: tables.
#include "query/fhir_terms.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "fhir/definitions.h"
#include "query/fold.h"

namespace xl::query {
namespace {

TEST(Fold, ComparesWithoutCaseAndAccents) {
  struct Case {
    std::string_view text;
    std::string_view folded;
  };
  const std::vector<Case> cases = {
      {"MÜLLER", "muller"},
      {"Mu\u0308ller", "muller"},
      {"Đặng Nguyễn", "dang nguyen"},
      {"ŁÓDŹ", "lodz"},
      {"Œuvre Ægir", "oeuvre aegir"},
      {"Straße", "strasse"},
      {"  a \t\n b  ", "a b"},
      {"张三", "张三"},
      {"ИВАНОВ", "иванов"},
      {"ΑΩ", "αω"},
      {"3×4÷2", "3×4÷2"},
      {"😀", "😀"},
      {"ĳ Ĳ þ", "ij ij th"},
      {"ſ", "s"},
      {"", ""},
      {" \u3000 ", ""},
      {"Ёлка", "елка"},
      {"ΣΊΣΥΦΟΣ", "σισυφοσ"},
      {"σίσυφος", "σισυφοσ"},
      {"\u1112\u1161\u11AB\u1100\u1173\u11AF", "한글"},
      {"\uF900", "\u8C48"},
      {"ＡＢＣ公司", "abc公司"},
      {"ﬁnger", "finger"},
      {"か\u3099", "が"},
      {"co\u00ADop", "coop"},
      {"\u200D", "\u200D"},
      {"\u0301\u0302", "\u0301\u0302"},
      {"O'Brien-Çelik", "o'brien-celik"},
  };
  for (const Case& c : cases) EXPECT_EQ(fold(c.text), c.folded) << c.text;
  EXPECT_EQ(fold(std::string("a\0b", 3)), "ab");
  EXPECT_FALSE(fold("\xff\xc3").empty());  // broken UTF-8 neither crashes nor vanishes
}

TEST(Reference, IsTakenApart) {
  const auto parts = [](std::string_view text) {
    const auto out = reference_parts(text);
    return out ? std::string(out->base) + " " + std::string(out->type) + " " + std::string(out->id)
               : std::string("none");
  };
  EXPECT_EQ(parts("Patient/7"), " Patient 7");
  EXPECT_EQ(parts("Patient/7/_history/2"), " Patient 7");
  EXPECT_EQ(parts("http://h/fhir/Patient/7"), "http://h/fhir/ Patient 7");
  EXPECT_EQ(parts("urn:uuid:1-2"), "  urn:uuid:1-2");
  EXPECT_EQ(parts("7"), "  7");
  EXPECT_EQ(parts("#p"), "none");
  EXPECT_EQ(parts(""), "none");
  EXPECT_EQ(parts("/"), "none");
  EXPECT_EQ(parts("Patient/"), "none");
}

/// `parameter form value low high` of every term of the parameters named.
std::vector<std::string> terms_as_text(std::string_view resource,
                                       std::initializer_list<std::string_view> parameters) {
  const auto document = json::parse(resource, {});
  EXPECT_TRUE(document.ok());
  const auto terms = terms_of(document->root(), "/o/us/fhir/");
  EXPECT_TRUE(terms.ok());
  std::vector<std::string> out;
  for (const Term& term : *terms) {
    const std::string_view name = term.parameter->code;
    if (parameters.size() != 0 &&
        std::find(parameters.begin(), parameters.end(), name) == parameters.end()) {
      continue;
    }
    std::string line(name);
    line += " " + std::to_string(static_cast<int>(term.facet.form)) + " " + term.facet.value;
    std::replace(line.begin(), line.end(), part_mark, '|');
    if (term.facet.form == Form::time) {
      line += std::to_string(term.facet.low) + " " + std::to_string(term.facet.high);
    }
    if (term.facet.ranged && term.facet.form != Form::time) line += " range";
    out.push_back(line);
  }
  return out;
}
using Lines = std::vector<std::string>;

TEST(Terms, OfEachKindOfElement) {
  EXPECT_EQ(terms_as_text(R"({"resourceType":"Patient","id":"p","active":true,
    "birthDate":"2020-01-01","identifier":[{"system":"s","value":"X1"},{"value":"2"}],
    "name":[{"family":"Dvořák","given":["Ana","Ana"]},{"text":"A D"}],
    "telecom":[{"system":"email","value":"a@b"}],"deceasedBoolean":false,
    "generalPractitioner":[{"reference":"http://h/o/us/fhir/Practitioner/1"}]})",
                          {"identifier", "family", "given", "name", "birthdate", "active", "email",
                           "deceased", "general-practitioner"}),
            (Lines{"active 1 true",
                   "active 2 |true",
                   "birthdate 15 1577836800000 1577923199999",
                   "deceased 1 false",
                   "deceased 2 |false",
                   "email 1 a@b",
                   "email 2 |a@b",
                   "family 12 dvorak",
                   "family 13 Dvořák",
                   "general-practitioner 6 |Practitioner|1",
                   "general-practitioner 7 1",
                   "given 12 ana",
                   "given 13 Ana",
                   "identifier 3 s",
                   "identifier 1 x1",
                   "identifier 2 s|x1",
                   "identifier 1 2",
                   "identifier 2 |2",
                   "name 12 dvorak",
                   "name 13 Dvořák",
                   "name 12 ana",
                   "name 13 Ana",
                   "name 12 a d",
                   "name 13 A D"}));
  EXPECT_EQ(terms_as_text(R"({"resourceType":"Observation","status":"final",
    "subject":{"reference":"Patient/1","identifier":{"system":"i","value":"9"}},
    "code":{"coding":[{"system":"l","code":"1-8","display":"Weight"},{"display":"no code"}],
            "text":"t"},"valueQuantity":{"value":5.4,"system":"http://unitsofmeasure.org",
            "code":"mg","unit":"milligram"},"effectivePeriod":{"start":"2020"}})",
                          {"subject", "patient", "code", "value-quantity", "date"}),
            (Lines{"code 3 l",
                   "code 1 1-8",
                   "code 2 l|1-8",
                   "code 5 weight",
                   "code 5 no code",
                   "code 5 t",
                   "date 15 1577836800000 9223372036854775807",
                   "patient 6 |Patient|1",
                   "patient 7 1",
                   "patient 10 i",
                   "patient 9 9",
                   "patient 8 i|9",
                   "subject 6 |Patient|1",
                   "subject 7 1",
                   "subject 10 i",
                   "subject 9 9",
                   "subject 8 i|9",
                   "value-quantity 17  range",
                   "value-quantity 18 mg range",
                   "value-quantity 18 milligram range",
                   "value-quantity 20 .0.0.1.0.0.0.0.0 range"}));
  EXPECT_EQ(
      terms_as_text(R"({"resourceType":"Encounter","subject":{"reference":"Group/1"},
    "class":{"system":"v","code":"AMB"},"period":{"end":"2019"}})",
                    {"subject", "patient", "class", "date"}),
      (Lines{"class 3 v", "class 1 amb", "class 2 v|amb",
             "date 15 -9223372036854775808 1577836799999", "subject 6 |Group|1", "subject 7 1"}));
}

TEST(Terms, WrongShapesGiveNone) {
  for (const std::string_view resource :
       {R"([])", R"(7)", R"({"resourceType":7})", R"({"resourceType":"Basic","code":{}})",
        R"({"resourceType":"Nothing","id":"a"})",
        R"({"resourceType":"Observation","code":7,"status":{},"subject":"","component":[[]],
            "effectiveDateTime":"soon","category":[[[]]],"identifier":null})",
        R"({"resourceType":"Observation","effectivePeriod":{"start":"2021","end":"2020"}})",
        R"({"resourceType":"Observation","effectivePeriod":{"start":"2021","end":"x"}})",
        R"({"resourceType":"Observation","effectivePeriod":{}})",
        R"({"resourceType":"Observation","subject":{"reference":"#contained"}})",
        R"({"resourceType":"Observation","code":{"coding":{"code":""}}})"}) {
    EXPECT_EQ(terms_as_text(resource, {}), Lines{}) << resource;
  }
}

TEST(Terms, AreBounded) {
  const auto with_identifiers = [](std::size_t count) {
    std::string text = R"({"resourceType":"Device","identifier":[)";
    for (std::size_t i = 0; i < count; ++i) {
      text += (i == 0 ? "" : ",") + std::string(R"({"value":")") + std::to_string(i) + R"("})";
    }
    const auto document = json::parse(text + "]}", {});
    return terms_of(document->root());
  };
  EXPECT_EQ(with_identifiers(terms_max / 2)->size(), terms_max);
  const auto over = with_identifiers(terms_max / 2 + 1);
  ASSERT_FALSE(over.ok());
  EXPECT_EQ(over.error().code, ErrorCode::index_entry_invalid);

  const std::string code(term_bytes_max, 'c');
  const std::string device = R"({"resourceType":"Device","status":")";
  EXPECT_EQ(terms_as_text(device + code + R"("})", {"status"}).size(), 2U);
  EXPECT_EQ(terms_as_text(device + "x" + code + R"("})", {"status"}).size(), 0U);
  // 张 has three bytes: 1023 of 1024 are used.
  std::string name;
  for (int i = 0; i < 400; ++i) name += "张";
  const auto cut = terms_as_text(
      R"({"resourceType":"Patient","name":[{"family":")" + name + R"("}]})", {"name"});
  EXPECT_EQ(cut.at(0).size(), std::string("name 12 ").size() + 1023);
}

TEST(Terms, EveryExpressionOfTheDefinitionsIsUnderstood) {
  std::size_t parameters = 0;
  for (const std::string_view type : fhir::resource_types()) {
    for (const fhir::SearchParameter& one : fhir::search_parameters_of(type)) {
      ++parameters;
      EXPECT_EQ(fhir::find_search_parameter(type, one.code), &one) << type << " " << one.code;
    }
    // Parsing is checked: an expression that is not understood ends the test.
    const std::string text = R"({"resourceType":")" + std::string(type) + R"(","id":"a"})";
    const auto document = json::parse(text, {});
    ASSERT_TRUE(document.ok());
    EXPECT_TRUE(terms_of(document->root()).ok()) << type;
  }
  EXPECT_GT(parameters, 1600U);
}

}  // namespace
}  // namespace xl::query
