// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/governance/parameters.h"

#include "contracts/api/shape.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::contracts::governance {

namespace wire = xinglin::governance::v1;

namespace {

constexpr std::uint64_t hour_ms = 60ULL * 60 * 1000;
constexpr std::uint32_t threshold_parts_max = 100;
/// A member that used up its quota must still get a vote through soon.
constexpr std::uint64_t quota_operations_min = 10'000;
constexpr std::uint64_t quota_bytes_min = 16ULL * limits::envelope_bytes_max;

bool within(std::uint64_t value, std::uint64_t min, std::uint64_t max) {
  return value >= min && value <= max;
}

}  // namespace

wire::Parameters default_parameters() {
  wire::Parameters out;
  out.set_threshold_numerator(2);
  out.set_threshold_denominator(3);
  out.set_voting_ms(14 * 24 * hour_ms);
  out.set_attestation(static_cast<std::uint32_t>(AttestationRule::not_needed));
  out.set_quota_period_ms(hour_ms);
  out.set_quota_operations(100'000'000);
  out.set_quota_bytes(64ULL << 30U);
  out.set_block_bytes(limits::block_bytes_max);
  out.set_app_version(1);
  return out;
}

bool are_sound(const wire::Parameters& in) {
  const std::uint32_t of = in.threshold_denominator();
  const std::uint32_t part = in.threshold_numerator();
  return within(of, 2, threshold_parts_max) && part < of && part * 2 >= of &&
         within(in.voting_ms(), limits::voting_ms_min, limits::voting_ms_max) &&
         within(in.attestation(), 1, 2) &&
         within(in.quota_period_ms(), limits::quota_period_ms_min, limits::quota_period_ms_max) &&
         in.quota_operations() >= quota_operations_min && in.quota_bytes() >= quota_bytes_min &&
         within(in.block_bytes(), limits::voted_block_bytes_min, limits::voted_block_bytes_max) &&
         in.app_version() > 0;
}

wire::Parameters changed(wire::Parameters out, const wire::ChangeParameters& change) {
  if (change.threshold_denominator() != 0) {
    out.set_threshold_numerator(change.threshold_numerator());
    out.set_threshold_denominator(change.threshold_denominator());
  }
  if (change.voting_ms() != 0) out.set_voting_ms(change.voting_ms());
  if (change.attestation() != 0) out.set_attestation(change.attestation());
  if (change.quota_period_ms() != 0) out.set_quota_period_ms(change.quota_period_ms());
  if (change.quota_operations() != 0) out.set_quota_operations(change.quota_operations());
  if (change.quota_bytes() != 0) out.set_quota_bytes(change.quota_bytes());
  if (change.block_bytes() != 0) out.set_block_bytes(change.block_bytes());
  return out;
}

Status check_parameters_shape(const wire::ChangeParameters& change) {
  if (equal(model::encode(change), Bytes{})) return malformed("parameters");
  if ((change.threshold_numerator() == 0) != (change.threshold_denominator() == 0)) {
    return malformed("threshold");
  }
  // No bound depends on another parameter, so what fits the defaults fits any network.
  const bool sound = are_sound(changed(default_parameters(), change));
  return sound ? Status{} : Status(malformed("parameters"));
}

}  // namespace xl::contracts::governance
