// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/index_mark.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/checked.h"
#include "base/file.h"

namespace xl::custody {
namespace {

constexpr std::size_t digits = 20;

}  // namespace

Result<std::unique_ptr<IndexMark>> IndexMark::open(const std::filesystem::path& file) {
  std::uint64_t value = 0;
  const auto content = read_file(file, digits);
  if (content.ok()) {
    std::string_view text = text_of(*content);
    while (text.size() > 1 && text.front() == '0') text.remove_prefix(1);
    // Empty: made, and nothing was written to the index yet.
    if (!text.empty() && !parse_decimal(text, value)) {
      return make_error(ErrorCode::store_corrupt, file.string() + " holds no number");
    }
  } else if (content.error().code != ErrorCode::file_missing) {
    return content.error();
  }
  const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (opened < 0) {
    return make_error(ErrorCode::file_unwritable, file.string() + ": " + std::strerror(errno));
  }
  return std::unique_ptr<IndexMark>(new IndexMark(opened, value));
}

IndexMark::~IndexMark() {
  ::fdatasync(file_);
  ::close(file_);
}

std::uint64_t IndexMark::value() const {
  const std::scoped_lock lock(mutex_);
  return value_;
}

Status IndexMark::advance(std::uint64_t value) {
  const std::scoped_lock lock(mutex_);
  return value > value_ ? write(value) : Status{};
}

Status IndexMark::reset(std::uint64_t value) {
  const std::scoped_lock lock(mutex_);
  return write(value);
}

Status IndexMark::write(std::uint64_t value) {
  std::string text = std::to_string(value);
  text.insert(0, digits - text.size(), '0');
  ssize_t written = 0;
  do {
    written = ::pwrite(file_, text.data(), text.size(), 0);
  } while (written < 0 && errno == EINTR);
  if (written != static_cast<ssize_t>(text.size())) {
    return make_error(ErrorCode::file_unwritable, "the mark of the record index");
  }
  value_ = value;
  return {};
}

}  // namespace xl::custody
