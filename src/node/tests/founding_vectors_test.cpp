// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a network is founded as docs/reference/formats.md §9 says. Method: the page's three member
// cards are made again from the seeds of their keys; they give the page's genesis, byte for byte,
// which another implementation made, and its founder signs it.
#include <gtest/gtest.h>

#include "base/hex.h"
#include "model/tests/vectors.h"
#include "node/network/founding.h"

namespace xl::node {
namespace {

namespace vectors = model::vectors;

/// Member `number`, 1 to 3, of the page.
MemberCard page_card(std::uint8_t number) {
  const std::array<std::string, 3> names = {"北方医院 North Hospital", "South Insurance",
                                            "East Pharmacy"};
  const auto public_key = [](std::uint8_t seed) { return vectors::key_of_seed(seed).public_key(); };
  const bool first = number == 1;
  model::Id did;
  did.bytes[0] = 15;
  did.bytes[15] = number;
  MemberCard out;
  out.network = "vectors";
  out.organisations = {{did, names[number - 1U],
                        static_cast<contracts::identity::OrganisationType>(number),
                        public_key(first ? 1 : 0x10 + number)}};
  out.envelope_key = public_key(first ? 2 : 0x20 + number);
  out.validator_key = public_key(0xa0 + number);
  out.peer_key = public_key(0xc0 + number);
  out.address = std::string(1, static_cast<char>('a' + number - 1)) + ".example:26656";
  const std::array<std::string, 3> gateways = {"https://a.example:7410", "https://b.example", ""};
  out.gateway = gateways[number - 1U];
  out.archive = first;
  out.made_ms = 1795219200000 - 3U + number;
  return out;
}

TEST(FoundingVectors, TheCardsOfThePageGiveItsGenesis) {
  auto page = vectors::of_page("formats.md");
  const auto genesis = found_network({page_card(3), page_card(1), page_card(2)}, false);
  ASSERT_TRUE(genesis.ok()) << genesis.error().text();
  EXPECT_EQ(*genesis, vectors::file("genesis.json"));
  EXPECT_EQ(page["founding.chain_id"], vectors::genesis().chain_id);
}

TEST(FoundingVectors, TheCardAndTheFoundingSignatureAreThePages) {
  auto page = vectors::of_page("formats.md");
  const MemberCard card = page_card(1);
  const std::array<crypto::SigningKey, 4> keys = {vectors::key_of_seed(1), vectors::key_of_seed(2),
                                                  vectors::key_of_seed(0xa1),
                                                  vectors::key_of_seed(0xc1)};
  const std::string file = write_member_card(card, {&keys[0], &keys[1], &keys[2], &keys[3]});
  EXPECT_EQ(page["founding.card"], to_hex(view_of(member_card_content(card))));
  const Bytes signature = vectors::bytes_of(page, "founding.card_signature");
  EXPECT_NE(file.find('"' + to_base64(signature) + '"'), std::string::npos);
  EXPECT_TRUE(read_member_card(view_of(file)).ok());

  const auto signed_by = sign_founding(card.did(), vectors::genesis().network, keys[0]);
  EXPECT_EQ(page["founding.signature"], to_hex(signed_by.signature));
  std::string written = write_founding_signature(signed_by);
  ASSERT_TRUE(read_founding_signature(view_of(written)).ok());
  const std::string network = to_hex(signed_by.network);
  written.replace(written.find(network), network.size(), to_upper_hex(signed_by.network));
  EXPECT_EQ(read_founding_signature(view_of(written)).error().code,
            ErrorCode::founding_signature_invalid);
}

}  // namespace
}  // namespace xl::node
