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

/// The one of `known` that is nearest to a mistyped word; empty when none is near.
[[nodiscard]] std::string nearest_of(const std::vector<std::string>& known, std::string_view word);

/// What somebody may have meant who mistyped a command (as the whole command line so far, such as
/// `xinglin record list`), an option or one of an option's words; empty when nothing is near.
/// `words`: the arguments; `reason`: the parser's sentence, if it refused them.
[[nodiscard]] std::string suggestion(const CLI::App& app, const std::vector<std::string>& words,
                                     std::string_view reason = {});

/// The command that is to be explained in short: `-h` stands among the words, or, to a person
/// (`talks`), they name no command of a group. Null otherwise. `before` gets the words that lead to
/// it.
[[nodiscard]] const CLI::App* asked_in_short(const CLI::App& app,
                                             const std::vector<std::string>& words, bool talks,
                                             std::string& before);

/// What the parser of the command line refused, as our error: usage_invalid with the word
/// that is no command, else with the parser's sentence.
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
