// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/json.h"
#include "credentials/sd_jwt.h"
#include "credentials/status_list.h"
#include "credentials/types.h"
#include "model/kv.h"

/// Whether a credential of this network holds: by the ledger's state alone, a node's or what
/// receipts prove of it to somebody who is offline.
namespace xl::credentials {

/// How a credential stands.
enum class Standing : std::uint8_t { valid, not_yet, expired, revoked, suspended, unknown };
/// `valid`, `not-yet-valid`, `expired`, …
[[nodiscard]] std::string_view standing_word(Standing standing);
/// What to refuse it with. Precondition: not `valid`.
[[nodiscard]] ErrorCode error_of(Standing standing);

/// A credential that its issuer signed and was allowed to.
struct Checked {
  model::Id issuer;
  std::string issuer_name;
  TypeRule type;
  std::string vct;
  json::Document claims = json::Document::object();  ///< the payload, disclosed
  std::vector<StatusPlace> places;
  std::optional<crypto::JwsKey> holder;  ///< `cnf`
  std::uint64_t issued_s = 0;
  std::uint64_t until_s = 0;              ///< 0: no end
  std::uint64_t issuer_key_ended_ms = 0;  ///< 0: the issuer's key is still in use
  Standing standing{};
};

/// Which time a credential is looked at for. A state knows the statuses of its own block's time:
/// for a time before that, `then` asks when entries were changed.
struct Moment {
  std::uint64_t now_ms = 0;
  bool then = false;  ///< as it was at `now_ms`, by the changes of its entries
};

/// Checks an SD-JWT VC: the issuer's key on the ledger signed it, while it could; the issuer was
/// accredited for the type; everything disclosed belongs to it; how it stands. The key binding is
/// not looked at (`check_binding`). Errors: credential_malformed, credential_signature_invalid,
/// credential_issuer_unknown, credential_issuer_unaccredited, credential_type_unknown.
[[nodiscard]] Result<Checked> check_credential(const SdJwt& text, const model::StateReader& state,
                                               const Moment& moment);

}  // namespace xl::credentials
