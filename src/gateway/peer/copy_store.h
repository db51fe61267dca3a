// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "custody/custody.h"
#include "gateway/peer/envelope.h"

namespace xl::gateway::peer {

constexpr std::size_t copies_max = 1'000;             ///< of one request
constexpr std::size_t copies_bytes_max = 16U << 20U;  ///< of one request or answer, or one body

/// [copies]: what members keep of each other.
struct CopySettings {
  std::uint32_t others = 2;           ///< at how many other members our bodies are kept too
  std::vector<model::Id> members;     ///< where they may be; none: at any member
  std::uint64_t gigabytes_max = 100;  ///< that we keep for each other member; 0: nothing
};

/// The keeper's side of copies: keeps ciphertexts that it cannot open for the organisation that
/// asks, and gives them back to it alone. Canonical HaveAnswer, GiveAnswer; of the others nothing.
/// Errors: message_malformed, copies_full, disk_nearly_full, those of the store.
[[nodiscard]] Result<Bytes> answer_copies(custody::Organisation& of,
                                          const custody::LedgerPort& port,
                                          const CopySettings& settings, const Heard& heard);

/// A digest as messages carry it. Errors: message_malformed.
[[nodiscard]] Result<vault::SuiteDigest> digest_in(const std::string& field);

}  // namespace xl::gateway::peer
