// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/consent/codes.h"

#include <array>

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

}  // namespace

std::span<const PurposeInfo> purpose_infos() { return purposes_known; }

std::optional<PurposeOfUse> purpose_of_code(std::string_view code) {
  for (const PurposeInfo& info : purposes_known) {
    if (info.code == code) return info.purpose;
  }
  return std::nullopt;
}

std::span<const ReasonInfo> reason_infos() { return reasons_known; }

}  // namespace xl::contracts::consent
