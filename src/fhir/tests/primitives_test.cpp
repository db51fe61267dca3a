// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: each primitive type and the narrative take what R4 §2.24.0.1 allows and no more. Method:
// tables of good and bad texts, and each bound at its maximum and one above.
#include "fhir/primitives.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fhir/narrative.h"

namespace xl::fhir {
namespace {

struct TextCase {
  Kind kind;
  std::vector<std::string_view> good;
  std::vector<std::string_view> bad;
};

TEST(Primitives, TextsHaveTheirForm) {
  const std::vector<TextCase> cases = {
      {Kind::string,
       {"a", " a ", "a\tb\r\nc", "张三", "\xC2\xA0"},
       {"", " ", "\n\t", "a\x01", "\x1F"}},
      {Kind::markdown, {"# a\n\nb", "\n a"}, {"", "  ", "a\x08"}},
      {Kind::code, {"a", "a b", "a-b/c"}, {"", " a", "a ", "a  b", "\t", "a\x01"}},
      {Kind::id, {"a", "A-1.b", "0"}, {"", "a_b", "a/b", "a b", "é", "a="}},
      {Kind::uri, {"a", "http://h/p?q#f", "urn:x:y", "#a"}, {"", "a b", " a", "a\n", "a\x01"}},
      {Kind::url, {"http://h", "mailto:a@b"}, {"", "a b"}},
      {Kind::canonical, {"http://h|1.0", "#a"}, {"", "a b"}},
      {Kind::oid,
       {"urn:oid:1.2.3", "urn:oid:2.16.0.1", "urn:oid:0.0"},
       {"", "1.2.3", "urn:oid:3.1", "urn:oid:1", "urn:oid:1.", "urn:oid:1.02", "urn:oid:1..2",
        "urn:oid:1.2a", "URN:OID:1.2"}},
      {Kind::uuid,
       {"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"},
       {"", "c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:C757873D-EC9A-4326-A141-556F43239520",
        "urn:uuid:c757873dec9a4326a141556f43239520", "urn:uuid:c757873d-ec9a-4326-a141-556f4323952",
        "urn:uuid:c757873d-ec9a-4326-a141-556f432395200"}},
      {Kind::date,
       {"2020", "2020-02", "2020-02-29", "0001-01-01", "9999-12-31"},
       {"", "20", "0000", "2020-", "2020-1", "2020-13", "2020-00", "2019-02-29", "2020-02-30",
        "2020-01-00", "2020-01-01T00:00:00Z", "2020-01-01Z", "20200101", "not a date"}},
      {Kind::date_time,
       {"2020", "2020-02", "2020-02-29", "2020-01-01T00:00:00Z", "2020-01-01T23:59:60+14:00",
        "2020-01-01T00:00:00.123456789-12:00"},
       {"", "2020-01-01T00:00:00", "2020-01-01T00:00Z", "2020-01-01T24:00:00Z",
        "2020-01-01T00:60:00Z", "2020-01-01T00:00:61Z", "2020-01-01T00:00:00+14:01",
        "2020-01-01T00:00:00+15:00", "2020-01-01T00:00:00.Z", "2020-01-01 00:00:00Z",
        "2020-01-01t00:00:00Z", "2020-01T00:00:00Z", "2020-01-01T00:00:00ZZ",
        "2020-01-01T00:00:00+1:00", "2020-01-01T"}},
      {Kind::instant,
       {"2020-01-01T00:00:00Z", "2020-01-01T00:00:00.1+08:00"},
       {"", "2020", "2020-01-01", "2020-01-01T00:00:00", "2020-01-01T00:00Z"}},
      {Kind::time,
       {"00:00:00", "23:59:60", "12:00:00.5"},
       {"", "24:00:00", "12:00", "12:00:61", "12:00:00Z", "1:00:00", "12:00:00."}},
      {Kind::base64_binary,
       {"AAAA", "AAA=", "AA==", " AAAA\nBBBB ", "A A A A", "+/+/"},
       {"", " ", "A", "AAAAA", "====", "A===", "AA=A", "AA-_", "%%%2@()()"}},
  };
  for (const TextCase& c : cases) {
    for (const std::string_view text : c.good) {
      EXPECT_EQ(text_fault(c.kind, text), Fault::none) << kind_name(c.kind) << " " << text;
    }
    for (const std::string_view text : c.bad) {
      EXPECT_EQ(text_fault(c.kind, text), Fault::form) << kind_name(c.kind) << " " << text;
    }
    EXPECT_FALSE(expected_form(c.kind).empty());
  }
}

TEST(Primitives, BoundsHoldAtTheirMaximumOnly) {
  const std::string longest(string_bytes_max, 'a');
  for (const Kind kind : {Kind::string, Kind::markdown, Kind::code, Kind::uri}) {
    EXPECT_EQ(text_fault(kind, longest), Fault::none);
    EXPECT_EQ(text_fault(kind, longest + "a"), Fault::length);
  }
  EXPECT_EQ(text_fault(Kind::id, std::string(64, 'a')), Fault::none);
  EXPECT_EQ(text_fault(Kind::id, std::string(65, 'a')), Fault::length);
  EXPECT_EQ(text_fault(Kind::base64_binary, std::string(base64_bytes_max, 'A')), Fault::none);
  EXPECT_EQ(text_fault(Kind::base64_binary, std::string(base64_bytes_max + 4, 'A')), Fault::length);
}

TEST(Primitives, NumbersHaveTheirRange) {
  const std::vector<TextCase> cases = {
      {Kind::integer,
       {"0", "-1", "2147483647", "-2147483648"},
       {"2147483648", "-2147483649", "1.0", "1e2", "-0", "99999999999999999999"}},
      {Kind::unsigned_int, {"0", "2147483647"}, {"-1", "2147483648", "0.0"}},
      {Kind::positive_int, {"1", "2147483647"}, {"0", "-1", "2147483648"}},
      {Kind::decimal, {"0", "-0.00", "1.50", "1E400", "123456789012345678901234567890"}, {}},
  };
  for (const TextCase& c : cases) {
    for (const std::string_view text : c.good) {
      EXPECT_EQ(number_fault(c.kind, text), Fault::none) << kind_name(c.kind) << " " << text;
    }
    for (const std::string_view text : c.bad) {
      EXPECT_EQ(number_fault(c.kind, text), Fault::form) << kind_name(c.kind) << " " << text;
    }
  }
}

TEST(Primitives, Base64SizeIsThatOfTheBytes) {
  EXPECT_EQ(base64_size("AAAA"), 3U);
  EXPECT_EQ(base64_size("AA A=\n"), 2U);
  EXPECT_EQ(base64_size("AAAAAA=="), 4U);
}

TEST(Narrative, TakesXhtmlWithoutScripts) {
  for (const std::string_view good :
       {R"(<div xmlns="http://www.w3.org/1999/xhtml">a</div>)",
        "<div>a &amp; b &#233; &nbsp;</div>", "<div><p>a<br/>b</p><!-- c --></div>", "<div> </div>",
        "<div/>", " <div>a</div>\n",
        R"(<div><a href='Patient/1'>a</a><img src="#b" alt="x"/></div>)",
        R"(<div><a href="https://h/javascript:1">a</a></div>)", "<div ><b >a</b ></div >"}) {
    EXPECT_TRUE(is_narrative(good)) << good;
  }
  for (const std::string_view bad : {"",
                                     "a",
                                     "<p>a</p>",
                                     "<div>a",
                                     "a<div/>",
                                     "<div>a</div>b",
                                     "<div>a</div><div>b</div>",
                                     "<div><p>a</div></p>",
                                     "<div><b>a</div>",
                                     "<div>a & b</div>",
                                     "<div>a &amp b</div>",
                                     "<div><script>a</script></div>",
                                     "<div><form>a</form></div>",
                                     "<div><iframe/></div>",
                                     R"(<div onclick="a">a</div>)",
                                     R"(<div><a href="javascript:a">b</a></div>)",
                                     R"(<div><a href=" JavaScript:a">b</a></div>)",
                                     "<div><a href=\"java\nscript:a\">b</a></div>",
                                     R"(<div><a href="&#106;avascript:a">b</a></div>)",
                                     "<div class=a>b</div>",
                                     R"(<div class="a"id="b">c</div>)",
                                     R"(<div class="<">a</div>)",
                                     "<div><!-- a</div>",
                                     "<?xml version=\"1.0\"?><div>a</div>",
                                     "<!DOCTYPE div><div>a</div>",
                                     "<div><![CDATA[a]]></div>",
                                     "<div",
                                     "<div>a</div",
                                     "<DIV>a</DIV>",
                                     "<div>a<</div>"}) {
    EXPECT_FALSE(is_narrative(bad)) << bad;
  }
}

TEST(Narrative, DepthHoldsAtItsMaximumOnly) {
  const auto nested = [](std::size_t depth) {
    std::string text = "a";
    for (std::size_t at = 0; at < depth; ++at) text = "<div>" + text + "</div>";
    return text;
  };
  EXPECT_TRUE(is_narrative(nested(narrative_depth_max)));
  EXPECT_FALSE(is_narrative(nested(narrative_depth_max + 1)));
}

}  // namespace
}  // namespace xl::fhir
