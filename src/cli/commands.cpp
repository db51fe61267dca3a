// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/commands.h"

#include "cli/explain.h"
#include "cli/ledger.h"
#include "cli/verify.h"

namespace xl::cli {

void add_commands(CLI::App& app, Session& session) {
  app.add_flag("--json", session.console.json, "results and errors as JSON");
  app.add_flag("-q,--quiet", session.console.quiet, "no talk and no progress");
  app.add_option_function<std::string>(
         "--lang",
         [&session](const std::string& text) { session.console.language = language_of(text); },
         "language: en or zh")
      ->check(CLI::IsMember({"en", "zh"}));
  app.add_flag_callback(
      "--no-color", [&session] { session.console.color = false; },
      "no colours, also by NO_COLOR and TERM=dumb");
  app.add_option("--node", session.node_url, "the node to talk to: http://HOST:PORT");
  add_ledger_commands(app, session);
  add_verify_command(app, session);
  add_explain_commands(app, session);
}

}  // namespace xl::cli
