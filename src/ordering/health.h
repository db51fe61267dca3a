// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xl::ordering {

/// How the agreement on the order is going, as one member sees it.
struct Health {
  enum class State : std::uint8_t {
    healthy,
    lagging,      ///< others are further; this member is catching up
    stuck,        ///< others went on without this member, whose engine does not
    halted,       ///< something waits to be agreed on, and too many say nothing
    engine_down,  ///< the process beside this node does not answer
  };
  State state = State::healthy;
  std::uint64_t for_ms = 0;  ///< how long it has been so; 0 when healthy
  /// When lagging: fetched and not in the ledger yet. When stuck: how many others have more.
  std::uint64_t behind_blocks = 0;
  /// Validators that do not vote: now when halted, otherwise in none of the last blocks.
  std::vector<std::string> silent;
  /// A present validator that was proved to have broken the rules.
  struct Misbehaved {
    std::string name;
    std::uint64_t height = 0;  ///< at which it did, the last time
    bool double_vote = false;  ///< else an attack on light clients
  };
  std::vector<Misbehaved> misbehaved;
  std::vector<std::string> unconnected;  ///< members this one has no connection to
  std::uint32_t members = 1;             ///< of the network, this one too
};

/// `ok`, `lagging`, `stuck`, `halted`, `engine_down`.
[[nodiscard]] constexpr std::string_view health_word(Health::State state) {
  switch (state) {
    case Health::State::healthy:
      return "ok";
    case Health::State::lagging:
      return "lagging";
    case Health::State::stuck:
      return "stuck";
    case Health::State::halted:
      return "halted";
    case Health::State::engine_down:
      return "engine_down";
  }
  return "";
}

}  // namespace xl::ordering
