// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/emergencies.h"

#include "base/json/json.h"
#include "base/json/writer.h"
#include "gateway/ledger/show.h"

namespace xl::gateway::organisation {
namespace {

/// The practitioner, and a second clinician.
constexpr std::size_t clinicians_max = 2;

/// What clinicians signed.
struct SignedByClinicians {
  Bytes body;
  std::vector<Bytes> signatures;
};

Result<json::Document> read_emergency(const custody::Principal& who, const http::Request& request) {
  if (who.kind != contracts::PartyKind::practitioner) return make_error(ErrorCode::role_refused);
  json::Limits bounds;
  bounds.bytes_max = 128 * 1024;
  bounds.depth_max = 3;
  return json::parse(request.body, bounds);
}

Result<SignedByClinicians> signed_part_of(const json::Value& root) {
  SignedByClinicians out;
  if (!from_base64(root.find("body").as_string().value_or("*"), out.body)) {
    return make_error(ErrorCode::parameter_invalid, "body");
  }
  const json::Value signatures = root.find("signatures");
  if (!signatures.is_array() || signatures.size() == 0 || signatures.size() > clinicians_max) {
    return make_error(ErrorCode::parameter_invalid, "signatures");
  }
  for (const json::Value one : signatures.items()) {
    if (!from_base64(one.as_string().value_or("*"), out.signatures.emplace_back())) {
      return make_error(ErrorCode::parameter_invalid, "signatures");
    }
  }
  return out;
}

http::Response emergency_response(const Services& services, const model::HistoryEntry& entry) {
  json::Writer out;
  out.begin_object().key("entry");
  ledger::write_entry(out, entry, services.ledger.registry());
  out.end_object();
  return json_response(out.take(), 201);
}

}  // namespace

Result<http::Response> declare_emergency(const Services& services,
                                         custody::Organisation& organisation,
                                         const custody::Principal& who,
                                         const http::Request& request, const PathValues&) {
  XL_TRY_ASSIGN(const json::Document document, read_emergency(who, request));
  const json::Value why = document.root().find("reason");
  XL_TRY_ASSIGN(SignedByClinicians given, signed_part_of(document.root()));
  Bytes salt;
  if (!from_base64(why.find("salt").as_string().value_or("*"), salt)) {
    return make_error(ErrorCode::parameter_invalid, "reason.salt");
  }
  xinglin::access::v1::EmergencyReason reason;
  reason.set_version(1);
  reason.set_salt(custody::bytes_of(salt));
  reason.set_code(std::string(why.find("code").as_string().value_or("")));
  reason.set_text(std::string(why.find("text").as_string().value_or("")));
  XL_TRY_ASSIGN(
      const model::HistoryEntry entry,
      organisation.desk().declare_emergency(who, given.body, std::move(given.signatures), reason));
  return emergency_response(services, entry);
}

Result<http::Response> renew_emergency(const Services& services,
                                       custody::Organisation& organisation,
                                       const custody::Principal& who, const http::Request& request,
                                       const PathValues& values) {
  XL_TRY_ASSIGN(const json::Document document, read_emergency(who, request));
  XL_TRY_ASSIGN(SignedByClinicians given, signed_part_of(document.root()));
  const auto entry = model::id_from_text(values[1]);
  if (!entry.ok()) return make_error(ErrorCode::parameter_invalid, "entry");
  XL_TRY_ASSIGN(
      const model::HistoryEntry done,
      organisation.desk().renew_emergency(who, *entry, given.body, std::move(given.signatures)));
  return emergency_response(services, done);
}

}  // namespace xl::gateway::organisation
