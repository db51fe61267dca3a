// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/identity_file.h"
#include "client/session.h"
#include "contracts/identity/view.h"
#include "node/keys.h"
#include "node/layout.h"

namespace xl::node::demo {

namespace identity = contracts::identity;

/// Somebody of the story with a connection to the node.
struct Persona {
  std::string name;
  std::unique_ptr<client::Session> session;

  [[nodiscard]] const model::Id& did() const { return session->identity().did; }
};

/// Who plays: the organisations of the genesis, whose keys the node has, and people, whose keys are
/// made at the first run and kept in the demo's folder.
class Cast {
 public:
  Cast(client::NodeAddress address, const Clock& clock, std::filesystem::path folder,
       const client::KeyProtection& protection)
      : address_(std::move(address)),
        clock_(clock),
        folder_(std::move(folder)),
        protection_(protection) {}

  /// An organisation of the node, signed in. Errors: those of the key file and of signing in.
  [[nodiscard]] Result<Persona> organisation(const Layout& layout, const Unlock& unlock,
                                             const std::string& name, const model::Id& did);

  /// Somebody whom `employer` attests, signed in for it. Errors: answer_unexpected.
  [[nodiscard]] Result<Persona> practitioner(Persona& employer, const std::string& name,
                                             identity::Role role, identity::LicenceType licence);

  /// A patient to whom `custodian` hands over the pseudonym `did`, signed in. Errors:
  /// answer_unexpected.
  [[nodiscard]] Result<Persona> patient(Persona& custodian, const std::string& name,
                                        const model::Id& did);

  /// Somebody unknown to the network.
  [[nodiscard]] Persona stranger(const std::string& name);

  [[nodiscard]] const Clock& clock() const { return clock_; }

 private:
  [[nodiscard]] Persona connect(const client::Identity& who);
  /// A persona's file, and who is in it; nobody when it is to be written.
  struct Kept {
    std::filesystem::path path;
    std::optional<client::Identity> who;
  };
  /// The file `stem.json` of the one whom `is_meant` knows, or the first free one behind it
  /// (`stem-2.json` …). Errors: answer_unexpected (too many).
  [[nodiscard]] Result<Kept> file_of(
      const std::string& stem, const std::function<bool(const client::Identity&)>& is_meant) const;

  client::NodeAddress address_;
  const Clock& clock_;
  std::filesystem::path folder_;
  client::KeyProtection protection_;
};

/// An error unless it was applied.
[[nodiscard]] Status must_apply(const Result<client::Sent>& sent);

}  // namespace xl::node::demo
