// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "chain/snapshot.h"

#include <algorithm>

#include "chain/history_tree.h"
#include "chain/snapshot.pb.h"
#include "crypto/sparse_merkle.h"
#include "model/canonical.h"
#include "model/comet/encoding.h"
#include "model/history.h"
#include "model/limits.h"

namespace xl::chain::snapshot {
namespace {

namespace smt = crypto::sparse_merkle;
namespace wire = xinglin::chain::v1;

constexpr std::uint32_t manifest_version = 1;
constexpr std::uint32_t one_leaf = 1;
constexpr std::uint32_t more_leaves = 2;

Error invalid(std::string_view what) { return make_error(ErrorCode::snapshot_invalid, what); }

bool read_hash(const std::string& in, Hash& out) {
  if (in.size() != out.size()) return false;
  std::copy(in.begin(), in.end(), out.begin());
  return true;
}

std::string bytes_of(ByteView bytes) { return std::string(text_of(bytes)); }

/// A subtree over two neighbours (formats-snapshot.md §2).
Subtree join(const Subtree& left, const Subtree& right) {
  if (left.kind == 0 && right.kind == 0) return {};
  if (left.kind + right.kind == one_leaf) return left.kind == one_leaf ? left : right;
  return {more_leaves, smt::inner_hash(left.hash, right.hash)};
}

bool read_subtree(const wire::SnapshotSubtree& in, Subtree& out) {
  out.kind = in.kind();
  if (out.kind == 0) return in.hash().empty();
  return out.kind <= more_leaves && read_hash(in.hash(), out.hash);
}

/// Whether the first `depth` bits of `path` are `number`.
bool has_prefix(const Hash& path, std::uint32_t depth, std::uint32_t number) {
  return depth == 0 || read_be<std::uint32_t>(ByteView(path).first(4)) >> (32 - depth) == number;
}

}  // namespace

Hash Manifest::state_root() const {
  std::vector<Subtree> level = subtrees;
  while (level.size() > 1) {
    for (std::size_t i = 0; i < level.size() / 2; ++i) {
      level[i] = join(level[2 * i], level[2 * i + 1]);
    }
    level.resize(level.size() / 2);
  }
  return level[0].hash;
}

Hash Manifest::history_root() const { return HistoryTree::root_of_tiles(history_size, history); }

Hash Manifest::app_hash() const {
  return model::app_hash(state_root(), history_root(), history_size);
}

Bytes encode_manifest(const Manifest& manifest) {
  wire::SnapshotManifest out;
  out.set_version(manifest_version);
  out.set_network(bytes_of(manifest.network));
  out.set_height(manifest.height);
  out.set_depth(manifest.depth);
  for (const Subtree& subtree : manifest.subtrees) {
    auto* one = out.add_subtrees();
    one->set_kind(subtree.kind);
    if (subtree.kind != 0) one->set_hash(bytes_of(subtree.hash));
  }
  out.set_history_size(manifest.history_size);
  for (const auto& tile : manifest.history) {
    for (const Hash& hash : tile) out.add_tiles(bytes_of(hash));
  }
  return model::encode(out);
}

Result<Manifest> decode_manifest(ByteView bytes) {
  wire::SnapshotManifest in;
  if (bytes.size() > manifest_bytes_max || !model::decode_canonical(bytes, in)) {
    return invalid("the manifest's form");
  }
  Manifest out;
  if (in.version() != manifest_version) return invalid("the manifest's version");
  if (!read_hash(in.network(), out.network)) return invalid("network");
  out.height = in.height();
  out.depth = in.depth();
  out.history_size = in.history_size();
  if (out.height == 0 || out.depth > depth_max || in.subtrees_size() != 1 << out.depth) {
    return invalid("height, depth or number of subtrees");
  }
  out.subtrees.resize(static_cast<std::size_t>(in.subtrees_size()));
  for (std::size_t i = 0; i < out.subtrees.size(); ++i) {
    if (!read_subtree(in.subtrees(static_cast<int>(i)), out.subtrees[i])) return invalid("subtree");
  }
  int next = 0;
  for (const std::size_t count : HistoryTree::tile_counts(out.history_size)) {
    auto& tile = out.history.emplace_back(count);
    for (Hash& hash : tile) {
      if (next == in.tiles_size() || !read_hash(in.tiles(next++), hash)) {
        return invalid("history");
      }
    }
  }
  if (next != in.tiles_size()) return invalid("history");
  return out;
}

Subtree subtree_of(std::span<const Leaf> leaves, std::uint32_t depth) {
  if (leaves.empty()) return {};
  std::vector<smt::Leaf> hashed;
  hashed.reserve(leaves.size());
  for (const Leaf& leaf : leaves) {
    hashed.push_back({leaf.path, model::state_value_hash(leaf.value)});
  }
  return {leaves.size() == 1 ? one_leaf : more_leaves, smt::subtree_root_of(hashed, depth)};
}

Bytes encode_chunk(std::span<const Leaf> leaves) {
  wire::SnapshotChunk out;
  for (const Leaf& leaf : leaves) {
    auto* one = out.add_leaves();
    one->set_key(bytes_of(leaf.key));
    one->set_value(bytes_of(leaf.value));
  }
  return model::encode(out);
}

Result<std::vector<Leaf>> decode_chunk(ByteView bytes, const Manifest& manifest,
                                       std::uint32_t number) {
  const auto wrong = [&](std::string_view what) {
    return invalid("chunk " + std::to_string(number + 1) + ": " + std::string(what));
  };
  wire::SnapshotChunk in;
  if (number >= manifest.subtrees.size()) return wrong("there is none");
  if (bytes.size() > chunk_bytes_max || !model::decode_canonical(bytes, in)) return wrong("form");
  std::vector<Leaf> out;
  out.reserve(static_cast<std::size_t>(in.leaves_size()));
  for (const auto& leaf : in.leaves()) {
    if (leaf.key().empty() || leaf.key().size() > limits::state_key_bytes_max ||
        leaf.value().empty() || leaf.value().size() > limits::state_value_bytes_max) {
      return wrong("a key or value is out of bounds");
    }
    const Hash path = model::state_path(view_of(leaf.key()));
    if (!has_prefix(path, manifest.depth, number)) return wrong("a leaf is of another chunk");
    if (!out.empty() && out.back().path >= path) return wrong("leaves are out of order");
    out.push_back({path, copy_of(view_of(leaf.key())), copy_of(view_of(leaf.value()))});
  }
  if (subtree_of(out, manifest.depth) != manifest.subtrees[number]) {
    return wrong("it is not the subtree that the manifest names");
  }
  return out;
}

Bytes encode_way(const Way& way) {
  wire::SnapshotWay out;
  for (const model::comet::LightBlock& step : way.steps) {
    auto* one = out.add_steps();
    one->set_header(bytes_of(model::comet::encode_header(step.header)));
    one->set_commit(bytes_of(model::comet::encode_commit(step.commit)));
    one->set_validators(bytes_of(model::comet::encode_validators(step.validators)));
  }
  out.set_next_validators(bytes_of(model::comet::encode_validators(way.next_validators)));
  return model::encode(out);
}

Result<Way> decode_way(ByteView bytes, const Manifest& manifest, const model::Genesis& genesis) {
  wire::SnapshotWay in;
  if (bytes.size() > way_bytes_max || !model::decode_canonical(bytes, in) || in.steps_size() == 0) {
    return invalid("the way's form");
  }
  Way out;
  for (const auto& step : in.steps()) {
    auto header = model::comet::decode_header(view_of(step.header()));
    auto commit = model::comet::decode_commit(view_of(step.commit()));
    auto validators = model::comet::decode_validators(view_of(step.validators()));
    if (!header.ok() || !commit.ok() || !validators.ok()) return invalid("a header on the way");
    out.steps.push_back({std::move(*header), std::move(*commit), std::move(*validators)});
  }
  const model::comet::LightBlock last = out.steps.back();
  if (static_cast<std::uint64_t>(last.header.height) != manifest.height + 1 ||
      !equal(last.header.app_hash, manifest.app_hash())) {
    return invalid("the header behind it has another app hash");
  }
  auto next = model::comet::decode_validators(view_of(in.next_validators()));
  if (!next.ok() || !equal(model::comet::hash_of(*next), last.header.next_validators_hash)) {
    return invalid("the header behind it has other validators next");
  }
  out.next_validators = std::move(*next);
  const std::vector<model::comet::LightBlock> path(out.steps.begin(), out.steps.end() - 1);
  const Status sound =
      model::comet::verify_trust_path(genesis.chain_id, {0, {}, genesis.validators}, path, last);
  if (!sound.ok()) return invalid(sound.error().text());
  return out;
}

}  // namespace xl::chain::snapshot
