// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "fhir/time.h"

/// Who takes part in the care of a patient, as Encounters and CareTeams say (FHIR R4).
namespace xl::custody {

/// Statuses of an Encounter that goes on.
constexpr std::array<std::string_view, 4> encounter_under_way = {"arrived", "triaged",
                                                                 "in-progress", "onleave"};

/// Whether a version gives somebody a part now, and for how long around now it says the same: what
/// is found once need not be read again until then.
struct CarePart {
  bool now = false;
  fhir::TimeRange holds;  ///< both ends included
};

/// The part of the Practitioner `who` (the FHIR id) in an Encounter: it is under way, `now_ms` lies
/// within `Encounter.period`, and within the `period` of a participant who is that person. A part
/// that is only to begin, or is over, is none. What is not written is open; a date without a time
/// begins as early as that day does anywhere (UTC+14) and lasts to its end in UTC. A period that
/// cannot be read is never. Thread-safe.
[[nodiscard]] CarePart part_in_encounter(std::string_view content, std::string_view who,
                                         std::uint64_t now_ms);

/// The part of the Practitioner `who` in a CareTeam at work, by the same rules of time.
/// Thread-safe.
[[nodiscard]] CarePart part_in_team(std::string_view content, std::string_view who,
                                    std::uint64_t now_ms);

/// What holds of both: the time in which both say the same as now.
[[nodiscard]] fhir::TimeRange both_hold(const fhir::TimeRange& one, const fhir::TimeRange& other);

}  // namespace xl::custody
