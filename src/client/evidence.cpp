// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/evidence.h"

#include <algorithm>

#include "base/json/writer.h"
#include "client/session.h"
#include "contracts/credentials/records.h"
#include "contracts/credentials/view.h"
#include "credentials/did.h"
#include "model/receipt.h"

namespace xl::client {

namespace ledger = contracts::credentials;
namespace vc = xl::credentials;

namespace {

constexpr std::string_view evidence_schema = "xinglin/credential-evidence/v1";
constexpr std::size_t evidence_bytes_max = 64U << 20U;
constexpr std::size_t evidence_documents_max = 64;

Error wrong_evidence() { return make_error(ErrorCode::answer_unexpected); }

}  // namespace

Status ProvedState::take(json::Value document) {
  std::uint64_t block_ms = 0;
  const auto schema = document.find("schema").as_string();
  if (schema != "xinglin/issuer-evidence/v1" && schema != "xinglin/status-list/v1") {
    return wrong_evidence();
  }
  XL_TRY(take_entries(document, block_ms));
  if (schema == "xinglin/issuer-evidence/v1") return {};
  status_as_of_ms_ = status_as_of_ms_ == 0 ? block_ms : std::min(status_as_of_ms_, block_ms);
  return take_bits(document);
}

Status ProvedState::take_entries(json::Value document, std::uint64_t& block_ms) {
  for (const json::Value one : document.find("entries").items()) {
    Bytes key;
    if (!from_hex(one.find("key").as_string().value_or("-"), key)) return wrong_evidence();
    XL_TRY_ASSIGN(block_ms, take_receipt(key, one.find("receipt")));
  }
  return {};
}

Result<std::uint64_t> ProvedState::take_receipt(const Bytes& key, json::Value receipt) {
  if (!receipt.is_object()) return wrong_evidence();
  XL_TRY_ASSIGN(const model::Receipt read, model::read_receipt(json::write(receipt)));
  XL_TRY(model::verify_receipt(read, genesis_));
  if (!read.state || !equal(read.state->key, key)) return wrong_evidence();
  told_.insert(key);
  if (read.state->value) values_[key] = *read.state->value;
  return read.block.header.time.milliseconds();
}

Status ProvedState::take_bits(json::Value document) {
  const auto list = model::id_from_text(document.find("list").as_string().value_or(""));
  if (!list.ok()) return wrong_evidence();
  const auto record = ledger::find_list(*this, *list);
  XL_TRY_ASSIGN(const Bytes bits, vc::decoded_list(document.find("bits").as_string().value_or("")));
  if (!record || bits.size() != record->entries() / 8) return wrong_evidence();
  for (std::uint32_t chunk = 0; chunk < record->entries() / ledger::chunk_entries; ++chunk) {
    const ByteView part = ByteView(bits).subspan(
        static_cast<std::size_t>(chunk) * limits::status_chunk_bytes, limits::status_chunk_bytes);
    const std::string& named = record->chunk_digests(static_cast<int>(chunk));
    if (!equal(ledger::chunk_digest(part), view_of(named))) return wrong_evidence();
    if (named.empty()) continue;
    xinglin::credentials::v1::StatusChunk value;
    value.set_bits(std::string(text_of(part)));
    Bytes stored{contracts::state_value_version};
    append(stored, model::encode(value));
    values_[ledger::chunk_key(*list, chunk)] = std::move(stored);
  }
  return {};
}

bool ProvedState::get(ByteView key, Bytes& value) const {
  const auto found = values_.find(copy_of(key));
  if (found == values_.end()) return false;
  value = found->second;
  return true;
}

void ProvedState::scan(ByteView prefix, ByteView from, std::uint32_t count_max,
                       const std::function<bool(ByteView, ByteView)>& visit) const {
  std::uint32_t count = 0;
  for (auto one = values_.lower_bound(copy_of(from)); one != values_.end(); ++one) {
    const ByteView key = one->first;
    if (key.size() < prefix.size() || !equal(key.first(prefix.size()), prefix)) return;
    if (count++ == count_max || !visit(key, one->second)) return;
  }
}

Result<std::vector<json::Document>> fetch_evidence(HttpClient& http, const vc::SdJwt& text,
                                                   bool then) {
  XL_TRY_ASSIGN(const vc::Jwt token,
                vc::read_jwt(text.issued, {vc::sd_jwt_bytes_max, vc::claims_depth_max}));
  const auto key = vc::read_key_url(token.key_id);
  if (!key) return make_error(ErrorCode::credential_issuer_unknown);
  XL_TRY_ASSIGN(const auto places, vc::read_status(token.payload.root().find("credentialStatus")));
  std::vector<json::Document> out;
  XL_TRY_ASSIGN(json::Document issuer,
                json_of(http.get("/ledger/v1/issuers/" + model::did_text(key->did) +
                                 "?key=" + to_hex(key->key_id))));
  out.push_back(std::move(issuer));
  for (const vc::StatusPlace& place : places) {
    const std::string entry = then ? "?entry=" + std::to_string(place.index) : "";
    XL_TRY_ASSIGN(json::Document list,
                  json_of(http.get("/ledger/v1/status-lists/" + place.list.text() + entry)));
    out.push_back(std::move(list));
  }
  return out;
}

std::string evidence_text(const std::vector<json::Document>& documents) {
  json::Writer out;
  out.begin_object().key("schema").string(evidence_schema).key("documents").begin_array();
  for (const json::Document& one : documents) out.value(one.root());
  return out.end_array().end_object().take();
}

Result<std::vector<json::Document>> read_evidence_text(std::string_view text) {
  json::Limits bounds;
  bounds.bytes_max = evidence_bytes_max;
  XL_TRY_ASSIGN(const json::Document document, json::parse(text, bounds));
  const json::Value list = document.root().find("documents");
  if (document.root().find("schema").as_string() != evidence_schema ||
      list.size() > evidence_documents_max) {
    return make_error(ErrorCode::input_invalid);
  }
  std::vector<json::Document> out;
  for (const json::Value one : list.items()) out.push_back(json::Document::copy(one));
  return out;
}

}  // namespace xl::client
