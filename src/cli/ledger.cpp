// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/ledger.h"

#include "base/file.h"
#include "base/json/json.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/checkpoint.h"
#include "cli/cose.h"

namespace xl::cli {
namespace {

/// The body of a GET, signed in when `--as` says as whom.
Result<std::string> fetch(const Session& session, const std::string& target) {
  Result<client::HttpResponse> answer = make_error(ErrorCode::node_unreachable);
  if (session.identity_file.empty()) {
    XL_TRY_ASSIGN(client::NodeAddress address, address_of(session));
    client::HttpClient client(std::move(address));
    answer = client.get(target);
  } else {
    XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
    answer = actor.session().ask("GET", target);
  }
  if (!answer.ok()) return answer.error();
  if (answer->status == 200) return std::move(answer->body);
  return client::error_of(*answer);
}

/// Shows a JSON answer: as it is with --json, indented for people.
constexpr std::string_view receipt_schema = "xinglin/receipt/v1";

int show(const Result<std::string>& body, const Console& console) {
  if (!body.ok()) return console.fail(body.error());
  const auto document = json::parse(*body, {});
  if (!document.ok()) return console.fail(make_error(ErrorCode::answer_unexpected));
  if (!console.json()) {
    console.result(json::write(document->root(), json::Style::pretty));
  } else if (document->root().find("schema").as_string() == receipt_schema) {
    console.document(*body);
  } else {
    console.answer(*body);
  }
  return static_cast<int>(ExitCode::done);
}

int show_head(const Session& session, const Console& console) {
  const auto body = fetch(session, "/ledger/v1/head");
  if (console.json() || !body.ok()) return show(body, console);
  const auto document = json::parse(*body, {});
  if (!document.ok()) return console.fail(make_error(ErrorCode::answer_unexpected));
  for (const json::Member member : document->root().members()) {
    if (member.key == "schema") continue;
    console.result(console.words(member.key) + "\t" +
                   std::string(member.value.as_string().value_or("")));
  }
  return static_cast<int>(ExitCode::done);
}

/// `since=HEIGHT` of the last checkpoint, which begins with `mark`; empty without one. The node may
/// leave out what lies below it.
Result<std::string> since_of(const std::vector<std::string>& checkpoints, char mark) {
  if (checkpoints.empty()) return std::string();
  XL_TRY_ASSIGN(const auto read, read_checkpoints(checkpoints));
  return mark + ("since=" + std::to_string(read.back().content.height));
}

int save_receipt(const Session& session, const std::string& id, const std::string& file,
                 const std::vector<std::string>& checkpoints, const Console& console) {
  const auto since = since_of(checkpoints, '?');
  if (!since.ok()) return console.fail(since.error());
  const auto body = fetch(session, "/ledger/v1/receipts/" + id + *since);
  if (!body.ok()) return console.fail(body.error());
  if (file.empty()) {
    console.result(*body);  // as it would be written to a file
    return static_cast<int>(ExitCode::done);
  }
  const Status written = write_file_durably(file, view_of(*body));
  if (!written.ok()) return console.fail(written.error());
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/receipt-saved/v1").key("transaction_id");
    console.answer(out.string(id).key("file").string(file).end_object().take());
  }
  console.done("Saved " + file + "; check it with: xinglin verify " + file + " --genesis GENESIS",
               "已保存 " + file + ";核验命令:xinglin verify " + file + " --genesis 创世文件");
  return static_cast<int>(ExitCode::done);
}

/// The receipt as a statement of whoever `--as` names: verified before it is signed.
Result<int> save_cose(const Session& session, const std::string& id, const std::string& file,
                      const Console& console) {
  XL_TRY_ASSIGN(const client::Identity signer, open_identity(session));
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of({}, session));
  Session anybody = session;  // receipts are public: nobody signs in
  anybody.identity_file.clear();
  XL_TRY_ASSIGN(const std::string receipt, fetch(anybody, "/ledger/v1/receipts/" + id));
  XL_TRY_ASSIGN(const Bytes cose, cose_of(receipt, genesis, signer.key));
  XL_TRY(write_file_durably(file, cose));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/cose-receipt/v1");
    out.key("transaction_id").string(id).key("file").string(file).key("key_id");
    out.string(to_hex(model::key_id_of(signer.key.algorithm(), signer.key.public_key())));
    console.answer(out.end_object().take());
  }
  console.done("Saved " + file + "; check it with: xinglin verify " + file + " --genesis GENESIS",
               "已保存 " + file + ";核验命令:xinglin verify " + file + " --genesis 创世文件");
  return succeeded;
}

}  // namespace

void add_ledger_commands(CLI::App& app, Session& session) {
  auto* ledger = app.add_subcommand("ledger", "read and verify the ledger")->require_subcommand(1);
  ledger->footer("Examples:\n  xinglin ledger head\n  xinglin ledger show 12 --as ward.json");
  auto* head = ledger->add_subcommand("head", "what the ledger stands at");
  head->footer("Examples:\n  xinglin ledger head\n  xinglin ledger head --json");
  head->callback([&session] {
    session.run = [&session](const Console& console) { return show_head(session, console); };
  });
  auto id = std::make_shared<std::string>();
  auto* show_command =
      ledger->add_subcommand("show", "a transaction by its id, or a block by its height");
  show_command->add_option("ID", *id, "64 hexadecimal digits, or a height")->required();
  show_command->footer(
      "Examples:\n  xinglin ledger show 12 --as ward.json\n  xinglin ledger show 3fa9… --as "
      "ward.json");
  show_command->callback([id, &session] {
    session.run = [id, &session](const Console& console) {
      const std::string kind = id->size() == 64 ? "transactions/" : "blocks/";
      return show(fetch(session, "/ledger/v1/" + kind + *id), console);
    };
  });
  auto file = std::make_shared<std::string>();
  auto* receipt = ledger->add_subcommand("receipt", "the receipt of a transaction");
  receipt->add_option("ID", *id, "the transaction's id")->required();
  auto cose = std::make_shared<std::string>();
  receipt->add_option("--out", *file, "write it to this file");
  auto* as_cose = receipt->add_option("--cose", *cose,
                                      "write it to this file as a COSE receipt, signed by --as");
  as_cose->excludes("--out");
  auto checkpoints = std::make_shared<std::vector<std::string>>();
  add_checkpoint_option(receipt, *checkpoints);
  as_cose->excludes("--checkpoint");
  receipt->footer(
      "Examples:\n  xinglin ledger receipt 3fa9… --out receipt.json\n"
      "  xinglin ledger receipt 3fa9… --out receipt.json --checkpoint 2027.checkpoint\n"
      "  xinglin ledger receipt 3fa9… --cose receipt.cose --as hospital.json\n"
      "  xinglin ledger receipt 3fa9… | xinglin verify /dev/stdin --genesis genesis.json");
  receipt->callback([id, file, cose, checkpoints, &session] {
    session.run = [id, file, cose, checkpoints, &session](const Console& console) {
      if (cose->empty()) return save_receipt(session, *id, *file, *checkpoints, console);
      const auto saved = save_cose(session, *id, *cose, console);
      return saved.ok() ? *saved : console.fail(saved.error());
    };
  });
  auto key = std::make_shared<std::string>();
  auto height = std::make_shared<std::string>();
  auto* proof = ledger->add_subcommand("proof", "what a state key held, with its proof");
  proof->add_option("KEY", *key, "the key in hexadecimal")->required();
  proof->add_option("--height", *height, "after this block; default: now");
  proof->footer(
      "Examples:\n  xinglin ledger proof 0170aabb… --as ward.json\n"
      "  xinglin ledger proof 0170aabb… --height 12 --as ward.json");
  add_checkpoint_option(proof, *checkpoints);
  proof->callback([key, height, checkpoints, &session] {
    session.run = [key, height, checkpoints, &session](const Console& console) {
      std::string query = height->empty() ? "" : "?height=" + *height;
      const auto since = since_of(*checkpoints, query.empty() ? '?' : '&');
      if (!since.ok()) return console.fail(since.error());
      query += *since;
      return show(fetch(session, "/ledger/v1/state/" + *key + query), console);
    };
  });
}

}  // namespace xl::cli
