// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/card.h"
#include "client/identity.h"
#include "model/transaction.h"

namespace xl::client {

/// A transaction that several people sign one after the other, each with their own key on their own
/// machine: a file that goes from hand to hand until it is complete.
struct SigningRequest {
  model::Body body;                              ///< what is asked, decoded from `bytes`
  Bytes bytes;                                   ///< the body as it is signed
  std::vector<std::optional<Bytes>> signatures;  ///< one for each signer, in their order
  Bytes sealed;  ///< of a consent: the sealed policy that the body commits to; else empty

  /// True when everybody signed.
  [[nodiscard]] bool complete() const;
  /// The transaction. Precondition: complete.
  [[nodiscard]] Bytes transaction() const;
};

/// A request of one message, to be signed by `first` and the owners of `cards`, valid for
/// `limits::validity_window_ms` less a minute for clocks that are apart. Errors:
/// signing_request_invalid (nobody twice, at most `limits::signers_max`).
[[nodiscard]] Result<SigningRequest> make_request(const Hash& network, model::Message message,
                                                  const Identity& first,
                                                  std::span<const Card> cards, Bytes sealed,
                                                  std::uint64_t now_ms);

/// Adds the signature of `identity`. Errors: signing_request_for_others (it is not asked, or signed
/// already).
[[nodiscard]] Status sign_request(SigningRequest& request, const Identity& identity);

/// `{"schema": "xinglin/signing-request/v1", "body", "signatures": [base64 or null], "sealed"}`.
[[nodiscard]] std::string write_request(const SigningRequest& request);

/// Reads a request for the network `network`. Errors: signing_request_invalid (names what),
/// transaction_expired.
[[nodiscard]] Result<SigningRequest> read_request(std::string_view text, const Hash& network,
                                                  std::uint64_t now_ms);

}  // namespace xl::client
