// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/records/view.h"

#include "contracts/records/records.h"

namespace xl::contracts::records {

using xinglin::records::v1::RecordHead;
using xinglin::records::v1::VersionRecord;

std::optional<RecordHead> find_record(const model::StateReader& state, const model::Id& record) {
  RecordHead head;
  if (!load_record(state, head_key(record.view()), head)) return std::nullopt;
  return head;
}

std::optional<VersionRecord> find_version(const model::StateReader& state, const model::Id& record,
                                          std::uint32_t version) {
  VersionRecord out;
  if (!load_record(state, version_key(record.view(), version), out)) return std::nullopt;
  return out;
}

}  // namespace xl::contracts::records
