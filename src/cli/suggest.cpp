// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/suggest.h"

#include <algorithm>

namespace xl::cli {
namespace {

constexpr std::size_t letters_apart_max = 2;

/// The command of `group` whose name is nearest; null when none is near.
const CLI::App* nearest(const CLI::App& group, const std::string& word) {
  const CLI::App* out = nullptr;
  std::size_t best = letters_apart_max + 1;
  for (const CLI::App* one : group.get_subcommands({})) {
    const std::size_t apart = edit_distance(one->get_name(), word);
    if (apart >= best || apart >= word.size()) continue;
    best = apart;
    out = one;
  }
  return out;
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

Error usage_error(const CLI::App& app, const std::vector<std::string>& words,
                  const CLI::ParseError& failure) {
  std::string sentence = failure.what();
  std::replace(sentence.begin(), sentence.end(), '\n', ' ');
  const std::string word = unknown_command(app, words);
  if (!word.empty() && sentence.find(word) == std::string::npos) sentence += ": " + word;
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

std::string suggestion(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* at = &app;
  std::string line = app.get_name();
  for (const std::string& word : words) {
    if (at->get_subcommands({}).empty()) return {};
    if (word.empty() || word.starts_with('-')) continue;
    const CLI::App* known = command_called(*at, word);
    const CLI::App* next = known != nullptr ? known : nearest(*at, word);
    if (next == nullptr) continue;  // the value of an option
    line += " " + next->get_name();
    if (known == nullptr) return line;
    at = next;
  }
  return {};
}

}  // namespace xl::cli
