// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// links: base crypto model contracts
//
// Goal: no bytes crash the decoders of transactions, envelopes and every contract's payloads, and
// what they accept has one encoding. Method: read anything as each; encode again and compare.
#include <cstdint>

#include "contracts/api/contract.h"
#include "model/envelope.h"
#include "model/transaction.h"

namespace {

/// The first two bytes choose contract and message type, the rest is the payload.
void check_payload(xl::ByteView bytes) {
  if (bytes.size() < 2) return;
  const xl::contracts::Registry registry = xl::contracts::make_registry();
  const auto* contract = registry.find(bytes[0] % 8);
  if (contract == nullptr) return;
  (void)contract->check(bytes[1] % 32, bytes.subspan(2));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const xl::ByteView bytes{data, size};
  const auto transaction = xl::model::decode_transaction(bytes);
  if (transaction.ok()) {
    XL_CHECK(xl::model::encode_body(transaction->body) == transaction->body_bytes);
    XL_CHECK(xl::model::encode_transaction(transaction->body_bytes, transaction->signatures) ==
             transaction->raw);
  }
  (void)xl::model::decode_envelope(bytes);
  check_payload(bytes);
  return 0;
}
