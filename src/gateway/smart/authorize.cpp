// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "crypto/hash.h"
#include "gateway/smart/endpoints.h"
#include "gateway/smart/page.h"

namespace xl::gateway::smart {
namespace {

constexpr std::size_t state_bytes_max = 1024;
constexpr std::size_t challenge_length = 43;  // base64url of a SHA-256

Error bad_request(std::string_view what) {
  return make_error(ErrorCode::smart_request_invalid, what);
}

/// To which app, and where: until these are sure nothing goes anywhere. Errors:
/// smart_client_unknown, smart_redirect_refused.
Result<Client> client_of(const Visit& visit, const Form& form) {
  XL_TRY_ASSIGN(Client client, visit.house.registry->client(form.text("client_id")));
  const std::string redirect_uri = form.text("redirect_uri");
  for (const std::string& one : client.redirect_uris) {
    if (one == redirect_uri) return client;
  }
  return make_error(ErrorCode::smart_redirect_refused);
}

Status read_scopes(const Visit& visit, const Form& form, Authorization& out) {
  XL_TRY_ASSIGN(const Scopes wanted, parse_scopes(form.text("scope")));
  out.scopes = within(wanted, out.client.scopes);
  std::erase_if(out.scopes.resources,
                [](const ResourceScope& one) { return one.context == ScopeContext::system; });
  if (out.scopes.resources.empty() && !out.scopes.openid) {
    return make_error(ErrorCode::smart_scope_invalid, "nothing is left of what the app may have");
  }
  const std::string launch = form.text("launch");
  if (out.scopes.launch && launch.empty()) return bad_request("launch");
  if (!launch.empty()) {
    XL_TRY_ASSIGN(out.launch, visit.desk().find_launch(visit.organisation.did(), launch));
  }
  return {};
}

/// Everything behind app and address (RFC 6749 §4.1.1, RFC 7636 §4.3, SMART §4.1.6).
Status read_request(const Visit& visit, const Form& form, Authorization& out) {
  out.state = form.text("state");
  if (out.state.empty() || out.state.size() > state_bytes_max) return bad_request("state");
  if (form.text("response_type") != "code") {
    return make_error(ErrorCode::smart_grant_unsupported, "response_type");
  }
  out.base = form.text("aud");
  if (!visit.is_base(out.base)) return bad_request("aud: the base of the FHIR server");
  if (out.base.ends_with('/')) out.base.pop_back();
  out.code_challenge = form.text("code_challenge");
  Bytes challenge;
  if (form.text("code_challenge_method") != "S256" ||
      out.code_challenge.size() != challenge_length ||
      !from_base64url(out.code_challenge, challenge)) {
    return bad_request("code_challenge with S256");
  }
  out.nonce = form.text("nonce");
  if (out.nonce.size() > state_bytes_max) return bad_request("nonce");
  return read_scopes(visit, form, out);
}

}  // namespace

Result<http::Response> authorize(const Visit& visit) {
  const bool chinese = wants_chinese(visit.request);
  const auto form = Form::of(visit.request);
  if (!form.ok()) return error_page(form.error(), chinese);
  auto client = client_of(visit, *form);
  if (!client.ok()) return error_page(client.error(), chinese);

  Authorization wanted;
  wanted.organisation = visit.organisation.did();
  wanted.client = std::move(*client);
  wanted.redirect_uri = form->text("redirect_uri");
  wanted.address = network_of(visit.request.remote);
  wanted.chinese = chinese;
  const Status fine = read_request(visit, *form, wanted);
  if (!fine.ok()) return back_with_error(wanted, fine.error());
  // Nobody is ever signed in already: each app is agreed to by a sign-in of its own.
  if (form->text("prompt") == "none") {
    return see_other(
        with_query(wanted.redirect_uri, {{"error", "login_required"}, {"state", wanted.state}}));
  }
  std::string secret = browser_secret(visit.request);
  if (secret.empty()) secret = random_text();
  wanted.browser = crypto::sha256(view_of(secret));
  const auto begun = visit.desk().begin(wanted);
  if (!begun.ok()) return back_with_error(wanted, begun.error());
  http::Response out = see_other(visit.address() + "/oauth/login/" + begun->id);
  set_browser_secret(visit, secret, out);
  return out;
}

http::Response back_with_error(const Authorization& wanted, const Error& error) {
  std::string word(oauth_word(error.code));
  if (error.code == ErrorCode::smart_grant_unsupported) word = "unsupported_response_type";
  return see_other(
      with_query(wanted.redirect_uri,
                 {{"error", word}, {"error_description", error.text()}, {"state", wanted.state}}));
}

}  // namespace xl::gateway::smart
