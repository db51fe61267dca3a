// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/console.h"

namespace xl::cli {

/// The command of `group` with exactly this name; null when there is none.
[[nodiscard]] const CLI::App* command_called(const CLI::App& group, std::string_view word);

/// What somebody who mistyped a command may have meant, as a whole command line so far
/// (`xinglin record list`); empty when no command is near. `words`: the arguments.
[[nodiscard]] std::string suggestion(const CLI::App& app, const std::vector<std::string>& words);

/// What the parser of the command line refused, as our error: usage_invalid with the parser's
/// sentence and the word that is no command, if there is one.
[[nodiscard]] Error usage_error(const CLI::App& app, const std::vector<std::string>& words,
                                const CLI::ParseError& failure);

/// How to talk about a command line that was not parsed: what `--json`, `--lang` and `--quiet`
/// among its words say; `otherwise` for the rest.
[[nodiscard]] Console::Options talk_options(const std::vector<std::string>& words,
                                            const Console::Options& otherwise);

/// How many letters must be put in, taken out or changed to make one word of the other
/// (Levenshtein). Cost: the product of the lengths.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace xl::cli
