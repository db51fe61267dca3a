// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string_view>

#include "contracts/identity/state.pb.h"
#include "model/receipt.h"

/// What receipts prove of the ledger's state, for those who check evidence. Of this folder only.
namespace xl::client {

/// How far a custodian's clock and the blocks' time may be apart.
constexpr std::uint64_t times_apart_ms = 60'000;

/// The record that a receipt proves under `key`, in `out`. `name` is said where it does not.
/// Errors: content_differs, those of `model::verify_receipt`. Pure.
[[nodiscard]] Status proven_record(const std::optional<model::Receipt>& receipt, const Bytes& key,
                                   const model::Trust& trust, std::string_view name,
                                   google::protobuf::Message& out);

/// Is it the key of a service of this organisation (16 bytes), which `receipt` proves. Errors: as
/// `proven_record`. Pure.
[[nodiscard]] Result<bool> is_service_of(const std::optional<model::Receipt>& receipt,
                                         const xinglin::identity::v1::KeyRecord& key,
                                         std::string_view organisation, const model::Trust& trust);

/// Was the key good at this time: block times lag clocks, within a minute. Pure.
[[nodiscard]] bool was_good(const xinglin::identity::v1::KeyRecord& key, std::uint64_t time_ms);

}  // namespace xl::client
