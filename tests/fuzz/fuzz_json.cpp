// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// links: base
//
// Goal: no text crashes the JSON reader, and what it accepts survives writing and reading. Method:
// parse anything; write what was accepted in both styles, parse that, compare.
#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"
#include "base/json/json.h"
#include "base/json/writer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const xl::json::Limits limits{.bytes_max = 1U << 20U, .depth_max = 32, .elements_max = 100'000};
  const xl::json::Limits wide{.bytes_max = 1U << 26U, .depth_max = 32, .elements_max = 100'000};
  const auto document = xl::json::parse(xl::text_of({data, size}), limits);
  if (!document.ok()) return 0;
  for (const xl::json::Style style : {xl::json::Style::compact, xl::json::Style::pretty}) {
    const auto again = xl::json::parse(xl::json::write(document->root(), style), wide);
    XL_CHECK(again.ok());
    XL_CHECK(xl::json::identical(document->root(), again->root()));
  }
  const xl::json::Document copy = xl::json::Document::copy(document->root());
  XL_CHECK(xl::json::identical(document->root(), copy.root()));
  return 0;
}
