// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: what HL7's suite does not ask: bounds, errors with their codes, numbers and units at their
// limits, choices and extensions of JSON, and that the reference lists every function. Method:
// tables of expressions over small resources.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "fhir/fhirpath/evaluator.h"
#include "fhir/ucum.h"

namespace xl::fhir::fhirpath {
namespace {

constexpr std::string_view observation = R"({"resourceType":"Observation","id":"o",
"contained":[{"resourceType":"Patient","id":"p","gender":"female"}],
"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},
"subject":{"reference":"#p"},"performer":[{"reference":"Practitioner/7/_history/2"}],
"effectiveDateTime":"2026-11-23","_effectiveDateTime":{"extension":[{"url":"u","valueCode":"c"}]},
"component":[{"code":{"text":"a"},"valueInteger":3},{"code":{"text":"b"},"valueString":"x"}]})";

/// The texts of what an expression gives, joined; the code where it fails.
std::string answer(std::string_view text, bool strict = false) {
  const auto document = json::parse(observation, {});
  const auto expression = Expression::parse(text);
  if (!expression.ok()) return code_text(describe(expression.error().code).number);
  Environment environment;
  environment.resource = document->root();
  environment.strict = strict;
  const auto found = expression->evaluate({*resource_item(document->root())}, environment);
  if (!found.ok()) return code_text(describe(found.error().code).number);
  std::string out;
  for (const Item& item : *found) {
    out += (out.empty() ? "" : ",") + string_of(item).value_or("object");
  }
  return out;
}

TEST(FhirPath, WalksJsonByTheDefinitions) {
  EXPECT_EQ(answer("component.value"), "3,x");
  EXPECT_EQ(answer("component.value.ofType(integer)"), "3");
  EXPECT_EQ(answer("Observation.effective"), "2026-11-23");
  EXPECT_EQ(answer("effective.extension('u').value"), "c");
  EXPECT_EQ(answer("effective.extension.url"), "u");
  EXPECT_EQ(answer("subject.resolve().gender"), "female");
  EXPECT_EQ(answer("performer.resolve() is Practitioner"), "true");
  EXPECT_EQ(answer("performer.where(resolve() is Patient).exists()"), "false");
  EXPECT_EQ(answer("descendants().ofType(Coding).code"), "8867-4");
  EXPECT_EQ(answer("nothing"), "");
  EXPECT_EQ(answer("nothing", true), "XL4161");
  EXPECT_EQ(answer("valueInteger", true), "XL4161");
}

TEST(FhirPath, MovesDatesByTheCalendar) {
  EXPECT_EQ(answer("@2024-02-28 + 1 day"), "2024-02-29");
  EXPECT_EQ(answer("@2023-02-28 + 1 day"), "2023-03-01");
  EXPECT_EQ(answer("@2024-02-29 + 1 year"), "2025-02-28");
  EXPECT_EQ(answer("@1900-02-28 + 1 day"), "1900-03-01");
  EXPECT_EQ(answer("@1970-01-01T00:00:00.000Z - 1 millisecond"), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(answer("@0001-01-01 - 1 day"), "");
  EXPECT_EQ(answer("@9999-12-31 + 1 day"), "");
  EXPECT_EQ(answer("@2023-02-29"), "XL4161");
  EXPECT_EQ(answer("@0001-01-01T00:00:00+14:00 < @0001-01-01T00:00:00Z"), "true");
}

TEST(FhirPath, RefusesWithACode) {
  for (const std::string_view broken :
       {"", "(", "1 +", "'a", "a.", "a[0", "@2026-13", "$that", "%", "a b", "1 'mg' 2", "\xff"}) {
    EXPECT_EQ(answer(broken), "XL4161") << broken;
  }
  EXPECT_EQ(answer("code.memberOf('http://v')"), "XL4162");
  EXPECT_EQ(answer("'a'.matches('(?=a)')"), "XL4162");
  EXPECT_EQ(answer("conformsTo('http://profile')"), "XL4162");
  EXPECT_EQ(answer("exists(1, 2)"), "XL4161");
  EXPECT_EQ(answer("%nobody"), "XL4161");
  EXPECT_EQ(answer("1 + true"), "XL4161");
}

TEST(FhirPath, IsBounded) {
  EXPECT_EQ(answer(std::string(63, '(') + "1" + std::string(63, ')')), "1");
  EXPECT_EQ(answer(std::string(2000, '(') + "1" + std::string(2000, ')')), "XL4161");
  EXPECT_EQ(answer(std::string(16'385, ' ')), "XL4161");
  // What stands in a row is nested as well, and what nobody could evaluate is not parsed.
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"1", "|1"},     {"1", "+1"}, {"true", " and true"}, {"1", " is Integer"}, {"$this", "[0]"},
      {"$this", ".a"}, {"", "-"},   {"1", "&1"},           {"$this", ".a()"},    {"1", "=1"}};
  for (const auto& [first, next] : rows) {
    std::string row = first;
    while (row.size() + next.size() < 16'000) row += next;
    EXPECT_EQ(answer(row + (first.empty() ? "1" : "")), "XL4161") << next;
  }
  std::string many = "1";
  for (int i = 2; i <= 128; ++i) many += "|" + std::to_string(i);
  EXPECT_EQ(answer("(" + many + ").count()"), "XL4161");
  EXPECT_EQ(answer(many.substr(0, many.rfind('|'))).substr(0, 6), "1,2,3,");
  EXPECT_EQ(answer("component.repeat($this | component)"), "object,object");
  std::string doubled = "'0123456789'";
  for (int i = 0; i < 20; ++i) doubled = "(" + doubled + ").replace('', '0123456789')";
  EXPECT_EQ(answer(doubled), "XL4163");
  EXPECT_EQ(answer("Observation.descendants().aggregate(iif($total.empty(), 'a', "
                   "$total & $total & $total & $total)).length()"),
            "XL4163");
  EXPECT_EQ(answer("descendants().aggregate(iif($total.empty(), 'ab', $total.encode('hex')"
                   ".encode('hex').encode('hex'))).length()"),
            "XL4163");
}

TEST(FhirPath, TheReferenceListsEveryFunction) {
  std::ifstream in(std::string(XL_SOURCE_DIR) + "/docs/reference/fhir.md");
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  for (const auto functions : {collection_functions(), text_functions(), number_functions(),
                               conversion_functions(), fhir_functions()}) {
    for (const Function& one_of : functions) {
      EXPECT_NE(page.find("`" + std::string(one_of.name) + "`"), std::string::npos) << one_of.name;
    }
  }
}

TEST(Decimals, AreExactAndKeepTheirDigits) {
  const auto text = [](std::optional<Decimal> value) { return value ? value->text() : "nothing"; };
  const auto of = [](std::string_view written) { return *Decimal::parse(written); };
  for (const std::string_view same : {"0", "-0.00", "1.50", "-12.345", "0.0000001"}) {
    const std::string_view shown = same == "-0.00" ? "0.00" : same;
    EXPECT_EQ(text(Decimal::parse(same)), shown);
  }
  EXPECT_EQ(text(Decimal::parse("1.2e3")), "1200");
  EXPECT_EQ(text(Decimal::parse("12E-3")), "0.012");
  for (const std::string_view none : {"", "-", ".5", "1.", "1e", "0x1", "1 ", "1e99"}) {
    EXPECT_FALSE(Decimal::parse(none)) << none;
  }
  const std::string most(Decimal::digits_max, '9');
  EXPECT_EQ(text(Decimal::parse(most)), most);
  EXPECT_FALSE(Decimal::parse(most + "9"));
  EXPECT_EQ(text(Decimal::sum(of("0.1"), of("0.2"))), "0.3");
  EXPECT_FALSE(Decimal::sum(of(most), of("1")));
  EXPECT_EQ(text(Decimal::product(of("1.20"), of("3"))), "3.60");
  EXPECT_FALSE(Decimal::product(of(most), of(most)));
  EXPECT_EQ(text(Decimal::quotient(of("1"), of("3"))), "0.3333333333333333");
  EXPECT_EQ(text(Decimal::quotient(of("10"), of("4"))), "2.5");
  EXPECT_FALSE(Decimal::quotient(of("1"), of("0.0")));
  EXPECT_EQ(of("1.50"), of("1.5"));
  EXPECT_LT(of("0.0000000000000000000000000001"), of(most));
  EXPECT_GT(of(most), of("0.0000000000000000000000000001"));
}

TEST(Units, ConvertWhereUcumSaysSo) {
  struct Row {
    std::string_view from;
    std::string_view to;
    long double factor;  ///< 0: none
  };
  for (const auto& [from, to, factor] :
       {Row{"g", "mg", 1000}, Row{"mmol/L", "umol/mL", 1}, Row{"mg/dL", "g/L", 0.01L},
        Row{"mm[Hg]", "kPa", 0.133322L}, Row{"[in_i]", "cm", 2.54L}, Row{"10*9/L", "/nL", 1},
        Row{"{beats}/min", "/min", 1}, Row{"kcal/(8.h)", "W", 4184.0L / 28800},
        Row{"k[iU]/L", "[IU]/mL", 1}, Row{"[iU]", "mg", 0}, Row{"Cel", "Cel", 1},
        Row{"Cel", "K", 0}, Row{"nonsense", "g", 0}, Row{"m2", "m", 0}}) {
    const auto found = conversion(from, to);
    EXPECT_EQ(found.has_value(), factor != 0) << from << " " << to;
    if (!found) continue;
    EXPECT_NEAR(static_cast<double>(*found / factor), 1, 1e-9) << from << " " << to;
  }
  for (const std::string_view none : {"", "m//", "(m", "m^2", "/", "{", "m99"}) {
    EXPECT_FALSE(unit_of(none)) << none;
  }
  std::string nested(40, '(');
  nested += "m" + std::string(40, ')');
  EXPECT_FALSE(unit_of(nested));
}

}  // namespace
}  // namespace xl::fhir::fhirpath
