// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>
#include <iterator>

#include "base/checked.h"
#include "base/json/json.h"
#include "base/json/writer.h"
#include "crypto/merkle.h"
#include "model/comet/json.h"
#include "model/limits.h"
#include "model/receipt.h"

namespace xl::model {
namespace {

constexpr std::string_view schema = "xinglin/receipt/v1";
constexpr std::string_view known_members[] = {
    "schema", "entry",      "history_index", "history_path", "body",  "signers", "result",
    "state",  "state_root", "history_root",  "history_size", "block", "since",   "trust_path"};

Error receipt_error(std::string_view member) {
  return make_error(ErrorCode::receipt_malformed, member);
}

void write_hashes(json::Writer& out, const std::vector<Hash>& hashes) {
  out.begin_array();
  for (const Hash& hash : hashes) out.string(to_hex(hash));
  out.end_array();
}

void write_entry(json::Writer& out, const HistoryEntry& entry) {
  out.begin_object();
  out.key("transaction_id").string(to_hex(entry.transaction_id));
  out.key("height").string(std::to_string(entry.height));
  out.key("index").unsigned_integer(entry.index);
  out.key("envelope_index").unsigned_integer(entry.envelope_index);
  out.key("status").unsigned_integer(entry.status);
  out.key("result_digest").string(to_hex(entry.result_digest));
  out.end_object();
}

void write_state(json::Writer& out, const StateProof& state) {
  out.begin_object();
  out.key("key").string(to_hex(state.key));
  out.key("value");
  if (state.value) {
    out.string(to_hex(*state.value));
  } else {
    out.null();
  }
  out.key("siblings");
  write_hashes(out, state.proof.siblings);
  out.key("leaf");
  if (state.proof.leaf) {
    out.begin_object().key("path").string(to_hex(state.proof.leaf->path));
    out.key("value_hash").string(to_hex(state.proof.leaf->value_hash)).end_object();
  } else {
    out.null();
  }
  out.end_object();
}

Status read_hash(json::Value in, std::string_view name, Hash& out) {
  const auto text = in.find(name).as_string();
  if (!text || !from_hex(*text, out)) return receipt_error(name);
  return {};
}

Status read_hashes(json::Value in, std::string_view name, std::size_t count_max,
                   std::vector<Hash>& out) {
  const json::Value list = in.find(name);
  if (!list.is_array() || list.size() > count_max) return receipt_error(name);
  for (const json::Value item : list.items()) {
    const auto text = item.as_string();
    if (!text || !from_hex(*text, out.emplace_back())) return receipt_error(name);
  }
  return {};
}

Status read_count(json::Value in, std::string_view name, std::uint64_t& out) {
  const auto text = in.find(name).as_string();
  if (!text || !parse_decimal(*text, out)) return receipt_error(name);
  return {};
}

Status read_small(json::Value in, std::string_view name, std::uint32_t& out) {
  const auto number = in.find(name).as_uint64();
  if (!number || *number > UINT32_MAX) return receipt_error(name);
  out = static_cast<std::uint32_t>(*number);
  return {};
}

/// Hex bytes.
Status read_bytes(json::Value in, std::string_view name, std::size_t bytes_max, Bytes& out) {
  const auto text = in.find(name).as_string();
  if (!text || text->size() > bytes_max * 2 || !from_hex(*text, out)) return receipt_error(name);
  return {};
}

Result<HistoryEntry> read_entry(json::Value in) {
  HistoryEntry out;
  XL_TRY(read_hash(in, "transaction_id", out.transaction_id));
  XL_TRY(read_count(in, "height", out.height));
  XL_TRY(read_small(in, "index", out.index));
  XL_TRY(read_small(in, "envelope_index", out.envelope_index));
  XL_TRY(read_small(in, "status", out.status));
  XL_TRY(read_hash(in, "result_digest", out.result_digest));
  return out;
}

Result<StateProof> read_state(json::Value in) {
  StateProof out;
  XL_TRY(read_bytes(in, "key", limits::state_key_bytes_max, out.key));
  if (out.key.empty()) return receipt_error("key");
  if (!in.find("value").is_null()) {
    Bytes value;
    XL_TRY(read_bytes(in, "value", limits::state_value_bytes_max, value));
    if (value.empty()) return receipt_error("value");
    out.value = std::move(value);
  }
  XL_TRY(read_hashes(in, "siblings", crypto::sparse_merkle::depth_max, out.proof.siblings));
  const json::Value leaf = in.find("leaf");
  if (leaf.is_object()) {
    crypto::sparse_merkle::Leaf decoded;
    XL_TRY(read_hash(leaf, "path", decoded.path));
    XL_TRY(read_hash(leaf, "value_hash", decoded.value_hash));
    out.proof.leaf = decoded;
  } else if (!leaf.is_null()) {
    return receipt_error("leaf");
  }
  return out;
}

Status read_signers(json::Value in, std::vector<SignerProof>& out) {
  if (!in.is_array() || in.size() > limits::signers_max) return receipt_error("signers");
  for (const json::Value item : in.items()) {
    SignerProof& signer = out.emplace_back();
    XL_TRY(read_bytes(item, "public_key", limits::signature_bytes_max, signer.public_key));
    XL_TRY(read_bytes(item, "signature", limits::signature_bytes_max, signer.signature));
  }
  return {};
}

Status read_trust_path(json::Value in, std::vector<comet::LightBlock>& out) {
  if (!in.is_array() || in.size() > limits::trust_path_max) return receipt_error("trust_path");
  for (const json::Value item : in.items()) {
    XL_TRY_ASSIGN(comet::LightBlock block, comet::read_light_block(item));
    out.push_back(std::move(block));
  }
  return {};
}

}  // namespace

std::string write_receipt(const Receipt& receipt) {
  json::Writer out(json::Style::pretty);
  out.begin_object().key("schema").string(schema);
  if (receipt.entry) {
    out.key("entry");
    write_entry(out, *receipt.entry);
    out.key("history_index").string(std::to_string(receipt.history_index));
    out.key("history_path");
    write_hashes(out, receipt.history_path);
    out.key("body").string(to_hex(receipt.body));
    out.key("signers").begin_array();
    for (const SignerProof& signer : receipt.signers) {
      out.begin_object().key("public_key").string(to_hex(signer.public_key));
      out.key("signature").string(to_hex(signer.signature)).end_object();
    }
    out.end_array();
    out.key("result").string(to_hex(receipt.result));
  }
  if (receipt.state) {
    out.key("state");
    write_state(out, *receipt.state);
  }
  out.key("state_root").string(to_hex(receipt.state_root));
  out.key("history_root").string(to_hex(receipt.history_root));
  out.key("history_size").string(std::to_string(receipt.history_size));
  out.key("block");
  comet::write_light_block(out, receipt.block);
  if (receipt.since != 0) out.key("since").string(std::to_string(receipt.since));
  out.key("trust_path").begin_array();
  for (const comet::LightBlock& block : receipt.trust_path) comet::write_light_block(out, block);
  out.end_array().end_object();
  return out.take();
}

Result<Receipt> read_receipt(std::string_view text) {
  json::Limits bounds;
  bounds.bytes_max = limits::receipt_bytes_max;
  bounds.depth_max = 16;
  XL_TRY_ASSIGN(const json::Document document, json::parse(text, bounds));
  const json::Value root = document.root();
  if (root.find("schema").as_string() != schema) return receipt_error("schema");
  // A member whose name was altered must not turn into one that is silently left out.
  for (const json::Member member : root.members()) {
    if (std::find(std::begin(known_members), std::end(known_members), member.key) ==
        std::end(known_members)) {
      return receipt_error("unknown member");
    }
  }
  Receipt out;
  if (root.find("entry")) {
    XL_TRY_ASSIGN(out.entry, read_entry(root.find("entry")));
    XL_TRY(read_count(root, "history_index", out.history_index));
    XL_TRY(read_hashes(root, "history_path", crypto::merkle::path_length_max, out.history_path));
    XL_TRY(read_bytes(root, "body", limits::transaction_bytes_max, out.body));
    XL_TRY(read_signers(root.find("signers"), out.signers));
    XL_TRY(read_bytes(root, "result", limits::envelope_bytes_max, out.result));
  }
  if (root.find("state")) {
    XL_TRY_ASSIGN(out.state, read_state(root.find("state")));
  }
  XL_TRY(read_hash(root, "state_root", out.state_root));
  XL_TRY(read_hash(root, "history_root", out.history_root));
  XL_TRY(read_count(root, "history_size", out.history_size));
  XL_TRY_ASSIGN(out.block, comet::read_light_block(root.find("block")));
  if (root.find("since")) {
    XL_TRY(read_count(root, "since", out.since));
    const auto signed_at =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, out.block.header.height));
    if (out.since == 0 || out.since >= signed_at) return receipt_error("since");
  }
  XL_TRY(read_trust_path(root.find("trust_path"), out.trust_path));
  return out;
}

}  // namespace xl::model
