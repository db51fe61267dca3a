// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace xl::client {

/// An answer as it came.
struct HttpResponse {
  unsigned status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
};

/// What is believed and shown where a node speaks TLS: PEM files. There is no way to believe
/// everybody.
struct TlsFiles {
  std::string ca;           ///< authorities that count instead of the system's; empty: the system's
  std::string certificate;  ///< shown to a node that asks for one, with its chain; empty: none
  std::string key;          ///< that certificate's, for its owner alone
};

/// A node's address: `http://HOST[:PORT]` or `https://HOST[:PORT]`.
struct NodeAddress {
  std::string host = "127.0.0.1";
  std::string port = "7410";
  bool tls = false;
  TlsFiles files{};                   ///< used with `tls` only
  std::uint64_t timeout_ms = 30'000;  ///< for connecting, and for each answer
  /// Connects to public addresses alone, wherever the host's name leads: somebody else chose it.
  bool public_only = false;
  /// Told of each exchange in one line, such as `GET /health 200, 3 ms`; empty: nobody.
  std::function<void(const std::string& line)> tell{};
};

/// Reads a node's URL. Errors: usage_invalid (another scheme, no host, `files` that a URL without
/// TLS has no use for, a certificate without its key).
[[nodiscard]] Result<NodeAddress> parse_node_url(std::string_view url, const TlsFiles& files = {});

/// Is this IP address, as text, one of the internet (IANA's special-purpose registries): of no
/// machine itself, private network, link, documentation or group?
[[nodiscard]] bool is_public_address(std::string_view text);

/// HTTP/1.1 requests to one node over one kept connection, over TLS 1.2 or 1.3 where its address
/// says so: the node's certificate must be from a trusted authority, of this time and for this
/// host. Not thread-safe.
class HttpClient {
 public:
  explicit HttpClient(NodeAddress address);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  /// Sends one request and reads the answer, at most 64 MiB. Any HTTP status is a success here.
  /// Errors: node_unreachable (connect, time out, connection lost), answer_unexpected; over TLS
  /// also tls_untrusted, tls_name_mismatched, tls_certificate_over, tls_client_refused, tls_failed,
  /// and certificate_unusable, key_open_to_others and those of reading the files.
  [[nodiscard]] Result<HttpResponse> send(std::string_view method, std::string_view target,
                                          std::string_view content_type, std::string_view body,
                                          const std::map<std::string, std::string>& headers = {});
  /// `send` of a GET.
  [[nodiscard]] Result<HttpResponse> get(std::string_view target);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xl::client
