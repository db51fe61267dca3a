// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>
#include <optional>

#include "base/json/writer.h"
#include "contracts/api/shape.h"
#include "contracts/identity/possession.h"
#include "contracts/identity/view.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/webauthn.h"
#include "gateway/smart/endpoints.h"
#include "gateway/smart/page.h"
#include "gateway/smart/passkey.h"

namespace xl::gateway::smart {

namespace identity = contracts::identity;

namespace {

constexpr std::uint32_t passkey_purposes = contracts::purpose_manage;

/// The host that the page is reached by, for which browsers make passkeys: a name, over https or on
/// the machine itself. Errors: smart_passkey_impossible.
Result<std::string> rp_id_here(const Visit& visit) {
  const std::string& url = visit.url;
  const std::string host = host_name_of(url);
  const bool is_address = host.find_first_not_of("0123456789.") == std::string::npos;
  const bool safe = url.starts_with("https://") || host == "localhost";
  if (is_address || !safe || !crypto::webauthn::is_rp_id(host)) {
    return make_error(ErrorCode::smart_passkey_impossible, host);
  }
  return host;
}

identity::KeyClaim enrolment_claim(const Enrolment& enrolment) {
  return {enrolment.did,
          crypto::Algorithm::webauthn_p256,
          enrolment.public_key,
          passkey_purposes,
          0,
          0};
}

/// A person of this organisation whose own key can sign for another one. Errors: sign_in_refused.
Status check_person(const Visit& visit, const model::Id& did) {
  XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(visit.services.custody.port()));
  XL_TRY(standing_of(view, did, visit.organisation.did()));
  for (const Hash& id : identity::keys_of(*view.state, did)) {
    const auto key = identity::find_key(*view.state, id);
    const bool manages = key && identity::is_active(*key, view.now_ms) &&
                         (key->purposes() & contracts::purpose_manage) != 0;
    if (manages) return {};
  }
  return make_error(ErrorCode::sign_in_refused, "this DID has no key that could sign for another");
}

Result<Enrolment> enrolment_of(const Visit& visit) {
  return visit.desk().find_enrolment(visit.values.at(1), browser_secret(visit.request));
}

/// The sign-in that waits meanwhile, to go back to.
std::optional<Authorization> waiting_sign_in(const Visit& visit) {
  const auto id = visit.request.parameter("for");
  if (!id) return std::nullopt;
  auto found = visit.desk().find(*id, browser_secret(visit.request));
  if (!found.ok()) return std::nullopt;
  return std::move(*found);
}

std::string making_part(const Visit& visit, bool zh) {
  std::string out = "<section><form id=\"enrol\" hidden data-address=\"" + html(visit.address()) +
                    "/oauth/passkey\" data-again=\"";
  out += either(zh, "用通行密钥签名", "Sign with the passkey");
  out += "\"" + told_errors(zh) + "><label for=\"did\">";
  out += either(zh, "您的标识(DID)", "Your identifier (DID)");
  out +=
      "</label><input type=\"text\" id=\"did\" name=\"did\" required autocomplete=\"username\" "
      "spellcheck=\"false\" placeholder=\"did:xinglin:…\"><p><button>";
  out += either(zh, "创建通行密钥", "Make a passkey");
  return out + "</button></p></form><p id=\"told\" class=\"bad\" role=\"alert\"></p></section>";
}

std::string approving_part(bool zh) {
  std::string out = "<section id=\"approve\" hidden><h2>";
  out += either(zh, "用您现有的密钥确认", "Confirm with the key that you have");
  out += "</h2><p>";
  out += either(zh, "在保管您密钥的设备上运行此命令:", "Run this on the device with your key:");
  out +=
      "</p><p class=\"code\"><code id=\"code\"></code></p><p><code "
      "id=\"command\"></code></p><p class=\"note\">";
  out += either(zh, "十分钟内有效。请勿关闭此页面;账本收到后会在此显示。切勿输入他人发给您的代码。",
                "It is good for ten minutes. Leave this page open: it tells when the ledger has "
                "the passkey. Never enter a code that somebody sent you.");
  return out + "</p></section>";
}

std::string made_part(const Visit& visit, bool zh, const std::optional<Authorization>& wanted) {
  std::string out = "<section id=\"made\" hidden><h2 role=\"status\">";
  out += either(zh, "通行密钥已可使用", "The passkey works");
  out += "</h2><p>";
  out += either(zh, "它已记入账本。此后您可以用它登录本机构的应用。",
                "It is on the ledger. From now on you sign in with it for this organisation's "
                "apps.");
  out += "</p>";
  if (wanted) {
    out += "<p><a class=\"button\" href=\"" + html(visit.address()) + "/oauth/login/" + wanted->id +
           "\">";
    out += either(zh, "登录", "Sign in");
    out += " (" + html(wanted->client.name) + ")</a></p>";
  }
  out += "<p class=\"note\">";
  out += either(zh, "丢失设备时,请终止它:", "If you lose the device, end it:");
  return out + " <code>xinglin identity revoke <span id=\"key\"></span></code></p></section>";
}

}  // namespace

Result<http::Response> enrol_page(const Visit& visit) {
  const auto wanted = waiting_sign_in(visit);
  const bool zh = wanted ? wanted->chinese : wants_chinese(visit.request);
  const auto host = rp_id_here(visit);
  if (!host.ok()) return error_page(host.error(), zh);
  Page out;
  out.chinese = zh;
  out.title = either(zh, "创建通行密钥", "Make a passkey");
  out.assets = visit.address() + "/oauth";
  out.body = "<p>" + html(visit.organisation.name()) + "</p><p>";
  out.body +=
      either(zh,
             "通行密钥保存在此设备或您的密码管理器中,用锁屏方式解锁。它能做您的密钥所能做的一切,"
             "因此须由您现有的密钥签名确认。",
             "A passkey stays on this device or in your password manager and opens with "
             "the screen lock. It can do whatever your key can, so the key that you have "
             "must sign for it.");
  out.body += "</p>" + making_part(visit, zh) + approving_part(zh) + made_part(visit, zh, wanted);
  return page(out);
}

Result<http::Response> enrol_begin(const Visit& visit) {
  Enrolment wanted;
  XL_TRY_ASSIGN(wanted.rp_id, rp_id_here(visit));
  XL_TRY_ASSIGN(const Sent sent, Sent::of(visit));
  XL_TRY_ASSIGN(wanted.did, model::id_from_did(sent.text("did")));
  XL_TRY(visit.desk().may_try("passkey", visit.request.remote));
  const Status person = check_person(visit, wanted.did);
  if (!person.ok()) {
    visit.desk().failed("passkey", visit.request.remote);
    return person.error();
  }
  wanted.organisation = visit.organisation.did();
  wanted.address = network_of(visit.request.remote);
  std::string secret = browser_secret(visit.request);
  if (secret.empty()) secret = random_text();
  wanted.browser = crypto::sha256(view_of(secret));
  XL_TRY_ASSIGN(wanted, visit.desk().begin_enrolment(wanted));
  Hash unused{};  // what is signed at the making proves nothing that the ledger asks for
  crypto::random_bytes(unused);
  json::Writer out;
  out.begin_object().key("address");
  out.string(visit.address() + "/oauth/passkey/" + wanted.id);
  out.key("challenge").string(to_base64(unused)).key("rp_id").string(wanted.rp_id);
  out.key("rp_name").string(visit.organisation.name());
  out.key("user_id").string(to_base64(wanted.did.view()));
  out.key("user_name").string(model::did_text(wanted.did)).end_object();
  http::Response answer = secret_json(out.take());
  set_browser_secret(visit, secret, answer);
  return answer;
}

Result<http::Response> enrol_key(const Visit& visit) {
  XL_TRY_ASSIGN(Enrolment wanted, enrolment_of(visit));
  XL_TRY_ASSIGN(const Sent sent, Sent::of(visit));
  XL_TRY_ASSIGN(const Bytes point, sent.bytes("public_key"));
  if (!sent.text("credential").empty()) {
    XL_TRY_ASSIGN(wanted.credential, sent.bytes("credential"));
  }
  XL_TRY_ASSIGN(wanted.public_key, crypto::webauthn::make_public_key(point, wanted.rp_id));
  wanted.key_id = model::key_id_of(crypto::Algorithm::webauthn_p256, wanted.public_key);
  const Bytes possession =
      identity::possession_bytes(visit.services.ledger.genesis().network, enrolment_claim(wanted));
  XL_TRY(visit.desk().change_enrolment(wanted.id, [&](Enrolment& one) {
    one.public_key = wanted.public_key;
    one.key_id = wanted.key_id;
    one.credential = wanted.credential;
    one.proof.clear();
  }));
  json::Writer out;
  out.begin_object().key("challenge").string(to_base64(crypto::sha256(possession)));
  out.key("rp_id").string(wanted.rp_id).end_object();
  return secret_json(out.take());
}

Result<http::Response> enrol_proof(const Visit& visit) {
  XL_TRY_ASSIGN(const Enrolment wanted, enrolment_of(visit));
  if (wanted.public_key.empty()) return make_error(ErrorCode::smart_login_over);
  XL_TRY_ASSIGN(const Sent sent, Sent::of(visit));
  XL_TRY_ASSIGN(const Bytes proof, sent.assertion());
  const Bytes possession =
      identity::possession_bytes(visit.services.ledger.genesis().network, enrolment_claim(wanted));
  XL_TRY(crypto::webauthn::verify_assertion(wanted.public_key, possession, proof));
  XL_TRY(visit.desk().change_enrolment(wanted.id, [&](Enrolment& one) {
    if (one.public_key == wanted.public_key) one.proof = proof;
  }));
  json::Writer out;
  out.begin_object().key("code").string(shown_code(wanted.user_code));
  out.key("command");
  out.string(command_on_device(visit, "identity add-passkey", wanted.user_code));
  out.key("key_id").string(to_hex(wanted.key_id)).end_object();
  return secret_json(out.take());
}

Result<http::Response> enrol_state(const Visit& visit) {
  XL_TRY_ASSIGN(const Enrolment wanted, enrolment_of(visit));
  XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(visit.services.custody.port()));
  const auto key = identity::find_key(*view.state, wanted.key_id);
  const bool added = key && identity::is_active(*key, view.now_ms) &&
                     contracts::id_of(key->controller()) == wanted.did;
  // For the sign-ins to come: only of keys that are on the ledger, so that there are not many.
  if (added) XL_TRY(visit.house.registry->keep_credential(wanted.key_id, wanted.credential));
  json::Writer out;
  out.begin_object().key("added").boolean(added).end_object();
  return secret_json(out.take());
}

Result<http::Response> show_enrolment(const Visit& visit) {
  XL_TRY(visit.desk().may_try("code", visit.request.remote));
  const auto wanted =
      visit.desk().find_enrolment_by_user_code(visit.organisation.did(), typed_code(visit));
  if (!wanted.ok()) {
    visit.desk().failed("code", visit.request.remote);
    return wanted.error();
  }
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/passkey-request/v1");
  out.key("did").string(model::did_text(wanted->did));
  out.key("organisation").string(model::did_text(wanted->organisation));
  out.key("organisation_name").string(visit.organisation.name());
  out.key("key_id").string(to_hex(wanted->key_id)).key("rp_id").string(wanted->rp_id);
  out.key("public_key").string(to_base64(wanted->public_key));
  out.key("proof").string(to_base64(wanted->proof));
  out.key("expires_ms").string(std::to_string(wanted->expires_ms)).end_object();
  return secret_json(out.take());
}

}  // namespace xl::gateway::smart
