// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "client/identity.h"
#include "model/genesis.h"
#include "model/receipt_cose.h"

namespace xl::cli {

/// Whose key signed a COSE receipt.
struct CoseSigner {
  model::Id did;
  std::string name;  ///< of an organisation of the genesis; empty for others
  crypto::Algorithm algorithm{};
  Bytes public_key;
};

/// A COSE receipt that verified, and who states it.
struct CheckedCose {
  model::CoseReceipt receipt;
  CoseSigner signer;
};

/// The COSE receipt of a JSON receipt that was read from anywhere: it is verified with the genesis
/// first, and the result is checked again. Errors: those of `read_receipt`, `verify_receipt` and
/// `write_cose_receipt`.
[[nodiscard]] Result<Bytes> cose_of(std::string_view receipt, const model::Genesis& genesis,
                                    const crypto::SigningKey& key);

/// Checks a COSE receipt offline. The signer's key is the one that the genesis names, or the one on
/// the card in the file `card` (empty: none). Errors: receipt_malformed, receipt_signer_unknown,
/// receipt_entry_mismatch, receipt_signature_invalid, those of reading the card.
[[nodiscard]] Result<CheckedCose> check_cose(ByteView receipt, const model::Genesis& genesis,
                                             const std::string& card);

}  // namespace xl::cli
