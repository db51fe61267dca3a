// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/identity/contract.h"
#include "contracts/identity/genesis.h"
#include "contracts/identity/records.h"

namespace xl::contracts::identity {
namespace {

class Identity final : public Contract {
 public:
  [[nodiscard]] std::uint8_t number() const override { return contract_number; }
  [[nodiscard]] std::string_view name() const override { return "identity"; }
  [[nodiscard]] std::span<const StatusInfo> statuses() const override { return {}; }
  [[nodiscard]] Result<std::unique_ptr<Command>> check(std::uint16_t, ByteView) const override {
    return make_error(ErrorCode::contract_unknown);
  }
  [[nodiscard]] xl::Status initialise(json::Value section,
                                      model::StateWriter& state) const override {
    return write_genesis(section, state);
  }
  [[nodiscard]] bool invariants(const model::WriteSet&, const model::StateReader&,
                                const model::StateReader&) const override {
    return true;
  }
};

}  // namespace

std::unique_ptr<Contract> make_contract() { return std::make_unique<Identity>(); }

}  // namespace xl::contracts::identity
