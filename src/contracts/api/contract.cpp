// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/api/contract.h"

#include <algorithm>

#include "base/check.h"
#include "model/limits.h"

namespace xl::contracts {

const Caller* Context::find_caller(const model::Id& did, bool delegated_too) const {
  for (const Caller& caller : callers) {
    if (caller.did == did && (delegated_too || !caller.delegated)) return &caller;
  }
  return nullptr;
}

void EventSink::emit(std::uint16_t type, std::vector<EventAttribute> attributes) {
  XL_CHECK(events_.size() - first_ < limits::events_per_message_max);
  XL_CHECK(attributes.size() <= limits::event_attributes_max);
  for (const EventAttribute& attribute : attributes) {
    XL_CHECK(attribute.value.size() <= limits::event_value_bytes_max);
  }
  events_.push_back({contract_, type, std::move(attributes)});
}

void OwnPrefixWriter::put(ByteView key, ByteView value) {
  XL_CHECK(!key.empty());
  XL_CHECK(key[0] == contract_);
  below_.put(key, value);
}

void OwnPrefixWriter::erase(ByteView key) {
  XL_CHECK(!key.empty());
  XL_CHECK(key[0] == contract_);
  below_.erase(key);
}

Registry::Registry(std::vector<std::unique_ptr<Contract>> contracts)
    : contracts_(std::move(contracts)) {
  std::sort(contracts_.begin(), contracts_.end(),
            [](const auto& a, const auto& b) { return a->number() < b->number(); });
  for (std::size_t i = 1; i < contracts_.size(); ++i) {
    XL_CHECK(contracts_[i - 1]->number() != contracts_[i]->number());
  }
}

const Contract* Registry::find(std::uint8_t number) const {
  for (const auto& contract : contracts_) {
    if (contract->number() == number) return contract.get();
  }
  return nullptr;
}

}  // namespace xl::contracts
