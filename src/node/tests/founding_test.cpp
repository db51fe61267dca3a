// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: founders who trust nobody get one genesis, and no node runs on another. Method: members
// made in folders of their own, cards in every order, each byte of a card altered, signatures
// missing, foreign and wrong.
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/secret.h"
#include "model/genesis.h"
#include "node/init.h"
#include "node/network/folder.h"
#include "node/network/roster.h"

namespace xl::node {
namespace {

namespace fs = std::filesystem;

class Founding : public ::testing::Test {
 protected:
  static constexpr std::size_t count = 4;

  void SetUp() override {
    root_ = fs::temp_directory_path() / ("xl-founding-" + std::to_string(::getpid()));
    fs::remove_all(root_);
    for (std::size_t i = 0; i < count; ++i) {
      NewMember member;
      member.network_name = "region";
      member.organisations = {{"Hospital " + std::to_string(i), OrganisationType::hospital}};
      member.address = "127.0.0.1:" + std::to_string(27000 + i);
      if (i < 2) member.gateway = "https://hospital-" + std::to_string(i) + ".example";
      member.archive = i == 0;
      auto made = make_member(layout(i), member, unlock_, clock_);
      ASSERT_TRUE(made.ok()) << made.error().text();
      cards_.push_back(std::move(*made));
      files_.push_back(layout(i).own_card());
    }
  }
  void TearDown() override { fs::remove_all(root_); }

  Layout layout(std::size_t member) const { return {root_ / std::to_string(member)}; }
  Bytes file(const fs::path& path) const {
    auto read = read_file(path, founding_file_bytes_max);
    EXPECT_TRUE(read.ok());
    return std::move(*read);
  }
  Result<node::Founding> found(std::size_t member) {
    return found_from_cards(layout(member), files_, {"/engine", 0}, unlock_);
  }
  Status may_run(std::size_t member) {
    auto genesis = model::read_genesis(file(layout(member).genesis()));
    EXPECT_TRUE(genesis.ok());
    return check_founded(layout(member), *genesis);
  }

  ManualClock clock_{1'795'219'200'000};
  Unlock unlock_ = Unlock::with_operator_key(crypto::SecretBytes::random(32));
  fs::path root_;
  std::vector<MemberCard> cards_;
  std::vector<fs::path> files_;
};

TEST_F(Founding, TheOrderOfTheCardsDoesNotMatter) {
  const auto first = found_network(cards_);
  ASSERT_TRUE(first.ok()) << first.error().text();
  std::reverse(cards_.begin(), cards_.end());
  const auto second = found_network(cards_);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(*first, *second);
  const auto genesis = model::read_genesis(view_of(*first));
  ASSERT_TRUE(genesis.ok()) << genesis.error().text();
  EXPECT_EQ(genesis->validators.size(), count);
  // Another card, another network: the name alone does not make one.
  cards_[0].made_ms += 1;
  const auto other = found_network(cards_);
  ASSERT_TRUE(other.ok());
  EXPECT_NE(model::read_genesis(view_of(*other))->chain_id, genesis->chain_id);
}

TEST_F(Founding, NoByteOfACardCanBeChangedUnnoticed) {
  const Bytes original = file(files_[0]);
  for (std::size_t i = 0; i < original.size(); ++i) {
    Bytes altered = original;
    altered[i] ^= 1U;
    const auto read = read_member_card(altered);
    if (read.ok()) {
      EXPECT_EQ(*read, cards_[0]) << "at byte " << i;
    } else {
      EXPECT_EQ(read.error().code, ErrorCode::card_invalid) << "at byte " << i;
    }
  }
}

TEST_F(Founding, GatewayAndArchiveGoFromTheCardToTheGenesis) {
  const auto text = found_network(cards_);
  ASSERT_TRUE(text.ok());
  const Roster roster = read_roster(layout(0), *model::read_genesis(view_of(*text)));
  ASSERT_EQ(roster.members.size(), count);
  for (const ListedMember& member : roster.members) {
    const auto card = std::find_if(cards_.begin(), cards_.end(), [&](const MemberCard& one) {
      return one.did() == member.organisation;
    });
    ASSERT_NE(card, cards_.end());
    EXPECT_EQ(member.gateway, card->gateway);
    EXPECT_EQ(member.archive, card->archive);
  }
  NewMember member;
  member.network_name = "region";
  member.organisations = {{"Hospital", OrganisationType::hospital}};
  member.gateway = "https://Hospital.example/";
  EXPECT_EQ(make_member(layout(9), member, unlock_, clock_).error().code, ErrorCode::usage_invalid);
}

TEST_F(Founding, CardsThatDoNotFitTogetherAreRefused) {
  const auto code = [](const std::vector<MemberCard>& cards) {
    const auto made = found_network(cards);
    return made.ok() ? ErrorCode{} : made.error().code;
  };
  auto twice = cards_;
  twice.push_back(cards_[0]);
  EXPECT_EQ(code(twice), ErrorCode::card_invalid);
  auto other_network = cards_;
  other_network[1].network = "other";
  EXPECT_EQ(code(other_network), ErrorCode::card_invalid);
  auto one_address = cards_;
  one_address[1].address = cards_[0].address;
  EXPECT_EQ(code(one_address), ErrorCode::card_invalid);
  auto one_validator = cards_;
  one_validator[1].validator_key = cards_[0].validator_key;
  EXPECT_EQ(code(one_validator), ErrorCode::card_invalid);
  EXPECT_EQ(code({}), ErrorCode::card_invalid);
}

TEST_F(Founding, ANodeRunsOnlyWhenEveryFounderSignedThisGenesis) {
  for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(found(i).ok());
  for (std::size_t i = 1; i < count; ++i) {
    EXPECT_EQ(file(layout(i).genesis()), file(layout(0).genesis()));
  }
  EXPECT_EQ(may_run(0).error().code, ErrorCode::founding_incomplete);
  std::vector<fs::path> signatures;
  for (std::size_t i = 1; i < count; ++i) {
    signatures.push_back(layout(i).signatures() / (cards_[i].did().text() + ".json"));
  }
  const fs::path last = signatures.back();
  signatures.pop_back();
  const auto nearly = accept_signatures(layout(0), signatures);
  ASSERT_TRUE(nearly.ok()) << nearly.error().text();
  EXPECT_EQ(nearly->missing, "Hospital 3");
  EXPECT_EQ(may_run(0).error().code, ErrorCode::founding_incomplete);
  const auto complete = accept_signatures(layout(0), {last});
  ASSERT_TRUE(complete.ok());
  EXPECT_TRUE(complete->missing.empty());
  EXPECT_TRUE(may_run(0).ok());
}

TEST_F(Founding, WrongAndForeignSignaturesAreNamed) {
  ASSERT_TRUE(found(0).ok());
  const auto code = [&](const FoundingSignature& signature) {
    const fs::path path = root_ / "signature";
    EXPECT_TRUE(write_file_durably(path, view_of(write_founding_signature(signature))).ok());
    const auto accepted = accept_signatures(layout(0), {path});
    return accepted.ok() ? ErrorCode{} : accepted.error().code;
  };
  const auto genesis = model::read_genesis(file(layout(0).genesis()));
  const auto key = unlock_.load_signing_key(layout(1).service_key(cards_[1].did().text()));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(code(sign_founding(cards_[1].did(), genesis->network, *key)), ErrorCode{});
  EXPECT_EQ(code(sign_founding(cards_[2].did(), genesis->network, *key)),
            ErrorCode::founding_signature_invalid);
  EXPECT_EQ(code(sign_founding(cards_[1].did(), Hash{}, *key)),
            ErrorCode::founding_signature_invalid);
  EXPECT_EQ(code(sign_founding(model::Id{}, genesis->network, *key)),
            ErrorCode::founding_signature_invalid);
}

TEST_F(Founding, AnotherGenesisOrCardStopsTheStart) {
  for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(found(i).ok());
  std::vector<fs::path> signatures;
  for (std::size_t i = 1; i < count; ++i) {
    signatures.push_back(layout(i).signatures() / (cards_[i].did().text() + ".json"));
  }
  ASSERT_TRUE(accept_signatures(layout(0), signatures).ok());
  ASSERT_TRUE(may_run(0).ok());
  // One founder's card is swapped for another of the same member.
  fs::copy_file(files_[1], layout(0).cards() / "extra.json");
  EXPECT_FALSE(may_run(0).ok());
  fs::remove(layout(0).cards() / "extra.json");
  fs::remove(layout(0).cards() / (cards_[3].did().text() + ".json"));
  EXPECT_EQ(may_run(0).error().code, ErrorCode::genesis_not_of_cards);
  fs::remove_all(layout(0).cards());
  EXPECT_EQ(may_run(0).error().code, ErrorCode::founding_incomplete);
  // And no second genesis can be made over the first.
  files_.pop_back();
  EXPECT_EQ(found(0).error().code, ErrorCode::genesis_not_of_cards);
}

}  // namespace
}  // namespace xl::node
