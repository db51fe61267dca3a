// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "base/console.h"
#include "base/json/writer.h"
#include "contracts/consent/normal_form.h"

/// What a consent says, for people and for programs.
namespace xl::cli {

/// One sentence, such as "Allows … to read and search Observation for treatment, except …". Data
/// is named by its FHIR types, people by their DIDs. Precondition: `policy` is in normal form.
[[nodiscard]] std::string consent_sentence(const contracts::consent::Policy& policy,
                                           Language language);

/// The rule with every part of it, what it leaves open as an empty list or null.
void write_rule(json::Writer& out, const contracts::consent::Rule& rule);

}  // namespace xl::cli
