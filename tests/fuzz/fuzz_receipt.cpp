// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// links: base crypto model
//
// Goal: no text crashes the readers of receipts, checkpoints and genesis documents or the verifier,
// and what the reader accepts survives writing and reading. Method: read anything; write it, read
// it again, verify it against a genesis that never signed anything; as COSE under a key that signed
// nothing.
#include <cstdint>

#include "model/checkpoint.h"
#include "model/receipt.h"
#include "model/receipt_cose.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const xl::ByteView bytes{data, size};
  auto genesis = xl::model::read_genesis(bytes);
  const xl::Bytes nobody(32, 1);
  XL_CHECK(!xl::model::verify_cose_receipt(bytes, xl::crypto::Algorithm::ed25519, nobody).ok());
  const auto checkpoint = xl::model::read_checkpoint(xl::text_of(bytes));
  if (checkpoint.ok()) {
    const std::string text = xl::model::write_checkpoint(*checkpoint);
    const auto same = xl::model::read_checkpoint(text);
    XL_CHECK(same.ok() && same->content == checkpoint->content);
    XL_CHECK(xl::model::write_checkpoint(*same) == text);
    const auto weight = xl::model::weigh(*checkpoint, checkpoint->content.members);
    XL_CHECK(!weight.ok() || weight->signed_weight <= weight->total);
  }
  const auto receipt = xl::model::read_receipt(xl::text_of(bytes));
  if (!receipt.ok()) return 0;
  const auto again = xl::model::read_receipt(xl::model::write_receipt(*receipt));
  XL_CHECK(again.ok());
  XL_CHECK(again->body == receipt->body);
  if (!genesis.ok()) genesis = xl::model::Genesis{};
  XL_CHECK(!xl::model::verify_receipt(*receipt, *genesis).ok());
  return 0;
}
