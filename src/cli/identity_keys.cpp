// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/identity_keys.h"

#include "base/checked.h"
#include "base/json/json.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/table.h"
#include "cli/words.h"
#include "client/card.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/possession.h"
#include "contracts/identity/records.h"
#include "crypto/signature.h"
#include "model/receipt.h"

namespace xl::cli {
namespace {

namespace identity = contracts::identity;
using client::bytes_of;
using contracts::PartyKind;

constexpr std::size_t point_bytes = 33;  // of a passkey's key: the rpId stands behind it

struct KeyOptions {
  std::string did;
  std::string key_id;
  std::string code;
};

/// A key of somebody, and of a passkey the host it signs in at.
void add_key_row(Table& table, json::Value key, const Actor& actor, const Console& console) {
  const auto text = [&](std::string_view name) {
    return std::string(key.find(name).as_string().value_or(""));
  };
  const client::Identity& who = actor.identity();
  std::string row = text("key_id");
  if (row == to_hex(model::key_id_of(who.key.algorithm(), who.key.public_key()))) {
    row += console.pick(", of this file", ",即此文件中的密钥");
  }
  if (!text("rp_id").empty()) row += std::string(console.pick(" at ", ",用于 ")) + text("rp_id");
  std::uint64_t until = 0;
  if (parse_decimal(text("expires_ms"), until)) {
    row += std::string(console.pick(" until ", " 有效至 ")) + time_text(until);
  }
  table.add({console.words(text("kind")), row});
}

Result<int> show_self(const Session& session, const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document who,
                client::json_of(actor.session().ask("GET", "/auth/v1/whoami")));
  const json::Value root = who.root();
  const auto text = [&](std::string_view name) {
    return std::string(root.find(name).as_string().value_or(""));
  };
  if (console.json()) {
    console.answer(json::write(root), "xinglin/whoami/v1");
    return succeeded;
  }
  Table table({"", ""});
  table.add({console.words("name"), actor.identity().name});
  table.add({console.words("did"), text("did")});
  table.add({console.words("kind"), console.words(text("kind"))});
  table.add({console.words("organisation"), text("organisation")});
  std::string roles;
  for (const json::Value role : root.find("roles").items()) {
    roles += (roles.empty() ? "" : ", ");
    roles += console.words(role_word(static_cast<std::uint32_t>(role.as_uint64().value_or(0))));
  }
  table.add({console.words("roles"), roles});
  for (const json::Value one : root.find("keys").items()) {
    add_key_row(table, one, actor, console);
  }
  for (const json::Value one : root.find("sessions").items()) {
    const auto key = one.find("key_id").as_string().value_or("");
    std::uint64_t until = 0;
    if (!parse_decimal(one.find("expires_ms").as_string().value_or(""), until)) {
      return make_error(ErrorCode::answer_unexpected);
    }
    std::string row = std::string(key) + std::string(console.pick(" until ", " 有效至 "));
    row += time_text(until);
    if (key == text("key_id")) row += console.pick(", this one", ",即本会话");
    table.add({console.words("session"), row});
  }
  table.print(console);
  return succeeded;
}

std::string_view party_status_word(std::uint32_t status) {
  switch (static_cast<identity::PartyStatus>(status)) {
    case identity::PartyStatus::active:
      return "active";
    case identity::PartyStatus::unclaimed:
      return "unclaimed";
    case identity::PartyStatus::deactivated:
      return "deactivated";
  }
  return "unknown";
}

/// What the ledger holds of a party, proved with the genesis.
Result<xinglin::identity::v1::PartyRecord> proved_party(Actor& actor, const model::Id& did) {
  XL_TRY_ASSIGN(const auto value, proved_value(actor, identity::party_key(did)));
  xinglin::identity::v1::PartyRecord party;
  if (!value) return make_error(ErrorCode::party_not_found, model::did_text(did));
  if (!contracts::decode_record(*value, party)) return make_error(ErrorCode::answer_unexpected);
  return party;
}

Result<int> run_show_identity(const Session& session, const KeyOptions& options,
                              const Console& console) {
  if (options.did.empty()) return show_self(session, console);
  XL_TRY_ASSIGN(const model::Id did, id_of(options.did, "DID"));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const auto party, proved_party(actor, did));
  const auto kind = client::kind_word(static_cast<PartyKind>(party.kind()));
  const auto custodian = model::id_from_bytes(view_of(party.custodian()));
  const std::string of = custodian.ok() ? model::did_text(*custodian) : "";
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/party/v1");
    out.key("did").string(model::did_text(did)).key("kind").string(kind);
    out.key("name").string(party.name()).key("status").string(party_status_word(party.status()));
    out.key("organisation").string(of).key("keys").unsigned_integer(party.key_count());
    out.key("since_ms").string(std::to_string(party.since_ms())).key("verified").boolean(true);
    console.answer(out.end_object().take());
    return succeeded;
  }
  Table table({"", ""});
  table.add({console.words("did"), model::did_text(did)});
  table.add({console.words("kind"), console.words(kind)});
  table.add({console.words("name"), party.name()});
  table.add({console.words("status"), console.words(party_status_word(party.status()))});
  table.add({console.words("organisation"), of});
  table.add({console.words("since"), time_text(party.since_ms())});
  table.print(console);
  console.done("Proved by the ledger, with the genesis alone", "已由账本证明,仅凭创世文件核验");
  return succeeded;
}

Result<int> run_list_identities(const Session& session, const KeyOptions&, const Console& console) {
  XL_TRY_ASSIGN(client::NodeAddress address, address_of(session));
  client::HttpClient http(std::move(address));
  XL_TRY_ASSIGN(const json::Document all, client::json_of(http.get("/o")));
  if (console.json()) {
    console.answer(json::write(all.root()));
    return succeeded;
  }
  Table table({"DID", std::string(console.pick("NAME", "名称")), "FHIR"});
  for (const json::Value one : all.root().find("organisations").items()) {
    const auto text = [&](std::string_view name) {
      return std::string(one.find(name).as_string().value_or(""));
    };
    table.add({text("did"), text("name"), text("fhir")});
  }
  table.print(console);
  return succeeded;
}

/// People manage their own keys; an organisation's key is also the node's.
Status check_manages(const client::Identity& who) {
  if (who.kind == PartyKind::practitioner || who.kind == PartyKind::patient ||
      who.kind == PartyKind::guardian) {
    return {};
  }
  return make_error(ErrorCode::usage_invalid, "this works for people's own keys");
}

Result<int> run_rotate(const Session& session, const KeyOptions&, const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  const client::Identity& who = actor.identity();
  XL_TRY(check_manages(who));
  XL_TRY_ASSIGN(const auto protection, client::protection_of(session.identity_file));
  XL_TRY_ASSIGN(const Secret secret, secret_for(session, protection));
  client::Identity fresh = client::make_identity(who.name, who.kind, who.organisation);
  fresh.did = who.did;
  fresh.roles = who.roles;
  XL_TRY_ASSIGN(const model::Genesis* genesis, actor.session().genesis());
  const Hash old_key = model::key_id_of(who.key.algorithm(), who.key.public_key());
  const Hash new_key = model::key_id_of(fresh.key.algorithm(), fresh.key.public_key());
  xinglin::identity::v1::RotateKey message;
  message.set_party(bytes_of(who.did.bytes));
  message.set_old_key(bytes_of(old_key));
  client::fill_new_key(client::make_card(fresh, genesis->network), *message.mutable_key());
  // On the disk before it is on the ledger: a lost answer must not lose the key.
  const std::string next = session.identity_file + ".next";
  if (!session.dry_run) XL_TRY(client::write_identity(next, fresh, secret.view()));
  XL_TRY(client::applied(
      actor.session().submit(identity::contract_number, identity::rotate_key_type, message)));
  std::error_code failure;
  std::filesystem::rename(next, session.identity_file, failure);
  if (failure) return make_error(ErrorCode::file_unwritable, "the new key lies in " + next);
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/key-rotated/v1");
    out.key("old_key").string(to_hex(old_key)).key("new_key").string(to_hex(new_key));
    console.answer(out.end_object().take());
  } else {
    console.result(to_hex(new_key));
  }
  console.done("The old key has ended; " + session.identity_file + " holds the new one",
               "旧密钥已失效,新密钥保存在 " + session.identity_file);
  return succeeded;
}

/// What a page asks for, if it is what it says: a passkey of `who` that proved itself.
Result<xinglin::identity::v1::AddKey> passkey_asked(json::Value request,
                                                    const client::Identity& who,
                                                    const Hash& network) {
  const auto text = [&](std::string_view name) {
    return request.find(name).as_string().value_or(std::string_view{});
  };
  if (text("did") != model::did_text(who.did)) {
    return make_error(ErrorCode::signing_request_for_others, "the passkey is for another DID");
  }
  identity::KeyClaim claim{
      who.did, crypto::Algorithm::webauthn_p256, {}, contracts::purpose_manage, 0, 0};
  Bytes proof;
  Hash key_id{};
  const bool held =
      from_base64(text("public_key"), claim.public_key) && from_base64(text("proof"), proof) &&
      from_hex(text("key_id"), key_id) &&
      key_id == model::key_id_of(claim.algorithm, claim.public_key) &&
      view_of(text("rp_id")).size() + point_bytes == claim.public_key.size() &&
      equal(ByteView(claim.public_key).subspan(point_bytes), view_of(text("rp_id"))) &&
      crypto::verify(claim.algorithm, claim.public_key, identity::possession_bytes(network, claim),
                     proof);
  if (!held) {
    return make_error(ErrorCode::assertion_invalid, "the passkey did not prove itself");
  }
  xinglin::identity::v1::AddKey out;
  out.set_party(bytes_of(who.did.bytes));
  auto* key = out.mutable_key();
  key->set_algorithm(static_cast<std::uint32_t>(claim.algorithm));
  key->set_public_key(bytes_of(claim.public_key));
  key->set_purposes(claim.purposes);
  key->set_proof(bytes_of(proof));
  return out;
}

/// Puts the passkey of the page that shows a code beside one's own key.
Result<int> run_add_passkey(const Session& session, const KeyOptions& options,
                            const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::open(session));
  XL_TRY(check_manages(actor.identity()));
  XL_TRY_ASSIGN(client::NodeAddress address, address_of(session));
  client::HttpClient node(std::move(address));
  XL_TRY_ASSIGN(const json::Document asked,
                client::json_of(node.get("/o/" + actor.organisation().text() + "/oauth/device/" +
                                         options.code + "/passkey")));
  XL_TRY_ASSIGN(const model::Genesis* genesis, actor.session().genesis());
  XL_TRY_ASSIGN(const auto message,
                passkey_asked(asked.root(), actor.identity(), genesis->network));
  const auto text = [&](std::string_view name) {
    return std::string(asked.root().find(name).as_string().value_or(""));
  };
  console.say("  A passkey for " + text("did") + "\n  at " + text("rp_id") + " (" +
                  text("organisation_name") +
                  ")\n  It will be able to do whatever this key can: sign in, agree, add and end "
                  "keys.\n  Go on only if you have just made it yourself, on a device of yours.",
              "  为 " + text("did") + "\n  添加用于 " + text("rp_id") + "(" +
                  text("organisation_name") +
                  ")的通行密钥\n  它能做此密钥所能做的一切:登录、同意、增加和终止密钥。\n  "
                  "仅当它是您本人刚刚在自己的设备上创建时才继续。");
  const auto sent =
      actor.session().submit(identity::contract_number, identity::add_key_type, message);
  XL_TRY(client::applied(sent));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/passkey-added/v1");
    out.key("transaction_id").string(sent->transaction_id).key("key_id").string(text("key_id"));
    out.key("rp_id").string(text("rp_id")).end_object();
    console.answer(out.take());
  } else {
    console.result(text("key_id"));
  }
  console.done("Added: the page in the browser goes on; 'identity revoke' ends the passkey",
               "已添加:请回到浏览器中的页面;如需终止该通行密钥,请用 identity revoke");
  return succeeded;
}

/// A session ends alone; a key ends with the sessions it opened.
Result<client::Sent> send_end(Actor& actor, const Hash& key, bool is_session) {
  if (is_session) {
    xinglin::identity::v1::EndDelegation message;
    message.set_key(bytes_of(key));
    return actor.session().submit(identity::contract_number, identity::end_delegation_type,
                                  message);
  }
  XL_TRY(check_manages(actor.identity()));
  xinglin::identity::v1::RevokeKey message;
  message.set_party(bytes_of(actor.identity().did.bytes));
  message.set_key(bytes_of(key));
  return actor.session().submit(identity::contract_number, identity::revoke_key_type, message);
}

Result<int> run_revoke_key(const Session& session, const KeyOptions& options,
                           const Console& console) {
  Hash key{};
  if (!from_hex(options.key_id, key)) {
    return make_error(ErrorCode::usage_invalid, "KEYID is 64 hexadecimal digits, in lower case");
  }
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const auto value, proved_value(actor, identity::key_key(key)));
  xinglin::identity::v1::KeyRecord record;
  if (value && !contracts::decode_record(*value, record)) {
    return make_error(ErrorCode::answer_unexpected);
  }
  // A key that nobody registered goes on as an own one: the contract says what is wrong with it.
  const bool is_session = record.has_delegation();
  const auto sent = send_end(actor, key, is_session);
  XL_TRY(client::applied(sent));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/key-revoked/v1");
    out.key("transaction_id").string(sent->transaction_id).key("key_id").string(to_hex(key));
    out.key("kind").string(is_session ? "session" : "key").end_object();
    console.answer(out.take());
  } else {
    console.result(sent->transaction_id);
  }
  if (is_session) {
    console.done("The session has ended; the other sessions and the key go on",
                 "该会话已结束,其他会话和密钥不受影响");
  } else {
    console.done("The key has ended, and the sessions it opened", "该密钥及其会话已失效");
  }
  return succeeded;
}

}  // namespace

Result<std::optional<Bytes>> proved_value(Actor& actor, const Bytes& key) {
  XL_TRY_ASSIGN(const client::HttpResponse answer,
                actor.session().ask("GET", "/ledger/v1/state/" + to_hex(key)));
  if (answer.status != 200) return client::error_of(answer);
  XL_TRY_ASSIGN(model::Receipt receipt, model::read_receipt(answer.body));
  XL_TRY_ASSIGN(const model::Genesis* genesis, actor.session().genesis());
  XL_TRY(model::verify_receipt(receipt, *genesis));
  if (!receipt.state || receipt.state->key != key) return make_error(ErrorCode::answer_unexpected);
  return std::move(receipt.state->value);
}

void add_identity_key_commands(CLI::App* group, Session& session) {
  auto options = std::make_shared<KeyOptions>();
  auto* show = group->add_subcommand("show", "yourself, or what the ledger proves of a DID");
  show->add_option("DID", options->did, "default: yourself");
  show->footer(
      "Examples:\n  xinglin identity show --as ward.json\n"
      "  xinglin identity show did:xinglin:… --as ward.json --json");
  choose(show, session, options, run_show_identity);
  auto* list = group->add_subcommand("list", "the organisations of the node");
  list->footer("Examples:\n  xinglin identity list\n  xinglin identity list --json");
  choose(list, session, options, run_list_identities);
  auto* rotate = group->add_subcommand("rotate", "put a new key in the place of yours");
  rotate->footer(
      "Examples:\n  xinglin identity rotate --as ward.json\n"
      "  xinglin identity rotate --as ada.json --passphrase-file phrase");
  choose_change(rotate, session, options, run_rotate);
  auto* passkey = group->add_subcommand("add-passkey", "add the passkey that a browser has made");
  passkey->add_option("CODE", options->code, "as your browser shows it")->required();
  passkey->footer(
      "Examples:\n  xinglin identity add-passkey BCDF-GHJK --as ada.json\n"
      "  xinglin identity add-passkey BCDF-GHJK --organisation did:xinglin:… --as ward.json");
  choose_change(passkey, session, options, run_add_passkey);
  auto* revoke = group->add_subcommand("revoke", "end one of your keys, or one session");
  revoke
      ->add_option("KEYID", options->key_id,
                   "64 hexadecimal digits; 'identity show' names keys, passkeys and sessions")
      ->required();
  revoke->footer(
      "Examples:\n  xinglin identity revoke 3fa9… --as ward.json\n"
      "  xinglin identity revoke 3fa9… --as hospital.json");
  choose_change(revoke, session, options, run_revoke_key);
}

}  // namespace xl::cli
