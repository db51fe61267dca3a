// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "vault/places.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"

namespace xl::vault {

Places places_below(const std::filesystem::path& root, const model::Id& organisation) {
  const std::filesystem::path own = root / organisation.text();
  return {.bodies = own / "bodies",
          .keyring = own / "keyring",
          .backup_keys = own / "backup-keys",
          .journal = own / "journal"};
}

Status make_private_directory(const std::filesystem::path& directory) {
  std::error_code ignored;
  if (std::filesystem::is_directory(directory, ignored)) return {};
  const std::filesystem::path parent = directory.parent_path();
  if (!parent.empty() && parent != directory) XL_TRY(make_private_directory(parent));
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return make_error(ErrorCode::file_unwritable, directory.string() + ": " + std::strerror(errno));
  }
  return sync_directory(parent.empty() ? std::filesystem::path(".") : parent);
}

Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / file_name;
  DirectoryLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.file_ < 0) {
    return make_error(ErrorCode::file_unwritable, path.string() + ": " + std::strerror(errno));
  }
  if (::flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
    return make_error(ErrorCode::vault_locked, directory.string());
  }
  return lock;
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept
    : file_(std::exchange(other.file_, -1)) {}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

DirectoryLock::~DirectoryLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace xl::vault
