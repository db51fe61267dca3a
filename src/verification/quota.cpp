// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "verification/quota.h"

#include "contracts/api/shape.h"
#include "contracts/governance/view.h"
#include "contracts/identity/view.h"

namespace xl::verification {
namespace {

constexpr std::uint8_t counter_table_number = 0;
constexpr std::uint8_t counter_version = 1;
constexpr std::size_t counter_bytes = 1 + 3 * 8;

}  // namespace

Bytes quota_key(const model::Id& member) {
  Bytes key = {counter_table_number, 'q'};
  append(key, member.view());
  return key;
}

QuotaMeter::QuotaMeter(const model::StateReader& state, std::uint64_t block_ms) {
  const auto parameters = contracts::governance::find_parameters(state);
  if (!parameters) return;
  quota_ = Quota{parameters->quota_period_ms(),
                 {parameters->quota_operations(), parameters->quota_bytes()}};
  period_start_ms_ = block_ms - block_ms % quota_->period_ms;
}

QuotaMeter::Used QuotaMeter::read(const model::StateReader& state, const model::Id& member) const {
  Bytes value;
  if (!state.get(quota_key(member), value)) return {};
  XL_CHECK(value.size() == counter_bytes);
  const ByteView fields = ByteView(value).subspan(1);
  if (read_be<std::uint64_t>(fields.first(8)) != period_start_ms_) return {};  // another period's
  return {read_be<std::uint64_t>(fields.subspan(8, 8)), read_be<std::uint64_t>(fields.subspan(16))};
}

Status QuotaMeter::take(const model::Envelope& envelope, std::uint64_t operations,
                        const model::StateReader& state) {
  if (!quota_) return {};
  const auto key = contracts::identity::find_key(state, envelope.key_id);
  XL_CHECK(key.has_value());
  const model::Id member = contracts::id_of(key->controller());
  auto found = used_.find(member);
  const Used before = found == used_.end() ? read(state, member) : found->second;
  const Used after{before.operations + operations, before.bytes + envelope.content.size()};
  if (after.operations > quota_->most.operations || after.bytes > quota_->most.bytes) {
    return make_error(ErrorCode::member_quota_exceeded);
  }
  used_[member] = after;
  return {};
}

void QuotaMeter::write(model::StateWriter& state) const {
  for (const auto& [member, used] : used_) {
    Bytes value = {counter_version};
    append_be(value, period_start_ms_);
    append_be(value, used.operations);
    append_be(value, used.bytes);
    state.put(quota_key(member), value);
  }
}

}  // namespace xl::verification
