// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/json.h"

namespace xl::fhir {

/// What a record can be labelled with: a decision about consent looks at all of it.
constexpr std::size_t label_classes_max = 64;  ///< also of what is inside
constexpr std::size_t label_system_bytes_max = 128;
constexpr std::size_t label_code_bytes_max = 64;
constexpr std::size_t label_sensitivities_max = 32;
constexpr std::size_t label_sensitivity_bytes_max = 32;
constexpr std::size_t label_links_max = 32;

/// A code and the system it is of.
struct ClassLabel {
  std::string system;  ///< at most `label_system_bytes_max` bytes, may be empty
  std::string code;    ///< 1 to `label_code_bytes_max` bytes
  bool operator==(const ClassLabel&) const = default;
};

/// HL7 v3 Confidentiality, in ascending order.
constexpr std::uint8_t confidentiality_unrestricted = 1;  // U
constexpr std::uint8_t confidentiality_low = 2;           // L
constexpr std::uint8_t confidentiality_moderate = 3;      // M
constexpr std::uint8_t confidentiality_normal = 4;        // N
constexpr std::uint8_t confidentiality_restricted = 5;    // R
constexpr std::uint8_t confidentiality_very = 6;          // V

/// What a decision about consent has to know of a resource.
struct Labels {
  /// First (`http://hl7.org/fhir/resource-types`, the type), then the codings of the elements that
  /// say what the record is of (code, category, type, class, medication, vaccine, … also those of
  /// an Observation's components), in order of appearance, each once. Longer codes and systems than
  /// the bounds are left out.
  std::vector<ClassLabel> classes;
  /// The same of the resources inside (contained, a Bundle's entries, a parameter's), types and
  /// codings: what closes one of them closes the whole, what opens one opens nothing else.
  std::vector<ClassLabel> inner_classes;
  /// There were more codings than `label_classes_max` of either, or one beyond its bounds: a rule
  /// that denies by class may have missed its code.
  bool classes_cut = false;
  /// 1..6 for U, L, M, N, R, V: the highest of meta.security, DocumentReference.securityLabel and
  /// Composition.confidentiality, also of the resources inside; normal without any; restricted at
  /// least where a sensitivity or a privacy law is named; very restricted where a label of
  /// meta.security or securityLabel is of a system that this program does not know, or none of it.
  std::uint8_t confidentiality = confidentiality_normal;
  /// Codes of the system v3-ActCode in meta.security and securityLabel, each once, in order; also
  /// of the resources inside.
  std::vector<std::string> sensitivities;
  bool sensitivities_cut = false;  ///< as `classes_cut`
  /// The visits, care plans and episodes of care that the resource refers to, as `Type/id` with
  /// this server's own relative references, each once, in order of appearance.
  std::vector<std::string> links;
  bool links_cut = false;  ///< there were more than `label_links_max`
  /// The clinical time of the record in milliseconds since 1970, both ends inclusive. An absent end
  /// beside a present one is open; both absent: the resource tells no time. What happened counts
  /// before what was written down: effective, performed, occurrence, onset (to abatement), period,
  /// started; then date, recorded, authored, issued, created.
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
};

/// The system under which meta.security and consents name the levels of GB/T 39725-2020, 1 to 5.
constexpr std::string_view gbt_39725_levels = "urn:xinglin:gbt39725:level";

/// The v3 Confidentiality that a level of GB/T 39725-2020 §6.3 is taken for: 1 (public) U, 2 L, 3
/// N, 4 R, 5 (most restricted) V. Empty for no level.
[[nodiscard]] std::string_view confidentiality_of_level(std::string_view level);

/// The labels of a parsed resource; those of an empty object for another shape. Wrong values are
/// skipped: whether a resource is valid is checked elsewhere. Linear in the resource. Thread-safe.
[[nodiscard]] Labels labels_of(json::Value resource);

}  // namespace xl::fhir
