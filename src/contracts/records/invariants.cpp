// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/records/invariants.h"

#include "contracts/records/records.h"
#include "contracts/records/state.pb.h"

namespace xl::contracts::records {
namespace {

namespace wire = xinglin::records::v1;

bool head_holds(ByteView key, const Bytes& value, const model::StateReader& before) {
  wire::RecordHead now;
  if (!decode_record(value, now)) return false;
  wire::RecordHead old;
  if (!load_record(before, key, old)) return now.versions() >= 1;
  return now.patient() == old.patient() && now.custodian() == old.custodian() &&
         now.versions() >= old.versions() && now.status() >= old.status();
}

}  // namespace

bool invariants_hold(const model::WriteSet& changes, const model::StateReader& before,
                     const model::StateReader&) {
  for (const auto& [key, value] : changes) {
    if (!value) return false;  // nothing of a record is ever erased
    if (key[1] == 'h' && !head_holds(key, *value, before)) return false;
    Bytes old;
    if (key[1] == 'v' && before.get(key, old)) return false;
  }
  return true;
}

}  // namespace xl::contracts::records
