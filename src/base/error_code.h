// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace xl {

/// A number of the registry, printed as `XL####`. Numbers are never reused; ranges per folder are
/// in `docs/reference/formats.md` §11. Contract statuses share the number space (2000..2999) and
/// are described by the contracts themselves.
enum class ErrorCode : std::uint16_t {
#define XL_ERROR(number, name, en, en_fix, zh, zh_fix) name = number,
#include "base/errors.def"
#undef XL_ERROR
};

/// What the registry says of one number.
struct ErrorInfo {
  std::uint16_t number{};
  std::string_view name;    ///< stable identifier, snake_case
  std::string_view en;      ///< what happened and why, one sentence
  std::string_view en_fix;  ///< what to do about it
  std::string_view zh;
  std::string_view zh_fix;
};

/// Every entry of the registry that is not a contract status, in ascending order of number.
[[nodiscard]] std::span<const ErrorInfo> error_registry();

/// The entry of `code`. Precondition: `code` is in the registry.
[[nodiscard]] const ErrorInfo& describe(ErrorCode code);

/// `XL1203`: four digits behind the letters.
[[nodiscard]] std::string code_text(std::uint16_t number);

}  // namespace xl
