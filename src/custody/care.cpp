// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/care.h"

#include <algorithm>

#include "base/json/json.h"
#include "model/limits.h"
#include "query/fhir_terms.h"

namespace xl::custody {

namespace {

/// Of the zone in which a day begins first.
constexpr std::int64_t earliest_zone_ms = 14LL * 60 * 60 * 1000;

/// The instants of a FHIR Period, both ends included; `low` above `high`: none.
fhir::TimeRange instants_of(json::Value period) {
  fhir::TimeRange out;
  const auto never = [&] { return fhir::TimeRange{fhir::time_highest_ms, fhir::time_lowest_ms}; };
  if (const json::Value start = period.find("start"); start.present()) {
    const auto text = start.as_string().value_or("");
    const auto range = fhir::time_range_of(text);
    if (!range) return never();
    // Who is on duty at night is not shut out because UTC has not got to that day.
    const bool whole_day = text.find('T') == std::string_view::npos;
    out.low = range->low - (whole_day ? earliest_zone_ms : 0);
  }
  if (const json::Value end = period.find("end"); end.present()) {
    const auto range = fhir::time_range_of(end.as_string().value_or(""));
    if (!range) return never();
    out.high = range->high;
  }
  return out;
}

/// A time beyond what FHIR can write is after all of it.
std::int64_t instant_of(std::uint64_t now_ms) {
  return static_cast<std::int64_t>(
      std::min(now_ms, static_cast<std::uint64_t>(fhir::time_highest_ms)));
}

/// Is it now, and how long around now does that stay so?
CarePart now_within(const fhir::TimeRange& instants, std::int64_t now) {
  if (instants.low > instants.high) return {};
  if (now < instants.low) return {false, {fhir::time_lowest_ms, instants.low - 1}};
  if (now > instants.high) return {false, {instants.high + 1, fhir::time_highest_ms}};
  return {true, instants};
}

/// The part in what stands from `whole` on: of a participant whose `member` is the Practitioner
/// `who`, while both periods last.
CarePart part_in(json::Value whole, std::string_view member, std::string_view who,
                 std::uint64_t now_ms) {
  const std::int64_t now = instant_of(now_ms);
  const CarePart all = now_within(instants_of(whole.find("period")), now);
  CarePart out{false, all.holds};
  for (const json::Value one : whole.find("participant").items()) {
    const auto parts =
        query::reference_parts(one.find(member).find("reference").as_string().value_or(""));
    if (!parts || parts->type != "Practitioner" || parts->id != who) continue;
    const CarePart mine = now_within(instants_of(one.find("period")), now);
    out.now = out.now || (all.now && mine.now);
    out.holds = both_hold(out.holds, mine.holds);
  }
  return out;
}

Result<json::Document> parsed_record(std::string_view content) {
  json::Limits bounds;
  bounds.bytes_max = limits::record_bytes_max;
  return json::parse(content, bounds);
}

}  // namespace

fhir::TimeRange both_hold(const fhir::TimeRange& one, const fhir::TimeRange& other) {
  return {std::max(one.low, other.low), std::min(one.high, other.high)};
}

CarePart part_in_encounter(std::string_view content, std::string_view who, std::uint64_t now_ms) {
  const auto document = parsed_record(content);
  if (!document.ok()) return {};
  const auto status = document->root().find("status").as_string().value_or("");
  if (std::ranges::find(encounter_under_way, status) == encounter_under_way.end()) return {};
  return part_in(document->root(), "individual", who, now_ms);
}

CarePart part_in_team(std::string_view content, std::string_view who, std::uint64_t now_ms) {
  const auto document = parsed_record(content);
  if (!document.ok() || document->root().find("status").as_string() != "active") return {};
  return part_in(document->root(), "member", who, now_ms);
}

std::optional<bool> CareMemory::recall(const Question& question, std::uint64_t now_ms) const {
  const auto now = instant_of(now_ms);
  const std::scoped_lock lock(mutex_);
  const auto found = answers_.find(question);
  if (found == answers_.end()) return std::nullopt;
  const fhir::TimeRange& holds = found->second.holds;
  if (now < holds.low || now > holds.high) return std::nullopt;
  return found->second.now;
}

std::uint64_t CareMemory::generation() const {
  const std::scoped_lock lock(mutex_);
  return generation_;
}

void CareMemory::keep(const Question& question, const CarePart& answer, std::uint64_t generation) {
  const std::scoped_lock lock(mutex_);
  if (generation != generation_) return;
  if (answers_.size() >= answers_max) answers_.clear();
  answers_[question] = answer;
}

void CareMemory::forget() {
  const std::scoped_lock lock(mutex_);
  answers_.clear();
  ++generation_;
}

}  // namespace xl::custody
