// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/credentials/issue.h"

#include "base/checked.h"
#include "base/json/writer.h"
#include "contracts/api/shape.h"
#include "contracts/credentials/messages.pb.h"
#include "contracts/credentials/records.h"
#include "contracts/credentials/view.h"
#include "contracts/identity/view.h"
#include "credentials/check.h"
#include "credentials/did.h"
#include "credentials/status_list.h"
#include "gateway/smart/visit.h"

namespace xl::gateway::credentials {

namespace ledger = contracts::credentials;
using contracts::PartyKind;

namespace {

constexpr std::uint64_t second_ms = 1000;
constexpr std::uint64_t day_ms = 24ULL * 60 * 60 * second_ms;
constexpr std::uint64_t valid_days_default = 365;
constexpr std::uint64_t valid_days_max = 3650;
/// How long a verifier may keep a status list before it should look again.
constexpr std::uint64_t list_fresh_ms = 12ULL * 60 * 60 * second_ms;
constexpr std::size_t issue_body_bytes_max = 64 * 1024;

/// Registers a pair of lists on the ledger, and then in the register.
Status add_lists(const Call& call) {
  const std::scoped_lock lock(call.services.credentials.adding());
  const model::Id pair[] = {custody::random_id(), custody::random_id()};
  std::vector<model::Message> messages;
  for (const ledger::StatusPurpose purpose :
       {ledger::StatusPurpose::revocation, ledger::StatusPurpose::suspension}) {
    xinglin::credentials::v1::RegisterList one;
    one.set_issuer(custody::bytes_of(call.organisation.did().view()));
    one.set_list(custody::bytes_of(pair[messages.size()].view()));
    one.set_purpose(static_cast<std::uint32_t>(purpose));
    one.set_entries(limits::status_entries_min);
    messages.push_back(
        custody::message_to(ledger::contract_number, ledger::register_list_type, one));
  }
  const crypto::SigningKey* key = &call.organisation.stores().identity().key;
  XL_TRY(call.services.custody.port().send(std::move(messages), {&key, 1}));
  return call.services.credentials.issued(call.organisation.did())
      .add_lists(pair[0], pair[1], limits::status_entries_min);
}

Result<Issued> reserve(const Call& call, const Contents& contents, const crypto::JwsKey& holder) {
  Register& store = call.services.credentials.issued(call.organisation.did());
  const std::uint64_t now_ms = call.now_ms();
  const auto take = [&] {
    return store.reserve(contents.type.slug, vc::thumbprint(holder), now_ms,
                         now_ms + contents.valid_ms);
  };
  auto first = take();
  if (first.ok() || first.error().code != ErrorCode::status_list_full) return first;
  XL_TRY(add_lists(call));
  return take();
}

std::string payload_number(std::uint64_t value) { return std::to_string(value); }

std::string json_string(std::string_view text) {
  json::Writer out;
  return out.string(text).take();
}

/// The claims that every credential has, none of them hidden.
std::vector<vc::Claim> frame_of(const Call& call, const Contents& contents, const Issued& entry,
                                const crypto::JwsKey& holder) {
  json::Writer status;
  vc::write_status(status, call.address(), entry.places());
  json::Writer key;
  key.begin_object().key("jwk");
  vc::write_jwk(key, holder);
  key.end_object();
  return {
      {"iss", json_string(model::did_text(call.organisation.did()))},
      {"vct", json_string(vc::vct_of(call.url, contents.type))},
      {"iat", payload_number(entry.issued_ms / second_ms)},
      {"nbf", payload_number(entry.issued_ms / second_ms)},
      {"exp", payload_number(entry.until_ms / second_ms)},
      {"cnf", key.take()},
      {"credentialStatus", status.take()},
  };
}

void write_entry_of(json::Writer& out, const Issued& one) {
  out.key("id").string(one.id.text()).key("type").string(one.type);
  out.key("holder").string(one.holder);
  out.key("revocation_list").string(one.revocation.text());
  out.key("suspension_list").string(one.suspension.text());
  out.key("index").unsigned_integer(one.index);
  out.key("issued_ms").string(std::to_string(one.issued_ms));
  out.key("until_ms").string(std::to_string(one.until_ms));
}

std::string_view status_word_of(const model::StateReader& state, const Issued& one,
                                std::uint64_t now_ms) {
  const auto is_set = [&](const model::Id& list) {
    return ledger::status_at(state, list, one.index, UINT64_MAX) == ledger::BitStatus::set;
  };
  if (is_set(one.revocation)) return vc::standing_word(vc::Standing::revoked);
  if (one.until_ms <= now_ms) return vc::standing_word(vc::Standing::expired);
  if (is_set(one.suspension)) return vc::standing_word(vc::Standing::suspended);
  return vc::standing_word(vc::Standing::valid);
}

}  // namespace

Result<custody::Principal> own_principal(const Call& call) {
  XL_TRY_ASSIGN(custody::Principal who, call.services.tokens.principal_of(call.request));
  const bool own =
      who.organisation == call.organisation.did() || who.did == call.organisation.did();
  if (own && (who.kind == PartyKind::organisation || who.kind == PartyKind::service)) return who;
  return make_error(ErrorCode::role_refused);
}

Result<json::Document> json_body_of(const Call& call) {
  json::Limits bounds;
  bounds.bytes_max = issue_body_bytes_max;
  bounds.depth_max = 8;
  return json::parse(call.request.body, bounds);
}

std::string own_key_url(const custody::Organisation& organisation) {
  const crypto::SigningKey& key =
      const_cast<custody::Organisation&>(organisation).stores().identity().key;
  return vc::key_url(organisation.did(), model::key_id_of(key.algorithm(), key.public_key()));
}

Result<Made> issue(const Call& call, const Contents& contents, const crypto::JwsKey& holder) {
  const auto state = call.services.ledger.state();
  if (!ledger::may_issue(*state, call.organisation.did(), contents.type.type, call.now_ms())) {
    return make_error(ErrorCode::credential_issuer_unaccredited);
  }
  XL_TRY_ASSIGN(Issued entry, reserve(call, contents, holder));
  std::vector<vc::Claim> claims = frame_of(call, contents, entry, holder);
  claims.insert(claims.end(), contents.claims.begin(), contents.claims.end());
  const crypto::SigningKey& key = call.organisation.stores().identity().key;
  json::Writer header;
  header.begin_object().key("alg").string(vc::jws_name_of(key)).key("typ").string("dc+sd-jwt");
  header.key("kid").string(own_key_url(call.organisation)).end_object();
  return Made{std::move(entry), vc::issue_sd_jwt(header.take(), claims, key).text()};
}

namespace {

/// Errors: credential_claims_invalid (an organisation speaks of itself under another's name).
Status check_own_name(const model::StateReader& state, const model::Id& issuer,
                      const Contents& contents) {
  const auto party = contracts::identity::find_party(state, issuer);
  if (!party || !ledger::issues_by_nature(*party, contents.type.type)) return {};
  const std::string_view name = vc::issuer_name_claim(contents.type.type);
  for (const vc::Claim& claim : contents.claims) {
    if (claim.name == name && claim.value != json_string(party->name())) {
      return make_error(ErrorCode::credential_claims_invalid, name);
    }
  }
  return {};
}

}  // namespace

Result<Contents> read_contents(const Call& call, json::Value body) {
  Contents out;
  XL_TRY_ASSIGN(out.type, vc::type_of_name(body.find("type").as_string().value_or("")));
  XL_TRY_ASSIGN(out.claims, vc::read_claims(out.type.type, body.find("claims")));
  const json::Value days = body.find("valid_days");
  const auto count = days.present() ? days.as_uint64() : std::optional(valid_days_default);
  if (!count || *count == 0 || *count > valid_days_max) {
    return make_error(ErrorCode::parameter_invalid, "valid_days");
  }
  out.valid_ms = *count * day_ms;
  const auto state = call.services.ledger.state();
  if (!ledger::may_issue(*state, call.organisation.did(), out.type.type, call.now_ms())) {
    return make_error(ErrorCode::credential_issuer_unaccredited);
  }
  XL_TRY(check_own_name(*state, call.organisation.did(), out));
  return out;
}

Result<http::Response> issue_directly(const Call& call) {
  XL_TRY(own_principal(call));
  XL_TRY_ASSIGN(const json::Document body, json_body_of(call));
  XL_TRY_ASSIGN(const Contents contents, read_contents(call, body.root()));
  XL_TRY_ASSIGN(const vc::NamedKey holder, vc::read_jwk(body.root().find("holder")));
  if (holder.key.algorithm == crypto::JwsAlgorithm::rs256) {
    return make_error(ErrorCode::json_web_key_malformed);
  }
  XL_TRY_ASSIGN(const Made made, issue(call, contents, holder.key));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/credential-issued/v1");
  write_entry_of(out, made.entry);
  out.key("credential").string(made.text).end_object();
  return smart::secret_json(out.take(), 201);
}

Result<http::Response> list_issued(const Call& call) {
  XL_TRY(own_principal(call));
  std::uint64_t before_ms = 0;
  const auto text = call.request.parameter("before");
  if (text && !parse_decimal(*text, before_ms)) {
    return make_error(ErrorCode::parameter_invalid, "before");
  }
  XL_TRY_ASSIGN(const std::vector<Issued> page,
                call.services.credentials.issued(call.organisation.did()).page(before_ms));
  const auto state = call.services.ledger.state();
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/credentials-issued/v1");
  out.key("credentials").begin_array();
  for (const Issued& one : page) {
    out.begin_object();
    write_entry_of(out, one);
    out.key("status").string(status_word_of(*state, one, call.now_ms())).end_object();
  }
  out.end_array();
  if (page.size() == issued_page_max) {
    out.key("next_before").string(std::to_string(page.back().issued_ms));
  }
  return json_response(out.end_object().take());
}

Result<http::Response> show_issued(const Call& call) {
  XL_TRY(own_principal(call));
  const auto id = model::id_from_text(call.values.at(1));
  if (!id.ok()) return make_error(ErrorCode::credential_unknown);
  XL_TRY_ASSIGN(const Issued one,
                call.services.credentials.issued(call.organisation.did()).find(*id));
  const auto state = call.services.ledger.state();
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/credential-entry/v1");
  write_entry_of(out, one);
  out.key("status").string(status_word_of(*state, one, call.now_ms())).end_object();
  return json_response(out.take());
}

Result<http::Response> show_status_list(const Call& call) {
  const auto list = model::id_from_text(call.values.at(1));
  if (!list.ok()) return make_error(ErrorCode::status_list_unknown);
  XL_TRY_ASSIGN(const query::LedgerHead head, call.services.ledger.head());
  const auto state = call.services.ledger.state();
  const auto record = ledger::find_list(*state, *list);
  if (!record || contracts::id_of(record->issuer()) != call.organisation.did()) {
    return make_error(ErrorCode::status_list_unknown);
  }
  const std::uint64_t as_of_ms = head.block_ms;
  const vc::StatusListText text{vc::list_url(call.address(), *list),
                                call.organisation.did(),
                                static_cast<ledger::StatusPurpose>(record->purpose()),
                                ledger::bits_of(*state, *list),
                                as_of_ms,
                                call.now_ms() + list_fresh_ms};
  http::Response out;
  out.content_type = "application/vc+jwt";
  out.body = vc::status_list_credential(text, own_key_url(call.organisation),
                                        call.organisation.stores().identity().key);
  return out;
}

}  // namespace xl::gateway::credentials
