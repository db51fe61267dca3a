// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: the incremental tree always equals the reference over the same leaves, its proofs verify,
// and proofs at earlier versions are those of the earlier tree. Method: random batches of updates
// with a seed that is printed, short paths forced to collide in their first bits.
#include "state/tree.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "crypto/sparse_merkle.h"

namespace xl::state {
namespace {

namespace smt = crypto::sparse_merkle;
using Model = std::map<Hash, Hash>;

class TreeProperty : public testing::TestWithParam<unsigned> {
 protected:
  std::mt19937_64 random{GetParam() * 7919 + 1};

  Hash random_path() {
    Hash path{};
    // Few distinct leading bytes, so that splits, chains and collapses all happen.
    path[0] = static_cast<std::uint8_t>(random() % 4);
    path[1] = static_cast<std::uint8_t>(random() % 3);
    for (std::size_t i = 2; i < 4; ++i) path[i] = static_cast<std::uint8_t>(random() % 2);
    if (random() % 8 == 0) path[31] = static_cast<std::uint8_t>(random() % 2);
    return path;
  }

  Hash random_value() {
    Hash value{};
    for (auto& byte : value) byte = static_cast<std::uint8_t>(random());
    return value;
  }

  std::vector<Tree::Update> random_updates(Model& model, std::vector<Tree::Update>& undo) {
    std::map<Hash, std::optional<Hash>> changes;
    const auto count = random() % 20;
    for (std::uint64_t i = 0; i < count; ++i) {
      const bool erase = random() % 5 < 2;
      changes[random_path()] = erase ? std::nullopt : std::optional(random_value());
    }
    std::vector<Tree::Update> updates;
    undo.clear();
    for (const auto& [path, value] : changes) {
      const auto old = model.find(path);
      undo.push_back({path, old == model.end() ? std::nullopt : std::optional(old->second)});
      updates.push_back({path, value});
      if (value) {
        model[path] = *value;
      } else {
        model.erase(path);
      }
    }
    return updates;
  }

  static std::vector<smt::Leaf> leaves(const Model& model) {
    std::vector<smt::Leaf> out;
    for (const auto& [path, value] : model) out.push_back({path, value});
    return out;
  }

  void expect_proof(const Tree& tree, const Model& model, const Hash& path,
                    std::span<const Tree::Update> past) {
    const auto [proof, root] = tree.prove(path, past);
    ASSERT_EQ(root, smt::root_of(leaves(model)));
    const auto found = model.find(path);
    if (found != model.end()) {
      EXPECT_TRUE(smt::verify_inclusion(proof, path, found->second, root));
      EXPECT_FALSE(smt::verify_absence(proof, path, root));
    } else {
      EXPECT_TRUE(smt::verify_absence(proof, path, root));
    }
  }
};

TEST_P(TreeProperty, EqualsTheReferenceAndProvesEveryRecentVersion) {
  Tree tree;
  Model model;
  struct Version {
    Model model;
    std::vector<Tree::Update> undo;  // puts this version back over the next one
  };
  std::vector<Version> versions;
  for (int round = 0; round < 60; ++round) {
    Version version{model, {}};
    const auto updates = random_updates(model, version.undo);
    versions.push_back(std::move(version));
    std::vector<Tree::Update> overwritten;
    ASSERT_EQ(tree.apply(updates, &overwritten), smt::root_of(leaves(model)));
    ASSERT_EQ(overwritten, versions.back().undo);
    ASSERT_EQ(tree.leaf_count(), model.size());
    const Hash path = random_path();
    expect_proof(tree, model, path, {});
    const auto found = tree.find(path);
    ASSERT_EQ(found.has_value(), model.contains(path));
    // An earlier version: the oldest overwritten value of each path counts.
    const std::size_t at = random() % versions.size();
    std::map<Hash, std::optional<Hash>> past;
    for (std::size_t i = at; i < versions.size(); ++i) {
      for (const auto& update : versions[i].undo) past.emplace(update.path, update.value_hash);
    }
    std::vector<Tree::Update> sorted;
    for (const auto& [key, value] : past) sorted.push_back({key, value});
    expect_proof(tree, versions[at].model, random_path(), sorted);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TreeProperty, testing::Range(0U, 40U));

TEST(Tree, EmptyAndBackAgain) {
  Tree tree;
  EXPECT_EQ(tree.root(), smt::empty_hash);
  Hash path{};
  path[0] = 7;
  const std::vector<Tree::Update> put{{path, Hash{1}}};
  const std::vector<Tree::Update> erase{{path, std::nullopt}};
  EXPECT_EQ(tree.apply(put), smt::leaf_hash(path, Hash{1}));
  EXPECT_EQ(tree.apply(erase), smt::empty_hash);
  EXPECT_EQ(tree.leaf_count(), 0U);
}

}  // namespace
}  // namespace xl::state
