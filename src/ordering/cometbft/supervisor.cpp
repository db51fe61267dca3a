// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/supervisor.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/file.h"
#include "ordering/cometbft/reasons.h"

namespace xl::ordering::cometbft {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto look_pause = milliseconds(50);
constexpr auto patience_at_end = seconds(10);
constexpr auto first_pause = milliseconds(200);
constexpr auto longest_pause = milliseconds(5000);
/// A run longer than this makes the next pause a short one again.
constexpr auto settled = seconds(10);
/// The log is turned over when it is larger at a start; one old one is kept.
constexpr std::uint64_t log_bytes_max = 8U << 20U;
constexpr std::uint64_t tail_bytes = 16384;  // a panic prints its cause before its stack

off_t size_of(const std::filesystem::path& log) {
  std::error_code failure;
  const auto size = std::filesystem::file_size(log, failure);
  return failure ? 0 : static_cast<off_t>(size);
}

/// The end of what a log holds behind `begin`; programs say there why they end.
std::string tail_of(const std::filesystem::path& log, off_t begin) {
  const int file = ::open(log.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const off_t end = ::lseek(file, 0, SEEK_END);
  const off_t from = std::max<off_t>(begin, end - static_cast<off_t>(tail_bytes));
  std::string text(static_cast<std::size_t>(std::max<off_t>(end - from, 0)), '\0');
  const ssize_t got = ::pread(file, text.data(), text.size(), from);
  ::close(file);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

class ProcessSupervisor final : public Supervisor {
 public:
  ProcessSupervisor(Program program, std::function<void(ErrorCode)> on_exit)
      : program_(std::move(program)), on_exit_(std::move(on_exit)) {}
  ~ProcessSupervisor() override { stop(); }

  Status begin() {
    if (::access(program_.path.c_str(), X_OK) != 0) {
      return make_error(ErrorCode::engine_failed, "no program at " + program_.path.string());
    }
    // The parent-death signal follows the thread that forked, so one thread does all of it.
    thread_ = std::thread([this] { watch(); });
    return {};
  }
  void stop() override {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  void restart() override {
    {
      const std::scoped_lock lock(mutex_);
      restarting_ = true;
    }
    changed_.notify_all();
  }
  [[nodiscard]] int pid() const override {
    const std::scoped_lock lock(mutex_);
    return pid_;
  }

 private:
  void watch();
  [[nodiscard]] int launch();
  /// Waits until the program ends or is told to. The status of `waitpid`.
  int await_end(int pid);
  void end(int pid);
  /// True when it is time to stop, or to start again.
  bool pause(milliseconds time) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, [this] { return stopping_ || restarting_; });
  }
  void set_pid(int pid) {
    const std::scoped_lock lock(mutex_);
    pid_ = pid;
  }

  Program program_;
  std::function<void(ErrorCode)> on_exit_;
  off_t log_begin_ = 0;       // supervising thread only: where this run's part of the log begins
  mutable std::mutex mutex_;  // guards the next three
  bool stopping_ = false;
  bool restarting_ = false;
  int pid_ = 0;
  std::condition_variable changed_;
  std::thread thread_;
};

int ProcessSupervisor::launch() {
  std::error_code ignored;
  std::filesystem::create_directories(program_.log.parent_path(), ignored);
  for (const auto& path : program_.leftovers) std::filesystem::remove(path, ignored);
  if (std::filesystem::file_size(program_.log, ignored) > log_bytes_max && !ignored) {
    std::filesystem::rename(program_.log, program_.log.string() + ".1", ignored);
  }
  log_begin_ = size_of(program_.log);
  std::string name = program_.path.string();
  std::vector<char*> arguments = {name.data()};
  for (std::string& argument : program_.arguments) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  const int log = ::open(program_.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {  // only what is safe between fork and exec
    // Asked to end, it may wait for ever for the node that is gone; it survives being killed.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execv(name.c_str(), arguments.data());
    ::_exit(127);
  }
  if (log >= 0) ::close(log);
  if (nothing >= 0) ::close(nothing);
  return pid;
}

void ProcessSupervisor::end(int pid) {
  ::kill(pid, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + patience_at_end;
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &status, 0);
      return;
    }
    std::this_thread::sleep_for(look_pause);
  }
}

int ProcessSupervisor::await_end(int pid) {
  int status = 0;
  while (true) {
    if (::waitpid(pid, &status, WNOHANG) == pid) return status;
    if (pause(look_pause)) {
      end(pid);
      return 0;
    }
  }
}

void ProcessSupervisor::watch() {
  milliseconds wait = first_pause;
  while (true) {
    const auto started = std::chrono::steady_clock::now();
    const int pid = launch();
    set_pid(pid > 0 ? pid : 0);
    const int status = pid > 0 ? await_end(pid) : 0;
    set_pid(0);
    {
      const std::scoped_lock lock(mutex_);
      if (stopping_) return;
      if (std::exchange(restarting_, false)) continue;
    }
    if (on_exit_) {
      on_exit_(reason_of_end(pid > 0 && WIFSIGNALED(status), tail_of(program_.log, log_begin_)));
    }
    if (std::chrono::steady_clock::now() - started > settled) wait = first_pause;
    if (pause(wait)) {
      const std::scoped_lock lock(mutex_);
      if (stopping_) return;
      restarting_ = false;
    }
    wait = std::min(wait * 2, longest_pause);
  }
}

}  // namespace

Result<std::unique_ptr<Supervisor>> Supervisor::start(Program program,
                                                      std::function<void(ErrorCode)> on_exit) {
  auto supervisor = std::make_unique<ProcessSupervisor>(std::move(program), std::move(on_exit));
  XL_TRY(supervisor->begin());
  return std::unique_ptr<Supervisor>(std::move(supervisor));
}

}  // namespace xl::ordering::cometbft
