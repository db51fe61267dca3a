// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace xl::ordering::cometbft {

/// What the supervisor is told to keep running.
struct Program {
  std::filesystem::path path;
  std::vector<std::string> arguments;  ///< after the program's own name
  std::filesystem::path log;           ///< what it prints; the one before is kept beside it
  /// Removed before each start: what a program that was killed leaves behind and stumbles over.
  std::vector<std::filesystem::path> leftovers;
};

/// Starts a program, watches it and starts it again whenever it ends, after pauses that grow while
/// it ends at once. The program dies with this process. Thread-safe.
class Supervisor {
 public:
  virtual ~Supervisor() = default;

  /// `on_exit` is called on the supervisor's thread each time the program ends by itself, with why:
  /// see `reason_of_end`; empty: nobody is told. Errors: engine_failed (there is no such program).
  [[nodiscard]] static Result<std::unique_ptr<Supervisor>> start(
      Program program, std::function<void(ErrorCode reason)> on_exit);

  /// Ends the program: SIGTERM, and SIGKILL when it does not listen for ten seconds.
  virtual void stop() = 0;
  /// Ends the program and starts it again at once, as what it reads at its start changed. Returns
  /// before that is done.
  virtual void restart() = 0;
  /// Of the running program, 0 when there is none.
  [[nodiscard]] virtual int pid() const = 0;
};

}  // namespace xl::ordering::cometbft
