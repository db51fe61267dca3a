// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: an app gets from an organisation's authorization server what somebody agreed to and not a
// bit more, and every step that a thief could take leads nowhere. Method: a real node over HTTP;
// the test is the app, the browser with its cookie, and the device with the key.
#include "node/tests/smart.h"

namespace xl::node {
namespace {

using testing::Fields;
using testing::form_text;
using testing::HttpResponse;
using testing::observation_json;
using testing::parameter_of;
using testing::parsed;
using testing::percent_encode;
using testing::Smart;
using testing::text_of_member;

const std::string vital_signs =
    "http://terminology.hl7.org/CodeSystem/observation-category|"
    "vital-signs";

TEST_F(Smart, DescribesItself) {
  const HttpResponse found = send("GET", house() + "/fhir/.well-known/smart-configuration");
  ASSERT_EQ(found.status, 200U);
  EXPECT_EQ(text_of_member(found, "issuer"), base());
  EXPECT_TRUE(text_of_member(found, "token_endpoint").ends_with(house() + "/oauth/token"));
  EXPECT_EQ(parsed(found).root().find("code_challenge_methods_supported").size(), 1U);
  EXPECT_EQ(send("GET", house() + "/fhir/.well-known/openid-configuration").status, 200U);
  const HttpResponse metadata = send("GET", house() + "/fhir/metadata");
  EXPECT_NE(metadata.body.find("SMART-on-FHIR"), std::string::npos);
}

TEST_F(Smart, GivesAnAppWhatSomebodyAgreedTo) {
  Browser browser;
  browser.open();
  const HttpResponse page = browser.page(browser.login);
  EXPECT_EQ(page.status, 200U);
  EXPECT_NE(page.body.find("Chart &lt;i&gt;"), std::string::npos);  // escaped
  EXPECT_NE(page.headers.at("content-security-policy").find("default-src 'none'"),
            std::string::npos);
  EXPECT_EQ(browser.agree({{"decision", "allow"}}).headers.at("location").find("code="),
            std::string::npos);  // nobody has signed in
  ASSERT_EQ(approve(hospital_->who(), browser.user_code()).status, 204U);
  EXPECT_EQ(text_of_member(browser.page(browser.login + "/state"), "next").empty(), false);
  const HttpResponse choice = browser.page(house() + "/oauth/consent/" + browser.id());
  EXPECT_NE(choice.body.find("Ann &lt;b&gt;"), std::string::npos) << choice.body;
  EXPECT_EQ(browser.agree({{"decision", "allow"}, {"patient", "nobody"}}).status, 403U);

  const std::string code = browser.code({{"patient", "p1"}});
  const HttpResponse answer = post("token", browser.exchange(code));
  ASSERT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(text_of_member(answer, "patient"), "p1");
  // An organisation has no record that fhirUser could name.
  EXPECT_EQ(text_of_member(answer, "scope"), "openid launch/patient patient/*.rs");
  const std::string token = text_of_member(answer, "access_token");

  const auto id_token = credentials::read_jwt(text_of_member(answer, "id_token"));
  ASSERT_TRUE(id_token.ok());
  const json::Document jwks = parsed(send("GET", house() + "/oauth/jwks"));
  const auto keys = credentials::read_jwks(jwks.root(), true);
  ASSERT_TRUE(keys.ok()) << keys.error().text();
  EXPECT_TRUE(credentials::verify(*id_token, *keys));
  EXPECT_EQ(id_token->text("iss"), base());
  EXPECT_TRUE(id_token->is_for("chart"));
  EXPECT_EQ(id_token->text("sub"), model::did_text(live_->organisations[0]));

  EXPECT_EQ(fhir(token, "GET", "Patient/p1").status, 200U);
  EXPECT_EQ(fhir(token, "GET", "Patient/p2").status, 404U);
  // The code again: somebody stole it, so what it led to ends.
  EXPECT_EQ(text_of_member(post("token", browser.exchange(code)), "error"), "invalid_grant");
  EXPECT_EQ(fhir(token, "GET", "Patient/p1").status, 401U);
}

TEST_F(Smart, SendsNobodyToAnAddressThatIsNotRegistered) {
  for (const auto& [name, value] :
       {std::pair{"redirect_uri", "https://app.example/back/"},
        std::pair{"redirect_uri", "https://evil.example/"}, std::pair{"client_id", "other"}}) {
    Browser browser;
    browser.request[name] = value;
    const HttpResponse answer = browser.ask();
    EXPECT_GE(answer.status, 400U);
    EXPECT_EQ(answer.headers.count("location"), 0U);
  }
  for (const auto& [name, value, error] :
       {std::tuple{"response_type", "token", "unsupported_response_type"},
        std::tuple{"aud", "https://other.example/fhir", "invalid_request"},
        std::tuple{"code_challenge_method", "plain", "invalid_request"},
        std::tuple{"code_challenge", "short", "invalid_request"},
        std::tuple{"scope", "patient/Nonsense.rs", "invalid_scope"},
        std::tuple{"scope", "system/*.rs", "invalid_scope"},
        std::tuple{"launch", "unknown", "invalid_request"},
        std::tuple{"prompt", "none", "login_required"}}) {
    Browser browser;
    browser.request[name] = value;
    const HttpResponse answer = browser.ask();
    ASSERT_EQ(answer.status, 303U) << name;
    EXPECT_EQ(parameter_of(answer.headers.at("location"), "error"), error) << name;
    EXPECT_EQ(parameter_of(answer.headers.at("location"), "state"), "s 1");
  }
}

TEST_F(Smart, AStolenCodeIsWorthNothing) {
  const auto refused = [](const char* name, const std::string& value) {
    Browser browser;
    browser.open();
    ASSERT_EQ(approve(hospital_->who(), browser.user_code()).status, 204U);
    Fields fields = browser.exchange(browser.code({{"patient", "p1"}}));
    fields[name] = value;
    const HttpResponse answer = post("token", fields);
    EXPECT_GE(answer.status, 400U) << name;
    EXPECT_EQ(answer.body.find("access_token"), std::string::npos) << name;
  };
  refused("code_verifier", std::string(50, 'w'));
  refused("redirect_uri", "https://evil.example/");
  refused("client_id", "other");
  // Another browser, without the cookie, cannot agree to what this one was signed in for.
  Browser browser;
  browser.open();
  ASSERT_EQ(approve(hospital_->who(), browser.user_code()).status, 204U);
  Browser thief = browser;
  thief.cookie = "xl_smart=" + std::string(43, 'A');
  EXPECT_EQ(thief.agree({{"decision", "allow"}, {"patient", "p1"}}).status, 404U);
  EXPECT_EQ(browser.agree({{"decision", "deny"}}).headers.at("location").find("code="),
            std::string::npos);
}

TEST_F(Smart, ScopesOnlyNarrow) {
  const std::string of_patient = access_token("patient/Observation.rs", {{"patient", "p1"}});
  EXPECT_EQ(fhir(of_patient, "GET", "Observation/lab1").status, 200U);
  // A record outside is as one that never was; a type outside is refused as such.
  const HttpResponse hidden = fhir(of_patient, "GET", "Observation/lab2");
  const HttpResponse absent = fhir(of_patient, "GET", "Observation/never");
  EXPECT_EQ(hidden.status, 404U);
  EXPECT_EQ(absent.status, 404U);
  EXPECT_EQ(code_of(hidden), code_of(absent));
  const HttpResponse other = fhir(of_patient, "GET", "Condition/c1");
  EXPECT_EQ(other.status, 403U);
  EXPECT_EQ(code_of(other), "XL4201");
  EXPECT_EQ(other.headers.at("www-authenticate"), "Bearer error=\"insufficient_scope\"");
  EXPECT_EQ(text_of_member(fhir(of_patient, "GET", "Observation"), "resourceType"), "Bundle");
  EXPECT_EQ(parsed(fhir(of_patient, "GET", "Observation")).root().find("total").number_text(), "2");
  EXPECT_EQ(fhir(of_patient, "GET", "Observation?patient=p2").body.find("lab2"), std::string::npos);
  EXPECT_EQ(fhir(of_patient, "GET", "Patient/p1").status, 403U);
  EXPECT_EQ(fhir(of_patient, "GET", "_history").status, 403U);
  EXPECT_EQ(fhir(of_patient, "PUT", "Observation/lab1", observation_json("lab1", "p1")).status,
            403U);
  EXPECT_EQ(fhir(of_patient, "DELETE", "Observation/lab1").status, 403U);
  // Entries of Bundles pass the same gate.
  const HttpResponse batch = fhir(of_patient, "POST", "", R"({"resourceType":"Bundle",
    "type":"batch","entry":[{"request":{"method":"GET","url":"Patient/p1"}},
    {"request":{"method":"GET","url":"Observation/lab2"}},
    {"request":{"method":"GET","url":"Observation/lab1"}},
    {"request":{"method":"DELETE","url":"Observation/lab1"}}]})");
  ASSERT_EQ(batch.status, 200U) << batch.body;
  const json::Document entries = parsed(batch);
  for (const auto& [index, status] :
       {std::pair{0, "403"}, std::pair{1, "404"}, std::pair{2, "200"}, std::pair{3, "403"}}) {
    EXPECT_TRUE(entries.root()
                    .find("entry")
                    .at(static_cast<std::size_t>(index))
                    .find("response")
                    .find("status")
                    .as_string()
                    .value_or("")
                    .starts_with(status))
        << batch.body;
  }
  const HttpResponse transaction =
      fhir(of_patient, "POST", "", R"({"resourceType":"Bundle","type":"transaction","entry":[
    {"request":{"method":"DELETE","url":"Observation/lab1"}}]})");
  EXPECT_EQ(transaction.status, 403U) << transaction.body;
  // And nothing but the FHIR server takes the token.
  const HttpResponse outside =
      send("GET", "/auth/v1/whoami", {}, {}, {{"Authorization", "Bearer " + of_patient}});
  EXPECT_EQ(outside.status, 403U);
  EXPECT_EQ(send("GET", house() + "/smart/v1/clients", {}, {},
                 {{"Authorization", "Bearer " + of_patient}})
                .status,
            403U);
}

TEST_F(Smart, ConstraintsHoldForWhatComesOut) {
  const std::string token =
      access_token("user/Observation.cruds?category=" + percent_encode(vital_signs));
  EXPECT_EQ(fhir(token, "GET", "Observation/vital1").status, 200U);
  EXPECT_EQ(fhir(token, "GET", "Observation/lab1").status, 404U);
  const HttpResponse found = fhir(token, "GET", "Observation");
  EXPECT_EQ(parsed(found).root().find("total").number_text(), "1") << found.body;
  EXPECT_EQ(fhir(token, "GET", "Observation/lab1/_history").status, 404U);
  EXPECT_EQ(fhir(token, "GET", "Observation/_history").body.find("lab1"), std::string::npos);
  const HttpResponse formed =
      send("POST", house() + "/fhir/Observation/_search", "application/x-www-form-urlencoded",
           "status=final", {{"Authorization", "Bearer " + token}});
  EXPECT_EQ(formed.body.find("lab1"), std::string::npos);
  // Neither may a write make what the app could not see, nor change it.
  EXPECT_EQ(fhir(token, "PUT", "Observation/new", observation_json("new", "p1")).status, 403U);
  EXPECT_EQ(fhir(token, "PUT", "Observation/lab1", vital("lab1", "p1")).status, 403U);
  EXPECT_EQ(fhir(token, "PUT", "Observation/new", vital("new", "p1")).status, 201U);
  EXPECT_EQ(fhir(token, "DELETE", "Observation/lab1").status, 403U);
  EXPECT_EQ(fhir(token, "DELETE", "Observation/new").status, 204U);
}

TEST_F(Smart, RefreshTokensTakeTurns) {
  const json::Document first = tokens("online_access user/Patient.rs");
  const auto refresh = [](const std::string& token, Fields more = {}) {
    more.insert(
        {{"grant_type", "refresh_token"}, {"client_id", "chart"}, {"refresh_token", token}});
    return post("token", more);
  };
  const std::string one(first.root().find("refresh_token").as_string().value_or(""));
  ASSERT_FALSE(one.empty());
  EXPECT_EQ(refresh(one, {{"client_id", "other"}}).status, 401U);
  // What was not granted is refused (RFC 6749 §6), and the token stays good.
  for (const char* more :
       {"user/Patient.rs user/Observation.r", "user/Patient.cruds", "user/*.r",
        "user/Patient.r offline_access", "patient/Patient.r", "user/Patient.sr", ""}) {
    const HttpResponse wide = refresh(one, {{"scope", more}});
    EXPECT_EQ(wide.status, 400U) << more;
    EXPECT_EQ(text_of_member(wide, "error"), "invalid_scope") << more;
  }
  // Nor is another organisation's server the place to use it up.
  EXPECT_GE(
      send("POST", "/o/" + live_->organisations[1].text() + "/oauth/token",
           "application/x-www-form-urlencoded",
           form_text(
               {{"grant_type", "refresh_token"}, {"client_id", "chart"}, {"refresh_token", one}}))
          .status,
      400U);
  const HttpResponse narrower = refresh(one, {{"scope", "user/Patient.r"}});
  ASSERT_EQ(narrower.status, 200U) << narrower.body;
  EXPECT_EQ(text_of_member(narrower, "scope"), "user/Patient.r");
  const HttpResponse second = refresh(text_of_member(narrower, "refresh_token"));
  ASSERT_EQ(second.status, 200U) << second.body;
  EXPECT_EQ(text_of_member(second, "scope"), "online_access user/Patient.rs");
  const std::string token = text_of_member(second, "access_token");
  EXPECT_EQ(fhir(token, "GET", "Patient/p1").status, 200U);
  // The first one again: two hold it, so everything of this authorization ends.
  EXPECT_EQ(text_of_member(refresh(one), "error"), "invalid_grant");
  EXPECT_EQ(fhir(token, "GET", "Patient/p1").status, 401U);
  EXPECT_EQ(refresh(text_of_member(second, "refresh_token")).status, 400U);
}

TEST_F(Smart, TellsAndEndsTokens) {
  const json::Document given =
      tokens("openid online_access launch/patient patient/Patient.rs", {{"patient", "p1"}});
  const std::string token(given.root().find("access_token").as_string().value_or(""));
  const auto id_token =
      credentials::read_jwt(given.root().find("id_token").as_string().value_or(""));
  ASSERT_TRUE(id_token.ok());
  const HttpResponse told = post("introspect", {{"token", token}, {"client_id", "chart"}});
  EXPECT_EQ(parsed(told).root().find("active").as_bool(), true) << told.body;
  EXPECT_EQ(text_of_member(told, "patient"), "p1");
  EXPECT_EQ(text_of_member(told, "client_id"), "chart");
  // One issuer, by whatever name of the node somebody asks.
  const HttpResponse elsewhere =
      post("introspect", {{"token", token}, {"client_id", "chart"}}, {{"Host", local_host()}});
  EXPECT_EQ(id_token->text("iss"), base());
  EXPECT_EQ(text_of_member(told, "iss"), base());
  EXPECT_EQ(text_of_member(elsewhere, "iss"), base()) << elsewhere.body;
  EXPECT_EQ(post("introspect", {{"token", token}}).status, 401U);
  EXPECT_EQ(post("introspect", {{"token", "unknown"}, {"client_id", "chart"}}).body,
            "{\"active\":false}");
  const HttpResponse by_house =
      post("introspect", {{"token", token}},
           {{"Authorization", "Bearer " + hospital_->who().session->token()}});
  EXPECT_EQ(parsed(by_house).root().find("active").as_bool(), true) << by_house.body;
  EXPECT_EQ(post("revoke", {{"token", token}, {"client_id", "chart"}}).status, 200U);
  EXPECT_EQ(fhir(token, "GET", "Patient/p1").status, 401U);
  EXPECT_EQ(post("introspect", {{"token", token}, {"client_id", "chart"}}).body,
            "{\"active\":false}");
}

TEST_F(Smart, OpensAppsFromARecord) {
  auto launched = hospital_->who().session->ask("POST", house() + "/smart/v1/launches",
                                                "application/json", R"({"patient":"p2"})");
  ASSERT_TRUE(launched.ok());
  ASSERT_EQ(launched->status, 201U) << launched->body;
  Browser browser;
  browser.request["scope"] = "launch patient/Observation.rs";
  browser.request["launch"] = text_of_member(*launched, "launch");
  browser.open();
  ASSERT_EQ(approve(hospital_->who(), browser.user_code()).status, 204U);
  const HttpResponse answer = post("token", browser.exchange(browser.code()));
  EXPECT_EQ(text_of_member(answer, "patient"), "p2") << answer.body;
  EXPECT_EQ(fhir(text_of_member(answer, "access_token"), "GET", "Observation/lab1").status, 404U);
  // Somebody else's record opens nothing.
  demo::Persona doctor = live_->doctor(hospital_->who(), "another");
  Browser other;
  other.request["scope"] = "launch patient/Observation.rs";
  auto again = hospital_->who().session->ask("POST", house() + "/smart/v1/launches",
                                             "application/json", R"({"patient":"p2"})");
  other.request["launch"] = text_of_member(*again, "launch");
  other.open();
  EXPECT_EQ(approve(doctor, other.user_code()).status, 400U);
}

TEST_F(Smart, ActsForAPractitionerWithinTheirConsents) {
  demo::Persona doctor = live_->doctor(hospital_->who(), "grey");
  ASSERT_TRUE(demo::open_encounter(*hospital_->who().session, live_->organisations[0], "p1",
                                   doctor.did(), "in-progress")
                  .ok());
  Browser browser;
  browser.request["scope"] = "openid fhirUser user/*.rs";
  browser.open();
  ASSERT_EQ(approve(doctor, browser.user_code()).status, 204U);
  const HttpResponse answer = post("token", browser.exchange(browser.code()));
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const std::string token = text_of_member(answer, "access_token");
  const auto id_token = credentials::read_jwt(text_of_member(answer, "id_token"));
  ASSERT_TRUE(id_token.ok());
  // No record says who grey is: nothing is named that could not be read.
  EXPECT_EQ(id_token->text("fhirUser"), "");
  EXPECT_EQ(text_of_member(answer, "scope"), "openid user/*.rs");
  EXPECT_EQ(fhir(token, "GET", "Observation/lab1").status, 200U);
  EXPECT_EQ(fhir(token, "GET", "Observation/lab2").status, 403U);  // whom grey does not treat
}

TEST_F(Smart, NamesTheRecordOfWhoSignedIn) {
  demo::Persona doctor = live_->doctor(hospital_->who(), "named");
  const auto practitioner = [](const std::string& id, const std::string& did) {
    return R"({"resourceType":"Practitioner","id":")" + id +
           R"(","identifier":[{"system":"urn:ietf:rfc:3986","value":")" + did + "\"}]}";
  };
  const auto signed_in = [&](const std::string& scope) {
    Browser browser;
    browser.request["scope"] = scope;
    browser.open();
    EXPECT_EQ(approve(doctor, browser.user_code()).status, 204U);
    return post("token", browser.exchange(browser.code()));
  };
  const auto named = [](const HttpResponse& answer) {
    return credentials::read_jwt(text_of_member(answer, "id_token"))->text("fhirUser");
  };
  const std::string did = model::did_text(doctor.did());
  const std::string scope = "openid fhirUser user/Observation.rs";
  ASSERT_EQ(hospital_->put("Practitioner/staff-7", practitioner("staff-7", did)).status, 201U);
  const HttpResponse answer = signed_in(scope);
  EXPECT_EQ(named(answer), base() + "/Practitioner/staff-7") << answer.body;
  // Which fhirUser alone lets the app read, and nobody else's.
  const std::string token = text_of_member(answer, "access_token");
  EXPECT_EQ(fhir(token, "GET", "Practitioner/staff-7").status, 200U);
  EXPECT_EQ(fhir(token, "GET", "Practitioner/staff-7/_history").status, 403U);
  EXPECT_EQ(fhir(token, "GET", "Practitioner").status, 403U);
  EXPECT_EQ(fhir(token, "PUT", "Practitioner/staff-7", practitioner("staff-7", did)).status, 403U);
  const std::string without = text_of_member(signed_in("user/Observation.rs"), "access_token");
  EXPECT_EQ(fhir(without, "GET", "Practitioner/staff-7").status, 403U);
  // Of two nobody knows which; the one that encounters name goes first.
  ASSERT_EQ(hospital_->put("Practitioner/staff-8", practitioner("staff-8", did)).status, 201U);
  EXPECT_EQ(named(signed_in(scope)), "");
  const std::string own = doctor.did().text();
  ASSERT_EQ(hospital_->put("Practitioner/" + own, practitioner(own, did)).status, 201U);
  EXPECT_EQ(named(signed_in(scope)), base() + "/Practitioner/" + own);
}

class SmartService : public Smart {
 protected:
  static std::string assertion(const crypto::SigningKey& key, const std::string& id,
                               const std::string& jti, std::uint64_t seconds = 200) {
    json::Writer out;
    out.begin_object().key("iss").string(id).key("sub").string(id);
    out.key("aud").string(base().substr(0, base().size() - 5) + "/oauth/token");
    out.key("jti").string(jti).key("exp");
    out.unsigned_integer(live_->clock.now_ms() / 1000 + seconds).end_object();
    return credentials::make_jwt(out.take(), key, "k1");
  }
  static HttpResponse ask(const std::string& assertion, const std::string& scope) {
    return post("token", {{"grant_type", "client_credentials"},
                          {"scope", scope},
                          {"client_assertion_type",
                           "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                          {"client_assertion", assertion}});
  }
};

TEST_F(SmartService, ProvesItselfWithARegisteredKey) {
  const auto key = crypto::SigningKey::generate(crypto::Algorithm::p256);
  const auto other = crypto::SigningKey::generate(crypto::Algorithm::p256);
  ASSERT_EQ(add_client(R"({"client_id":"lab-feed","client_name":"Feed",
    "scope":"system/Observation.rs","jwks":{"keys":[)" +
                       credentials::jwk_text(*key, "k1") + "]}}")
                .status,
            201U);
  const std::string good = assertion(*key, "lab-feed", "one");
  const HttpResponse answer = ask(good, "system/*.cruds");
  ASSERT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(text_of_member(answer, "scope"), "system/Observation.rs");
  EXPECT_LE(parsed(answer).root().find("expires_in").as_uint64(), 300U);
  const std::string token = text_of_member(answer, "access_token");
  EXPECT_EQ(fhir(token, "GET", "Observation/lab2").status, 200U);
  EXPECT_EQ(fhir(token, "GET", "Patient/p1").status, 403U);
  // Whether there is such a List is no business of who may not read Lists.
  const auto kept = hospital_->put(
      "List/here", R"({"resourceType":"List","id":"here","status":"current","mode":"working"})");
  ASSERT_EQ(kept.status, 201U) << kept.body;
  EXPECT_EQ(fhir(token, "GET", "Observation?_list=here").status, 403U);
  EXPECT_EQ(fhir(token, "GET", "Observation?_list=nowhere").status, 403U);
  ASSERT_EQ(add_client(R"({"client_id":"lister","client_name":"Lists",
    "scope":"system/Observation.rs system/List.r","jwks":{"keys":[)" +
                       credentials::jwk_text(*key, "k1") + "]}}")
                .status,
            201U);
  const HttpResponse lister = ask(assertion(*key, "lister", "six"), "system/*.cruds");
  const std::string reads = text_of_member(lister, "access_token");
  EXPECT_EQ(fhir(reads, "GET", "Observation?_list=here").status, 200U) << lister.body;

  EXPECT_EQ(text_of_member(ask(good, "system/*.rs"), "error"), "invalid_client");  // used before
  EXPECT_EQ(ask(assertion(*other, "lab-feed", "two"), "system/*.rs").status, 401U);
  EXPECT_EQ(ask(assertion(*key, "lab-feed", "three", 3600), "system/*.rs").status, 401U);
  EXPECT_EQ(ask(assertion(*key, "chart", "four"), "system/*.rs").status, 401U);
  EXPECT_EQ(text_of_member(ask(assertion(*key, "lab-feed", "five"), "user/*.rs"), "error"),
            "invalid_scope");
  EXPECT_EQ(post("token", {{"grant_type", "client_credentials"},
                           {"client_id", "lab-feed"},
                           {"scope", "system/*.rs"}})
                .status,
            401U);
  // The app goes, and with it what it had.
  EXPECT_EQ(hospital_->who().session->ask("DELETE", house() + "/smart/v1/clients/lab-feed")->status,
            204U);
  EXPECT_EQ(fhir(token, "GET", "Observation/lab2").status, 401U);
}

TEST_F(Smart, APatientsOwnRecordIsChosenAlready) {
  const auto did = demo::pseudonym_of(*hospital_->who().session, live_->organisations[0], "p1");
  ASSERT_TRUE(did.ok());
  auto ann = live_->cast().patient(hospital_->who(), "ann", *did);
  ASSERT_TRUE(ann.ok()) << ann.error().text();
  Browser browser;
  browser.open();
  ASSERT_EQ(approve(*ann, browser.user_code()).status, 204U);
  EXPECT_EQ(browser.page(house() + "/oauth/consent/" + browser.id()).body.find("radio"),
            std::string::npos);
  // Whatever the browser says: it is nobody else's.
  const HttpResponse answer = post("token", browser.exchange(browser.code({{"patient", "p2"}})));
  EXPECT_EQ(text_of_member(answer, "patient"), "p1") << answer.body;
  const auto id_token = credentials::read_jwt(text_of_member(answer, "id_token"));
  EXPECT_EQ(id_token->text("fhirUser"), base() + "/Patient/p1");
  const std::string token = text_of_member(answer, "access_token");
  EXPECT_EQ(fhir(token, "GET", "Observation/lab1").status, 200U);
  EXPECT_GE(fhir(token, "GET", "Observation/lab2").status, 403U);
}

TEST_F(Smart, RegistersOnlyWhatIsSafe) {
  const auto sent_back_to = [](const std::string& uri) {
    return R"({"client_name":"x","scope":"user/*.rs","redirect_uris":[")" + uri + R"("]})";
  };
  const std::string with_scope = R"({"client_name":"x","redirect_uris":["https://a.example/"],
    "scope":)";
  for (const std::string& bad :
       {sent_back_to("http://app.example/"), sent_back_to("javascript:alert%281%29"),
        sent_back_to("https://a.example/#f"), sent_back_to("https://a@b.example/"),
        sent_back_to("/relative"), with_scope + R"("system/*.rs"})", with_scope + R"("user/*.zz"})",
        with_scope + R"(""})", with_scope + R"(1})",
        with_scope + R"("user/*.rs","jwks_uri":"https://a.example/keys"})",
        with_scope + R"("user/*.rs","jwks":{"keys":[]}})",
        std::string(R"({"client_name":"x","scope":"user/*.rs"})")}) {
    EXPECT_EQ(add_client(bad).status, 400U) << bad;
  }
  EXPECT_EQ(add_client(R"({"client_id":"chart","client_name":"x","scope":"user/*.rs",
    "redirect_uris":["https://a.example/"]})")
                .status,
            409U);
  // A doctor runs nothing.
  demo::Persona doctor = live_->doctor(hospital_->who(), "curious");
  EXPECT_EQ(doctor.session->ask("GET", house() + "/smart/v1/clients")->status, 403U);
}

TEST_F(Smart, LetsTheScriptsOfRegisteredAppsReadItsAnswers) {
  const auto with_origin = [](const char* method, const std::string& path, const char* origin) {
    return send(method, path, {}, {},
                {{"Origin", origin}, {"Access-Control-Request-Method", "POST"}});
  };
  const std::string token = house() + "/oauth/token";
  const HttpResponse known = with_origin("OPTIONS", token, "https://app.example");
  EXPECT_EQ(known.status, 204U);
  EXPECT_EQ(known.headers.at("access-control-allow-origin"), "https://app.example");
  EXPECT_EQ(with_origin("OPTIONS", house() + "/fhir/Patient", "https://app.example").status, 204U);
  const HttpResponse strange = with_origin("OPTIONS", token, "https://evil.example");
  EXPECT_EQ(strange.headers.count("access-control-allow-origin"), 0U);
}

}  // namespace
}  // namespace xl::node
