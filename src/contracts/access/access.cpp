// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/access/contract.h"
#include "contracts/access/invariants.h"
#include "contracts/access/messages.h"
#include "contracts/access/records.h"
#include "contracts/access/status.h"

namespace xl::contracts::access {
namespace {

constexpr auto infos = std::to_array<StatusInfo>({
#define XL_STATUS(number, name, en, en_fix, zh, zh_fix) {number, #name, en, en_fix, zh, zh_fix},
#include "contracts/access/status.def"
#undef XL_STATUS
});

class Access final : public Contract {
 public:
  [[nodiscard]] std::uint8_t number() const override { return contract_number; }
  [[nodiscard]] std::string_view name() const override { return "access"; }
  [[nodiscard]] std::span<const StatusInfo> statuses() const override { return infos; }

  [[nodiscard]] Result<std::unique_ptr<Command>> check(std::uint16_t type,
                                                       ByteView payload) const override {
    switch (type) {
      case journal_root_type:
        return check_journal_root(payload);
      case open_session_type:
        return check_open_session(payload);
      case end_session_type:
        return check_end_session(payload);
      case seal_session_type:
        return check_seal_session(payload);
      case cohort_entry_type:
        return check_cohort_entry(payload);
      case declare_emergency_type:
        return check_declare_emergency(payload);
      case renew_emergency_type:
        return check_renew_emergency(payload);
      case review_emergency_type:
        return check_review_emergency(payload);
      case denied_type:
        return check_denied(payload);
      case dispute_type:
        return check_dispute(payload);
      case answer_dispute_type:
        return check_answer_dispute(payload);
      case end_emergency_type:
        return check_end_emergency(payload);
      default:
        return make_error(ErrorCode::contract_unknown);
    }
  }

  [[nodiscard]] xl::Status initialise(json::Value, model::StateWriter&) const override {
    return {};  // a network starts without access entries
  }

  [[nodiscard]] bool invariants(const model::WriteSet& changes, const model::StateReader& before,
                                const model::StateReader& after) const override {
    return invariants_hold(changes, before, after);
  }
};

}  // namespace

std::span<const StatusInfo> status_infos() { return infos; }

std::unique_ptr<Contract> make_contract() { return std::make_unique<Access>(); }

}  // namespace xl::contracts::access
