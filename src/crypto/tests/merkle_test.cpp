// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: roots, paths and verdicts are those of RFC 9162. Method: the RFC's own recursive
// definitions written down here as the model, for every pair of sizes up to 64; transparency-dev's
// 92 vectors.
#include "crypto/merkle.h"

#include <algorithm>
#include <map>

#include "crypto/hash.h"
#include "crypto/tests/vectors.h"

namespace xl::crypto::merkle {
namespace {

using nlohmann::json;

std::vector<Hash> leaves_of(std::size_t count) {
  std::vector<Hash> leaves;
  for (std::size_t i = 0; i < count; ++i) {
    leaves.push_back(
        leaf_hash(Bytes{static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)}));
  }
  return leaves;
}

/// The largest power of two below n (RFC 9162 §2.1.1).
std::size_t model_split(std::size_t n) {
  std::size_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/// MTH, with the prefixes written out.
Hash model_root(std::span<const Hash> d) {
  if (d.empty()) return sha256(ByteView{});
  if (d.size() == 1) return d[0];
  const std::size_t k = model_split(d.size());
  const Hash left = model_root(d.first(k));
  const Hash right = model_root(d.subspan(k));
  return sha256({Bytes{0x01}, left, right});
}

/// PATH (§2.1.3.1).
std::vector<Hash> model_path(std::size_t m, std::span<const Hash> d) {
  if (d.size() <= 1) return {};
  const std::size_t k = model_split(d.size());
  std::vector<Hash> path = m < k ? model_path(m, d.first(k)) : model_path(m - k, d.subspan(k));
  path.push_back(m < k ? model_root(d.subspan(k)) : model_root(d.first(k)));
  return path;
}

/// SUBPROOF (§2.1.4.1).
std::vector<Hash> model_subproof(std::size_t m, std::span<const Hash> d, bool known) {
  if (m == d.size()) return known ? std::vector<Hash>{} : std::vector<Hash>{model_root(d)};
  const std::size_t k = model_split(d.size());
  std::vector<Hash> proof =
      m <= k ? model_subproof(m, d.first(k), known) : model_subproof(m - k, d.subspan(k), false);
  proof.push_back(m <= k ? model_root(d.subspan(k)) : model_root(d.first(k)));
  return proof;
}

/// Perfect subtrees of some leaves; `missing` can be taken away.
class TestNodes : public NodeReader {
 public:
  explicit TestNodes(std::span<const Hash> leaves) {
    std::vector<Hash> level(leaves.begin(), leaves.end());
    while (!level.empty()) {
      levels_.push_back(level);
      std::vector<Hash> above;
      for (std::size_t i = 0; i + 1 < level.size(); i += 2) {
        above.push_back(inner_hash(level[i], level[i + 1]));
      }
      level = above;
    }
  }
  bool node(unsigned level, std::uint64_t index, Hash& out) const override {
    ++asked;
    if (asked == missing) return false;
    if (level >= levels_.size() || index >= levels_[level].size()) return false;
    out = levels_[level][index];
    return true;
  }
  mutable int asked = 0;
  int missing = -1;

 private:
  std::vector<std::vector<Hash>> levels_;
};

TEST(Merkle, KnownRoots) {
  // The leaves that Certificate Transparency's implementations share, and their root.
  const std::vector<Bytes> leaves = {{},
                                     {0x00},
                                     {0x10},
                                     {0x20, 0x21},
                                     {0x30, 0x31},
                                     test::hex("40414243"),
                                     test::hex("5051525354555657"),
                                     test::hex("606162636465666768696a6b6c6d6e6f")};
  EXPECT_EQ(to_hex(root_of(leaves)),
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
  EXPECT_EQ(to_hex(root_of(std::span(leaves).first(7))),
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c");
  EXPECT_EQ(to_hex(leaf_hash(ByteView{})),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(to_hex(empty_root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Merkle, FrontierAndRootsFollowTheDefinition) {
  const std::vector<Hash> leaves = leaves_of(300);
  Frontier frontier;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    const std::span<const Hash> some = std::span(leaves).first(size);
    const Hash expected = model_root(some);
    EXPECT_EQ(root_of_leaf_hashes(some), expected) << size;
    EXPECT_EQ(frontier.root(), expected) << size;
    EXPECT_EQ(frontier.size(), size);
    Frontier restored(frontier.size(), frontier.roots());
    EXPECT_EQ(restored.root(), expected);
    if (size < leaves.size()) {
      frontier.append(leaves[size]);
      restored.append(leaves[size]);
      EXPECT_EQ(restored.root(), frontier.root());
    }
  }
}

TEST(Merkle, InclusionForEveryLeafOfEverySize) {
  const std::vector<Hash> leaves = leaves_of(64);
  const TestNodes nodes(leaves);  // holds more than the tree asked about, as a store does
  for (std::size_t size = 1; size <= leaves.size(); ++size) {
    const std::span<const Hash> some = std::span(leaves).first(size);
    const Hash root = model_root(some);
    for (std::size_t index = 0; index < size; ++index) {
      const std::vector<Hash> path = inclusion_path(some, index);
      ASSERT_EQ(path, model_path(index, some));
      std::vector<Hash> stored;
      ASSERT_TRUE(inclusion_path(nodes, index, size, stored));
      ASSERT_EQ(stored, path);
      ASSERT_TRUE(verify_inclusion(leaves[index], index, size, path, root));
      for (std::size_t other = 0; other < size; ++other) {
        if (other == index) continue;
        ASSERT_FALSE(verify_inclusion(leaves[other], index, size, path, root));
        ASSERT_FALSE(verify_inclusion(leaves[index], other, size, path, root));
      }
      ASSERT_FALSE(verify_inclusion(leaves[index], size, size, path, root));
      ASSERT_FALSE(verify_inclusion(leaves[index], index, 0, path, root));
    }
  }
}

TEST(Merkle, AlteredPathsAreRefused) {
  const std::vector<Hash> leaves = leaves_of(13);
  const Hash root = model_root(leaves);
  for (std::size_t index = 0; index < leaves.size(); ++index) {
    const std::vector<Hash> path = inclusion_path(leaves, index);
    for (std::size_t bit = 0; bit < path.size() * 256; ++bit) {
      std::vector<Hash> altered = path;
      altered[bit / 256][bit % 256 / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      ASSERT_FALSE(verify_inclusion(leaves[index], index, leaves.size(), altered, root));
    }
    std::vector<Hash> longer = path;
    longer.push_back(root);
    EXPECT_FALSE(verify_inclusion(leaves[index], index, leaves.size(), longer, root));
    std::vector<Hash> shorter = path;
    shorter.pop_back();
    EXPECT_FALSE(verify_inclusion(leaves[index], index, leaves.size(), shorter, root));
  }
}

TEST(Merkle, ConsistencyForAllPairs) {
  const std::vector<Hash> leaves = leaves_of(64);
  const TestNodes nodes(leaves);
  std::vector<Hash> roots;
  for (std::size_t size = 0; size <= leaves.size(); ++size) {
    roots.push_back(model_root(std::span(leaves).first(size)));
  }
  for (std::size_t size2 = 0; size2 < roots.size(); ++size2) {
    ASSERT_TRUE(verify_consistency(0, size2, roots[0], roots[size2], {}));
    for (std::size_t size1 = 1; size1 <= size2; ++size1) {
      std::vector<Hash> path;
      ASSERT_TRUE(consistency_path(nodes, size1, size2, path));
      ASSERT_EQ(path, model_subproof(size1, std::span(leaves).first(size2), true));
      ASSERT_TRUE(verify_consistency(size1, size2, roots[size1], roots[size2], path));
      ASSERT_FALSE(verify_consistency(size1, size2, roots[size1 - 1], roots[size2], path));
      ASSERT_FALSE(verify_consistency(size1, size2, roots[size1], roots[size2 - 1], path));
      if (size1 != size2) {
        ASSERT_FALSE(verify_consistency(size2, size1, roots[size2], roots[size1], path));
      }
      std::vector<Hash> longer = path;
      longer.push_back(roots[1]);
      ASSERT_FALSE(verify_consistency(size1, size2, roots[size1], roots[size2], longer));
      for (std::size_t i = 0; i < path.size(); ++i) {
        std::vector<Hash> altered = path;
        altered[i][i % 32] ^= 0x10;
        ASSERT_FALSE(verify_consistency(size1, size2, roots[size1], roots[size2], altered));
      }
    }
  }
}

TEST(Merkle, AMissingNodeIsReported) {
  const std::vector<Hash> leaves = leaves_of(23);
  std::vector<Hash> out;
  TestNodes counting(leaves);
  ASSERT_TRUE(inclusion_path(counting, 5, 23, out));
  for (int missing = 1; missing <= counting.asked; ++missing) {
    TestNodes nodes(leaves);
    nodes.missing = missing;
    EXPECT_FALSE(inclusion_path(nodes, 5, 23, out));
  }
  TestNodes counting2(leaves);
  ASSERT_TRUE(consistency_path(counting2, 7, 23, out));
  for (int missing = 1; missing <= counting2.asked; ++missing) {
    TestNodes nodes(leaves);
    nodes.missing = missing;
    EXPECT_FALSE(consistency_path(nodes, 7, 23, out));
  }
  EXPECT_FALSE(inclusion_path(TestNodes(leaves), 5, 24, out));  // not that many leaves
}

TEST(Merkle, HugeSizesDoNotOverflow) {
  // A reader that knows every node: only the shape of the path is looked at.
  class Endless : public NodeReader {
   public:
    bool node(unsigned level, std::uint64_t index, Hash& out) const override {
      EXPECT_LT(level, 64U);
      out = sha256({Bytes{static_cast<std::uint8_t>(level)}, view_of(std::to_string(index))});
      return true;
    }
  };
  const std::uint64_t huge = ~std::uint64_t{0};
  std::vector<Hash> out;
  ASSERT_TRUE(inclusion_path(Endless{}, huge - 1, huge, out));
  EXPECT_EQ(out.size(), 63U);
  ASSERT_TRUE(inclusion_path(Endless{}, 0, huge, out));
  EXPECT_EQ(out.size(), path_length_max);
  ASSERT_TRUE(consistency_path(Endless{}, (std::uint64_t{1} << 63) + 1, huge, out));
  EXPECT_LE(out.size(), path_length_max + 1);
  EXPECT_FALSE(verify_inclusion(Hash{}, huge - 1, huge, out, Hash{}));
  EXPECT_FALSE(verify_consistency(1, huge, Hash{}, Hash{}, std::vector<Hash>(200)));
}

/// A digest of the vectors; false when the text is not 32 bytes, which no `Hash` can hold.
bool read_hash(const json& text, Hash& out) {
  Bytes bytes;
  if (text.is_null() || !from_base64(text.get<std::string>(), bytes)) return false;
  if (bytes.size() != out.size()) return false;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return true;
}

bool read_path(const json& texts, std::vector<Hash>& out) {
  for (const json& text : texts) {
    Hash hash{};
    if (!read_hash(text, hash)) return false;
    out.push_back(hash);
  }
  return true;
}

bool run_inclusion(const json& vector) {
  Hash leaf{};
  Hash root{};
  std::vector<Hash> path;
  return read_hash(vector.at("leafHash"), leaf) && read_hash(vector.at("root"), root) &&
         read_path(vector.at("proof"), path) &&
         verify_inclusion(leaf, vector.at("leafIdx").get<std::uint64_t>(),
                          vector.at("treeSize").get<std::uint64_t>(), path, root);
}

bool run_consistency(const json& vector) {
  Hash root1{};
  Hash root2{};
  std::vector<Hash> path;
  return read_hash(vector.at("root1"), root1) && read_hash(vector.at("root2"), root2) &&
         read_path(vector.at("proof"), path) &&
         verify_consistency(vector.at("size1").get<std::uint64_t>(),
                            vector.at("size2").get<std::uint64_t>(), root1, root2, path);
}

TEST(Merkle, TransparencyDevVectors) {
  XL_NEEDS_SHARED_DATA();
  std::map<std::string, int> ran;
  int accepted = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(test::shared_data() / "ledger/rfc6962-merkle")) {
    const std::string name = entry.path().filename();
    const json vector = test::read_json(entry.path());
    const bool inclusion = name.starts_with("inclusion");
    const bool verdict = inclusion ? run_inclusion(vector) : run_consistency(vector);
    EXPECT_EQ(verdict, !vector.at("wantErr").get<bool>()) << name;
    accepted += verdict;
    ++ran[inclusion ? "inclusion" : "consistency"];
  }
  EXPECT_EQ(ran["inclusion"] + ran["consistency"], 92);
  EXPECT_GT(ran["inclusion"], 0);
  EXPECT_GT(ran["consistency"], 0);
  EXPECT_EQ(accepted, 6);  // the happy paths
}

}  // namespace
}  // namespace xl::crypto::merkle
