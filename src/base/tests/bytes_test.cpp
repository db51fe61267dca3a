// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: text forms of bytes are exact and strict. Method: RFC 4648 §10 vectors, round trips over
// every length, and every kind of malformed text.
#include "base/bytes.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace xl {
namespace {

TEST(Bytes, HexRoundTripsAndRefusesMalformedText) {
  Bytes out;
  EXPECT_EQ(to_hex(Bytes{0x00, 0x7f, 0xff}), "007fff");
  ASSERT_TRUE(from_hex("007fff", out));
  EXPECT_EQ(out, (Bytes{0x00, 0x7f, 0xff}));
  EXPECT_FALSE(from_hex("007Fff", out));
  EXPECT_FALSE(from_hex("0", out));
  EXPECT_FALSE(from_hex("0g", out));
  Hash digest{};
  EXPECT_TRUE(from_hex(std::string(64, 'a'), digest));
  EXPECT_FALSE(from_hex(std::string(62, 'a'), digest));
  EXPECT_FALSE(from_hex(std::string(66, 'a'), digest));
  EXPECT_FALSE(from_hex(std::string(64, 'A'), digest));
}

TEST(Bytes, HexOfOthersIsReadAsTheyWriteIt) {
  Bytes out;
  EXPECT_EQ(to_upper_hex(Bytes{0x00, 0x7f, 0xff}), "007FFF");
  ASSERT_TRUE(from_upper_hex("007FFF", out));
  EXPECT_EQ(out, (Bytes{0x00, 0x7f, 0xff}));
  EXPECT_FALSE(from_upper_hex("007fFF", out));
  EXPECT_FALSE(from_upper_hex("0", out));
  ASSERT_TRUE(from_any_hex("007fFF", out));
  EXPECT_EQ(out, (Bytes{0x00, 0x7f, 0xff}));
  EXPECT_FALSE(from_any_hex("0g", out));
}

TEST(Bytes, Base64FollowsRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(to_base64(view_of(plain)), encoded);
    Bytes out;
    ASSERT_TRUE(from_base64(encoded, out)) << encoded;
    EXPECT_EQ(text_of(out), plain);
  }
}

TEST(Bytes, Base64RefusesWhatIsNotCanonical) {
  Bytes out;
  for (const std::string_view text : {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "Zg==Zg==", "Z g="}) {
    EXPECT_FALSE(from_base64(text, out)) << text;
  }
  for (const std::string_view text : {"Zg==", "Zh", "Z", "Zm9v+", "Zm9v/w"}) {
    EXPECT_FALSE(from_base64url(text, out)) << text;
  }
}

TEST(Bytes, Base64UrlRoundTripsEveryLength) {
  Bytes plain;
  for (unsigned length = 0; length < 70; ++length) {
    Bytes out;
    ASSERT_TRUE(from_base64url(to_base64url(plain), out));
    EXPECT_EQ(out, plain);
    plain.push_back(static_cast<std::uint8_t>(length * 37 + 251));
  }
}

TEST(Bytes, BigEndianIntegersHaveFixedWidth) {
  Bytes out;
  append_be<std::uint32_t>(out, 0x01020304);
  append_be<std::uint64_t>(out, 5);
  EXPECT_EQ(to_hex(out), "010203040000000000000005");
  EXPECT_EQ(read_be<std::uint32_t>(out), 0x01020304U);
  EXPECT_EQ(read_be<std::uint64_t>(ByteView(out).subspan(4)), 5U);
}

}  // namespace
}  // namespace xl
