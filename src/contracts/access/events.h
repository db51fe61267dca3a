// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>

/// Events of the access contract. Numbers never change. Attributes: 1 the session or entry, 2 the
/// patient, 3 the custodian, 4 the requester or the organisation, 5 a time in milliseconds, 6 the
/// first sequence, 7 a count, 8 whether late (one byte).
namespace xl::contracts::access::event {

constexpr std::uint16_t journal_anchored = 1;     // 3 6 7 8
constexpr std::uint16_t session_opened = 2;       // 1 2 3 4 5: end
constexpr std::uint16_t session_ended = 3;        // 1 2 3 4
constexpr std::uint16_t session_sealed = 4;       // 1 2 3 4 7
constexpr std::uint16_t cohort_read = 5;          // 1 3 4 7
constexpr std::uint16_t emergency_declared = 6;   // 1 4 5: end; a review task
constexpr std::uint16_t notice_to_patient = 7;    // 1 2 4; the patient must be told
constexpr std::uint16_t notice_to_officer = 8;    // 1 4 5: review due; the privacy officer must
constexpr std::uint16_t review_overdue = 9;       // 1 4; the regulator must be told
constexpr std::uint16_t emergency_renewed = 10;   // 1 4 5: end
constexpr std::uint16_t emergency_reviewed = 11;  // 1 4
constexpr std::uint16_t access_denied = 12;       // 1 2 3
constexpr std::uint16_t dispute_opened = 13;      // 1 2 3 5: answer due
constexpr std::uint16_t dispute_answered = 14;    // 1 2 3
constexpr std::uint16_t emergency_ended = 15;     // 1 4 5: end

constexpr std::uint32_t entry_attribute = 1;
constexpr std::uint32_t patient_attribute = 2;
constexpr std::uint32_t custodian_attribute = 3;
constexpr std::uint32_t organisation_attribute = 4;
constexpr std::uint32_t time_attribute = 5;
constexpr std::uint32_t sequence_attribute = 6;
constexpr std::uint32_t count_attribute = 7;
constexpr std::uint32_t late_attribute = 8;

}  // namespace xl::contracts::access::event
