// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "state/store.h"

#include <algorithm>
#include <array>

#include "crypto/random.h"
#include "model/canonical.h"
#include "model/history.h"
#include "model/limits.h"
#include "model/wire_writer.h"
#include "state/undo.h"

namespace xl::state {
namespace {

/// Bounds of one cache generation, local: about 100 MB of small values in both together.
constexpr std::size_t cache_entries_max = 200'000;
constexpr std::size_t cache_bytes_max = 64U << 20U;
/// Durable blocks whose overwritten values stay in memory for proofs.
constexpr std::size_t recent_blocks_kept = 16;
/// Leaves that are sorted and added to the tree at a time when it is rebuilt.
constexpr std::size_t build_chunk = 1'000'000;

Bytes height_key(std::uint64_t height) {
  Bytes key;
  append_be(key, height);
  return key;
}

bool by_path(const Tree::Update& a, const Tree::Update& b) { return a.path < b.path; }

/// The oldest value of each path counts: what was appended first.
void keep_oldest(std::vector<Tree::Update>& past) {
  std::stable_sort(past.begin(), past.end(), by_path);
  const auto same_path = [](const Tree::Update& a, const Tree::Update& b) {
    return a.path == b.path;
  };
  past.erase(std::unique(past.begin(), past.end(), same_path), past.end());
}

/// What `key` held before the block of this record; nothing when that block left it alone.
std::optional<std::optional<Bytes>> old_value_in(ByteView undo, ByteView key) {
  std::optional<std::optional<Bytes>> out;
  const bool sound = visit_undo(undo, [&](ByteView at, std::optional<ByteView> old) {
    if (equal(at, key)) out.emplace(old ? std::optional(copy_of(*old)) : std::nullopt);
  });
  XL_CHECK(sound);  // it was made here and never left memory
  return out;
}

/// A seed that nobody outside can know: it only spreads keys over a table.
std::uint64_t table_seed() {
  std::array<std::uint8_t, 8> bytes{};
  crypto::random_bytes(bytes);
  return read_be<std::uint64_t>(bytes);
}

/// Reads the durable state at one moment.
class DurableView final : public model::StateReader {
 public:
  explicit DurableView(const Database& database)
      : database_(database), snapshot_(database.snapshot()) {}

  [[nodiscard]] bool get(ByteView key, Bytes& value) const override {
    const auto found = database_.get(Column::state, key, value, snapshot_.get());
    if (!found.ok()) stop_process(found.error().text());
    return *found;
  }

  void scan(ByteView prefix, ByteView from, std::uint32_t count_max,
            const std::function<bool(ByteView, ByteView)>& visit) const override {
    std::uint32_t left = count_max;
    const auto status = database_.scan(
        Column::state, prefix, from,
        [&](ByteView key, ByteView value) { return left-- > 0 && visit(key, value); },
        snapshot_.get());
    if (!status.ok()) stop_process(status.error().text());
  }

 private:
  const Database& database_;
  std::unique_ptr<Snapshot> snapshot_;
};

/// One not yet durable block over what lies below it.
class Layer final : public model::StateReader {
 public:
  Layer(const model::StateReader& below, const model::WriteSet& writes)
      : below_(below), writes_(writes) {}
  [[nodiscard]] bool get(ByteView, Bytes&) const override {
    XL_CHECK(false);  // only scans go through layers
    return false;
  }
  void scan(ByteView prefix, ByteView from, std::uint32_t count_max,
            const std::function<bool(ByteView, ByteView)>& visit) const override {
    model::scan_merged(below_, writes_, prefix, from, count_max, visit);
  }

 private:
  const model::StateReader& below_;
  const model::WriteSet& writes_;
};

}  // namespace

bool Store::Head::get(ByteView key, Bytes& value) const {
  const HeadCache::Known& known = store_.know(key);
  if (!known.value) return false;
  value.assign(known.value->begin(), known.value->end());
  return true;
}

bool Store::Head::view(ByteView key, const std::function<void(ByteView)>& use) const {
  const HeadCache::Known& known = store_.know(key);
  if (known.value) use(*known.value);
  return known.value.has_value();
}

void Store::Head::scan(ByteView prefix, ByteView from, std::uint32_t count_max,
                       const std::function<bool(ByteView, ByteView)>& visit) const {
  std::vector<std::shared_ptr<const model::WriteSet>> pending;
  {
    const std::shared_lock lock(store_.mutex_);
    for (const Staged& staged : store_.recent_) {
      if (staged.writes) pending.push_back(staged.writes);
    }
  }
  // The view is taken after the list: a block that became durable in between is in both, which
  // is harmless, never in neither.
  const DurableView durable(store_.database_);
  std::deque<Layer> layers;
  const model::StateReader* top = &durable;
  for (const auto& writes : pending) top = &layers.emplace_back(*top, *writes);
  top->scan(prefix, from, count_max, visit);
}

Store::Store(Database& database, std::uint64_t height)
    : database_(database),
      cache_(cache_entries_max, cache_bytes_max, table_seed()),
      durable_height_(height),
      staged_height_(height) {}

Result<std::unique_ptr<Store>> Store::open(Database& database, std::uint64_t height,
                                           const std::function<void(std::uint64_t)>& progress) {
  std::unique_ptr<Store> store(new Store(database, height));
  XL_TRY(store->build(progress));
  store->pruned_height_ =
      height > limits::proof_heights_kept ? height - limits::proof_heights_kept : 0;
  return store;
}

Status Store::build(const std::function<void(std::uint64_t)>& progress) {
  std::vector<Tree::Update> chunk;
  std::uint64_t total = 0;
  const auto flush = [&] {
    std::sort(chunk.begin(), chunk.end(), by_path);
    tree_.apply(chunk);
    total += chunk.size();
    chunk.clear();
    if (progress) progress(total);
  };
  XL_TRY(database_.scan(Column::state, {}, {}, [&](ByteView key, ByteView value) {
    chunk.push_back({model::state_path(key), model::state_value_hash(value)});
    if (chunk.size() == build_chunk) flush();
    return true;
  }));
  flush();
  return {};
}

/// What the key holds after the last staged block. Executing thread only.
HeadCache::Known& Store::know(ByteView key) {
  if (HeadCache::Known* known = cache_.find(key)) return *known;
  const Hash path = model::state_path(key);
  // The tree knows which keys exist, so an absent key (every new replay mark) costs no disk read.
  // Only this thread changes the tree, so it may read it without the lock. Whatever is not on disk
  // yet is in the cache.
  if (!tree_.contains(path)) return *cache_.add(key, path, std::nullopt);
  Bytes value;
  const auto found = database_.get(Column::state, key, value);
  if (!found.ok()) stop_process(found.error().text());
  if (!*found) stop_process("a state key of the tree is missing in the store");
  return *cache_.add(key, path, value);
}

Hash Store::stage(std::uint64_t height, model::WriteSet writes, Batch& batch) {
  XL_CHECK(height > staged_height_ || (height == 0 && staged_height_ == 0));
  cache_.trim(durable_height_.load());
  Staged staged;
  staged.height = height;
  std::vector<Tree::Update> updates;
  updates.reserve(writes.size());
  for (const auto& [key, value] : writes) {
    HeadCache::Known& known = know(key);
    append_undo(staged.undo, key, known.value);
    cache_.set(known, value, height);
    if (value) {
      updates.push_back({known.path, model::state_value_hash(*value)});
      batch.put(Column::state, key, *value);
    } else {
      updates.push_back({known.path, std::nullopt});
      batch.erase(Column::state, key);
    }
  }
  std::sort(updates.begin(), updates.end(), by_path);
  if (!writes.empty()) batch.put(Column::undo, height_key(height), staged.undo);
  prune_undo(height, batch);
  staged.writes = std::make_shared<const model::WriteSet>(std::move(writes));
  staged.old.reserve(updates.size());
  const std::unique_lock lock(mutex_);
  const Hash root = tree_.apply(updates, &staged.old);
  staged_height_ = height;
  recent_.push_back(std::move(staged));
  return root;
}

void Store::prune_undo(std::uint64_t height, Batch& batch) {
  if (height <= limits::proof_heights_kept) return;
  const std::uint64_t keep_above = height - limits::proof_heights_kept;
  if (keep_above <= pruned_height_ + 64) {
    for (std::uint64_t h = pruned_height_ + 1; h <= keep_above; ++h) {
      batch.erase(Column::undo, height_key(h));
    }
  } else {
    // After a long time without writes: what is there is found, not guessed.
    const Status found = database_.scan(Column::undo, {}, {}, [&](ByteView at, ByteView) {
      const bool old = at.size() == 8 && read_be<std::uint64_t>(at) <= keep_above;
      if (old) batch.erase(Column::undo, at);
      return old;
    });
    if (!found.ok()) stop_process(found.error().text());
  }
  pruned_height_ = keep_above;
}

void Store::made_durable(std::uint64_t height) {
  const std::unique_lock lock(mutex_);
  durable_height_.store(height);
  std::size_t durable_blocks = 0;
  for (Staged& staged : recent_) {
    if (staged.height > height) break;
    staged.writes.reset();
    ++durable_blocks;
  }
  for (; durable_blocks > recent_blocks_kept; --durable_blocks) recent_.pop_front();
}

Hash Store::root() const {
  const std::shared_lock lock(mutex_);
  return tree_.root();
}

std::uint64_t Store::key_count() const {
  const std::shared_lock lock(mutex_);
  return tree_.leaf_count();
}

std::uint64_t Store::memory_bytes() const {
  const std::shared_lock lock(mutex_);
  return tree_.memory_bytes();
}

std::unique_ptr<model::StateReader> Store::durable_view() const {
  return std::make_unique<DurableView>(database_);
}

Status Store::load_undo(std::uint64_t above, std::uint64_t below, std::vector<Tree::Update>& past,
                        ByteView key, std::optional<std::optional<Bytes>>& old_value) const {
  bool sound = true;
  const Bytes first = height_key(above + 1);
  XL_TRY(database_.scan(Column::undo, {}, first, [&](ByteView at, ByteView stored) {
    if (at.size() != 8 || read_be<std::uint64_t>(at) >= below) return false;
    sound = visit_undo(stored, [&](ByteView old_key, std::optional<ByteView> old) {
      past.push_back({model::state_path(old_key),
                      old ? std::optional(model::state_value_hash(*old)) : std::nullopt});
      if (!old_value && equal(old_key, key)) {
        old_value.emplace(old ? std::optional(copy_of(*old)) : std::nullopt);
      }
    });
    return sound;
  }));
  if (!sound) return make_error(ErrorCode::store_corrupt, "undo record");
  return {};
}

Result<Store::Proved> Store::prove(ByteView key, std::uint64_t height) const {
  std::uint64_t first_recent = 0;
  {
    const std::shared_lock lock(mutex_);
    if (height > durable_height_.load()) return make_error(ErrorCode::height_unknown);
    if (height + limits::proof_heights_kept < staged_height_) {
      return make_error(ErrorCode::height_too_old);
    }
    first_recent = recent_.empty() ? staged_height_ + 1 : recent_.front().height;
  }
  std::vector<Tree::Update> past;
  std::optional<std::optional<Bytes>> old_value;
  // Blocks that left memory are read without the lock; they are durable and do not change.
  XL_TRY(load_undo(height, first_recent, past, key, old_value));
  Proved out;
  out.proof.key = copy_of(key);
  const Hash path = model::state_path(key);
  std::unique_ptr<Snapshot> snapshot;
  {
    const std::shared_lock lock(mutex_);
    snapshot = database_.snapshot();
    if (!recent_.empty() && recent_.front().height > first_recent) {
      XL_TRY(load_undo(first_recent - 1, recent_.front().height, past, key, old_value));
    }
    for (const Staged& staged : recent_) {
      if (staged.height <= height) continue;
      past.insert(past.end(), staged.old.begin(), staged.old.end());
      const auto touched =
          std::lower_bound(staged.old.begin(), staged.old.end(), Tree::Update{path, {}}, by_path);
      const bool overwrote = touched != staged.old.end() && touched->path == path;
      if (overwrote && !old_value) old_value = old_value_in(staged.undo, key);
    }
    keep_oldest(past);
    const Tree::ProofAt proved = tree_.prove(path, past);
    out.proof.proof = proved.proof;
    out.root = proved.root;
  }
  if (old_value) {
    out.proof.value = std::move(*old_value);
    return out;
  }
  Bytes value;  // not overwritten since `height`, so the snapshot's value is the one proved
  XL_TRY_ASSIGN(const bool found, database_.get(Column::state, key, value, snapshot.get()));
  if (found) out.proof.value = std::move(value);
  return out;
}

}  // namespace xl::state
