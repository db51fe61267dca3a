// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/descriptor.h"

namespace xl {
namespace {

Error system_error(ErrorCode code, const std::filesystem::path& path) {
  return make_error(code, path.string() + ": " + std::strerror(errno));
}

Status write_all(int fd, ByteView content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return system_error(ErrorCode::file_unwritable, path);
    }
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t bytes_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    return system_error(missing ? ErrorCode::file_missing : ErrorCode::file_unreadable, path);
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_error(ErrorCode::file_unreadable, path);
  if (S_ISDIR(status.st_mode)) {
    return make_error(ErrorCode::file_unreadable, path.string() + ": is a directory");
  }
  const auto too_large = [&] {
    return make_error(ErrorCode::file_too_large,
                      path.string() + " is over " + std::to_string(bytes_max) + " bytes");
  };
  // Said before anything is reserved: a sparse file may claim more than the memory holds. Devices
  // and pipes claim nothing, so the bound is also kept while reading.
  const auto claimed = static_cast<std::uint64_t>(status.st_size > 0 ? status.st_size : 0);
  if (claimed > bytes_max) return too_large();
  Bytes content;
  content.reserve(static_cast<std::size_t>(claimed));
  std::array<std::uint8_t, 65536> buffer{};
  while (true) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0) {
      if (errno == EINTR) continue;
      return system_error(ErrorCode::file_unreadable, path);
    }
    if (got == 0) return content;
    if (content.size() + static_cast<std::size_t>(got) > bytes_max) {
      return too_large();
    }
    append(content, {buffer.data(), static_cast<std::size_t>(got)});
  }
}

Status write_new_file(const std::filesystem::path& path, ByteView content) {
  std::error_code failure;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, failure))) {
    return write_file_durably(path, content);
  }
  const auto there = read_file(path, content.size());
  if (there.ok() && equal(*there, content)) return {};
  return make_error(ErrorCode::file_exists, path.string());
}

Status sync_directory(const std::filesystem::path& directory) {
  const Descriptor handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.get() < 0) return system_error(ErrorCode::file_unwritable, directory);
  if (::fsync(handle.get()) != 0) return system_error(ErrorCode::file_unwritable, directory);
  return {};
}

Status write_file_durably(const std::filesystem::path& path, ByteView content, unsigned mode) {
  std::string temporary = path.string() + ".XXXXXX";
  {
    const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
    if (file.get() < 0) return system_error(ErrorCode::file_unwritable, path);
    Status written = write_all(file.get(), content, path);
    if (written.ok() && ::fchmod(file.get(), mode) != 0) {
      written = system_error(ErrorCode::file_unwritable, path);
    }
    if (written.ok() && ::fsync(file.get()) != 0) {
      written = system_error(ErrorCode::file_unwritable, path);
    }
    if (!written.ok()) {
      ::unlink(temporary.c_str());
      return written;
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const Error error = system_error(ErrorCode::file_unwritable, path);
    ::unlink(temporary.c_str());
    return error;
  }
  const auto parent = path.parent_path();
  return sync_directory(parent.empty() ? std::filesystem::path(".") : parent);
}

}  // namespace xl
