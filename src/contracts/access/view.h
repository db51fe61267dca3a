// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <vector>

#include "contracts/access/state.pb.h"
#include "contracts/api/contract.h"

/// What other folders may read of the access contract's state.
namespace xl::contracts::access {

/// What a custodian found about a disputed entry. Stands in sealed answers: never renumber.
enum class DisputeFinding : std::uint8_t {
  upheld = 1,    ///< the access should not have been
  rejected = 2,  ///< it was as it should be
  partly = 3,
};

/// The session with this id, whatever its status. Nothing when there is none.
[[nodiscard]] std::optional<xinglin::access::v1::SessionRecord> find_session(
    const model::StateReader& state, const model::Id& session);

/// True while a session permits reading: not over, not ended, not sealed, its patient and both
/// organisations not deactivated, the keys that opened it still active, and what it rests on still
/// in force (every consent, or the emergency). Asked before each read, so a commit that touches any
/// of these ends it. The person's own key, role and encounter are sealed: the custodian checks them
/// with `identity::is_attested` and `identity::is_active`.
[[nodiscard]] bool session_is_live(const model::StateReader& state, const model::Id& session,
                                   std::uint64_t block_ms);

/// True when the custodian left a session unsealed 5 minutes behind its end: it opens no new ones.
[[nodiscard]] bool seal_is_overdue(const model::StateReader& state, const model::Id& custodian,
                                   std::uint64_t block_ms);

/// Sessions of the custodian that are not sealed, those due first, at most `count_max`.
[[nodiscard]] std::vector<model::Id> unsealed_sessions_of(const model::StateReader& state,
                                                          const model::Id& custodian,
                                                          std::uint32_t count_max);

/// When a session is over: its end, or the moment it was ended before.
[[nodiscard]] std::uint64_t end_of(const xinglin::access::v1::SessionRecord& session);

/// The emergency entry with this id, whatever its status. Nothing when there is none.
[[nodiscard]] std::optional<xinglin::access::v1::EmergencyRecord> find_emergency(
    const model::StateReader& state, const model::Id& entry);

/// True while an emergency entry permits reading: not over, and its practitioner is still attested
/// in a role that may break the glass.
[[nodiscard]] bool emergency_is_live(const model::StateReader& state, const model::Id& entry,
                                     std::uint64_t block_ms);

/// True when a review of the organisation is overdue: its next emergency needs two clinicians.
[[nodiscard]] bool review_is_overdue(const model::StateReader& state, const model::Id& organisation,
                                     std::uint64_t block_ms);

/// Where a custodian's own-care journal stands. Nothing before its first root.
[[nodiscard]] std::optional<xinglin::access::v1::JournalHead> find_journal(
    const model::StateReader& state, const model::Id& custodian);

/// The cohort entry with this id. Nothing when there is none.
[[nodiscard]] std::optional<xinglin::access::v1::CohortRecord> find_cohort(
    const model::StateReader& state, const model::Id& entry);

/// The denied attempt with this id. Nothing when there is none.
[[nodiscard]] std::optional<xinglin::access::v1::DeniedRecord> find_denied(
    const model::StateReader& state, const model::Id& entry);

/// The dispute with this id, answered or not. Nothing when there is none.
[[nodiscard]] std::optional<xinglin::access::v1::DisputeRecord> find_dispute(
    const model::StateReader& state, const model::Id& dispute);

/// Disputes of a patient behind `after` (zero: from the first), answered or not, by id, at most
/// `count_max`.
[[nodiscard]] std::vector<model::Id> disputes_of(const model::StateReader& state,
                                                 const model::Id& patient, const model::Id& after,
                                                 std::uint32_t count_max);

/// Disputes that wait for the custodian's answer, those due first, at most `count_max`.
[[nodiscard]] std::vector<model::Id> unanswered_disputes_of(const model::StateReader& state,
                                                            const model::Id& custodian,
                                                            std::uint32_t count_max);

/// True for a dispute that was not answered when its answer was due.
[[nodiscard]] bool is_overdue(const xinglin::access::v1::DisputeRecord& dispute,
                              std::uint64_t block_ms);

/// What a custodian's read journal says of an emergency, as actions of its entries: that it was
/// declared, renewed, ended early.
constexpr std::string_view glass_broken_action = "break-glass";
constexpr std::string_view glass_renewed_action = "break-glass-renewed";
constexpr std::string_view glass_mended_action = "break-glass-ended";
/// Is it one of these three?
[[nodiscard]] constexpr bool is_glass_action(std::string_view action) {
  return action == glass_broken_action || action == glass_renewed_action ||
         action == glass_mended_action;
}
/// Those of them that have come about, in their order. Pure.
[[nodiscard]] std::vector<std::string_view> glass_actions_of(
    const xinglin::access::v1::EmergencyRecord& record);

}  // namespace xl::contracts::access
