// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/governance/view.h"

/// What can be voted on: its shape, whether it can be done, and doing it.
namespace xl::contracts::governance {

/// The bounds of the change in a proposal. Errors: message_malformed.
[[nodiscard]] Status check_change_shape(const xinglin::governance::v1::Propose& content);

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
