// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contracts/consent/normal_form.h"
#include "model/id.h"

namespace xl::client {

/// What a patient allows, in the words of a form.
struct PolicyWish {
  std::optional<model::Id> organisation;  ///< whose people; at least one of these two
  std::optional<model::Id> person;
  std::vector<std::string> types;  ///< FHIR resource types; empty: every kind of data
  contracts::consent::PurposeOfUse purpose = contracts::consent::PurposeOfUse::treatment;
  contracts::consent::Confidentiality confidentiality_max =
      contracts::consent::Confidentiality::normal;
  bool may_export = false;  ///< besides reading and searching
};

/// The permit that says this, in normal form. Errors: input_invalid (an unknown resource type,
/// nobody named), message_malformed.
[[nodiscard]] Result<contracts::consent::Policy> policy_of(const PolicyWish& wish);

/// `unrestricted`, `low`, `moderate`, `normal`, `restricted`, `very-restricted`, or the HL7 letter.
[[nodiscard]] std::optional<contracts::consent::Confidentiality> confidentiality_of_word(
    std::string_view word);
[[nodiscard]] std::string_view confidentiality_word(std::uint32_t number);

}  // namespace xl::client
