// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: an answer rests on few consents, always the same ones, and every record on one that permits
// it. Method: overlapping and disjoint sets whose answer is plain, and all orders of one of them.
#include "custody/reliance.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace xl::custody {
namespace {

model::Id consent(std::uint8_t number) {
  model::Id out;
  out.bytes[15] = number;
  return out;
}

Permits permits(std::initializer_list<std::uint8_t> numbers) {
  Permits out;
  for (const std::uint8_t number : numbers) out.push_back(consent(number));
  return out;
}

TEST(Reliance, RestsOnTheFewestThatServeAllAndOfEqualsTheLowest) {
  EXPECT_TRUE(consents_relied_on({}).empty());
  EXPECT_TRUE(consents_relied_on({permits({})}).empty());
  // Nine that each permit the same record: one is enough.
  EXPECT_EQ(consents_relied_on({permits({1, 2, 3, 4, 5, 6, 7, 8, 9})}), permits({1}));
  EXPECT_EQ(consents_relied_on({permits({1, 5}), permits({2, 5}), permits({3, 5})}), permits({5}));
  // The one that serves most comes first, then the lowest of equals.
  EXPECT_EQ(consents_relied_on({permits({7, 9}), permits({3, 9}), permits({2, 4})}),
            permits({9, 2}));
  std::set<Permits> disjoint;
  for (std::uint8_t number = 1; number <= 10; ++number) disjoint.insert(permits({number}));
  EXPECT_EQ(consents_relied_on(disjoint), permits({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

TEST(Reliance, CutsWhereOneMoreWouldBeTooMany) {
  std::vector<Permits> needs;
  for (std::uint8_t number = 1; number <= 10; ++number) {
    needs.push_back(permits({number}));
    needs.push_back(permits({number, 100}));
  }
  EXPECT_EQ(served_by(needs, 10), needs.size());
  EXPECT_EQ(served_by(needs, 8), 16U);
  EXPECT_EQ(served_by(needs, 1), 2U);
  EXPECT_EQ(served_by({permits({1, 2}), permits({2, 3})}, 1), 2U);
  EXPECT_EQ(served_by({}, 1), 0U);
}

}  // namespace
}  // namespace xl::custody
