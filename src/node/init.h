// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "contracts/identity/view.h"
#include "node/keys.h"
#include "node/layout.h"

namespace xl::node {

using OrganisationType = contracts::identity::OrganisationType;

/// Reads `hospital`, `insurer`, …; nothing for another word.
[[nodiscard]] std::optional<OrganisationType> organisation_type_of(std::string_view word);

/// An organisation that a new network starts with.
struct NewOrganisation {
  std::string name;  ///< 1..128 bytes, public
  OrganisationType type{};
};

/// What a new network is to be.
struct InitOptions {
  std::string network_name;  ///< 1..24 characters a-z 0-9 -, the beginning of the chain id
  std::vector<NewOrganisation> organisations;  ///< 1..64
};

/// Makes a node that keeps a network alone (engine solo): keys, genesis and configuration in
/// `layout.root`. Errors: data_folder_exists, config_invalid (names, numbers), file_unwritable.
[[nodiscard]] Status init_solo(const Layout& layout, const InitOptions& options,
                               const Unlock& unlock, const Clock& clock);

}  // namespace xl::node
