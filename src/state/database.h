// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace xl::state {

/// The tables of a member's store. On-disk names: never rename.
enum class Column : std::uint8_t {
  meta,          ///< format version, network id, head
  state,         ///< state key -> value
  undo,          ///< height (8, big-endian) -> what the block overwrote
  blocks,        ///< height -> header, envelopes and last commit
  commits,       ///< height -> commit
  validators,    ///< first height of a set -> the set
  results,       ///< height -> results of the executed transactions, roots
  history,       ///< tile level (1) ‖ tile number (8) -> up to 64 hashes
  transactions,  ///< transaction id -> where it is
};
constexpr std::size_t column_count = 9;

/// Changes that become durable together. Not thread-safe.
class Batch {
 public:
  Batch();
  ~Batch();
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;

  void put(Column column, ByteView key, ByteView value);
  void erase(Column column, ByteView key);
  /// Adds every change of `other` behind these.
  void append(Batch&& other);
  [[nodiscard]] std::size_t bytes() const;

 private:
  friend class Database;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A consistent view of the whole store at one moment. Thread-safe.
class Snapshot {
 public:
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  friend class Database;
  Snapshot(void* database, const void* handle) : database_(database), handle_(handle) {}
  void* database_;
  const void* handle_;
};

/// RocksDB behind a thin interface. Every method is thread-safe.
class Database {
 public:
  struct Options {
    bool create_if_missing = true;
    bool read_only = false;
    std::size_t cache_bytes = 256U << 20U;  ///< block cache, shared by all columns
  };

  /// Opens the store in `directory`. Errors: store_locked (another process has it), store_corrupt,
  /// store_failed (RocksDB's own words behind it), file_unwritable.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(
      const std::filesystem::path& directory, const Options& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Copies the value of `key`; false when there is none. With a snapshot, as of that moment.
  /// Errors: store_corrupt (checksum of the block that holds it), store_failed.
  [[nodiscard]] Result<bool> get(Column column, ByteView key, Bytes& value,
                                 const Snapshot* snapshot = nullptr) const;

  /// Visits keys that start with `prefix` and are >= `from`, ascending, until `visit` says false.
  /// Errors: as `get`.
  [[nodiscard]] Status scan(Column column, ByteView prefix, ByteView from,
                            const std::function<bool(ByteView, ByteView)>& visit,
                            const Snapshot* snapshot = nullptr) const;

  /// The last key at or below `at`, with its value; false when there is none. Errors: as `get`.
  [[nodiscard]] Result<bool> last_at_or_below(Column column, ByteView at, Bytes& key,
                                              Bytes& value) const;

  /// Applies a batch atomically. With `sync` it is durable on return. Errors: store_failed.
  [[nodiscard]] Status write(Batch&& batch, bool sync);

  [[nodiscard]] std::unique_ptr<Snapshot> snapshot() const;

  /// Bytes that the store's files take on disk, write-ahead log included.
  [[nodiscard]] std::uint64_t disk_bytes() const;

  /// Moves what is in memory into sorted files and compacts them: for measurements and tools.
  [[nodiscard]] Status compact();

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace xl::state
