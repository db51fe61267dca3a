// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <array>

#include "contracts/governance/agenda.h"
#include "contracts/governance/contract.h"
#include "contracts/governance/genesis.h"
#include "contracts/governance/invariants.h"
#include "contracts/governance/messages.h"
#include "contracts/governance/records.h"
#include "contracts/governance/status.h"

namespace xl::contracts::governance {
namespace {

constexpr auto infos = std::to_array<StatusInfo>({
#define XL_STATUS(number, name, en, en_fix, zh, zh_fix) {number, #name, en, en_fix, zh, zh_fix},
#include "contracts/governance/status.def"
#undef XL_STATUS
});

class Governance final : public Contract {
 public:
  [[nodiscard]] std::uint8_t number() const override { return contract_number; }
  [[nodiscard]] std::string_view name() const override { return "governance"; }
  [[nodiscard]] std::span<const StatusInfo> statuses() const override { return infos; }

  [[nodiscard]] Result<std::unique_ptr<Command>> check(std::uint16_t type,
                                                       ByteView payload) const override {
    switch (type) {
      case propose_type:
        return check_propose(payload);
      case vote_type:
        return check_vote(payload);
      case withdraw_type:
        return check_withdraw(payload);
      case attest_security_type:
        return check_attest_security(payload);
      case update_member_type:
        return check_update_member(payload);
      default:
        return make_error(ErrorCode::contract_unknown);
    }
  }

  [[nodiscard]] xl::Status initialise(json::Value section,
                                      model::StateWriter& state) const override {
    return write_genesis(section, state);
  }

  [[nodiscard]] bool end_block(const Context& context, model::StateWriter& state, EventSink& events,
                               EngineChanges& engine) const override {
    return step_agenda(context, state, events, engine);
  }

  [[nodiscard]] bool invariants(const model::WriteSet& changes, const model::StateReader& before,
                                const model::StateReader& after) const override {
    return invariants_hold(changes, before, after);
  }
};

}  // namespace

std::span<const StatusInfo> status_infos() { return infos; }

std::unique_ptr<Contract> make_contract() { return std::make_unique<Governance>(); }

}  // namespace xl::contracts::governance
