// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/governance/view.h"

/// What can be voted on: its shape, whether it can be done, and doing it.
namespace xl::contracts::governance {

/// The bounds of the change in a proposal. Errors: message_malformed.
[[nodiscard]] Status check_change_shape(const xinglin::governance::v1::Propose& content);

/// A member's engine address, and its gateway unless it tells none. Errors: message_malformed.
[[nodiscard]] Status check_places(const std::string& address, const std::string& gateway);

/// Is there an archive, a present member that says it keeps every block, besides `without`?
[[nodiscard]] bool has_archive(const std::vector<Member>& members, const model::Id& without = {});

/// May `member` stop being an archive? Not the last one: what it alone keeps would be lost.
[[nodiscard]] bool can_spare_archive(const std::vector<Member>& members, const model::Id& member);

/// Is it another present member's engine address?
[[nodiscard]] bool is_address_taken(const std::vector<Member>& members, const model::Id& self,
                                    const std::string& address);

/// Can it be done now? Otherwise the reason: asked when it is proposed and again when it is due.
[[nodiscard]] StatusCode check_change(const Context& context, const model::StateReader& state,
                                      const xinglin::governance::v1::Propose& content);

/// True for the kinds that may change the engine's validators.
[[nodiscard]] bool moves_validators(const xinglin::governance::v1::Propose& content);

/// Does it. `state` takes writes of governance and identity. Precondition: `check_change` said
/// `applied` on the same state.
void apply_change(const Context& context, model::StateWriter& state,
                  const xinglin::governance::v1::Propose& content, EngineChanges& engine);

}  // namespace xl::contracts::governance
