// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/demo/fhir_talk.h"

#include <set>

#include "base/checked.h"
#include "base/json/json.h"
#include "base/json/writer.h"

namespace xl::node::demo {

using client::HttpResponse;
using client::json_of;

Result<HttpResponse> get_fhir(client::Session& who, const model::Id& custodian,
                              const std::string& path, const Headers& headers) {
  return who.ask("GET", "/o/" + custodian.text() + "/fhir/" + path, {}, {}, headers);
}

Result<std::size_t> count_entries(client::Session& who, const model::Id& custodian,
                                  const std::string& query, const Headers& headers) {
  std::size_t count = 0;
  std::string path = query + "&_count=200";
  for (;;) {
    XL_TRY_ASSIGN(const json::Document page, json_of(get_fhir(who, custodian, path, headers)));
    count += page.root().find("entry").size();
    std::string next;
    for (const json::Value link : page.root().find("link").items()) {
      if (link.find("relation").as_string() == "next") {
        next = link.find("url").as_string().value_or("");
      }
    }
    if (next.empty()) return count;
    path = next.substr(next.rfind('/') + 1);
  }
}

Result<model::Id> pseudonym_of(client::Session& hospital, const model::Id& custodian,
                               const std::string& patient) {
  XL_TRY_ASSIGN(const json::Document proof,
                json_of(hospital.ask(
                    "GET", "/o/" + custodian.text() + "/records/Patient/" + patient + "/proof")));
  return model::id_from_did(proof.root().find("patient").as_string().value_or(""));
}

Status open_encounter(client::Session& hospital, const model::Id& custodian,
                      const std::string& patient, const model::Id& practitioner,
                      std::string_view status) {
  const std::string id = "visit-" + patient + "-" + practitioner.text().substr(0, 8);
  json::Writer out;
  out.begin_object().key("resourceType").string("Encounter").key("id").string(id);
  out.key("status").string(status).key("class").begin_object().key("system");
  out.string("http://terminology.hl7.org/CodeSystem/v3-ActCode").key("code").string("AMB");
  out.end_object().key("subject").begin_object().key("reference").string("Patient/" + patient);
  out.end_object().key("participant").begin_array().begin_object().key("individual");
  out.begin_object().key("reference").string("Practitioner/" + practitioner.text());
  out.end_object().end_object().end_array().end_object();
  XL_TRY_ASSIGN(const HttpResponse answer,
                hospital.ask("PUT", "/o/" + custodian.text() + "/fhir/Encounter/" + id,
                             "application/fhir+json", out.take()));
  if (answer.status != 200 && answer.status != 201) return client::error_of(answer);
  return {};
}

Result<LogSummary> access_log(client::Session& patient, const model::Id& custodian) {
  LogSummary out;
  std::set<std::string, std::less<>> organisations;
  std::string after = "0";
  while (!after.empty()) {
    XL_TRY_ASSIGN(const json::Document page,
                  json_of(patient.ask(
                      "GET", "/o/" + custodian.text() + "/access-log?count=200&after=" + after)));
    for (const json::Value entry : page.root().find("entries").items()) {
      ++(entry.find("permitted").as_bool().value_or(false) ? out.permitted : out.refused);
      organisations.emplace(entry.find("organisation").as_string().value_or(""));
    }
    after = page.root().find("next_after").as_string().value_or("");
  }
  out.organisations = organisations.size();
  return out;
}

Result<std::vector<std::string>> executed_transactions(client::Session& member) {
  XL_TRY_ASSIGN(const json::Document head, json_of(member.ask("GET", "/ledger/v1/head")));
  std::uint64_t height = 0;
  if (!parse_decimal(head.root().find("height").as_string().value_or(""), height)) {
    return make_error(ErrorCode::answer_unexpected);
  }
  std::vector<std::string> out;
  for (std::uint64_t i = 1; i <= height; ++i) {
    XL_TRY_ASSIGN(const json::Document block,
                  json_of(member.ask("GET", "/ledger/v1/blocks/" + std::to_string(i))));
    for (const json::Value id : block.root().find("transactions").items()) {
      out.emplace_back(id.as_string().value_or(""));
    }
  }
  return out;
}

}  // namespace xl::node::demo
