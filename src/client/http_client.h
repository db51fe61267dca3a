// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
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

/// A node's address: `http://HOST[:PORT]`.
struct NodeAddress {
  std::string host = "127.0.0.1";
  std::string port = "7410";
};

/// Reads a node's URL. Errors: usage_invalid (only http is spoken; TLS ends in front of the node).
[[nodiscard]] Result<NodeAddress> parse_node_url(std::string_view url);

/// HTTP/1.1 requests to one node over one kept connection. Not thread-safe.
class HttpClient {
 public:
  explicit HttpClient(NodeAddress address);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  /// Sends one request and reads the answer, at most 64 MiB. Any HTTP status is a success here.
  /// Errors: node_unreachable (connect, time out, connection lost), answer_unexpected.
  [[nodiscard]] Result<HttpResponse> send(std::string_view method, std::string_view target,
                                          std::string_view content_type, std::string_view body,
                                          const std::map<std::string, std::string>& headers = {},
                                          std::uint64_t timeout_ms = 30'000);
  /// `send` of a GET.
  [[nodiscard]] Result<HttpResponse> get(std::string_view target);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xl::client
