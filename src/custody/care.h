// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>

#include "fhir/time.h"
#include "model/id.h"

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

/// What was found of whom a version lets into somebody's care, for the next request: bounded, in
/// memory alone. A version never changes; what is erased makes all of it void. Thread-safe.
class CareMemory {
 public:
  static constexpr std::size_t answers_max = 65'536;  ///< some 10 MB; then it begins anew

  /// One version of an Encounter or CareTeam, and the Practitioner who is asked about.
  struct Question {
    model::Id record;
    std::uint64_t version = 0;
    model::Id who;
    auto operator<=>(const Question&) const = default;
  };

  /// What was found, if that still holds at `now_ms`.
  [[nodiscard]] std::optional<bool> recall(const Question& question, std::uint64_t now_ms) const;
  /// Asked before the versions are read; given back to `keep`.
  [[nodiscard]] std::uint64_t generation() const;
  /// Keeps an answer, unless something was erased since `generation`.
  void keep(const Question& question, const CarePart& answer, std::uint64_t generation);
  /// An erasure changes what earlier versions say.
  void forget();

 private:
  mutable std::mutex mutex_;  // guards what follows
  std::map<Question, CarePart> answers_;
  std::uint64_t generation_ = 0;
};

/// What holds of both: the time in which both say the same as now.
[[nodiscard]] fhir::TimeRange both_hold(const fhir::TimeRange& one, const fhir::TimeRange& other);

}  // namespace xl::custody
