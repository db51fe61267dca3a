// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/ledger/parties.h"

#include "base/json/writer.h"
#include "contracts/api/shape.h"
#include "contracts/identity/records.h"
#include "contracts/identity/view.h"
#include "gateway/ledger/proved.h"

namespace xl::gateway::ledger {

namespace identity = contracts::identity;
using contracts::PartyKind;
using xinglin::identity::v1::KeyRecord;
using xinglin::identity::v1::PartyRecord;

namespace {

std::string_view status_text(std::uint32_t status) {
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

void write_key(json::Writer& out, const Hash& id, const KeyRecord& key, std::uint64_t now_ms) {
  out.key("id").string(to_hex(id)).key("algorithm").unsigned_integer(key.algorithm());
  out.key("public_key").string(to_base64(view_of(key.public_key())));
  out.key("purposes").unsigned_integer(key.purposes());
  out.key("not_before_ms").string(std::to_string(key.not_before_ms()));
  out.key("not_after_ms").string(std::to_string(key.not_after_ms()));
  out.key("active").boolean(identity::is_active(key, now_ms));
}

}  // namespace

Result<http::Response> get_party(const Services& services, const PathValues& values) {
  const auto did = model::id_from_did(values[0]);
  if (!did.ok()) return make_error(ErrorCode::parameter_invalid, "did");
  XL_TRY_ASSIGN(const query::LedgerHead head, services.ledger.head());
  const auto state = services.ledger.state();
  const auto known = identity::find_party(*state, *did);
  const auto kind = known ? static_cast<PartyKind>(known->kind()) : PartyKind::patient;
  if (kind != PartyKind::organisation && kind != PartyKind::service) {
    return make_error(ErrorCode::party_unknown, "an organisation or a service");
  }
  const std::uint64_t now_ms = std::max(head.block_ms, services.clock.now_ms());
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/party/v1");
  const std::uint64_t height = services.ledger.provable_height();
  out.key("did").string(model::did_text(*did)).key("height").string(std::to_string(height));
  PartyRecord party;
  XL_TRY(write_receipt_of(out, services, identity::party_key(*did), height,
                          ErrorCode::party_unknown, party));
  out.key("kind").string(kind == PartyKind::organisation ? "organisation" : "service");
  out.key("name").string(party.name()).key("status").string(status_text(party.status()));
  out.key("organisation")
      .string(kind == PartyKind::service ? model::did_text(identity::custodian_of(party)) : "");
  out.key("agreement_key").string(to_base64(view_of(party.agreement_key())));
  out.key("keys").begin_array();
  for (const Hash& id : identity::keys_of(*state, *did)) {
    out.begin_object();
    KeyRecord key;
    XL_TRY(write_receipt_of(out, services, identity::key_key(id), height, ErrorCode::party_unknown,
                            key));
    write_key(out, id, key, now_ms);
    out.end_object();
  }
  out.end_array().end_object();
  return json_response(out.take());
}

}  // namespace xl::gateway::ledger
