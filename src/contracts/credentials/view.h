// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "contracts/api/contract.h"
#include "contracts/credentials/state.pb.h"
#include "contracts/identity/view.h"

/// What other folders may read of the credentials contract's state.
namespace xl::contracts::credentials {

/// What a credential says of whoever holds it. Stored in state: never renumber.
enum class CredentialType : std::uint8_t {
  licence = 1,          ///< may practise a profession
  role = 2,             ///< does this at the issuer
  trading_partner = 3,  ///< may trade in medicines (authorised trading partner)
  coverage = 4,         ///< is insured with the issuer
};
constexpr std::uint32_t credential_type_max = 4;

/// What a set bit of a list means. Stored in state: never renumber.
enum class StatusPurpose : std::uint8_t {
  revocation = 1,  ///< for ever
  suspension = 2,  ///< until it is cleared
};
constexpr std::uint32_t status_purpose_max = 2;

/// True when an organisation issues credentials of this type by what it is, without anybody's
/// accreditation.
[[nodiscard]] bool issues_by_nature(const xinglin::identity::v1::PartyRecord& party,
                                    CredentialType type);

/// True when credentials of this type that the issuer signed at `at_ms`, or within so many
/// milliseconds from it (whose time is told in seconds), count: roles are for every
/// organisation, coverage for insurers, licences and trading partners for regulators; and each type
/// for whom a regulator had accredited at that time. Whether the issuer's key was active then is
/// another question.
[[nodiscard]] bool may_issue(const model::StateReader& state, const model::Id& issuer,
                             CredentialType type, std::uint64_t at_ms, std::uint64_t within_ms = 0);

/// What a regulator said of an organisation. Nothing when it never said anything.
[[nodiscard]] std::optional<xinglin::credentials::v1::AccreditationRecord> find_accreditation(
    const model::StateReader& state, const model::Id& organisation, CredentialType type,
    const model::Id& regulator);

/// True when one of the periods holds at `at_ms`, or at a moment within `within_ms` from it.
[[nodiscard]] bool covers(const xinglin::credentials::v1::AccreditationRecord& accreditation,
                          std::uint64_t at_ms, std::uint64_t within_ms = 0);

/// The regulators that ever accredited an organisation for a type, ascending; at most
/// `limits::accreditors_max`.
[[nodiscard]] std::vector<model::Id> accreditors_of(const model::StateReader& state,
                                                    const model::Id& organisation,
                                                    CredentialType type);

/// The list with this id. Nothing when it was never registered.
[[nodiscard]] std::optional<xinglin::credentials::v1::StatusList> find_list(
    const model::StateReader& state, const model::Id& list);

/// The lists of an issuer, ascending; at most `limits::status_lists_max`.
[[nodiscard]] std::vector<model::Id> lists_of(const model::StateReader& state,
                                              const model::Id& issuer);

/// The bits of a list, `entries / 8` bytes. Empty when there is no such list. Cost: linear.
[[nodiscard]] Bytes bits_of(const model::StateReader& state, const model::Id& list);

/// The digest by which a list's record names 1,024 bytes of bits: suite ‖ 32 bytes; empty when all
/// of them are clear.
[[nodiscard]] Bytes chunk_digest(ByteView bits);

/// Was the entry set at `at_ms`, by what it says of its changes? A change counts from its own
/// block's time on.
[[nodiscard]] bool was_set(const xinglin::credentials::v1::StatusEntry& entry, std::uint64_t at_ms);

/// How a bit stands. `unknown`: there is no such list or entry, or the list came later.
enum class BitStatus : std::uint8_t { clear, set, unknown };

/// How a bit of a list stood at `at_ms`.
[[nodiscard]] BitStatus status_at(const model::StateReader& state, const model::Id& list,
                                  std::uint32_t index, std::uint64_t at_ms);

}  // namespace xl::contracts::credentials
