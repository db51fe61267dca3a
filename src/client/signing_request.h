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
  Bytes sealed;  ///< what the body commits to: a consent's policy, an emergency's reason; or empty
  /// Of an emergency: to whom it goes. The last signer is an organisation whose node adds its
  /// signature there.
  std::optional<model::Id> custodian;

  /// How many people are asked to sign.
  [[nodiscard]] std::size_t people() const { return signatures.size() - (custodian ? 1 : 0); }
  /// True when all of them did.
  [[nodiscard]] bool complete() const;
  /// The transaction. Precondition: complete, and no node's signature is to be added.
  [[nodiscard]] Bytes transaction() const;
};

/// An organisation whose node signs last, at the custodian.
struct NodeSigner {
  model::Id custodian;
  model::Signer key;
};

/// A request of one message, to be signed by `first` and the owners of `cards`, then by `node`,
/// valid for `limits::validity_window_ms` less a minute for clocks that are apart. Errors:
/// signing_request_invalid (nobody twice, at most `limits::signers_max`).
[[nodiscard]] Result<SigningRequest> make_request(const Hash& network, model::Message message,
                                                  const Identity& first,
                                                  std::span<const Card> cards, Bytes sealed,
                                                  std::uint64_t now_ms,
                                                  const std::optional<NodeSigner>& node = {});

/// Adds the signature of `identity`. Errors: signing_request_for_others (it is not asked, or signed
/// already).
[[nodiscard]] Status sign_request(SigningRequest& request, const Identity& identity);

/// `{"schema": "xinglin/signing-request/v1", "body", "signatures": [base64 or null], "sealed",
/// "custodian": DID or null}`.
[[nodiscard]] std::string write_request(const SigningRequest& request);

/// Reads a request for the network `network`. Errors: signing_request_invalid (names what),
/// transaction_expired.
[[nodiscard]] Result<SigningRequest> read_request(std::string_view text, const Hash& network,
                                                  std::uint64_t now_ms);

}  // namespace xl::client
