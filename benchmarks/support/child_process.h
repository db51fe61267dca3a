// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace xl::bench {

/// Another program while it is measured: what it writes to its standard output is read line by
/// line. Ended with its object: by the end of its input and SIGTERM. Stops this process when it
/// cannot be started.
class ChildProcess {
 public:
  /// `words`: the program and its arguments; its errors go to the file `log`.
  ChildProcess(const std::vector<std::string>& words, const std::string& log);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Its next line, without the end; empty when it ended.
  [[nodiscard]] std::string read_line();
  /// Waits for its end: true when it went well.
  [[nodiscard]] bool wait();
  /// Resident now, in megabytes.
  [[nodiscard]] double resident_mb() const;
  /// CPU time of all its threads so far.
  [[nodiscard]] double cpu_s() const;

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
};

}  // namespace xl::bench
