// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <string>

/// Instants as FHIR writes them (R4 §2.24.0.1), in UTC.
namespace xl::consents {

/// A day (`2026-03-01`) for its first millisecond, else an instant (`2026-03-01T09:30:00.000Z`).
/// Milliseconds since 1970; years 1 to 9999.
[[nodiscard]] std::string moment_text(std::int64_t ms);

/// An instant, also for the first millisecond of a day.
[[nodiscard]] std::string instant_text(std::int64_t ms);

/// The last moment before `end_ms`: the day that it ends, else an instant.
[[nodiscard]] std::string last_moment_text(std::int64_t end_ms);

}  // namespace xl::consents
