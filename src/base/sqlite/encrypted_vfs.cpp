// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// The interface is SQLite's C interface (https://www.sqlite.org/vfs.html): functions, and files
// as memory that SQLite allocates.
#include "base/sqlite/encrypted_vfs.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <optional>
#include <string_view>

#include "base/check.h"
#include "base/sqlite/page_cipher.h"

namespace xl::sqlite::detail {

struct EncryptedVfs::Impl {
  std::array<std::uint8_t, 32> key{};
  std::string name;
  sqlite3_vfs* real = nullptr;
  sqlite3_vfs vfs{};
  bool key_refused = false;
};

namespace {

constexpr std::string_view database_magic{"SQLite format 3\0", 16};
/// Offsets in the database header (https://www.sqlite.org/fileformat.html §1.3).
constexpr std::size_t header_bytes = 100;
constexpr std::size_t header_page_size_offset = 16;
constexpr std::size_t header_reserved_offset = 20;

/// What one open file needs. SQLite gives the memory for `FileHandle` and behind it for the
/// system's own file.
struct FileState {
  explicit FileState(ByteView key) : cipher(key) {}
  XtsCipher cipher;
  std::optional<PageTagger> tagger;  // main database only
  Bytes buffer;
};

struct FileHandle {
  sqlite3_file base;
  FileState* state;
};

FileState& state_of(sqlite3_file* file) { return *reinterpret_cast<FileHandle*>(file)->state; }
sqlite3_file* real_of(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<FileHandle*>(file) + 1);
}
const sqlite3_io_methods& real_methods(sqlite3_file* file) { return *real_of(file)->pMethods; }

EncryptedVfs::Impl& impl_of(sqlite3_vfs* vfs) {
  return *static_cast<EncryptedVfs::Impl*>(vfs->pAppData);
}
sqlite3_vfs* real_of(sqlite3_vfs* vfs) { return impl_of(vfs).real; }

sqlite3_int64 block_floor(sqlite3_int64 offset) {
  return offset - offset % static_cast<sqlite3_int64>(block_bytes);
}
sqlite3_int64 block_ceiling(sqlite3_int64 offset) {
  return block_floor(offset + static_cast<sqlite3_int64>(block_bytes) - 1);
}

bool is_page(const FileState& state, int amount, sqlite3_int64 offset) {
  return state.tagger.has_value() && amount == static_cast<int>(page_bytes) &&
         offset % static_cast<sqlite3_int64>(page_bytes) == 0;
}

/// Decrypted bytes of [first, behind), both multiples of 16, into the state's buffer. What is
/// behind the end of the file reads as zeros, with SQLITE_IOERR_SHORT_READ.
int read_blocks(sqlite3_file* file, sqlite3_int64 first, sqlite3_int64 behind) {
  FileState& state = state_of(file);
  state.buffer.resize(static_cast<std::size_t>(behind - first));
  const int code = real_methods(file).xRead(real_of(file), state.buffer.data(),
                                            static_cast<int>(state.buffer.size()), first);
  if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return code;
  state.cipher.decrypt(static_cast<std::uint64_t>(first), state.buffer);
  return code;
}

int file_close(sqlite3_file* file) {
  const int code = real_methods(file).xClose(real_of(file));
  delete &state_of(file);
  file->pMethods = nullptr;
  return code;
}

int file_read(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
  const sqlite3_int64 first = block_floor(offset);
  const int code = read_blocks(file, first, block_ceiling(offset + amount));
  if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return code;
  FileState& state = state_of(file);
  if (is_page(state, amount, offset) && !state.tagger->check(state.buffer)) {
    return SQLITE_IOERR_DATA;
  }
  std::memcpy(out, state.buffer.data() + (offset - first), static_cast<std::size_t>(amount));
  return code;
}

/// Fills the bytes of the first and last block that this write does not set.
int keep_neighbours(sqlite3_file* file, sqlite3_int64 offset, sqlite3_int64 behind,
                    std::array<std::uint8_t, 2 * block_bytes>& edges) {
  FileState& state = state_of(file);
  constexpr auto block = static_cast<sqlite3_int64>(block_bytes);
  const auto keep = [&](sqlite3_int64 at, std::uint8_t* to) {
    const int code = read_blocks(file, at, at + block);
    if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return code;
    std::copy(state.buffer.begin(), state.buffer.end(), to);
    return SQLITE_OK;
  };
  int code = SQLITE_OK;
  if (offset % block != 0) code = keep(block_floor(offset), edges.data());
  if (code == SQLITE_OK && behind % block != 0) {
    code = keep(block_floor(behind), edges.data() + block_bytes);
  }
  return code;
}

/// Only the 16-byte blocks that hold changed bytes are written: no other block depends on them, so
/// a write torn between blocks damages nothing that SQLite did not mean to change.
int file_write(sqlite3_file* file, const void* in, int amount, sqlite3_int64 offset) {
  FileState& state = state_of(file);
  const sqlite3_int64 behind = offset + amount;
  const sqlite3_int64 first = block_floor(offset);
  const sqlite3_int64 last = block_ceiling(behind);
  std::array<std::uint8_t, 2 * block_bytes> edges{};
  if (const int code = keep_neighbours(file, offset, behind, edges); code != SQLITE_OK) return code;
  state.buffer.resize(static_cast<std::size_t>(last - first));
  std::copy_n(edges.begin(), block_bytes, state.buffer.begin());
  if (behind != last) {  // where both edges are one block, each is the whole of it
    std::copy_n(edges.begin() + block_bytes, block_bytes,
                state.buffer.end() - static_cast<long>(block_bytes));
  }
  std::memcpy(state.buffer.data() + (offset - first), in, static_cast<std::size_t>(amount));
  if (is_page(state, amount, offset)) state.tagger->seal(state.buffer);
  state.cipher.encrypt(static_cast<std::uint64_t>(first), state.buffer);
  return real_methods(file).xWrite(real_of(file), state.buffer.data(),
                                   static_cast<int>(state.buffer.size()), first);
}

/// Files end at a block: WAL and journal may be up to 15 bytes longer than SQLite made them, which
/// it does not mind (both say themselves how much of them counts).
int file_truncate(sqlite3_file* file, sqlite3_int64 size) {
  return real_methods(file).xTruncate(real_of(file), block_ceiling(size));
}
int file_sync(sqlite3_file* file, int flags) {
  return real_methods(file).xSync(real_of(file), flags);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real_methods(file).xFileSize(real_of(file), size);
}
int file_lock(sqlite3_file* file, int level) {
  return real_methods(file).xLock(real_of(file), level);
}
int file_unlock(sqlite3_file* file, int level) {
  return real_methods(file).xUnlock(real_of(file), level);
}
int file_check_reserved(sqlite3_file* file, int* out) {
  return real_methods(file).xCheckReservedLock(real_of(file), out);
}
int file_control(sqlite3_file* file, int operation, void* argument) {
  // Preallocated bytes would not be encrypted zeros.
  if (operation == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_OK;
  return real_methods(file).xFileControl(real_of(file), operation, argument);
}
int file_sector_size(sqlite3_file* file) { return real_methods(file).xSectorSize(real_of(file)); }

/// Powersafe overwrite is not promised: SQLite then never writes into a sector of the log that
/// holds an earlier commit, and no 16-byte block is shared by two commits.
int file_characteristics(sqlite3_file*) { return 0; }

int file_shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return real_methods(file).xShmMap(real_of(file), page, size, extend, out);
}
int file_shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  return real_methods(file).xShmLock(real_of(file), offset, count, flags);
}
void file_shm_barrier(sqlite3_file* file) { real_methods(file).xShmBarrier(real_of(file)); }
int file_shm_unmap(sqlite3_file* file, int remove) {
  return real_methods(file).xShmUnmap(real_of(file), remove);
}

/// Version 2: shared memory for the WAL index, which holds page numbers only; no memory mapping,
/// which would show ciphertext.
constexpr sqlite3_io_methods file_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

/// The cipher of a file of the kind that `flags` say. Anything but the three lasting kinds is
/// temporary and gets a key that nobody keeps.
FileState* make_state(const EncryptedVfs::Impl& impl, int flags) {
  std::array<std::uint8_t, XtsCipher::key_bytes> key{};
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
    derive_key(impl.key, FileKind::database, key);
  } else if ((flags & SQLITE_OPEN_WAL) != 0) {
    derive_key(impl.key, FileKind::wal, key);
  } else if ((flags & SQLITE_OPEN_MAIN_JOURNAL) != 0) {
    derive_key(impl.key, FileKind::journal, key);
  } else {
    XL_CHECK(RAND_bytes(key.data(), static_cast<int>(key.size())) == 1);
  }
  auto* const state = new (std::nothrow) FileState(key);
  if (state != nullptr && (flags & SQLITE_OPEN_MAIN_DB) != 0) {
    std::array<std::uint8_t, 32> tag_key{};
    derive_key(impl.key, FileKind::page_tags, tag_key);
    state->tagger.emplace(tag_key);
    OPENSSL_cleanse(tag_key.data(), tag_key.size());
  }
  OPENSSL_cleanse(key.data(), key.size());
  return state;
}

/// A database that is not empty must begin as SQLite's do, with our page format. Asked before
/// SQLite may look for a log or journal to recover from.
int check_header(sqlite3_file* file, EncryptedVfs::Impl& impl) {
  sqlite3_int64 size = 0;
  if (const int code = file_size(file, &size); code != SQLITE_OK) return code;
  if (size == 0) return SQLITE_OK;
  std::array<std::uint8_t, header_bytes> header{};
  const int code = file_read(file, header.data(), static_cast<int>(header.size()), 0);
  if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return code;
  const ByteView view(header);
  if (text_of(view.first(database_magic.size())) != database_magic ||
      read_be<std::uint16_t>(view.subspan(header_page_size_offset)) != page_bytes ||
      header[header_reserved_offset] != page_tag_bytes) {
    impl.key_refused = true;
    return SQLITE_NOTADB;
  }
  return SQLITE_OK;
}

int vfs_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  EncryptedVfs::Impl& impl = impl_of(vfs);
  file->pMethods = nullptr;
  sqlite3_file* const real = real_of(file);
  real->pMethods = nullptr;
  int code = impl.real->xOpen(impl.real, name, real, flags, out_flags);
  if (code != SQLITE_OK) {
    if (real->pMethods != nullptr) real->pMethods->xClose(real);
    return code;
  }
  FileState* const state = make_state(impl, flags);
  if (state == nullptr) {
    real->pMethods->xClose(real);
    return SQLITE_NOMEM;
  }
  reinterpret_cast<FileHandle*>(file)->state = state;
  file->pMethods = &file_methods;
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) code = check_header(file, impl);
  if (code != SQLITE_OK) file_close(file);
  return code;
}

int vfs_delete(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  return real_of(vfs)->xDelete(real_of(vfs), name, sync_directory);
}
int vfs_access(sqlite3_vfs* vfs, const char* name, int flags, int* out) {
  return real_of(vfs)->xAccess(real_of(vfs), name, flags, out);
}
int vfs_full_pathname(sqlite3_vfs* vfs, const char* name, int size, char* out) {
  return real_of(vfs)->xFullPathname(real_of(vfs), name, size, out);
}
int vfs_randomness(sqlite3_vfs* vfs, int size, char* out) {
  return real_of(vfs)->xRandomness(real_of(vfs), size, out);
}
int vfs_sleep(sqlite3_vfs* vfs, int microseconds) {
  return real_of(vfs)->xSleep(real_of(vfs), microseconds);
}
int vfs_current_time(sqlite3_vfs* vfs, double* out) {
  return real_of(vfs)->xCurrentTime(real_of(vfs), out);
}
int vfs_last_error(sqlite3_vfs* vfs, int size, char* out) {
  return real_of(vfs)->xGetLastError(real_of(vfs), size, out);
}
int vfs_current_time_int64(sqlite3_vfs* vfs, sqlite3_int64* out) {
  return real_of(vfs)->xCurrentTimeInt64(real_of(vfs), out);
}

/// SQLite knows file systems by name, and each of ours has its own key. An address is unique for
/// as long as the name is.
std::string name_of(const void* address) {
  return "xinglin-" + std::to_string(reinterpret_cast<std::uintptr_t>(address));
}

}  // namespace

EncryptedVfs::EncryptedVfs(ByteView key) : impl_(std::make_unique<Impl>()) {
  XL_CHECK(key.size() == impl_->key.size());
  std::copy(key.begin(), key.end(), impl_->key.begin());
  impl_->name = name_of(impl_.get());
  impl_->real = sqlite3_vfs_find(nullptr);
  XL_CHECK(impl_->real != nullptr);
  XL_CHECK(impl_->real->iVersion >= 2);
  sqlite3_vfs& vfs = impl_->vfs;
  vfs.iVersion = 2;
  vfs.szOsFile = static_cast<int>(sizeof(FileHandle)) + impl_->real->szOsFile;
  vfs.mxPathname = impl_->real->mxPathname;
  vfs.zName = impl_->name.c_str();
  vfs.pAppData = impl_.get();
  vfs.xOpen = vfs_open;
  vfs.xDelete = vfs_delete;
  vfs.xAccess = vfs_access;
  vfs.xFullPathname = vfs_full_pathname;
  vfs.xRandomness = vfs_randomness;
  vfs.xSleep = vfs_sleep;
  vfs.xCurrentTime = vfs_current_time;
  vfs.xGetLastError = vfs_last_error;
  vfs.xCurrentTimeInt64 = vfs_current_time_int64;
  XL_CHECK(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
}

EncryptedVfs::~EncryptedVfs() {
  sqlite3_vfs_unregister(&impl_->vfs);
  OPENSSL_cleanse(impl_->key.data(), impl_->key.size());
}

const std::string& EncryptedVfs::name() const { return impl_->name; }
bool EncryptedVfs::key_refused() const { return impl_->key_refused; }

}  // namespace xl::sqlite::detail
