// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace xl::cli {

/// What somebody who mistyped a command may have meant, as a whole command line so far
/// (`xinglin record list`); empty when no command is near. `words`: the arguments.
[[nodiscard]] std::string suggestion(const CLI::App& app, const std::vector<std::string>& words);

/// How many letters must be put in, taken out or changed to make one word of the other
/// (Levenshtein). Cost: the product of the lengths.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace xl::cli
