// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a block that proves misbehaviour has the hashes that CometBFT gives it. Method: a block
// with evidence of both kinds as CometBFT v0.40's own packages made, hashed and wrote it; the
// hashes of the same with anything changed.
#include <gtest/gtest.h>

#include "model/comet/encoding.h"
#include "model/comet/json.h"

namespace xl::model::comet {
namespace {

/// Made with types.MakeBlock, written with libs/json.
constexpr std::string_view block_json = R"(
{"header":{"version":{"block":"11","app":"1"},"chain_id":"vector","height":"8","time":
"2026-11-22T08:00:00.123Z","last_block_id":{"hash":
"3547CB112AC4489AF2310C0626CDBA6F3097A2AD5A3B42DDD3B59C76C7A079A3","parts":{"total":1,"hash":
"D29E05734142205473714E87753E49B8F22B97E5396B9F70E7732272C587B156"}},"last_commit_hash":
"F543059D3FA74F677D42C68FAB37BE301DF136F513B9EC46A0D70935FC46533F","data_hash":
"96E0BCDB80F4E15824B0F7066AC5D1A02631BA7F726C3D6923CE4F0D7D84C512","validators_hash":
"99F1073078AF324D131F6B2F4E1B9C5D736BBF2A393666A5D11C0FEB215D1E27","next_validators_hash":
"99F1073078AF324D131F6B2F4E1B9C5D736BBF2A393666A5D11C0FEB215D1E27","consensus_hash":
"148DE9C5A7A44D19E56CD9AE1A554BF67847AFB0C58F6E12FA29AC7DDFCA9940","app_hash":
"2D711642B726B04401627CA9FBAC32F5C8530FB1903CC4DB02258717921A4881","last_results_hash":
"454349E422F05297191EAD13E21D3DB520E5ABEF52055E4964B82FB213F593A1","evidence_hash":
"3483C8FECCDEEAEDD3B7F35AB544A44981AB957F884B9463942BC1988A33C8BA","proposer_address":
"E3DE5B0E722E746438764491C6BED192894B2FE1"},"data":{"txs":["dHg="]},"evidence":{"evidence":[{
"type":"tendermint/DuplicateVoteEvidence","value":{"vote_a":{"type":2,"height":"7","round":0,
"block_id":{"hash":"","parts":{"total":0,"hash":""}},"timestamp":"2026-11-22T08:00:00.123Z",
"validator_address":"E3DE5B0E722E746438764491C6BED192894B2FE1","validator_index":1,"signature":
"gyO6eXMor3EiTvVTDk1L3ouM7TYkI8+uR76OmQzQBGDPAuOCEAYeB9AqipFbccGh4BhRfydZ3J7vBnzAUkqDAA==",
"extension":null,"extension_signature":null},"vote_b":{"type":2,"height":"7","round":0,"block_id":
{"hash":"CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB","parts":{"total":1,
"hash":"2FF14030B3245ED01AC8688FBE8C8BA1E4ECA5E35B2906893833EF7D2ACB5681"}},"timestamp":
"2026-11-22T08:00:00.123Z","validator_address":"E3DE5B0E722E746438764491C6BED192894B2FE1",
"validator_index":1,"signature":
"OuGp8O260knQ1vcfZ6FfyysqSuZigR6p2cnGZYq60m5gqKUDyZTl8KMl91J/bBQIfku4FkWQW8u2Y/jlPJwZDQ==",
"extension":null,"extension_signature":null},"TotalVotingPower":"20","ValidatorPower":"10",
"Timestamp":"2026-11-22T08:00:00.123Z"}},{"type":"tendermint/LightClientAttackEvidence","value":{
"ConflictingBlock":{"signed_header":{"header":{"version":{"block":"11","app":"1"},"chain_id":
"vector","height":"6","time":"2026-11-22T08:00:00.123Z","last_block_id":{"hash":
"3547CB112AC4489AF2310C0626CDBA6F3097A2AD5A3B42DDD3B59C76C7A079A3","parts":{"total":1,"hash":
"D29E05734142205473714E87753E49B8F22B97E5396B9F70E7732272C587B156"}},"last_commit_hash":
"2E7D2C03A9507AE265ECF5B5356885A53393A2029D241394997265A1A25AEFC6","data_hash":
"18AC3E7343F016890C510E93F935261169D9E3F565436429830FAF0934F4F8E4","validators_hash":
"99F1073078AF324D131F6B2F4E1B9C5D736BBF2A393666A5D11C0FEB215D1E27","next_validators_hash":
"99F1073078AF324D131F6B2F4E1B9C5D736BBF2A393666A5D11C0FEB215D1E27","consensus_hash":
"148DE9C5A7A44D19E56CD9AE1A554BF67847AFB0C58F6E12FA29AC7DDFCA9940","app_hash":
"2D711642B726B04401627CA9FBAC32F5C8530FB1903CC4DB02258717921A4881","last_results_hash":
"454349E422F05297191EAD13E21D3DB520E5ABEF52055E4964B82FB213F593A1","evidence_hash":
"3F79BB7B435B05321651DAEFD374CDC681DC06FAA65E374E38337B88CA046DEA","proposer_address":
"E3DE5B0E722E746438764491C6BED192894B2FE1"},"commit":{"height":"6","round":1,"block_id":{"hash":
"E260C64AC85D9627F14D518EF6FEC96003E911D8980D7534450B651782445E71","parts":{"total":1,"hash":
"6527C9361A2F469C5275AFCB5D06E53013367CD231995DE13DC7218711388382"}},"signatures":[{
"block_id_flag":2,"validator_address":"E3DE5B0E722E746438764491C6BED192894B2FE1","timestamp":
"2026-11-22T08:00:00.123Z","signature":"6LwWPILu4YczKIx9SsY22zpt6wE+8tN7aDIr4g7cRcw="},{
"block_id_flag":1,"validator_address":"","timestamp":"0001-01-01T00:00:00Z","signature":null}]}},
"validator_set":{"validators":[{"address":"63D771218209D8BD03C482F69DFBA57310F08609","pub_key":{
"type":"tendermint/PubKeyEd25519","value":"Tuqq3xMBIO3jk5apWkikY3fhqBUDsRYad3EW5WycgXQ="},
"voting_power":"10","proposer_priority":"-10"},{"address":
"E3DE5B0E722E746438764491C6BED192894B2FE1","pub_key":{"type":"tendermint/PubKeyEd25519","value":
"BNO+JWxYyqg/hwCNNTf+OSi4FPLvb+CdCgDNCQp0z6E="},"voting_power":"10","proposer_priority":"10"}],
"proposer":{"address":"63D771218209D8BD03C482F69DFBA57310F08609","pub_key":{"type":
"tendermint/PubKeyEd25519","value":"Tuqq3xMBIO3jk5apWkikY3fhqBUDsRYad3EW5WycgXQ="},"voting_power":
"10","proposer_priority":"-10"}}},"CommonHeight":"4","ByzantineValidators":[{"address":
"E3DE5B0E722E746438764491C6BED192894B2FE1","pub_key":{"type":"tendermint/PubKeyEd25519","value":
"BNO+JWxYyqg/hwCNNTf+OSi4FPLvb+CdCgDNCQp0z6E="},"voting_power":"10","proposer_priority":"10"}],
"TotalVotingPower":"20","Timestamp":"2026-11-22T08:00:00.123Z"}}]},"last_commit":{"height":"6",
"round":1,"block_id":{"hash":"E260C64AC85D9627F14D518EF6FEC96003E911D8980D7534450B651782445E71",
"parts":{"total":1,"hash":"6527C9361A2F469C5275AFCB5D06E53013367CD231995DE13DC7218711388382"}},
"signatures":[{"block_id_flag":2,"validator_address":"E3DE5B0E722E746438764491C6BED192894B2FE1",
"timestamp":"2026-11-22T08:00:00.123Z","signature":"6LwWPILu4YczKIx9SsY22zpt6wE+8tN7aDIr4g7cRcw="
},{"block_id_flag":1,"validator_address":"","timestamp":"0001-01-01T00:00:00Z","signature":null}]
}})";

class Evidence : public testing::Test {
 protected:
  void SetUp() override {
    auto parsed = json::parse(block_json, {});
    ASSERT_TRUE(parsed.ok());
    document = std::move(*parsed);
    const json::Value block = document.root();
    header = *read_header(block.find("header"));
    last_commit = *read_commit(block.find("last_commit"));
    auto read = read_evidence(block.find("evidence"));
    ASSERT_TRUE(read.ok()) << read.error().text();
    evidence = std::move(*read);
  }
  [[nodiscard]] BlockId id() const {
    return block_id_of(header, {copy_of(view_of("tx"))}, last_commit, evidence);
  }
  json::Document document = json::Document::object();
  Header header;
  Commit last_commit;
  EvidenceList evidence;
};

TEST_F(Evidence, BothKindsHashAsInCometBft) {
  ASSERT_EQ(evidence.size(), 2U);
  EXPECT_EQ(to_hex(evidence_hash(evidence)),
            "3483c8feccdeeaedd3b7f35ab544a44981ab957f884b9463942bc1988a33c8ba");
  EXPECT_TRUE(equal(header.evidence_hash, evidence_hash(evidence)));
  EXPECT_EQ(to_hex(id().hash), "db837db8eb35e569f6ebfabf7aca9139ab4dc107355d1f9d8f374d597ee40a71");
  EXPECT_EQ(id().parts.total, 1U);
  EXPECT_EQ(to_hex(id().parts.hash),
            "cdaa80c28bca12a097530e306e7a7b4357b88ac1d76ecceba67f663f4aba12ae");
}

TEST_F(Evidence, NothingOfItCanBeChangedOrLeftOut) {
  const BlockId right = id();
  const Hash root = evidence_hash(evidence);
  for (std::size_t which = 0; which < evidence.size(); ++which) {
    for (std::size_t at = 0; at < evidence[which].size(); ++at) {
      evidence[which][at] ^= 1U;
      EXPECT_NE(evidence_hash(evidence), root) << which << ": " << at;
      EXPECT_NE(id(), right) << which << ": " << at;
      evidence[which][at] ^= 1U;
    }
  }
  std::swap(evidence[0], evidence[1]);
  EXPECT_NE(evidence_hash(evidence), root);
  evidence.pop_back();
  EXPECT_NE(evidence_hash(evidence), root);
  EXPECT_NE(id(), right);
}

TEST_F(Evidence, ABlockWithoutAnyHasNoneAndAnUnknownKindIsRefused) {
  for (const char* none :
       {R"({"evidence":{"evidence":null}})", R"({"evidence":{"evidence":[]}})"}) {
    const auto parsed = json::parse(none, {});
    const auto read = read_evidence(parsed->root().find("evidence"));
    ASSERT_TRUE(read.ok());
    EXPECT_TRUE(read->empty());
  }
  for (const char* wrong :
       {R"({"evidence":7})", R"({"evidence":[{"type":"another","value":{}}]})",
        R"({"evidence":[{"type":"tendermint/DuplicateVoteEvidence","value":{}}]})"}) {
    const auto parsed = json::parse(wrong, {});
    EXPECT_FALSE(read_evidence(parsed->root()).ok()) << wrong;
  }
}

}  // namespace
}  // namespace xl::model::comet
