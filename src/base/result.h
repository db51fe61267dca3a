// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/error_code.h"

namespace xl {

/// An expected failure: a stable code from the registry and a sentence for people. The sentence
/// never holds health data, names, identifiers of people or secrets.
struct Error {
  ErrorCode code{};
  std::string message;
  std::string request_id = {};  ///< of the node's answer that said so; empty: none did

  /// `XL1203: message`.
  [[nodiscard]] std::string text() const;
};

/// Makes an error whose message is the registry's own sentence for `code`.
[[nodiscard]] Error make_error(ErrorCode code);

/// Makes an error with a detail behind the registry's sentence: `sentence: detail`.
[[nodiscard]] Error make_error(ErrorCode code, std::string_view detail);

/// A value or the error that took its place. Never both, never neither. Not thread-safe.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(implicit)
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(implicit)

  [[nodiscard]] bool ok() const { return content_.index() == 0; }
  explicit operator bool() const { return ok(); }

  /// The value. Precondition: `ok()`.
  [[nodiscard]] T& value() & {
    XL_CHECK(ok());
    return *std::get_if<0>(&content_);
  }
  [[nodiscard]] const T& value() const& {
    XL_CHECK(ok());
    return *std::get_if<0>(&content_);
  }
  [[nodiscard]] T&& value() && {
    XL_CHECK(ok());
    return std::move(*std::get_if<0>(&content_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// The error. Precondition: `!ok()`.
  [[nodiscard]] const Error& error() const {
    XL_CHECK(!ok());
    return *std::get_if<1>(&content_);
  }

 private:
  std::variant<T, Error> content_;
};

/// Success without a value, or an error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(implicit)

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const {
    XL_CHECK(!ok());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace xl

/// Returns from the enclosing function with the error of `expression`, if it has one.
#define XL_TRY(expression)                                 \
  do {                                                     \
    auto xl_try_result = (expression);                     \
    if (!xl_try_result.ok()) return xl_try_result.error(); \
  } while (false)

#define XL_CONCAT_INNER(a, b) a##b
#define XL_CONCAT(a, b) XL_CONCAT_INNER(a, b)

/// Declares `declaration` with the value of `expression`, or returns its error.
#define XL_TRY_ASSIGN(declaration, expression)                                               \
  auto XL_CONCAT(xl_result_, __LINE__) = (expression);                                       \
  if (!XL_CONCAT(xl_result_, __LINE__).ok()) return XL_CONCAT(xl_result_, __LINE__).error(); \
  declaration = std::move(XL_CONCAT(xl_result_, __LINE__)).value()
