// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "cli/actor.h"
#include "contracts/consent/normal_form.h"

namespace xl::cli {

/// A consent with what was agreed, as its custodian keeps it.
struct AgreedConsent {
  contracts::consent::SealedPolicy sealed;
  std::uint64_t start_ms = 0;
  std::uint64_t end_ms = 0;
};

/// The consent with this id of the signed-in patient, or of the `patient` of a guardian. Errors:
/// usage_invalid, consent_not_found, content_differs (the sealed policy is of another consent).
[[nodiscard]] Result<AgreedConsent> agreed_consent(Actor& actor, const std::string& id,
                                                   const std::string& patient);

/// `xinglin consent list|show`, below `group`.
void add_consent_show_commands(CLI::App* group, Session& session);

}  // namespace xl::cli
