// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contracts/api/contract.h"

/// Where a patient's records are, as the patient shows it (formats-custody.md §6). All pseudonyms
/// sign for each other: nobody can put another person's records into somebody's locator.
namespace xl::contracts::identity {

constexpr std::size_t locator_places_max = 16;
constexpr std::uint64_t locator_ms_max = 366ULL * 24 * 3600 * 1000;
constexpr std::size_t locator_text_bytes_max = 64UL * 1024;
constexpr std::string_view locator_prefix = "xinglin:locator:";

/// One custodian and the person's DID there.
struct Place {
  model::Id custodian;
  model::Id patient;
  bool operator==(const Place&) const = default;
};

/// A locator's bytes as they are signed. Precondition: 1..16 places, ascending by custodian, none
/// twice.
[[nodiscard]] Bytes locator_bytes(const Hash& network, std::uint64_t until_ms,
                                  std::span<const Place> places);

/// What a key of each place's patient signs: tag ‖ 0x00 ‖ suite ‖ locator.
[[nodiscard]] Bytes locator_signed_bytes(ByteView locator);

/// The text that is shown: `xinglin:locator:` and base64url. `signatures`: one for each place.
[[nodiscard]] std::string locator_text(ByteView locator, std::span<const Bytes> signatures);

/// The places of a locator that is of this network, not over, and signed for every place: by an own
/// key of the patient or of a guardian in office who may consent, or, where nobody has claimed the
/// pseudonym, by the custodian. Errors: locator_invalid (names what). Thread-safe.
[[nodiscard]] Result<std::vector<Place>> read_locator(const model::StateReader& state,
                                                      const Hash& network, std::uint64_t now_ms,
                                                      std::string_view text);

}  // namespace xl::contracts::identity
