// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/forgetting.h"

#include <chrono>

namespace xl::node {
namespace {

constexpr std::chrono::seconds look_every{5};
/// One synced batch: small, so that nobody who reads or writes blocks waits long.
constexpr std::uint64_t blocks_at_once = 50;

}  // namespace

Forgetting::Forgetting(chain::Chain& chain, std::uint64_t keep_blocks,
                       std::function<bool()> is_archive, const Log& log)
    : chain_(chain),
      keep_blocks_(keep_blocks),
      is_archive_(std::move(is_archive)),
      log_(log),
      thread_([this] { run(); }) {}

Forgetting::~Forgetting() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

bool Forgetting::stopping() const {
  const std::scoped_lock lock(mutex_);
  return stopping_;
}

Status Forgetting::forget() {
  const bool archive = is_archive_();
  if (archive && !held_) log_.write(LogLevel::warning, LogEvent::archive_holds);
  held_ = archive;
  if (archive) return {};
  const std::uint64_t before = chain_.base();
  for (bool done = false; !done && !stopping();) {
    const std::uint64_t last = chain_.head().signed_height;
    if (last <= keep_blocks_) return {};
    XL_TRY_ASSIGN(done, chain_.forget_below(last - keep_blocks_, blocks_at_once));
  }
  const std::uint64_t after = chain_.base();
  if (after > before) {
    log_.write(LogLevel::info, LogEvent::blocks_forgotten, {LogField::height(after)});
  }
  return {};
}

void Forgetting::run() {
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, look_every, [this] { return stopping_; })) {
    lock.unlock();
    const Status forgotten = forget();
    if (!forgotten.ok()) {
      // Nothing is lost by keeping them; who writes next meets the same store.
      log_.write(LogLevel::error, LogEvent::forgetting_failed,
                 {LogField::code(forgotten.error().code)});
      return;
    }
    lock.lock();
  }
}

}  // namespace xl::node
