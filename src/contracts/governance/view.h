// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <vector>

#include "contracts/api/contract.h"
#include "contracts/governance/state.pb.h"

/// What other folders may read of the governance contract's state.
namespace xl::contracts::governance {

/// How far a proposal has come. Stored in state: never renumber.
enum class ProposalStatus : std::uint8_t {
  open = 1,
  passed = 2,     ///< waits for its height
  executed = 3,   ///< done
  failed = 4,     ///< could not be done any more; the record says why
  withdrawn = 5,  ///< by its proposer
  expired = 6,    ///< nobody decided it in time
};

/// Stored in state: never renumber.
enum class Ballot : std::uint8_t { yes = 1, no = 2, abstain = 3 };

/// Whether weight counts without a security attestation in force. Stored in state.
enum class AttestationRule : std::uint8_t { not_needed = 1, needed = 2 };

/// A member with its organisation's id.
struct Member {
  model::Id id;
  xinglin::governance::v1::MemberRecord record;
};

/// How the ballots on a proposal stand.
struct Tally {
  std::uint64_t yes = 0;
  std::uint64_t no = 0;
  std::uint64_t abstain = 0;
  std::uint64_t total = 0;  ///< weight of all members, whether or not it counts now
  bool passes = false;
};

/// The network's parameters. Nothing when its genesis names no members.
[[nodiscard]] std::optional<xinglin::governance::v1::Parameters> find_parameters(
    const model::StateReader& state);

/// The member, expelled or not. Nothing when it never was one.
[[nodiscard]] std::optional<xinglin::governance::v1::MemberRecord> find_member(
    const model::StateReader& state, const model::Id& member);

/// True for one that was not expelled.
[[nodiscard]] inline bool is_present(const xinglin::governance::v1::MemberRecord& member) {
  return member.expelled_at_ms() == 0;
}

/// All members ever, ascending by id; at most `limits::members_max`.
[[nodiscard]] std::vector<Member> members_of(const model::StateReader& state);

/// May the organisation `did` pack transactions? Present members may; where the genesis names no
/// members, every organisation with such a key may.
[[nodiscard]] bool may_pack(const model::StateReader& state, const model::Id& did);

/// What was last attested of an organisation's node, whether or not it is in force.
[[nodiscard]] std::optional<xinglin::governance::v1::SecurityRecord> find_security(
    const model::StateReader& state, const model::Id& organisation);

/// True before the next scan is due.
[[nodiscard]] inline bool is_in_force(const xinglin::governance::v1::SecurityRecord& record,
                                      std::uint64_t block_ms) {
  return block_ms < record.next_due_ms();
}

/// What a member's ballot weighs at `block_ms`: nothing when it was expelled, or when the network
/// wants an attestation and none is in force.
[[nodiscard]] std::uint64_t counting_weight(const model::StateReader& state,
                                            const xinglin::governance::v1::Parameters& parameters,
                                            const Member& member, std::uint64_t block_ms);

/// A proposal, whatever became of it. Nothing when there never was one.
[[nodiscard]] std::optional<xinglin::governance::v1::ProposalRecord> find_proposal(
    const model::StateReader& state, const model::Id& proposal);

/// A member's ballot on a proposal. Nothing when it cast none.
[[nodiscard]] std::optional<xinglin::governance::v1::BallotRecord> find_ballot(
    const model::StateReader& state, const model::Id& proposal, const model::Id& member);

/// Counts the ballots of present members as of `block_ms`. Precondition: the network has members.
/// Cost: two reads per member.
[[nodiscard]] Tally tally_of(const model::StateReader& state, const model::Id& proposal,
                             std::uint64_t block_ms);

/// The protocol version in force; 0 when state does not say.
[[nodiscard]] std::uint64_t app_version_of(const model::StateReader& state);

}  // namespace xl::contracts::governance
