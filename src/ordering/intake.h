// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "ordering/engine.h"

namespace xl::ordering {

/// The callback of one submission, shared by its transactions.
struct Submission {
  Done done;
};

/// A transaction on its way through an engine.
struct Slot {
  Bytes raw;
  std::shared_ptr<Submission> submission;
  std::size_t index = 0;  ///< its position in the submission
  /// Decoded, with a verdict on each signature whose key was known when it was looked at.
  std::optional<Result<verification::CheckedTransaction>> checked;
  std::chrono::steady_clock::time_point taken_in;
  std::uint64_t valid_until_ms = 0;  ///< for the engine that took it, as `id`
  Hash id{};
  bool ready = false;  ///< `checked` is set
};
using SlotPtr = std::shared_ptr<Slot>;

/// Where transactions enter an engine: a bounded queue whose signatures are checked on threads of
/// its own, and which gives them out in the order they came. Thread-safe; one thread takes.
class Intake {
 public:
  /// Bounds, local to a node.
  struct Options {
    unsigned verify_threads = 2;
    std::size_t queue_transactions_max = 20'000;
    std::size_t queue_bytes_max = 64U << 20U;
    /// Asked before anything is taken: an error refuses it, so that no block meets a full disk.
    /// Empty: there is always room. Called on the submitters' threads.
    std::function<Status()> room;
  };
  /// When what is ready is enough to go on with.
  struct Wanted {
    std::size_t count = 1;                  ///< at least so many, or
    std::size_t bytes = SIZE_MAX;           ///< at least so many bytes, or
    std::chrono::milliseconds patience{0};  ///< the first has waited so long and no more is coming
  };

  Intake(const chain::Chain& chain, const Options& options) : chain_(chain), options_(options) {}
  ~Intake() { stop(); }
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  void start();
  /// Takes no more. What was taken is still checked; returns when it is.
  void stop();

  /// As `Engine::submit`.
  void submit(std::vector<Bytes> transactions, Done done);

  /// Waits for enough. False when it stopped and nothing is left.
  [[nodiscard]] bool wait(const Wanted& wanted);

  /// Gives out what is checked, in the order it came, up to these bounds, at least one if there is
  /// one. What was malformed or wrongly signed is answered and left out: it needs no execution to
  /// know. Each one given out counts as in flight until `finished`.
  [[nodiscard]] std::vector<SlotPtr> take(std::size_t count_max, std::size_t bytes_max);

  /// So many of those given out are answered.
  void finished(std::size_t count);
  /// Answers those given out with an error.
  void refuse(const std::vector<std::pair<SlotPtr, Error>>& refused);

  /// Transactions taken in and not answered.
  [[nodiscard]] std::size_t queued() const;

 private:
  void verify_loop();
  [[nodiscard]] bool enough(const Wanted& wanted) const;
  [[nodiscard]] std::vector<SlotPtr> drop_bad(std::vector<SlotPtr> slots);

  const chain::Chain& chain_;
  Options options_;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable verify_wanted_;
  std::condition_variable ready_wanted_;
  std::deque<SlotPtr> slots_;       // in order of submission
  std::deque<SlotPtr> unverified_;  // the same slots, until a verify thread takes them
  std::size_t ready_ = 0;           // how many of `slots_` are checked
  std::size_t ready_bytes_ = 0;
  std::size_t queued_bytes_ = 0;
  std::size_t in_flight_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> verifiers_;
};

}  // namespace xl::ordering
