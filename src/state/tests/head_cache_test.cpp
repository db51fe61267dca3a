// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the cache never tells an old value, forgets nothing that is not on disk, and stays within
// its bounds. Method: random finds, additions and updates against a map, with generations so small
// that they end all the time.
#include "state/head_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace xl::state {
namespace {

struct Expected {
  std::optional<Bytes> value;
  std::uint64_t height = 0;
};

class HeadCacheProperty : public testing::TestWithParam<unsigned> {};

TEST_P(HeadCacheProperty, TellsTheLatestAndKeepsThePending) {
  std::mt19937_64 random(GetParam() * 31 + 7);
  HeadCache cache(20, 4000, random());
  std::map<std::uint8_t, Expected> model;
  std::uint64_t durable = 0;
  for (std::uint64_t height = 1; height < 300; ++height) {
    cache.trim(durable);
    for (int i = 0; i < 8; ++i) {
      const auto name = static_cast<std::uint8_t>(random() % 100);
      const Bytes key(1 + name % 3, name);
      Expected& expected = model[name];
      HeadCache::Known* known = cache.find(key);
      if (known == nullptr) {
        // Only what is on disk may be read from there again.
        ASSERT_LE(expected.height, durable) << "a pending key was forgotten";
        const auto on_disk =
            expected.value ? std::optional(ByteView(*expected.value)) : std::nullopt;
        known = cache.add(key, Hash{name}, on_disk);
      }
      ASSERT_TRUE(equal(known->key, key));
      ASSERT_EQ(known->path, Hash{name});
      ASSERT_EQ(known->value.has_value(), expected.value.has_value());
      ASSERT_TRUE(!expected.value || equal(*known->value, *expected.value));
      if (random() % 2 == 0) continue;
      expected.height = height;
      expected.value =
          random() % 3 == 0
              ? std::nullopt
              : std::optional(Bytes(1 + random() % 50, static_cast<std::uint8_t>(random())));
      cache.set(*known, expected.value ? std::optional(ByteView(*expected.value)) : std::nullopt,
                height);
    }
    if (random() % 2 == 0 && height > 3) durable = std::max(durable, height - random() % 4);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, HeadCacheProperty, testing::Range(0U, 20U));

}  // namespace
}  // namespace xl::state
