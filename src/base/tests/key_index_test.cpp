// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the index finds every key it was given and no other, whatever its seed and however many
// keys share a place; the arena's views outlive its growth and its moves. Method: keys of every
// length against a map, chosen and random seeds.
#include "base/key_index.h"

#include <gtest/gtest.h>

#include <set>

#include "base/byte_arena.h"

namespace xl {
namespace {

Bytes key_number(std::uint32_t number, std::size_t length) {
  Bytes key(length, 0);
  for (std::size_t i = 0; i < length && i < 4; ++i) {
    key[length - 1 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return key;
}

class KeyIndexSeeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(KeyIndexSeeds, FindsWhatWasAddedAndNothingElse) {
  const std::uint64_t seed = GetParam();
  std::vector<Bytes> keys;
  for (std::size_t length = 0; length <= 40; ++length) {
    const std::uint32_t count = length == 0 ? 1 : length == 1 ? 200 : 400;
    for (std::uint32_t i = 0; i < count; ++i) keys.push_back(key_number(i, length));
  }
  const auto key_at = [&](std::uint32_t number) { return ByteView(keys[number]); };
  KeyIndex index;
  for (std::uint32_t i = 0; i < keys.size(); ++i) {
    ASSERT_EQ(index.find(keys[i], spread(keys[i], seed), key_at), KeyIndex::none);
    index.insert(spread(keys[i], seed), i);
  }
  for (std::uint32_t i = 0; i < keys.size(); ++i) {
    ASSERT_EQ(index.find(keys[i], spread(keys[i], seed), key_at), i);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, KeyIndexSeeds, testing::Values(0, 1, 0x9e3779b97f4a7c15, ~0ULL));

TEST(KeyIndex, KeysOfOnePlaceAreToldApart) {
  KeyIndex index;
  std::vector<Bytes> keys;
  for (std::uint32_t i = 0; i < 300; ++i) keys.push_back(key_number(i, 8));
  const auto key_at = [&](std::uint32_t number) { return ByteView(keys[number]); };
  for (std::uint32_t i = 0; i < keys.size(); ++i) index.insert(7, i);  // one hash for all
  for (std::uint32_t i = 0; i < keys.size(); ++i) EXPECT_EQ(index.find(keys[i], 7, key_at), i);
  EXPECT_EQ(index.find(key_number(300, 8), 7, key_at), KeyIndex::none);
}

TEST(Spread, DependsOnEveryByteTheLengthAndTheSeed) {
  std::set<std::uint64_t> seen;
  for (std::size_t length = 0; length <= 17; ++length) {
    seen.insert(spread(Bytes(length, 0), 1));
    for (std::size_t i = 0; i < length; ++i) {
      Bytes key(length, 0);
      key[i] = 1;
      seen.insert(spread(key, 1));
    }
  }
  EXPECT_EQ(seen.size(), 18U + 17U * 18U / 2);
  EXPECT_NE(spread(Bytes{1}, 1), spread(Bytes{1}, 2));
}

TEST(ByteArena, ViewsStayThroughGrowthAndMoves) {
  ByteArena arena;
  std::vector<std::pair<Bytes, ByteView>> kept;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    Bytes bytes(i % 700, static_cast<std::uint8_t>(i));
    const ByteView view = arena.add(bytes);
    kept.emplace_back(std::move(bytes), view);
  }
  const ByteView large = arena.add(Bytes(3U << 20U, 9));
  ByteArena moved = std::move(arena);
  const ByteView in_the_emptied = arena.add(Bytes{1, 2, 3});  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(equal(in_the_emptied, Bytes{1, 2, 3}));
  EXPECT_TRUE(equal(moved.add(Bytes{4}), Bytes{4}));
  for (const auto& [bytes, view] : kept) ASSERT_TRUE(equal(bytes, view));
  EXPECT_EQ(large.size(), 3U << 20U);
  EXPECT_EQ(large[123], 9);
}

}  // namespace
}  // namespace xl
