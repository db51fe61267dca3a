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
  std::vector<std::uint32_t> roles;
  std::uint64_t until_ms = 0;  ///< 0: no end
};

/// Errors: sign_in_refused (no person of this organisation).
[[nodiscard]] Result<Standing> standing_of(const custody::LedgerView& view, const model::Id& did,
                                           const model::Id& organisation);

}  // namespace xl::gateway::smart
