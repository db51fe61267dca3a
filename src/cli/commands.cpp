// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/commands.h"

#include "cli/access.h"
#include "cli/bench.h"
#include "cli/consent.h"
#include "cli/credential.h"
#include "cli/doctor.h"
#include "cli/explain.h"
#include "cli/fhir.h"
#include "cli/identity.h"
#include "cli/ledger.h"
#include "cli/record.h"
#include "cli/smart.h"
#include "cli/verify.h"
#include "cli/words.h"
#include "contracts/api/contract.h"
#include "contracts/consent/codes.h"

namespace xl::cli {
namespace {

void add_output_options(CLI::App& app, Session& session) {
  app.add_flag("--json", session.console.json, "results and errors as JSON");
  app.add_option_function<std::string>(
         "-o,--output",
         [&session](const std::string& form) { session.console.json = form == "json"; },
         "form of results: text or json")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_flag("-v,--verbose", session.verbose, "name each request to the node on stderr");
  app.add_flag("-q,--quiet", session.console.quiet, "no talk and no progress");
  app.add_option_function<std::string>(
         "--lang",
         [&session](const std::string& text) { session.console.language = language_of(text); },
         "language: en or zh")
      ->check(CLI::IsMember({"en", "zh"}));
  app.add_flag_callback(
      "--no-color", [&session] { session.console.color = false; },
      "no colours, also by NO_COLOR and TERM=dumb");
}

void add_actor_options(CLI::App& app, Session& session) {
  app.add_option("--node", session.node_url, "the node to talk to: http(s)://HOST:PORT");
  app.add_option("--ca", session.tls.ca, "authorities to trust instead of the system's: PEM");
  app.add_option("--client-certificate", session.tls.certificate, "for a node that asks for one");
  app.add_option("--client-key", session.tls.key, "its key");
  app.add_option("--as", session.identity_file, "who acts: an identity file");
  app.add_option("--passphrase-file", session.passphrase_file, "file with its passphrase");
  app.add_option("--operator-key", session.operator_key, "file with the 32-byte key that opens it");
  app.add_option("--timeout", session.timeout_s, "seconds to wait for the node, default 30")
      ->check(CLI::Range(1, 3600));
  app.add_flag("--no-input", session.no_input, "never ask at the terminal");
  app.add_option("--organisation", session.organisation, "whose records; default: your own's");
  app.add_option("--role", session.roles,
                 "roles to sign in with, or to attest: physician, nurse, …")
      ->delimiter(',')
      ->check(one_of(role_word_list()));
  std::vector<std::string> purposes;
  for (const auto& info : contracts::consent::purpose_infos()) purposes.emplace_back(info.code);
  app.add_option("--purpose", session.purpose, "purpose of use, such as TREAT or ETREAT")
      ->check(one_of(purposes));
  app.add_option("--emergency", session.emergency, "the entry of 'access break-glass'");
}

}  // namespace

int fail(const Error& error, const Console& console) {
  if (error.code != ErrorCode::contract_refused) return console.fail(error);
  Error out = error;
  const contracts::Registry registry = contracts::make_registry();
  for (const auto& contract : registry.all()) {
    for (const contracts::StatusInfo& info : contract->statuses()) {
      // As `client::applied` names it.
      if (!error.message.ends_with(code_text(info.number) + " " + std::string(info.name))) continue;
      out.message +=
          std::string(console.pick(": ", ":")) + std::string(console.pick(info.en, info.zh));
    }
  }
  return console.fail(out);
}

CLI::Validator one_of(const std::vector<std::string>& words) {
  CLI::Validator out = CLI::IsMember(words);
  return out.description("");
}

void add_commands(CLI::App& app, Session& session) {
  add_output_options(app, session);
  add_actor_options(app, session);
  add_identity_commands(app, session);
  add_record_commands(app, session);
  add_consent_commands(app, session);
  add_access_commands(app, session);
  add_fhir_commands(app, session);
  add_smart_commands(app, session);
  add_credential_commands(app, session);
  add_ledger_commands(app, session);
  add_verify_command(app, session);
  add_doctor_command(app, session);
  add_bench_commands(app, session);
  add_explain_commands(app, session);
}

}  // namespace xl::cli
