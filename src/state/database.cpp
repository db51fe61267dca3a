// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "state/database.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <vector>

#include "base/file.h"

namespace xl::state {
namespace {

/// On-disk names by column number.
constexpr std::array<const char*, column_count> column_names = {
    "default",    "state",   "undo",    "blocks",      "commits",
    "validators", "results", "history", "transactions"};

rocksdb::Slice slice(ByteView bytes) {
  // An empty view may have no address, and RocksDB hands addresses to memcmp.
  if (bytes.empty()) return {};
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

ByteView view(const rocksdb::Slice& bytes) { return view_of({bytes.data(), bytes.size()}); }

Error to_error(const rocksdb::Status& status) {
  if (status.IsCorruption()) return make_error(ErrorCode::store_corrupt, status.ToString());
  const std::string text = status.ToString();
  if (status.IsIOError() && text.find("lock") != std::string::npos) {
    return make_error(ErrorCode::store_locked);
  }
  return make_error(ErrorCode::store_failed, text);
}

rocksdb::ColumnFamilyOptions column_options(Column column,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
  table.whole_key_filtering = true;
  rocksdb::ColumnFamilyOptions options;
  options.compression = rocksdb::kNoCompression;
  if (column == Column::blocks || column == Column::results) {
    options.compression = rocksdb::kLZ4Compression;
  }
  const bool point_lookups = column == Column::state || column == Column::transactions;
  options.write_buffer_size = point_lookups ? 128U << 20U : 16U << 20U;
  options.max_write_buffer_number = 4;
  // A batch brings its keys in order, so each goes in from where the one before it went. Deleting a
  // range beside it would break RocksDB's table: it uses the same hint for another one.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(0));
  options.level_compaction_dynamic_level_bytes = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::DBOptions database_options(const Database::Options& options) {
  rocksdb::DBOptions out;
  out.create_if_missing = options.create_if_missing;
  out.create_missing_column_families = options.create_if_missing;
  out.recycle_log_file_num = 0;  // recycling and strict log recovery exclude each other
  // A torn last record is what a crash leaves; anything else in the log is an alteration.
  out.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  out.max_background_jobs = 2;
  out.bytes_per_sync = 1U << 20U;
  out.max_total_wal_size = 512U << 20U;
  out.enable_pipelined_write = false;
  out.max_log_file_size = 4U << 20U;  // RocksDB's own message log, bounded
  out.keep_log_file_num = 2;
  return out;
}

/// RocksDB takes a folder without `CURRENT` for an empty one, and removes the tables in it as left
/// over when it makes a new database there.
Status check_whole(const std::filesystem::path& directory) {
  std::error_code failure;
  bool tables = false;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failure)) {
    const std::filesystem::path& file = entry.path();
    tables = tables || file.extension() == ".sst" || file.extension() == ".log" ||
             file.filename().string().starts_with("MANIFEST-");
  }
  if (failure || !tables) return {};
  const std::filesystem::path current = directory / "CURRENT";
  const auto named = read_file(current, 64);
  if (!named.ok()) return make_error(ErrorCode::store_corrupt, "CURRENT is missing");
  std::string_view manifest = text_of(*named);
  if (manifest.ends_with('\n')) manifest.remove_suffix(1);
  if (!std::filesystem::exists(directory / manifest, failure)) {
    return make_error(ErrorCode::store_corrupt, "the MANIFEST that CURRENT names is missing");
  }
  return {};
}

}  // namespace

/// The changes lie one behind the other in one buffer, as they will in RocksDB's own: it needs
/// handles of columns, and the batch is made before it meets the database.
struct Batch::Impl {
  enum class Kind : std::uint8_t { put, erase };
  struct Change {
    Kind kind;
    Column column;
    std::uint32_t key_size;
    std::uint32_t value_size;
  };
  std::vector<Change> changes;
  Bytes bytes;  ///< key ‖ value of each change

  void add(Kind kind, Column column, ByteView key, ByteView value) {
    changes.push_back({kind, column, static_cast<std::uint32_t>(key.size()),
                       static_cast<std::uint32_t>(value.size())});
    xl::append(bytes, key);
    xl::append(bytes, value);
  }
};

Batch::Batch() : impl_(std::make_unique<Impl>()) {}
Batch::~Batch() = default;
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;

void Batch::put(Column column, ByteView key, ByteView value) {
  impl_->add(Impl::Kind::put, column, key, value);
}

void Batch::erase(Column column, ByteView key) { impl_->add(Impl::Kind::erase, column, key, {}); }

void Batch::append(Batch&& other) {
  impl_->changes.insert(impl_->changes.end(), other.impl_->changes.begin(),
                        other.impl_->changes.end());
  xl::append(impl_->bytes, other.impl_->bytes);
  other.impl_->changes.clear();
  other.impl_->bytes.clear();
}

std::size_t Batch::bytes() const { return impl_->bytes.size(); }

struct Database::Impl {
  std::unique_ptr<rocksdb::DB> database;
  std::vector<rocksdb::ColumnFamilyHandle*> columns;
  std::filesystem::path directory;

  [[nodiscard]] rocksdb::ColumnFamilyHandle* handle(Column column) const {
    return columns[static_cast<std::size_t>(column)];
  }
  ~Impl() {
    for (auto* column : columns) {
      if (database) (void)database->DestroyColumnFamilyHandle(column);
    }
    if (database) (void)database->Close();
  }
};

Snapshot::~Snapshot() {
  static_cast<rocksdb::DB*>(database_)->ReleaseSnapshot(
      static_cast<const rocksdb::Snapshot*>(handle_));
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& directory,
                                                 const Options& options) {
  std::error_code failure;
  if (options.create_if_missing && !options.read_only) {
    std::filesystem::create_directories(directory, failure);
    if (failure) {
      return make_error(ErrorCode::file_unwritable, directory.string() + ": " + failure.message());
    }
  }
  XL_TRY(check_whole(directory));
  const auto cache = rocksdb::NewLRUCache(options.cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (std::size_t i = 0; i < column_count; ++i) {
    descriptors.emplace_back(column_names[i], column_options(static_cast<Column>(i), cache));
  }
  auto impl = std::make_unique<Impl>();
  impl->directory = directory;
  rocksdb::DB* raw = nullptr;
  const rocksdb::DBOptions settings = database_options(options);
  const rocksdb::Status status =
      options.read_only
          ? rocksdb::DB::OpenForReadOnly(settings, directory.string(), descriptors, &impl->columns,
                                         &raw)
          : rocksdb::DB::Open(settings, directory.string(), descriptors, &impl->columns, &raw);
  impl->database.reset(raw);
  if (!status.ok()) return to_error(status);
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

Result<bool> Database::get(Column column, ByteView key, Bytes& value,
                           const Snapshot* snapshot) const {
  rocksdb::ReadOptions options;
  if (snapshot != nullptr) {
    options.snapshot = static_cast<const rocksdb::Snapshot*>(snapshot->handle_);
  }
  rocksdb::PinnableSlice found;
  const rocksdb::Status status =
      impl_->database->Get(options, impl_->handle(column), slice(key), &found);
  if (status.IsNotFound()) return false;
  if (!status.ok()) return to_error(status);
  value = copy_of(view(found));
  return true;
}

Status Database::scan(Column column, ByteView prefix, ByteView from,
                      const std::function<bool(ByteView, ByteView)>& visit,
                      const Snapshot* snapshot) const {
  rocksdb::ReadOptions options;
  if (snapshot != nullptr) {
    options.snapshot = static_cast<const rocksdb::Snapshot*>(snapshot->handle_);
  }
  const std::unique_ptr<rocksdb::Iterator> at(
      impl_->database->NewIterator(options, impl_->handle(column)));
  const ByteView start = text_of(from) < text_of(prefix) ? prefix : from;
  for (at->Seek(slice(start)); at->Valid(); at->Next()) {
    if (!at->key().starts_with(slice(prefix))) break;
    if (!visit(view(at->key()), view(at->value()))) break;
  }
  if (!at->status().ok()) return to_error(at->status());
  return {};
}

Result<bool> Database::last_at_or_below(Column column, ByteView at, Bytes& key,
                                        Bytes& value) const {
  const std::unique_ptr<rocksdb::Iterator> found(
      impl_->database->NewIterator(rocksdb::ReadOptions(), impl_->handle(column)));
  found->SeekForPrev(slice(at));
  if (!found->status().ok()) return to_error(found->status());
  if (!found->Valid()) return false;
  key = copy_of(view(found->key()));
  value = copy_of(view(found->value()));
  return true;
}

Status Database::write(Batch&& batch, bool sync) {
  const Batch::Impl& changes = *batch.impl_;
  rocksdb::WriteBatch out(changes.bytes.size() + changes.changes.size() * 16);
  ByteView rest = changes.bytes;
  for (const auto& change : changes.changes) {
    const ByteView key = rest.first(change.key_size);
    const ByteView value = rest.subspan(change.key_size, change.value_size);
    rest = rest.subspan(key.size() + value.size());
    auto* column = impl_->handle(change.column);
    rocksdb::Status status;
    switch (change.kind) {
      case Batch::Impl::Kind::put:
        status = out.Put(column, slice(key), slice(value));
        break;
      case Batch::Impl::Kind::erase:
        status = out.Delete(column, slice(key));
        break;
    }
    if (!status.ok()) return to_error(status);
  }
  // RocksDB counts every comparison of keys in thread-local memory unless told not to.
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
  rocksdb::WriteOptions options;
  options.sync = sync;
  const rocksdb::Status status = impl_->database->Write(options, &out);
  if (!status.ok()) return to_error(status);
  return {};
}

std::unique_ptr<Snapshot> Database::snapshot() const {
  return std::unique_ptr<Snapshot>(
      new Snapshot(impl_->database.get(), impl_->database->GetSnapshot()));
}

std::uint64_t Database::disk_bytes() const {
  std::uint64_t total = 0;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(impl_->directory, failure)) {
    const auto size = entry.file_size(failure);
    if (!failure) total += size;
  }
  return total;
}

Status Database::compact() {
  for (auto* column : impl_->columns) {
    rocksdb::Status status = impl_->database->Flush(rocksdb::FlushOptions(), column);
    if (status.ok()) {
      status =
          impl_->database->CompactRange(rocksdb::CompactRangeOptions(), column, nullptr, nullptr);
    }
    if (!status.ok()) return to_error(status);
  }
  return {};
}

}  // namespace xl::state
