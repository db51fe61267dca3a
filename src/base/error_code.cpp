// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/error_code.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/error_detail.h"
#include "base/result.h"

namespace xl {
namespace {

constexpr auto registry = std::to_array<ErrorInfo>({
#define XL_ERROR(number, name, en, en_fix, zh, zh_fix) {number, #name, en, en_fix, zh, zh_fix},
#include "base/errors.def"
#undef XL_ERROR
});

constexpr bool ascending() {
  for (std::size_t i = 1; i < registry.size(); ++i) {
    if (registry[i - 1].number >= registry[i].number) return false;
  }
  return true;
}
static_assert(ascending(), "errors.def must be in ascending order, each number once");

}  // namespace

std::span<const ErrorInfo> error_registry() { return registry; }

const ErrorInfo& describe(ErrorCode code) {
  const auto number = static_cast<std::uint16_t>(code);
  const auto found =
      std::lower_bound(registry.begin(), registry.end(), number,
                       [](const ErrorInfo& info, std::uint16_t n) { return info.number < n; });
  XL_CHECK(found != registry.end());
  XL_CHECK(found->number == number);
  return *found;
}

std::string code_text(std::uint16_t number) {
  std::string digits = std::to_string(number);
  return "XL" + std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
}

std::string Error::text() const {
  return code_text(static_cast<std::uint16_t>(code)) + ": " + message;
}

Error make_error(ErrorCode code) { return {code, std::string(describe(code).en)}; }

Error make_error(ErrorCode code, std::string_view detail) {
  std::string sentence(describe(code).en);
  if (sentence.ends_with('.')) sentence.pop_back();
  return {code, sentence + ": " + std::string(detail)};
}

std::string_view detail_of(const Error& error) {
  const std::string head = make_error(error.code, "").message;
  const std::string_view all = error.message;
  return all.starts_with(head) ? all.substr(head.size()) : std::string_view{};
}

}  // namespace xl
