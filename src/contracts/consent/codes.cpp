// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/consent/codes.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "contracts/identity/view.h"

namespace xl::contracts::consent {
namespace {

constexpr auto purposes_known = std::to_array<PurposeInfo>({
#define XL_PURPOSE(number, name, code, en, zh) {PurposeOfUse::name, code, en, zh},
#include "contracts/consent/purposes.def"
#undef XL_PURPOSE
});
static_assert(purposes_known.size() == purpose_of_use_max);

constexpr auto reasons_known = std::to_array<ReasonInfo>({
#define XL_REASON(number, name, en, zh) {Reason::name, #name, en, zh},
#include "contracts/consent/reasons.def"
#undef XL_REASON
});

using identity::Role;
using Purposes = std::initializer_list<PurposeOfUse>;

/// What roles that do not treat may use data for.
Purposes purposes_of(Role role) {
  using enum PurposeOfUse;
  static constexpr Purposes desk = {treatment, emergency_treatment, care_management,
                                    payment,   claim_attachment,    coverage,
                                    operations};
  static constexpr Purposes oversight = {compliance, quality, operations};
  static constexpr Purposes science = {research, clinical_trial, public_health, quality};
  static constexpr Purposes claims = {payment, claim_attachment, coverage};
  static constexpr Purposes house = {operations, quality, system_administration, training};
  static constexpr Purposes none = {};
  switch (role) {
    case Role::registrar:
      return desk;
    case Role::privacy_officer:
    case Role::auditor:
      return oversight;
    case Role::researcher:
      return science;
    case Role::claims_officer:
      return claims;
    case Role::administrator:
      return house;
    default:
      return none;
  }
}

bool treats(Role role) { return role <= Role::therapist; }

}  // namespace

bool role_serves(std::span<const std::uint32_t> roles, PurposeOfUse purpose) {
  return std::ranges::any_of(roles, [&](std::uint32_t number) {
    const auto role = static_cast<Role>(number);
    const Purposes served = purposes_of(role);
    return treats(role) || std::ranges::find(served, purpose) != served.end();
  });
}

PurposeOfUse usual_purpose(std::span<const std::uint32_t> roles) {
  const bool treating = roles.empty() || role_serves(roles, PurposeOfUse::treatment);
  return treating ? PurposeOfUse::treatment
                  : *purposes_of(static_cast<Role>(roles.front())).begin();
}

std::span<const PurposeInfo> purpose_infos() { return purposes_known; }

std::optional<PurposeOfUse> purpose_of_code(std::string_view code) {
  for (const PurposeInfo& info : purposes_known) {
    if (info.code == code) return info.purpose;
  }
  return std::nullopt;
}

std::span<const ReasonInfo> reason_infos() { return reasons_known; }

}  // namespace xl::contracts::consent
