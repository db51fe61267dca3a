// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/intake.h"

#include <algorithm>

#include "model/limits.h"
#include "ordering/key_cache.h"

namespace xl::ordering {
namespace {

/// Transactions that a verify thread takes at a time.
constexpr std::size_t verify_chunk = 32;

bool forged(const verification::CheckedTransaction& checked) {
  return std::any_of(checked.verdicts.begin(), checked.verdicts.end(),
                     [](const auto& verdict) { return !verdict.valid; });
}

}  // namespace

void Intake::start() {
  for (unsigned i = 0; i < options_.verify_threads; ++i) {
    verifiers_.emplace_back([this] { verify_loop(); });
  }
}

void Intake::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  verify_wanted_.notify_all();
  for (std::thread& thread : verifiers_) {
    if (thread.joinable()) thread.join();
  }
  ready_wanted_.notify_all();
}

void Intake::submit(std::vector<Bytes> transactions, Done done) {
  const auto submission = std::make_shared<Submission>(Submission{std::move(done)});
  const auto now = std::chrono::steady_clock::now();
  const Status room = options_.room ? options_.room() : Status{};
  if (!room.ok()) {
    for (std::size_t i = 0; i < transactions.size(); ++i) submission->done(i, room.error());
    return;
  }
  std::vector<std::pair<std::size_t, ErrorCode>> refused;
  {
    const std::scoped_lock lock(mutex_);
    for (std::size_t i = 0; i < transactions.size(); ++i) {
      const std::size_t bytes = transactions[i].size();
      if (stopping_) {
        refused.emplace_back(i, ErrorCode::node_stopping);
      } else if (bytes > limits::transaction_bytes_max) {
        refused.emplace_back(i, ErrorCode::transaction_too_large);
      } else if (slots_.size() >= options_.queue_transactions_max ||
                 queued_bytes_ + bytes > options_.queue_bytes_max) {
        refused.emplace_back(i, ErrorCode::queue_full);
      } else {
        auto slot = std::make_shared<Slot>();
        slot->raw = std::move(transactions[i]);
        slot->submission = submission;
        slot->index = i;
        slot->taken_in = now;
        queued_bytes_ += bytes;
        slots_.push_back(slot);
        unverified_.push_back(std::move(slot));
      }
    }
  }
  verify_wanted_.notify_all();
  for (const auto& [index, code] : refused) submission->done(index, make_error(code));
}

void Intake::verify_loop() {
  KeyCacheReader keys(chain_);
  while (true) {
    std::vector<SlotPtr> chunk;
    {
      std::unique_lock lock(mutex_);
      verify_wanted_.wait(lock, [this] { return stopping_ || !unverified_.empty(); });
      if (unverified_.empty()) return;
      while (!unverified_.empty() && chunk.size() < verify_chunk) {
        chunk.push_back(std::move(unverified_.front()));
        unverified_.pop_front();
      }
    }
    keys.refresh();
    std::size_t bytes = 0;
    for (const SlotPtr& slot : chunk) {
      slot->checked.emplace(verification::check(slot->raw, chain_.registry()));
      if (slot->checked->ok()) verification::check_signatures(**slot->checked, keys);
      bytes += slot->raw.size();
    }
    {
      const std::scoped_lock lock(mutex_);
      for (const SlotPtr& slot : chunk) slot->ready = true;
      ready_ += chunk.size();
      ready_bytes_ += bytes;
    }
    ready_wanted_.notify_one();
  }
}

/// The caller holds the lock.
bool Intake::enough(const Wanted& wanted) const {
  if (slots_.empty() || !slots_.front()->ready) return false;
  if (ready_ >= wanted.count || ready_bytes_ >= wanted.bytes) return true;
  if (ready_ != slots_.size()) return false;  // more is being checked
  return stopping_ ||
         std::chrono::steady_clock::now() >= slots_.front()->taken_in + wanted.patience;
}

bool Intake::wait(const Wanted& wanted) {
  std::unique_lock lock(mutex_);
  while (!enough(wanted)) {
    if (stopping_ && slots_.empty()) return false;
    if (wanted.patience.count() > 0 && !slots_.empty() && ready_ == slots_.size()) {
      ready_wanted_.wait_until(lock, slots_.front()->taken_in + wanted.patience);
    } else {
      ready_wanted_.wait(lock);
    }
  }
  return true;
}

std::vector<SlotPtr> Intake::take(std::size_t count_max, std::size_t bytes_max) {
  std::vector<SlotPtr> taken;
  {
    const std::scoped_lock lock(mutex_);
    std::size_t bytes = 0;
    while (!slots_.empty() && slots_.front()->ready && taken.size() < count_max) {
      const std::size_t size = slots_.front()->raw.size();
      if (bytes + size > bytes_max && !taken.empty()) break;
      bytes += size;
      taken.push_back(std::move(slots_.front()));
      slots_.pop_front();
    }
    queued_bytes_ -= bytes;
    ready_bytes_ -= bytes;
    ready_ -= taken.size();
    in_flight_ += taken.size();
  }
  return drop_bad(std::move(taken));
}

std::vector<SlotPtr> Intake::drop_bad(std::vector<SlotPtr> slots) {
  std::vector<SlotPtr> kept;
  std::vector<std::pair<SlotPtr, Error>> refused;
  for (SlotPtr& slot : slots) {
    const Result<verification::CheckedTransaction>& checked = *slot->checked;
    if (!checked.ok()) {
      refused.emplace_back(slot, checked.error());
    } else if (forged(*checked)) {
      refused.emplace_back(slot, make_error(ErrorCode::signature_invalid));
    } else {
      kept.push_back(std::move(slot));
    }
  }
  refuse(refused);
  return kept;
}

void Intake::finished(std::size_t count) {
  const std::scoped_lock lock(mutex_);
  in_flight_ -= count;
}

void Intake::refuse(const std::vector<std::pair<SlotPtr, Error>>& refused) {
  finished(refused.size());
  for (const auto& [slot, error] : refused) slot->submission->done(slot->index, error);
}

std::size_t Intake::queued() const {
  const std::scoped_lock lock(mutex_);
  return slots_.size() + in_flight_;
}

}  // namespace xl::ordering
