// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: every number of the registry can be shown to a person, in English and in Chinese. Method:
// walk the registry and judge each text.
#include "base/error_code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/json/text.h"
#include "base/result.h"

namespace xl {
namespace {

/// True when the text holds an ideograph of U+4E00..U+9FFF: E4 B8 80 .. E9 BF BF in UTF-8.
bool has_ideograph(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = json::utf8_length_at(text, at);
    if (length == 0) return false;
    const std::string_view letter = text.substr(at, length);
    if (length == 3 && letter >= "\xE4\xB8\x80" && letter <= "\xE9\xBF\xBF") return true;
    at += length;
  }
  return false;
}

TEST(ErrorRegistry, NumbersAscendAndNamesAreUnique) {
  std::set<std::string_view> names;
  unsigned before = 0;
  for (const ErrorInfo& info : error_registry()) {
    EXPECT_GT(info.number, before) << info.name;
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_TRUE(info.number < 2000 || info.number >= 3000)
        << info.name << ": 2000..2999 are the contracts' own";
    before = info.number;
  }
  EXPECT_GE(names.size(), 50U);
}

TEST(ErrorRegistry, EveryEntrySaysWhatAndWhatToDoInBothLanguages) {
  for (const ErrorInfo& info : error_registry()) {
    EXPECT_TRUE(info.en.ends_with('.')) << info.name;
    EXPECT_TRUE(info.en_fix.ends_with('.')) << info.name;
    EXPECT_GT(info.en.size(), 10U) << info.name;
    EXPECT_FALSE(has_ideograph(info.en) || has_ideograph(info.en_fix)) << info.name;
    EXPECT_TRUE(has_ideograph(info.zh)) << info.name;
    EXPECT_TRUE(has_ideograph(info.zh_fix)) << info.name;
    EXPECT_TRUE(info.zh.ends_with("。")) << info.name;
    EXPECT_TRUE(info.zh_fix.ends_with("。")) << info.name;
  }
}

TEST(ErrorRegistry, DescribesByCodeAndPrintsFourDigits) {
  EXPECT_EQ(describe(ErrorCode::json_invalid).name, "json_invalid");
  for (const ErrorInfo& info : error_registry()) {
    EXPECT_EQ(describe(static_cast<ErrorCode>(info.number)).name, info.name);
  }
  EXPECT_EQ(code_text(7), "XL0007");
  EXPECT_EQ(code_text(1001), "XL1001");
  EXPECT_EQ(code_text(65535), "XL65535");
  EXPECT_DEATH((void)describe(static_cast<ErrorCode>(1)), "internal check failed");
}

TEST(Error, DetailFollowsTheSentence) {
  EXPECT_EQ(make_error(ErrorCode::file_unreadable).text(), "XL1001: A file could not be read.");
  EXPECT_EQ(make_error(ErrorCode::file_unreadable, "x: no").text(),
            "XL1001: A file could not be read: x: no");
}

Result<int> half(int value) {
  if (value % 2 != 0) return make_error(ErrorCode::json_shape);
  return value / 2;
}

Result<int> quarter(int value) {
  XL_TRY_ASSIGN(const int once, half(value));
  XL_TRY_ASSIGN(const int twice, half(once));
  return twice;
}

Status must_be_even(int value) {
  XL_TRY(half(value));
  return {};
}

TEST(Result, HoldsAValueOrAnError) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_FALSE(quarter(6).ok());
  EXPECT_EQ(quarter(6).error().code, ErrorCode::json_shape);
  EXPECT_TRUE(must_be_even(2).ok());
  EXPECT_FALSE(must_be_even(3));
  EXPECT_DEATH((void)quarter(6).value(), "internal check failed");
  EXPECT_DEATH((void)quarter(8).error(), "internal check failed");
  EXPECT_DEATH((void)must_be_even(2).error(), "internal check failed");
}

}  // namespace
}  // namespace xl
