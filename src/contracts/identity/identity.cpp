// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/identity/contract.h"
#include "contracts/identity/genesis.h"
#include "contracts/identity/invariants.h"
#include "contracts/identity/messages.h"
#include "contracts/identity/records.h"
#include "contracts/identity/status.h"

namespace xl::contracts::identity {
namespace {

constexpr auto infos = std::to_array<StatusInfo>({
#define XL_STATUS(number, name, en, en_fix, zh, zh_fix) {number, #name, en, en_fix, zh, zh_fix},
#include "contracts/identity/status.def"
#undef XL_STATUS
});

class Identity final : public Contract {
 public:
  [[nodiscard]] std::uint8_t number() const override { return contract_number; }
  [[nodiscard]] std::string_view name() const override { return "identity"; }
  [[nodiscard]] std::span<const StatusInfo> statuses() const override { return infos; }

  [[nodiscard]] Result<std::unique_ptr<Command>> check(std::uint16_t type,
                                                       ByteView payload) const override {
    switch (type) {
      case attest_practitioner_type:
        return check_attest_practitioner(payload);
      case revoke_attestation_type:
        return check_revoke_attestation(payload);
      case register_service_type:
        return check_register_service(payload);
      case register_patient_type:
        return check_register_patient(payload);
      case claim_patient_type:
        return check_claim_patient(payload);
      case add_key_type:
        return check_add_key(payload);
      case rotate_key_type:
        return check_rotate_key(payload);
      case revoke_key_type:
        return check_revoke_key(payload);
      case set_agreement_key_type:
        return check_set_agreement_key(payload);
      case appoint_guardian_type:
        return check_appoint_guardian(payload);
      case end_guardianship_type:
        return check_end_guardianship(payload);
      case configure_recovery_type:
        return check_configure_recovery(payload);
      case start_recovery_type:
        return check_start_recovery(payload);
      case cancel_recovery_type:
        return check_cancel_recovery(payload);
      case finish_recovery_type:
        return check_finish_recovery(payload);
      case delegate_type:
        return check_delegate(payload);
      case end_delegation_type:
        return check_end_delegation(payload);
      case deactivate_type:
        return check_deactivate(payload);
      default:
        return make_error(ErrorCode::contract_unknown);
    }
  }

  [[nodiscard]] xl::Status initialise(json::Value section,
                                      model::StateWriter& state) const override {
    return write_genesis(section, state);
  }

  [[nodiscard]] bool invariants(const model::WriteSet& changes, const model::StateReader& before,
                                const model::StateReader& after) const override {
    return invariants_hold(changes, before, after);
  }
};

}  // namespace

std::span<const StatusInfo> status_infos() { return infos; }

std::unique_ptr<Contract> make_contract() { return std::make_unique<Identity>(); }

}  // namespace xl::contracts::identity
