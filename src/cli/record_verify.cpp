// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/record_verify.h"

#include "base/file.h"
#include "base/json/writer.h"
#include "cli/checkpoint.h"
#include "cli/fhir_pages.h"
#include "client/record_proof.h"
#include "model/limits.h"

namespace xl::cli {
namespace {

constexpr std::uint64_t evidence_bytes_max = 64U << 20U;

struct EvidenceOptions {
  std::string name;
  std::string version;
  std::string genesis;
  std::string out;  ///< save the evidence
  std::vector<std::string> checkpoints;
  std::string file;  ///< check saved evidence, without a node
};

/// Content and proof of one version: enough for anyone to check with the genesis alone.
struct Evidence {
  std::string content;
  json::Document proof = json::Document::object();
};

Result<Evidence> fetch_evidence(Actor& actor, const EvidenceOptions& options) {
  XL_TRY_ASSIGN(const ResourceName name, resource_name(options.name));
  Evidence out;
  std::string version = options.version;
  const std::string path = name.text() + (version.empty() ? "" : "/_history/" + version);
  XL_TRY_ASSIGN(client::HttpResponse answer, actor.fhir("GET", path));
  if (answer.status != 200) return client::error_of(answer);
  out.content = std::move(answer.body);
  if (version.empty()) {
    XL_TRY_ASSIGN(const json::Document document, json::parse(out.content, {}));
    version = document.root().find("meta").find("versionId").as_string().value_or("");
  }
  XL_TRY_ASSIGN(out.proof, client::json_of(actor.ask(
                               "GET", "/records/" + name.text() + "/proof?version=" + version)));
  XL_TRY(client::check_named(out.content, name.type, name.id));
  return out;
}

Result<Evidence> read_evidence(const std::string& path) {
  XL_TRY_ASSIGN(const Bytes raw, read_file(path, evidence_bytes_max));
  json::Limits bounds;
  bounds.bytes_max = evidence_bytes_max;
  XL_TRY_ASSIGN(const json::Document document,
                json::in_file(json::parse(text_of(raw), bounds), text_of(raw), path));
  const json::Value root = document.root();
  const auto content = root.find("content").as_string();
  if (root.find("schema").as_string() != "xinglin/record-evidence/v1" || !content ||
      !root.find("proof").is_object()) {
    return make_error(ErrorCode::input_invalid, path + " is no record evidence");
  }
  return Evidence{std::string(*content), json::Document::copy(root.find("proof"))};
}

Status save_evidence(const Evidence& evidence, const std::string& path) {
  json::Writer out(json::Style::pretty);
  out.begin_object().key("schema").string("xinglin/record-evidence/v1");
  out.key("content").string(evidence.content);
  out.key("proof").value(evidence.proof.root()).end_object();
  // It holds the record in the clear.
  return write_file_durably(path, view_of(out.take() + "\n"), 0600);
}

void show_verified(const client::RecordProof& proof, const Console& console) {
  const auto& header = proof.receipt.block.header;
  const std::string height = std::to_string(header.height);
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/record-verification/v1");
    out.key("verified").boolean(true).key("record").string(proof.record.text());
    out.key("version").string(std::to_string(proof.version));
    out.key("patient").string(model::did_text(proof.patient));
    out.key("custodian").string(model::did_text(proof.custodian));
    out.key("content_digest").string(to_hex(proof.content_digest));
    out.key("chain_id").string(header.chain_id).key("signed_height").string(height).end_object();
    console.answer(out.take());
    return;
  }
  console.result(std::string(console.pick("✓ The content is what was anchored as version ",
                                          "✓ 内容与存证一致,版本 ")) +
                 std::to_string(proof.version));
  console.result(std::string(console.pick("  patient  ", "  患者    ")) +
                 model::did_text(proof.patient));
  console.result(std::string(console.pick("  keeper   ", "  保管    ")) +
                 model::did_text(proof.custodian));
  console.result(std::string(console.pick("  network  ", "  网络    ")) + header.chain_id +
                 std::string(console.pick(", signed at height ", ",签名高度 ")) + height);
}

Result<int> run_verify_record(const Session& session, const EvidenceOptions& options,
                              const Console& console) {
  if (options.name.empty() == options.file.empty()) {
    return make_error(ErrorCode::usage_invalid, "name a record TYPE/ID, or saved --evidence FILE");
  }
  Evidence evidence;
  if (options.file.empty()) {
    XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
    XL_TRY_ASSIGN(evidence, fetch_evidence(actor, options));
  } else {
    XL_TRY_ASSIGN(evidence, read_evidence(options.file));
  }
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of(options.genesis, session));
  XL_TRY_ASSIGN(const model::Trust trust, trust_of(genesis, options.checkpoints));
  XL_TRY_ASSIGN(const client::RecordProof proof, client::read_record_proof(evidence.proof.root()));
  XL_TRY(client::check_record_proof(proof, evidence.content, trust));
  show_verified(proof, console);
  if (!options.out.empty()) {
    XL_TRY(save_evidence(evidence, options.out));
    console.done("Saved " + options.out +
                     "; anyone can check it: xinglin record verify --evidence " + options.out +
                     " --genesis GENESIS",
                 "已保存 " + options.out + ";任何人可核验:xinglin record verify --evidence " +
                     options.out + " --genesis 创世文件");
  }
  return succeeded;
}

}  // namespace

void add_record_verify_command(CLI::App* group, Session& session) {
  auto options = std::make_shared<EvidenceOptions>();
  auto* verify = group->add_subcommand("verify", "is a record what the ledger says was written?");
  verify->add_option("TYPE/ID", options->name, "such as Patient/7");
  verify->add_option("--version", options->version, "an earlier version");
  verify->add_option("--genesis", options->genesis, "the network's genesis; default: the node's");
  verify->add_option("--out", options->out, "save content and proof to this file");
  verify->add_option("--evidence", options->file, "check what --out saved, without a node");
  add_checkpoint_option(verify, options->checkpoints);
  verify->footer(
      "Examples:\n  xinglin record verify Observation/bp-1 --as ward.json --genesis genesis.json\n"
      "  xinglin record verify --evidence bp-1.json --genesis genesis.json");
  choose(verify, session, options, run_verify_record);
}

}  // namespace xl::cli
