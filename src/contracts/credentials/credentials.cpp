// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/credentials/contract.h"
#include "contracts/credentials/invariants.h"
#include "contracts/credentials/messages.h"
#include "contracts/credentials/records.h"
#include "contracts/credentials/status.h"

namespace xl::contracts::credentials {
namespace {

constexpr auto infos = std::to_array<StatusInfo>({
#define XL_STATUS(number, name, en, en_fix, zh, zh_fix) {number, #name, en, en_fix, zh, zh_fix},
#include "contracts/credentials/status.def"
#undef XL_STATUS
});

class Credentials final : public Contract {
 public:
  [[nodiscard]] std::uint8_t number() const override { return contract_number; }
  [[nodiscard]] std::string_view name() const override { return "credentials"; }
  [[nodiscard]] std::span<const StatusInfo> statuses() const override { return infos; }

  [[nodiscard]] Result<std::unique_ptr<Command>> check(std::uint16_t type,
                                                       ByteView payload) const override {
    switch (type) {
      case accredit_type:
        return check_accredit(payload);
      case end_accreditation_type:
        return check_end_accreditation(payload);
      case register_list_type:
        return check_register_list(payload);
      case change_status_type:
        return check_change_status(payload);
      default:
        return make_error(ErrorCode::contract_unknown);
    }
  }

  [[nodiscard]] xl::Status initialise(json::Value, model::StateWriter&) const override {
    return {};  // a network starts without credentials
  }

  [[nodiscard]] bool invariants(const model::WriteSet& changes, const model::StateReader& before,
                                const model::StateReader& after) const override {
    return invariants_hold(changes, before, after);
  }
};

}  // namespace

std::span<const StatusInfo> status_infos() { return infos; }

std::unique_ptr<Contract> make_contract() { return std::make_unique<Credentials>(); }

}  // namespace xl::contracts::credentials
