// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: who votes is read from what the engine says, and what it does not say is no answer.
// Method: answers of CometBFT v0.40's `consensus_state`, cut down to what is read.
#include "ordering/cometbft/watch.h"

#include <gtest/gtest.h>

namespace xl::ordering::cometbft {
namespace {

Result<RoundView> read(std::string_view text) {
  const auto document = json::parse(text, {});
  EXPECT_TRUE(document.ok());
  return read_round(document->root());
}

TEST(Watch, ReadsWhoVotedInTheLastRounds) {
  const auto round = read(R"({"height/round/step":"12/3/6","height_vote_set":[
    {"round":0,"prevotes_bit_array":"BA{4:xxxx} 40/40 = 1.00",
     "precommits_bit_array":"BA{4:____} 0/40 = 0.00"},
    {"round":2,"prevotes_bit_array":"BA{4:x_x_} 20/40 = 0.50",
     "precommits_bit_array":"BA{4:x___} 10/40 = 0.25"},
    {"round":3,"prevotes_bit_array":"BA{4:____} 0/40 = 0.00",
     "precommits_bit_array":"BA{4:____} 0/40 = 0.00"}]})");
  ASSERT_TRUE(round.ok()) << round.error().text();
  EXPECT_EQ(round->height, 12U);
  EXPECT_EQ(round->step, 6U);
  EXPECT_EQ(round->voting, (std::vector<bool>{true, false, true, false}));
}

TEST(Watch, RefusesWhatItDoesNotKnow) {
  for (const char* text :
       {R"({})", R"({"height/round/step":"12"})", R"({"height/round/step":"12/3"})",
        R"({"height/round/step":"a/3/6"})",
        R"({"height/round/step":"12/3/6","height_vote_set":[{"prevotes_bit_array":"xx"}]})"}) {
    EXPECT_EQ(read(text).error().code, ErrorCode::engine_answer_invalid) << text;
  }
}

TEST(Watch, ReadsHowFarPeersSayTheyAreAndLeavesOutWhatItDoesNotKnow) {
  const auto document = json::parse(R"([
    {"node_address":"aa@127.0.0.1:1","peer_state":{"round_state":{"height":"12","round":0}}},
    {"node_address":"bb@127.0.0.1:2","peer_state":{"round_state":{"height":"-1"}}},
    {"node_address":"cc@127.0.0.1:3","peer_state":{}}, {}, 7])",
                                    {});
  ASSERT_TRUE(document.ok());
  const auto peers = read_peers(document->root());
  ASSERT_EQ(peers.size(), 1U);
  EXPECT_EQ(peers[0].node_id, "aa");
  EXPECT_EQ(peers[0].height, 12U);
  EXPECT_TRUE(read_peers(json::Value{}).empty());
}

}  // namespace
}  // namespace xl::ordering::cometbft
