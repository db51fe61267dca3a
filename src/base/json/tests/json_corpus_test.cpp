// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: other people's texts are read as they mean them. Method: the JSON parsing test suite (y_
// accepted, n_ refused, i_ free), its transformation files, and a round trip of every published
// FHIR R4 example, compared value by value with a second parse.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json/json.h"
#include "base/json/writer.h"

namespace xl::json {
namespace {

namespace fs = std::filesystem;

const fs::path shared_data = XL_SHARED_DATA;
constexpr std::uint64_t file_bytes_max = 64ULL << 20U;
const Limits generous{.bytes_max = file_bytes_max, .depth_max = 64, .elements_max = 10'000'000};

std::vector<fs::path> json_files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().extension() == ".json") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<Document> parse_file(const fs::path& path) {
  XL_TRY_ASSIGN(const Bytes bytes, read_file(path, file_bytes_max));
  return parse(text_of(bytes), generous);
}

TEST(JsonCorpus, ParsingSuite) {
  const fs::path folder = shared_data / "json/nst-parsing";
  if (!fs::exists(folder)) GTEST_SKIP() << "skipped: ../shared/data not found";
  // RFC 8259 §4 only advises unique names; we demand them, because two readers of one signed text
  // could otherwise understand it differently.
  const std::set<std::string> refused_as_duplicate = {"y_object_duplicated_key.json",
                                                      "y_object_duplicated_key_and_value.json"};
  std::map<char, int> seen;
  for (const fs::path& path : json_files_below(folder)) {
    const std::string name = path.filename().string();
    const auto document = parse_file(path);
    ++seen[name[0]];
    if (refused_as_duplicate.contains(name)) {
      ASSERT_FALSE(document.ok()) << name;
      EXPECT_NE(document.error().message.find("duplicate member name"), std::string::npos) << name;
    } else if (name[0] == 'y') {
      ASSERT_TRUE(document.ok()) << name << ": " << document.error().message;
      const std::string text = write(document->root());
      const auto again = parse(text, generous);
      ASSERT_TRUE(again.ok()) << name;
      EXPECT_TRUE(identical(document->root(), again->root())) << name;
    } else if (name[0] == 'n') {
      EXPECT_FALSE(document.ok()) << name;
    }
  }
  EXPECT_GE(seen['y'], 50);
  EXPECT_GE(seen['n'], 100);
  EXPECT_GE(seen['i'], 10);
}

TEST(JsonCorpus, TransformationSuiteIsKeptOrRefusedNeverChanged) {
  const fs::path folder = shared_data / "json/nst-transform";
  if (!fs::exists(folder)) GTEST_SKIP() << "skipped: ../shared/data not found";
  // What each file becomes; empty: refused (lone surrogates, duplicate names).
  const std::map<std::string, std::string> expected = {
      {"number_-9223372036854775809.json", "[-9223372036854775809]"},
      {"number_1.0.json", "[1.0]"},
      {"number_1000000000000000.json", "[1000000000000000]"},
      {"number_1e-999.json", "[1E-999]"},
      {"number_9223372036854775807.json", "[9223372036854775807]"},
      {"number_9223372036854775808.json", "[9223372036854775808]"},
      {"object_same_key_different_values.json", ""},
      {"object_same_key_same_value.json", ""},
      {"string_1_invalid_codepoint.json", ""},
      {"string_3_escaped_invalid_codepoints.json", ""},
  };
  int compared = 0;
  for (const fs::path& path : json_files_below(folder)) {
    const std::string name = path.filename().string();
    const auto document = parse_file(path);
    const auto wanted = expected.find(name);
    ASSERT_NE(wanted, expected.end()) << name;
    EXPECT_EQ(document.ok() ? write(document->root()) : "", wanted->second) << name;
    ++compared;
  }
  EXPECT_GE(compared, 10);
}

TEST(JsonCorpus, EveryFhirExampleSurvivesTheRoundTrip) {
  const fs::path folder = shared_data / "fhir/r4-examples";
  if (!fs::exists(folder)) GTEST_SKIP() << "skipped: ../shared/data not found";
  int compared = 0;
  for (const fs::path& path : json_files_below(folder)) {
    const auto document = parse_file(path);
    ASSERT_TRUE(document.ok()) << path << document.error().message;
    for (const Style style : {Style::compact, Style::pretty}) {
      const std::string text = write(document->root(), style);
      const auto again = parse(text, generous);
      ASSERT_TRUE(again.ok()) << path << again.error().message;
      ASSERT_TRUE(identical(document->root(), again->root())) << path;
      ASSERT_EQ(write(again->root(), style), text) << path;
    }
    ++compared;
  }
  EXPECT_GE(compared, 400);
}

}  // namespace
}  // namespace xl::json
