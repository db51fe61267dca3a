// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "contracts/consent/normal_form.h"

namespace xl::consents {

/// How a consent stands, beside what was sealed.
struct Standing {
  std::string id;                ///< FHIR logical id
  std::string_view status;       ///< `active`, `inactive`, `proposed`
  std::uint64_t version = 0;     ///< 0: not kept yet
  std::uint64_t changed_ms = 0;  ///< of that version
  std::uint64_t since_ms = 0;    ///< when it was agreed, where the form says nothing
  std::uint64_t start_ms = 0;    ///< 0: at once
  std::uint64_t end_ms = 0;      ///< exclusive; 0: until revoked
  std::string patient;           ///< `Patient/id`; empty: by DID alone
  std::string performer_type;    ///< of who agreed: `Patient`, `RelatedPerson`; empty: unknown
  model::Id performer{};
  std::string replaced_by;  ///< id of the consent in its place; may be empty
  std::string transaction;  ///< id of the transaction that granted it; may be empty
};

/// The Consent (JSON text) of what was sealed. `read_consent` reads the same policies and form out
/// of it. Parties are named by their DIDs. Precondition: in normal form. Thread-safe.
[[nodiscard]] std::string write_consent(const contracts::consent::SealedPolicy& sealed,
                                        const Standing& standing);

}  // namespace xl::consents
