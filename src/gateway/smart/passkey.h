// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string_view>
#include <vector>

#include "base/json/json.h"
#include "gateway/smart/visit.h"

/// What signing in with a passkey and making one have in common.
namespace xl::gateway::smart {

constexpr std::size_t point_bytes = 33;  ///< SEC1 compressed: a passkey's rpId stands behind it

/// The name of a URL's host, in lower case: browsers make passkeys for it, and use those of what it
/// is below. Empty when there is none.
[[nodiscard]] std::string host_name_of(std::string_view url);

/// The JSON that the page's script sends: one object of texts.
class Sent {
 public:
  /// Of the request's body. Errors: those of `json::parse` within 64 KiB and a depth of 2.
  [[nodiscard]] static Result<Sent> of(const Visit& visit);
  /// Empty when it was not sent.
  [[nodiscard]] std::string_view text(std::string_view name) const;
  /// Of base64. Errors: parameter_invalid (names it; missing too).
  [[nodiscard]] Result<Bytes> bytes(std::string_view name) const;
  /// What `navigator.credentials.get()` returned, as a signature of the ledger. Errors: those of
  /// `bytes`, assertion_invalid.
  [[nodiscard]] Result<Bytes> assertion() const;

 private:
  explicit Sent(json::Document document) : document_(std::move(document)) {}
  json::Document document_;
};

/// Through whom, and in which roles, somebody signs in here: staff of the organisation in all that
/// it attests, patients and guardians of it in none.
struct Standing {
  contracts::PartyKind kind{};
  std::vector<std::uint32_t> roles;
  std::uint64_t until_ms = 0;  ///< 0: no end
};

/// Errors: sign_in_refused (no person of this organisation).
[[nodiscard]] Result<Standing> standing_of(const custody::LedgerView& view, const model::Id& did,
                                           const model::Id& organisation);

/// The same of the person whose account it is. Errors: smart_account_unbound.
[[nodiscard]] Result<Standing> standing_of_account(const Visit& visit, const Account& account);

/// Signs in whom an account is of, on the organisation's word: it acts as that person, in all roles
/// that the organisation attests, as long as it does. `how`: how the organisation knows them. Notes
/// it for the request `wanted`. Errors: smart_account_unbound, those of `Tokens::stated` and
/// `signed_in`.
[[nodiscard]] Status account_signed_in(const Visit& visit, const Authorization& wanted,
                                       const Account& account, std::string_view how);

}  // namespace xl::gateway::smart
