// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/identity_resolve.h"

#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/words.h"
#include "client/proved.h"
#include "credentials/did.h"

namespace xl::cli {
namespace {

struct ResolveOptions {
  std::string did;
  std::string genesis;
  bool json_ld = false;
};

void show_document(const std::string& document, const client::ProvedAt* at,
                   const Console& console) {
  const auto parsed = json::parse(document, {});
  XL_CHECK(parsed.ok());
  if (!console.json()) {
    console.result(json::write(parsed->root(), json::Style::pretty));
    return;
  }
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/did-resolution/v1");
  out.key("verified").boolean(true).key("document").value(parsed->root());
  if (at != nullptr) {
    out.key("height").string(std::to_string(at->height));
    out.key("block_ms").string(std::to_string(at->block_ms));
  }
  console.answer(out.end_object().take());
}

Result<json::Document> ask_resolver(const Session& session, const std::string& did) {
  const std::string target = "/1.0/identifiers/" + did + "?proof=true";
  if (!session.identity_file.empty()) {
    XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
    return client::json_of(actor.session().ask("GET", target));
  }
  XL_TRY_ASSIGN(client::NodeAddress address, address_of(session));
  client::HttpClient http(std::move(address));
  const auto answer = http.get(target);
  if (answer.ok() && answer->status == 410) return client::json_of(answer, 410);
  if (answer.ok() && answer->status == 404) return make_error(ErrorCode::did_not_found);
  return client::json_of(answer);
}

Result<int> run_resolve(const Session& session, const ResolveOptions& options,
                        const Console& console) {
  const auto form = options.json_ld ? credentials::DidForm::json_ld : credentials::DidForm::json;
  if (options.did.starts_with(credentials::did_key_prefix)) {
    XL_TRY_ASSIGN(const std::string document, credentials::did_key_document(options.did, form));
    show_document(document, nullptr, console);
    return succeeded;
  }
  const auto did = model::id_from_did(options.did);
  if (!did.ok()) return make_error(ErrorCode::did_invalid);
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of(options.genesis, session));
  XL_TRY_ASSIGN(const json::Document answer, ask_resolver(session, options.did));
  XL_TRY_ASSIGN(const client::ProvedParty proved,
                client::read_party_proof(genesis, *did,
                                         answer.root().find("didDocumentMetadata").find("proof")));
  const SystemClock clock;
  show_document(credentials::did_document(proved.party, clock.now_ms(), form), &proved.at, console);
  const std::string height = std::to_string(proved.at.height);
  const std::string at = time_text(proved.at.block_ms);
  console.done("Made of what the ledger proves at height " + height + " (" + at + ")",
               "依据账本在高度 " + height + "(" + at + ")所证明的内容生成");
  return succeeded;
}

}  // namespace

void add_identity_resolve_command(CLI::App* group, Session& session) {
  auto options = std::make_shared<ResolveOptions>();
  auto* resolve = group->add_subcommand("resolve", "the DID document, made of proved records");
  resolve->add_option("DID", options->did, "did:xinglin:… or did:key:…")->required();
  resolve->add_option("--genesis", options->genesis, "the network's genesis; default: the node's");
  resolve->add_flag("--json-ld", options->json_ld, "with JSON-LD's @context");
  resolve->footer(
      "Examples:\n  xinglin identity resolve did:xinglin:…\n"
      "  xinglin identity resolve did:xinglin:… --as ward.json --genesis genesis.json\n"
      "  xinglin identity resolve did:key:z6Mk… --json-ld");
  choose(resolve, session, options, run_resolve);
}

}  // namespace xl::cli
