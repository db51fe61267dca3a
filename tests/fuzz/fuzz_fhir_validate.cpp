// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// links: base fhir
//
// Goal: no resource crashes those who read it, and findings stay within their bounds. Method: parse
// anything; validate it, ask for its labels and references, rewrite these; what was valid stays so
// when nothing is rewritten.
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "base/json/json.h"
#include "fhir/compartment.h"
#include "fhir/labels.h"
#include "fhir/outcome.h"
#include "fhir/references.h"
#include "fhir/validate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Twice the depth that resources may have.
  const xl::json::Limits limits{.bytes_max = 1U << 20U, .depth_max = 256, .elements_max = 100'000};
  auto document = xl::json::parse(xl::text_of({data, size}), limits);
  if (!document.ok()) return 0;
  const auto issues = xl::fhir::validate(document->root());
  XL_CHECK(issues.size() <= xl::fhir::issues_max);
  XL_CHECK(xl::json::parse(xl::fhir::outcome_text(issues), limits).ok());
  const auto labels = xl::fhir::labels_of(document->root());
  XL_CHECK(labels.classes.size() <= xl::fhir::label_classes_max);
  XL_CHECK(labels.sensitivities.size() <= xl::fhir::label_sensitivities_max);
  (void)xl::fhir::compartment_references(document->root());
  std::size_t references = 0;
  xl::fhir::for_each_reference(document->root(),
                               [&](std::string_view, xl::json::Value) { ++references; });
  const xl::json::Document before = xl::json::Document::copy(document->root());
  const auto keep = [](std::string_view) { return std::nullopt; };
  XL_CHECK(xl::fhir::rewrite_references(document->edit(), keep) == 0);
  XL_CHECK(xl::json::identical(before.root(), document->root()));
  const auto change = [](std::string_view) { return std::optional<std::string>("Patient/1"); };
  XL_CHECK(xl::fhir::rewrite_references(document->edit(), change) >= references);
  return 0;
}
