// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/console.h"

namespace xl::cli {

/// The form of a command's whole help in the language of a console: examples first, since most
/// people look for a line that they can change.
class HelpForm : public CLI::Formatter {
 public:
  explicit HelpForm(Console console) : console_(std::move(console)) {}

  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;
  std::string make_usage(const CLI::App* app, std::string name) const override;
  std::string make_description(const CLI::App* app) const override;
  std::string make_footer(const CLI::App* app) const override;
  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override;
  std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode mode) const override;
  std::string make_subcommand(const CLI::App* sub) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_option_opts(const CLI::Option* option) const override;

 private:
  Console console_;
};

/// A command's help in at most 25 lines: examples, then one line for each command below it or,
/// where there is none, for as many options as there is room for. `before`: the words that lead to
/// it.
[[nodiscard]] std::string short_help(const CLI::App& command, const std::string& before,
                                     const Console& console);

}  // namespace xl::cli
