// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/verify.h"

#include "base/file.h"
#include "base/json/writer.h"
#include "cli/checkpoint.h"
#include "cli/cose.h"
#include "crypto/signature.h"
#include "model/limits.h"
#include "model/receipt.h"

namespace xl::cli {
namespace {

struct VerifyOptions {
  std::string receipt;
  std::string genesis;
  std::string signer;
  std::vector<std::string> checkpoints;
};

/// How many signatures of the header verify. `verify_receipt` stops at two thirds of the power;
/// this looks at every slot, and most commits hold no vote of the slowest.
std::size_t signatures_of(const model::comet::LightBlock& block) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < block.validators.size(); ++i) {
    const model::comet::CommitSignature& vote = block.commit.signatures[i];
    const Bytes& key = block.validators[i].public_key;
    if (vote.flag == model::comet::BlockIdFlag::commit &&
        equal(vote.address, model::comet::address_of(key)) &&
        crypto::verify_ed25519_zip215(
            key, model::comet::vote_sign_bytes(block.header.chain_id, block.commit, i),
            vote.signature)) {
      ++out;
    }
  }
  return out;
}

/// What the receipt proves, as JSON.
std::string proved_json(const model::Receipt& receipt) {
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/verification/v1").key("verified").boolean(true);
  out.key("chain_id").string(receipt.block.header.chain_id);
  out.key("signed_height").string(std::to_string(receipt.block.header.height));
  out.key("signed_time").string(model::comet::to_rfc3339(receipt.block.header.time));
  out.key("signatures").unsigned_integer(signatures_of(receipt.block));
  const auto text = [&](std::string_view name, const std::string& value) {
    out.key(name).string(value);  // what is empty becomes null
  };
  const auto& entry = receipt.entry;
  const auto& state = receipt.state;
  text("transaction_id", entry ? to_hex(entry->transaction_id) : "");
  text("height", entry ? std::to_string(entry->height) : "");
  out.key("status");
  entry ? out.unsigned_integer(entry->status) : out.null();
  text("state_key", state ? to_hex(state->key) : "");
  out.key("state_present");
  state ? out.boolean(state->value.has_value()) : out.null();
  out.key("format").string("json").key("signer").null();
  out.key("history_size").null().key("history_root").null();
  return out.end_object().take();
}

void show_entry(const model::HistoryEntry& entry, const Console& console) {
  console.result(
      std::string(console.pick("✓ Transaction ", "✓ 交易 ")) + to_hex(entry.transaction_id) +
      std::string(console.pick(" was executed at height ", " 已在高度 ")) +
      std::to_string(entry.height) + std::string(console.pick(" with status ", " 执行,状态为 ")) +
      std::to_string(entry.status));
}

void show_proved(const model::Receipt& receipt, const Console& console) {
  if (console.json()) {
    console.answer(proved_json(receipt));
    return;
  }
  const auto& header = receipt.block.header;
  const std::string height = std::to_string(header.height);
  if (receipt.entry) show_entry(*receipt.entry, console);
  if (receipt.state) {
    console.result(
        std::string(console.pick("✓ State key ", "✓ 状态键 ")) + to_hex(receipt.state->key) +
        std::string(receipt.state->value ? console.pick(" held the value given", " 的值如凭证所示")
                                         : console.pick(" held nothing", " 没有值")));
  }
  console.result(std::string(console.pick("  network  ", "  网络    ")) + header.chain_id);
  console.result(std::string(console.pick("  signed   height ", "  签名    高度 ")) + height +
                 ", " + model::comet::to_rfc3339(header.time));
  console.result(std::string(console.pick(
      "  This proves that the network recorded it and nobody changed it since. It does not prove "
      "that what was recorded is medically right.",
      "  这证明该网络记录了此事,且此后无人改动;并不证明所记录的内容在医学上正确。")));
}

/// The same facts as of a JSON receipt; what only the validators' signatures say is null.
std::string stated_json(const CheckedCose& checked, const model::Genesis& genesis) {
  const model::CoseReceipt& receipt = checked.receipt;
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/verification/v1").key("verified").boolean(true);
  out.key("chain_id").string(genesis.chain_id);
  out.key("signed_height").null().key("signed_time").null();
  out.key("signatures").unsigned_integer(1);
  out.key("transaction_id").string(to_hex(receipt.entry.transaction_id));
  out.key("height").string(std::to_string(receipt.entry.height));
  out.key("status").unsigned_integer(receipt.entry.status);
  out.key("state_key")
      .null()
      .key("state_present")
      .null()
      .key("format")
      .string("cose")
      .key("signer")
      .begin_object();
  out.key("did").string(model::did_text(checked.signer.did)).key("name");
  out.string(checked.signer.name).key("key_id").string(to_hex(receipt.key_id)).end_object();
  out.key("history_size").string(std::to_string(receipt.history_size));
  out.key("history_root").string(to_hex(receipt.history_root));
  return out.end_object().take();
}

void show_stated(const CheckedCose& checked, const model::Genesis& genesis,
                 const Console& console) {
  if (console.json()) {
    console.answer(stated_json(checked, genesis));
    return;
  }
  const std::string name =
      checked.signer.name.empty() ? model::did_text(checked.signer.did) : checked.signer.name;
  show_entry(checked.receipt.entry, console);
  console.result(std::string(console.pick("  network  ", "  网络    ")) + genesis.chain_id);
  console.result(std::string(console.pick("  signed   by ", "  签名    ")) + name);
  console.result(std::string(console.pick(
      "  This proves that this member states it of the ledger's history. It does not carry the "
      "validators' signatures: the JSON receipt does, and needs no trust in one member.",
      "  这证明该成员如此陈述账本历史;其中不含验证者的签名。JSON 凭证含有这些签名,"
      "无需信任单个成员。")));
}

Result<int> run_verify(const VerifyOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const Bytes genesis_bytes, read_file(options.genesis, limits::genesis_bytes_max));
  XL_TRY_ASSIGN(
      const model::Genesis genesis,
      json::in_file(model::read_genesis(genesis_bytes), text_of(genesis_bytes), options.genesis));
  XL_TRY_ASSIGN(const Bytes content, read_file(options.receipt, limits::receipt_bytes_max));
  if (model::begins_like_cose(content)) {
    XL_TRY_ASSIGN(const CheckedCose checked, check_cose(content, genesis, options.signer));
    show_stated(checked, genesis, console);
    return succeeded;
  }
  if (is_checkpoint(text_of(content))) {
    return show_checkpoint(text_of(content), options.receipt, genesis, options.checkpoints,
                           console);
  }
  XL_TRY_ASSIGN(const model::Trust trust, trust_of(genesis, options.checkpoints));
  XL_TRY_ASSIGN(const model::Receipt receipt, json::in_file(model::read_receipt(text_of(content)),
                                                            text_of(content), options.receipt));
  XL_TRY(model::verify_receipt(receipt, trust));
  show_proved(receipt, console);
  return succeeded;
}

}  // namespace

void add_verify_command(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("verify", "check a receipt or checkpoint offline");
  auto options = std::make_shared<VerifyOptions>();
  command->add_option("FILE", options->receipt, "the receipt, as JSON or COSE, or a checkpoint")
      ->required();
  command->add_option("--genesis", options->genesis, "the network's genesis.json")->required();
  command->add_option("--signer", options->signer,
                      "of a COSE receipt: the signer's card, unless the genesis names its key");
  add_checkpoint_option(command, options->checkpoints);
  command->footer(
      "Examples:\n  xinglin verify receipt.json --genesis genesis.json\n"
      "  xinglin verify receipt.json --genesis genesis.json --checkpoint 2027.checkpoint\n"
      "  xinglin verify receipt.cose --genesis genesis.json --json\n"
      "  xinglin verify receipt.cose --genesis genesis.json --signer ward.card");
  choose(
      command, session, options,
      +[](const Session&, const VerifyOptions& given, const Console& console) {
        return run_verify(given, console);
      });
}

}  // namespace xl::cli
