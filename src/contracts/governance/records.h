// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "contracts/api/state_value.h"

/// Key layout of the governance contract (number 2). Tables:
///   'm' member (16)                  -> MemberRecord, for ever
///   'p' proposal (16)                -> ProposalRecord, for ever
///   'b' proposal (16) ‖ member (16)  -> BallotRecord
///   'a'                              -> Agenda
///   's' organisation (16)            -> SecurityRecord
///   'c'                              -> Parameters
namespace xl::contracts::governance {

constexpr std::uint8_t contract_number = 2;

constexpr std::uint16_t propose_type = 1;
constexpr std::uint16_t vote_type = 2;
constexpr std::uint16_t withdraw_type = 3;
constexpr std::uint16_t attest_security_type = 4;
constexpr std::uint16_t update_member_type = 5;

/// The state keys of these tables.
[[nodiscard]] inline Bytes member_key(const model::Id& member) {
  return state_key(contract_number, 'm', member.bytes);
}
[[nodiscard]] inline Bytes proposal_key(const model::Id& proposal) {
  return state_key(contract_number, 'p', proposal.bytes);
}
[[nodiscard]] inline Bytes ballot_key(const model::Id& proposal, const model::Id& member) {
  return state_key(contract_number, 'b', proposal.bytes, member.bytes);
}
[[nodiscard]] inline Bytes agenda_key() { return state_key(contract_number, 'a'); }
[[nodiscard]] inline Bytes security_key(const model::Id& organisation) {
  return state_key(contract_number, 's', organisation.bytes);
}
[[nodiscard]] inline Bytes parameters_key() { return state_key(contract_number, 'c'); }

}  // namespace xl::contracts::governance
