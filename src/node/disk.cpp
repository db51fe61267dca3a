// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/disk.h"

#include <chrono>
#include <string>

namespace xl::node {
namespace {

constexpr std::uint64_t ask_every_ms = 100;

/// Never 0, which means "not asked yet".
std::uint64_t steady_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return 1 + static_cast<std::uint64_t>(
                 std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

}  // namespace

Status DiskWatch::room(std::uint64_t reserve_bytes) const {
  const std::uint64_t now = steady_ms();
  const std::uint64_t asked = asked_ms_.load();
  if (asked == 0 || now - asked >= ask_every_ms) {
    std::error_code failure;
    const auto space = std::filesystem::space(folder_, failure);
    free_bytes_ = failure ? UINT64_MAX : space.available;
    asked_ms_ = now;
  }
  const std::uint64_t free_bytes = free_bytes_.load();
  if (free_bytes >= reserve_bytes) return {};
  return make_error(ErrorCode::disk_nearly_full, std::to_string(free_bytes >> 20U) + " MB free, " +
                                                     std::to_string(reserve_bytes >> 20U) +
                                                     " MB needed for this");
}

}  // namespace xl::node
