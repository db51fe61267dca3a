// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/access/contract.h"
#include "contracts/api/contract.h"
#include "contracts/consent/contract.h"
#include "contracts/identity/contract.h"
#include "contracts/records/contract.h"

namespace xl::contracts {

Registry make_registry() {
  std::vector<std::unique_ptr<Contract>> contracts;
  contracts.push_back(identity::make_contract());
  contracts.push_back(records::make_contract());
  contracts.push_back(consent::make_contract());
  contracts.push_back(access::make_contract());
  return Registry(std::move(contracts));
}

}  // namespace xl::contracts
