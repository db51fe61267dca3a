// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// links: fhir
//
// Goal: no expression makes FHIRPath crash, hang or grow. Method: any text, parsed and evaluated
// over a small Patient, whose answer is turned into texts.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "fhir/fhirpath/fhirpath.h"

namespace {

constexpr std::string_view patient = R"({"resourceType":"Patient","id":"p","active":true,
"name":[{"family":"Li","given":["Ming","An"],"_given":[null,{"id":"a"}]}],
"birthDate":"1974-12-25","multipleBirthInteger":2,"contact":[{"name":{"family":"Wu"}}],
"extension":[{"url":"http://a.example","valueQuantity":{"value":1.50,"unit":"mg"}}]})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace fhirpath = xl::fhir::fhirpath;
  static const auto document = xl::json::parse(patient, {});
  const auto expression = fhirpath::Expression::parse({reinterpret_cast<const char*>(data), size});
  if (!expression.ok()) return 0;
  fhirpath::Environment environment;
  environment.resource = document->root();
  for (const bool strict : {false, true}) {
    environment.strict = strict;
    const auto found =
        expression->evaluate({*fhirpath::resource_item(document->root())}, environment);
    if (!found.ok()) continue;
    for (const fhirpath::Item& item : *found) {
      const auto text = fhirpath::string_of(item);
      XL_CHECK(!text || text->size() <= 16U << 20U);
    }
  }
  return 0;
}
