// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "base/file.h"
#include "base/json/writer.h"
#include "cli/credential.h"
#include "cli/credential_foreign.h"
#include "cli/table.h"
#include "cli/words.h"
#include "client/evidence.h"
#include "client/session.h"
#include "credentials/check.h"

namespace xl::cli {
namespace {

constexpr std::uint64_t evidence_file_bytes_max = 64U << 20U;
constexpr std::uint64_t credential_file_bytes_max = 4U << 20U;

struct VerifyOptions {
  std::string file;
  std::string genesis;
  std::string evidence;
  std::string save;
  std::string issuer;
  std::string nonce;
  std::string audience;
  std::string type;
  std::vector<std::string> claims;
  std::string id;
};

std::string trimmed_text(const Bytes& content) {
  std::string_view text = text_of(content);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  return std::string(text);
}

Result<std::vector<json::Document>> evidence_for(const Session& session,
                                                 const VerifyOptions& options,
                                                 const credentials::SdJwt& text) {
  if (!options.evidence.empty()) {
    XL_TRY_ASSIGN(const Bytes content, read_file(options.evidence, evidence_file_bytes_max));
    return json::in_file(client::read_evidence_text(text_of(content)), text_of(content),
                         options.evidence);
  }
  XL_TRY_ASSIGN(client::NodeAddress address, address_of(session));
  client::HttpClient http(std::move(address));
  return client::fetch_evidence(http, text, false);
}

/// `3 minutes`, `2 hours`, `5 days`.
std::string age_text(std::uint64_t age_ms, const Console& console) {
  const std::uint64_t minutes = age_ms / 60'000;
  if (minutes < 120) {
    return std::to_string(minutes) + std::string(console.pick(" minutes", " 分钟"));
  }
  if (minutes < 48 * 60) {
    return std::to_string(minutes / 60) + std::string(console.pick(" hours", " 小时"));
  }
  return std::to_string(minutes / (24 * 60)) + std::string(console.pick(" days", " 天"));
}

void write_checked(json::Writer& out, const credentials::Checked& checked) {
  out.key("type").string(checked.type.name);
  out.key("issuer").string(model::did_text(checked.issuer));
  out.key("issuer_name").string(checked.issuer_name);
  out.key("issued_s").unsigned_integer(checked.issued_s);
  out.key("until_s").unsigned_integer(checked.until_s);
  out.key("issuer_key_ended_ms").string(std::to_string(checked.issuer_key_ended_ms));
  out.key("claims").begin_object();
  for (const credentials::ClaimRule& rule : credentials::claims_of(checked.type.type)) {
    const json::Value value = checked.claims.root().find(rule.name);
    if (value.present()) out.key(rule.name).value(value);
  }
  out.end_object();
}

void show_checked(const credentials::Checked& checked, std::uint64_t as_of_ms, std::uint64_t now_ms,
                  const Console& console) {
  const std::uint64_t age_ms = as_of_ms == 0 || as_of_ms > now_ms ? 0 : now_ms - as_of_ms;
  const std::string_view word = credentials::standing_word(checked.standing);
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/credential-verification/v1");
    out.key("status").string(word);
    out.key("status_as_of_ms").string(std::to_string(as_of_ms));
    out.key("status_age_seconds").unsigned_integer(age_ms / 1000);
    write_checked(out, checked);
    console.answer(out.end_object().take());
    return;
  }
  Table table({"", ""});
  table.add({console.words("status"), console.words(word)});
  const std::string unknown(console.pick("unknown", "未知"));
  table.add(
      {std::string(console.pick("status as of", "状态截至")),
       as_of_ms == 0 ? unknown : time_text(as_of_ms) + " (" + age_text(age_ms, console) + ")"});
  table.add({std::string(console.pick("type", "类型")), std::string(checked.type.name)});
  table.add({std::string(console.pick("issuer", "签发者")),
             checked.issuer_name + " " + model::did_text(checked.issuer)});
  for (const credentials::ClaimRule& rule : credentials::claims_of(checked.type.type)) {
    const auto value = checked.claims.root().find(rule.name).as_string();
    if (value) table.add({std::string(console.pick(rule.en, rule.zh)), std::string(*value)});
  }
  table.print(console);
}

Result<int> run_verify_credential(const Session& session, const VerifyOptions& options,
                                  const Console& console) {
  XL_TRY_ASSIGN(const Bytes content, read_file(options.file, credential_file_bytes_max));
  const auto foreign = verify_foreign(trimmed_text(content), options.issuer, console);
  if (foreign) return *foreign;
  XL_TRY_ASSIGN(const credentials::SdJwt text, credentials::split_sd_jwt(trimmed_text(content)));
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of(options.genesis, session));
  XL_TRY_ASSIGN(const std::vector<json::Document> evidence, evidence_for(session, options, text));
  client::ProvedState state(genesis);
  for (const json::Document& one : evidence) XL_TRY(state.take(one.root()));
  const SystemClock clock;
  const std::uint64_t now_ms = clock.now_ms();
  XL_TRY_ASSIGN(const credentials::Checked checked,
                credentials::check_credential(text, state, {now_ms, false}));
  if (!options.nonce.empty()) {
    if (!checked.holder) return make_error(ErrorCode::credential_holder_unproved);
    XL_TRY(credentials::check_binding(text, *checked.holder,
                                      {options.audience, options.nonce, now_ms / 1000}));
  }
  if (!options.save.empty()) {
    XL_TRY(write_file_durably(options.save, view_of(client::evidence_text(evidence))));
  }
  show_checked(checked, state.status_as_of_ms(), now_ms, console);
  if (checked.standing == credentials::Standing::valid) {
    console.done("The issuer signed it, was allowed to, and has not taken it back",
                 "由有权的签发者签署,且未被收回");
    return succeeded;
  }
  return static_cast<int>(exit_code_of(credentials::error_of(checked.standing)));
}

Result<int> run_request_credential(const Session& session, const VerifyOptions& options,
                                   const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  json::Writer body;
  body.begin_object().key("type").string(options.type).key("claims").begin_array();
  for (const std::string& name : options.claims) body.string(name);
  body.end_array().end_object();
  XL_TRY_ASSIGN(
      const json::Document made,
      client::json_of(actor.ask("POST", "/credentials/requests", "application/json", body.take()),
                      201));
  if (console.json()) {
    console.answer(json::write(made.root()));
    return succeeded;
  }
  const auto text = [&](std::string_view name) {
    return std::string(made.root().find(name).as_string().value_or(""));
  };
  console.result(text("link"));
  console.say("  next: xinglin credential result " + text("id"),
              "  下一步:xinglin credential result " + text("id"));
  return succeeded;
}

Result<int> run_request_result(const Session& session, const VerifyOptions& options,
                               const Console& console) {
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(
      const json::Document result,
      client::json_of(actor.ask("GET", "/credentials/requests/" + options.id + "/result")));
  if (console.json()) {
    console.answer(json::write(result.root()));
  } else {
    console.result(json::write(result.root(), json::Style::pretty));
  }
  return succeeded;
}

Result<int> run_status_list(const Session& session, const VerifyOptions& options,
                            const Console& console) {
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of(options.genesis, session));
  XL_TRY_ASSIGN(client::NodeAddress address, address_of(session));
  client::HttpClient http(std::move(address));
  XL_TRY_ASSIGN(json::Document list,
                client::json_of(http.get("/ledger/v1/status-lists/" + options.id)));
  client::ProvedState state(genesis);
  XL_TRY(state.take(list.root()));
  const auto id = model::id_from_text(options.id);
  if (!id.ok()) return make_error(ErrorCode::status_list_unknown);
  const auto record = contracts::credentials::find_list(state, *id);
  if (!record) return make_error(ErrorCode::status_list_unknown);
  const Bytes bits = contracts::credentials::bits_of(state, *id);
  std::uint64_t set = 0;
  for (std::uint32_t i = 0; i < record->entries(); ++i) {
    if (credentials::bit_at(bits, i)) ++set;
  }
  if (!options.save.empty()) {
    std::vector<json::Document> documents;
    documents.push_back(json::Document::copy(list.root()));
    XL_TRY(write_file_durably(options.save, view_of(client::evidence_text(documents))));
  }
  const std::string_view purpose =
      credentials::purpose_word(static_cast<credentials::StatusPurpose>(record->purpose()));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/status-list-verification/v1");
    out.key("list").string(options.id).key("purpose").string(purpose);
    out.key("entries").unsigned_integer(record->entries()).key("set").unsigned_integer(set);
    out.key("as_of_ms").string(std::to_string(state.status_as_of_ms())).end_object();
    console.answer(out.take());
  } else {
    console.result(std::string(purpose) + "\t" + std::to_string(set) + "/" +
                   std::to_string(record->entries()) + "\t" + time_text(state.status_as_of_ms()));
  }
  return succeeded;
}

void add_request_commands(CLI::App* group, Session& session,
                          const std::shared_ptr<VerifyOptions>& options) {
  auto* request = group->add_subcommand("request", "ask somebody to show a credential");
  request->add_option("TYPE", options->type, "such as PhysicianLicence")->required();
  request->add_option("--claims", options->claims, "names of claims to be shown")->delimiter(',');
  request->footer(
      "Examples:\n  xinglin credential request PhysicianLicence --claims licence_number \\\n"
      "    --as hospital.json\n"
      "  xinglin credential request Coverage --claims member_id,plan --as hospital.json");
  choose_change(request, session, options, run_request_credential);
  auto* result = group->add_subcommand("result", "what was shown for a request");
  result->add_option("ID", options->id, "of the request")->required();
  result->footer(
      "Examples:\n  xinglin credential result 3fa9… --as hospital.json\n"
      "  xinglin credential result 3fa9… --as hospital.json --json");
  choose(result, session, options, run_request_result);
}

}  // namespace

void add_credential_verify_commands(CLI::App* group, Session& session) {
  auto options = std::make_shared<VerifyOptions>();
  auto* verify = group->add_subcommand("verify", "a credential, offline too, with its status' age");
  verify->add_option("FILE", options->file, "SD-JWT VC, Data Integrity or SMART Health Card")
      ->required();
  verify->add_option("--genesis", options->genesis, "the network's genesis; default: the node's");
  verify->add_option("--evidence", options->evidence,
                     "saved before: verify without a node, by the status of then");
  verify->add_option("--save-evidence", options->save, "keep what proves it, for later");
  verify->add_option("--issuer", options->issuer,
                     "of a credential from elsewhere: its issuer's JWK Set");
  verify->add_option("--nonce", options->nonce, "that the presentation must be bound to");
  verify->add_option("--audience", options->audience, "whom it must be for; with --nonce");
  verify->footer(
      "Examples:\n  xinglin credential verify licence.sd-jwt --save-evidence licence.json\n"
      "  xinglin credential verify licence.sd-jwt --evidence licence.json --genesis genesis.json");
  choose(verify, session, options, run_verify_credential);
  auto* list = group->add_subcommand("status-list", "a status list, proved by the ledger");
  list->add_option("LIST", options->id, "its id")->required();
  list->add_option("--out", options->save, "keep it for verifying offline");
  list->add_option("--genesis", options->genesis, "the network's genesis; default: the node's");
  list->footer(
      "Examples:\n  xinglin credential status-list mzxw6… --out list.json\n"
      "  xinglin credential status-list mzxw6… --json");
  choose(list, session, options, run_status_list);
  add_request_commands(group, session, options);
}

}  // namespace xl::cli
