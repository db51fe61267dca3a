// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a locator says only what every pseudonym in it, or whoever speaks for it, signed for.
// Method: locators of several patients at several custodians, signed by whom they should be, and
// by others, altered, too long, over, of another network.
#include "contracts/identity/locator.h"

#include <gtest/gtest.h>

#include "contracts/tests/fixture.h"

namespace xl::contracts::identity {
namespace {

using testing::day_ms;
using testing::id;
using testing::key;
using testing::Ledger;

/// "ann" is claimed at north, "ann south" at south, "eve" at north; "carl" is unclaimed at south.
class LocatorTest : public ::testing::Test {
 protected:
  LocatorTest() {
    EXPECT_EQ(ledger_.claimed_patient("ann", "north"), applied);
    EXPECT_EQ(ledger_.claimed_patient("eve", "north"), applied);
    EXPECT_EQ(ledger_.claimed_patient("ann south", "south"), applied);
    EXPECT_EQ(ledger_.register_patient("carl", "south"), applied);
    now_ = ledger_.block_ms;
  }
  using Places = std::vector<std::pair<std::string, std::string>>;  // custodian, patient

  [[nodiscard]] std::string make(const Places& names, std::vector<std::string> signers,
                                 std::uint64_t days = 1) const {
    std::vector<std::pair<Place, std::string>> order;
    for (std::size_t i = 0; i < names.size(); ++i) {
      order.push_back({{id(names[i].first), id(names[i].second)}, signers[i]});
    }
    std::ranges::sort(order, {}, [](const auto& one) { return one.first.custodian; });
    std::vector<Place> places;
    for (const auto& [place, signer] : order) places.push_back(place);
    const Bytes bytes = locator_bytes(ledger_.network, now_ + days * day_ms, places);
    std::vector<Bytes> signatures;
    for (const auto& [place, signer] : order) {
      signatures.push_back(key(signer).signing.sign(locator_signed_bytes(bytes)));
    }
    return locator_text(bytes, signatures);
  }
  [[nodiscard]] Result<std::vector<Place>> read(const std::string& text,
                                                std::uint64_t later_ms = 0) {
    return read_locator(ledger_.state(), ledger_.network, now_ + later_ms, text);
  }
  void expect_refused(const std::string& text, const char* why) {
    const auto out = read(text);
    ASSERT_FALSE(out.ok()) << why;
    EXPECT_EQ(out.error().code, ErrorCode::locator_invalid) << why;
  }

  Ledger ledger_;
  std::uint64_t now_ = 0;
};

TEST_F(LocatorTest, SaysWhatEachPseudonymSigned) {
  const auto both = read(make({{"north", "ann"}, {"south", "ann south"}}, {"ann", "ann south"}));
  ASSERT_TRUE(both.ok()) << both.error().text();
  EXPECT_EQ(both->size(), 2U);
  EXPECT_TRUE(read(make({{"south", "carl"}}, {"south"})).ok()) << "whose pseudonym nobody claimed";
}

TEST_F(LocatorTest, NobodyPutsAnotherPersonIntoTheirs) {
  expect_refused(make({{"north", "eve"}, {"south", "ann south"}}, {"ann", "ann south"}), "eve");
  expect_refused(make({{"north", "ann"}}, {"north"}), "a claimed one is not the custodian's");
  expect_refused(make({{"south", "ann"}}, {"ann"}), "another custodian");
  expect_refused(make({{"south", "carl"}}, {"north"}), "another organisation");
  expect_refused(make({{"north", "nobody"}}, {"ann"}), "nobody");
  // Signed for one alone, and put together by somebody.
  const std::string one = make({{"north", "ann"}}, {"ann"});
  expect_refused(one + "AAAA", "more behind it");
}

TEST_F(LocatorTest, HoldsForItsTimeAndNetwork) {
  const std::string text = make({{"north", "ann"}}, {"ann"});
  EXPECT_TRUE(read(text, day_ms - 1).ok());
  EXPECT_FALSE(read(text, day_ms).ok());
  expect_refused(make({{"north", "ann"}}, {"ann"}, 400), "longer than a year");
  Hash other = ledger_.network;
  other[0] ^= 1U;
  EXPECT_FALSE(read_locator(ledger_.state(), other, now_, text).ok());
  for (std::size_t at = 0; at < text.size(); at += 3) {
    std::string altered = text;
    altered[at] = altered[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(read(altered).ok()) << at;
    EXPECT_FALSE(read(text.substr(0, at)).ok()) << at;
  }
}

}  // namespace
}  // namespace xl::contracts::identity
