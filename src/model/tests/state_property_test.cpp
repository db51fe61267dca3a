// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the state that a block's transactions share, and an overlay on it, read, scan and hand over
// their writes exactly as a plain sorted map would, whatever the seed of the table. Method: random
// reads, scans, writes and erasures by several transactions against std::map; short keys over few
// letters, so that keys meet, hide and prefix each other.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "model/block_state.h"

namespace xl::model {
namespace {

using Model = std::map<Bytes, Bytes, KeyLess>;

/// A reader over a map that counts how often each key was asked for.
class Below final : public StateReader {
 public:
  Model values;
  mutable std::map<Bytes, int> asked;

  [[nodiscard]] bool get(ByteView key, Bytes& value) const override {
    ++asked[copy_of(key)];
    const auto found = values.find(copy_of(key));
    if (found == values.end()) return false;
    value = found->second;
    return true;
  }
  void scan(ByteView prefix, ByteView from, std::uint32_t count_max,
            const std::function<bool(ByteView, ByteView)>& visit) const override {
    std::uint32_t left = count_max;
    for (const auto& [key, value] : values) {
      if (KeyLess{}(key, from) || !text_of(key).starts_with(text_of(prefix))) continue;
      if (left-- == 0 || !visit(key, value)) return;
    }
  }
};

class StateProperty : public testing::TestWithParam<unsigned> {
 protected:
  std::mt19937_64 random{GetParam() * 104729 + 3};

  Bytes random_key() {
    Bytes key(1 + random() % 20, 0);
    for (auto& byte : key) byte = static_cast<std::uint8_t>(random() % 8 == 0 ? 1 : 0);
    return key;
  }
  Bytes random_value() {
    return Bytes(1 + random() % 40, static_cast<std::uint8_t>(1 + random() % 9));
  }

  void expect_same(const StateReader& state, const Model& model) {
    const Bytes key = random_key();
    Bytes value;
    Bytes viewed;
    const bool found = state.get(key, value);
    const bool seen = state.view(key, [&](ByteView bytes) { viewed = copy_of(bytes); });
    const auto expected = model.find(key);
    ASSERT_EQ(found, expected != model.end());
    ASSERT_EQ(seen, found);
    if (found) {
      ASSERT_EQ(value, expected->second);
      ASSERT_EQ(viewed, expected->second);
    }
    const Bytes prefix(random() % 3, 0);
    const Bytes from = random_key();
    const auto count_max = static_cast<std::uint32_t>(random() % 6);
    std::vector<std::pair<Bytes, Bytes>> scanned;
    state.scan(prefix, from, count_max, [&](ByteView at, ByteView bytes) {
      scanned.emplace_back(copy_of(at), copy_of(bytes));
      return true;
    });
    Below reference;
    reference.values = model;
    std::vector<std::pair<Bytes, Bytes>> wanted;
    reference.scan(prefix, from, count_max, [&](ByteView at, ByteView bytes) {
      wanted.emplace_back(copy_of(at), copy_of(bytes));
      return true;
    });
    ASSERT_EQ(scanned, wanted);
  }

  void change(StateWriter& state, Model& model) {
    const Bytes key = random_key();
    if (random() % 4 == 0) {
      state.erase(key);
      model.erase(key);
    } else {
      const Bytes value = random_value();
      state.put(key, value);
      model[key] = value;
    }
  }
};

TEST_P(StateProperty, BlockStateAndOverlayEqualAMap) {
  Below below;
  for (int i = 0; i < 30; ++i) below.values[random_key()] = random_value();
  const bool scans = GetParam() % 2 == 0;  // half of the blocks never need the order early
  BlockState block(below, random());
  Model model = below.values;
  for (int transaction = 0; transaction < 20; ++transaction) {
    Overlay changes(block);
    Model after = model;
    for (int i = 0; i < 6; ++i) {
      change(changes, after);
      if (scans) expect_same(changes, after);
    }
    if (random() % 3 == 0) continue;  // refused: leaves nothing
    block.absorb(changes.writes());
    model = std::move(after);
    if (random() % 4 == 0) change(block, model);
    if (scans) expect_same(block, model);
  }
  const WriteSet writes = block.take_writes();
  Model result = below.values;
  const Bytes* last = nullptr;
  std::vector<Bytes> keys;
  for (const auto& [key, value] : writes) keys.push_back(copy_of(key));
  for (const Bytes& key : keys) {
    ASSERT_TRUE(last == nullptr || KeyLess{}(*last, key));
    last = &key;
  }
  for (const auto& [key, value] : writes) {
    if (value) {
      result[copy_of(key)] = copy_of(*value);
    } else {
      result.erase(copy_of(key));
    }
  }
  EXPECT_EQ(result, model);
  EXPECT_TRUE(block.take_writes().empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, StateProperty, testing::Range(0U, 60U));

TEST(BlockState, AsksBelowOncePerKey) {
  Below below;
  below.values[{1}] = {5};
  const BlockState block(below, 0);
  Bytes value;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(block.get(Bytes{1}, value));
    EXPECT_FALSE(block.get(Bytes{2}, value));
  }
  EXPECT_EQ(below.asked[{1}], 1);
  EXPECT_EQ(below.asked[{2}], 1);
}

TEST(WriteSet, KeepsOrderAndCutsRanges) {
  WriteSet writes;
  writes.put(Bytes{3}, Bytes{1});
  writes.put(Bytes{1}, std::nullopt);
  writes.put(Bytes{2, 0}, Bytes{2});
  writes.put(Bytes{2}, Bytes{3});
  writes.put(Bytes{1}, Bytes{4});
  ASSERT_EQ(writes.size(), 4U);
  EXPECT_TRUE(equal(writes.begin()->key, Bytes{1}));
  EXPECT_TRUE(equal(*writes.begin()->value, Bytes{4}));
  const WriteSet own = writes.range(Bytes{2}, Bytes{3});
  ASSERT_EQ(own.size(), 2U);
  EXPECT_TRUE(equal(own.begin()->key, Bytes{2}));
  EXPECT_TRUE(own.contains(Bytes{2, 0}));
  EXPECT_FALSE(own.contains(Bytes{3}));
}

}  // namespace
}  // namespace xl::model
