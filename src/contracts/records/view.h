// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>

#include "contracts/api/contract.h"
#include "contracts/records/state.pb.h"

/// What other folders may read of the records contract's state.
namespace xl::contracts::records {

/// Whether a record stands. Stored in state: never renumber.
enum class RecordStatus : std::uint8_t { current = 0, entered_in_error = 1 };

/// How far a record's erasure is. Stored in state: never renumber.
enum class ErasureStatus : std::uint8_t { none = 0, pending = 1, complete = 2 };

/// The head of a record: whose it is, who holds it, how many versions. Nothing when unknown.
[[nodiscard]] std::optional<xinglin::records::v1::RecordHead> find_record(
    const model::StateReader& state, const model::Id& record);

/// One version of a record, 1 being the first. Nothing when there is none.
[[nodiscard]] std::optional<xinglin::records::v1::VersionRecord> find_version(
    const model::StateReader& state, const model::Id& record, std::uint32_t version);

}  // namespace xl::contracts::records
