// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "credentials/status_list.h"

#include "base/checked.h"
#include "credentials/jwt.h"
#include "credentials/zip.h"
#include "model/comet/json.h"
#include "model/limits.h"

namespace xl::credentials {
namespace {

constexpr std::string_view entry_type = "BitstringStatusListEntry";
constexpr std::string_view lists_path = "/credentials/status-lists/";

Error bad_status() { return make_error(ErrorCode::credential_malformed); }

std::string time_of(std::uint64_t ms) {
  return model::comet::to_rfc3339(model::comet::timestamp_from_ms(ms));
}

Result<StatusPlace> read_place(json::Value entry) {
  StatusPlace out;
  const auto text = [&](std::string_view name) {
    return entry.find(name).as_string().value_or("");
  };
  if (text("type") != entry_type) return bad_status();
  if (text("statusPurpose") == purpose_word(StatusPurpose::revocation)) {
    out.purpose = StatusPurpose::revocation;
  } else if (text("statusPurpose") == purpose_word(StatusPurpose::suspension)) {
    out.purpose = StatusPurpose::suspension;
  } else {
    return bad_status();
  }
  const std::string_view url = text("statusListCredential");
  const std::size_t slash = url.rfind(lists_path);
  if (slash == std::string_view::npos) return bad_status();
  const auto list = model::id_from_text(url.substr(slash + lists_path.size()));
  std::uint64_t index = 0;
  if (!list.ok() || !parse_decimal(text("statusListIndex"), index) ||
      index >= limits::status_entries_max) {
    return bad_status();
  }
  out.list = *list;
  out.index = static_cast<std::uint32_t>(index);
  return out;
}

}  // namespace

std::string_view purpose_word(StatusPurpose purpose) {
  return purpose == StatusPurpose::revocation ? "revocation" : "suspension";
}

std::string encoded_list(ByteView bits) { return "u" + to_base64url(gzip(bits)); }

Result<Bytes> decoded_list(std::string_view encoded) {
  Bytes packed;
  if (!encoded.starts_with('u') || !from_base64url(encoded.substr(1), packed)) return bad_status();
  XL_TRY_ASSIGN(Bytes bits, gunzip(packed, limits::status_entries_max / 8));
  if (bits.size() < limits::status_entries_min / 8) return bad_status();
  return bits;
}

bool bit_at(ByteView bits, std::uint32_t index) {
  XL_CHECK(index / 8 < bits.size());
  return (bits[index / 8] & (0x80U >> (index % 8))) != 0;
}

std::string list_url(std::string_view issuer_url, const model::Id& list) {
  return std::string(issuer_url) + std::string(lists_path) + list.text();
}

void write_status(json::Writer& out, std::string_view issuer_url,
                  const std::vector<StatusPlace>& places) {
  out.begin_array();
  for (const StatusPlace& one : places) {
    out.begin_object().key("type").string(entry_type);
    out.key("statusPurpose").string(purpose_word(one.purpose));
    out.key("statusListIndex").string(std::to_string(one.index));
    out.key("statusListCredential").string(list_url(issuer_url, one.list)).end_object();
  }
  out.end_array();
}

Result<std::vector<StatusPlace>> read_status(json::Value status) {
  std::vector<StatusPlace> out;
  if (status.is_object()) {
    XL_TRY_ASSIGN(const StatusPlace one, read_place(status));
    out.push_back(one);
  }
  if (status.size() > 8 && status.is_array()) return bad_status();
  for (const json::Value entry : status.items()) {
    XL_TRY_ASSIGN(const StatusPlace one, read_place(entry));
    out.push_back(one);
  }
  if (out.empty()) return bad_status();
  return out;
}

std::string status_list_credential(const StatusListText& text, std::string_view kid,
                                   const crypto::SigningKey& key) {
  json::Writer header;
  header.begin_object().key("alg").string(jws_name_of(key)).key("typ").string("vc+jwt");
  header.key("cty").string("vc").key("kid").string(kid).end_object();
  json::Writer out;
  out.begin_object().key("@context").begin_array();
  out.string("https://www.w3.org/ns/credentials/v2").end_array();
  out.key("id").string(text.url).key("type").begin_array();
  out.string("VerifiableCredential").string("BitstringStatusListCredential").end_array();
  out.key("issuer").string(model::did_text(text.issuer));
  out.key("validFrom").string(time_of(text.as_of_ms));
  out.key("validUntil").string(time_of(text.until_ms));
  out.key("credentialSubject").begin_object().key("id").string(text.url + "#list");
  out.key("type").string("BitstringStatusList");
  out.key("statusPurpose").string(purpose_word(text.purpose));
  out.key("encodedList").string(encoded_list(text.bits)).end_object();
  return sign_jws(header.take(), out.end_object().take(), key);
}

}  // namespace xl::credentials
