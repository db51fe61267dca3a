// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/ledger/proved.h"

#include "base/json/json.h"
#include "contracts/api/state_value.h"
#include "model/receipt.h"

namespace xl::gateway::ledger {

Status write_receipt_of(json::Writer& out, const Services& services, ByteView key,
                        std::uint64_t height, ErrorCode missing,
                        google::protobuf::Message& record) {
  XL_TRY_ASSIGN(const model::Receipt receipt, services.ledger.state_receipt(key, height));
  if (!receipt.state || !receipt.state->value ||
      !contracts::decode_record(*receipt.state->value, record)) {
    return make_error(missing);  // not yet at this height
  }
  const std::string text = model::write_receipt(receipt);
  json::Limits bounds;
  bounds.bytes_max = text.size();
  XL_TRY_ASSIGN(const json::Document document, json::parse(text, bounds));
  out.key("receipt").value(document.root());
  return {};
}

}  // namespace xl::gateway::ledger
