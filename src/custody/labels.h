// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "consents/labels.h"

namespace xl::custody {

using Labels = consents::Labels;

/// What a vault record is. Stored: never renumber.
enum class Kind : std::uint8_t {
  resource = 1,   ///< a FHIR resource
  policy = 2,     ///< the sealed normal form of a consent, under the consent's id
  emergency = 3,  ///< why a glass was broken, under the entry's id
  dispute = 4,    ///< what a patient disputes, under the dispute's id; version 2 is the answer
  /// What two organisations agreed, under the agreement's id.
  agreement = 5,
  /// Words of a dispute about an agreement, under the dispute's id; version 2 is the answer.
  agreement_words = 6,
};

/// The canonical bytes of labels. Errors: labels_too_large.
[[nodiscard]] Result<Bytes> encode_labels(const Labels& labels);

/// Reads labels that this vault sealed. Errors: record_altered.
[[nodiscard]] Result<Labels> decode_labels(ByteView bytes);

}  // namespace xl::custody
