// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: each way to sign in for an app lets in whom it should, and nobody else. Method: a real node
// over HTTP; a software passkey; an outside provider on a port of its own.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>

#include "contracts/identity/messages.pb.h"
#include "contracts/identity/possession.h"
#include "contracts/identity/records.h"
#include "crypto/webauthn.h"
#include "gateway/http/server.h"
#include "node/tests/soft_passkey.h"

namespace xl::node {
namespace {

using testing::asserted;
using testing::by_browser;
using testing::bytes_at;
using testing::Fields;
using testing::form_text;
using testing::HttpResponse;
using testing::LiveNode;
using testing::parameter_of;
using testing::parsed;
using testing::Smart;
using testing::SoftPasskey;
using testing::text_of_member;

class SmartLogin : public Smart {};

TEST_F(SmartLogin, LetsAPasswordInWhereItIsSwitchedOn) {
  auto& house_session = *hospital_->who().session;
  const auto add = [&](std::string_view body) {
    return house_session.ask("POST", house() + "/smart/v1/accounts", "application/json", body)
        ->status;
  };
  demo::Persona doctor = live_->doctor(hospital_->who(), "ward7");
  ASSERT_TRUE(demo::open_encounter(house_session, live_->organisations[0], "p1", doctor.did(),
                                   "in-progress")
                  .ok());
  const std::string did = model::did_text(doctor.did());
  const std::string ward7 =
      R"({"name":"ward7","password":"correct horse battery","did":")" + did + "\"}";
  EXPECT_EQ(add(ward7), 201U);
  EXPECT_EQ(add(ward7), 409U);
  EXPECT_EQ(add(R"({"name":"short","password":"12345678901","did":")" + did + "\"}"), 400U);
  const auto sign_in = [](const Browser& browser, const char* name, const char* password) {
    return send("POST", browser.login + "/password", "application/x-www-form-urlencoded",
                form_text({{"name", name}, {"password", password}}), {{"Cookie", browser.cookie}});
  };
  Browser browser;
  browser.request["scope"] = "user/Patient.rs openid";
  browser.open();
  const HttpResponse wrong = sign_in(browser, "ward7", "wrong horse battery");
  const HttpResponse nobody = sign_in(browser, "nobody", "wrong horse battery");
  EXPECT_EQ(wrong.headers.at("location"), nobody.headers.at("location"));
  EXPECT_TRUE(wrong.headers.at("location").ends_with("?refused=1"));
  EXPECT_NE(sign_in(browser, "ward7", "correct horse battery")
                .headers.at("location")
                .find("/oauth/consent/"),
            std::string::npos);
  const HttpResponse answer = post("token", browser.exchange(browser.code()));
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const std::string token = text_of_member(answer, "access_token");
  // What the account may see is what its person may, and no more.
  EXPECT_EQ(fhir(token, "GET", "Patient/p1").status, 200U);
  EXPECT_GE(fhir(token, "GET", "Patient/p2").status, 403U);
  const HttpResponse all = fhir(token, "GET", "Patient");
  EXPECT_NE(all.body.find("\"total\":1,"), std::string::npos) << all.body;
  const auto id_token = credentials::read_jwt(text_of_member(answer, "id_token"));
  EXPECT_EQ(id_token->text("sub"), did);
  // Guessing ends soon, also with the right one: one has failed before.
  Browser guesser;
  guesser.open();
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(sign_in(guesser, "ward7", "guess number one").status, 303U);
  }
  EXPECT_EQ(sign_in(guesser, "ward7", "correct horse battery").status, 429U);
  // An account that goes takes its tokens along.
  EXPECT_EQ(house_session.ask("DELETE", house() + "/smart/v1/accounts/ward7")->status, 204U);
  EXPECT_EQ(fhir(token, "GET", "Patient/p1").status, 401U);
}

TEST_F(SmartLogin, AnAccountIsOfSomebodyHere) {
  auto& house_session = *hospital_->who().session;
  demo::Persona south = live_->hospital(1);
  demo::Persona elsewhere = live_->doctor(south, "south");
  const auto add = [&](const std::string& name, const std::string& did) {
    const std::string of = did.empty() ? "" : R"(,"did":")" + did + "\"";
    return *house_session.ask(
        "POST", house() + "/smart/v1/accounts", "application/json",
        R"({"name":")" + name + R"(","password":"correct horse battery")" + of + "}");
  };
  for (const std::string& did :
       {std::string(), std::string("ada"), model::did_text(custody::random_id()),
        model::did_text(live_->organisations[0]), model::did_text(elsewhere.did())}) {
    const HttpResponse refused = add("nobody", did);
    EXPECT_EQ(refused.status, 403U) << did;
    EXPECT_EQ(text_of_member(refused, "code"), "XL4228") << refused.body;
  }
  // A standing that ends takes along what rested on it, and lets in no more.
  demo::Persona leaver = live_->doctor(hospital_->who(), "leaver");
  ASSERT_EQ(add("leaver", model::did_text(leaver.did())).status, 201U);
  const auto sign_in = [](const Browser& browser) {
    return send("POST", browser.login + "/password", "application/x-www-form-urlencoded",
                form_text({{"name", "leaver"}, {"password", "correct horse battery"}}),
                {{"Cookie", browser.cookie}});
  };
  Browser browser;
  browser.request["scope"] = "user/*.rs";
  browser.open();
  EXPECT_EQ(sign_in(browser).status, 303U);
  const std::string token =
      text_of_member(post("token", browser.exchange(browser.code())), "access_token");
  EXPECT_EQ(fhir(token, "GET", "Organization").status, 200U);
  xinglin::identity::v1::RevokeAttestation message;
  message.set_organisation(client::bytes_of(live_->organisations[0].bytes));
  message.set_practitioner(client::bytes_of(leaver.did().bytes));
  ASSERT_TRUE(
      client::applied(house_session.submit(contracts::identity::contract_number,
                                           contracts::identity::revoke_attestation_type, message))
          .ok());
  EXPECT_EQ(fhir(token, "GET", "Organization").status, 401U);
  Browser later;
  later.request["scope"] = "user/*.rs";
  later.open();
  const HttpResponse refused = sign_in(later);
  EXPECT_EQ(refused.status, 403U) << refused.body;
  EXPECT_NE(refused.body.find("XL4228"), std::string::npos) << refused.body;
}

class SmartPasskey : public Smart {
 protected:
  /// Adds the passkey to somebody's keys on the ledger.
  static void add(demo::Persona& who, const SoftPasskey& passkey) {
    const auto genesis = who.session->genesis();
    ASSERT_TRUE(genesis.ok());
    xinglin::identity::v1::AddKey message;
    message.set_party(client::bytes_of(who.did().bytes));
    auto* key = message.mutable_key();
    key->set_algorithm(static_cast<std::uint32_t>(crypto::Algorithm::webauthn_p256));
    key->set_public_key(client::bytes_of(passkey.public_key()));
    key->set_purposes(contracts::purpose_manage);
    const contracts::identity::KeyClaim claim{who.did(),
                                              crypto::Algorithm::webauthn_p256,
                                              passkey.public_key(),
                                              contracts::purpose_manage,
                                              0,
                                              0};
    key->set_proof(client::bytes_of(
        passkey.sign(contracts::identity::possession_bytes((*genesis)->network, claim))));
    const auto sent = who.session->submit(contracts::identity::contract_number,
                                          contracts::identity::add_key_type, message);
    ASSERT_TRUE(client::applied(sent).ok()) << client::applied(sent).error().text();
  }
  static HttpResponse step(const Browser& browser, const std::string& name,
                           const std::map<std::string, std::string>& members) {
    json::Writer out;
    out.begin_object();
    for (const auto& [key, value] : members) out.key(key).string(value);
    out.end_object();
    return send("POST", browser.login + "/passkey/" + name, "application/json", out.take(),
                {{"Cookie", browser.cookie}, {"Host", local_host()}});
  }
};

TEST_F(SmartPasskey, DelegatesToTheBrowsersKey) {
  demo::Persona doctor = live_->doctor(hospital_->who(), "key");
  const SoftPasskey passkey;
  add(doctor, passkey);
  const auto session = crypto::SigningKey::generate(crypto::Algorithm::p256);
  Browser browser;
  browser.request["scope"] = "openid fhirUser user/*.rs online_access";
  browser.open();
  const std::string did = model::did_text(doctor.did());
  const HttpResponse begun =
      step(browser, "begin", {{"did", did}, {"session_key", to_base64(session->public_key())}});
  const Bytes possession = bytes_at(begun, "possession");
  // A key that nobody shows to hold gets no delegation.
  const auto other = crypto::SigningKey::generate(crypto::Algorithm::p256);
  const HttpResponse lied = step(browser, "delegate", {{"proof", by_browser(*other, possession)}});
  EXPECT_GE(step(browser, "assert", asserted(passkey, lied)).status, 400U);

  const HttpResponse asked =
      step(browser, "delegate", {{"proof", by_browser(*session, possession)}});
  EXPECT_EQ(text_of_member(asked, "rp_id"), "localhost");
  // Another passkey, or this one for another site, delegates nothing.
  EXPECT_GE(step(browser, "assert", asserted(SoftPasskey{}, asked)).status, 400U);
  SoftPasskey elsewhere{
      *crypto::SigningKey::from_secret(crypto::Algorithm::p256, passkey.key.secret()),
      "https://evil.example"};
  EXPECT_GE(step(browser, "assert", asserted(elsewhere, asked)).status, 400U);

  const HttpResponse delegated = step(browser, "assert", asserted(passkey, asked));
  const Bytes sign_in = bytes_at(delegated, "sign_in");
  EXPECT_GE(step(browser, "finish", {{"signature", by_browser(*other, sign_in)}}).status, 400U);
  const HttpResponse done = step(browser, "finish", {{"signature", by_browser(*session, sign_in)}});
  EXPECT_NE(text_of_member(done, "next").find("/oauth/consent/"), std::string::npos) << done.body;
  const HttpResponse answer = post("token", browser.exchange(browser.code()));
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const auto id_token = credentials::read_jwt(text_of_member(answer, "id_token"));
  EXPECT_EQ(id_token->text("sub"), did);
  const std::string token = text_of_member(answer, "access_token");
  EXPECT_EQ(fhir(token, "GET", "Observation").status, 200U);
  // The session is on the ledger, where its owner sees and ends it: then the app is out.
  const auto told = doctor.session->ask("GET", "/auth/v1/whoami");
  const std::string session_id =
      to_hex(model::key_id_of(session->algorithm(), session->public_key()));
  EXPECT_NE(told->body.find(session_id), std::string::npos) << told->body;
  xinglin::identity::v1::EndDelegation end;
  Hash id{};
  ASSERT_TRUE(from_hex(session_id, id));
  end.set_key(client::bytes_of(id));
  ASSERT_TRUE(client::applied(doctor.session->submit(contracts::identity::contract_number,
                                                     contracts::identity::end_delegation_type, end))
                  .ok());
  EXPECT_EQ(fhir(token, "GET", "Observation").status, 401U);
  EXPECT_EQ(post("token", {{"grant_type", "refresh_token"},
                           {"client_id", "chart"},
                           {"refresh_token", text_of_member(answer, "refresh_token")}})
                .status,
            400U);
}

TEST_F(SmartPasskey, AnyOfSeveralMaySign) {
  demo::Persona doctor = live_->doctor(hospital_->who(), "several");
  const SoftPasskey phone;
  const SoftPasskey laptop;
  SoftPasskey elsewhere;
  elsewhere.rp_id = "records.example";
  elsewhere.origin = "https://records.example";
  add(doctor, elsewhere);
  add(doctor, phone);
  add(doctor, laptop);
  const std::string did = model::did_text(doctor.did());
  const auto named = [](const SoftPasskey& passkey, const HttpResponse& asked,
                        std::string_view credential) {
    Fields out = asserted(passkey, asked);
    out["credential"] = to_base64(view_of(credential));
    return out;
  };
  // How many signatures it takes; what was offered at first.
  const auto sign_in = [&](const SoftPasskey& passkey, std::string_view credential,
                           const std::string& last, std::size_t& offered) {
    const auto session = crypto::SigningKey::generate(crypto::Algorithm::p256);
    Browser browser;
    browser.request["scope"] = "openid user/*.rs";
    browser.open();
    const HttpResponse begun = step(
        browser, "begin",
        {{"did", did}, {"session_key", to_base64(session->public_key())}, {"credential", last}});
    HttpResponse asked =
        step(browser, "delegate", {{"proof", by_browser(*session, bytes_at(begun, "possession"))}});
    EXPECT_EQ(text_of_member(asked, "rp_id"), "localhost") << asked.body;
    offered = parsed(asked).root().find("credentials").size();
    EXPECT_EQ(step(browser, "assert", named(elsewhere, asked, "e")).status, 422U);
    EXPECT_EQ(step(browser, "assert", asserted(SoftPasskey{}, asked)).status, 422U);
    int turns = 1;
    HttpResponse delegated = step(browser, "assert", named(passkey, asked, credential));
    if (text_of_member(delegated, "sign_in").empty()) {
      ++turns;
      const json::Document again = parsed(delegated);
      EXPECT_EQ(again.root().find("credentials").size(), 1U) << delegated.body;
      EXPECT_EQ(again.root().find("credentials").at(0).as_string(), to_base64(view_of(credential)));
      delegated = step(browser, "assert", named(passkey, delegated, credential));
    }
    const HttpResponse done = step(
        browser, "finish", {{"signature", by_browser(*session, bytes_at(delegated, "sign_in"))}});
    EXPECT_NE(text_of_member(done, "next").find("/oauth/consent/"), std::string::npos) << done.body;
    const HttpResponse answer = post("token", browser.exchange(browser.code()));
    EXPECT_EQ(credentials::read_jwt(text_of_member(answer, "id_token"))->text("sub"), did);
    return turns;
  };
  std::size_t offered = 9;
  const int first = sign_in(phone, "p", "", offered) + sign_in(laptop, "l", "", offered);
  EXPECT_EQ(first, 3);     // one of them was not the one that was asked
  EXPECT_EQ(offered, 0U);  // the browser finds them: not all were known
  // Now both are, and whoever says which they used last signs once.
  for (const auto& [passkey, name] :
       {std::pair(&phone, std::string("p")), std::pair(&laptop, std::string("l"))}) {
    EXPECT_EQ(sign_in(*passkey, name, to_base64(view_of(name)), offered), 1) << name;
    EXPECT_EQ(offered, 2U);
  }
}

TEST_F(SmartPasskey, IsForWhoHasOneAndWorksHere) {
  Browser browser;
  browser.open();
  const auto session = crypto::SigningKey::generate(crypto::Algorithm::p256);
  const std::string key = to_base64(session->public_key());
  demo::Persona without = live_->doctor(hospital_->who(), "without");
  const SoftPasskey passkey;
  demo::Persona south = live_->hospital(1);
  demo::Persona elsewhere = live_->doctor(south, "elsewhere");
  add(elsewhere, passkey);
  for (const std::string& did : {model::did_text(without.did()), model::did_text(elsewhere.did()),
                                 model::did_text(live_->organisations[0]), std::string("x")}) {
    EXPECT_GE(step(browser, "begin", {{"did", did}, {"session_key", key}}).status, 400U) << did;
  }
  EXPECT_GE(step(browser, "finish", {{"signature", key}}).status, 400U);
}

TEST_F(SmartPasskey, WorksInABrowser) {
  const std::filesystem::path scripts = std::filesystem::path(XL_SOURCE_DIR) / "tests/browser";
  const char* named = std::getenv("XL_CHROMIUM");
  if (!std::filesystem::exists(named != nullptr ? named : "/usr/bin/chromium") ||
      !std::filesystem::exists(scripts / "node_modules/playwright-core")) {
    GTEST_SKIP() << "needs chromium, and npm ci in tests/browser";
  }
  const std::string local = "http://localhost:" + std::to_string(live_->node->port());
  demo::Persona doctor = live_->doctor(hospital_->who(), "browser");
  SoftPasskey passkey;
  add(doctor, passkey);
  Browser app;
  app.request["scope"] = "openid user/*.rs";
  app.request["aud"] = local + house() + "/fhir";
  const auto point = crypto::jws_key_of(crypto::Algorithm::p256, passkey.key.public_key());
  json::Writer jwk;
  jwk.begin_object().key("kty").string("EC").key("crv").string("P-256");
  jwk.key("x").string(to_base64url(point->first)).key("y").string(to_base64url(point->second));
  jwk.key("d").string(to_base64url(passkey.key.secret())).end_object();
  const std::filesystem::path told = live_->root / "browser.out";
  const std::string command = "node '" + (scripts / "passkey.mjs").string() + "' '" + local +
                              house() + "/oauth/authorize?" + form_text(app.request) + "' '" +
                              model::did_text(doctor.did()) + "' '" + jwk.take() + "' > '" +
                              told.string() + "' 2>&1";
  const int status = std::system(command.c_str());
  std::ifstream file(told);
  const std::string output((std::istreambuf_iterator<char>(file)), {});
  ASSERT_EQ(status, 0) << output;
  const std::string code = parameter_of(output.substr(0, output.find('\n')), "code");
  const HttpResponse answer = post("token", app.exchange(code));
  ASSERT_EQ(answer.status, 200U) << output << answer.body;
  EXPECT_EQ(fhir(text_of_member(answer, "access_token"), "GET", "Observation").status, 200U);
}

TEST_F(SmartLogin, AServiceOfTheLedgerProvesItselfWithItsKeyThere) {
  const auto key = crypto::SigningKey::generate(crypto::Algorithm::p256);
  const model::Id service = custody::random_id();
  const auto genesis = hospital_->who().session->genesis();
  ASSERT_TRUE(genesis.ok());
  xinglin::identity::v1::RegisterService message;
  message.set_organisation(client::bytes_of(live_->organisations[0].bytes));
  message.set_service(client::bytes_of(service.bytes));
  message.set_name("feed");
  client::fill_new_key((*genesis)->network, service, *key, contracts::purpose_sign, 0,
                       *message.add_keys());
  auto& session = *hospital_->who().session;
  const auto sent = session.submit(contracts::identity::contract_number,
                                   contracts::identity::register_service_type, message);
  ASSERT_TRUE(client::applied(sent).ok()) << client::applied(sent).error().text();
  const std::string did = model::did_text(service);
  const Hash key_id = model::key_id_of(key->algorithm(), key->public_key());
  const auto ask = [&](const crypto::SigningKey& signer, const std::string& jti,
                       std::size_t organisation) {
    const std::string token_path =
        "/o/" + live_->organisations[organisation].text() + "/oauth/token";
    json::Writer out;
    out.begin_object().key("iss").string(did).key("sub").string(did);
    out.key("aud").string("http://127.0.0.1:" + std::to_string(live_->node->port()) + token_path);
    out.key("jti").string(jti).key("exp");
    out.unsigned_integer(live_->clock.now_ms() / 1000 + 100).end_object();
    return send(
        "POST", token_path, "application/x-www-form-urlencoded",
        form_text(
            {{"grant_type", "client_credentials"},
             {"scope", "system/Observation.rs"},
             {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
             {"client_assertion", credentials::make_jwt(out.take(), signer, to_hex(key_id))}}));
  };
  const HttpResponse answer = ask(*key, "1", 0);
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const std::string token = text_of_member(answer, "access_token");
  EXPECT_EQ(fhir(token, "GET", "Observation/lab1").status, 200U);
  EXPECT_EQ(fhir(token, "GET", "Patient/p1").status, 403U);
  EXPECT_EQ(ask(*crypto::SigningKey::generate(crypto::Algorithm::p256), "2", 0).status, 401U);
  EXPECT_EQ(ask(*key, "3", 1).status, 401U);  // another organisation's
  // The key ends on the ledger, and with it what rests on it.
  xinglin::identity::v1::RevokeKey revoke;
  revoke.set_party(client::bytes_of(service.bytes));
  revoke.set_key(client::bytes_of(key_id));
  const auto revoked = session.submit(contracts::identity::contract_number,
                                      contracts::identity::revoke_key_type, revoke);
  ASSERT_TRUE(client::applied(revoked).ok()) << client::applied(revoked).error().text();
  EXPECT_EQ(fhir(token, "GET", "Observation/lab1").status, 401U);
  EXPECT_EQ(ask(*key, "4", 0).status, 401U);
}

/// An outside OpenID provider in a few lines, on a port of its own.
struct StubProvider {
  crypto::SigningKey key = *crypto::SigningKey::generate(crypto::Algorithm::p256);
  std::unique_ptr<gateway::http::Server> server;
  std::mutex mutex;
  std::string nonce;  ///< of the next id token
  std::string audience = "xinglin";
  std::string subject = "00u1";
  std::string challenge;

  [[nodiscard]] std::string issuer() const {
    return "http://127.0.0.1:" + std::to_string(server->port());
  }
  void start() {
    auto started = gateway::http::Server::start(
        {}, [this](const gateway::http::Request& request) { return answer(request); });
    ASSERT_TRUE(started.ok());
    server = std::move(*started);
  }
  gateway::http::Response answer(const gateway::http::Request& request) {
    const std::scoped_lock lock(mutex);
    gateway::http::Response out;
    if (request.path == "/.well-known/openid-configuration") {
      out.body = R"({"issuer":")" + issuer() + R"(","authorization_endpoint":")" + issuer() +
                 R"(/authorize","token_endpoint":")" + issuer() + R"(/token","jwks_uri":")" +
                 issuer() + R"(/keys"})";
    } else if (request.path == "/keys") {
      out.body = "{\"keys\":[" + credentials::jwk_text(key, "p") + "]}";
    } else if (request.path == "/token") {
      gateway::http::Request form;
      EXPECT_TRUE(gateway::http::split_target("/?" + request.body, form));
      const std::string verifier(form.parameter("code_verifier").value_or(""));
      EXPECT_EQ(to_base64url(crypto::sha256(view_of(verifier))), challenge);
      EXPECT_EQ(form.parameter("client_secret"), "top secret");
      json::Writer token;
      token.begin_object().key("iss").string(issuer()).key("sub").string(subject);
      token.key("aud").string(audience).key("nonce").string(nonce);
      const std::uint64_t now = SystemClock().now_ms() / 1000;
      token.key("iat").unsigned_integer(now).key("exp").unsigned_integer(now + 60).end_object();
      out.body = R"({"id_token":")" + credentials::make_jwt(token.take(), key, "p") + "\"}";
    } else {
      out.status = 404;
    }
    return out;
  }
};

class SmartProvider : public Smart {
 protected:
  static void SetUpTestSuite() {
    provider_ = std::make_unique<StubProvider>();
    provider_->start();
    live_ = std::make_unique<LiveNode>("smart-provider");
    const std::filesystem::path secret = live_->root / "secret";
    std::ofstream(secret) << "top secret\n";
    std::filesystem::permissions(secret, std::filesystem::perms::owner_read);
    const auto configure = [secret](const std::string& organisation) {
      live_->configure = [secret, organisation](Config& config) {
        config.providers.push_back(
            {"Region", organisation, provider_->issuer(), "xinglin", secret});
      };
    };
    // Two organisations: the settings must say which one is meant.
    configure("");
    live_->start_refused = true;
    live_->start();
    live_->start_refused = false;
    configure(live_->first_organisation().text());
    live_->start();
    ASSERT_NE(live_->node, nullptr);
    fill();
    ada_ = std::make_unique<demo::Persona>(live_->doctor(hospital_->who(), "ada"));
    const std::string of = R"(,"did":")" + model::did_text(ada_->did()) + "\"}";
    EXPECT_EQ(add_account(R"({"name":"ada","subject":"00u1")" + of), 201U);
    EXPECT_EQ(add_account(R"({"name":"eve","password":"correct horse battery")" + of), 403U);
  }
  static void TearDownTestSuite() {
    ada_.reset();
    Smart::TearDownTestSuite();
    provider_.reset();
  }
  static unsigned add_account(std::string_view body) {
    return hospital_->who()
        .session->ask("POST", house() + "/smart/v1/accounts", "application/json", body)
        ->status;
  }
  /// A browser that went to the provider; the state with which it comes back.
  static std::string go(Browser& browser) {
    browser.request["scope"] = "openid user/*.rs";
    browser.open();
    const HttpResponse away = browser.page(browser.login + "/provider");
    EXPECT_EQ(away.status, 303U) << away.body;
    const std::string to = away.headers.at("location");
    EXPECT_TRUE(to.starts_with(provider_->issuer() + "/authorize?")) << to;
    const std::scoped_lock lock(provider_->mutex);
    provider_->nonce = parameter_of(to, "nonce");
    provider_->challenge = parameter_of(to, "code_challenge");
    return parameter_of(to, "state");
  }
  static HttpResponse come_back(const Browser& browser, const std::string& state) {
    return browser.page(house() + "/oauth/callback?code=c&state=" + state);
  }
  static inline std::unique_ptr<StubProvider> provider_;
  static inline std::unique_ptr<demo::Persona> ada_;
};

TEST_F(SmartProvider, SignsInWhomTheOrganisationRegistered) {
  Browser browser;
  const std::string state = go(browser);
  const HttpResponse back = come_back(browser, state);
  ASSERT_EQ(back.status, 303U) << back.body;
  EXPECT_NE(back.headers.at("location").find("/oauth/consent/"), std::string::npos);
  EXPECT_GE(come_back(browser, state).status, 400U);  // once
  const HttpResponse answer = post("token", browser.exchange(browser.code()));
  ASSERT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(credentials::read_jwt(text_of_member(answer, "id_token"))->text("sub"),
            model::did_text(ada_->did()));
}

TEST_F(SmartProvider, BelievesNothingElse) {
  const auto refused = [] {
    Browser browser;
    const std::string state = go(browser);
    EXPECT_GE(come_back(browser, state).status, 400U);
  };
  provider_->subject = "00u2";  // whom the organisation does not know
  refused();
  provider_->subject = "00u1";
  provider_->audience = "another";
  refused();
  provider_->audience = "xinglin";
  Browser late;
  const std::string old = go(late);
  provider_->nonce = "old";
  EXPECT_GE(come_back(late, old).status, 400U);
  // Another browser has no part in it.
  Browser browser;
  const std::string state = go(browser);
  browser.cookie = "xl_smart=" + std::string(43, 'A');
  EXPECT_GE(come_back(browser, state).status, 400U);
}

}  // namespace
}  // namespace xl::node
