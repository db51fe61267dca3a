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
    lagging,      ///< others are some blocks further; this member is catching up
    stuck,        ///< others went on without this member, whose engine does not
    halted,       ///< something waits to be agreed on, and too many say nothing
    engine_down,  ///< the process beside this node does not answer
    starting,     ///< it has not answered yet, and was started a moment ago
  };
  State state = State::healthy;
  std::uint64_t for_ms = 0;  ///< how long it has been so; 0 when healthy
  /// How many blocks the others have, or this member fetched, that are not in its ledger yet.
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
  /// Who signs this member's votes.
  struct Signer {
    enum class Kind : std::uint8_t {
      node,
      outside,  ///< a program of its own, which dials the engine
      nobody,   ///< this member follows without voting
    };
    Kind kind = Kind::node;
    bool away = false;               ///< it is not connected to the engine, and was not lately
    std::uint64_t signatures = 0;    ///< of the node's own since its start
    std::uint64_t double_signs = 0;  ///< that were asked for and refused, of the node's own
  };
  Signer signer;
  std::vector<std::string> unconnected;  ///< members this one has no connection to
  std::uint32_t members = 1;             ///< of the network, this one too
  std::uint64_t snapshot = 0;            ///< height of the newest that is offered here; 0: none
};

/// `ok`, `lagging`, `stuck`, `halted`, `engine_down`, `starting`.
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
    case Health::State::starting:
      return "starting";
  }
  return "";
}

/// `node`, `outside`, `nobody`.
[[nodiscard]] constexpr std::string_view signer_word(Health::Signer::Kind kind) {
  switch (kind) {
    case Health::Signer::Kind::node:
      return "node";
    case Health::Signer::Kind::outside:
      return "outside";
    case Health::Signer::Kind::nobody:
      return "nobody";
  }
  return "";
}

}  // namespace xl::ordering
