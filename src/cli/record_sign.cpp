// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/record_sign.h"

#include <algorithm>

#include "base/json/writer.h"
#include "cli/credential.h"
#include "cli/fhir_pages.h"
#include "cli/table.h"
#include "cli/words.h"
#include "client/evidence.h"
#include "client/record_proof.h"
#include "contracts/credentials/records.h"
#include "contracts/identity/records.h"
#include "contracts/records/state.pb.h"
#include "credentials/record_signature.h"
#include "model/comet/json.h"

namespace xl::cli {

namespace vc = xl::credentials;

namespace {

constexpr std::string_view credential_extension = "urn:xinglin:fhir:signing-credential";
constexpr std::string_view signature_format = "application/jose";
/// Between what a signature says of its time and the ledger's word for the record that carries it.
constexpr std::uint64_t anchored_within_ms = 15ULL * 60 * 1000;

struct SignOptions {
  std::string name;
  std::string version;
  std::string credential;
  std::string wallet;
  std::string genesis;
};

/// A version of a record as it is served.
struct Version {
  std::string content;
  std::string number;
};

Result<Version> fetch_version(Actor& actor, const ResourceName& name, const std::string& number) {
  const std::string path = name.text() + (number.empty() ? "" : "/_history/" + number);
  XL_TRY_ASSIGN(client::HttpResponse answer, actor.fhir("GET", path));
  if (answer.status != 200) return client::error_of(answer);
  XL_TRY_ASSIGN(const json::Document document, json::parse(answer.body, {}));
  const json::Value meta = document.root().find("meta");
  return Version{std::move(answer.body),
                 std::string(meta.find("versionId").as_string().value_or(""))};
}

/// The licence that is bound to the signer's own key: the one named, or the first.
Result<client::Held> licence_of(const client::Wallet& wallet, const std::string& id) {
  if (!id.empty()) return wallet.find(id);
  for (const client::Held& held : wallet.all()) {
    const auto text = vc::split_sd_jwt(held.text);
    if (!text.ok() || !held.salt.empty()) continue;
    const auto token = vc::read_jwt(text->issued, {vc::sd_jwt_bytes_max, vc::claims_depth_max});
    if (!token.ok()) continue;
    const auto type = vc::type_of_vct(token->text("vct"));
    if (type.ok() && type->type == vc::CredentialType::licence) return held;
  }
  return make_error(ErrorCode::credential_not_held);
}

/// The Provenance that carries a signature (FHIR R4 Provenance.signature).
std::string provenance_of(const ResourceName& name, const Version& version, const model::Id& signer,
                          const std::string& jws, const vc::SdJwt& licence,
                          const std::string& when) {
  json::Writer out;
  const auto write_who = [&] {
    out.key("who").begin_object().key("identifier").begin_object();
    out.key("system").string("urn:ietf:rfc:3986");
    out.key("value").string(model::did_text(signer)).end_object().end_object();
  };
  out.begin_object().key("resourceType").string("Provenance");
  out.key("extension").begin_array().begin_object().key("url").string(credential_extension);
  out.key("valueString").string(licence.issued + "~").end_object().end_array();
  out.key("target").begin_array().begin_object().key("reference");
  out.string(name.text() + "/_history/" + version.number).end_object().end_array();
  out.key("recorded").string(when);
  out.key("agent").begin_array().begin_object();
  write_who();
  out.end_object().end_array();
  out.key("signature").begin_array().begin_object().key("type").begin_array().begin_object();
  out.key("system").string("urn:iso-astm:E1762-95:2013");
  out.key("code").string("1.2.840.10065.1.12.1.1").end_object().end_array();
  out.key("when").string(when);
  write_who();
  out.key("sigFormat").string(signature_format);
  out.key("data").string(to_base64(view_of(jws))).end_object().end_array();
  return out.end_object().take();
}

Result<int> run_sign_record(const Session& session, const SignOptions& options,
                            const Console& console) {
  XL_TRY_ASSIGN(const ResourceName name, resource_name(options.name));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  const client::Identity& who = actor.identity();
  XL_TRY_ASSIGN(
      const client::Wallet wallet,
      client::Wallet::open(
          options.wallet.empty() ? session.identity_file + ".wallet" : options.wallet, who));
  XL_TRY_ASSIGN(const client::Held held, licence_of(wallet, options.credential));
  XL_TRY_ASSIGN(const vc::SdJwt licence, vc::split_sd_jwt(held.text));
  XL_TRY_ASSIGN(const Version version, fetch_version(actor, name, options.version));
  const vc::KeyUrl signer{who.did, model::key_id_of(who.key.algorithm(), who.key.public_key())};
  const std::uint64_t now_ms = actor.now_ms();
  const std::string jws = vc::sign_version(version.content, signer, who.key, licence, now_ms);
  const std::string when = model::comet::to_rfc3339(model::comet::timestamp_from_ms(now_ms));
  XL_TRY_ASSIGN(
      const client::HttpResponse answer,
      actor.fhir("POST", "Provenance", provenance_of(name, version, who.did, jws, licence, when)));
  if (answer.status != 201) return client::error_of(answer);
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/record-signed/v1");
    out.key("record").string(name.text()).key("version").string(version.number);
    out.key("signer").string(model::did_text(who.did)).key("credential").string(held.id);
    out.key("signed_ms").string(std::to_string(now_ms)).end_object();
    console.answer(out.take());
  } else {
    console.result(name.text() + "\t" + version.number);
  }
  console.done("Signed, with the licence named, and anchored", "已用所示执业凭证签署并存证");
  console.say("  next: xinglin record signatures " + name.text(),
              "  下一步:xinglin record signatures " + name.text());
  return succeeded;
}

/// Takes a state key's receipt into `state`, of a value or of there being none.
Status take_state(Actor& actor, client::ProvedState& state, const Bytes& key) {
  XL_TRY_ASSIGN(const json::Document receipt,
                client::json_of(actor.session().ask("GET", "/ledger/v1/state/" + to_hex(key))));
  XL_TRY(state.take_receipt(key, receipt.root()));
  return {};
}

/// Everything of the ledger that tells how a licence stood when it signed.
Status prove_then(Actor& actor, const Session& session, client::ProvedState& state,
                  const vc::SdJwt& licence, const vc::SignatureClaim& claim) {
  XL_TRY_ASSIGN(client::NodeAddress address, address_of(session));
  client::HttpClient http(std::move(address));
  XL_TRY_ASSIGN(const auto evidence, client::fetch_evidence(http, licence, true));
  for (const json::Document& one : evidence) XL_TRY(state.take(one.root()));
  XL_TRY(take_state(actor, state, contracts::identity::key_key(claim.signer.key_id)));
  XL_TRY_ASSIGN(const vc::Jwt token,
                vc::read_jwt(licence.issued, {vc::sd_jwt_bytes_max, vc::claims_depth_max}));
  XL_TRY_ASSIGN(const auto places, vc::read_status(token.payload.root().find("credentialStatus")));
  for (const vc::StatusPlace& place : places) {
    // Without the proof that an entry never changed, silence would pass for it.
    if (!state.knows(contracts::credentials::entry_key(place.list, place.index))) {
      return make_error(ErrorCode::credential_status_unknown);
    }
  }
  return {};
}

/// The block time at which the Provenance was anchored, proved by its record proof.
Result<std::uint64_t> anchored_ms(Actor& actor, const std::string& id,
                                  const model::Genesis& genesis, std::string_view content) {
  XL_TRY_ASSIGN(
      const json::Document document,
      client::json_of(actor.ask("GET", "/records/Provenance/" + id + "/proof?version=1")));
  XL_TRY_ASSIGN(const client::RecordProof proof, client::read_record_proof(document.root()));
  XL_TRY(client::check_record_proof(proof, content, model::Trust(genesis)));
  xinglin::records::v1::VersionRecord version;
  if (!proof.receipt.state || !proof.receipt.state->value ||
      !contracts::decode_record(*proof.receipt.state->value, version)) {
    return make_error(ErrorCode::record_signature_invalid);
  }
  return version.block_ms();
}

/// One signature of the version, checked.
Result<vc::VersionSignature> checked_signature(Actor& actor, const Session& session,
                                               const model::Genesis& genesis, const std::string& id,
                                               const Version& version) {
  const Error invalid = make_error(ErrorCode::record_signature_invalid);
  XL_TRY_ASSIGN(const client::HttpResponse answer,
                actor.fhir("GET", "Provenance/" + id + "/_history/1"));
  if (answer.status != 200) return client::error_of(answer);
  XL_TRY_ASSIGN(const json::Document provenance, json::parse(answer.body, {}));
  const json::Value root = provenance.root();
  const json::Value extension = root.find("extension").at(0);
  Bytes jws;
  if (extension.find("url").as_string() != credential_extension ||
      !from_base64(root.find("signature").at(0).find("data").as_string().value_or("*"), jws)) {
    return invalid;
  }
  XL_TRY_ASSIGN(const vc::SdJwt licence,
                vc::split_sd_jwt(extension.find("valueString").as_string().value_or("")));
  XL_TRY_ASSIGN(const vc::SignatureClaim claim, vc::read_version_signature(text_of(jws)));
  client::ProvedState state(genesis);
  XL_TRY(prove_then(actor, session, state, licence, claim));
  XL_TRY_ASSIGN(vc::VersionSignature out,
                vc::check_version_signature(text_of(jws), version.content, licence, state));
  XL_TRY_ASSIGN(const std::uint64_t at_ms, anchored_ms(actor, id, genesis, answer.body));
  const std::uint64_t apart_ms = std::max(at_ms, out.signed_ms) - std::min(at_ms, out.signed_ms);
  if (apart_ms > anchored_within_ms) return invalid;  // a time that somebody made up
  return out;
}

void write_signature(json::Writer& out, const vc::VersionSignature& one) {
  out.begin_object().key("signer").string(model::did_text(one.signer.did));
  out.key("signed_ms").string(std::to_string(one.signed_ms));
  out.key("type").string(one.credential.type.name);
  out.key("issuer").string(model::did_text(one.credential.issuer));
  out.key("issuer_name").string(one.credential.issuer_name);
  out.key("status_then").string(vc::standing_word(one.credential.standing)).end_object();
}

Result<int> run_show_signatures(const Session& session, const SignOptions& options,
                                const Console& console) {
  XL_TRY_ASSIGN(const ResourceName name, resource_name(options.name));
  XL_TRY_ASSIGN(const model::Genesis genesis, genesis_of(options.genesis, session));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const Version version, fetch_version(actor, name, options.version));
  const std::string target = name.text() + "/_history/" + version.number;
  std::vector<std::string> carriers;
  XL_TRY(
      for_each_entry(actor, "Provenance?target=" + name.text(), [&](json::Value entry) -> Status {
        const json::Value one = entry.find("resource");
        const bool is_ours =
            one.find("target").at(0).find("reference").as_string() == target &&
            one.find("signature").at(0).find("sigFormat").as_string() == signature_format;
        if (is_ours) carriers.emplace_back(one.find("id").as_string().value_or(""));
        return {};
      }));
  if (carriers.empty()) return make_error(ErrorCode::record_signature_missing);
  Table table({std::string(console.pick("SIGNER", "签名人")),
               std::string(console.pick("TIME", "时间")),
               std::string(console.pick("LICENCE OF", "执照签发者"))});
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/record-signatures/v1");
  out.key("record").string(name.text()).key("version").string(version.number);
  out.key("signatures").begin_array();
  // Anybody may write a Provenance: one that is wrong takes nothing from those that are right.
  std::vector<std::pair<std::string, Error>> wrong;
  for (const std::string& id : carriers) {
    const auto one = checked_signature(actor, session, genesis, id, version);
    if (!one.ok()) {
      wrong.emplace_back(id, one.error());
      continue;
    }
    write_signature(out, *one);
    table.add(
        {model::did_text(one->signer.did), time_text(one->signed_ms), one->credential.issuer_name});
  }
  if (wrong.size() == carriers.size()) return wrong.front().second;
  out.end_array().key("invalid").begin_array();
  for (const auto& [id, error] : wrong) {
    const std::string code = code_text(static_cast<std::uint16_t>(error.code));
    out.begin_object().key("provenance").string(id).key("code").string(code).end_object();
    table.add({"Provenance/" + id, console.words("not valid"), code});
  }
  out.end_array().end_object();
  if (console.json())
    console.answer(out.take());
  else
    table.print(console);
  if (!wrong.empty()) {
    console.say("Some are not valid; the others are of this version, by licences valid then",
                "其中有无效签名;其余均针对该版本,且签署时执业凭证有效");
    return static_cast<int>(ExitCode::altered);
  }
  console.done("Each is of this version, by a licence that was valid when it was made",
               "每个签名均针对该版本,且签署时执业凭证有效");
  return succeeded;
}

}  // namespace

void add_record_sign_commands(CLI::App* group, Session& session) {
  auto options = std::make_shared<SignOptions>();
  auto* sign = group->add_subcommand("sign", "sign a record version with your licence");
  sign->add_option("TYPE/ID", options->name, "such as Patient/7")->required();
  sign->add_option("--version", options->version, "an earlier version");
  sign->add_option("--credential", options->credential,
                   "your credential for signing; default: the first licence");
  sign->add_option("--wallet", options->wallet, "default: beside the identity file");
  sign->footer(
      "Examples:\n  xinglin record sign Observation/bp-1 --as ward.json\n"
      "  xinglin record sign Observation/bp-1 --version 2 --credential 3fa9 --as ward.json");
  choose_change(sign, session, options, run_sign_record);
  auto* show = group->add_subcommand("signatures", "who signed a version, with which licence");
  show->add_option("TYPE/ID", options->name, "such as Patient/7")->required();
  show->add_option("--version", options->version, "an earlier version");
  show->add_option("--genesis", options->genesis, "the network's genesis; default: the node's");
  show->footer(
      "Examples:\n  xinglin record signatures Observation/bp-1 --as ward.json\n"
      "  xinglin record signatures Observation/bp-1 --version 2 --as ward.json --json");
  choose(show, session, options, run_show_signatures);
}

}  // namespace xl::cli
