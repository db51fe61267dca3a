// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/access_verify.h"

#include <utility>

#include "base/checked.h"
#include "base/file.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/checkpoint.h"
#include "cli/words.h"
#include "client/access_judgement.h"
#include "client/access_proof.h"
#include "contracts/access/view.h"
#include "contracts/identity/sign_in.h"
#include "model/limits.h"

namespace xl::cli {
namespace {

constexpr std::uint64_t proof_bytes_max = 64U << 20U;

struct ProofOptions {
  std::string sequence;
  std::string patient;
  std::string genesis;
  std::string out;  ///< save the proof
  std::vector<std::string> checkpoints;
  std::string file;  ///< check a saved proof, without a node
};

Result<json::Document> fetch_proof(const Session& session, const ProofOptions& options) {
  std::uint64_t sequence = 0;
  if (!parse_decimal(options.sequence, sequence) || sequence == 0) {
    return make_error(ErrorCode::usage_invalid, "NUMBER is the number of an entry of the log");
  }
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  std::string path = "/access-log/" + std::to_string(sequence) + "/proof";
  if (!options.patient.empty()) {
    XL_TRY_ASSIGN(const model::Id id, id_of(options.patient, "--patient"));
    path += "?patient=" + model::did_text(id);
  }
  return client::json_of(actor.ask("GET", path));
}

Result<json::Document> read_proof(const std::string& path) {
  XL_TRY_ASSIGN(const Bytes raw, read_file(path, proof_bytes_max));
  json::Limits bounds;
  bounds.bytes_max = proof_bytes_max;
  return json::in_file(json::parse(text_of(raw), bounds), text_of(raw), path);
}

std::string roles_text(const client::ProvenAccess& access, const Console& console) {
  std::string out;
  for (const std::uint32_t role : access.details.roles()) {
    out += (out.empty() ? "" : ", ") + console.words(role_word(role));
  }
  return out;
}

/// ` RECORD, version N` when the entry is about a record.
std::string record_text(const client::ProvenAccess& access, const Console& console) {
  const Bytes& subject = access.entry.subject;
  if (subject.size() != limits::id_bytes + 4) return {};
  const auto record = model::id_from_bytes(ByteView(subject).first(limits::id_bytes));
  if (!record.ok()) return {};
  const auto version = read_be<std::uint32_t>(ByteView(subject).subspan(limits::id_bytes));
  return " " + console.words(record->text() + " version " + std::to_string(version));
}

/// Whether the decision was run again, on what the custodian disclosed. Errors: those of
/// `client::judge`.
Result<bool> decided_again(json::Value proof, const client::ProvenAccess& access,
                           const model::Trust& trust) {
  XL_TRY_ASSIGN(const auto disclosure, client::read_disclosure(proof));
  if (!disclosure) return false;
  XL_TRY_ASSIGN(const client::Judgement out, client::judge(access, *disclosure, trust));
  return out == client::Judgement::agrees;
}

void show_json(const client::AccessProof& proof, const client::ProvenAccess& access, bool again,
               const Console& console) {
  const model::JournalEntry& entry = access.entry;
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/access-verification/v1");
  out.key("verified").boolean(true).key("sequence").string(std::to_string(proof.journal.sequence));
  out.key("time_ms").unsigned_integer(entry.time_ms);
  out.key("requester").string(model::did_text(entry.actor));
  out.key("organisation").string(model::did_text(entry.organisation));
  out.key("patient").string(model::did_text(entry.patient));
  out.key("custodian").string(model::did_text(proof.custodian));
  out.key("permitted").boolean(entry.decision == model::JournalDecision::permitted);
  out.key("decided_again").boolean(again);
  out.key("subject").string(to_hex(entry.subject));
  out.key("action").string(entry.action).key("purpose").string(entry.purpose);
  out.key("key_id").string(to_hex(view_of(access.details.key())));
  const auto stated = contracts::identity::stated_in(access.details.sign_in().challenge());
  out.key("stated").string(stated.organisation).key("app").string(stated.app);
  out.key("transaction_id").string(to_hex(proof.anchor.entry->transaction_id));
  out.key("height").string(std::to_string(proof.anchor.entry->height)).end_object();
  console.answer(out.take());
}

/// What was checked, and what stays somebody's word.
void show_checked(const model::JournalEntry& entry,
                  const xinglin::access::v1::AccessDetails& details, const Console& console) {
  const bool permitted = entry.decision == model::JournalDecision::permitted;
  const auto stated = contracts::identity::stated_in(details.sign_in().challenge());
  if (contracts::access::is_glass_action(entry.action) && details.key().empty()) {
    console.result(std::string(
        permitted
            ? console.pick(
                  "  Checked: the ledger's record of the emergency, which whoever declared it "
                  "signed, and the place in the keeper's journal.",
                  "  已核验:账本上的紧急查看记录(由声明者签名),以及条目在保管机构日志中的位置。")
            : console.pick("  Checked: the place in the keeper's journal. Who tried is the word of "
                           "the institution that brought it.",
                           "  已核验:条目在保管机构日志中的位置。何人尝试,为提交机构的陈述。")));
    return;
  }
  if (!stated.organisation.empty()) {
    console.result(std::string(console.pick(
        "  Checked: the organisation's signature at sign-in for whom it names, the right of that "
        "key "
        "on the ledger at that time, the place in the keeper's journal. That it was them, and that "
        "this one request followed, is the organisation's word.",
        "  已核验:机构在登录时为其所指人员作出的签名、该密钥当时在账本上的权限,以及条目在保管机构"
        "日志中的位置。是否为本人、此次请求是否随后发生,均为机构的陈述。")));
    return;
  }
  console.result(std::string(console.pick(
      "  Checked: the requester's own signature at sign-in, the right of that key on the ledger at "
      "that time, the session of a requester from elsewhere, the place in the keeper's journal. "
      "The "
      "sign-in is the requester's; that this one request followed it is the keeper's word.",
      "  "
      "已核验:查看者登录时的本人签名、该密钥当时在账本上的权限、外部查看者的会话,以及条目在保管机构"
      "日志中的位置。登录由查看者本人签名;此次请求随后发生则为保管机构的陈述。")));
}

void show(const client::AccessProof& proof, const client::ProvenAccess& access, bool again,
          const Console& console) {
  if (console.json()) {
    show_json(proof, access, again, console);
    return;
  }
  const model::JournalEntry& entry = access.entry;
  const auto line = [&](std::string_view en, std::string_view zh, const std::string& text) {
    console.result("  " + std::string(console.pick(en, zh)) + text);
  };
  const bool permitted = entry.decision == model::JournalDecision::permitted;
  console.result(std::string(console.pick("✓ Entry ", "✓ 条目 ")) +
                 std::to_string(proof.journal.sequence) +
                 std::string(permitted ? console.pick(" happened: seen", " 属实:已查看")
                                       : console.pick(" happened: refused", " 属实:已拒绝")));
  line("when     ", "时间    ", time_text(entry.time_ms));
  const bool machine = entry.actor == entry.organisation;
  line("who      ", "人员    ",
       machine ? std::string(console.pick("its systems", "机构系统"))
               : model::did_text(entry.actor) + " (" + roles_text(access, console) + ")");
  const auto stated = contracts::identity::stated_in(access.details.sign_in().challenge());
  if (!stated.organisation.empty()) {
    line("its word ", "机构陈述", console.words(std::string(stated.organisation)));
  }
  if (!stated.app.empty()) line("app      ", "应用    ", std::string(stated.app));
  line("for      ", "机构    ", model::did_text(entry.organisation));
  line("patient  ", "患者    ", model::did_text(entry.patient));
  line("what     ", "内容    ", console.words(entry.action) + record_text(access, console));
  line("why      ", "目的    ", entry.purpose);
  line("keeper   ", "保管    ", model::did_text(proof.custodian));
  line("anchored ", "存证    ",
       std::string(console.pick("at height ", "高度 ")) +
           std::to_string(proof.anchor.entry->height) + ", " + proof.anchor.block.header.chain_id);
  if (again) {
    line("decided  ", "决定    ",
         std::string(console.pick("run again with your consents and the record's labels: the same",
                                  "已用您的授权与记录标签重新判定:结果一致")));
  }
  show_checked(entry, access.details, console);
}

Result<int> verify_log(json::Value document, const model::Trust& trust, const Console& console) {
  std::vector<client::AccessProofs> pages;
  for (const json::Value one : document.find("pages").items()) {
    XL_TRY_ASSIGN(client::AccessProofs page, client::read_access_proofs(one));
    pages.push_back(std::move(page));
  }
  XL_TRY_ASSIGN(const client::ProvenAccessList log, client::check_access_list(pages, trust));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/access-log-verification/v1");
    out.key("verified").boolean(true);
    out.key("patient").string(model::did_text(log.patient));
    out.key("custodian").string(model::did_text(log.custodian));
    out.key("proven").unsigned_integer(log.proven).key("waiting").unsigned_integer(log.waiting);
    out.key("total").unsigned_integer(log.total);
    out.key("height").string(std::to_string(log.height));
    out.key("signed_ms").string(std::to_string(log.time_ms)).end_object();
    console.answer(out.take());
    return succeeded;
  }
  const std::string proven = std::to_string(log.proven);
  const std::string total = std::to_string(log.total);
  console.result(std::string(console.pick("✓ Proven by the ledger: ", "✓ 账本证明属实:")) + proven +
                 std::string(console.pick(" entries happened as listed", " 条记录")));
  console.result(
      std::string(console.pick("  Signed by the keeper: there were ", "  保管机构签名声明:共有 ")) +
      total +
      std::string(console.pick(" in all, these and no others, at ", " 条,即所列各条,时间 ")) +
      time_text(log.time_ms) + std::string(console.pick(", height ", ",高度 ")) +
      std::to_string(log.height));
  if (log.waiting > 0) {
    console.result("  " + std::to_string(log.waiting) +
                   std::string(console.pick(" of them were not on the ledger yet: the keeper's "
                                            "word alone",
                                            " 条在保存时尚未写入账本,仅为保管机构的陈述")));
  }
  return succeeded;
}

bool is_number(const std::string& text) {
  std::uint64_t number = 0;
  return parse_decimal(text, number);
}

Result<int> run_verify_access(const Session& session, const ProofOptions& given,
                              const Console& console) {
  ProofOptions options = given;
  if (!options.sequence.empty() && !is_number(options.sequence) && options.file.empty()) {
    options.file = std::exchange(options.sequence, {});
  }
  if (options.sequence.empty() == options.file.empty()) {
    return make_error(ErrorCode::usage_invalid, "the NUMBER of an entry, or a saved FILE");
  }
  json::Document document = json::Document::object();
  if (options.file.empty()) {
    XL_TRY_ASSIGN(document, fetch_proof(session, options));
  } else {
    XL_TRY_ASSIGN(document, read_proof(options.file));
  }
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of(options.genesis, session));
  XL_TRY_ASSIGN(const model::Trust trust, trust_of(genesis, options.checkpoints));
  if (document.root().find("schema").as_string() == "xinglin/access-log-proofs/v1") {
    return verify_log(document.root(), trust, console);
  }
  XL_TRY_ASSIGN(const client::AccessProof proof, client::read_access_proof(document.root()));
  XL_TRY_ASSIGN(const client::ProvenAccess access, client::check_access_proof(proof, trust));
  XL_TRY_ASSIGN(const bool again, decided_again(document.root(), access, trust));
  show(proof, access, again, console);
  if (options.out.empty()) return succeeded;
  // It tells who saw whose data: for its holder alone.
  XL_TRY(write_file_durably(options.out, view_of(json::write(document.root()) + "\n"), 0600));
  console.done("Saved " + options.out + "; anyone can check it: xinglin access verify --evidence " +
                   options.out + " --genesis GENESIS",
               "已保存 " + options.out + ";任何人可核验:xinglin access verify --evidence " +
                   options.out + " --genesis 创世文件");
  return succeeded;
}

}  // namespace

void add_access_verify_command(CLI::App* group, Session& session) {
  auto options = std::make_shared<ProofOptions>();
  auto* verify = group->add_subcommand("verify", "did an entry of the log happen as it says?");
  verify->add_option("NUMBER", options->sequence,
                     "the entry's number in 'access log', or a file that --out or 'access log "
                     "--proofs' saved");
  verify->add_option("--patient", options->patient, "whose log, as for 'access log'");
  verify->add_option("--genesis", options->genesis, "the network's genesis; default: the node's");
  verify->add_option("--out", options->out, "save the proof to this file");
  verify->add_option("--evidence", options->file, "check what --out saved, without a node");
  add_checkpoint_option(verify, options->checkpoints);
  verify->footer(
      "Examples:\n  xinglin access verify 12 --as ada.json --genesis genesis.json\n"
      "  xinglin access verify log-proofs.json --genesis genesis.json\n"
      "  xinglin access verify --evidence read-12.json --genesis genesis.json");
  choose(verify, session, options, run_verify_access);
}

}  // namespace xl::cli
