// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/access/contract.h"
#include "contracts/api/contract.h"
#include "contracts/consent/contract.h"
#include "contracts/credentials/contract.h"
#include "contracts/governance/contract.h"
#include "contracts/identity/contract.h"
#include "contracts/records/contract.h"

namespace xl::contracts {

std::vector<std::unique_ptr<Contract>> make_contracts() {
  std::vector<std::unique_ptr<Contract>> contracts;
  contracts.push_back(identity::make_contract());
  contracts.push_back(governance::make_contract());
  contracts.push_back(records::make_contract());
  contracts.push_back(consent::make_contract());
  contracts.push_back(access::make_contract());
  contracts.push_back(credentials::make_contract());
  return contracts;
}

Registry make_registry() { return Registry(make_contracts()); }

}  // namespace xl::contracts
