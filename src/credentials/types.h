// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json/json.h"
#include "base/result.h"
#include "contracts/credentials/view.h"
#include "credentials/sd_jwt.h"

/// The network's types of credentials, as types.def lists them (docs/reference/credentials.md).
namespace xl::credentials {

using contracts::credentials::CredentialType;

/// What a claim's text must be.
enum class ClaimForm : std::uint8_t { text, date, did };

constexpr std::size_t claim_bytes_max = 256;

/// A claim that credentials of a type may have.
struct ClaimRule {
  CredentialType type{};
  std::string_view name;
  bool required = false;
  bool hidden = false;
  ClaimForm form{};
  std::string_view en;
  std::string_view zh;
};

/// A type of credentials.
struct TypeRule {
  CredentialType type{};
  std::string_view name;  ///< such as `PhysicianLicence`
  std::string_view slug;  ///< as it stands in a vct
  std::string_view en;
  std::string_view zh;
};

/// All types, by their numbers.
[[nodiscard]] std::span<const TypeRule> all_types();
/// The claims of a type, in the order of types.def.
[[nodiscard]] std::vector<ClaimRule> claims_of(CredentialType type);

/// By its name or slug. Errors: credential_type_unknown.
[[nodiscard]] Result<TypeRule> type_of_name(std::string_view name);
/// By a `vct`: a URL that ends in `/credentials/types/{slug}`. Which node serves it says nothing:
/// what counts is whether the issuer may issue the type. Errors: credential_type_unknown.
[[nodiscard]] Result<TypeRule> type_of_vct(std::string_view vct);
/// The `vct` of a type at a node.
[[nodiscard]] std::string vct_of(std::string_view node_url, const TypeRule& type);

/// The type's metadata (SD-JWT VC §6): its name, its claims with labels in both languages, and
/// which of them can be hidden.
[[nodiscard]] std::string type_metadata(std::string_view vct, const TypeRule& type);

/// Which claim of a type is the issuer's own name where it issues by what it is: nobody gives out
/// roles of another organisation, or another insurer's coverage. Empty for none.
[[nodiscard]] std::string_view issuer_name_claim(CredentialType type);

/// The claims of an object of texts, in the order of types.def. Errors: credential_claims_invalid
/// (one that the type does not have, a missing one, an empty or too long text, no date, no DID).
[[nodiscard]] Result<std::vector<Claim>> read_claims(CredentialType type, json::Value object);

}  // namespace xl::credentials
