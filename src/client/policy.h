// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contracts/consent/normal_form.h"
#include "model/id.h"

namespace xl::client {

/// What a patient allows or refuses, in the words of a form.
struct PolicyWish {
  contracts::consent::Effect effect = contracts::consent::Effect::permit;
  std::optional<model::Id> organisation;  ///< whose people; a permit names one of these two
  std::optional<model::Id> person;
  std::vector<std::string> types;  ///< FHIR resource types; empty: every kind of data
  std::optional<contracts::consent::PurposeOfUse> purpose;  ///< a refusal may leave it out: any
  contracts::consent::Confidentiality confidentiality_min =
      contracts::consent::Confidentiality::unrestricted;
  contracts::consent::Confidentiality confidentiality_max =
      contracts::consent::Confidentiality::normal;
  std::optional<std::int64_t> data_from_ms;  ///< of the data's clinical time
  std::optional<std::int64_t> data_to_ms;    ///< exclusive
  std::vector<model::Id> authors;            ///< practitioners who wrote it; empty: anybody
  std::vector<model::Id> author_organisations;
  std::vector<std::string> except_types;  ///< all of these each make an exception of their own
  std::vector<model::Id> except_persons;
  std::vector<model::Id> except_authors;
  bool may_export = false;  ///< besides reading and searching
};

/// The policy that says this, in normal form. Errors: input_invalid (an unknown resource type,
/// nobody named), message_malformed.
[[nodiscard]] Result<contracts::consent::Policy> policy_of(const PolicyWish& wish);

/// `unrestricted`, `low`, `moderate`, `normal`, `restricted`, `very-restricted`, or the HL7 letter.
[[nodiscard]] std::optional<contracts::consent::Confidentiality> confidentiality_of_word(
    std::string_view word);

}  // namespace xl::client
