// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/ledger/show.h"

#include "model/canonical.h"
#include "model/comet/json.h"
#include "model/ledger.pb.h"
#include "model/transaction.h"

namespace xl::gateway::ledger {

std::string status_name(std::uint32_t status, const contracts::Registry& registry) {
  if (status == 0) return "applied";
  for (const auto& contract : registry.all()) {
    for (const contracts::StatusInfo& info : contract->statuses()) {
      if (info.number == status) return std::string(info.name);
    }
  }
  for (const ErrorInfo& info : error_registry()) {
    if (info.number == status) return std::string(info.name);
  }
  return "unknown";
}

void write_head(json::Writer& out, const query::LedgerHead& head) {
  out.begin_object().key("schema").string("xinglin/head/v1");
  out.key("chain_id").string(head.chain_id);
  out.key("height").string(std::to_string(head.height));
  out.key("block_time")
      .string(model::comet::to_rfc3339(model::comet::timestamp_from_ms(head.block_ms)));
  out.key("app_hash").string(to_hex(head.app_hash));
  out.key("state_root").string(to_hex(head.state_root));
  out.key("history_root").string(to_hex(head.history_root));
  out.key("history_size").string(std::to_string(head.history_size));
  out.key("state_keys").string(std::to_string(head.state_keys)).end_object();
}

void write_entry(json::Writer& out, const model::HistoryEntry& entry,
                 const contracts::Registry& registry) {
  out.begin_object();
  out.key("transaction_id").string(to_hex(entry.transaction_id));
  out.key("height").string(std::to_string(entry.height));
  out.key("index").unsigned_integer(entry.index);
  out.key("envelope_index").unsigned_integer(entry.envelope_index);
  out.key("status").unsigned_integer(entry.status);
  out.key("status_name").string(status_name(entry.status, registry));
  out.key("result_digest").string(to_hex(entry.result_digest)).end_object();
}

void write_result(json::Writer& out, ByteView result, const contracts::Registry& registry) {
  xinglin::ledger::v1::TransactionResult decoded;
  out.begin_array();
  if (model::decode_canonical(result, decoded)) {
    for (const auto& event : decoded.events()) {
      const auto* contract = registry.find(static_cast<std::uint8_t>(event.contract()));
      out.begin_object();
      out.key("contract").string(contract == nullptr ? "unknown" : contract->name());
      out.key("type").unsigned_integer(event.type());
      out.key("attributes").begin_array();
      for (const auto& attribute : event.attributes()) {
        out.begin_object().key("key").unsigned_integer(attribute.key());
        out.key("value").string(to_hex(view_of(attribute.value()))).end_object();
      }
      out.end_array().end_object();
    }
  }
  out.end_array();
}

void write_transaction(json::Writer& out, const query::LedgerTransaction& transaction,
                       const contracts::Registry& registry) {
  out.begin_object().key("schema").string("xinglin/transaction/v1");
  out.key("entry");
  write_entry(out, transaction.entry, registry);
  out.key("history_index").string(std::to_string(transaction.history_index));
  out.key("block_time")
      .string(model::comet::to_rfc3339(model::comet::timestamp_from_ms(transaction.block_ms)));
  out.key("events");
  write_result(out, transaction.result, registry);
  const auto decoded = model::decode_transaction(transaction.raw);
  out.key("signers").begin_array();
  if (decoded.ok()) {
    for (const auto& signer : decoded->body.signers) out.string(to_hex(signer.key_id));
  }
  out.end_array().key("messages").begin_array();
  if (decoded.ok()) {
    for (const auto& message : decoded->body.messages) {
      const auto* contract = registry.find(message.contract);
      out.begin_object().key("contract").string(contract ? contract->name() : "unknown");
      out.key("type").unsigned_integer(message.type);
      out.key("payload").string(to_hex(message.payload)).end_object();
    }
  }
  out.end_array().key("raw").string(to_base64(transaction.raw)).end_object();
}

void write_block(json::Writer& out, const query::LedgerBlock& block,
                 const contracts::Registry& registry) {
  out.begin_object().key("schema").string("xinglin/block/v1");
  out.key("header");
  model::comet::write_header(out, block.header);
  out.key("commit");
  model::comet::write_commit(out, block.commit);
  out.key("transactions").begin_array();
  for (const auto& one : block.executed) out.string(to_hex(one.entry.transaction_id));
  out.end_array().key("rejected").begin_array();
  for (const Hash& id : block.rejected) out.string(to_hex(id));
  out.end_array().key("end_events");
  write_result(out, block.end_result, registry);
  out.end_object();
}

}  // namespace xl::gateway::ledger
