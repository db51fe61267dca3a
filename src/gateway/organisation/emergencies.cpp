// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/organisation/emergencies.h"

#include "base/json/json.h"
#include "base/json/writer.h"
#include "gateway/ledger/show.h"

namespace xl::gateway::organisation {

Result<http::Response> declare_emergency(const Services& services,
                                         custody::Organisation& organisation,
                                         const custody::Principal& who,
                                         const http::Request& request, const PathValues&) {
  if (who.kind != contracts::PartyKind::practitioner) return make_error(ErrorCode::role_refused);
  json::Limits bounds;
  bounds.bytes_max = 128 * 1024;
  bounds.depth_max = 3;
  XL_TRY_ASSIGN(const json::Document document, json::parse(request.body, bounds));
  const json::Value root = document.root();
  const json::Value why = root.find("reason");
  Bytes body;
  Bytes signature;
  Bytes salt;
  if (!from_base64(root.find("body").as_string().value_or("*"), body)) {
    return make_error(ErrorCode::parameter_invalid, "body");
  }
  if (!from_base64(root.find("signature").as_string().value_or("*"), signature)) {
    return make_error(ErrorCode::parameter_invalid, "signature");
  }
  if (!from_base64(why.find("salt").as_string().value_or("*"), salt)) {
    return make_error(ErrorCode::parameter_invalid, "reason.salt");
  }
  xinglin::access::v1::EmergencyReason reason;
  reason.set_version(1);
  reason.set_salt(custody::bytes_of(salt));
  reason.set_code(std::string(why.find("code").as_string().value_or("")));
  reason.set_text(std::string(why.find("text").as_string().value_or("")));
  XL_TRY_ASSIGN(const model::HistoryEntry entry,
                organisation.desk().declare_emergency(who, body, std::move(signature), reason));
  json::Writer out;
  out.begin_object().key("entry");
  ledger::write_entry(out, entry, services.ledger.registry());
  out.end_object();
  return json_response(out.take(), 201);
}

}  // namespace xl::gateway::organisation
