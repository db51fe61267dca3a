// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "gateway/smart/context.h"
#include "gateway/smart/page.h"

namespace xl::gateway::smart {
namespace {

/// The code with which the app gets its tokens.
Result<std::string> code_for(const Visit& visit, const Authorization& wanted, const Form& form) {
  auth::Grant grant;
  XL_TRY(choose_context(visit, wanted, form, grant));
  grant.id = custody::random_id();
  grant.organisation = wanted.organisation;
  grant.base = wanted.base;
  grant.client = wanted.client.id;
  grant.scopes = wanted.scopes;
  grant.scopes.launch_patient = wanted.scopes.launch_patient && !grant.patient.empty();
  grant.scopes.launch_encounter = wanted.scopes.launch_encounter && !grant.encounter.empty();
  grant.subject = wanted.subject;
  grant.account = wanted.account;
  grant.fhir_user = wanted.fhir_user;
  // Without a record of theirs there is nothing that fhirUser could name: it is not granted.
  grant.scopes.fhir_user = wanted.scopes.fhir_user && !grant.fhir_user.empty();
  Granted granted;
  granted.who = *wanted.who;
  granted.redirect_uri = wanted.redirect_uri;
  granted.code_challenge = wanted.code_challenge;
  granted.nonce = wanted.nonce;
  granted.ends_ms = visit.services.clock.now_ms() + refresh_ms;
  if (granted.who.ends_ms != 0) granted.ends_ms = std::min(granted.ends_ms, granted.who.ends_ms);
  // Shared by the tokens made of it.
  granted.who.caller.grant = std::make_shared<const auth::Grant>(std::move(grant));
  return visit.desk().make_code(std::move(granted));
}

/// The patient for whom the page asks next which encounter it is; or none, to choose another.
Result<http::Response> keep_patient(const Visit& visit, const Authorization& wanted, bool chosen,
                                    const Form& form) {
  auth::Grant grant;
  Status done = chosen ? choose_patient(visit, wanted, form, grant) : Status{};
  if (done.ok()) {
    done = visit.desk().change(wanted.id, [&](Authorization& one) { one.patient = grant.patient; });
  }
  if (!done.ok()) return error_page(done.error(), wanted.chinese);
  return see_other(visit.address() + "/oauth/consent/" + wanted.id);
}

}  // namespace

Result<http::Response> consent_page(const Visit& visit) {
  const auto wanted = authorization_of(visit);
  if (!wanted.ok()) return error_page(wanted.error(), wants_chinese(visit.request));
  if (!wanted->who) return see_other(visit.address() + "/oauth/login/" + wanted->id);
  const bool zh = wanted->chinese;
  Page out;
  out.chinese = zh;
  out.title = wanted->client.name;
  out.title += either(zh, ":同意访问?", ": allow access?");
  out.assets = visit.address() + "/oauth";
  out.goes_to = origin_of(wanted->redirect_uri);
  XL_TRY_ASSIGN(const std::string choice, context_part(visit, *wanted));
  out.body = wanted_part(visit, *wanted) + choice + refusing_part(visit, *wanted);
  return page(out);
}

Result<http::Response> decide_consent(const Visit& visit) {
  const bool chinese = wants_chinese(visit.request);
  const auto found = authorization_of(visit);
  if (!found.ok()) return error_page(found.error(), chinese);
  const auto form = Form::of(visit.request);
  if (!form.ok()) return error_page(form.error(), chinese);
  const std::string decision = form->text("decision");
  const bool chooses = decision == "choose" || decision == "again";
  if (decision != "allow" && !chooses) {
    const auto gone = visit.desk().take(found->id);
    return back_with_error(*found, make_error(ErrorCode::smart_consent_refused));
  }
  if (!found->who) return see_other(visit.address() + "/oauth/login/" + found->id);
  if (chooses) return keep_patient(visit, *found, decision == "choose", *form);
  const auto code = code_for(visit, *found, *form);
  if (!code.ok() && code.error().code == ErrorCode::smart_context_invalid &&
      asks_context(visit, *found)) {
    return error_page(code.error(), chinese);  // the page behind it still asks
  }
  const auto taken = visit.desk().take(found->id);
  if (!taken.ok()) return error_page(taken.error(), chinese);
  if (!code.ok()) return back_with_error(*found, code.error());
  return see_other(with_query(found->redirect_uri, {{"code", *code}, {"state", found->state}}));
}

}  // namespace xl::gateway::smart
