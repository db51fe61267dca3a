// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the tree in tiles is the tree of RFC 9162, whatever sizes it is flushed and opened at.
// Method: appends in runs of many lengths on a real store, against the frontier and the proofs over
// all leaves.
#include "chain/history_tree.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "crypto/hash.h"

namespace xl::chain {
namespace {

namespace merkle = crypto::merkle;

Hash leaf_number(std::uint64_t number) {
  Bytes bytes;
  append_be(bytes, number);
  return merkle::leaf_hash(bytes);
}

class HistoryTreeTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ =
        std::filesystem::temp_directory_path() / ("xl-history-" + std::to_string(::getpid()));
    std::filesystem::remove_all(directory_);
    auto opened = state::Database::open(directory_, {});
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    database_ = std::move(*opened);
  }
  void TearDown() override {
    database_.reset();
    std::filesystem::remove_all(directory_);
  }

  void append(HistoryTree& tree, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      leaves_.push_back(leaf_number(leaves_.size()));
      tree.append(leaves_.back());
    }
    state::Batch batch;
    tree.flush(batch);
    ASSERT_TRUE(database_->write(std::move(batch), false).ok());
  }

  std::filesystem::path directory_;
  std::unique_ptr<state::Database> database_;
  std::vector<Hash> leaves_;
};

TEST_F(HistoryTreeTest, EqualsTheReferenceAcrossTilesAndReopening) {
  for (const std::uint64_t run : std::initializer_list<std::uint64_t>{0, 1, 1, 61, 1, 1, 63, 64, 65,
                                                                      500, 3400, 1, 127, 4096}) {
    auto tree = HistoryTree::open(*database_, leaves_.size());
    ASSERT_TRUE(tree.ok()) << tree.error().text();
    append(*tree, run);
    ASSERT_EQ(tree->size(), leaves_.size());
    ASSERT_EQ(tree->root(), merkle::root_of_leaf_hashes(leaves_)) << leaves_.size();
  }
}

TEST_F(HistoryTreeTest, ProvesEveryLeafAtEverySizeItEverHad) {
  auto tree = HistoryTree::open(*database_, 0);
  ASSERT_TRUE(tree.ok());
  append(*tree, 150);
  const HistoryNodes nodes(*database_);
  for (std::uint64_t size = 1; size <= leaves_.size(); size += 7) {
    const Hash root = merkle::root_of_leaf_hashes(std::span(leaves_).first(size));
    for (std::uint64_t index = 0; index < size; index += 5) {
      std::vector<Hash> path;
      ASSERT_TRUE(merkle::inclusion_path(nodes, index, size, path));
      EXPECT_TRUE(merkle::verify_inclusion(leaves_[index], index, size, path, root));
    }
    std::vector<Hash> path;
    ASSERT_TRUE(merkle::consistency_path(nodes, size, leaves_.size(), path));
    EXPECT_TRUE(merkle::verify_consistency(size, leaves_.size(), root, tree->root(), path));
  }
}

TEST_F(HistoryTreeTest, MissingTilesAreNoticedAtOpening) {
  auto tree = HistoryTree::open(*database_, 0);
  ASSERT_TRUE(tree.ok());
  append(*tree, 100);
  const auto beyond = HistoryTree::open(*database_, 200);
  ASSERT_FALSE(beyond.ok());
  EXPECT_EQ(beyond.error().code, ErrorCode::store_corrupt);
}

}  // namespace
}  // namespace xl::chain
