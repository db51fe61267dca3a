// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: patches do what RFC 6902 and FHIR R4 say. Method: HL7's suites for both, every case; then
// what they do not ask: bounds, primitives with extensions, pointers with escapes.
#include "fhir/patch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <pugixml.hpp>
#include <string>

#include "base/bytes.h"
#include "base/file.h"
#include "fhir/fhirpath/value.h"
#include "fhir/tests/fhir_xml.h"

namespace xl::fhir {
namespace {

const std::filesystem::path cases_folder =
    std::filesystem::path(XL_SHARED_DATA) / "fhir/test-cases";

json::Document parsed(std::string_view text) {
  auto out = json::parse(text, {});
  EXPECT_TRUE(out.ok()) << text;
  return std::move(*out);
}

TEST(JsonPatch, EveryCaseOfTheSuite) {
  const auto bytes = read_file(cases_folder / "patch_json-patch-tests.json", 1U << 20U);
  if (!bytes.ok()) GTEST_SKIP() << "skipped: ../shared/data not found";
  const json::Document suite = parsed(text_of(*bytes));
  std::size_t run = 0;
  for (const json::Value one : suite.root().items()) {
    const std::string name(one.find("comment").as_string().value_or(""));
    json::Document document = json::Document::copy(one.find("doc"));
    const Status applied = apply_json_patch(document, one.find("patch"));
    ++run;
    EXPECT_EQ(applied.ok(), !one.find("error").present()) << name;
    if (!applied.ok() || !one.find("expected").present()) continue;
    EXPECT_TRUE(fhirpath::same_json(document.root(), one.find("expected"))) << name;
  }
  EXPECT_GE(run, 15U);
}

TEST(FhirPathPatch, EveryCaseOfTheSuite) {
  pugi::xml_document suite;
  if (!suite.load_file((cases_folder / "patch_fhir-patch-tests.xml").c_str())) {
    GTEST_SKIP() << "skipped: ../shared/data not found";
  }
  std::size_t run = 0;
  for (const pugi::xml_node one : suite.document_element().children("case")) {
    const std::string name = one.attribute("name").value();
    json::Document document = parsed(test::json_of_xml(one.child("input").first_child()));
    const json::Document patch = parsed(test::json_of_xml(one.child("diff").first_child()));
    const Status applied = apply_fhirpath_patch(document, patch.root());
    ++run;
    EXPECT_EQ(applied.ok(), !one.child("error")) << name << ": " << applied.error().text();
    if (!applied.ok()) continue;
    json::Node text = document.edit().find("text");
    if (const auto div = text.find("div").as_string()) {  // the suite's reader leaves spaces out
      std::string markup(*div);
      std::erase_if(markup, [](char c) { return c == ' ' || c == '\n' || c == '\t'; });
      text.set_string("div", markup);
    }
    const json::Document wanted = parsed(test::json_of_xml(one.child("output").first_child()));
    EXPECT_TRUE(fhirpath::same_json(document.root(), wanted.root()))
        << name << "\n got " << json::write(document.root()) << "\nwant "
        << json::write(wanted.root());
  }
  EXPECT_EQ(run, 33U);
}

/// The resource after a JSON Patch, or the error's number.
std::string patched(std::string_view resource, std::string_view patch) {
  json::Document document = parsed(resource);
  const json::Document changes = parsed(patch);
  const Status applied = apply_json_patch(document, changes.root());
  if (!applied.ok()) return code_text(describe(applied.error().code).number);
  return json::write(document.root());
}

TEST(JsonPatch, RefusesWithACode) {
  EXPECT_EQ(patched(R"({"a/b":{"~":1}})", R"([{"op":"replace","path":"/a~1b/~0","value":2}])"),
            R"({"a/b":{"~":2}})");
  EXPECT_EQ(patched(R"({"a":[1,2]})", R"([{"op":"add","path":"/a/2","value":3}])"),
            R"({"a":[1,2,3]})");
  EXPECT_EQ(patched(R"({"a":[1.50]})", R"([{"op":"test","path":"/a/0","value":1.5}])"),
            R"({"a":[1.50]})");
  for (const std::string_view unapplied :
       {R"([{"op":"add","path":"/a/3","value":3}])", R"([{"op":"add","path":"/a/01","value":3}])",
        R"([{"op":"remove","path":"/b"}])", R"([{"op":"test","path":"/a/0","value":"1"}])",
        R"([{"op":"replace","path":"/a/-","value":1}])",
        R"([{"op":"copy","from":"/b","path":"/c"}])"}) {
    EXPECT_EQ(patched(R"({"a":[1,2]})", unapplied), "XL4165") << unapplied;
  }
  for (const std::string_view invalid :
       {R"({})", R"([{"op":"add","path":"a","value":3}])", R"([{"op":"add","path":"/a"}])",
        R"([{"op":"swap","path":"/a","value":1}])", R"([{"op":"remove","path":""}])",
        R"([{"op":"remove","path":"/~2"}])", R"([{"op":"move","from":"/a","path":"/a/0"}])",
        R"([1])"}) {
    EXPECT_EQ(patched(R"({"a":[1,2]})", invalid), "XL4164") << invalid;
  }
  std::string many = "[";
  for (std::size_t i = 0; i <= patch_operations_max; ++i) {
    many += (i == 0 ? "" : ",") + std::string(R"({"op":"test","path":"/a/0","value":1})");
  }
  EXPECT_EQ(patched(R"({"a":[1,2]})", many + "]"), "XL4164");
}

/// A resource after one operation of a FHIRPath Patch, given as `type path rest`, or the error's
/// number. `rest` are further parts.
std::string operated(std::string_view resource, std::string_view type, std::string_view path,
                     std::string_view rest = "") {
  json::Document document = parsed(resource);
  const json::Document patch = parsed(
      R"({"resourceType":"Parameters","parameter":[{"name":"operation","part":[
        {"name":"type","valueCode":")" +
      std::string(type) + R"("},{"name":"path","valueString":")" + std::string(path) + R"("})" +
      std::string(rest) + "]}]}");
  const Status applied = apply_fhirpath_patch(document, patch.root());
  if (!applied.ok()) return code_text(describe(applied.error().code).number);
  return json::write(document.root());
}

TEST(FhirPathPatch, ExtensionsStayWithTheirPrimitives) {
  const std::string_view names =
      R"({"resourceType":"Patient","name":[{"given":["A","B","C"],
          "_given":[{"id":"a"},null,{"id":"c"}]}]})";
  const auto with = [](std::string_view given, std::string_view beside) {
    return R"({"resourceType":"Patient","name":[{"given":)" + std::string(given) +
           (beside.empty() ? "" : R"(,"_given":)" + std::string(beside)) + "}]}";
  };
  const std::string_view given = "Patient.name[0].given";
  EXPECT_EQ(
      operated(names, "move", given,
               R"(,{"name":"source","valueInteger":2},{"name":"destination","valueInteger":0})"),
      with(R"(["C","A","B"])", R"([{"id":"c"},{"id":"a"},null])"));
  EXPECT_EQ(operated(names, "insert", given,
                     R"(,{"name":"index","valueInteger":1},{"name":"value","valueString":"N"})"),
            with(R"(["A","N","B","C"])", R"([{"id":"a"},null,null,{"id":"c"}])"));
  EXPECT_EQ(operated(names, "insert", given,
                     R"(,{"name":"index","valueInteger":0},{"name":"value","valueString":"N",
                        "_valueString":{"id":"n"}})"),
            with(R"(["N","A","B","C"])", R"([{"id":"n"},{"id":"a"},null,{"id":"c"}])"));
  EXPECT_EQ(
      operated(names, "add", "Patient.name[0]",
               R"(,{"name":"name","valueString":"given"},{"name":"value","valueString":"N"})"),
      with(R"(["A","B","C","N"])", R"([{"id":"a"},null,{"id":"c"},null])"));
  EXPECT_EQ(operated(names, "replace", "Patient.name[0].given[2]",
                     R"(,{"name":"value","valueString":"N"})"),
            with(R"(["A","B","N"])", R"([{"id":"a"},null,null])"));
  EXPECT_EQ(operated(names, "delete", "Patient.name[0].given[2]"),
            with(R"(["A","B"])", R"([{"id":"a"},null])"));
  EXPECT_EQ(
      operated(with(R"([null,"B"])", R"([{"id":"a"},null])"), "delete", "Patient.name[0].given[0]"),
      with(R"(["B"])", ""));
  EXPECT_EQ(operated(with(R"(["B"])", ""), "add", "Patient.name[0]",
                     R"(,{"name":"name","valueString":"given"},
                        {"name":"value","_valueString":{"id":"x"}})"),
            with(R"(["B",null])", R"([null,{"id":"x"}])"));
  EXPECT_EQ(operated(with(R"(["B","C"])", ""), "add", "Patient.name[0].given[1]",
                     R"(,{"name":"name","valueString":"extension"},{"name":"value","part":[
                        {"name":"url","valueUri":"u"},{"name":"value","valueString":"v"}]})"),
            with(R"(["B","C"])", R"([null,{"extension":[{"url":"u","valueString":"v"}]}])"));
}

TEST(FhirPathPatch, AnExtensionGoesWithoutMovingOthers) {
  const auto with = [](std::string_view given, std::string_view beside) {
    return R"({"resourceType":"Patient","name":[{"given":)" + std::string(given) +
           (beside.empty() ? "" : R"(,"_given":)" + std::string(beside)) + "}]}";
  };
  const std::string_view a = R"({"extension":[{"url":"a","valueString":"x"}]})";
  const std::string three = with(R"(["A","B","C"])", "[" + std::string(a) + R"(,null,{"id":"c"}])");
  for (const std::string_view path :
       {"Patient.name[0].given[0].extension", "Patient.name[0].given[0].extension[0]"}) {
    EXPECT_EQ(operated(three, "delete", path),
              with(R"(["A","B","C"])", R"([null,null,{"id":"c"}])"));
  }
  const std::string hole = with(R"(["A",null])", "[null," + std::string(a) + "]");
  EXPECT_EQ(operated(hole, "delete", "Patient.name[0].given[1].extension"), with(R"(["A"])", ""));
  EXPECT_EQ(operated(R"({"resourceType":"Patient","birthDate":"1980","_birthDate":)" +
                         std::string(a) + "}",
                     "delete", "Patient.birthDate.extension"),
            R"({"resourceType":"Patient","birthDate":"1980"})");
  EXPECT_EQ(operated(R"({"resourceType":"Patient","_birthDate":)" + std::string(a) + "}", "delete",
                     "Patient.birthDate.extension"),
            R"({"resourceType":"Patient"})");
}

TEST(FhirPathPatch, PrimitivesAndChoicesAreReplacedWhole) {
  const std::string_view born =
      R"({"resourceType":"Patient","birthDate":"1980","_birthDate":{"id":"b"}})";
  EXPECT_EQ(operated(born, "replace", "Patient.birthDate",
                     R"(,{"name":"value","valueDate":"1981","_valueDate":{"id":"n"}})"),
            R"({"resourceType":"Patient","birthDate":"1981","_birthDate":{"id":"n"}})");
  EXPECT_EQ(
      operated(born, "replace", "Patient.birthDate", R"(,{"name":"value","valueDate":"1981"})"),
      R"({"resourceType":"Patient","birthDate":"1981"})");
  EXPECT_EQ(operated(born, "delete", "Patient.birthDate"), R"({"resourceType":"Patient"})");
  const std::string_view extension =
      R"(,{"name":"name","valueString":"extension"},{"name":"value","valueExtension":{"url":"u"}})";
  EXPECT_EQ(
      operated(R"({"resourceType":"Patient","birthDate":"1980","gender":"male"})", "add",
               "Patient.birthDate", extension),
      R"({"resourceType":"Patient","birthDate":"1980","_birthDate":{"extension":[{"url":"u"}]},)"
      R"("gender":"male"})");
  EXPECT_EQ(
      operated(born, "add", "Patient.birthDate",
               R"(,{"name":"name","valueString":"family"},{"name":"value","valueString":"x"})"),
      "XL4165");
  const std::string_view dead =
      R"({"resourceType":"Patient","deceasedBoolean":true,"_deceasedBoolean":{"id":"d"}})";
  const std::string_view since = R"(,{"name":"value","valueDateTime":"2020"})";
  EXPECT_EQ(operated(dead, "replace", "Patient.deceased", since),
            R"({"resourceType":"Patient","deceasedDateTime":"2020"})");
  EXPECT_EQ(operated(dead, "add", "Patient",
                     R"(,{"name":"name","valueString":"deceased"})" + std::string(since)),
            R"({"resourceType":"Patient","deceasedDateTime":"2020"})");
  EXPECT_EQ(
      operated(R"({"resourceType":"Observation","component":[{"valueString":"x"}]})", "replace",
               "Observation.component[0].value", R"(,{"name":"value","valueInteger":3})"),
      R"({"resourceType":"Observation","component":[{"valueInteger":3}]})");
  EXPECT_EQ(operated(born, "add", "Patient",
                     R"(,{"name":"name","valueString":"name"},{"name":"value",
                        "valueHumanName":{"family":"x"},"_valueHumanName":{"id":"1"}})"),
            "XL4164");
}

}  // namespace
}  // namespace xl::fhir
