// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "base/json/writer.h"
#include "contracts/identity/sign_in.h"
#include "gateway/auth/routes.h"
#include "gateway/fhir/face.h"
#include "gateway/smart/endpoints.h"
#include "gateway/smart/page.h"
#include "gateway/smart/passkey.h"

namespace xl::gateway::smart {

namespace identity = contracts::identity;
using auth::Tokens;
namespace {

std::string login_address(const Visit& visit, const Authorization& wanted) {
  return visit.address() + "/oauth/login/" + wanted.id;
}

std::string consent_address(const Visit& visit, const std::string& id) {
  return visit.address() + "/oauth/consent/" + id;
}

std::string passkey_part(const Visit& visit, const Authorization& wanted) {
  const bool zh = wanted.chinese;
  std::string out = "<section><form id=\"passkey\" hidden data-address=\"" +
                    html(login_address(visit, wanted)) + "/passkey\"" + told_errors(zh) + "><h2>";
  out += either(zh, "通行密钥", "Passkey");
  out += "</h2><label for=\"did\">";
  out += either(zh, "您的标识(DID)", "Your identifier (DID)");
  out +=
      "</label><input type=\"text\" id=\"did\" name=\"did\" required autocomplete=\"username "
      "webauthn\" spellcheck=\"false\" placeholder=\"did:xinglin:…\"><p><button>";
  out += either(zh, "用通行密钥登录", "Sign in with a passkey");
  out += "</button></p><p class=\"bad\" role=\"alert\"></p><p><a href=\"" + html(visit.address()) +
         "/oauth/passkey?for=" + wanted.id + "\">";
  out += either(zh, "还没有通行密钥?创建一个", "No passkey yet? Make one");
  return out + "</a></p></form></section>";
}

std::string device_part(const Visit& visit, const Authorization& wanted) {
  const bool zh = wanted.chinese;
  std::string out = "<section id=\"waiting\" data-address=\"" + html(login_address(visit, wanted)) +
                    "/state\"><h2>";
  out += either(zh, "在保管您密钥的设备上签名", "Sign on the device with your key");
  out += "</h2><p>";
  out += either(zh, "在那台设备上输入此代码:", "Enter this code there:");
  out += "</p><p class=\"code\"><code>" + shown_code(wanted.user_code) + "</code></p><p><code>" +
         html(command_on_device(visit, "smart approve", wanted.user_code)) +
         "</code></p><p class=\"note\">";
  out += either(zh, "只为您自己打开的此页面输入代码。切勿输入他人发给您的代码。",
                "Only ever enter the code of a page that you opened yourself, never one that "
                "somebody sent you.");
  out += "</p><p><a href=\"" + html(consent_address(visit, wanted.id)) + "\">";
  out += either(zh, "已签名,继续", "I have signed: continue");
  return out + "</a></p></section>";
}

std::string password_part(const Visit& visit, const Authorization& wanted) {
  if (!visit.services.smart.settings().password_login) return {};
  const bool zh = wanted.chinese;
  std::string out = "<section><form method=\"post\" action=\"" +
                    html(login_address(visit, wanted)) + "/password\"><h2>";
  out += either(zh, "用户名和密码", "Name and password");
  out += "</h2><label for=\"name\">";
  out += either(zh, "用户名", "Name");
  out +=
      "</label><input type=\"text\" id=\"name\" name=\"name\" required "
      "autocomplete=\"username\"><label for=\"password\">";
  out += either(zh, "密码", "Password");
  out +=
      "</label><input type=\"password\" id=\"password\" name=\"password\" required "
      "autocomplete=\"current-password\"><p><button>";
  out += either(zh, "登录", "Sign in");
  return out + "</button></p></form></section>";
}

std::string provider_part(const Visit& visit, const Authorization& wanted) {
  const Provider* provider = visit.services.smart.provider(visit.organisation.did());
  if (provider == nullptr) return {};
  return "<section><p><a class=\"button\" href=\"" + html(login_address(visit, wanted)) +
         "/provider\">" + html(provider->name) + "</a></p></section>";
}

/// What is asked of a person on another device. Wrong codes are counted: nobody finds one by
/// trying.
Result<Authorization> by_user_code(const Visit& visit) {
  XL_TRY(visit.desk().may_try("code", visit.request.remote));
  auto found = visit.desk().find_by_user_code(visit.organisation.did(), typed_code(visit));
  if (!found.ok()) visit.desk().failed("code", visit.request.remote);
  return found;
}

}  // namespace

std::string shown_code(std::string_view user_code) {
  return std::string(user_code.substr(0, 4)) + "-" + std::string(user_code.substr(4));
}

std::string typed_code(const Visit& visit) {
  std::string out;
  for (const char c : visit.values.at(1)) {
    if (c != '-') out += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  }
  return out;
}

std::string command_on_device(const Visit& visit, std::string_view command,
                              std::string_view user_code) {
  return "xinglin " + std::string(command) + " " + shown_code(user_code) + " --node " + visit.url +
         " --organisation " + visit.organisation.did().text();
}

std::string told_app(const Client& client) {
  return std::string(identity::app_mark) + client.name + " (" + client.id + ")";
}

std::string stated_for(const Client& client, std::string_view word) {
  return std::string(identity::stated_mark) + std::string(word) +
         std::string(identity::statement_mark) + told_app(client);
}

std::string wanted_part(const Visit& visit, const Authorization& wanted) {
  const bool zh = wanted.chinese;
  std::string out = "<p>" + html(visit.organisation.name()) + "</p><p>";
  out += either(zh, "该应用申请:", "The app asks to:");
  out += "</p><ul>";
  for (const ResourceScope& scope : wanted.scopes.resources) {
    out += "<li>" + html(scope_words(scope, zh)) + "</li>";
  }
  if (wanted.scopes.openid) {
    out += "<li>";
    out += either(zh, "知道您是谁", "know who you are");
    out += "</li>";
  }
  if (wanted.scopes.offline_access || wanted.scopes.online_access) {
    out += "<li>";
    out += either(zh, "在您离开后继续访问,最多 12 小时", "go on after you leave, at most 12 hours");
    out += "</li>";
  }
  return out + "</ul>";
}

std::string refusing_part(const Visit& visit, const Authorization& wanted) {
  std::string out = "<form method=\"post\" action=\"" + html(consent_address(visit, wanted.id)) +
                    "\"><button class=\"plain\" name=\"decision\" value=\"deny\">";
  out += either(wanted.chinese, "不同意,返回应用", "Refuse and go back to the app");
  return out + "</button></form>";
}

Result<Authorization> authorization_of(const Visit& visit) {
  return visit.desk().find(visit.values.at(1), browser_secret(visit.request));
}

http::Response ask_fhir(const Visit& visit, const custody::Principal& who, const std::string& path,
                        std::vector<std::pair<std::string, std::string>> query) {
  http::Request request;
  request.method = "GET";
  request.path = "/" + path;
  request.query = std::move(query);
  request.headers["accept"] = "application/fhir+json";
  request.headers["host"] = visit.request.header("host");
  request.remote = visit.request.remote;
  request.id = visit.request.id;
  request.secure = visit.request.secure;
  fhir::Call call{visit.services, visit.organisation, request, visit.fhir_base(), {}, who, nullptr};
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    call.segments.push_back(rest.substr(0, slash));
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
  return fhir::answer(call);
}

Status signed_in(const Visit& visit, const std::string& id, Tokens::SignedIn who,
                 std::string account) {
  std::string subject = model::did_text(who.caller.principal.did);
  std::string fhir_user = fhir_user_of(visit, who.caller.principal);
  Status out;
  XL_TRY(visit.desk().change(id, [&](Authorization& wanted) {
    if (wanted.launch && wanted.launch->did != who.caller.principal.did) {
      out = make_error(ErrorCode::smart_launch_unknown, "somebody else opened the record");
      return;
    }
    if (wanted.who) {  // the first sign-in counts
      out = make_error(ErrorCode::smart_login_over);
      return;
    }
    wanted.who = std::move(who);
    wanted.subject = std::move(subject);
    wanted.account = std::move(account);
    wanted.fhir_user = std::move(fhir_user);
    wanted.passkey.reset();
    wanted.provider.reset();
  }));
  return out;
}

Result<http::Response> login_page(const Visit& visit) {
  const auto wanted = authorization_of(visit);
  if (!wanted.ok()) return error_page(wanted.error(), wants_chinese(visit.request));
  if (wanted->who) return see_other(consent_address(visit, wanted->id));
  Page out;
  out.chinese = wanted->chinese;
  out.title = wanted->client.name;
  out.title += either(wanted->chinese, ":登录", ": sign in");
  out.assets = visit.address() + "/oauth";
  out.goes_to = origin_of(wanted->redirect_uri);
  if (visit.request.parameter("refused")) {
    const ErrorInfo& info = describe(ErrorCode::smart_login_refused);
    out.body += "<p class=\"bad\" role=\"alert\">" +
                html(either(wanted->chinese, info.zh, info.en)) + " " +
                html(either(wanted->chinese, info.zh_fix, info.en_fix)) + "</p>";
  }
  out.body += wanted_part(visit, *wanted) + passkey_part(visit, *wanted) +
              device_part(visit, *wanted) + provider_part(visit, *wanted) +
              password_part(visit, *wanted) + refusing_part(visit, *wanted);
  return page(out);
}

Result<http::Response> login_state(const Visit& visit) {
  XL_TRY_ASSIGN(const Authorization wanted, authorization_of(visit));
  json::Writer out;
  out.begin_object().key("signed_in").boolean(wanted.who.has_value());
  out.key("next").string(consent_address(visit, wanted.id)).end_object();
  return secret_json(out.take());
}

Result<http::Response> login_by_password(const Visit& visit) {
  const bool chinese = wants_chinese(visit.request);
  const auto wanted = authorization_of(visit);
  if (!wanted.ok()) return error_page(wanted.error(), chinese);
  if (!visit.services.smart.settings().password_login) {
    return error_page(make_error(ErrorCode::smart_login_off), chinese);
  }
  const auto form = Form::of(visit.request);
  if (!form.ok()) return error_page(form.error(), chinese);
  const std::string name = form->text("name").substr(0, account_name_bytes_max + 1);
  const std::string counted = visit.organisation.did().text() + " " + name;
  const Status may = visit.desk().try_password(counted, visit.request.remote);
  if (!may.ok()) return error_page(may.error(), chinese);
  const auto account = visit.house.registry->check_password(name, form->text("password"));
  if (!account.ok()) {
    visit.services.log.write(LogLevel::warning, LogEvent::login_refused,
                             {LogField::code(account.error().code)});
    if (account.error().code != ErrorCode::smart_login_refused) {
      return error_page(account.error(), chinese);
    }
    return see_other(login_address(visit, *wanted) + "?refused=1");
  }
  visit.desk().password_was_right(counted, visit.request.remote);
  const Status done = account_signed_in(visit, *wanted, *account, "by password");
  if (!done.ok()) return error_page(done.error(), chinese);
  return see_other(consent_address(visit, wanted->id));
}

Result<http::Response> show_request(const Visit& visit) {
  XL_TRY_ASSIGN(const Authorization wanted, by_user_code(visit));
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/smart-request/v1");
  out.key("client_id").string(wanted.client.id).key("client_name").string(wanted.client.name);
  out.key("organisation").string(model::did_text(wanted.organisation));
  out.key("organisation_name").string(visit.organisation.name());
  out.key("scope").string(scopes_text(wanted.scopes));
  // Who signs this has signed for this app: it goes into the evidence of all that the app reads.
  out.key("challenge").string(visit.services.tokens.challenge(told_app(wanted.client)).text);
  out.key("expires_ms").string(std::to_string(wanted.expires_ms)).end_object();
  return secret_json(out.take());
}

Result<http::Response> login_by_signature(const Visit& visit) {
  XL_TRY_ASSIGN(const Authorization wanted, by_user_code(visit));
  XL_TRY_ASSIGN(Tokens::SignedIn who,
                auth::authenticate(visit.services, visit.request.body, told_app(wanted.client)));
  XL_TRY(signed_in(visit, wanted.id, std::move(who)));
  http::Response out;
  out.status = 204;
  return out;
}

}  // namespace xl::gateway::smart
