// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "base/file.h"
#include "base/json/writer.h"
#include "cli/credential.h"
#include "cli/table.h"
#include "client/evidence.h"
#include "client/session.h"
#include "credentials/check.h"
#include "credentials/did.h"

namespace xl::cli {
namespace {

struct HoldOptions {
  std::string link;
  std::string tx_code;
  std::string wallet;
  bool own_key = false;
  std::string id;
  std::string genesis;
  std::string file;
};

std::string wallet_path(const Session& session, const HoldOptions& options) {
  return options.wallet.empty() ? session.identity_file + ".wallet" : options.wallet;
}

/// A held credential, read without asking anybody.
struct HeldRead {
  credentials::TypeRule type;
  std::string issuer;
  json::Document claims = json::Document::object();
  std::string vct;
};

Result<HeldRead> read_held(const client::Held& held) {
  XL_TRY_ASSIGN(const credentials::SdJwt text, credentials::split_sd_jwt(held.text));
  XL_TRY_ASSIGN(const credentials::Jwt token,
                credentials::read_jwt(
                    text.issued, {credentials::sd_jwt_bytes_max, credentials::claims_depth_max}));
  HeldRead out;
  out.vct = token.text("vct");
  XL_TRY_ASSIGN(out.type, credentials::type_of_vct(out.vct));
  out.issuer = token.text("iss");
  XL_TRY_ASSIGN(out.claims, credentials::disclose(token.payload.root(), text.disclosures));
  return out;
}

void write_held(json::Writer& out, const client::Held& held, const HeldRead& read) {
  out.begin_object().key("id").string(held.id).key("type").string(read.type.name);
  out.key("issuer").string(read.issuer).key("claims").begin_object();
  for (const credentials::ClaimRule& rule : credentials::claims_of(read.type.type)) {
    const json::Value value = read.claims.root().find(rule.name);
    if (value.present()) out.key(rule.name).value(value);
  }
  out.end_object().end_object();
}

/// What came is believed no more than what a stranger shows: its issuer is on the ledger and may
/// issue it, and it is bound to the key that was proved.
Status check_taken(const Session& session, const HoldOptions& options, const std::string& text,
                   const crypto::SigningKey& key) {
  XL_TRY_ASSIGN(const credentials::SdJwt split, credentials::split_sd_jwt(text));
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of(options.genesis, session));
  XL_TRY_ASSIGN(client::NodeAddress address, address_of(session));
  client::HttpClient http(std::move(address));
  XL_TRY_ASSIGN(const auto evidence, client::fetch_evidence(http, split, false));
  client::ProvedState state(genesis);
  for (const json::Document& one : evidence) XL_TRY(state.take(one.root()));
  const SystemClock clock;
  XL_TRY_ASSIGN(const credentials::Checked checked,
                credentials::check_credential(split, state, {clock.now_ms(), false}));
  if (checked.standing != credentials::Standing::valid) {
    return make_error(credentials::error_of(checked.standing));
  }
  const bool bound =
      checked.holder && credentials::same_key(*checked.holder, credentials::public_half(key));
  if (!bound) return make_error(ErrorCode::credential_holder_unproved);
  return {};
}

Result<int> run_accept(const Session& session, const HoldOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const client::Identity who, open_identity(session));
  XL_TRY_ASSIGN(client::Wallet wallet, client::Wallet::open(wallet_path(session, options), who));
  const client::Connect connect = connector(session);
  XL_TRY_ASSIGN(const client::OfferTold offer, client::read_offer(connect, options.link));
  if (offer.wants_tx_code && options.tx_code.empty()) {
    return make_error(ErrorCode::usage_invalid, "--code is the code that the issuer told you");
  }
  Bytes salt;
  if (!options.own_key) salt = client::Wallet::fresh_salt();
  XL_TRY_ASSIGN(const crypto::SigningKey key, wallet.key_of(salt));
  const SystemClock clock;
  XL_TRY_ASSIGN(std::string text,
                client::accept_offer(connect, offer, options.tx_code, key, clock));
  XL_TRY(check_taken(session, options, text, key));
  XL_TRY_ASSIGN(const std::string id, wallet.add(std::move(text), std::move(salt)));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/credential-accepted/v1");
    out.key("id").string(id).key("type").string(offer.type);
    out.key("issuer").string(offer.issuer).end_object();
    console.answer(out.take());
  } else {
    console.result(id);
  }
  console.done("Kept, encrypted with your key", "已用您的密钥加密保存");
  console.say("  next: xinglin credential present LINK",
              "  下一步:xinglin credential present 链接");
  return succeeded;
}

Result<int> run_list_held(const Session& session, const HoldOptions& options,
                          const Console& console) {
  XL_TRY_ASSIGN(const client::Identity who, open_identity(session));
  XL_TRY_ASSIGN(const client::Wallet wallet,
                client::Wallet::open(wallet_path(session, options), who));
  Table table({"ID", std::string(console.pick("TYPE", "类型")),
               std::string(console.pick("ISSUER", "签发者"))});
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/credential-list/v1");
  out.key("credentials").begin_array();
  for (const client::Held& held : wallet.all()) {
    XL_TRY_ASSIGN(const HeldRead read, read_held(held));
    write_held(out, held, read);
    table.add({held.id, std::string(read.type.name), read.issuer});
  }
  out.end_array().end_object();
  if (console.json())
    console.answer(out.take());
  else
    table.print(console);
  return succeeded;
}

Result<int> run_show_held(const Session& session, const HoldOptions& options,
                          const Console& console) {
  XL_TRY_ASSIGN(const client::Identity who, open_identity(session));
  XL_TRY_ASSIGN(const client::Wallet wallet,
                client::Wallet::open(wallet_path(session, options), who));
  XL_TRY_ASSIGN(const client::Held held, wallet.find(options.id));
  XL_TRY_ASSIGN(const HeldRead read, read_held(held));
  if (!options.file.empty()) XL_TRY(write_file_durably(options.file, view_of(held.text), 0600));
  json::Writer out(console.json() ? json::Style::compact : json::Style::pretty);
  write_held(out, held, read);
  if (console.json()) {
    console.answer(out.take(), "xinglin/credential-held/v1");
  } else {
    console.result(out.take());
  }
  return succeeded;
}

/// For each query the one that is named, or the first that fits.
Result<client::Held> held_for(const client::Wallet& wallet, const HoldOptions& options,
                              const credentials::CredentialQuery& query) {
  if (!options.id.empty()) return wallet.find(options.id);
  for (const client::Held& held : wallet.all()) {
    const auto read = read_held(held);
    if (!read.ok() || !credentials::wants_type(query, read->vct)) continue;
    const bool has_all = std::all_of(
        query.claims.begin(), query.claims.end(),
        [&](const std::string& name) { return read->claims.root().find(name).present(); });
    if (has_all) return held;
  }
  return make_error(ErrorCode::credential_not_held);
}

Result<int> run_present(const Session& session, const HoldOptions& options,
                        const Console& console) {
  XL_TRY_ASSIGN(const client::Identity who, open_identity(session));
  XL_TRY_ASSIGN(const client::Wallet wallet,
                client::Wallet::open(wallet_path(session, options), who));
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of(options.genesis, session));
  XL_TRY_ASSIGN(client::NodeAddress address, address_of(session));
  client::HttpClient ledger(std::move(address));
  const client::Connect connect = connector(session);
  const SystemClock clock;
  XL_TRY_ASSIGN(const client::RequestTold request,
                client::read_request(connect, options.link, ledger, genesis, clock));
  std::vector<std::string> presentations;
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/credential-presented/v1");
  out.key("verifier").string(model::did_text(request.verifier)).key("shown").begin_array();
  for (const credentials::CredentialQuery& query : request.queries) {
    XL_TRY_ASSIGN(const client::Held held, held_for(wallet, options, query));
    XL_TRY_ASSIGN(std::string text, client::present_for(request, query, held, wallet, clock));
    presentations.push_back(std::move(text));
    out.begin_object().key("id").string(held.id).key("claims").begin_array();
    for (const std::string& name : query.claims) out.string(name);
    out.end_array().end_object();
  }
  out.end_array().end_object();
  if (session.dry_run) return make_error(ErrorCode::dry_run);
  XL_TRY(client::answer_request(connect, request, presentations));
  const std::string shown = out.take();
  if (console.json())
    console.answer(shown);
  else
    console.result(model::did_text(request.verifier));
  console.done("Shown: nothing but what was asked for", "已出示:仅限对方所要求的内容");
  return succeeded;
}

void add_wallet_option(CLI::App* command, const std::shared_ptr<HoldOptions>& options) {
  command->add_option("--wallet", options->wallet, "default: beside the identity file");
}

}  // namespace

void add_credential_hold_commands(CLI::App* group, Session& session) {
  auto options = std::make_shared<HoldOptions>();
  auto* accept = group->add_subcommand("accept", "take a credential that was offered");
  accept->add_option("LINK", options->link, "openid-credential-offer://…")->required();
  accept->add_option("--code", options->tx_code, "the code that the issuer told you");
  accept->add_flag("--own-key", options->own_key,
                   "bind it to your key on the ledger, to sign records with it");
  accept->add_option("--genesis", options->genesis, "the network's genesis; default: the node's");
  add_wallet_option(accept, options);
  accept->footer(
      "Examples:\n  xinglin credential accept 'openid-credential-offer://?…' --code 493536 \\\n"
      "    --as ada.json\n"
      "  xinglin credential accept 'openid-credential-offer://?…' --own-key --as ward.json");
  choose_change(accept, session, options, run_accept);
  auto* list = group->add_subcommand("list", "the credentials in your wallet");
  add_wallet_option(list, options);
  list->footer(
      "Examples:\n  xinglin credential list --as ada.json\n"
      "  xinglin credential list --as ada.json --json");
  choose(list, session, options, run_list_held);
  auto* show = group->add_subcommand("show", "one of them with its claims");
  show->add_option("ID", options->id, "as 'credential list' shows it")->required();
  show->add_option("--out", options->file, "write the whole credential to this file");
  add_wallet_option(show, options);
  show->footer(
      "Examples:\n  xinglin credential show 3fa9 --as ada.json\n"
      "  xinglin credential show 3fa9 --out card.sd-jwt --as ada.json");
  choose(show, session, options, run_show_held);
  auto* present = group->add_subcommand("present", "show what a verifier asks for");
  present->add_option("LINK", options->link, "openid4vp://…")->required();
  present->add_option("--credential", options->id, "which one; default: the first that fits");
  present->add_option("--genesis", options->genesis, "the network's genesis; default: the node's");
  add_wallet_option(present, options);
  present->footer(
      "Examples:\n  xinglin credential present 'openid4vp://?…' --as ada.json\n"
      "  xinglin credential present 'openid4vp://?…' --credential 3fa9 --as ada.json --dry-run");
  choose_change(present, session, options, run_present);
}

}  // namespace xl::cli
