// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace xl {

/// One row of the catalogue `chinese.def`: `{}` stands for what differs from time to time, in
/// Chinese as `{1}`, `{2}`, … by its place in the English text.
struct Wording {
  std::string_view english;
  std::string_view chinese;
};

/// The catalogue: texts of the command line that are written in English where they arise.
[[nodiscard]] std::span<const Wording> wordings();

/// The Chinese of an English text; the text itself where the catalogue has none. What stands for
/// `{}` is looked up too, each for itself. Cost: the catalogue's length.
[[nodiscard]] std::string in_chinese(std::string_view english);

}  // namespace xl
