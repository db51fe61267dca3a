// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "state/store.h"

#include <algorithm>

#include "model/canonical.h"
#include "model/history.h"
#include "model/limits.h"
#include "state/undo.pb.h"

namespace xl::state {
namespace {

/// Entries of one cache generation: about 100 MB of small values in both together.
constexpr std::size_t cache_entries_max = 200'000;
/// Durable blocks whose overwritten values stay in memory for proofs.
constexpr std::size_t recent_blocks_kept = 16;
/// Leaves that are sorted and added to the tree at a time when it is rebuilt.
constexpr std::size_t build_chunk = 1'000'000;

Bytes height_key(std::uint64_t height) {
  Bytes key;
  append_be(key, height);
  return key;
}

std::vector<Tree::Update> to_updates(const model::WriteSet& values) {
  std::vector<Tree::Update> updates;
  updates.reserve(values.size());
  for (const auto& [key, value] : values) {
    updates.push_back({model::state_path(key),
                       value ? std::optional(model::state_value_hash(*value)) : std::nullopt});
  }
  std::sort(updates.begin(), updates.end(),
            [](const Tree::Update& a, const Tree::Update& b) { return a.path < b.path; });
  return updates;
}

Bytes encode_undo(const model::WriteSet& old) {
  xinglin::state::v1::Undo out;
  for (const auto& [key, value] : old) {
    auto* entry = out.add_entries();
    entry->set_key(key.data(), key.size());
    if (value) entry->set_old_value(value->data(), value->size());
  }
  return model::encode(out);
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
  auto found = store_.read_head(key);
  if (!found) return false;
  value = std::move(*found);
  return true;
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
      cache_(cache_entries_max),
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
    std::sort(chunk.begin(), chunk.end(),
              [](const Tree::Update& a, const Tree::Update& b) { return a.path < b.path; });
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

std::optional<Bytes> Store::read_head(ByteView key) {
  const auto pending = pending_.find(text_of(key));
  if (pending != pending_.end()) return *pending->second.value;
  if (const Bytes* cached = cache_.find(key)) return *cached;
  // The tree knows which keys exist, so an absent key (every new replay mark) costs no disk read.
  // Only this thread changes the tree, so it may read it without the lock.
  if (!tree_.find(model::state_path(key))) return std::nullopt;
  return read_present(key);
}

/// Reads a key that the tree holds and that no pending block wrote.
Bytes Store::read_present(ByteView key) {
  Bytes value;
  const auto found = database_.get(Column::state, key, value);
  if (!found.ok()) stop_process(found.error().text());
  if (!*found) stop_process("a state key of the tree is missing in the store");
  cache_.put(key, value);
  return value;
}

Hash Store::stage(std::uint64_t height, model::WriteSet writes, Batch& batch) {
  XL_CHECK(height > staged_height_ || (height == 0 && staged_height_ == 0));
  forget_durable();
  auto old = std::make_shared<model::WriteSet>();
  std::vector<Tree::Update> updates;
  updates.reserve(writes.size());
  for (const auto& [key, value] : writes) {
    const Hash path = model::state_path(key);
    const bool existed = tree_.find(path).has_value();
    old->emplace_hint(old->end(), key, existed ? read_head(key) : std::nullopt);
    if (value) {
      updates.push_back({path, model::state_value_hash(*value)});
      batch.put(Column::state, key, *value);
    } else {
      updates.push_back({path, std::nullopt});
      batch.erase(Column::state, key);
    }
  }
  std::sort(updates.begin(), updates.end(),
            [](const Tree::Update& a, const Tree::Update& b) { return a.path < b.path; });
  if (!writes.empty()) batch.put(Column::undo, height_key(height), encode_undo(*old));
  prune_undo(height, batch);
  const auto shared = std::make_shared<const model::WriteSet>(std::move(writes));
  Hash root;
  {
    const std::unique_lock lock(mutex_);
    root = tree_.apply(updates);
    staged_height_ = height;
    recent_.push_back({height, shared, std::move(old)});
  }
  kept_.emplace_back(height, shared);
  for (const auto& [key, value] : *shared) {
    pending_.erase(text_of(key));  // its view may be of an earlier block's copy of the key
    pending_.emplace(text_of(key), Pending{&value, height});
  }
  return root;
}

/// Lets go of the writes of blocks that are on disk by now.
void Store::forget_durable() {
  const std::uint64_t durable = durable_height_.load();
  while (!kept_.empty() && kept_.front().first <= durable) {
    for (const auto& [key, value] : *kept_.front().second) {
      cache_.update(key, value);
      const auto pending = pending_.find(text_of(key));
      // A later block wrote the key again: its entry stays, under that block's copy of the key.
      if (pending->second.height == kept_.front().first) pending_.erase(pending);
    }
    kept_.pop_front();
  }
}

void Store::prune_undo(std::uint64_t height, Batch& batch) {
  if (height <= limits::proof_heights_kept) return;
  const std::uint64_t keep_above = height - limits::proof_heights_kept;
  if (keep_above > pruned_height_ + 64) {
    batch.erase_range(Column::undo, height_key(pruned_height_), height_key(keep_above + 1));
  } else {
    for (std::uint64_t h = pruned_height_ + 1; h <= keep_above; ++h) {
      batch.erase(Column::undo, height_key(h));
    }
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

/// What blocks in (above, below) overwrote, the oldest value of each key, from disk.
Result<model::WriteSet> Store::load_undo(std::uint64_t above, std::uint64_t below) const {
  model::WriteSet past;
  std::optional<Error> failure;
  const Bytes first = height_key(above + 1);
  XL_TRY(database_.scan(Column::undo, {}, first, [&](ByteView key, ByteView value) {
    if (key.size() != 8 || read_be<std::uint64_t>(key) >= below) return false;
    xinglin::state::v1::Undo undo;
    if (!model::decode_canonical(value, undo)) {
      failure = make_error(ErrorCode::store_corrupt, "undo record");
      return false;
    }
    for (const auto& entry : undo.entries()) {
      const auto old = entry.old_value().empty()
                           ? std::nullopt
                           : std::optional(copy_of(view_of(entry.old_value())));
      past.emplace(copy_of(view_of(entry.key())), old);
    }
    return true;
  }));
  if (failure) return *failure;
  return past;
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
  // Blocks that left memory are read without the lock; they are durable and do not change.
  XL_TRY_ASSIGN(model::WriteSet past, load_undo(height, first_recent));
  Proved out;
  out.proof.key = copy_of(key);
  const Hash path = model::state_path(key);
  std::unique_ptr<Snapshot> snapshot;
  {
    const std::shared_lock lock(mutex_);
    snapshot = database_.snapshot();
    if (!recent_.empty() && recent_.front().height > first_recent) {
      XL_TRY_ASSIGN(model::WriteSet between, load_undo(first_recent - 1, recent_.front().height));
      past.merge(between);
    }
    for (const Staged& staged : recent_) {
      if (staged.height <= height) continue;
      for (const auto& [old_key, value] : *staged.old) past.emplace(old_key, value);
    }
    const Tree::ProofAt proved = tree_.prove(path, to_updates(past));
    out.proof.proof = proved.proof;
    out.root = proved.root;
  }
  const auto overwritten = past.find(key);
  if (overwritten != past.end()) {
    out.proof.value = overwritten->second;
    return out;
  }
  Bytes value;  // not overwritten since `height`, so the snapshot's value is the one proved
  XL_TRY_ASSIGN(const bool found, database_.get(Column::state, key, value, snapshot.get()));
  if (found) out.proof.value = std::move(value);
  return out;
}

}  // namespace xl::state
