// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: names compare without case and accents, and each kind of element becomes the terms it can
// be found by. Method: tables.
#include "query/fhir_terms.h"

#include <gtest/gtest.h>

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
      {"Đặng", "dặng"},
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
      {"Ёлка", "ёлка"},
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

/// `parameter kind-specific-text` of every term.
std::vector<std::string> terms_as_text(std::string_view resource) {
  const auto document = json::parse(resource, {});
  EXPECT_TRUE(document.ok());
  const auto terms = terms_of(document->root());
  EXPECT_TRUE(terms.ok());
  std::vector<std::string> out;
  for (const Term& term : *terms) {
    std::string line(term.parameter);
    line += " " + term.system + "|" + term.type + "|" + term.value;
    if (term.kind == SearchKind::date) {
      line += term.time.low == fhir::time_lowest_ms ? " open" : " " + std::to_string(term.time.low);
      line +=
          term.time.high == fhir::time_highest_ms ? " open" : " " + std::to_string(term.time.high);
    }
    out.push_back(line);
  }
  return out;
}

TEST(Terms, OfEachKindOfElement) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(terms_as_text(R"({"resourceType":"Patient","id":"p","active":true,"gender":"female",
    "birthDate":"2020-01-01","identifier":[{"system":"s","value":"1"},{"value":"2"}],
    "name":[{"family":"Dvořák","given":["Ana","Ana"]},{"text":"A D"}]})"),
            (Lines{"identifier s||1", "identifier ||2", "name ||a d", "name ||dvorak", "name ||ana",
                   "family ||dvorak", "given ||ana", "birthdate || 1577836800000 1577923199999",
                   "gender ||female", "active ||true"}));
  EXPECT_EQ(terms_as_text(R"({"resourceType":"Observation","status":"final",
    "subject":{"reference":"Patient/1"},"category":[{"coding":[{"system":"c","code":"lab"}]}],
    "code":{"coding":[{"system":"l","code":"1-8"},{"code":"x"},{"display":"no code"}],"text":"t"},
    "effectivePeriod":{"start":"2020"}})"),
            (Lines{"subject |Patient|1", "patient |Patient|1", "code l||1-8", "code ||x",
                   "category c||lab", "status ||final", "date || 1577836800000 open"}));
  EXPECT_EQ(terms_as_text(R"({"resourceType":"Encounter","subject":{"reference":"Group/1"},
    "class":{"system":"v","code":"AMB"},"period":{"end":"2019"}})"),
            (Lines{"subject |Group|1", "class v||AMB", "date || open 1577836799999"}));
}

TEST(Terms, WrongShapesGiveNone) {
  for (const std::string_view resource :
       {R"([])", R"(7)", R"({"resourceType":7})", R"({"resourceType":"Basic","code":{"text":"x"}})",
        R"({"resourceType":"Observation","code":7,"status":{},"subject":"Patient/1",
            "effectiveDateTime":"soon","category":[[[]]],"identifier":null})",
        R"({"resourceType":"Observation","effectivePeriod":{"start":"2021","end":"2020"}})",
        R"({"resourceType":"Observation","effectivePeriod":{"start":"2021","end":"x"}})",
        R"({"resourceType":"Observation","effectivePeriod":{}})",
        R"({"resourceType":"Observation","subject":{"reference":"#contained"}})",
        R"({"resourceType":"Observation","code":{"coding":{"code":""}}})"}) {
    EXPECT_EQ(terms_as_text(resource), std::vector<std::string>{}) << resource;
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
  EXPECT_EQ(with_identifiers(terms_max)->size(), terms_max);
  const auto over = with_identifiers(terms_max + 1);
  ASSERT_FALSE(over.ok());
  EXPECT_EQ(over.error().code, ErrorCode::index_entry_invalid);

  const std::string code(term_bytes_max, 'c');
  EXPECT_EQ(terms_as_text(R"({"resourceType":"Device","status":")" + code + R"("})").size(), 1U);
  EXPECT_EQ(terms_as_text(R"({"resourceType":"Device","status":"x)" + code + R"("})").size(), 0U);
  // 张 has three bytes: 1023 of 1024 are used.
  std::string name;
  for (int i = 0; i < 400; ++i) name += "张";
  const auto cut =
      terms_as_text(R"({"resourceType":"Patient","name":[{"family":")" + name + R"("}]})");
  EXPECT_EQ(cut.at(0).size(), std::string("name ||").size() + 1023);
}

}  // namespace
}  // namespace xl::query
