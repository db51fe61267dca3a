// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: CometBFT's encodings are byte-exact. Method: the published vectors of CometBFT's own tests
// (types/block_test.go, types/vote_test.go) and round trips.
#include <gtest/gtest.h>

#include "crypto/hash.h"
#include "crypto/merkle.h"
#include "model/comet/encoding.h"
#include "model/comet/header.h"

namespace xl::model::comet {
namespace {

Bytes digest_of(std::string_view text) { return copy_of(crypto::sha256(view_of(text))); }

/// The header of CometBFT's TestHeaderHash.
Header published_header() {
  Header header;
  header.version_block = 1;
  header.version_app = 2;
  header.chain_id = "chainId";
  header.height = 3;
  header.time = *timestamp_from_rfc3339("2019-10-13T16:14:44Z");
  header.last_block_id = {Bytes(32, 0), {6, Bytes(32, 0)}};
  header.last_commit_hash = digest_of("last_commit_hash");
  header.data_hash = digest_of("data_hash");
  header.validators_hash = digest_of("validators_hash");
  header.next_validators_hash = digest_of("next_validators_hash");
  header.consensus_hash = digest_of("consensus_hash");
  header.app_hash = digest_of("app_hash");
  header.last_results_hash = digest_of("last_results_hash");
  header.evidence_hash = digest_of("evidence_hash");
  const Bytes proposer = digest_of("proposer_address");
  header.proposer_address.assign(proposer.begin(), proposer.begin() + 20);
  return header;
}

TEST(Comet, HeaderHashIsThePublishedOne) {
  EXPECT_EQ(to_hex(hash_of(published_header())),
            "f740121f553b5418c3efbd343c2dbfe9e007bb67b0d020a0741374bab65242a4");
}

TEST(Comet, VoteSignBytesAreThePublishedOnes) {
  Commit commit;
  commit.height = 1;
  commit.round = 1;
  commit.signatures.push_back({BlockIdFlag::nil, Bytes(20, 0), {Timestamp::zero_seconds, 0}, {}});
  EXPECT_EQ(to_hex(vote_sign_bytes("", commit, 0)),
            "2108021101000000000000001901000000000000002a0b088092b8c398feffffff01");
}

TEST(Comet, StoredFormsRoundTrip) {
  const Header header = published_header();
  const auto decoded = decode_header(encode_header(header));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, header);
  Commit commit{7, 1, {Bytes(32, 9), {2, Bytes(32, 8)}}, {}};
  commit.signatures.push_back({BlockIdFlag::commit, Bytes(20, 1), {5, 6}, Bytes(64, 2)});
  commit.signatures.push_back({});
  const auto commit_again = decode_commit(encode_commit(commit));
  ASSERT_TRUE(commit_again.ok());
  EXPECT_EQ(*commit_again, commit);
  Bytes torn = encode_commit(commit);
  torn.pop_back();
  EXPECT_FALSE(decode_commit(torn).ok());
}

TEST(Comet, EmptyBlockHasOnePartAndItsIdBindsEveryTransaction) {
  Header header = published_header();
  const Commit none;
  const BlockId empty = block_id_of(header, {}, none, {});
  EXPECT_EQ(empty.parts.total, 1U);
  EXPECT_NE(block_id_of(header, {Bytes{1}}, none, {}).parts.hash, empty.parts.hash);
  EXPECT_EQ(block_id_of(header, {Bytes(70000, 1)}, none, {}).parts.total, 2U);
}

TEST(Comet, TimesRoundTripAndRefuseWhatIsNotRfc3339) {
  for (const std::string_view text :
       {"2026-11-21T09:12:00Z", "2024-02-29T23:59:59.999999999Z", "1970-01-01T00:00:00.5Z",
        "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "2000-02-29T00:00:00.000001Z"}) {
    const auto time = timestamp_from_rfc3339(text);
    ASSERT_TRUE(time.ok()) << text;
    EXPECT_EQ(to_rfc3339(*time), text);
  }
  for (const std::string_view text :
       {"", "2026-11-21", "2026-11-21T09:12:00", "2026-11-21T09:12:00+00:00",
        "2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-21T24:00:00Z",
        "2026-11-21T00:00:00.Z", "2026-11-21T00:00:00.1234567890Z", "2026-11-21t00:00:00Z",
        "0000-01-01T00:00:00Z"}) {
    EXPECT_FALSE(timestamp_from_rfc3339(text).ok()) << text;
  }
  EXPECT_EQ(timestamp_from_rfc3339("0001-01-01T00:00:00Z")->seconds, Timestamp::zero_seconds);
}

}  // namespace
}  // namespace xl::model::comet
