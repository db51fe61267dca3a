// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/records/records.h"

#include "contracts/records/contract.h"
#include "contracts/records/invariants.h"
#include "contracts/records/messages.h"
#include "contracts/records/status.h"

namespace xl::contracts::records {
namespace {

constexpr auto infos = std::to_array<StatusInfo>({
#define XL_STATUS(number, name, en, en_fix, zh, zh_fix) {number, #name, en, en_fix, zh, zh_fix},
#include "contracts/records/status.def"
#undef XL_STATUS
});

class Records final : public Contract {
 public:
  [[nodiscard]] std::uint8_t number() const override { return contract_number; }
  [[nodiscard]] std::string_view name() const override { return "records"; }
  [[nodiscard]] std::span<const StatusInfo> statuses() const override { return infos; }

  [[nodiscard]] Result<std::unique_ptr<Command>> check(std::uint16_t type,
                                                       ByteView payload) const override {
    switch (type) {
      case anchor_type:
        return check_anchor(payload);
      case anchor_batch_type:
        return check_anchor_batch(payload);
      case enter_in_error_type:
        return check_enter_in_error(payload);
      case record_erasure_type:
        return check_record_erasure(payload);
      default:
        return make_error(ErrorCode::contract_unknown);
    }
  }

  [[nodiscard]] xl::Status initialise(json::Value, model::StateWriter&) const override {
    return {};  // a network starts without records
  }

  [[nodiscard]] bool invariants(const model::WriteSet& changes, const model::StateReader& before,
                                const model::StateReader& after) const override {
    return invariants_hold(changes, before, after);
  }
};

}  // namespace

std::span<const StatusInfo> status_infos() { return infos; }

std::unique_ptr<Contract> make_contract() { return std::make_unique<Records>(); }

}  // namespace xl::contracts::records
