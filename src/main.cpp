// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <google/protobuf/stubs/logging.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "base/console.h"
#include "cli/commands.h"
#include "cli/governance.h"
#include "cli/help.h"
#include "cli/help_form.h"
#include "cli/status.h"
#include "cli/suggest.h"
#include "node/commands.h"
#include "node/tools/libraries.h"
#include "node/tools/machine.h"

namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : value;
}

/// Defaults that the terminal and its environment set; options may override them.
xl::Console::Options console_defaults() {
  xl::Console::Options out;
  std::string_view locale = environment("LC_ALL");
  if (locale.empty()) locale = environment("LC_MESSAGES");
  if (locale.empty()) locale = environment("LANG");
  out.language = xl::language_of(locale);
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  out.progress = terminal;
  out.color = terminal && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
  out.json = environment("XINGLIN_OUTPUT") == "json";
  return out;
}

/// Where tokens are kept, sealed, from one command to the next; empty: nowhere.
std::string cache_folder() {
  const std::string_view cache = environment("XDG_CACHE_HOME");
  if (!cache.empty()) return std::string(cache) + "/xinglin";
  const std::string_view home = environment("HOME");
  return home.empty() ? std::string() : std::string(home) + "/.cache/xinglin";
}

void add_all(CLI::App& app, xl::cli::Session& session) {
  app.require_subcommand(1);
  app.set_help_flag("--help", "all about this command; in short: -h");
  app.set_version_flag("--version", "xinglin " XL_VERSION, "the version, and no more");
  app.fallthrough();
  xl::cli::add_commands(app, session);
  xl::node::add_commands(app, [&session](std::function<int(const xl::Console&)> run) {
    session.run = std::move(run);
  });
  xl::cli::add_status_command(app, session);
  xl::cli::add_governance_commands(app, session);
  // Last: what a command has when another is added to it becomes that one's.
  app.footer(
      "Examples:\n  xinglin node init --organisation 'City Hospital:hospital' "
      "--operator-key operator.key\n  xinglin ledger head\n"
      "  xinglin verify receipt.json --genesis genesis.json");
  xl::cli::add_help(app, session);
}

}  // namespace

int main(int argc, char** argv) {
  // What others send and cannot be decoded is answered with a code, not with lines on stderr.
  google::protobuf::SetLogHandler(nullptr);
  const std::vector<std::string> words(argv + 1, argv + argc);
  xl::cli::Session session;
  // The language of the help must be known before anything is parsed.
  session.console = xl::cli::talk_options(words, console_defaults());
  session.cache_folder = cache_folder();
  session.libraries = xl::node::linked_libraries();
  session.check_machine = [](const std::string& data) { return xl::node::check_machine({data}); };
  session.own_url = [](const std::string& data) { return xl::node::own_url({data}); };
  const xl::Console console(session.console);
  const std::string_view output = environment("XINGLIN_OUTPUT");
  if (!output.empty() && output != "json" && output != "text") {
    return console.fail(
        xl::make_error(xl::ErrorCode::usage_invalid, "XINGLIN_OUTPUT is json or text"));
  }
  CLI::App app("Xinglin 杏林: a ledger that hospitals, patients and their partners keep together",
               "xinglin");
  add_all(app, session);
  std::string before;
  if (const CLI::App* asked = xl::cli::asked_in_short(app, words, !console.json(), before)) {
    console.result(xl::cli::short_help(*asked, before, console));
    return xl::cli::succeeded;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& failure) {
    if (failure.get_exit_code() == 0) return app.exit(failure);  // help was asked for
    return console.fail(xl::cli::usage_error(app, words, failure),
                        {xl::cli::suggestion(app, words, failure.what()), {}});
  }
  return session.run(xl::Console(session.console));
}
