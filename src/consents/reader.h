// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/json/json.h"
#include "contracts/consent/normal_form.h"

/// FHIR Consent (R4; IHE PCF) and the normal form in which it is sealed and decided by.
namespace xl::consents {

/// Somebody that a Consent refers to.
struct Party {
  model::Id did;
  std::string type;  ///< `Organization`, `Practitioner`, `PractitionerRole`, `RelatedPerson`, …
  std::string name;  ///< may be empty
  /// Of a PractitionerRole: for whom the person acts. Else zero.
  model::Id organisation{};
};

/// Finds who a Reference means. Errors: any; the reader adds the place.
using FindParty = std::function<Result<Party>(json::Value reference)>;

/// A Consent, read.
struct ConsentRead {
  /// Policies in normal form, and what stands around them; ids and salt are not set.
  contracts::consent::SealedPolicy sealed;
  std::uint64_t start_ms = 0;  ///< 0: at once
  std::uint64_t end_ms = 0;    ///< exclusive; 0: until it is revoked
};

/// What a Consent is read against.
struct ReadContext {
  FindParty find;
  model::Id custodian;  ///< whose data it is about
  std::uint64_t now_ms = 0;
};

/// Reads the rules of a Consent whose structure was checked (`fhir/validate.h`). What no rule can
/// carry is refused with its place, nothing is dropped. A provision that permits inside one that
/// permits opens more; one that denies inside one that permits, and the other way round, is an
/// exception to it; what an inner one leaves out it has from the one around. A root without a type
/// that says nothing but provisions and a period holds them together. Elements `id`, `meta`,
/// `text`, `language`, `status`, `patient`, `performer` and `verification` are the caller's.
/// Errors: consent_unsupported, consent_invalid (both name the place), those of `find`.
/// Thread-safe. Source: docs/reference/consent.md.
[[nodiscard]] Result<ConsentRead> read_consent(json::Value consent, const ReadContext& context);

}  // namespace xl::consents
