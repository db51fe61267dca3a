// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: who votes is read from what the engine says, and what it does not say is no answer.
// Method: answers of CometBFT v0.40's `consensus_state`, cut down to what is read.
#include "ordering/cometbft/watch.h"

#include <gtest/gtest.h>

#include "ordering/cometbft/reasons.h"

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

TEST(Watch, BelievesAHeightThatMoreThanAThirdOfThePowerSays) {
  using Said = std::vector<std::pair<std::uint64_t, std::int64_t>>;
  EXPECT_EQ(vouched_height(Said{{90, 10}, {70, 10}, {71, 10}}, 40), 71U);
  EXPECT_EQ(vouched_height(Said{{90, 13}, {70, 10}}, 40), 70U) << "13 of 40 may all be lying";
  EXPECT_EQ(vouched_height(Said{{90, 14}, {70, 10}}, 40), 90U);
  EXPECT_EQ(vouched_height(Said{{90, 10}, {90, 10}}, 60), 0U) << "a third is not more than one";
  EXPECT_EQ(vouched_height({}, 40), 0U);
}

TEST(Watch, ReadsWhyTheEngineEnded) {
  const auto reason = [](std::string_view printed) { return reason_of_end(false, printed); };
  EXPECT_EQ(
      reason(
          R"({"level":"error","err":"listen tcp 127.0.0.1:26656: bind: address already in use"})"),
      ErrorCode::engine_address_taken);
  EXPECT_EQ(reason("write data/cs.wal/wal: no space left on device\nleveldb: corrupted"),
            ErrorCode::engine_disk_full);
  EXPECT_EQ(reason("panic: state.AppHash does not match AppHash after replay. Got AA, expected BB"),
            ErrorCode::engine_state_differs);
  EXPECT_EQ(reason("wrong Block.Header.AppHash.  Expected AA, got BB"),
            ErrorCode::engine_state_differs);
  EXPECT_EQ(reason("app block height (9) is higher than core (7)"),
            ErrorCode::engine_state_differs);
  EXPECT_EQ(reason("leveldb/table: corruption on data-block (pos=1): checksum mismatch"),
            ErrorCode::engine_store_damaged);
  EXPECT_EQ(reason("Error reading PrivValidator state from x: unexpected end of JSON input"),
            ErrorCode::engine_settings_invalid);
  EXPECT_EQ(reason("goroutine 1: github.com/syndtr/goleveldb/leveldb.(*DB).Get"),
            ErrorCode::engine_failed)
      << "a stack names every library";
  EXPECT_EQ(reason(""), ErrorCode::engine_failed);
  EXPECT_EQ(reason_of_end(true, ""), ErrorCode::engine_killed);
}

}  // namespace
}  // namespace xl::ordering::cometbft
