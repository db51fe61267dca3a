// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/consent/contract.h"
#include "contracts/consent/invariants.h"
#include "contracts/consent/messages.h"
#include "contracts/consent/records.h"
#include "contracts/consent/status.h"

namespace xl::contracts::consent {
namespace {

constexpr auto infos = std::to_array<StatusInfo>({
#define XL_STATUS(number, name, en, en_fix, zh, zh_fix) {number, #name, en, en_fix, zh, zh_fix},
#include "contracts/consent/status.def"
#undef XL_STATUS
});

class Consent final : public Contract {
 public:
  [[nodiscard]] std::uint8_t number() const override { return contract_number; }
  [[nodiscard]] std::string_view name() const override { return "consent"; }
  [[nodiscard]] std::span<const StatusInfo> statuses() const override { return infos; }

  [[nodiscard]] Result<std::unique_ptr<Command>> check(std::uint16_t type,
                                                       ByteView payload) const override {
    switch (type) {
      case grant_type:
        return check_grant(payload);
      case narrow_type:
        return check_narrow(payload);
      case revoke_type:
        return check_revoke(payload);
      case grant_assisted_type:
        return check_grant_assisted(payload);
      case decline_type:
        return check_decline(payload);
      case propose_agreement_type:
        return check_propose_agreement(payload);
      case accept_agreement_type:
        return check_accept_agreement(payload);
      case end_agreement_type:
        return check_end_agreement(payload);
      case dispute_agreement_type:
        return check_dispute_agreement(payload);
      case answer_agreement_type:
        return check_answer_agreement(payload);
      default:
        return make_error(ErrorCode::contract_unknown);
    }
  }

  [[nodiscard]] xl::Status initialise(json::Value, model::StateWriter&) const override {
    return {};  // a network starts without consents
  }

  [[nodiscard]] bool invariants(const model::WriteSet& changes, const model::StateReader& before,
                                const model::StateReader& after) const override {
    return invariants_hold(changes, before, after);
  }
};

}  // namespace

std::span<const StatusInfo> status_infos() { return infos; }

std::unique_ptr<Contract> make_contract() { return std::make_unique<Consent>(); }

}  // namespace xl::contracts::consent
