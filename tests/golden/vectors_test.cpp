// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a ledger does with the genesis and the block of docs/reference/formats.md what the page
// says. Method: it is founded on that genesis, executes that block, keeps it with its commit, and
// gives out that receipt, byte for byte; another implementation made all of them.
#include "model/tests/vectors.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "chain/chain.h"
#include "contracts/api/contract.h"
#include "model/comet/encoding.h"

namespace xl::golden {
namespace {

namespace vectors = model::vectors;

class PageLedger : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(directory_);
    auto database = state::Database::open(directory_, {});
    ASSERT_TRUE(database.ok());
    database_ = std::move(*database);
    auto chain = chain::Chain::open(*database_, registry_, vectors::genesis());
    ASSERT_TRUE(chain.ok()) << chain.error().text();
    chain_ = std::move(*chain);
  }
  void TearDown() override {
    chain_.reset();
    database_.reset();
    std::filesystem::remove_all(directory_);
  }

  void expect(const std::string& name, ByteView value) { EXPECT_EQ(page[name], to_hex(value)); }

  /// The page's first block with its commit.
  [[nodiscard]] chain::SignedBlock first_block() const {
    auto header = model::comet::decode_header(vectors::bytes_of(page, "block.header"));
    auto commit = model::comet::decode_commit(vectors::bytes_of(page, "block.commit"));
    XL_CHECK(header.ok());
    XL_CHECK(commit.ok());
    return {{std::move(*header), std::move(*commit), chain_->genesis().validators},
            {vectors::bytes_of(page, "envelope.raw")},
            {},
            {}};
  }

  std::map<std::string, std::string> page = vectors::of_page("formats.md");
  std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("xl-vectors-" + std::to_string(::getpid()));
  contracts::Registry registry_ = contracts::make_registry();
  std::unique_ptr<state::Database> database_;
  std::unique_ptr<chain::Chain> chain_;
};

TEST_F(PageLedger, IsFoundedAsThePageSays) {
  const chain::Head head = chain_->finalized_head();
  expect("genesis.state_root", head.state_root);
  expect("genesis.app_hash", head.app_hash);
  std::map<std::string, std::string> stored = vectors::of_page("formats-contracts.md");
  for (const char* name : {"party", "key", "key_index", "member", "parameters"}) {
    const std::string full = std::string("stored.") + name;
    Bytes value;
    ASSERT_TRUE(chain_->head_state().get(vectors::bytes_of(stored, full), value)) << full;
    EXPECT_EQ(stored[full + "_value"], to_hex(value)) << full;
  }
}

TEST_F(PageLedger, IsNotFoundedOnAPeersIdInUpperCase) {
  std::string text = vectors::file("genesis.json");
  const std::size_t place = text.find_first_of("abcdef", text.find("\"peer_id\": \"") + 12);
  text[place] = static_cast<char>(text[place] - 'a' + 'A');
  auto genesis = model::read_genesis(view_of(text));
  ASSERT_TRUE(genesis.ok());
  const std::filesystem::path directory = directory_.string() + "-other";
  auto database = state::Database::open(directory, {});
  ASSERT_TRUE(database.ok());
  const auto chain = chain::Chain::open(**database, registry_, std::move(*genesis));
  EXPECT_EQ(chain.error().code, ErrorCode::genesis_malformed);
  database->reset();
  std::filesystem::remove_all(directory);
}

TEST_F(PageLedger, ExecutesTheBlockAndGivesTheReceiptOfThePage) {
  const chain::SignedBlock first = first_block();
  const auto decoded = chain::decode_block(first.envelopes, registry_);
  const std::uint64_t block_ms = first.light.header.time.milliseconds();
  chain::FinalizedBlock block = chain_->finalize(1, chain_->execute(1, block_ms, decoded));
  ASSERT_EQ(block.result.receipts.size(), 3U);
  ASSERT_EQ(block.result.envelope_data.size(), 1U);
  expect("envelope.result", block.result.envelope_data[0]);
  expect("executed.state_root", block.head.state_root);
  expect("executed.app_hash", block.head.app_hash);

  const std::string file = vectors::file("receipt.json");
  auto expected = model::read_receipt(file);
  ASSERT_TRUE(expected.ok());
  ASSERT_TRUE(chain_->add_signed(block.batch, first).ok());
  ASSERT_TRUE(chain_->add_signed(block.batch, {expected->block, {}, first.light.commit, {}}).ok());
  const Hash second = block.result.receipts[1].entry().transaction_id;
  ASSERT_TRUE(chain_->persist(std::move(block), 2).ok());

  auto receipt = chain_->receipt(second);
  ASSERT_TRUE(receipt.ok()) << receipt.error().text();
  auto with_state = chain_->state_receipt(expected->state->key, 1);
  ASSERT_TRUE(with_state.ok()) << with_state.error().text();
  receipt->state = std::move(with_state->state);
  EXPECT_EQ(model::write_receipt(*receipt) + "\n", file);
}

}  // namespace
}  // namespace xl::golden
