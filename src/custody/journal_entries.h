// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "custody/access.h"
#include "model/journal_entry.h"

namespace xl::custody {

/// The journal entry of one decision about one version, without session and evidence.
[[nodiscard]] model::JournalEntry journal_entry(const Ask& ask, const query::RecordEntry& entry,
                                                const contracts::consent::Decision& decision,
                                                std::string_view action, std::uint64_t now_ms);

}  // namespace xl::custody
