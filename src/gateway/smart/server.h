// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signature.h"
#include "custody/custody.h"
#include "gateway/auth/tokens.h"
#include "gateway/smart/desk.h"
#include "gateway/smart/registry.h"

namespace xl::gateway::smart {

/// An outside OpenID provider that an organisation lets sign its people in.
struct Provider {
  std::string name;    ///< as the sign-in page shows it
  std::string issuer;  ///< its URL, no slash at its end
  std::string client_id;
  std::string secret;  ///< may be empty: a public client
};

/// What an organisation's operator sets: `[smart]` of node.toml.
struct Settings {
  bool password_login = false;
  std::map<model::Id, Provider> providers;  ///< by organisation
  /// Asks another server: method, URL, content type, body. The body of the answer with 200.
  /// Errors: smart_provider_failed and those of the connection. May be empty: nobody is asked.
  std::function<Result<std::string>(const std::string& method, const std::string& url,
                                    const std::string& content_type, const std::string& body)>
      fetch;
};

/// One organisation's part.
struct House {
  std::unique_ptr<Registry> registry;
  crypto::SigningKey id_token_key;  ///< P-256: signs who somebody is, for apps, never on the ledger
  std::string id_token_key_id;
};

/// The authorization servers of this node's organisations: what they keep and remember. Requests
/// are answered by the functions of `routes.h`. Thread-safe.
class Server {
 public:
  /// Opens each organisation's registry in `folder`. All arguments outlive it. Errors: those of
  /// `Registry::open` and of the keyring.
  [[nodiscard]] static Result<std::unique_ptr<Server>> open(custody::Custody& custody,
                                                            auth::Tokens& tokens,
                                                            const std::filesystem::path& folder,
                                                            Settings settings);

  /// Precondition: an organisation of this node.
  [[nodiscard]] House& house(const model::Id& organisation);
  /// Null: none is set.
  [[nodiscard]] const Provider* provider(const model::Id& organisation) const;
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] Desk& desk() { return desk_; }

 private:
  Server(auth::Tokens& tokens, Settings settings) : settings_(std::move(settings)), desk_(tokens) {}
  Settings settings_;
  Desk desk_;
  std::map<model::Id, House> houses_;  // filled by `open`
};

}  // namespace xl::gateway::smart
