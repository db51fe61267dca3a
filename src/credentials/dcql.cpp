// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "credentials/dcql.h"

#include <algorithm>

#include "credentials/types.h"

namespace xl::credentials {
namespace {

constexpr std::string_view sd_jwt_format = "dc+sd-jwt";

Error bad_query() { return make_error(ErrorCode::credential_query_unsupported); }

bool has_only(json::Value object, std::initializer_list<std::string_view> known) {
  const auto members = object.members();
  return object.is_object() &&
         std::all_of(members.begin(), members.end(), [&](const json::Member& member) {
           return std::find(known.begin(), known.end(), member.key) != known.end();
         });
}

bool is_query_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

Result<CredentialQuery> read_query(json::Value one) {
  const bool plain = has_only(one, {"id", "format", "meta", "claims", "multiple",
                                    "require_cryptographic_holder_binding"}) &&
                     has_only(one.find("meta"), {"vct_values"}) &&
                     !one.find("multiple").as_bool().value_or(false) &&
                     one.find("require_cryptographic_holder_binding").as_bool().value_or(true);
  CredentialQuery out;
  out.id = one.find("id").as_string().value_or("");
  const json::Value types = one.find("meta").find("vct_values");
  const json::Value claims = one.find("claims");
  if (!plain || one.find("format").as_string() != sd_jwt_format || !is_query_id(out.id) ||
      types.size() == 0 || types.size() > query_values_max || claims.size() > query_values_max) {
    return bad_query();
  }
  for (const json::Value type : types.items()) {
    out.vct_values.emplace_back(type.as_string().value_or(""));
  }
  for (const json::Value claim : claims.items()) {
    const json::Value path = claim.find("path");
    const auto name = path.at(0).as_string();
    if (!has_only(claim, {"id", "path"}) || path.size() != 1 || !name) return bad_query();
    out.claims.emplace_back(*name);
  }
  return out;
}

}  // namespace

Result<std::vector<CredentialQuery>> read_dcql(json::Value query) {
  const json::Value all = query.find("credentials");
  if (!has_only(query, {"credentials"}) || all.size() == 0 || all.size() > queries_max) {
    return bad_query();
  }
  std::vector<CredentialQuery> out;
  for (const json::Value one : all.items()) {
    XL_TRY_ASSIGN(CredentialQuery read, read_query(one));
    const bool twice = std::any_of(
        out.begin(), out.end(), [&](const CredentialQuery& other) { return other.id == read.id; });
    if (twice) return bad_query();
    out.push_back(std::move(read));
  }
  return out;
}

void write_dcql(json::Writer& out, const std::vector<CredentialQuery>& queries) {
  out.begin_object().key("credentials").begin_array();
  for (const CredentialQuery& one : queries) {
    out.begin_object().key("id").string(one.id).key("format").string(sd_jwt_format);
    out.key("meta").begin_object().key("vct_values").begin_array();
    for (const std::string& vct : one.vct_values) out.string(vct);
    out.end_array().end_object();
    if (!one.claims.empty()) {
      out.key("claims").begin_array();
      for (const std::string& name : one.claims) {
        out.begin_object().key("path").begin_array().string(name).end_array().end_object();
      }
      out.end_array();
    }
    out.end_object();
  }
  out.end_array().end_object();
}

bool wants_type(const CredentialQuery& query, std::string_view vct) {
  const auto type = type_of_vct(vct);
  return std::any_of(query.vct_values.begin(), query.vct_values.end(),
                     [&](const std::string& wanted) {
                       if (wanted == vct) return true;
                       const auto other = type_of_vct(wanted);
                       return type.ok() && other.ok() && type->type == other->type;
                     });
}

}  // namespace xl::credentials
