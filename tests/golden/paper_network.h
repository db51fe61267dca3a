// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "model/receipt.h"

/// A network that exists on paper only: receipts with what the golden chain, whose one validator
/// never changes and whose signers all have Ed25519 keys, cannot show.
namespace xl::golden {

/// The text of its genesis: four validators with 40, 30, 20 and 10 of the power.
[[nodiscard]] std::string paper_genesis_text();

/// A receipt of a transaction with signers of every algorithm and of a state key that held
/// nothing; the validator set changes twice before its header, and one validator did not vote.
[[nodiscard]] model::Receipt paper_receipt(const model::Genesis& genesis);

}  // namespace xl::golden
