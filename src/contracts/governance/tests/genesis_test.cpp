// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a genesis says where its members are in one spelling, or is refused. Method: one member's
// text, altered piece by piece.
#include "contracts/governance/genesis.h"

#include <gtest/gtest.h>

#include "contracts/governance/tests/votes.h"

namespace xl::contracts::governance {
namespace {

namespace votes = testing::votes;

/// The record of a member whose text ends with `places`; nothing when the genesis is refused.
std::optional<xinglin::governance::v1::MemberRecord> read(const std::string& places) {
  const testing::Ledger ledger;
  model::Overlay state(ledger.state());
  const Bytes validator = testing::key("validator of west").signing.public_key();
  const std::string text = R"({"members":[{"organisation":")" +
                           model::did_text(testing::id("west")) +
                           R"(","weight":1,"power":10,"validator_key":")" + to_base64(validator) +
                           R"(","peer_id":")" + std::string(40, 'a') + "\"" + places + "}]}";
  const auto document = json::parse(text, {});
  EXPECT_TRUE(document.ok()) << text;
  const xl::Status written = write_genesis(document->root(), state);
  if (!written.ok()) {
    EXPECT_EQ(written.error().code, ErrorCode::genesis_malformed);
    return std::nullopt;
  }
  return find_member(state, testing::id("west"));
}

TEST(GovernanceGenesis, TellsWhereMembersAre) {
  const auto both =
      read(R"(,"address":"w.example:1","gateway":"https://w.example","archive":true)");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->address(), "w.example:1");
  EXPECT_EQ(both->gateway(), "https://w.example");
  EXPECT_TRUE(both->archive());
  EXPECT_EQ(both->moved_ms(), 0U);
  for (const char* none : {R"(,"address":"w.example:1")",
                           R"(,"address":"w.example:1","gateway":"","archive":false)"}) {
    const auto silent = read(none);
    ASSERT_TRUE(silent) << none;
    EXPECT_EQ(silent->gateway(), "");
    EXPECT_FALSE(silent->archive());
  }
}

TEST(GovernanceGenesis, RefusesPlacesThatAreNone) {
  for (const char* places :
       {R"()", R"(,"address":"")", R"(,"address":"w.example")", R"(,"address":7)",
        R"(,"address":"w.example:1","gateway":"https://W.example")",
        R"(,"address":"w.example:1","gateway":"https://w.example/")",
        R"(,"address":"w.example:1","gateway":7)", R"(,"address":"w.example:1","gateway":null)",
        R"(,"address":"w.example:1","archive":"true")",
        R"(,"address":"w.example:1","archive":1)"}) {
    EXPECT_FALSE(read(places)) << places;
  }
}

}  // namespace
}  // namespace xl::contracts::governance
