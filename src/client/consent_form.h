// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "base/json/json.h"
#include "client/session.h"
#include "contracts/consent/sealed_forms.h"
#include "model/receipt.h"

/// Consents by forms: what `Consent/$prepare` gives is signed, requests are answered.
namespace xl::client {

/// What a node gave to be signed. What people confirm is made of `sealed`, to which the message
/// commits, and of nothing that the node says beside it.
struct PreparedForm {
  contracts::consent::SealedPolicy sealed;
  std::uint16_t type = 0;  ///< of the message
  Bytes message;
  std::uint64_t start_ms = 0;
  std::uint64_t end_ms = 0;  ///< 0: until it is revoked
};

/// `POST Consent/$prepare` with a Consent or Parameters (JSON text), and checks that the message is
/// one Grant or Narrow of what is sealed, for this custodian. Errors: content_differs (names the
/// part), those of the node.
[[nodiscard]] Result<PreparedForm> prepare_form(Session& who, const model::Id& custodian,
                                                std::string_view body);

/// Signs it and brings it. Errors: those of the node.
[[nodiscard]] Result<Sent> agree_to(Session& who, const PreparedForm& prepared);

/// The Consent that grants a request as it was asked, ready for `prepare_form`: `document` is what
/// `GET /o/{org}/requests/{id}` answers. Errors: content_differs.
[[nodiscard]] Result<json::Document> form_of_request(json::Value document);

/// Refuses that request on the ledger, with `text` for who asked (may be empty). `patient`: one's
/// own DID, or a ward's. Errors: content_differs, input_invalid (a text that is too long), those of
/// the node.
[[nodiscard]] Result<Sent> decline_request(Session& who, const model::Id& custodian,
                                           const model::Id& patient, json::Value document,
                                           const std::string& text);

/// Checks what `GET /o/{org}/requests/{id}` says of a refusal: the ledger of `trust` holds it, and
/// it is of this request and of what was asked in it. Errors: content_differs (names the part),
/// those of the receipt.
[[nodiscard]] Result<contracts::consent::DeclinedRequest> check_declined_request(
    json::Value document, const model::Trust& trust);

}  // namespace xl::client
