// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

/// SMART App Launch 2.2: the authorization server of each organisation.
namespace xl::gateway::smart {

// Bounds of one list of scopes.
constexpr std::size_t scope_text_bytes_max = 4096;
constexpr std::size_t resource_scopes_max = 128;
constexpr std::size_t scope_constraints_max = 8;

/// What a scope lets an app do with resources: bits in the order of SMART's letters `cruds`.
enum Permission : std::uint8_t {
  may_create = 1,
  may_read = 2,
  may_update = 4,
  may_delete = 8,
  may_search = 16,
};

/// Whose records a scope is about: those of the launch's patient; what the person who signed in may
/// know; what a backend service may know.
enum class ScopeContext : std::uint8_t { patient, user, system };

/// One scope on resources, such as `patient/Observation.rs?category=laboratory`.
struct ResourceScope {
  ScopeContext context{};
  std::string type;              ///< a resource type of R4, or `*`
  std::uint8_t permissions = 0;  ///< bits of `Permission`, never 0
  /// All must hold: names of search parameters of the type, with one value each, that one record
  /// alone answers (`query::is_decidable`).
  std::vector<std::pair<std::string, std::string>> constraints;

  auto operator<=>(const ResourceScope&) const = default;
};

/// One of the records that were open beside patient and encounter (SMART's `fhirContext`).
struct ContextItem {
  std::string reference;  ///< `Type/id`, below the FHIR base
  std::string role;       ///< a URI or a word of SMART; empty: none
};

/// A list of scopes as an app asks for it, or as it was granted.
struct Scopes {
  std::vector<ResourceScope> resources;
  bool openid = false;
  bool fhir_user = false;  ///< `fhirUser`, or `profile`
  bool launch = false;     ///< from a record that is open
  bool launch_patient = false;
  bool launch_encounter = false;
  bool online_access = false;
  bool offline_access = false;

  [[nodiscard]] bool empty() const;
  /// Does any of them let an app do this with resources of a type?
  [[nodiscard]] bool allow(std::string_view type, std::uint8_t permission) const;
  /// Does any of them, of one context, reach resources?
  [[nodiscard]] bool has(ScopeContext context) const;
};

/// Reads scopes separated by single spaces: SMART's v2 (`.cruds`) and v1 (`.read`, `.write`, `.*`).
/// Words that are no scope of ours are left out, as RFC 6749 §3.3 allows: the answer names what was
/// granted. Errors: smart_scope_invalid (too long, too many, a resource scope with an unknown type,
/// letters out of order, or a constraint that one record alone does not answer).
[[nodiscard]] Result<Scopes> parse_scopes(std::string_view text);

/// The scopes in their v2 form, in a fixed order.
[[nodiscard]] std::string scopes_text(const Scopes& scopes);
/// One of them.
[[nodiscard]] std::string scope_text(const ResourceScope& scope);

/// True when all of `wanted` lies within `allowed`.
[[nodiscard]] bool is_within(const Scopes& wanted, const Scopes& allowed);

/// What of `wanted` lies within `allowed`: scopes are narrowed where they only overlap.
[[nodiscard]] Scopes within(const Scopes& wanted, const Scopes& allowed);

}  // namespace xl::gateway::smart
