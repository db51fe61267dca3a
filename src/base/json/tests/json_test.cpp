// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: what is read is exactly what was written, and nothing malformed is read. Method: tables of
// accepted and refused texts with the offset named, every limit at max and max + 1, edits compared
// with their text.
#include "base/json/json.h"

#include <gtest/gtest.h>

#include <string>

#include "base/json/text.h"
#include "base/json/writer.h"

namespace xl::json {
namespace {

const Limits usual;

std::string rewritten(std::string_view text) {
  auto document = parse(text, usual);
  if (!document.ok()) return document.error().text();
  return write(document->root());
}

TEST(Json, KeepsNumberTextsAndMemberOrder) {
  for (const std::string_view text :
       {R"({"b":1.50,"a":1E400,"c":-0,"d":-0.0e+10})", "1.50",
        "[123456789012345678901234567890,0.10,1e-999]", R"(["a",{"z":[],"y":{}},null,true,false])",
        R"("x")", "null", "[]", "{}", R"({"":0})"}) {
    EXPECT_EQ(rewritten(text), text);
  }
  EXPECT_EQ(rewritten(" \t\r\n[ 1.50 , 2 ]\n"), "[1.50,2]");
}

TEST(Json, EscapesMinimally) {
  EXPECT_EQ(rewritten(R"("\u0041\/\"\\\b\f\n\r\t\u0000\u001f\u007f\u4e2d\ud83d\ude00")"),
            "\"A/\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\x7f中😀\"");
  Writer writer;
  writer.string(
      "a\xff\xc0\xaf"
      "b\xed\xa0\x80");
  EXPECT_EQ(writer.take(),
            "\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(Json, RefusesAndNamesTheOffset) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "byte 0"},
      {"  ", "byte 2"},
      {"\xEF\xBB\xBF{}", "byte 0"},
      {"[1 2]", "byte 3"},
      {"[1,]", "byte 3"},
      {"[,1]", "byte 1"},
      {"[1}", "byte 2"},
      {"[1", "byte 2"},
      {"]", "byte 0"},
      {"1 2", "byte 2"},
      {"{} {}", "byte 3"},
      {"[\"a\":1]", "byte 4"},
      {"{\"a\" 1}", "byte 5"},
      {"{\"a\":1,}", "byte 7"},
      {"{1:2}", "byte 1"},
      {"{\"a\"b:1}", "byte 4"},
      {"[\"a\"1]", "byte 4"},
      {"[\"a\"\"b\"]", "byte 4"},
      {"[1\"a\"]", "byte 1"},
      {"[tru]", "byte 1"},
      {"[truex]", "byte 1"},
      {"[nul l]", "byte 1"},
      {"[01]", "byte 1"},
      {"[-]", "byte 1"},
      {"[+1]", "byte 1"},
      {"[1.]", "byte 1"},
      {"[.5]", "byte 1"},
      {"[1e]", "byte 1"},
      {"[0x1]", "byte 1"},
      {"[NaN]", "byte 1"},
      {"[1\f]", "byte 2"},
      {"[\"a\x01\"]", "byte 3"},
      {"[\"a\n\"]", "byte 3"},
      {"[\"abc]", "byte 1"},
      {"[\"\\x\"]", "byte 2"},
      {"[\"\\u12g4\"]", "byte 2"},
      {"[\"\\u12\"]", "byte 2"},
      {"[\"ab\\ud800\"]", "byte 4"},
      {"[\"\\udc00\"]", "byte 2"},
      {"[\"\\ud800\\u0041\"]", "byte 2"},
      {"[\"\\ud800\\ud800\"]", "byte 2"},
      {"[\"\xff\"]", "byte 2"},
      {"[\"\xed\xa0\x80\"]", "byte 2"},
      {"[\"\xc0\xaf\"]", "byte 2"},
      {"[\"\xf4\x90\x80\x80\"]", "byte 2"},
      {"[\"\xe4\xb8\"]", "byte 2"},
      {"\xff", "byte 0"},
      {R"({"a":1,"b":2,"a":3})", "byte 13"},
      {R"({"a":1,"\u0061":3})", "byte 7"},
      {R"([{"x":{"a":1,"a":1}}])", "byte 13"},
      {std::string_view("[1]\0", 4), "byte 3"},
      {"[1]//", "byte 3"},
  };
  for (const auto& [text, offset] : cases) {
    const auto document = parse(text, usual);
    ASSERT_FALSE(document.ok()) << text;
    EXPECT_EQ(document.error().code, ErrorCode::json_invalid) << text;
    EXPECT_TRUE(document.error().message.ends_with(offset))
        << text << ": " << document.error().message;
  }
}

TEST(Json, RefusesDuplicatesInLargeObjects) {
  std::string text = "{";
  for (int i = 0; i < 100; ++i) text += "\"k" + std::to_string(i) + "\":0,";
  ASSERT_TRUE(parse(text + "\"k\":0}", usual).ok());
  const auto twice = parse(text + "\"k42\":0}", usual);
  ASSERT_FALSE(twice.ok());
  EXPECT_TRUE(twice.error().message.ends_with("byte " + std::to_string(text.size())))
      << twice.error().message;
  // The seventeenth name is the first that is not compared pairwise.
  EXPECT_FALSE(parse(text.substr(0, text.find("\"k16\"")) + "\"k3\":0}", usual).ok());
}

TEST(Json, ErrorsHoldNoContent) {
  for (const std::string_view text :
       {R"({"Zhang":tru})", R"(["Zhang)", R"({"Zhang":1,"Zhang":2})", R"(["Zhang\q"])"}) {
    const auto document = parse(text, usual);
    ASSERT_FALSE(document.ok());
    EXPECT_EQ(document.error().message.find("Zhang"), std::string::npos);
  }
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(Json, LimitsHoldAtTheirMaximumOnly) {
  const Limits limits{.bytes_max = 100, .depth_max = 7, .elements_max = 9};
  const auto code = [&](const std::string& text) {
    const auto document = parse(text, limits);
    return document.ok() ? 0 : static_cast<int>(document.error().code);
  };
  const int large = static_cast<int>(ErrorCode::json_too_large);
  EXPECT_EQ(code(nested(7)), 0);
  EXPECT_EQ(code(nested(8)), large);
  EXPECT_EQ(code(R"({"a":[[[[[{}]]]]]})"), 0);
  EXPECT_EQ(code(R"({"a":[[[[[{"a":[]}]]]]]})"), large);
  EXPECT_EQ(code("[1,1,1,1,1,1,1,1]"), 0);
  EXPECT_EQ(code("[1,1,1,1,1,1,1,1,1]"), large);
  EXPECT_EQ(code("\"" + std::string(98, 'x') + "\""), 0);
  EXPECT_EQ(code("\"" + std::string(99, 'x') + "\""), large);
  EXPECT_FALSE(parse(std::string(1'000'000, '['), usual).ok());
  EXPECT_FALSE(parse("1", Limits{.bytes_max = 1, .depth_max = 1, .elements_max = 0}).ok());
}

TEST(Json, IntegersAreExactOrAbsent) {
  const auto document = parse(
      "[0,-0,9223372036854775807,-9223372036854775808,9223372036854775808,18446744073709551615,"
      "18446744073709551616,1.0,1e2,-1,\"1\"]",
      usual);
  ASSERT_TRUE(document.ok());
  const Value root = document->root();
  const auto max64 = std::numeric_limits<std::int64_t>::max();
  const auto min64 = std::numeric_limits<std::int64_t>::min();
  const std::optional<std::int64_t> as_signed[] = {0, 0, max64, min64, {}, {}, {}, {}, {}, -1, {}};
  const std::uint64_t beyond = static_cast<std::uint64_t>(max64) + 1;
  const std::optional<std::uint64_t> as_unsigned[] = {
      0,  {},     static_cast<std::uint64_t>(max64),
      {}, beyond, std::numeric_limits<std::uint64_t>::max(),
      {}, {},     {},
      {}, {}};
  for (std::size_t i = 0; i < root.size(); ++i) {
    EXPECT_EQ(root.at(i).as_int64(), as_signed[i]) << i;
    EXPECT_EQ(root.at(i).as_uint64(), as_unsigned[i]) << i;
  }
}

TEST(Json, LookupsChainAndAbsentIsEmpty) {
  const auto document = parse(R"({"meta":{"tag":[{"code":"x"}]},"on":true,"n":null})", usual);
  ASSERT_TRUE(document.ok());
  const Value root = document->root();
  EXPECT_EQ(root.find("meta").find("tag").at(0).find("code").as_string(), "x");
  const Value missing = root.find("meta").find("none").at(3).find("x");
  EXPECT_FALSE(missing.present());
  EXPECT_FALSE(missing.is_null());
  EXPECT_EQ(missing.size(), 0U);
  EXPECT_FALSE(missing.as_string() || missing.as_bool() || missing.number_text());
  EXPECT_TRUE(root.find("n").present() && root.find("n").is_null());
  EXPECT_EQ(root.find("on").as_bool(), true);
  std::string keys;
  for (const Member member : root.members()) keys += std::string(member.key) + ",";
  EXPECT_EQ(keys, "meta,on,n,");
  EXPECT_EQ(root.items().begin(), root.items().end());
}

TEST(JsonEdit, SetsReplacesAndRemovesInPlace) {
  auto document = parse(R"({"resourceType":"Basic","id":"old","value":1.50,"last":[]})", usual);
  ASSERT_TRUE(document.ok());
  Node root = document->edit();
  root.set_string("id", "new");
  Node meta = document->make_object();
  meta.set_string("versionId", "1");
  root.set_after("id", "meta", meta);
  root.set_integer("count", -7);
  root.set_boolean("active", true);
  EXPECT_TRUE(root.remove("last"));
  EXPECT_FALSE(root.remove("last"));
  root.find("meta").set_string("lastUpdated", "2024-01-01T00:00:00Z");
  EXPECT_EQ(write(document->root()),
            R"({"resourceType":"Basic","id":"new","meta":{"versionId":"1",)"
            R"("lastUpdated":"2024-01-01T00:00:00Z"},"value":1.50,"count":-7,"active":true})");
  EXPECT_TRUE(root.remove("active"));
  EXPECT_TRUE(root.remove("resourceType"));
  root.set("tail", document->make_null());
  EXPECT_EQ(root.size(), 5U);
  EXPECT_TRUE(write(document->root()).ends_with(R"("count":-7,"tail":null})"));
}

TEST(JsonEdit, ArraysGrowShrinkAndReplace) {
  Document document = Document::array();
  Node root = document.edit();
  for (int i = 0; i < 4; ++i) root.append(document.make_integer(i));
  root.replace_at(3, document.make_number("3.00"));
  EXPECT_TRUE(root.remove_at(0));
  EXPECT_FALSE(root.remove_at(3));
  root.append(document.make_string("end"));
  EXPECT_EQ(write(document.root()), R"([1,2,3.00,"end"])");
  while (root.remove_at(0)) {
  }
  root.append(document.make_array());
  EXPECT_EQ(write(document.root()), "[[]]");
}

TEST(JsonEdit, RewritesStringsDuringAWalk) {
  auto parsed = parse(R"({"a":["x","y"],"b":{"c":"x"}})", usual);
  ASSERT_TRUE(parsed.ok());
  Document document = std::move(*parsed);
  const Value list = document.root().find("a");
  const std::string_view before = *list.at(0).as_string();
  for (const Value item : list.items()) document.edit().rewrite_string(item, "longer than before");
  document.edit().rewrite_string(document.root().find("b").find("c"), "");
  EXPECT_EQ(write(document.root()),
            R"({"a":["longer than before","longer than before"],"b":{"c":""}})");
  EXPECT_EQ(before, "x");
  EXPECT_DEATH(document.edit().rewrite_string(list, "x"), "internal check failed");
}

TEST(JsonEdit, CopiesAreIndependentAndSurviveMoves) {
  auto source = parse(R"({"a":[1.50,{"b":[]},[[2]]],"c":"\n"})", usual);
  ASSERT_TRUE(source.ok());
  Document copy = Document::copy(source->root());
  const Value seen = copy.root();
  Document moved = std::move(copy);
  EXPECT_TRUE(identical(source->root(), seen));
  source->edit().set_string("c", "changed");
  EXPECT_FALSE(identical(source->root(), moved.root()));
  Document list = Document::array();
  list.edit().append(list.make_copy(moved.root().find("a")));
  list.edit().append(list.make_copy(moved.root().find("c")));
  EXPECT_EQ(write(list.root()), R"([[1.50,{"b":[]},[[2]]],"\n"])");
}

TEST(JsonEdit, ATreeStaysATree) {
  Document document = Document::object();
  Document other = Document::object();
  Node inner = document.make_object();
  document.edit().set("inner", inner);
  EXPECT_DEATH(inner.set("loop", document.edit()), "internal check failed");
  EXPECT_DEATH(document.edit().set("again", inner), "internal check failed");
  EXPECT_DEATH(document.edit().set("foreign", other.make_null()), "internal check failed");
  Node loose = document.make_object();
  Node below = document.make_object();
  loose.set("below", below);
  EXPECT_DEATH(below.set("loop", loose), "internal check failed");
}

TEST(JsonIdentical, SeesEveryDifference) {
  const std::string_view texts[] = {"{}",
                                    "[]",
                                    "1",
                                    "1.0",
                                    "\"1\"",
                                    "null",
                                    "true",
                                    "false",
                                    R"({"a":1,"b":2})",
                                    R"({"b":2,"a":1})",
                                    R"({"a":1,"b":3})",
                                    "[[1],2]",
                                    "[[1,2]]",
                                    "[1,[2]]",
                                    "[[],[]]",
                                    "[[[]]]"};
  for (const std::string_view a : texts) {
    for (const std::string_view b : texts) {
      EXPECT_EQ(identical(parse(a, usual)->root(), parse(b, usual)->root()), a == b) << a << b;
    }
  }
}

TEST(JsonWriter, WritesBothStyles) {
  const auto fill = [](Writer& writer) {
    writer.begin_object().key("a").begin_array().integer(-1).unsigned_integer(~0ULL).null();
    writer.begin_array().end_array().end_array().key("b").number_text("1.50");
    writer.key("c").begin_object().end_object().key("d").boolean(true).end_object();
    return writer.take();
  };
  Writer compact;
  EXPECT_EQ(fill(compact), R"({"a":[-1,18446744073709551615,null,[]],"b":1.50,"c":{},"d":true})");
  Writer pretty(Style::pretty);
  EXPECT_EQ(fill(pretty),
            "{\n  \"a\": [\n    -1,\n    18446744073709551615,\n    null,\n    []\n  ],\n"
            "  \"b\": 1.50,\n  \"c\": {},\n  \"d\": true\n}");
}

TEST(JsonWriter, StopsOnMisuse) {
  EXPECT_DEATH(Writer().begin_object().integer(1), "internal check failed");
  EXPECT_DEATH(Writer().begin_array().key("a"), "internal check failed");
  EXPECT_DEATH(Writer().begin_array().end_object(), "internal check failed");
  EXPECT_DEATH(Writer().integer(1).integer(2), "internal check failed");
  EXPECT_DEATH(Writer().number_text("01"), "internal check failed");
  EXPECT_DEATH(Writer().begin_object().key("a").end_object(), "internal check failed");
  EXPECT_DEATH((void)Writer().begin_array().take(), "internal check failed");
}

}  // namespace
}  // namespace xl::json
