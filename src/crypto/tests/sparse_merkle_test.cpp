// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a proof shows presence or absence, never both, and nothing altered verifies. Method: seeded
// random and clustered sets of leaves against a model that inserts one leaf at a time into a tree
// of pointers; every bit of sampled proofs altered; every proof tried for what it must not prove.
#include "crypto/sparse_merkle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>

#include "crypto/hash.h"

namespace xl::crypto::sparse_merkle {
namespace {

/// The independent model: a binary trie grown by insertion.
struct ModelNode {
  std::optional<Leaf> leaf;
  std::unique_ptr<ModelNode> child[2];

  bool is_empty() const { return !leaf && !child[0] && !child[1]; }
};

void model_insert(ModelNode& node, const Leaf& leaf, unsigned depth) {
  if (node.is_empty()) {
    node.leaf = leaf;
    return;
  }
  if (node.leaf) {
    const Leaf displaced = *node.leaf;
    node.leaf.reset();
    for (auto& child : node.child) child = std::make_unique<ModelNode>();
    const int side = displaced.path[depth / 8] >> (7 - depth % 8) & 1;
    model_insert(*node.child[side], displaced, depth + 1);
  }
  const int side = leaf.path[depth / 8] >> (7 - depth % 8) & 1;
  model_insert(*node.child[side], leaf, depth + 1);
}

Hash model_hash(const ModelNode& node) {
  if (node.is_empty()) return Hash{};
  if (node.leaf) return sha256({Bytes{0x02}, node.leaf->path, node.leaf->value_hash});
  return sha256({Bytes{0x03}, model_hash(*node.child[0]), model_hash(*node.child[1])});
}

class Sets {
 public:
  explicit Sets(std::uint64_t seed) : engine_(seed) {}

  Hash random_hash() {
    Hash out{};
    for (auto& byte : out) byte = static_cast<std::uint8_t>(engine_());
    return out;
  }

  /// Sorted leaves; `shared_bits` leading bits are alike, so that long chains of empty siblings
  /// appear.
  std::vector<Leaf> leaves(std::size_t count, unsigned shared_bits) {
    const Hash base = random_hash();
    std::vector<Leaf> out;
    while (out.size() < count) {
      Leaf leaf{near(base, shared_bits), random_hash()};
      const auto same = [&leaf](const Leaf& other) { return other.path == leaf.path; };
      if (std::none_of(out.begin(), out.end(), same)) out.push_back(leaf);
    }
    std::sort(out.begin(), out.end(), [](const Leaf& a, const Leaf& b) { return a.path < b.path; });
    return out;
  }

  /// A path that agrees with `base` in its first `bits` bits and is random behind.
  Hash near(const Hash& base, unsigned bits) {
    Hash out = random_hash();
    for (unsigned i = 0; i < bits; ++i) {
      const auto mask = static_cast<std::uint8_t>(0x80 >> i % 8);
      out[i / 8] = static_cast<std::uint8_t>((out[i / 8] & ~mask) | (base[i / 8] & mask));
    }
    return out;
  }

 private:
  std::mt19937_64 engine_;
};

constexpr unsigned shared_bits_tried[] = {0, 3, 40, 200, 248};
constexpr std::size_t counts_tried[] = {0, 1, 2, 3, 7, 20, 60};

template <typename Check>
void for_each_set(Check check) {
  Sets sets(20240607);
  for (const unsigned shared_bits : shared_bits_tried) {
    for (const std::size_t count : counts_tried) {
      SCOPED_TRACE("shared bits " + std::to_string(shared_bits) + ", leaves " +
                   std::to_string(count));
      check(sets, sets.leaves(count, shared_bits), shared_bits);
    }
  }
}

TEST(SparseMerkle, RootsFollowTheModel) {
  EXPECT_EQ(root_of({}), empty_hash);
  for_each_set([](Sets&, const std::vector<Leaf>& leaves, unsigned) {
    ModelNode model;
    for (auto leaf = leaves.rbegin(); leaf != leaves.rend(); ++leaf) model_insert(model, *leaf, 0);
    EXPECT_EQ(root_of(leaves), model_hash(model));
    if (leaves.empty()) return;
    std::vector<Leaf> changed = leaves;
    changed[changed.size() / 2].value_hash[31] ^= 1;
    EXPECT_NE(root_of(changed), root_of(leaves));
  });
}

TEST(SparseMerkle, PresentPathsAreProvedPresentAndNeverAbsent) {
  for_each_set([](Sets& sets, const std::vector<Leaf>& leaves, unsigned) {
    const Hash root = root_of(leaves);
    for (const Leaf& leaf : leaves) {
      const Proof proof = prove(leaves, leaf.path);
      ASSERT_TRUE(verify_inclusion(proof, leaf.path, leaf.value_hash, root));
      ASSERT_FALSE(verify_inclusion(proof, leaf.path, sets.random_hash(), root));
      ASSERT_FALSE(verify_inclusion(proof, leaf.path, leaf.value_hash, sets.random_hash()));
      ASSERT_FALSE(verify_absence(proof, leaf.path, root));
      // The same siblings with nothing, or with any other leaf of the set, at their end.
      Proof forged = proof;
      forged.leaf.reset();
      ASSERT_FALSE(verify_absence(forged, leaf.path, root));
      ASSERT_FALSE(verify_inclusion(forged, leaf.path, leaf.value_hash, root));
      for (const Leaf& other : leaves) {
        if (other == leaf) continue;
        forged.leaf = other;
        ASSERT_FALSE(verify_absence(forged, leaf.path, root));
        ASSERT_FALSE(verify_inclusion(forged, leaf.path, leaf.value_hash, root));
        // Another leaf's own, honest proof says nothing about this path.
        ASSERT_FALSE(verify_absence(prove(leaves, other.path), leaf.path, root));
      }
    }
  });
}

TEST(SparseMerkle, AbsentPathsAreProvedAbsentAndNeverPresent) {
  for_each_set([](Sets& sets, const std::vector<Leaf>& leaves, unsigned shared_bits) {
    const Hash root = root_of(leaves);
    for (int i = 0; i < 20; ++i) {
      const unsigned bits = i % 2 == 0 ? shared_bits : 0;
      const Hash path = sets.near(leaves.empty() ? Hash{} : leaves[0].path, bits);
      const auto here = [&path](const Leaf& leaf) { return leaf.path == path; };
      if (std::any_of(leaves.begin(), leaves.end(), here)) continue;
      const Proof proof = prove(leaves, path);
      ASSERT_TRUE(verify_absence(proof, path, root));
      ASSERT_FALSE(verify_absence(proof, path, sets.random_hash()));
      const Hash value_hash = proof.leaf ? proof.leaf->value_hash : Hash{};
      ASSERT_FALSE(verify_inclusion(proof, path, value_hash, root));
      Proof forged = proof;
      forged.leaf = Leaf{path, value_hash};
      ASSERT_FALSE(verify_inclusion(forged, path, value_hash, root));
      ASSERT_FALSE(verify_absence(forged, path, root));
    }
  });
}

/// Every single-bit change of a proof.
template <typename Check>
void for_each_altered_bit(const Proof& proof, Check check) {
  const auto flip = [](Hash& hash, std::size_t bit) {
    hash[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
  };
  for (std::size_t i = 0; i < proof.siblings.size(); ++i) {
    for (std::size_t bit = 0; bit < 256; bit += i < 8 ? 1 : 37) {
      Proof altered = proof;
      flip(altered.siblings[i], bit);
      check(altered);
    }
  }
  for (std::size_t bit = 0; proof.leaf && bit < 256; ++bit) {
    Proof altered = proof;
    flip(altered.leaf->path, bit);
    check(altered);
    altered = proof;
    flip(altered.leaf->value_hash, bit);
    check(altered);
  }
  Proof altered = proof;
  altered.siblings.push_back(Hash{});
  check(altered);
  altered.siblings.back().fill(7);
  check(altered);
  altered = proof;
  altered.siblings.insert(altered.siblings.begin(), Hash{});
  check(altered);
  if (proof.siblings.empty()) return;
  altered = proof;
  altered.siblings.pop_back();
  check(altered);
  altered = proof;
  altered.siblings.erase(altered.siblings.begin());
  check(altered);
}

TEST(SparseMerkle, NoAlteredProofVerifies) {
  for_each_set([](Sets& sets, const std::vector<Leaf>& leaves, unsigned shared_bits) {
    if (leaves.empty()) return;
    const Hash root = root_of(leaves);
    const Leaf& present = leaves[leaves.size() / 2];
    for_each_altered_bit(prove(leaves, present.path), [&](const Proof& altered) {
      ASSERT_FALSE(verify_inclusion(altered, present.path, present.value_hash, root));
      ASSERT_FALSE(verify_absence(altered, present.path, root));
    });
    const Hash absent = sets.near(present.path, shared_bits);
    if (absent == present.path) return;
    const Proof proof = prove(leaves, absent);
    if (!verify_absence(proof, absent, root)) return;
    for_each_altered_bit(
        proof, [&](const Proof& altered) { ASSERT_FALSE(verify_absence(altered, absent, root)); });
  });
}

// A root that no honest tree has, with a leaf on the wrong side, must not prove anything.
TEST(SparseMerkle, ALeafOffItsPathProvesNothing) {
  Sets sets(11);
  Leaf misplaced{sets.random_hash(), sets.random_hash()};
  misplaced.path[0] |= 0x80;  // belongs to the right
  const Hash sibling = sets.random_hash();
  const Hash root = inner_hash(leaf_hash(misplaced.path, misplaced.value_hash), sibling);
  Hash asked = sets.random_hash();
  asked[0] &= 0x7f;
  const Proof proof{{sibling}, misplaced};
  EXPECT_FALSE(verify_absence(proof, asked, root));
  EXPECT_FALSE(verify_inclusion(proof, misplaced.path, misplaced.value_hash, root));
  misplaced.path[0] &= 0x7f;  // where it belongs, the same shape does
  const Hash good_root = inner_hash(leaf_hash(misplaced.path, misplaced.value_hash), sibling);
  EXPECT_TRUE(verify_absence(Proof{{sibling}, misplaced}, asked, good_root));
}

TEST(SparseMerkle, TheEdgesOfDepthHold) {
  // Two paths that differ in the last bit only: both leaves stand at depth 256.
  Sets sets(7);
  Leaf left{sets.random_hash(), sets.random_hash()};
  left.path[31] &= 0xfe;
  Leaf right{left.path, sets.random_hash()};
  right.path[31] |= 0x01;
  const std::vector<Leaf> leaves = {left, right};
  const Hash root = root_of(leaves);
  Proof proof = prove(leaves, right.path);
  EXPECT_EQ(proof.siblings.size(), depth_max);
  EXPECT_TRUE(verify_inclusion(proof, right.path, right.value_hash, root));
  proof.siblings.push_back(Hash{});
  EXPECT_FALSE(verify_inclusion(proof, right.path, right.value_hash, root));
  EXPECT_FALSE(verify_absence(proof, left.path, root));
  // The empty tree: everything is absent, nothing else.
  EXPECT_TRUE(verify_absence(Proof{}, left.path, empty_hash));
  EXPECT_FALSE(verify_absence(Proof{}, left.path, root));
  EXPECT_FALSE(verify_inclusion(Proof{}, left.path, left.value_hash, empty_hash));
  // One leaf is the root itself.
  EXPECT_EQ(root_of(std::span(leaves).first(1)), leaf_hash(left.path, left.value_hash));
  EXPECT_TRUE(bit(Hash{0x80}, 0));
  EXPECT_FALSE(bit(Hash{0x80}, 1));
  EXPECT_TRUE(bit(right.path, 255));
}

}  // namespace
}  // namespace xl::crypto::sparse_merkle
