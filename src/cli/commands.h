// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/console.h"
#include "base/finding.h"
#include "base/library_version.h"
#include "client/http_client.h"

namespace xl::cli {

/// What every command shares: the global options, and the command that was chosen. A command's
/// callback only sets `run`; main calls it once everything was parsed.
struct Session {
  Console::Options console;
  std::string node_url = "http://127.0.0.1:7410";
  client::TlsFiles tls;         ///< --ca, --client-certificate, --client-key
  std::string identity_file;    ///< --as; empty: nobody
  std::string passphrase_file;  ///< what unlocks identity files; secrets are never arguments
  std::string operator_key;
  bool no_input = false;                  ///< never ask at the terminal
  bool verbose = false;                   ///< name each request on stderr
  std::uint64_t timeout_s = 30;           ///< for connecting, and for each answer
  bool dry_run = false;                   ///< do all but change something at the node
  std::string organisation;               ///< whose records; empty: the identity's own
  std::vector<std::string> roles;         ///< to sign in with; empty: those in the identity file
  std::string purpose;                    ///< HL7 v3 purpose of use; empty: the usual one
  std::string emergency;                  ///< entry of a broken glass
  std::string cache_folder;               ///< for sealed tokens; empty: sign in every time
  std::vector<LibraryVersion> libraries;  ///< of this program: what `doctor` compares
  /// What is found in a node's folder and around it, for `doctor`; empty: nobody looks.
  std::function<std::vector<Finding>(const std::string& data)> check_machine;
  /// Where the node of a folder listens by its settings; empty: nobody knows.
  std::function<std::string(const std::string& data)> own_url;
  std::function<int(const Console&)> run;
};

/// Adds the global options and the client's commands; each is explained by `--help`.
void add_commands(CLI::App& app, Session& session);

/// Refuses a value that is none of `words`; the help of the option says in its own words which they
/// are.
[[nodiscard]] CLI::Validator one_of(const std::vector<std::string>& words);

/// Says what failed, and what the status of a contract means that refused it; returns the exit
/// code.
[[nodiscard]] int fail(const Error& error, const Console& console);

/// Lets `command` run `run` with its options. An error becomes what is said and the exit code; an
/// integer is the exit code.
template <typename Options>
void choose(CLI::App* command, Session& session, std::shared_ptr<Options> options,
            Result<int> (*run)(const Session&, const Options&, const Console&)) {
  command->callback([options, &session, run] {
    session.run = [options, &session, run](const Console& console) {
      const Result<int> outcome = run(session, *options, console);
      return outcome.ok() ? *outcome : fail(outcome.error(), console);
    };
  });
}

/// `choose` of a command that changes something at the node: adds `--dry-run`.
template <typename Options>
void choose_change(CLI::App* command, Session& session, std::shared_ptr<Options> options,
                   Result<int> (*run)(const Session&, const Options&, const Console&)) {
  command->add_flag("--dry-run", session.dry_run, "check, sign and show; change nothing");
  choose(command, session, std::move(options), run);
}

/// The exit code of success, as commands return it.
constexpr int succeeded = static_cast<int>(ExitCode::done);

}  // namespace xl::cli
