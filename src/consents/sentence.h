// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <string>

#include "contracts/consent/normal_form.h"

/// What a consent says, in a sentence that can be read aloud.
namespace xl::consents {

/// Such as "Allows City Hospital to read, search results and measurements for treatment; except …".
/// Each policy of the consent is a part of it. The same sealed consent gives the same words: who is
/// named is called what the form called them, else by DID. Precondition: in normal form.
/// Thread-safe.
[[nodiscard]] std::string sentence_of(const contracts::consent::SealedPolicy& sealed, bool chinese);

/// How long a consent holds, as one more sentence: until its last moment, or with an `end_ms` of 0
/// until it is taken back.
[[nodiscard]] std::string end_sentence(std::uint64_t end_ms, bool chinese);

/// Both sentences in both languages as a narrative (`Consent.text.div`): what the patient
/// confirmed.
[[nodiscard]] std::string narrative_of(const contracts::consent::SealedPolicy& sealed,
                                       std::uint64_t end_ms);

}  // namespace xl::consents
