// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/json/writer.h"
#include "contracts/consent/normal_form.h"

namespace xl::consents {

/// All policies of a consent for programs, as an array of objects: `effect`, its own `start_ms` and
/// `end_ms` (null: the consent's) and `rule` with every part of it, what it leaves open as an empty
/// list or null. Precondition: in normal form.
void write_policies(json::Writer& out, const contracts::consent::SealedPolicy& sealed);

}  // namespace xl::consents
