// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// links: query
//
// Goal: no search and no resource makes the index crash, hang or grow. Method: the first line is a
// type, the second a parameter, the third its value, the rest a resource; it is indexed and
// searched for.
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/check.h"
#include "query/search_text.h"

namespace {

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

xl::query::RecordIndex& shared_index() {
  static const auto index = [] {
    const auto path = std::filesystem::temp_directory_path() /
                      ("xl-fuzz-search-" + std::to_string(::getpid()) + ".db");
    XL_CHECK(xl::query::RecordIndex::discard(path).ok());
    auto opened = xl::query::RecordIndex::open(path, xl::Bytes(32, 0x2c));
    XL_CHECK(opened.ok());
    return std::move(*opened);
  }();
  return *index;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view type = take_line(rest);
  const std::string_view name = take_line(rest);
  const std::string_view value = take_line(rest);
  const auto document = xl::json::parse(rest, {});
  if (document.ok()) {
    const auto terms = xl::query::terms_of(document->root(), "/o/a/fhir/");
    XL_CHECK(!terms.ok() || terms->size() <= xl::query::terms_max);
  }
  (void)xl::query::read_sort(type, value);
  (void)xl::query::read_include(name, value);
  auto criterion = xl::query::read_criterion(type, name, value, {{"http://a/fhir"}, "/o/a/fhir/"});
  if (!criterion.ok()) return 0;
  xl::query::Query query;
  query.type = type;
  query.criteria.push_back(std::move(*criterion));
  (void)shared_index().search(query);
  return 0;
}
