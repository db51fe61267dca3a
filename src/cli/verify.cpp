// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/verify.h"

#include "base/file.h"
#include "base/json/writer.h"
#include "model/limits.h"
#include "model/receipt.h"

namespace xl::cli {
namespace {

struct VerifyOptions {
  std::string receipt;
  std::string genesis;
};

Result<model::Receipt> checked_receipt(const VerifyOptions& options) {
  XL_TRY_ASSIGN(const Bytes genesis_bytes, read_file(options.genesis, limits::genesis_bytes_max));
  XL_TRY_ASSIGN(const model::Genesis genesis, model::read_genesis(genesis_bytes));
  XL_TRY_ASSIGN(const Bytes receipt_bytes, read_file(options.receipt, limits::receipt_bytes_max));
  XL_TRY_ASSIGN(model::Receipt receipt, model::read_receipt(text_of(receipt_bytes)));
  XL_TRY(model::verify_receipt(receipt, genesis));
  return receipt;
}

/// What the receipt proves, as JSON.
std::string proved_json(const model::Receipt& receipt) {
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/verification/v1").key("verified").boolean(true);
  out.key("chain_id").string(receipt.block.header.chain_id);
  out.key("signed_height").string(std::to_string(receipt.block.header.height));
  out.key("signed_time").string(model::comet::to_rfc3339(receipt.block.header.time));
  out.key("signatures").unsigned_integer(receipt.block.commit.signatures.size());
  out.key("transaction_id");
  if (receipt.entry) {
    out.string(to_hex(receipt.entry->transaction_id));
    out.key("height").string(std::to_string(receipt.entry->height));
    out.key("status").unsigned_integer(receipt.entry->status);
  } else {
    out.null();
  }
  out.key("state_key");
  if (receipt.state) {
    out.string(to_hex(receipt.state->key));
    out.key("state_present").boolean(receipt.state->value.has_value());
  } else {
    out.null();
  }
  return out.end_object().take();
}

int run_verify(const VerifyOptions& options, const Console& console) {
  const auto receipt = checked_receipt(options);
  if (!receipt.ok()) return console.fail(receipt.error());
  if (console.json()) {
    console.result(proved_json(*receipt));
    return static_cast<int>(ExitCode::done);
  }
  const auto& header = receipt->block.header;
  const std::string height = std::to_string(header.height);
  if (receipt->entry) {
    const std::string id = to_hex(receipt->entry->transaction_id);
    const std::string at = std::to_string(receipt->entry->height);
    const std::string status = std::to_string(receipt->entry->status);
    console.result(std::string(console.pick("✓ Transaction ", "✓ 交易 ")) + id +
                   std::string(console.pick(" was executed at height ", " 已在高度 ")) + at +
                   std::string(console.pick(" with status ", " 执行,状态为 ")) + status);
  }
  if (receipt->state) {
    console.result(
        std::string(console.pick("✓ State key ", "✓ 状态键 ")) + to_hex(receipt->state->key) +
        std::string(receipt->state->value ? console.pick(" held the value given", " 的值如凭证所示")
                                          : console.pick(" held nothing", " 没有值")));
  }
  console.result(std::string(console.pick("  network  ", "  网络    ")) + header.chain_id);
  console.result(std::string(console.pick("  signed   height ", "  签名    高度 ")) + height +
                 ", " + model::comet::to_rfc3339(header.time));
  console.result(std::string(console.pick(
      "  This proves that the network recorded it and nobody changed it since. It does not prove "
      "that what was recorded is medically right.",
      "  这证明该网络记录了此事,且此后无人改动;并不证明所记录的内容在医学上正确。")));
  return static_cast<int>(ExitCode::done);
}

}  // namespace

void add_verify_command(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("verify", "check a receipt offline, with the genesis alone");
  auto options = std::make_shared<VerifyOptions>();
  command->add_option("FILE", options->receipt, "the receipt")->required();
  command->add_option("--genesis", options->genesis, "the network's genesis.json")->required();
  command->footer(
      "Examples:\n  xinglin verify receipt.json --genesis genesis.json\n"
      "  xinglin verify receipt.json --genesis genesis.json --json");
  command->callback([options, &session] {
    session.run = [options](const Console& console) { return run_verify(*options, console); };
  });
}

}  // namespace xl::cli
