// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <vector>

#include "contracts/api/contract.h"
#include "contracts/consent/state.pb.h"

/// What other folders may read of the consent contract's state.
namespace xl::contracts::consent {

/// How a consent stands. Stored in state: never renumber.
enum class ConsentStatus : std::uint8_t { active = 1, superseded = 2, revoked = 3 };

/// How an agreement between two organisations stands. Stored in state: never renumber.
enum class AgreementStatus : std::uint8_t { proposed = 1, accepted = 2, ended = 3 };

/// The consent with this id, whatever its status. Nothing when there is none.
[[nodiscard]] std::optional<xinglin::consent::v1::ConsentRecord> find_consent(
    const model::StateReader& state, const model::Id& consent);

/// True when a stored consent holds at `block_ms`: neither revoked nor replaced, its start reached
/// (`start_reached`), before its end.
[[nodiscard]] bool holds(const xinglin::consent::v1::ConsentRecord& consent,
                         std::uint64_t block_ms);

/// True when the consent exists and holds at `block_ms`.
[[nodiscard]] bool is_active(const model::StateReader& state, const model::Id& consent,
                             std::uint64_t block_ms);

/// The ids of a patient's consents that were neither revoked nor replaced, ascending, at most
/// `limits::consents_active_max`. Some may be over or not begun: ask `is_active`. A decision must
/// consider all of them, so an auditor can see when a custodian left one out.
[[nodiscard]] std::vector<model::Id> consents_of(const model::StateReader& state,
                                                 const model::Id& patient);

/// What a patient refused. Nothing when there is none with this id.
[[nodiscard]] std::optional<xinglin::consent::v1::DeclineRecord> find_decline(
    const model::StateReader& state, const model::Id& decline);

/// The agreement with this id, however it stands. Nothing when there is none.
[[nodiscard]] std::optional<xinglin::consent::v1::AgreementRecord> find_agreement(
    const model::StateReader& state, const model::Id& agreement);

/// True when an agreement is in force at `block_ms`: accepted, not ended, within its time.
[[nodiscard]] bool in_force(const xinglin::consent::v1::AgreementRecord& agreement,
                            std::uint64_t block_ms);

/// The ids of an organisation's agreements that were not ended, ascending, at most
/// `limits::agreements_max`: proposals too, and those whose time is over.
[[nodiscard]] std::vector<model::Id> agreements_of(const model::StateReader& state,
                                                   const model::Id& organisation);

/// A dispute about an agreement. Nothing when there is none with this id.
[[nodiscard]] std::optional<xinglin::consent::v1::AgreementDisputeRecord> find_agreement_dispute(
    const model::StateReader& state, const model::Id& dispute);

/// The disputes about an agreement, ascending by id, at most `count_max`.
[[nodiscard]] std::vector<model::Id> disputes_of_agreement(const model::StateReader& state,
                                                           const model::Id& agreement,
                                                           std::uint32_t count_max);

/// True when a dispute was or still is without an answer at its due time.
[[nodiscard]] bool is_overdue(const xinglin::consent::v1::AgreementDisputeRecord& dispute,
                              std::uint64_t block_ms);

}  // namespace xl::contracts::consent
