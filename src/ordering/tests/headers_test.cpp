// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: engine solo's headers are those of a CometBFT chain with one validator: linked, rising in
// time, committing to what they carry, signed so that light clients accept them; and a restart goes
// on where it stopped. Method: chains of empty and full blocks on a real store, checked with the
// light client and by hand.
#include "ordering/solo/headers.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/json/writer.h"
#include "crypto/merkle.h"
#include "model/comet/light_client.h"

namespace xl::ordering::solo {
namespace {

namespace comet = model::comet;
constexpr std::uint64_t genesis_ms = 1'795'219'200'000;  // 2026-11-21

crypto::SigningKey key_of(crypto::Algorithm algorithm, std::uint8_t number) {
  auto key = crypto::SigningKey::from_secret(algorithm, Bytes(32, number));
  XL_CHECK(key.ok());
  return std::move(*key);
}

std::string genesis_of(const std::vector<Bytes>& validators) {
  json::Writer out;
  out.begin_object().key("genesis_time").string("2026-11-21T00:00:00Z");
  out.key("chain_id").string("test-headers").key("initial_height").string("1");
  out.key("consensus_params").begin_object();
  out.key("block").begin_object().key("max_bytes").string("4194304");
  out.key("max_gas").string("-1").end_object();
  out.key("version").begin_object().key("app").string("1").end_object().end_object();
  out.key("validators").begin_array();
  for (const Bytes& validator : validators) {
    out.begin_object().key("pub_key").begin_object();
    out.key("type").string("tendermint/PubKeyEd25519").key("value").string(to_base64(validator));
    out.end_object().key("power").string("10").end_object();
  }
  out.end_array().key("app_state").begin_object().key("format_version").integer(1);
  out.key("suite").integer(1).key("identity").begin_object().key("organisations").begin_array();
  out.begin_object().key("did").string("did:xinglin:aaaqeayeaudaocajbifqydiob4");
  out.key("name").string("North").key("type").integer(1).key("keys").begin_array();
  out.begin_object().key("algorithm").integer(1);
  out.key("public_key").string(to_base64(key_of(crypto::Algorithm::ed25519, 9).public_key()));
  out.key("purposes").integer(7).end_object().end_array().end_object().end_array();
  out.end_object().end_object().end_object();
  return out.take();
}

class HeadersTest : public testing::Test {
 protected:
  HeadersTest()
      : directory(std::filesystem::temp_directory_path() /
                  ("xl-headers-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(directory);
  }
  ~HeadersTest() override {
    chain.reset();
    database.reset();
    std::filesystem::remove_all(directory);
  }
  void open(const std::vector<Bytes>& validators) {
    chain.reset();
    database.reset();
    auto opened = state::Database::open(directory, {});
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    database = std::move(*opened);
    auto genesis = model::read_genesis(view_of(genesis_of(validators)));
    ASSERT_TRUE(genesis.ok()) << genesis.error().text();
    auto made = chain::Chain::open(*database, registry, std::move(*genesis));
    ASSERT_TRUE(made.ok()) << made.error().text();
    chain = std::move(*made);
  }
  /// Signs and stores the next block, which executes nothing.
  chain::SignedBlock add(HeaderMaker& maker, std::uint64_t now_ms) {
    const std::uint64_t height = maker.next_height();
    const Hash app_hash = chain->finalized_head().app_hash;
    auto block = maker.sign({}, maker.next_block_ms(now_ms), app_hash, {});
    chain::FinalizedBlock finalized = chain->finalize(height, {});
    EXPECT_TRUE(chain->add_signed(finalized.batch, block).ok());
    EXPECT_TRUE(chain->persist(std::move(finalized), height).ok());
    return block;
  }

  crypto::SigningKey validator = key_of(crypto::Algorithm::ed25519, 1);
  contracts::Registry registry = contracts::make_registry();
  std::filesystem::path directory;
  std::unique_ptr<state::Database> database;
  std::unique_ptr<chain::Chain> chain;
};

TEST_F(HeadersTest, AreLinkedAndAcceptedByTheLightClient) {
  open({validator.public_key()});
  auto maker = HeaderMaker::resume(*chain, validator);
  ASSERT_TRUE(maker.ok()) << maker.error().text();
  EXPECT_EQ(maker->next_height(), 1U);
  std::optional<chain::SignedBlock> last;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    auto block = add(*maker, genesis_ms + i * 1000);
    const comet::Header& header = block.light.header;
    EXPECT_EQ(header.height, static_cast<std::int64_t>(i));
    EXPECT_TRUE(comet::verify_light_block(block.light).ok());
    if (!last) {
      EXPECT_TRUE(equal(header.last_commit_hash, crypto::merkle::empty_root()));
    } else {
      EXPECT_TRUE(equal(header.last_commit_hash, comet::hash_of(last->light.commit)));
      EXPECT_EQ(header.last_block_id, last->light.commit.block_id);
      EXPECT_TRUE(equal(header.last_block_id.hash, comet::hash_of(last->light.header)));
    }
    last = std::move(block);
  }
}

TEST_F(HeadersTest, CommitToEnvelopesAndToTheResultsBefore) {
  open({validator.public_key()});
  auto maker = HeaderMaker::resume(*chain, validator);
  ASSERT_TRUE(maker.ok());
  const std::vector<Bytes> envelopes = {{1, 2, 3}, {4}};
  const std::vector<Bytes> results = {Bytes(32, 5), Bytes(32, 6)};
  Hash app_hash{};
  app_hash.fill(7);
  const auto data = maker->sign(envelopes, genesis_ms, app_hash, results);
  EXPECT_TRUE(equal(data.light.header.data_hash, comet::data_hash(envelopes)));
  EXPECT_TRUE(equal(data.light.header.last_results_hash, crypto::merkle::empty_root()));
  EXPECT_TRUE(equal(data.light.header.app_hash, app_hash));
  const auto proof = maker->sign({}, genesis_ms + 1, app_hash, {});
  EXPECT_TRUE(equal(proof.light.header.last_results_hash, comet::results_hash(results)));
  EXPECT_TRUE(equal(proof.light.header.data_hash, comet::data_hash({})));
}

TEST_F(HeadersTest, RiseInTimeWhateverTheClockSays) {
  open({validator.public_key()});
  auto maker = HeaderMaker::resume(*chain, validator);
  ASSERT_TRUE(maker.ok());
  EXPECT_EQ(maker->next_block_ms(0), genesis_ms);  // not before the genesis
  EXPECT_EQ(maker->next_block_ms(genesis_ms + 5), genesis_ms + 5);
  (void)add(*maker, genesis_ms + 5000);
  EXPECT_EQ(maker->next_block_ms(genesis_ms), genesis_ms + 5001);  // a clock that was set back
  EXPECT_EQ(maker->next_block_ms(genesis_ms + 5000), genesis_ms + 5001);
  EXPECT_EQ(maker->next_block_ms(genesis_ms + 5002), genesis_ms + 5002);
}

TEST_F(HeadersTest, GoOnAfterARestartAsIfThereHadBeenNone) {
  open({validator.public_key()});
  auto maker = HeaderMaker::resume(*chain, validator);
  ASSERT_TRUE(maker.ok());
  (void)add(*maker, genesis_ms + 1000);
  (void)add(*maker, genesis_ms + 2000);
  const Hash app_hash = chain->finalized_head().app_hash;
  const auto expected = maker->sign({}, maker->next_block_ms(0), app_hash, {});
  open({validator.public_key()});
  auto resumed = HeaderMaker::resume(*chain, validator);
  ASSERT_TRUE(resumed.ok()) << resumed.error().text();
  EXPECT_EQ(resumed->next_height(), 3U);
  const auto block = resumed->sign({}, resumed->next_block_ms(0), app_hash, {});
  EXPECT_EQ(comet::hash_of(block.light.header), comet::hash_of(expected.light.header));
  EXPECT_EQ(block.light.commit.signatures[0].signature,
            expected.light.commit.signatures[0].signature);
}

TEST_F(HeadersTest, AreRefusedToAKeyThatIsNotTheOnlyValidators) {
  const auto other = key_of(crypto::Algorithm::ed25519, 2);
  open({validator.public_key()});
  const auto stranger = HeaderMaker::resume(*chain, other);
  ASSERT_FALSE(stranger.ok());
  EXPECT_EQ(stranger.error().code, ErrorCode::genesis_malformed);
  const auto p256 = HeaderMaker::resume(*chain, key_of(crypto::Algorithm::p256, 1));
  ASSERT_FALSE(p256.ok());
  EXPECT_EQ(p256.error().code, ErrorCode::key_malformed);
}

TEST_F(HeadersTest, AreRefusedToAChainOfMoreValidators) {
  open({validator.public_key(), key_of(crypto::Algorithm::ed25519, 2).public_key()});
  const auto maker = HeaderMaker::resume(*chain, validator);
  ASSERT_FALSE(maker.ok());
  EXPECT_EQ(maker.error().code, ErrorCode::genesis_malformed);
}

}  // namespace
}  // namespace xl::ordering::solo
