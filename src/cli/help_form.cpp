// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/help_form.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "cli/table.h"

namespace xl::cli {
namespace {

constexpr std::size_t name_columns = 28;
constexpr std::size_t short_lines_max = 25;

/// A name and what it is; a name that is too long has its line for itself.
std::string row(const std::string& name, const std::string& about, std::size_t columns) {
  const std::size_t used = columns_of(name) + 2;
  const std::string space =
      used + 2 <= columns ? std::string(columns - used, ' ') : "\n" + std::string(columns, ' ');
  return "  " + name + (about.empty() ? "" : space + about) + "\n";
}

/// A footer with its examples as they are and everything else in the console's language.
std::vector<std::string> footer_lines(const std::string& footer, const Console& console) {
  std::vector<std::string> out;
  std::istringstream lines(footer);
  for (std::string line; std::getline(lines, line);) {
    out.push_back(line.starts_with("  ") ? line : console.words(line));
  }
  return out;
}

std::string name_of(const CLI::Option* option) {
  return option->get_positional() ? option->get_name(true, false) : option->get_name(false, true);
}

}  // namespace

std::string HelpForm::make_help(const CLI::App* app, std::string name,
                                CLI::AppFormatMode mode) const {
  return make_description(app) + make_footer(app) + "\n" + make_usage(app, std::move(name)) +
         make_positionals(app) + make_groups(app, mode) + make_subcommands(app, mode);
}

std::string HelpForm::make_usage(const CLI::App* app, std::string name) const {
  std::string out = console_.words("Usage") + ": " + name + " [" + console_.words("OPTIONS") + "]";
  for (const CLI::Option* one :
       app->get_options([](const CLI::Option* option) { return option->get_positional(); })) {
    out += " " + make_option_usage(one);
  }
  if (!app->get_subcommands({}).empty()) out += " " + console_.words("SUBCOMMAND");
  return out + "\n";
}

std::string HelpForm::make_description(const CLI::App* app) const {
  return console_.words(app->get_description()) + "\n";
}

std::string HelpForm::make_footer(const CLI::App* app) const {
  std::string out;
  for (const std::string& line : footer_lines(app->get_footer(), console_)) out += line + "\n";
  return out;
}

std::string HelpForm::make_group(std::string group, bool is_positional,
                                 std::vector<const CLI::Option*> options) const {
  return CLI::Formatter::make_group(console_.words(group), is_positional, std::move(options));
}

std::string HelpForm::make_subcommands(const CLI::App* app, CLI::AppFormatMode) const {
  const auto all = app->get_subcommands([](const CLI::App*) { return true; });
  if (all.empty()) return {};
  std::string out = "\n" + console_.words("Subcommands") + ":\n";
  for (const CLI::App* one : all) out += make_subcommand(one);
  return out;
}

std::string HelpForm::make_subcommand(const CLI::App* sub) const {
  return row(sub->get_name(), console_.words(sub->get_description()), name_columns);
}

std::string HelpForm::make_option(const CLI::Option* option, bool) const {
  return row(name_of(option) + make_option_opts(option), console_.words(option->get_description()),
             name_columns);
}

std::string HelpForm::make_option_opts(const CLI::Option* option) const {
  std::string out = CLI::Formatter::make_option_opts(option);
  const std::string_view range = ":INT in [";  // CLI::Range says the type again
  const std::size_t bounds = out.find(range);
  if (bounds != std::string::npos) out.replace(bounds, range.size(), " [");
  for (const std::string_view word : {"TEXT", "UINT", "INT", "REQUIRED", "Excludes", "Needs"}) {
    const std::size_t at = out.find(" " + std::string(word));
    if (at != std::string::npos) out.replace(at + 1, word.size(), console_.words(word));
  }
  return out;
}

std::string short_help(const CLI::App& command, const std::string& before, const Console& console) {
  const std::string path = before + (before.empty() ? "" : " ") + command.get_name();
  std::vector<std::string> lines = footer_lines(command.get_footer(), console);
  lines.insert(lines.begin(), console.words(command.get_description()));
  lines.emplace_back();
  const HelpForm form(console);
  const auto below = command.get_subcommands([](const CLI::App*) { return true; });
  const auto add = [&](std::string text) {
    while (text.ends_with('\n')) text.pop_back();
    const std::size_t broken = text.find('\n');  // one line each, however long the name is
    if (broken != std::string::npos) {
      text.replace(broken, text.find_first_not_of(' ', broken + 1) - broken, "  ");
    }
    lines.push_back(std::move(text));
  };
  for (const CLI::App* one : below) {
    add(row(one->get_name(), console.words(one->get_description()), name_columns / 2));
  }
  std::size_t left = 0;
  if (below.empty()) {
    add(form.make_usage(&command, path));
    for (const CLI::Option* one : command.get_options()) {
      if (one == command.get_help_ptr()) continue;
      if (lines.size() + 2 > short_lines_max) {
        ++left;
      } else {
        add(form.make_option(one, one->get_positional()));
      }
    }
  }
  lines.push_back(console.words(left == 0
                                    ? "All of it: " + path + " --help"
                                    : std::to_string(left) + " more options: " + path + " --help"));
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

}  // namespace xl::cli
