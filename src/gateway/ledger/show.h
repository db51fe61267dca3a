// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "base/json/writer.h"
#include "contracts/api/contract.h"
#include "query/ledger.h"

/// JSON forms of the ledger's things, the same in the API, its events and the command line. Only
/// additions are ever made to them.
namespace xl::gateway::ledger {

/// `{"schema": "xinglin/head/v1", ...}`.
void write_head(json::Writer& out, const query::LedgerHead& head);
/// A history entry with the name of its status.
void write_entry(json::Writer& out, const model::HistoryEntry& entry,
                 const contracts::Registry& registry);
/// The events of a result, values in hex.
void write_result(json::Writer& out, ByteView result, const contracts::Registry& registry);
void write_transaction(json::Writer& out, const query::LedgerTransaction& transaction,
                       const contracts::Registry& registry);
void write_block(json::Writer& out, const query::LedgerBlock& block,
                 const contracts::Registry& registry);

/// The name of a status: `applied`, the contract's word for it, or the registry's.
[[nodiscard]] std::string status_name(std::uint32_t status, const contracts::Registry& registry);

}  // namespace xl::gateway::ledger
