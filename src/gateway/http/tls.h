// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>

#include "base/log.h"
#include "base/result.h"

namespace boost::asio::ssl {
class context;
}

namespace xl::gateway::http {

/// What a listener does about its clients' certificates.
enum class TlsClients : std::uint8_t {
  none,      ///< does not ask for them
  offered,   ///< checks the one that a client sends
  required,  ///< turns away who sends none
};

/// Where a listener has what it speaks TLS with: PEM files.
struct TlsOptions {
  std::filesystem::path certificate;  ///< with its chain
  std::filesystem::path key;          ///< not encrypted, for its owner alone
  std::filesystem::path client_ca;    ///< authorities of clients' certificates; none: empty
  TlsClients clients = TlsClients::none;
  unsigned look_every_ms = 2'000;  ///< whether the files changed
  const Log* log = nullptr;        ///< hears of each change; outlives the listener. Null: nobody
};

/// A certificate that has less left is told about each day.
constexpr std::uint64_t tls_ending_days = 14;

/// What new connections of a listener get, loaded again when its files change, so that it never has
/// to stop for a new certificate. TLS 1.2 with forward secrecy and authenticated encryption, or TLS
/// 1.3; neither renegotiation nor compression. Thread-safe.
class Tls {
 public:
  /// Loads the files. A certificate that is over is taken, as a node must start; clients refuse it.
  /// Errors: file_missing, file_unreadable, file_too_large, key_open_to_others,
  /// certificate_unusable (names the file).
  [[nodiscard]] static Result<std::unique_ptr<Tls>> open(const TlsOptions& options);

  /// For one more connection; shared, as connections outlive the next change.
  [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> context() const;
  /// The end of the certificate, Unix time.
  [[nodiscard]] std::uint64_t until_s() const;

  /// Loads files that changed and lie still since the call before: somebody may be writing them.
  /// What cannot be used, or is over, is logged once and leaves the old in use.
  void look();
  /// Loads the files now, as somebody asked for it; otherwise as `look`.
  void reload();

 private:
  struct Loaded {
    std::shared_ptr<boost::asio::ssl::context> context;
    std::uint64_t until_s = 0;
  };
  explicit Tls(const TlsOptions& options) : options_(options) {}
  [[nodiscard]] Result<Loaded> load() const;
  /// Tells the state of the files from any other: names, sizes and times of change.
  [[nodiscard]] std::string mark() const;
  void replace(std::string mark);
  void tell_ending();
  void log(LogLevel level, LogEvent event, LogField field) const;

  TlsOptions options_;
  mutable std::mutex mutex_;  // guards all below
  Loaded loaded_;
  std::string mark_;       // of the files that were loaded or refused last
  std::string seen_;       // when they were looked at last
  std::uint64_t day_ = 0;  // on which an end was told of last
};

}  // namespace xl::gateway::http
