// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/suggest.h"

#include <algorithm>
#include <sstream>

namespace xl::cli {
namespace {

constexpr std::size_t letters_apart_max = 2;

std::vector<std::string> names_of(const CLI::App& group) {
  std::vector<std::string> out;
  for (const CLI::App* one : group.get_subcommands({})) out.push_back(one->get_name());
  return out;
}

/// The long options that may stand behind a command: its own and those of what it belongs to.
std::vector<std::string> options_of(const CLI::App* command) {
  std::vector<std::string> out;
  for (; command != nullptr; command = command->get_parent()) {
    for (const CLI::Option* one : command->get_options()) {
      for (const std::string& name : one->get_lnames()) out.push_back("--" + name);
    }
  }
  return out;
}

/// The command to which the words lead as far as they can be followed.
const CLI::App* command_meant(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* at = &app;
  for (const std::string& word : words) {
    const CLI::App* next = command_called(*at, word);
    if (next != nullptr) at = next;
  }
  return at;
}

/// What a mistyped option may have been; empty when all are known or none is near.
std::string option_meant(const CLI::App& app, const std::vector<std::string>& words) {
  const std::vector<std::string> known = options_of(command_meant(app, words));
  for (const std::string& word : words) {
    if (word == "--") break;
    const std::string name = word.substr(0, word.find('='));
    if (!name.starts_with("--") || std::find(known.begin(), known.end(), name) != known.end()) {
      continue;
    }
    return nearest_of(known, name);
  }
  return {};
}

/// What a mistyped value may have been, of the parser's `--kind: x not in {a,b}`; empty for other
/// sentences and when none is near.
std::string value_meant(std::string_view reason) {
  const std::size_t colon = reason.find(": ");
  const std::size_t list = reason.find(" not in {");
  if (colon == reason.npos || list == reason.npos || list < colon || !reason.ends_with('}')) {
    return {};
  }
  const std::string_view value = reason.substr(colon + 2, list - colon - 2);
  std::vector<std::string> known;
  std::istringstream all(std::string(reason.substr(list + 9, reason.size() - list - 10)));
  for (std::string one; std::getline(all, one, ',');) known.push_back(one);
  const std::string meant = nearest_of(known, value);
  return meant.empty() ? std::string() : std::string(reason.substr(0, colon)) + " " + meant;
}

/// The first word that stands where a command is expected and is none; empty when there is no such.
std::string unknown_command(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* at = &app;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (at->get_subcommands({}).empty()) return {};
    if (words[i].starts_with('-')) {
      const CLI::Option* option = app.get_option_no_throw(words[i]);
      if (option != nullptr && option->get_items_expected_max() > 0) ++i;  // its value
      continue;
    }
    const CLI::App* known = command_called(*at, words[i]);
    if (known == nullptr) return words[i];
    at = known;
  }
  return {};
}

}  // namespace

const CLI::App* command_called(const CLI::App& group, std::string_view word) {
  for (const CLI::App* one : group.get_subcommands({})) {
    if (one->get_name() == word) return one;
  }
  return nullptr;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

std::string nearest_of(const std::vector<std::string>& known, std::string_view word) {
  std::string out;
  std::size_t best = std::max(letters_apart_max, word.size() / 4) + 1;
  for (const std::string& one : known) {
    const std::size_t apart = edit_distance(one, word);
    if (apart >= best || apart >= word.size()) continue;
    best = apart;
    out = one;
  }
  return out;
}

Error usage_error(const CLI::App& app, const std::vector<std::string>& words,
                  const CLI::ParseError& failure) {
  const std::string word = unknown_command(app, words);
  if (!word.empty()) return make_error(ErrorCode::usage_invalid, "no command '" + word + "'");
  std::string sentence = failure.what();
  std::replace(sentence.begin(), sentence.end(), '\n', ' ');
  return make_error(ErrorCode::usage_invalid, sentence);
}

Console::Options talk_options(const std::vector<std::string>& words,
                              const Console::Options& otherwise) {
  Console::Options out = otherwise;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") break;
    if (word == "--json") out.json = true;
    if (word == "-o" || word == "--output")
      out.json = i + 1 < words.size() && words[i + 1] == "json";
    if (word == "-ojson" || word == "--output=json") out.json = true;
    if (word == "-q" || word == "--quiet") out.quiet = true;
    if (word == "--no-color") out.color = false;
    if (word == "--lang" && i + 1 < words.size()) out.language = language_of(words[i + 1]);
    if (word.starts_with("--lang=")) out.language = language_of(word.substr(7));
  }
  return out;
}

std::string suggestion(const CLI::App& app, const std::vector<std::string>& words,
                       std::string_view reason) {
  const CLI::App* at = &app;
  std::string line = app.get_name();
  for (const std::string& word : words) {
    if (at->get_subcommands({}).empty()) break;
    if (word.empty() || word.starts_with('-')) continue;
    const std::string next = nearest_of(names_of(*at), word);
    if (next.empty()) continue;  // the value of an option
    line += " " + next;
    if (next != word) return line;
    at = command_called(*at, next);
  }
  const std::string value = value_meant(reason);
  return value.empty() ? option_meant(app, words) : value;
}

const CLI::App* asked_in_short(const CLI::App& app, const std::vector<std::string>& words,
                               bool talks, std::string& before) {
  bool short_asked = false;
  bool flag_asked = false;
  const CLI::App* at = &app;
  for (const std::string& word : words) {
    if (word == "--") break;
    if (word == "-h") short_asked = true;
    if (word == "--help" || word == "--version") flag_asked = true;
    const CLI::App* next = command_called(*at, word);
    if (next == nullptr) continue;
    before += (before.empty() ? "" : " ") + at->get_name();
    at = next;
  }
  const bool bare = !at->get_subcommands({}).empty() && unknown_command(app, words).empty();
  return short_asked || (bare && talks && !flag_asked) ? at : nullptr;
}

}  // namespace xl::cli
