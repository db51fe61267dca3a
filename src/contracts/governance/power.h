// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/governance/view.h"

/// How changes move the voting power of the engine's validators.
namespace xl::contracts::governance {

/// A validator's key, as records hold it, and its power; 0 is no validator.
struct ValidatorPower {
  std::string key;
  std::uint64_t power = 0;
};

/// One validator's place before and after a change.
struct PowerMove {
  ValidatorPower from;
  ValidatorPower to;
};

/// May the move be made among `members`? A third of the power is what a light client may lose from
/// one set to the next, and what may fail at once. Otherwise engine_fixed, no_validator_left or
/// power_moved_too_far; `applied` also when no power moves.
[[nodiscard]] StatusCode check_power(const model::StateReader& state,
                                     const std::vector<Member>& members, const PowerMove& move);

/// Tells the engine, when power moves.
void move_power(EngineChanges& engine, const PowerMove& move);

/// The voting power of all members together.
[[nodiscard]] std::uint64_t total_power(const std::vector<Member>& members);

}  // namespace xl::contracts::governance
