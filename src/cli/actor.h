// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <map>
#include <memory>

#include "base/clock.h"
#include "cli/commands.h"
#include "client/identity_file.h"
#include "client/session.h"

namespace xl::cli {

/// The node of `--node`, with what is believed and shown there. Errors: usage_invalid.
[[nodiscard]] Result<client::NodeAddress> address_of(const Session& options);

/// What opens an identity file, with its bytes.
struct Secret {
  crypto::keyfile::Protection protection{};
  crypto::SecretBytes bytes;

  [[nodiscard]] client::KeyProtection view() const { return {protection, bytes.view()}; }
};

/// The secret for a file that wants `protection`: from `--operator-key` or `--passphrase-file`, or
/// asked for at the terminal. Errors: keys_locked (names the option), those of reading the files.
[[nodiscard]] Result<Secret> secret_for(const Session& options,
                                        crypto::keyfile::Protection protection);

/// The secret for a new file: a passphrase asked for is asked for twice. Errors: as `secret_for`,
/// passphrase_wrong (the two differ).
[[nodiscard]] Result<Secret> secret_for_new(const Session& options);

/// The identity of `--as`, unlocked. Errors: not_signed_in (no `--as`), those of `read_identity`.
[[nodiscard]] Result<client::Identity> open_identity(const Session& options);

/// Who acts: the identity of `--as` connected to the node. Not thread-safe.
class Actor {
 public:
  /// Unlocks the identity and connects; nothing is sent. Errors: those of `open_identity`,
  /// usage_invalid (`--node`, `--organisation`, `--role`).
  [[nodiscard]] static Result<Actor> open(const Session& options);
  /// `open`, and signs in. Errors: node_unreachable, and what the node answers.
  [[nodiscard]] static Result<Actor> signed_in(const Session& options);
  Actor(Actor&&) noexcept = default;
  Actor& operator=(Actor&&) noexcept = delete;
  ~Actor();  ///< keeps a token that was renewed

  [[nodiscard]] client::Session& session() { return *session_; }
  [[nodiscard]] const client::Identity& identity() const { return session_->identity(); }
  /// Whose records: `--organisation`, or the identity's own.
  [[nodiscard]] const model::Id& organisation() const { return organisation_; }
  /// In which roles it signs in: `--role`, or those of the identity file.
  [[nodiscard]] const std::vector<std::uint32_t>& roles() const { return roles_; }
  [[nodiscard]] std::uint64_t now_ms() const { return clock_->now_ms(); }
  [[nodiscard]] const Session& options() const { return *options_; }

  /// `/o/{organisation}{path}` with the headers of `--purpose` and `--emergency`. Errors:
  /// node_unreachable.
  [[nodiscard]] Result<client::HttpResponse> ask(std::string_view method, const std::string& path,
                                                 std::string_view content_type = {},
                                                 std::string_view body = {},
                                                 std::map<std::string, std::string> headers = {});
  /// `ask` for `/fhir/{path}`.
  [[nodiscard]] Result<client::HttpResponse> fhir(std::string_view method, const std::string& path,
                                                  std::string_view body = {},
                                                  std::map<std::string, std::string> headers = {});

 private:
  Actor() = default;

  const Session* options_ = nullptr;
  std::unique_ptr<SystemClock> clock_ = std::make_unique<SystemClock>();
  std::unique_ptr<client::Session> session_;
  model::Id organisation_;
  std::vector<std::uint32_t> roles_;
};

/// `did:xinglin:…` or the 26 characters alone. Errors: usage_invalid (names `option`).
[[nodiscard]] Result<model::Id> id_of(const std::string& text, std::string_view option);

/// The genesis: of `file`, or the node's when empty. Errors: those of reading it.
[[nodiscard]] Result<model::Genesis> genesis_of(const std::string& file, const Session& options);

}  // namespace xl::cli
