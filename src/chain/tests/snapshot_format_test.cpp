// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: docs/reference/formats-snapshot.md says what the code does. Method: the page's vectors,
// which another implementation made, are made again by the code and read by it.
#include <gtest/gtest.h>

#include <algorithm>

#include "chain/snapshot.h"
#include "crypto/hash.h"
#include "crypto/merkle.h"
#include "model/history.h"
#include "model/tests/vectors.h"

namespace xl::chain {
namespace {

/// The page's six keys, sorted by path.
std::vector<snapshot::Leaf> page_leaves() {
  std::vector<snapshot::Leaf> out;
  for (std::uint8_t number = 0; number < 6; ++number) {
    Bytes key{3, 'h'};
    append(key, Bytes(16, number));
    out.push_back({model::state_path(key), key, Bytes{1, number}});
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return out;
}

TEST(SnapshotFormat, ThePageIsWhatTheCodeDoes) {
  std::map<std::string, std::string> page = model::vectors::of_page("formats-snapshot.md");
  ASSERT_EQ(page.size(), 9U);
  const std::vector<snapshot::Leaf> leaves = page_leaves();
  snapshot::Manifest manifest;
  manifest.network.fill(7);
  manifest.height = 12;
  manifest.depth = 2;
  std::vector<Bytes> chunks;
  for (std::uint8_t part = 0; part < 4; ++part) {
    std::vector<snapshot::Leaf> some;
    std::copy_if(leaves.begin(), leaves.end(), std::back_inserter(some),
                 [&](const auto& leaf) { return leaf.path[0] >> 6 == part; });
    manifest.subtrees.push_back(snapshot::subtree_of(some, 2));
    chunks.push_back(snapshot::encode_chunk(some));
  }
  std::vector<Hash> history;
  for (std::uint8_t number = 0; number < 67; ++number) {
    history.push_back(crypto::merkle::leaf_hash(Bytes{number}));
  }
  manifest.history_size = history.size();
  const auto behind_tile = history.begin() + 64;
  manifest.history = {{behind_tile, history.end()},
                      {crypto::merkle::root_of_leaf_hashes({history.begin(), behind_tile})}};
  EXPECT_EQ(to_hex(manifest.state_root()), page["snapshot.state_root"]);
  EXPECT_EQ(to_hex(manifest.history_root()), page["snapshot.history_root"]);
  EXPECT_EQ(to_hex(manifest.app_hash()), page["snapshot.app_hash"]);
  const Bytes encoded = snapshot::encode_manifest(manifest);
  EXPECT_EQ(to_hex(encoded), page["snapshot.manifest"]);
  EXPECT_EQ(to_hex(crypto::sha256(encoded)), page["snapshot.hash"]);
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    EXPECT_EQ(to_hex(chunks[i]), page["snapshot.chunk_" + std::to_string(i + 1)]) << i;
  }
  const auto read = snapshot::decode_manifest(encoded);
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->history, manifest.history);
  for (std::uint32_t i = 0; i < 4; ++i)
    EXPECT_TRUE(snapshot::decode_chunk(chunks[i], *read, i).ok());
  EXPECT_FALSE(snapshot::decode_chunk(chunks[0], *read, 1).ok());
}

TEST(SnapshotFormat, TheWayOfThePageLeadsFromTheGenesisToItsAppHash) {
  const auto page = model::vectors::of_page("formats-snapshot.md");
  auto manifest = snapshot::decode_manifest(model::vectors::bytes_of(page, "snapshot.manifest"));
  ASSERT_TRUE(manifest.ok());
  Bytes chunk = model::vectors::bytes_of(page, "snapshot.chunk_0");
  const model::Genesis genesis = model::vectors::genesis();
  const auto way = snapshot::decode_way(chunk, *manifest, genesis);
  ASSERT_TRUE(way.ok()) << way.error().text();
  EXPECT_EQ(way->next_validators, genesis.validators);
  EXPECT_EQ(snapshot::encode_way(*way), chunk);
  manifest->height += 1;
  EXPECT_FALSE(snapshot::decode_way(chunk, *manifest, genesis).ok());
}

}  // namespace
}  // namespace xl::chain
