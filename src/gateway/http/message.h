// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xl::gateway::http {

/// Header names in lower case. One that tells who asks, why, or what a message is may not be
/// repeated (the server answers 400); the values of any other repeated one are joined by commas
/// (RFC 9110 §5.3).
using Headers = std::map<std::string, std::string, std::less<>>;

/// A request as handlers see it: complete, bounded, its path and query decoded.
struct Request {
  std::string method;                                      ///< upper case
  std::string path;                                        ///< decoded, starts with '/', no query
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order, may repeat
  Headers headers;
  std::string body;
  std::string remote;   ///< address of the peer
  std::string local;    ///< at which it came here: `127.0.0.1:7410`, `[::1]:7410`
  std::string id;       ///< names the request in logs and error bodies
  bool secure = false;  ///< came over TLS

  /// The first query parameter called `name`; nothing when there is none.
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const;
  /// The header `name` (lower case); empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// Feeds a long answer (server-sent events). Called on a server thread every 50 ms.
class Stream {
 public:
  virtual ~Stream() = default;
  /// What can be sent now; empty when there is nothing new. Must not block.
  [[nodiscard]] virtual std::string take() = 0;
  /// True when nothing will ever come again.
  [[nodiscard]] virtual bool finished() const = 0;
};

/// What a handler answers.
struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  Headers headers;
  std::string body;
  std::uint64_t modified_ms = 0;   ///< of what is answered, finer than Last-Modified; 0: not known
  std::shared_ptr<Stream> stream;  ///< set: the body is what the stream gives, until it finishes
};

using Handler = std::function<Response(const Request&)>;

/// Decodes %XX and, with `plus_is_space`, '+'. False on a malformed escape.
[[nodiscard]] bool percent_decode(std::string_view text, bool plus_is_space, std::string& out);

/// Encodes everything but RFC 3986 unreserved characters.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// Splits a request target into path and query, both decoded. False when malformed.
[[nodiscard]] bool split_target(std::string_view target, Request& out);

}  // namespace xl::gateway::http
