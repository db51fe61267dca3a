// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/json/writer.h"
#include "contracts/consent/normal_form.h"

namespace xl::cli {

/// A consent's rule for programs, with every part of it: what it leaves open as an empty list or
/// null.
void write_rule(json::Writer& out, const contracts::consent::Rule& rule);

}  // namespace xl::cli
