// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: an address of a member has one spelling and cannot be anything but an address. Method: good
// ones, each kind of bad one, and both bounds at their maximum and one above.
#include "model/member_address.h"

#include <gtest/gtest.h>

#include "model/limits.h"

namespace xl::model {
namespace {

TEST(MemberAddress, OfAGatewayIsASchemeAHostAndAPort) {
  for (const char* good :
       {"https://north.example", "https://north.example:7410", "http://127.0.0.1:1",
        "http://[::1]:65535", "https://[2001:db8::7]", "https://a-b.c1:443", "http://localhost"}) {
    EXPECT_TRUE(is_gateway_url(good)) << good;
  }
  for (const char* bad : {"",
                          "north.example:7410",
                          "ftp://north.example",
                          "HTTPS://north.example",
                          "https://",
                          "https://North.example",
                          "https://north.example/",
                          "https://north.example/fhir",
                          "https://north.example:",
                          "https://north.example:0",
                          "https://north.example:65536",
                          "https://north.example:07410",
                          "https://user@north.example",
                          "https://north.example?x=1",
                          "https://north.example#x",
                          "https://north example",
                          "https://.north",
                          "https://-north",
                          "https://north-",
                          "https://north..example",
                          "https://[::1",
                          "https://::1",
                          "https://[]",
                          "https://[G::1]",
                          "https://[::1]x",
                          "https://[::1]:",
                          "https:///x",
                          "https://:7410",
                          "https://a:1:2",
                          "https://n\"orth",
                          "https://n\northern"}) {
    EXPECT_FALSE(is_gateway_url(bad)) << bad;
  }
}

TEST(MemberAddress, OfAnEngineIsAHostAndAPort) {
  for (const char* good : {"north.example:26656", "North:1", "[::1]:26656", "10.0.0.1:65535"}) {
    EXPECT_TRUE(is_engine_address(good)) << good;
  }
  for (const char* bad : {"", ":26656", "north.example", "north:0", "north:65536", "north:026656",
                          "north:", "no rth:1", "north/x:1", "user@north:1", "north\":1"}) {
    EXPECT_FALSE(is_engine_address(bad)) << bad;
  }
}

TEST(MemberAddress, BothAreBounded) {
  const auto gateway = [](std::size_t bytes) {
    return "https://" + std::string(bytes - 8 - 6, 'a') + ":65535";
  };
  EXPECT_TRUE(is_gateway_url(gateway(limits::member_gateway_bytes_max)));
  EXPECT_FALSE(is_gateway_url(gateway(limits::member_gateway_bytes_max + 1)));
  const auto engine = [](std::size_t bytes) { return std::string(bytes - 2, 'a') + ":1"; };
  EXPECT_TRUE(is_engine_address(engine(limits::member_address_bytes_max)));
  EXPECT_FALSE(is_engine_address(engine(limits::member_address_bytes_max + 1)));
}

}  // namespace
}  // namespace xl::model
