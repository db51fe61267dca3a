// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: who takes a snapshot stands where its maker stood, goes on alike, proves what follows, and
// believes nothing that the genesis does not prove. Method: a real solo ledger; its snapshot into
// another store, the later blocks executed there; every part of the snapshot altered.
#include <gtest/gtest.h>

#include <future>

#include "chain/snapshot_maker.h"
#include "chain/snapshot_taker.h"
#include "node/tests/test_network.h"
#include "node/tools/ledger_verify.h"

namespace xl::node {
namespace {

using testing::Network;
using testing::start_ms;

class SnapshotTest : public ::testing::Test {
 protected:
  void SetUp() override {
    network_.open();
    target_ = network_.directory.string() + "-taken";
    std::filesystem::remove_all(target_);
  }
  void TearDown() override {
    taken_.reset();
    database_.reset();
    std::filesystem::remove_all(target_);
  }

  void submit(int first, int last) {
    for (int i = first; i <= last; ++i) {
      const auto outcome = network_.submit(network_.transaction(static_cast<std::uint8_t>(i)));
      ASSERT_TRUE(outcome.ok()) << outcome.error().text();
      ids_.push_back(outcome->transaction_id);
    }
  }

  /// A snapshot of the head, made while the ledger goes on.
  void make() {
    std::promise<Status> made;
    chain::SnapshotMaker::Options options;
    options.folder = target_ / "snapshots";
    options.every_blocks = 1;
    options.memory_bytes = 2048;  // several passes
    options.done = [&](std::uint64_t, const Status& status) { made.set_value(status); };
    maker_ = std::make_unique<chain::SnapshotMaker>(*network_.chain, *network_.database, options);
    height_ = network_.chain->head().height;
    maker_->committed(height_);
    submit(200, 203);
    const Status status = made.get_future().get();
    ASSERT_TRUE(status.ok()) << status.error().text();
    ASSERT_EQ(maker_->list().size(), 1U);
    EXPECT_EQ(maker_->list()[0].height, height_);
  }

  Result<std::unique_ptr<chain::SnapshotTaker>> begin(ByteView manifest) {
    if (!database_) {
      auto opened = state::Database::open(target_ / "ledger", {});
      EXPECT_TRUE(opened.ok());
      database_ = std::move(*opened);
    }
    return chain::SnapshotTaker::begin(*database_, genesis_, manifest);
  }

  void take() {
    const chain::SnapshotMaker::Made made = maker_->list().back();
    auto taker = begin(made.manifest);
    ASSERT_TRUE(taker.ok()) << taker.error().text();
    for (std::uint32_t i = 0; i < made.chunks; ++i) {
      const auto chunk = maker_->chunk(made.height, i);
      ASSERT_TRUE(chunk.ok());
      EXPECT_EQ(chain::Chain::open(*database_, network_.registry, network_.genesis()).error().code,
                ErrorCode::snapshot_unfinished);
      const Status added = (*taker)->add(i, *chunk);
      ASSERT_TRUE(added.ok()) << added.error().text();
    }
    ASSERT_TRUE((*taker)->complete());
    ASSERT_TRUE((*taker)->finish().ok());
    auto opened = chain::Chain::open(*database_, network_.registry, network_.genesis());
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    taken_ = std::move(*opened);
  }

  /// Executes on the taken ledger what the maker executed since.
  void follow() {
    for (std::uint64_t height = height_ + 1; height <= network_.chain->head().signed_height;
         ++height) {
      const auto block = network_.chain->block(height);
      ASSERT_TRUE(block.ok());
      const auto decoded = chain::decode_block(block->envelopes, network_.registry);
      auto result = taken_->execute(height, block->header.time.milliseconds(), decoded);
      auto finalized = taken_->finalize(height, std::move(result));
      ASSERT_TRUE(block->commit.has_value());
      const chain::SignedBlock with = {{block->header, *block->commit, genesis_.validators},
                                       block->envelopes,
                                       block->last_commit,
                                       {}};
      ASSERT_TRUE(taken_->add_signed(finalized.batch, with).ok());
      ASSERT_TRUE(taken_->persist(std::move(finalized), height).ok());
    }
  }

  Network network_{start_ms};
  model::Genesis genesis_ = network_.genesis();
  std::filesystem::path target_;
  std::unique_ptr<chain::SnapshotMaker> maker_;
  std::uint64_t height_ = 0;
  std::vector<Hash> ids_;
  std::unique_ptr<state::Database> database_;
  std::unique_ptr<chain::Chain> taken_;
};

TEST_F(SnapshotTest, WhoTakesOneGoesOnAlikeAndProvesWhatFollows) {
  submit(1, 70);  // more than one tile of the history
  make();
  take();
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_EQ(taken_->head().height, height_);
  EXPECT_EQ(taken_->base(), height_ + 1);
  EXPECT_EQ(taken_->block(height_).error().code, ErrorCode::block_not_kept);
  EXPECT_EQ(taken_->receipt(ids_[0]).error().code, ErrorCode::transaction_unknown);
  follow();
  const chain::Head mine = taken_->head();
  const chain::Head theirs = network_.chain->head();
  EXPECT_EQ(mine.app_hash, theirs.app_hash);
  EXPECT_EQ(mine.history_size, theirs.history_size);
  for (std::size_t i = 70; i < ids_.size(); ++i) {
    const auto receipt = taken_->receipt(ids_[i]);
    ASSERT_TRUE(receipt.ok()) << receipt.error().text();
    const Status verdict = model::verify_receipt(*receipt, genesis_);
    EXPECT_TRUE(verdict.ok()) << verdict.error().text();
  }
  const Bytes key = contracts::state_key(1, 'p', testing::id_of(9).bytes);
  const auto state = taken_->state_receipt(key, 0);
  ASSERT_TRUE(state.ok()) << state.error().text();
  EXPECT_TRUE(model::verify_receipt(*state, genesis_).ok());
  EXPECT_EQ(taken_->state_receipt(key, height_ - 2).error().code, ErrorCode::height_too_old);
}

TEST_F(SnapshotTest, AVerificationReadsWhatBlocksOverwrote) {
  submit(1, 10);
  make();
  take();
  ASSERT_FALSE(HasFatalFailure());
  follow();
  taken_.reset();
  const auto damage = [&] {
    const auto report = verify_restored(*database_, network_.registry, network_.genesis(), {});
    EXPECT_TRUE(report.ok()) << report.error().text();
    return report->damage ? report->damage->record : std::string();
  };
  EXPECT_EQ(damage(), "");
  std::vector<std::pair<Bytes, Bytes>> stored;
  ASSERT_TRUE(database_
                  ->scan(state::Column::undo, {}, {},
                         [&](ByteView key, ByteView value) {
                           stored.emplace_back(copy_of(key), copy_of(value));
                           return true;
                         })
                  .ok());
  ASSERT_GT(stored.size(), 1U);
  for (const auto& [key, value] : stored) {
    state::Batch batch;
    batch.erase(state::Column::undo, key);
    ASSERT_TRUE(database_->write(std::move(batch), true).ok());
    EXPECT_EQ(damage(), "what block " + std::to_string(read_be<std::uint64_t>(key)) + " overwrote");
    batch = {};
    batch.put(state::Column::undo, key, value);
    ASSERT_TRUE(database_->write(std::move(batch), true).ok());
  }
  EXPECT_EQ(damage(), "");
}

TEST_F(SnapshotTest, NothingAlteredIsTaken) {
  submit(1, 40);
  make();
  const chain::SnapshotMaker::Made made = maker_->list().back();
  const auto flipped = [](const Bytes& good, std::size_t at) {
    Bytes bad = good;
    bad[at] ^= 1U;
    return bad;
  };
  const auto chunk = [&](std::uint32_t number) { return *maker_->chunk(made.height, number); };
  const std::size_t step = std::max<std::size_t>(made.manifest.size() / 60, 1);
  for (std::size_t at = 0; at < made.manifest.size(); at += step) {
    auto taker = begin(flipped(made.manifest, at));
    if (!taker.ok()) continue;
    EXPECT_EQ((*taker)->add(0, chunk(0)).error().code, ErrorCode::snapshot_invalid) << at;
  }
  auto taker = begin(made.manifest);
  ASSERT_TRUE(taker.ok());
  EXPECT_EQ((*taker)->add(1, chunk(1)).error().code, ErrorCode::snapshot_invalid);  // 0 is first
  const Bytes way = chunk(0);
  for (std::size_t at = 0; at < way.size(); ++at) {
    const Status added = (*taker)->add(0, flipped(way, at));
    ASSERT_FALSE(added.ok()) << at;
    EXPECT_EQ(added.error().code, ErrorCode::snapshot_invalid);
  }
  ASSERT_TRUE((*taker)->add(0, way).ok());
  for (std::uint32_t number = 1; number < made.chunks; ++number) {
    const Bytes good = chunk(number);
    for (std::size_t at = 0; at < good.size(); at += 7) {
      EXPECT_FALSE((*taker)->add(number, flipped(good, at)).ok()) << number << " " << at;
    }
    ASSERT_TRUE((*taker)->add(number, good).ok());
    EXPECT_FALSE((*taker)->add(number, good).ok());  // not twice
  }
  EXPECT_TRUE((*taker)->complete());
}

}  // namespace
}  // namespace xl::node
