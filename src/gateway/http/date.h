// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace xl::gateway::http {

/// A moment in the form of HTTP headers, such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
/// `milliseconds` since 1970 in UTC; what is below a second is cut off.
[[nodiscard]] std::string http_date(std::uint64_t milliseconds);

/// The moment of such a text, in milliseconds; nothing for any other form.
[[nodiscard]] std::optional<std::uint64_t> time_of_http_date(std::string_view text);

/// The value of the Date header: made once a second, however many answers there are. Thread-safe.
class DateHeader {
 public:
  /// `now_ms`: milliseconds since 1970.
  [[nodiscard]] std::string at(std::uint64_t now_ms);

 private:
  std::mutex mutex_;
  std::uint64_t second_ = 0;
  std::string text_;
};

}  // namespace xl::gateway::http
