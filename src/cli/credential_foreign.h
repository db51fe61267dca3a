// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>

#include "cli/commands.h"

namespace xl::cli {

/// Checks a credential that is none of this network: a SMART Health Card (JWS, QR digits, file) or
/// an SD-JWT with its issuer's JWK Set, or a W3C credential with an eddsa-jcs-2022 proof. Nothing
/// for an SD-JWT without a JWK Set. Errors: those of `credentials/health_card.h`, `sd_jwt.h` and
/// `data_integrity.h`, credential_issuer_unknown (a card, and no JWK Set).
[[nodiscard]] std::optional<Result<int>> verify_foreign(const std::string& text,
                                                        const std::string& issuer_file,
                                                        const Console& console);

}  // namespace xl::cli
