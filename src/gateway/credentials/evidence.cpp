// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/credentials/evidence.h"

#include "base/checked.h"
#include "base/json/writer.h"
#include "contracts/credentials/records.h"
#include "contracts/credentials/view.h"
#include "contracts/identity/records.h"
#include "contracts/identity/view.h"
#include "credentials/status_list.h"
#include "model/receipt.h"

namespace xl::gateway::credentials {

namespace identity = contracts::identity;
namespace ledger = contracts::credentials;

namespace {

/// The receipt of a state key, of a value or of there being none.
Status write_evidence(json::Writer& out, const Services& services, ByteView key,
                      std::uint64_t height) {
  XL_TRY_ASSIGN(const model::Receipt receipt, services.ledger.state_receipt(key, height));
  const std::string text = model::write_receipt(receipt);
  json::Limits bounds;
  bounds.bytes_max = text.size();
  XL_TRY_ASSIGN(const json::Document document, json::parse(text, bounds));
  out.begin_object().key("key").string(to_hex(key));
  out.key("receipt").value(document.root()).end_object();
  return {};
}

/// The keys that are asked for. Errors: parameter_invalid.
Result<std::vector<Hash>> keys_wanted(const http::Request& request, const model::StateReader& state,
                                      const model::Id& did) {
  const auto text = request.parameter("key");
  if (!text) return identity::keys_of(state, did);
  Hash id{};
  const auto known = from_hex(*text, id) ? identity::find_key(state, id) : std::nullopt;
  if (!known || !equal(view_of(known->controller()), did.view())) {
    return make_error(ErrorCode::parameter_invalid, "key");
  }
  return std::vector{id};
}

}  // namespace

Result<http::Response> prove_issuer(const Services& services, const http::Request& request,
                                    const PathValues& values) {
  const auto did = model::id_from_did(values[0]);
  if (!did.ok()) return make_error(ErrorCode::parameter_invalid, "did");
  const std::uint64_t height = services.ledger.provable_height();
  const auto state = services.ledger.state();
  const auto party = identity::find_party(*state, *did);
  if (!party || party->kind() != static_cast<std::uint32_t>(contracts::PartyKind::organisation)) {
    return make_error(ErrorCode::party_unknown);
  }
  XL_TRY_ASSIGN(const std::vector<Hash> keys, keys_wanted(request, *state, *did));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/issuer-evidence/v1");
  out.key("did").string(model::did_text(*did)).key("height").string(std::to_string(height));
  out.key("entries").begin_array();
  XL_TRY(write_evidence(out, services, identity::party_key(*did), height));
  for (const Hash& id : keys) {
    XL_TRY(write_evidence(out, services, identity::key_key(id), height));
  }
  for (std::uint32_t type = 1; type <= ledger::credential_type_max; ++type) {
    const auto regulators =
        ledger::accreditors_of(*state, *did, static_cast<ledger::CredentialType>(type));
    for (const model::Id& regulator : regulators) {
      XL_TRY(
          write_evidence(out, services, ledger::accreditation_key(*did, type, regulator), height));
    }
  }
  return json_response(out.end_array().end_object().take());
}

Result<http::Response> prove_status_list(const Services& services, const http::Request& request,
                                         const PathValues& values) {
  const auto list = model::id_from_text(values[0]);
  const std::uint64_t height = services.ledger.provable_height();
  const auto state = services.ledger.state();
  if (!list.ok() || !ledger::find_list(*state, *list)) {
    return make_error(ErrorCode::status_list_unknown);
  }
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/status-list/v1");
  out.key("list").string(list->text()).key("height").string(std::to_string(height));
  out.key("bits").string(vc::encoded_list(ledger::bits_of(*state, *list)));
  out.key("entries").begin_array();
  XL_TRY(write_evidence(out, services, ledger::list_key(*list), height));
  const auto entry = request.parameter("entry");
  std::uint64_t index = 0;
  if (entry && (!parse_decimal(*entry, index) || index >= limits::status_entries_max)) {
    return make_error(ErrorCode::parameter_invalid, "entry");
  }
  if (entry) {
    const Bytes key = ledger::entry_key(*list, static_cast<std::uint32_t>(index));
    XL_TRY(write_evidence(out, services, key, height));
  }
  return json_response(out.end_array().end_object().take());
}

}  // namespace xl::gateway::credentials
