// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/governance/power.h"

#include <algorithm>

#include "contracts/governance/status.h"

namespace xl::contracts::governance {
namespace {

/// What leaves the set and what comes in; one key's loss and gain are set off.
struct Moved {
  std::uint64_t out = 0;
  std::uint64_t in = 0;
};

Moved moved_by(const PowerMove& move) {
  const std::uint64_t from = move.from.power;
  const std::uint64_t to = move.to.power;
  if (move.from.key != move.to.key) return {from, to};
  return {from > to ? from - to : 0, to > from ? to - from : 0};
}

}  // namespace

std::uint64_t total_power(const std::vector<Member>& members) {
  std::uint64_t total = 0;
  for (const Member& member : members) total += member.record.power();
  return total;
}

StatusCode check_power(const model::StateReader& state, const std::vector<Member>& members,
                       const PowerMove& move) {
  const Moved moved = moved_by(move);
  const auto parameters = find_parameters(state);
  XL_CHECK(parameters.has_value());
  // A key without power is no validator yet, but the one that a lone engine signs with stays.
  const bool key_changes = move.from.key != move.to.key && !move.from.key.empty();
  if (parameters->engine_fixed() && (moved.out + moved.in > 0 || key_changes)) return engine_fixed;
  const std::uint64_t before = total_power(members);
  if (before - moved.out + moved.in == 0) return no_validator_left;
  return std::max(moved.out, moved.in) * 3 > before ? power_moved_too_far : applied;
}

void move_power(EngineChanges& engine, const PowerMove& move) {
  const auto tell = [&engine](const ValidatorPower& validator, std::uint64_t power) {
    engine.validators.push_back({copy_of(view_of(validator.key)), power});
  };
  const Moved moved = moved_by(move);
  if (moved.out + moved.in == 0) return;
  if (move.from.power > 0 && move.from.key != move.to.key) tell(move.from, 0);
  if (move.to.power > 0 || move.from.key == move.to.key) tell(move.to, move.to.power);
}

}  // namespace xl::contracts::governance
