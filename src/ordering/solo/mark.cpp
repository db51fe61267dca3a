// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/solo/mark.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/checked.h"
#include "base/file.h"

namespace xl::ordering::solo {
namespace {

constexpr std::size_t height_digits = 20;
constexpr std::size_t mark_bytes = height_digits + 1 + 64 + 1;

/// Always as long: one write replaces all of it.
std::string text_of(std::uint64_t height, const Hash& block) {
  const std::string digits = std::to_string(height);
  return std::string(height_digits - digits.size(), '0') + digits + " " + to_hex(block) + "\n";
}

Error differs(const std::string& what) {
  return make_error(ErrorCode::signed_history_differs, what);
}

Status check(const Signed& last, const chain::Chain& chain) {
  const std::string name = "block " + std::to_string(last.height);
  if (last.height > chain.head().signed_height) {
    return differs(name + " was signed here, and the ledger ends at block " +
                   std::to_string(chain.head().signed_height));
  }
  XL_TRY_ASSIGN(const chain::StoredBlockView block, chain.block(last.height));
  if (!block.commit || !equal(block.commit->block_id.hash, last.block)) {
    return differs(name + " is not the one that was signed here");
  }
  return {};
}

}  // namespace

Result<Signed> read_mark(const std::filesystem::path& file) {
  XL_TRY_ASSIGN(const Bytes content, read_file(file, mark_bytes));
  const std::string_view text = xl::text_of(content);
  Signed out;
  if (text.size() == mark_bytes && from_hex(text.substr(height_digits + 1, 64), out.block)) {
    const std::size_t first = text.substr(0, height_digits).find_first_not_of('0');
    if (first != std::string_view::npos &&
        parse_decimal(text.substr(first, height_digits - first), out.height) &&
        text == text_of(out.height, out.block)) {
      return out;
    }
  }
  return differs(file.string() + " does not hold a height and a hash");
}

Result<SigningMark> SigningMark::open(const std::filesystem::path& file,
                                      const chain::Chain& chain) {
  const auto last = read_mark(file);
  if (last.ok()) {
    XL_TRY(check(*last, chain));
  } else if (last.error().code != ErrorCode::file_missing) {
    return last.error();
  } else if (chain.head().signed_height > 0) {
    return differs("there is no " + file.string());
  }
  const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (opened < 0) {
    return make_error(ErrorCode::file_unwritable, file.string() + ": " + std::strerror(errno));
  }
  SigningMark mark(opened);
  if (!last.ok()) XL_TRY(sync_directory(file.parent_path()));
  return mark;
}

SigningMark::~SigningMark() {
  if (file_ < 0) return;
  ::fdatasync(file_);
  ::close(file_);
}

Status SigningMark::advance(std::uint64_t height, const Hash& block) {
  const std::string text = text_of(height, block);
  ssize_t written = 0;
  do {
    written = ::pwrite(file_, text.data(), text.size(), 0);
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(text.size())) return {};
  return make_error(ErrorCode::file_unwritable, "the mark of what was signed last");
}

}  // namespace xl::ordering::solo
