// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "model/id.h"
#include "vault/places.h"

namespace xl::vault {

/// One version that was given to somebody before an erasure: its data key, or what it opens.
struct Disclosure {
  RecordVersion which;
  model::Id grantee;
  std::uint64_t given_ms = 0;
};

/// Says that keys were destroyed, since when nothing of this custodian opens the data any more,
/// and who else had been given it.
struct ErasureCertificate {
  model::Id id;
  model::Id organisation;
  model::Id patient;
  std::optional<RecordVersion> record;  ///< none: everything of the patient
  std::uint64_t erased_ms = 0;
  std::uint64_t versions = 0;  ///< record versions whose wraps were destroyed
  /// False while a backup from before the erasure can still be opened ("pending").
  bool is_final = false;
  /// When the last such backup key was destroyed; while pending, when it expires.
  std::uint64_t final_ms = 0;
  /// In the order they were given; at most `disclosures_listed_max`, with the true number beside.
  std::vector<Disclosure> disclosures;
  std::uint64_t disclosure_count = 0;
};

/// Bounds a certificate of one document.
constexpr std::uint32_t disclosures_listed_max = 4096;

/// The bytes that are signed or anchored (docs/reference/formats-vault.md §6).
[[nodiscard]] Bytes encode(const ErasureCertificate& certificate);

/// tagged_hash("xinglin/erasure-certificate/v1", encode(certificate)).
[[nodiscard]] Hash digest_of(const ErasureCertificate& certificate);

}  // namespace xl::vault
