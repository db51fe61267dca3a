// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: answers for programs have one form, and the catalogue of Chinese texts is sound. Method:
// tables of values and what becomes of them; every row of the catalogue is looked at.
#include "base/answer.h"

#include <gtest/gtest.h>

#include <set>

#include "base/chinese.h"

namespace xl {
namespace {

std::string answered(std::string_view text, std::string_view schema = {}) {
  const auto document = json::parse(text, {});
  return document.ok() ? answer_text(document->root(), schema) : document.error().text();
}

TEST(Answer, TimesAreUtcWithMilliseconds) {
  EXPECT_EQ(iso_time(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(iso_time(1'767'323'045'678), "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(iso_time(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(iso_time(951'782'400'000), "2000-02-29T00:00:00.000Z");
}

TEST(Answer, SchemaComesFirstAndOnce) {
  EXPECT_EQ(answered(R"({"a":1,"schema":"x/v1"})"), R"({"schema":"x/v1","a":1})");
  EXPECT_EQ(answered(R"({"a":1})", "y/v1"), R"({"schema":"y/v1","a":1})");
}

TEST(Answer, PointsInTimeLoseTheirUnitAndDurationsKeepIt) {
  EXPECT_EQ(answered(R"({"end_ms":"1000","until_s":2,"write_ms":7,"for_ms":"5"})", "x"),
            R"({"schema":"x","end":"1970-01-01T00:00:01.000Z","until":"1970-01-01T00:00:02.000Z",)"
            R"("write_ms":7,"for_ms":"5"})");
  EXPECT_EQ(answered(R"({"end_ms":0,"start_ms":null,"data_from_ms":0,"at_ms":"soon"})", "x"),
            R"({"schema":"x","end":null,"start":null,"data_from":"1970-01-01T00:00:00.000Z",)"
            R"("at":null})");
  EXPECT_EQ(
      answered(R"({"t":["2026-01-02T03:04:05.123456789Z","2026-01-02T03:04:05Z","2026-01"]})", "x"),
      R"({"schema":"x","t":["2026-01-02T03:04:05.123Z","2026-01-02T03:04:05.000Z",)"
      R"("2026-01"]})");
}

TEST(Answer, AbsentIsNullAndForeignFormsStay) {
  EXPECT_EQ(answered(R"({"name":"","list":["",{"b":""}]})", "x"),
            R"({"schema":"x","name":null,"list":[null,{"b":null}]})");
  const std::string foreign =
      R"({"schema":"x","card":{"schema":"c","made_ms":1,"n":""},"r":{"resourceType":"P","n":""}})";
  EXPECT_EQ(answered(foreign), foreign);
}

TEST(Chinese, EveryRowIsThereOnceAndUsesOnlyWhatTheTextHas) {
  std::set<std::string_view> seen;
  for (const Wording& row : wordings()) {
    EXPECT_TRUE(seen.insert(row.english).second) << row.english;
    std::size_t gaps = 0;
    for (std::size_t at = row.english.find("{}"); at != row.english.npos;
         at = row.english.find("{}", at + 1)) {
      ++gaps;
    }
    for (std::size_t n = 1; n <= gaps; ++n) {
      EXPECT_NE(row.chinese.find("{" + std::to_string(n) + "}"), row.chinese.npos) << row.english;
    }
    EXPECT_EQ(row.chinese.find("{" + std::to_string(gaps + 1) + "}"), row.chinese.npos);
  }
}

TEST(Chinese, NoRowIsHiddenByAnother) {
  for (const Wording& row : wordings()) {
    std::string english(row.english);
    std::string chinese(row.chinese);
    for (std::size_t at = english.find("{}"); at != english.npos; at = english.find("{}")) {
      english.replace(at, 2, "7");
    }
    for (std::size_t n = 1; n <= 9; ++n) {
      const std::string place = "{" + std::to_string(n) + "}";
      for (std::size_t at = chinese.find(place); at != chinese.npos; at = chinese.find(place)) {
        chinese.replace(at, place.size(), "7");
      }
    }
    EXPECT_EQ(in_chinese(english), chinese);
  }
}

TEST(Chinese, WhatStandsInATextIsLookedUpToo) {
  EXPECT_EQ(in_chinese("try it"), "试用");
  EXPECT_EQ(in_chinese("no such words here"), "no such words here");
  EXPECT_EQ(in_chinese("results of block 12"), "区块 12 的结果");
  EXPECT_EQ(in_chinese("--port: Value 70000 not in range 0 to 65535"),
            "--port 的值 70000 不在 0 至 65535 之间");
  EXPECT_EQ(in_chinese("it would send transaction ab12, 40 bytes"), "将发送交易 ab12,40 字节");
}

TEST(InFile, SyntaxErrorsAreNamedByTheirLine) {
  const std::string text = "{\n \"a\": 1\n \"b\": 2\n}";
  const auto read = json::in_file(json::parse(text, {}), text, "folder/x.json");
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.error().message.find(": folder/x.json:3: expected a comma"), std::string::npos)
      << read.error().message;
  const Error shape = json::in_file(make_error(ErrorCode::json_shape, "kind"), text, "x.json");
  EXPECT_EQ(shape.message, make_error(ErrorCode::json_shape, "x.json: kind").message);
  EXPECT_EQ(json::in_file(make_error(ErrorCode::json_shape), text, "x").message,
            make_error(ErrorCode::json_shape, "x").message);
  EXPECT_TRUE(json::in_file(json::parse("{}", {}), "{}", "x").ok());
}

}  // namespace
}  // namespace xl
