// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "chain/snapshot_maker.h"

#include <algorithm>
#include <array>

#include "base/checked.h"
#include "base/file.h"
#include "chain/history_tree.h"
#include "chain/records.h"
#include "crypto/hash.h"
#include "model/history.h"

namespace xl::chain {
namespace {

using state::Column;

/// Field tags and lengths around one leaf's key and value.
constexpr std::size_t leaf_overhead = 12;
constexpr std::chrono::milliseconds way_poll{200};
constexpr std::string_view manifest_name = "manifest";

std::uint32_t prefix_of(const Hash& path, std::uint32_t depth) {
  return depth == 0 ? 0 : read_be<std::uint32_t>(ByteView(path).first(4)) >> (32 - depth);
}

std::string chunk_name(std::uint32_t number) { return "chunk-" + std::to_string(number); }

/// Bytes of the state under each prefix of `snapshot::depth_max` bits, as chunks hold them.
Result<std::vector<std::uint64_t>> measure(const state::Database& database,
                                           const state::Snapshot& view) {
  std::vector<std::uint64_t> out(1U << snapshot::depth_max);
  XL_TRY(database.scan(
      Column::state, {}, {},
      [&](ByteView key, ByteView value) {
        out[prefix_of(model::state_path(key), snapshot::depth_max)] +=
            key.size() + value.size() + leaf_overhead;
        return true;
      },
      &view));
  return out;
}

/// Halves the number of parts as long as each stays a chunk. What is left at the start of `bytes`
/// is the size of each part. Errors: snapshot_invalid (the state is too large for one).
Result<std::uint32_t> smallest_depth(std::vector<std::uint64_t>& bytes) {
  const auto fits = [](const std::vector<std::uint64_t>& sizes) {
    return std::all_of(sizes.begin(), sizes.end(),
                       [](std::uint64_t size) { return size <= snapshot::chunk_bytes_max; });
  };
  if (!fits(bytes)) return make_error(ErrorCode::snapshot_invalid, "the state is too large");
  std::uint32_t depth = snapshot::depth_max;
  while (depth > 0) {
    std::vector<std::uint64_t> joined(bytes.size() / 2);
    for (std::size_t i = 0; i < joined.size(); ++i) joined[i] = bytes[2 * i] + bytes[2 * i + 1];
    if (!fits(joined)) break;
    bytes = std::move(joined);
    --depth;
  }
  return depth;
}

}  // namespace

SnapshotMaker::SnapshotMaker(const Chain& chain, const state::Database& database, Options options)
    : chain_(chain), database_(database), options_(std::move(options)) {
  std::error_code ignored;
  std::filesystem::create_directories(options_.folder, ignored);
  for (const auto& entry : std::filesystem::directory_iterator(options_.folder, ignored)) {
    if (!std::filesystem::exists(entry.path() / manifest_name, ignored)) {
      std::filesystem::remove_all(entry.path(), ignored);
    }
  }
  thread_ = std::thread([this] { run(); });
}

SnapshotMaker::~SnapshotMaker() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wanted_changed_.notify_all();
  thread_.join();
}

bool is_snapshot_height(std::uint64_t height, std::uint64_t every) {
  if (height % every == 0) return true;
  std::uint64_t early = 10;
  while (early < height) early *= 10;
  return height == early && height < every;
}

void SnapshotMaker::committed(std::uint64_t height) {
  if (!is_snapshot_height(height, options_.every_blocks)) return;
  const std::scoped_lock lock(mutex_);
  if (busy_) return;  // the one before takes that long: this height is left out
  wanted_.emplace(Wanted{height, database_.snapshot()});
  wanted_changed_.notify_all();
}

void SnapshotMaker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wanted_changed_.wait(lock, [&] { return stopping_ || wanted_; });
    if (stopping_) return;
    Wanted wanted = std::move(*wanted_);
    wanted_.reset();
    busy_ = true;
    lock.unlock();
    const std::uint64_t height = wanted.height;
    const Status made = make(std::move(wanted));
    if (!made.ok()) {
      std::error_code ignored;
      std::filesystem::remove_all(options_.folder / std::to_string(height), ignored);
    }
    if (options_.done) options_.done(height, made);
    drop_old();
    lock.lock();
    busy_ = false;
  }
}

namespace {

/// Writes the state under the view as chunks, as many at a time as memory allows.
class ChunkWriter {
 public:
  ChunkWriter(const state::Database& database, const state::Snapshot& view,
              std::filesystem::path folder, std::size_t memory_bytes)
      : database_(database), view_(view), folder_(std::move(folder)), memory_(memory_bytes) {}

  /// Fills depth and subtrees. Errors: those of the store and of files, snapshot_invalid.
  Status write(snapshot::Manifest& manifest) {
    XL_TRY_ASSIGN(std::vector<std::uint64_t> bytes, measure(database_, view_));
    XL_TRY_ASSIGN(manifest.depth, smallest_depth(bytes));
    const auto count = static_cast<std::uint32_t>(bytes.size());
    for (std::uint32_t first = 0; first < count;) {
      std::uint32_t behind = first;
      for (std::uint64_t sum = 0; behind < count && (behind == first || sum < memory_); ++behind) {
        sum += bytes[behind];
      }
      XL_TRY(write_range(first, behind, manifest));
      first = behind;
    }
    return {};
  }

 private:
  Status write_range(std::uint32_t first, std::uint32_t behind, snapshot::Manifest& manifest) {
    std::vector<std::vector<snapshot::Leaf>> parts(behind - first);
    XL_TRY(database_.scan(
        Column::state, {}, {},
        [&](ByteView key, ByteView value) {
          const Hash path = model::state_path(key);
          const std::uint32_t number = prefix_of(path, manifest.depth);
          if (number >= first && number < behind) {
            parts[number - first].push_back({path, copy_of(key), copy_of(value)});
          }
          return true;
        },
        &view_));
    for (std::uint32_t number = first; number < behind; ++number) {
      auto& part = parts[number - first];
      std::sort(part.begin(), part.end(),
                [](const auto& a, const auto& b) { return a.path < b.path; });
      manifest.subtrees.push_back(snapshot::subtree_of(part, manifest.depth));
      XL_TRY(write_file_durably(folder_ / chunk_name(number + 1), snapshot::encode_chunk(part)));
      part = {};
    }
    return {};
  }

  const state::Database& database_;
  const state::Snapshot& view_;
  std::filesystem::path folder_;
  std::size_t memory_;
};

}  // namespace

Status SnapshotMaker::make(Wanted wanted) {
  const std::filesystem::path folder = options_.folder / std::to_string(wanted.height);
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) return make_error(ErrorCode::file_unwritable, folder.string());
  Bytes stored;
  XL_TRY_ASSIGN(const bool found,
                database_.get(Column::meta, view_of(meta_head), stored, wanted.view.get()));
  if (!found) return make_error(ErrorCode::store_corrupt, "head");
  XL_TRY_ASSIGN(const Head head, decode_head(stored));
  XL_CHECK(head.height == wanted.height);
  snapshot::Manifest manifest;
  manifest.network = chain_.genesis().network;
  manifest.height = head.height;
  manifest.history_size = head.history_size;
  XL_TRY_ASSIGN(manifest.history,
                HistoryTree::open_tiles(database_, head.history_size, wanted.view.get()));
  XL_TRY(ChunkWriter(database_, *wanted.view, folder, options_.memory_bytes).write(manifest));
  wanted.view.reset();
  if (manifest.app_hash() != head.app_hash) {
    return make_error(ErrorCode::store_corrupt, "the state does not give the app hash");
  }
  XL_TRY_ASSIGN(const snapshot::Way way, wait_for_way(head.height));
  XL_TRY(write_file_durably(folder / chunk_name(0), snapshot::encode_way(way)));
  XL_TRY(write_file_durably(folder / manifest_name, snapshot::encode_manifest(manifest)));
  return {};
}

/// The commit that everybody has is in the second header behind `height`: in an idle network that
/// takes until somebody sends something.
Result<snapshot::Way> SnapshotMaker::wait_for_way(std::uint64_t height) {
  for (;;) {
    auto way = chain_.way_behind(height);
    if (way.ok() || way.error().code != ErrorCode::height_unknown) return way;
    std::unique_lock lock(mutex_);
    if (wanted_changed_.wait_for(lock, way_poll, [&] { return stopping_; })) {
      return make_error(ErrorCode::node_stopping);
    }
  }
}

void SnapshotMaker::drop_old() {
  std::vector<Made> made = list();
  std::error_code ignored;
  for (std::size_t i = 0; i + options_.kept < made.size(); ++i) {
    std::filesystem::remove(options_.folder / std::to_string(made[i].height) / manifest_name,
                            ignored);
    std::filesystem::remove_all(options_.folder / std::to_string(made[i].height), ignored);
  }
}

std::vector<SnapshotMaker::Made> SnapshotMaker::list() const {
  std::vector<Made> out;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(options_.folder, ignored)) {
    Made one;
    if (!parse_decimal(entry.path().filename().string(), one.height)) continue;
    auto manifest = read_file(entry.path() / manifest_name, snapshot::manifest_bytes_max);
    if (!manifest.ok()) continue;
    const auto decoded = snapshot::decode_manifest(*manifest);
    if (!decoded.ok() || decoded->height != one.height) continue;
    one.chunks = decoded->chunk_count();
    one.digest = crypto::sha256(*manifest);
    one.manifest = std::move(*manifest);
    out.push_back(std::move(one));
  }
  std::sort(out.begin(), out.end(),
            [](const Made& a, const Made& b) { return a.height < b.height; });
  return out;
}

Result<Bytes> SnapshotMaker::chunk(std::uint64_t height, std::uint32_t number) const {
  return read_file(options_.folder / std::to_string(height) / chunk_name(number),
                   snapshot::way_bytes_max);
}

}  // namespace xl::chain
