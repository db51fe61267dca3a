// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/record_erase.h"

#include "base/answer.h"
#include "base/checked.h"
#include "base/file.h"
#include "base/json/json.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/fhir_pages.h"
#include "cli/table.h"
#include "cli/words.h"
#include "crypto/hash.h"
#include "model/tags.h"

namespace xl::cli {
namespace {

struct EraseOptions {
  std::string name;
  std::string version;
  std::string patient;
  std::string confirm;
  std::string id;
  std::string out;
};

/// What is to be erased, as the node takes it. Errors: usage_invalid (names the option).
Result<std::string> wish_of(const EraseOptions& options) {
  if (options.name.empty() == options.patient.empty()) {
    return make_error(ErrorCode::usage_invalid, "name a record TYPE/ID, or a --patient");
  }
  const std::string& what = options.name.empty() ? options.patient : options.name;
  if (options.confirm != what) {
    return make_error(ErrorCode::usage_invalid,
                      "this destroys keys for good, nobody can undo it: say --confirm " + what);
  }
  json::Writer out;
  out.begin_object();
  if (options.name.empty()) {
    XL_TRY_ASSIGN(const model::Id patient, id_of(options.patient, "--patient"));
    out.key("patient").string(model::did_text(patient));
  } else {
    XL_TRY_ASSIGN(const ResourceName name, resource_name(options.name));
    out.key("type").string(name.type).key("id").string(name.id);
    std::uint64_t version = 0;
    if (!options.version.empty()) {
      if (!parse_decimal(options.version, version)) {
        return make_error(ErrorCode::usage_invalid, "--version is a number");
      }
      out.key("version").string(options.version);
    }
  }
  return out.end_object().take();
}

/// Is this certificate signed by the key that asked for it, over the bytes it comes with?
Status check_certificate(json::Value one, const crypto::SigningKey& key) {
  Bytes bytes;
  Bytes signature;
  if (!from_base64(one.find("certificate").as_string().value_or("*"), bytes) ||
      !from_base64(one.find("signature").as_string().value_or("*"), signature)) {
    return make_error(ErrorCode::erasure_certificate_invalid, "its encoding");
  }
  const Hash digest = crypto::tagged_hash(model::tags::erasure_certificate, {bytes});
  if (one.find("digest").as_string() != to_hex(digest) ||
      !crypto::verify(key.algorithm(), key.public_key(), digest, signature)) {
    return make_error(ErrorCode::erasure_certificate_invalid, "its signature");
  }
  return {};
}

std::string text_in(json::Value object, std::string_view name) {
  return std::string(object.find(name).as_string().value_or(""));
}

std::uint64_t time_in(json::Value object, std::string_view name) {
  std::uint64_t out = 0;
  return parse_decimal(object.find(name).as_string().value_or(""), out) ? out : 0;
}

/// Checks and shows certificates; writes them to `--out` too.
Status show_certificates(const json::Document& answer, const EraseOptions& options,
                         const crypto::SigningKey& key, const Console& console) {
  const json::Value all = answer.root().find("erasures");
  if (!all.is_array() || all.size() == 0) return make_error(ErrorCode::answer_unexpected);
  Table table({std::string(console.pick("CERTIFICATE", "证明")),
               std::string(console.pick("STATE", "状态")),
               std::string(console.pick("FINAL", "最终日期")),
               std::string(console.pick("VERSIONS", "版本数")),
               std::string(console.pick("GIVEN TO", "此前已提供"))});
  for (const json::Value one : all.items()) {
    XL_TRY(check_certificate(one, key));
    const bool is_final = text_in(one, "state") == "final";
    table.add(
        {text_in(one, "id"),
         std::string(is_final ? console.pick("final", "最终") : console.pick("pending", "待最终")),
         time_text(time_in(one, "final_ms")), text_in(one, "versions"),
         text_in(one, "disclosure_count")});
  }
  if (!options.out.empty()) {
    const std::string body = answer_text(answer.root()) + "\n";
    XL_TRY(write_file_durably(options.out, view_of(body), 0600));
  }
  if (console.json()) {
    console.answer(json::write(answer.root()));
  } else {
    table.print(console);
  }
  return {};
}

Result<int> run_erase(const Session& session, const EraseOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const std::string wish, wish_of(options));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document answer,
                client::json_of(actor.ask("POST", "/erasures", "application/json", wish), 201));
  XL_TRY(show_certificates(answer, options, actor.identity().key, console));
  console.done("Erased: keys, bodies and index entries are gone; the ledger keeps only that it was",
               "已销毁:密钥、密文和索引均已删除;账本仅保留其曾存在的记录");
  const std::string id = text_in(answer.root().find("erasures").at(0), "id");
  console.say(
      "  pending means: a backup of the keyring still opens it, for 35 days at most.\n"
      "  next: xinglin record erasure " +
          id,
      "  “待最终”表示密钥库备份在至多 35 天内仍可打开。\n  下一步:xinglin record erasure " + id);
  return succeeded;
}

Result<int> run_erasure(const Session& session, const EraseOptions& options,
                        const Console& console) {
  XL_TRY_ASSIGN(const model::Id id, id_of(options.id, "ID"));
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const json::Document answer,
                client::json_of(actor.ask("GET", "/erasures/" + id.text())));
  XL_TRY(show_certificates(answer, options, actor.identity().key, console));
  return succeeded;
}

}  // namespace

void add_record_erase_commands(CLI::App* group, Session& session) {
  auto options = std::make_shared<EraseOptions>();
  auto* erase = group->add_subcommand("erase", "destroy what opens a record, for good");
  erase->add_option("TYPE/ID", options->name, "such as Observation/bp-1");
  erase->add_option("--version", options->version, "only this earlier version");
  erase->add_option("--patient", options->patient, "instead: everything of this patient, a DID");
  erase->add_option("--confirm", options->confirm, "the same name again: this cannot be undone");
  erase->add_option("--out", options->out, "write the certificates to this file");
  erase->footer(
      "Examples:\n  xinglin record erase Observation/bp-1 --confirm Observation/bp-1 \\\n"
      "    --out certificate.json --as hospital.json\n"
      "  xinglin record erase --patient did:xinglin:… --confirm did:xinglin:… --as hospital.json\n"
      "Only the custodian's own key may.");
  choose_change(erase, session, options, run_erase);
  auto* erasure = group->add_subcommand("erasure", "a certificate of erasure as it stands");
  erasure->add_option("ID", options->id, "the certificate's id")->required();
  erasure->add_option("--out", options->out, "write it to this file");
  erasure->footer(
      "Examples:\n  xinglin record erasure abc… --as hospital.json\n"
      "  xinglin record erasure abc… --out final.json --as hospital.json");
  choose(erasure, session, options, run_erasure);
}

}  // namespace xl::cli
