// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace xl {

/// How much a reader must care. `error` is the last one.
enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// What a log line can be about. A line's words come from this list alone, so that no content of a
/// request, a record or a message can reach a log.
enum class LogEvent : std::uint8_t {
  node_starting,
  node_running,
  node_stopping,
  node_stopped,
  node_failed,        ///< it could not start: code
  request_served,     ///< request, method, route, status, milliseconds
  engine_ended,       ///< the consensus engine's process: code
  snapshot_made,      ///< a snapshot for members who join: height
  snapshot_failed,    ///< none at this height: height, code
  blocks_forgotten,   ///< those below are not kept any more: height
  forgetting_failed,  ///< old blocks stay until the next start: code
  archive_holds,      ///< the ledger lists this member as an archive: blocks stay despite settings
  member_moved,       ///< a member's engine has another address now, or joined: peer
  engine_stuck,       ///< the others agree without it, so it is started again: height
  signing_refused,    ///< a vote or block that must not be signed: code, height
  signer_away,        ///< the outside signer is not connected to the engine
  signer_back,        ///< it is connected again
  backup_made,        ///< a backup of this member
  backup_failed,      ///< none: code
  member_misbehaved,  ///< proved in a block: validator, height at which it broke the rules
  bodies_brought_back,  ///< from other members, after a loss: count, lost
  custody_failed,       ///< something of the custodian's work in the background: code
  record_damaged,       ///< a record that was asked for is lost or altered: code
  tls_loaded,           ///< new connections get this certificate: days it has left
  tls_refused,          ///< files that changed cannot be used, the old ones go on: code
  tls_ending,           ///< the certificate is to be renewed soon: days it has left
  login_refused,        ///< a password, or an outside provider's word, was not accepted: code
};

/// One value of a log line. There is no free text: that is what keeps health data out.
class LogField {
 public:
  /// The number of an error, `XL####`.
  [[nodiscard]] static LogField code(ErrorCode code);
  /// Why, in the registry's words for an error: text of the program.
  [[nodiscard]] static LogField reason(ErrorCode code);
  /// A request's id as the server made it, hexadecimal; anything else becomes `-`.
  [[nodiscard]] static LogField request(std::string_view id);
  /// An HTTP method; one that no standard knows becomes `other`.
  [[nodiscard]] static LogField method(std::string_view method);
  /// A route's pattern, such as `/ledger/v1/blocks/{height}`: never a path, which holds ids.
  /// Precondition: text of the program. Empty: no route was found.
  [[nodiscard]] static LogField route(std::string_view pattern);
  [[nodiscard]] static LogField status(unsigned http_status);
  [[nodiscard]] static LogField milliseconds(std::uint64_t duration);
  [[nodiscard]] static LogField height(std::uint64_t height);
  /// A validator's address, 20 bytes.
  [[nodiscard]] static LogField validator(ByteView address);
  /// A member's engine, 40 lower-case hexadecimal digits; anything else becomes `-`.
  [[nodiscard]] static LogField peer(std::string_view id);
  [[nodiscard]] static LogField port(std::uint16_t port);
  [[nodiscard]] static LogField days(std::uint64_t days);
  [[nodiscard]] static LogField count(std::uint64_t count);
  [[nodiscard]] static LogField lost(std::uint64_t count);

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] const std::string& value() const { return value_; }
  [[nodiscard]] bool is_number() const { return number_; }

 private:
  LogField(std::string_view name, std::string value, bool number)
      : name_(name), value_(std::move(value)), number_(number) {}
  std::string_view name_;
  std::string value_;
  bool number_;
};

/// The log of one process part, handed down to whoever writes. Lines go to a bounded set of files
/// as JSON and to stderr, there in words on a terminal and as JSON otherwise. Thread-safe.
class Log {
 public:
  struct Options {
    std::filesystem::path file;  ///< empty: no file. Its folder is made.
    std::size_t file_bytes_max = 16U << 20U;
    std::size_t files_max = 8;  ///< the one written to and those before it: `.1` is the youngest
    LogLevel file_level = LogLevel::info;
    std::optional<LogLevel> stderr_level = LogLevel::warning;  ///< nothing: silent
    bool terminal = false;                                     ///< stderr is read by a person
  };
  /// Writes nothing.
  Log();
  /// Opens the files. Errors: file_unwritable.
  [[nodiscard]] static Result<Log> open(const Options& options);
  ~Log();
  Log(Log&&) noexcept;
  Log& operator=(Log&&) noexcept;

  /// Writes one line. Never fails: a log that cannot be written (a full disk) loses lines and stops
  /// nobody. Cost: one write to the file.
  void write(LogLevel level, LogEvent event, std::initializer_list<LogField> fields = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xl
