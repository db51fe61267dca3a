// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <google/protobuf/message.h>

#include "base/json/writer.h"
#include "gateway/services.h"

namespace xl::gateway::ledger {

/// Puts the receipt of a state key at `height` behind "receipt"; `record` gets what it proves.
/// Errors: `missing` when the key holds nothing at this height, those of
/// `query::Ledger::state_receipt`.
[[nodiscard]] Status write_receipt_of(json::Writer& out, const Services& services, ByteView key,
                                      std::uint64_t height, ErrorCode missing,
                                      google::protobuf::Message& record);

}  // namespace xl::gateway::ledger
