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
};

/// Why a program is not running any more, in plain words.
struct Exit {
  std::string words;  ///< such as "ended with code 1: <its last line>"
  bool restarting = false;
};

/// Starts a program, watches it and starts it again when it ends, waiting longer each time. The
/// program dies with this process. Thread-safe.
class Supervisor {
 public:
  virtual ~Supervisor() = default;

  /// `on_exit` is called on the supervisor's thread each time the program ends by itself. It gives
  /// up after several ends within moments of each start. Errors: engine_failed (not startable).
  [[nodiscard]] static Result<std::unique_ptr<Supervisor>> start(
      Program program, std::function<void(const Exit&)> on_exit);

  /// Ends the program: SIGTERM, and SIGKILL when it does not listen for ten seconds.
  virtual void stop() = 0;
  /// Of the running program, 0 when there is none.
  [[nodiscard]] virtual int pid() const = 0;
};

}  // namespace xl::ordering::cometbft
