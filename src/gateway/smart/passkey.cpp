// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/smart/passkey.h"

#include <algorithm>

#include "base/json/writer.h"
#include "contracts/access/records.h"
#include "contracts/api/shape.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/possession.h"
#include "contracts/identity/records.h"
#include "contracts/identity/sign_in.h"
#include "contracts/identity/view.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/webauthn.h"
#include "gateway/smart/endpoints.h"
#include "model/limits.h"
#include "model/transaction.h"

namespace xl::gateway::smart {

namespace identity = contracts::identity;
using auth::Tokens;
using contracts::PartyKind;

namespace {

/// A person on a page: long enough for a shift's app, half of what a delegation may have.
constexpr std::uint64_t session_ms = limits::delegation_ms_max / 2;
constexpr std::uint64_t signing_ms = 60 * 1000;

/// A passkey that manages somebody.
struct Passkey {
  model::Signer signer;
  Bytes public_key;  ///< with the rpId
  std::string rp_id;
  std::uint64_t until_ms = 0;  ///< 0: no end
  Bytes credential;            ///< as authenticators know it; empty: not known here
};

/// The passkeys of a DID that work on this page: all of one rpId, of the host itself before one
/// above it. Never empty. Errors: sign_in_refused.
Result<std::vector<Passkey>> passkeys_of(const Visit& visit, const custody::LedgerView& view,
                                         const model::Id& did) {
  const std::string host = host_name_of(visit.url);
  std::vector<Passkey> out;
  for (const Hash& id : identity::keys_of(*view.state, did)) {
    const auto key = identity::find_key(*view.state, id);
    const bool usable =
        key && identity::is_active(*key, view.now_ms) &&
        key->algorithm() == static_cast<std::uint32_t>(crypto::Algorithm::webauthn_p256) &&
        (key->purposes() & contracts::purpose_manage) != 0 &&
        key->public_key().size() > point_bytes;
    if (!usable) continue;
    Passkey one{{id, crypto::Algorithm::webauthn_p256},
                copy_of(view_of(key->public_key())),
                key->public_key().substr(point_bytes),
                key->not_after_ms(),
                {}};
    if (host != one.rp_id && !host.ends_with("." + one.rp_id)) continue;
    if (!out.empty() && one.rp_id.size() < out.front().rp_id.size()) continue;
    if (!out.empty() && one.rp_id.size() > out.front().rp_id.size()) out.clear();
    XL_TRY_ASSIGN(one.credential, visit.house.registry->credential_of(id));
    out.push_back(std::move(one));
  }
  if (!out.empty()) return out;
  return make_error(ErrorCode::sign_in_refused, "no passkey of this DID and host is on the ledger");
}

identity::KeyClaim claim_of(const PasskeyLogin& login) {
  return {login.did, crypto::Algorithm::p256, login.session_key, contracts::purpose_session,
          0,         login.until_ms};
}

Bytes with_suite(ByteView signature) {
  Bytes out;
  out.reserve(1 + signature.size());
  out.push_back(static_cast<std::uint8_t>(crypto::Suite::international));
  append(out, signature);
  return out;
}

/// The delegation to the session key, to be signed by the passkey.
xinglin::identity::v1::Delegate delegation_to(const PasskeyLogin& login,
                                              const model::Id& organisation,
                                              const Standing& standing, ByteView proof) {
  xinglin::identity::v1::Delegate out;
  out.set_delegator(custody::bytes_of(login.did.view()));
  auto* key = out.mutable_key();
  key->set_algorithm(static_cast<std::uint32_t>(crypto::Algorithm::p256));
  key->set_public_key(custody::bytes_of(login.session_key));
  key->set_purposes(contracts::purpose_session);
  key->set_not_after_ms(login.until_ms);
  key->set_proof(custody::bytes_of(with_suite(proof)));
  out.set_organisation(custody::bytes_of(organisation.view()));
  out.mutable_roles()->Add(standing.roles.begin(), standing.roles.end());
  // The least that a delegation can name: an app reads and writes over HTTP, never on the ledger.
  out.add_message_types(std::uint32_t{contracts::access::contract_number} << 16U |
                        contracts::access::end_session_type);
  return out;
}

/// Makes the delegation that `passkey` is to sign, and answers what asks for it: one signature can
/// be of one key only, since it is over which key signs. `offered`: the credentials that may
/// answer; empty: those that the browser finds itself.
Result<std::string> ask_passkey(const Visit& visit, const custody::LedgerView& view,
                                const std::string& wanted, PasskeyLogin login,
                                const Passkey& passkey, const std::vector<Bytes>& offered) {
  XL_TRY_ASSIGN(const Standing standing, standing_of(view, login.did, visit.organisation.did()));
  model::Body body;
  body.network = visit.services.ledger.genesis().network;
  body.signers.push_back(passkey.signer);
  body.valid_until_ms = view.now_ms + limits::validity_window_ms - signing_ms;
  crypto::random_bytes(body.nonce);
  body.messages.push_back(custody::message_to(
      identity::contract_number, identity::delegate_type,
      delegation_to(login, visit.organisation.did(), standing, login.possession_proof)));
  login.body = model::encode_body(body);
  login.signer = passkey.signer.key_id;
  const Hash challenge = crypto::sha256(model::signed_bytes(login.body));
  XL_TRY(visit.desk().change(wanted, [&](Authorization& one) { one.passkey = login; }));
  json::Writer out;
  out.begin_object().key("challenge").string(to_base64(challenge));
  out.key("rp_id").string(passkey.rp_id).key("credentials").begin_array();
  for (const Bytes& one : offered) out.string(to_base64(one));
  return out.end_array().end_object().take();
}

/// All credentials, if each is known: a list with one left out would keep that one from signing.
std::vector<Bytes> credentials_of(const std::vector<Passkey>& passkeys) {
  std::vector<Bytes> out;
  for (const Passkey& one : passkeys) {
    if (one.credential.empty()) return {};
    out.push_back(one.credential);
  }
  return out;
}

Result<PasskeyLogin> running(const Authorization& wanted) {
  if (!wanted.passkey) return make_error(ErrorCode::smart_login_over);
  return *wanted.passkey;
}

}  // namespace

std::string host_name_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  std::string out(url.substr(0, url.find_first_of(":/")));
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

Result<Sent> Sent::of(const Visit& visit) {
  json::Limits bounds;
  bounds.bytes_max = form_bytes_max;
  bounds.depth_max = 2;
  XL_TRY_ASSIGN(json::Document document, json::parse(visit.request.body, bounds));
  return Sent(std::move(document));
}

std::string_view Sent::text(std::string_view name) const {
  return document_.root().find(name).as_string().value_or("");
}

Result<Bytes> Sent::bytes(std::string_view name) const {
  Bytes out;
  if (text(name).empty() || !from_base64(text(name), out)) {
    return make_error(ErrorCode::parameter_invalid, name);
  }
  return out;
}

Result<Bytes> Sent::assertion() const {
  XL_TRY_ASSIGN(const Bytes authenticator_data, bytes("authenticator_data"));
  XL_TRY_ASSIGN(const Bytes client_data, bytes("client_data"));
  XL_TRY_ASSIGN(const Bytes der, bytes("signature"));
  return crypto::webauthn::encode_assertion(authenticator_data, client_data, der);
}

Result<Standing> standing_of(const custody::LedgerView& view, const model::Id& did,
                             const model::Id& organisation) {
  const auto refused = [] {
    return make_error(ErrorCode::sign_in_refused, "no person of this organisation has this DID");
  };
  const auto party = identity::find_party(*view.state, did);
  if (!party) return refused();
  Standing out;
  out.kind = static_cast<PartyKind>(party->kind());
  switch (out.kind) {
    case PartyKind::practitioner: {
      const auto attestation = identity::find_attestation(*view.state, did, organisation);
      if (!attestation || !identity::is_active(*attestation, view.now_ms)) return refused();
      out.roles.assign(attestation->roles().begin(), attestation->roles().end());
      out.roles.resize(std::min<std::size_t>(out.roles.size(), limits::roles_max));
      out.until_ms = attestation->valid_to_ms();
      return out;
    }
    case PartyKind::patient:
    case PartyKind::guardian:
      if (identity::custodian_of(*party) != organisation) return refused();
      return out;
    case PartyKind::organisation:
    case PartyKind::service:
      break;
  }
  return refused();
}

Result<http::Response> passkey_begin(const Visit& visit) {
  XL_TRY_ASSIGN(const Authorization wanted, authorization_of(visit));
  XL_TRY_ASSIGN(const Sent sent, Sent::of(visit));
  PasskeyLogin login;
  XL_TRY_ASSIGN(login.did, model::id_from_did(sent.text("did")));
  XL_TRY_ASSIGN(login.session_key, sent.bytes("session_key"));
  XL_TRY(crypto::check_public_key(crypto::Algorithm::p256, login.session_key));
  login.session_key_id = model::key_id_of(crypto::Algorithm::p256, login.session_key);
  XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(visit.services.custody.port()));
  XL_TRY_ASSIGN(const auto passkeys, passkeys_of(visit, view, login.did));
  XL_TRY_ASSIGN(const Standing standing, standing_of(view, login.did, visit.organisation.did()));
  login.until_ms = view.now_ms + session_ms;
  if (standing.until_ms != 0) login.until_ms = std::min(login.until_ms, standing.until_ms);
  // Whichever signs: the session's key proves itself for this end before that is known.
  for (const Passkey& one : passkeys) {
    if (one.until_ms != 0) login.until_ms = std::min(login.until_ms, one.until_ms);
  }
  login.signer = passkeys.front().signer.key_id;
  for (const Passkey& one : passkeys) {  // the one that this browser used last is asked first
    const bool last =
        !one.credential.empty() && sent.text("credential") == to_base64(one.credential);
    if (last) login.signer = one.signer.key_id;
  }
  const Bytes possession =
      identity::possession_bytes(visit.services.ledger.genesis().network, claim_of(login));
  XL_TRY(visit.desk().change(wanted.id, [&](Authorization& one) { one.passkey = login; }));
  json::Writer out;
  out.begin_object().key("possession").string(to_base64(possession)).end_object();
  return secret_json(out.take());
}

Result<http::Response> passkey_delegate(const Visit& visit) {
  XL_TRY_ASSIGN(const Authorization wanted, authorization_of(visit));
  XL_TRY_ASSIGN(PasskeyLogin login, running(wanted));
  XL_TRY_ASSIGN(const Sent sent, Sent::of(visit));
  XL_TRY_ASSIGN(login.possession_proof, sent.bytes("proof"));
  XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(visit.services.custody.port()));
  XL_TRY_ASSIGN(const auto passkeys, passkeys_of(visit, view, login.did));
  const auto preferred = std::find_if(passkeys.begin(), passkeys.end(), [&](const Passkey& one) {
    return one.signer.key_id == login.signer;
  });
  const Passkey& asked = preferred == passkeys.end() ? passkeys.front() : *preferred;
  XL_TRY_ASSIGN(std::string answer,
                ask_passkey(visit, view, wanted.id, login, asked, credentials_of(passkeys)));
  return secret_json(std::move(answer));
}

Result<http::Response> passkey_assert(const Visit& visit) {
  XL_TRY_ASSIGN(const Authorization wanted, authorization_of(visit));
  XL_TRY_ASSIGN(PasskeyLogin login, running(wanted));
  if (login.body.empty()) return make_error(ErrorCode::smart_login_over);
  XL_TRY_ASSIGN(const Sent sent, Sent::of(visit));
  XL_TRY_ASSIGN(Bytes signature, sent.assertion());
  XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(visit.services.custody.port()));
  XL_TRY_ASSIGN(const auto passkeys, passkeys_of(visit, view, login.did));
  const Bytes text = model::signed_bytes(login.body);
  const auto answered = std::find_if(passkeys.begin(), passkeys.end(), [&](const Passkey& one) {
    return crypto::webauthn::verify_assertion(one.public_key, text, signature).ok();
  });
  if (answered == passkeys.end()) return make_error(ErrorCode::signature_invalid);
  Bytes credential;
  if (!sent.text("credential").empty()) {
    XL_TRY_ASSIGN(credential, sent.bytes("credential"));
    if (credential != answered->credential) {
      XL_TRY(visit.house.registry->keep_credential(answered->signer.key_id, credential));
    }
  }
  if (answered->signer.key_id != login.signer) {
    // Another one than was asked: now it is known which, and it signs what is its own.
    std::vector<Bytes> offered;
    if (!credential.empty()) offered.push_back(std::move(credential));
    XL_TRY_ASSIGN(std::string again,
                  ask_passkey(visit, view, wanted.id, login, *answered, offered));
    return secret_json(std::move(again));
  }
  std::vector<Bytes> signatures;
  signatures.push_back(std::move(signature));
  XL_TRY(visit.services.custody.port().send(model::encode_transaction(login.body, signatures)));
  login.body.clear();
  login.challenge = visit.services.tokens.challenge(told_app(wanted.client)).text;
  const Bytes sign_in =
      identity::sign_in_bytes(visit.services.ledger.genesis().network, visit.organisation.did(),
                              login.session_key_id, login.challenge);
  XL_TRY(visit.desk().change(wanted.id, [&](Authorization& one) { one.passkey = login; }));
  json::Writer out;
  out.begin_object().key("sign_in").string(to_base64(sign_in)).end_object();
  return secret_json(out.take());
}

Result<http::Response> passkey_finish(const Visit& visit) {
  XL_TRY_ASSIGN(const Authorization wanted, authorization_of(visit));
  XL_TRY_ASSIGN(const PasskeyLogin login, running(wanted));
  XL_TRY_ASSIGN(const Sent sent, Sent::of(visit));
  XL_TRY_ASSIGN(const Bytes signature, sent.bytes("signature"));
  Tokens::Answer answer{login.challenge, visit.organisation.did(), login.session_key_id,
                        with_suite(signature)};
  XL_TRY_ASSIGN(Tokens::SignedIn who, visit.services.tokens.authenticate(answer));
  XL_TRY(signed_in(visit, wanted.id, std::move(who)));
  json::Writer out;
  out.begin_object().key("next");
  out.string(visit.address() + "/oauth/consent/" + wanted.id).end_object();
  return secret_json(out.take());
}

}  // namespace xl::gateway::smart
