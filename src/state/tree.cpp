// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "state/tree.h"

#include <algorithm>

#include "base/check.h"
#include "state/arena.h"

namespace xl::state {
namespace {

namespace smt = crypto::sparse_merkle;
using Leaf = smt::Leaf;

/// Names a node: 0 is the empty subtree, the top bit marks leaves, the rest is the arena's index.
using Ref = std::uint32_t;
constexpr Ref empty_ref = 0;
constexpr Ref leaf_bit = 0x80000000;

/// Depth at which inner nodes are also found through a table, so that a look at a large tree skips
/// its top.
constexpr unsigned table_depth = 16;
constexpr std::size_t table_size = 1U << table_depth;

/// The first `table_depth` bits of a path.
std::size_t table_place(const Hash& path) { return std::size_t{path[0]} << 8U | path[1]; }

bool is_leaf(Ref ref) { return (ref & leaf_bit) != 0; }

/// An inner node keeps its children's hashes, so that an update touches only nodes of its own path
/// and never has to fetch a sibling (a cache miss each at 10^7 leaves).
struct Inner {
  Hash left_hash{};
  Hash right_hash{};
  Ref left = empty_ref;
  Ref right = empty_ref;
};
static_assert(sizeof(Inner) == 72);

struct Subtree {
  Ref ref = empty_ref;
  Hash hash{};
};

/// A subtree during a proof: its hash, and its leaf when it has exactly one.
struct View {
  Hash hash{};
  std::optional<Leaf> only_leaf;

  [[nodiscard]] bool empty() const { return hash == smt::empty_hash; }
};

View leaf_view(const Leaf& leaf) { return {smt::leaf_hash(leaf.path, leaf.value_hash), leaf}; }

/// A subtree of one leaf is that leaf, however deep it would hang.
View join(const View& left, const View& right) {
  if (left.empty()) {
    if (right.empty() || right.only_leaf) return right;
  } else if (right.empty() && left.only_leaf) {
    return left;
  }
  return {smt::inner_hash(left.hash, right.hash), std::nullopt};
}

/// What a proof notes on its way up from the end of the path.
struct Walk {
  std::vector<Hash> siblings;  ///< lowest first
  std::optional<Leaf> end;

  /// Joins the side on the path with its sibling and notes the sibling, unless the two collapse
  /// into one leaf or nothing: then a verifier's walk ends here already.
  View step(const View& on_path, const View& sibling, bool right_side) {
    const View joined = right_side ? join(sibling, on_path) : join(on_path, sibling);
    if (joined.empty() || joined.only_leaf) {
      siblings.clear();
      end = joined.only_leaf;
    } else {
      siblings.push_back(sibling.hash);
    }
    return joined;
  }
};

/// The first element of a sorted range whose path has bit `depth` set.
template <typename Element>
std::size_t split(std::span<const Element> sorted, unsigned depth) {
  const auto at = std::partition_point(sorted.begin(), sorted.end(), [&](const Element& element) {
    return !smt::bit(element.path, depth);
  });
  return static_cast<std::size_t>(at - sorted.begin());
}

}  // namespace

struct Tree::Impl {
  Arena<Inner> inners;
  Arena<Leaf> leaves;
  Subtree root;
  std::vector<Update>* overwritten = nullptr;  // of the `apply` in progress
  /// The inner node at `table_depth` by the bits above it, or 0: none there, or not noted. Nodes
  /// there come and go only in `apply`, which passes here.
  std::vector<Ref> table = std::vector<Ref>(table_size, empty_ref);

  Impl() { (void)inners.add({}); }  // index 0 names the empty subtree

  [[nodiscard]] const Leaf& leaf(Ref ref) const { return leaves.at(ref & ~leaf_bit); }

  /// Fetches a node ahead: at 10^6 leaves each one further down is a cache miss.
  void prefetch(Ref ref) const {
    if (is_leaf(ref)) {
      __builtin_prefetch(&leaf(ref));
    } else {
      __builtin_prefetch(&inners.at(ref).left_hash);
      __builtin_prefetch(&inners.at(ref).left);
    }
  }

  Subtree make_leaf(const Leaf& leaf) {
    return {leaves.add(leaf) | leaf_bit, smt::leaf_hash(leaf.path, leaf.value_hash)};
  }

  Subtree make_inner(const Subtree& left, const Subtree& right) {
    return {inners.add({left.hash, right.hash, left.ref, right.ref}),
            smt::inner_hash(left.hash, right.hash)};
  }

  Subtree build(std::span<const Leaf> sorted, unsigned depth) {
    if (sorted.empty()) return {};
    if (sorted.size() == 1) return make_leaf(sorted[0]);
    XL_CHECK(depth < smt::depth_max);
    const std::size_t middle = split(sorted, depth);
    const Subtree left = build(sorted.first(middle), depth + 1);
    const Subtree right = build(sorted.subspan(middle), depth + 1);
    return make_inner(left, right);
  }

  /// Replaces an empty subtree or a single leaf by what it becomes under `updates`.
  Subtree rebuild(Ref ref, std::span<const Update> updates, unsigned depth) {
    if (overwritten != nullptr) note_overwritten(ref, updates);
    // Nearly every update in a large tree meets an empty place, its own leaf or one other leaf.
    if (updates.size() == 1 && updates[0].value_hash) {
      const Leaf fresh{updates[0].path, *updates[0].value_hash};
      if (ref == empty_ref) return make_leaf(fresh);
      Leaf& old = leaves.at(ref & ~leaf_bit);
      if (old.path == fresh.path) {
        old = fresh;
        return {ref, smt::leaf_hash(fresh.path, fresh.value_hash)};
      }
    }
    const std::vector<Leaf> merged = merge(ref, updates);
    if (ref != empty_ref) leaves.remove(ref & ~leaf_bit);
    return build(merged, depth);
  }

  void note_overwritten(Ref ref, std::span<const Update> updates) const {
    for (const Update& update : updates) {
      const bool same = ref != empty_ref && leaf(ref).path == update.path;
      overwritten->push_back(
          {update.path, same ? std::optional(leaf(ref).value_hash) : std::nullopt});
    }
  }

  [[nodiscard]] std::vector<Leaf> merge(Ref ref, std::span<const Update> updates) const {
    std::vector<Leaf> merged;
    merged.reserve(updates.size() + 1);
    bool pending = ref != empty_ref;
    for (const Update& update : updates) {
      if (pending && leaf(ref).path <= update.path) {
        if (leaf(ref).path != update.path) merged.push_back(leaf(ref));
        pending = false;
      }
      if (update.value_hash) merged.push_back({update.path, *update.value_hash});
    }
    if (pending) merged.push_back(leaf(ref));
    return merged;
  }

  Subtree apply(const Subtree& at, std::span<const Update> updates, unsigned depth) {
    if (updates.empty()) return at;
    const Subtree after = apply_below(at, updates, depth);
    if (depth == table_depth) {
      table[table_place(updates[0].path)] = is_leaf(after.ref) ? empty_ref : after.ref;
    }
    return after;
  }

  Subtree apply_below(const Subtree& at, std::span<const Update> updates, unsigned depth) {
    if (at.ref == empty_ref || is_leaf(at.ref)) return rebuild(at.ref, updates, depth);
    const std::size_t middle = split(updates, depth);
    Inner& node = inners.at(at.ref);
    if (middle < updates.size()) prefetch(node.right);  // its turn comes when the left is done
    const Subtree left = apply({node.left, node.left_hash}, updates.first(middle), depth + 1);
    // The arena never moves nodes, but the recursion may have freed and reused others.
    const Subtree right = apply({node.right, node.right_hash}, updates.subspan(middle), depth + 1);
    const bool collapses =
        (left.ref == empty_ref && (right.ref == empty_ref || is_leaf(right.ref))) ||
        (right.ref == empty_ref && is_leaf(left.ref));
    if (collapses) {
      inners.remove(at.ref);
      return left.ref != empty_ref ? left : right;
    }
    node = {left.hash, right.hash, left.ref, right.ref};
    return {at.ref, smt::inner_hash(left.hash, right.hash)};
  }

  [[nodiscard]] View view_of_leaves(std::span<const Leaf> sorted, unsigned depth) const {
    if (sorted.empty()) return {};
    if (sorted.size() == 1) return leaf_view(sorted[0]);
    const std::size_t middle = split(sorted, depth);
    return join(view_of_leaves(sorted.first(middle), depth + 1),
                view_of_leaves(sorted.subspan(middle), depth + 1));
  }

  /// A subtree as it was before `past` was overwritten.
  [[nodiscard]] View view(const Subtree& at, std::span<const Update> past, unsigned depth) const {
    if (at.ref == empty_ref || is_leaf(at.ref)) {
      return view_of_leaves(merge(at.ref, past), depth);
    }
    if (past.empty()) return {at.hash, std::nullopt};
    const std::size_t middle = split(past, depth);
    const Inner& node = inners.at(at.ref);
    return join(view({node.left, node.left_hash}, past.first(middle), depth + 1),
                view({node.right, node.right_hash}, past.subspan(middle), depth + 1));
  }

  /// As `view_of_leaves`, noting the walk towards `path`.
  View prove_in_leaves(std::span<const Leaf> sorted, const Hash& path, unsigned depth,
                       Walk& walk) const {
    if (sorted.size() < 2) {
      const View view = view_of_leaves(sorted, depth);
      walk.end = view.only_leaf;
      return view;
    }
    const std::size_t middle = split(sorted, depth);
    const bool right_side = smt::bit(path, depth);
    const auto mine = right_side ? sorted.subspan(middle) : sorted.first(middle);
    const auto other = right_side ? sorted.first(middle) : sorted.subspan(middle);
    const View on_path = prove_in_leaves(mine, path, depth + 1, walk);
    return walk.step(on_path, view_of_leaves(other, depth + 1), right_side);
  }

  View prove(const Subtree& at, std::span<const Update> past, const Hash& path, unsigned depth,
             Walk& walk) const {
    if (at.ref == empty_ref || is_leaf(at.ref)) {
      return prove_in_leaves(merge(at.ref, past), path, depth, walk);
    }
    const std::size_t middle = split(past, depth);
    const Inner& node = inners.at(at.ref);
    const bool right_side = smt::bit(path, depth);
    const Subtree mine =
        right_side ? Subtree{node.right, node.right_hash} : Subtree{node.left, node.left_hash};
    const Subtree other =
        right_side ? Subtree{node.left, node.left_hash} : Subtree{node.right, node.right_hash};
    const auto my_past = right_side ? past.subspan(middle) : past.first(middle);
    const auto other_past = right_side ? past.first(middle) : past.subspan(middle);
    const View on_path = prove(mine, my_past, path, depth + 1, walk);
    return walk.step(on_path, view(other, other_past, depth + 1), right_side);
  }
};

Tree::Tree() : impl_(std::make_unique<Impl>()) {}
Tree::~Tree() = default;
Tree::Tree(Tree&&) noexcept = default;
Tree& Tree::operator=(Tree&&) noexcept = default;

Hash Tree::apply(std::span<const Update> updates, std::vector<Update>* overwritten) {
  impl_->overwritten = overwritten;
  impl_->root = impl_->apply(impl_->root, updates, 0);
  impl_->overwritten = nullptr;
  return impl_->root.hash;
}

Hash Tree::root() const { return impl_->root.hash; }

std::uint64_t Tree::leaf_count() const { return impl_->leaves.live(); }

std::uint64_t Tree::memory_bytes() const {
  return impl_->inners.memory_bytes() + impl_->leaves.memory_bytes();
}

std::optional<Hash> Tree::find(const Hash& path) const {
  Ref ref = impl_->table[table_place(path)];
  unsigned depth = ref != empty_ref ? table_depth : 0;
  if (ref == empty_ref) ref = impl_->root.ref;
  for (; ref != empty_ref && !is_leaf(ref); ++depth) {
    const Inner& node = impl_->inners.at(ref);
    ref = smt::bit(path, depth) ? node.right : node.left;
  }
  if (ref == empty_ref || impl_->leaf(ref).path != path) return std::nullopt;
  return impl_->leaf(ref).value_hash;
}

Tree::ProofAt Tree::prove(const Hash& path, std::span<const Update> past) const {
  Walk walk;
  const View whole = impl_->prove(impl_->root, past, path, 0, walk);
  std::reverse(walk.siblings.begin(), walk.siblings.end());
  return {{std::move(walk.siblings), walk.end}, whole.hash};
}

}  // namespace xl::state
