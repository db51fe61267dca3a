// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: somebody with a key gets a passkey beside it from the page that makes one, signs in with
// it and ends it; nothing is added without their own signature. Method: a real node over HTTP; a
// software passkey, and Chromium's virtual authenticator.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"
#include "node/tests/soft_passkey.h"

namespace xl::node {
namespace {

using testing::asserted;
using testing::by_browser;
using testing::bytes_at;
using testing::Fields;
using testing::form_text;
using testing::HttpResponse;
using testing::json_of_texts;
using testing::parsed;
using testing::Smart;
using testing::SoftPasskey;
using testing::text_of_member;

class SmartEnrolment : public Smart {
 protected:
  static std::string local() { return "http://localhost:" + std::to_string(live_->node->port()); }

  /// By the host name for which a browser would make a passkey.
  static HttpResponse by_name(const std::string& method, const std::string& path,
                              std::string_view body = {}, const std::string& cookie = {}) {
    client::HttpClient http({"localhost", std::to_string(live_->node->port())});
    std::map<std::string, std::string> headers;
    if (!cookie.empty()) headers["Cookie"] = cookie;
    auto answer = http.send(method, path, body.empty() ? "" : "application/json", body, headers);
    EXPECT_TRUE(answer.ok()) << answer.error().text();
    return answer.ok() ? std::move(*answer) : HttpResponse{};
  }

  /// A browser on the page that makes passkeys.
  struct Page {
    std::string cookie;
    std::string path;
    std::string code;
    std::string key_id;

    HttpResponse begin(const std::string& did) {
      const HttpResponse begun =
          by_name("POST", house() + "/oauth/passkey/begin", json_of_texts({{"did", did}}));
      if (begun.status != 200) return begun;
      const std::string& set = begun.headers.at("set-cookie");
      cookie = set.substr(0, set.find(';'));
      const std::string address = text_of_member(begun, "address");
      path = address.substr(address.find("/o/"));
      return begun;
    }
    [[nodiscard]] HttpResponse step(const std::string& name, const Fields& members) const {
      return by_name("POST", path + "/" + name, json_of_texts(members), cookie);
    }
    /// Everything up to the code that the page shows.
    void make(const std::string& did, const SoftPasskey& passkey) {
      ASSERT_EQ(begin(did).status, 200U);
      const HttpResponse asked = step("key", {{"public_key", to_base64(passkey.key.public_key())},
                                              {"credential", to_base64(view_of("made here"))}});
      const HttpResponse shown = step("proof", asserted(passkey, asked));
      ASSERT_EQ(shown.status, 200U) << shown.body;
      code = text_of_member(shown, "code");
      key_id = text_of_member(shown, "key_id");
      EXPECT_NE(text_of_member(shown, "command").find("add-passkey " + code + " --node http://"),
                std::string::npos);
    }
    [[nodiscard]] bool added() const {
      const HttpResponse state = by_name("GET", path + "/state", {}, cookie);
      return parsed(state).root().find("added").as_bool().value_or(false);
    }
  };

  /// What the command line does with the code: signs what the page asks for.
  static Result<client::Sent> approve_passkey(demo::Persona& who, const std::string& code) {
    const HttpResponse asked = by_name("GET", house() + "/oauth/device/" + code + "/passkey");
    EXPECT_EQ(asked.status, 200U) << asked.body;
    xinglin::identity::v1::AddKey message;
    message.set_party(client::bytes_of(who.did().bytes));
    auto* key = message.mutable_key();
    key->set_algorithm(static_cast<std::uint32_t>(crypto::Algorithm::webauthn_p256));
    key->set_public_key(client::bytes_of(bytes_at(asked, "public_key")));
    key->set_purposes(contracts::purpose_manage);
    key->set_proof(client::bytes_of(bytes_at(asked, "proof")));
    return who.session->submit(contracts::identity::contract_number,
                               contracts::identity::add_key_type, message);
  }
};

TEST_F(SmartEnrolment, OnlyThePersonsOwnKeyAddsIt) {
  demo::Persona doctor = live_->doctor(hospital_->who(), "enrols");
  demo::Persona other = live_->doctor(hospital_->who(), "other");
  const SoftPasskey passkey;
  Page page;
  page.make(model::did_text(doctor.did()), passkey);
  EXPECT_FALSE(page.added());
  const auto stolen = approve_passkey(other, page.code);  // proved for the doctor, not for others
  ASSERT_TRUE(stolen.ok());
  EXPECT_FALSE(stolen->applied());
  EXPECT_FALSE(page.added());
  const auto sent = approve_passkey(doctor, page.code);
  ASSERT_TRUE(client::applied(sent).ok()) << client::applied(sent).error().text();
  EXPECT_TRUE(page.added());
  // Whoever signs in with it is asked for just this one, also where no browser would find it.
  const auto session = crypto::SigningKey::generate(crypto::Algorithm::p256);
  Browser app;
  app.open();
  const HttpResponse begun =
      by_name("POST", app.login + "/passkey/begin",
              json_of_texts({{"did", model::did_text(doctor.did())},
                             {"session_key", to_base64(session->public_key())}}),
              app.cookie);
  const HttpResponse asked = by_name(
      "POST", app.login + "/passkey/delegate",
      json_of_texts({{"proof", by_browser(*session, bytes_at(begun, "possession"))}}), app.cookie);
  const json::Document offered = parsed(asked);
  EXPECT_EQ(offered.root().find("credentials").size(), 1U) << asked.body;
  EXPECT_EQ(offered.root().find("credentials").at(0).as_string(), to_base64(view_of("made here")));
  // Its owner sees it among their keys, and ends it.
  const HttpResponse told = *doctor.session->ask("GET", "/auth/v1/whoami");
  EXPECT_NE(told.body.find("\"key_id\":\"" + page.key_id + R"(","kind":"passkey","rp_id":"local)"),
            std::string::npos)
      << told.body;
  xinglin::identity::v1::RevokeKey revoke;
  Hash id{};
  ASSERT_TRUE(from_hex(page.key_id, id));
  revoke.set_party(client::bytes_of(doctor.did().bytes));
  revoke.set_key(client::bytes_of(id));
  ASSERT_TRUE(client::applied(doctor.session->submit(contracts::identity::contract_number,
                                                     contracts::identity::revoke_key_type, revoke))
                  .ok());
  EXPECT_FALSE(page.added());
  EXPECT_EQ(doctor.session->ask("GET", "/auth/v1/whoami")->body.find(page.key_id),
            std::string::npos);
}

TEST_F(SmartEnrolment, RefusesWhatProvesNothing) {
  demo::Persona doctor = live_->doctor(hospital_->who(), "careful");
  const std::string did = model::did_text(doctor.did());
  const SoftPasskey passkey;
  Page page;
  ASSERT_EQ(page.begin(did).status, 200U);
  EXPECT_GE(page.step("proof", {{"signature", "AA=="}}).status, 400U);  // no key yet
  EXPECT_GE(page.step("key", {{"public_key", "AAAA"}}).status, 400U);
  const HttpResponse asked =
      page.step("key", {{"public_key", to_base64(passkey.key.public_key())}});
  // Another key, another site, or nobody who unlocked it.
  EXPECT_GE(page.step("proof", asserted(SoftPasskey{}, asked)).status, 400U);
  SoftPasskey elsewhere{
      *crypto::SigningKey::from_secret(crypto::Algorithm::p256, passkey.key.secret()),
      "https://evil.example"};
  EXPECT_GE(page.step("proof", asserted(elsewhere, asked)).status, 400U);
  EXPECT_GE(
      page.step("proof", asserted(passkey, asked, crypto::webauthn::flag_user_present)).status,
      400U);
  // Another browser has no part in it.
  Page thief = page;
  thief.cookie = "xl_smart=" + std::string(43, 'A');
  EXPECT_EQ(thief.step("proof", asserted(passkey, asked)).status, 404U);
  const HttpResponse unknown = by_name("GET", house() + "/oauth/device/BBBB-BBBB/passkey");
  EXPECT_EQ(unknown.status, 404U);
  EXPECT_EQ(text_of_member(unknown, "code"), "XL4227");
  // Ten minutes later the page is over, and its code.
  EXPECT_EQ(page.step("proof", asserted(passkey, asked)).status, 200U);
  live_->clock.shift_ms(gateway::smart::waiting_ms);
  EXPECT_EQ(page.step("proof", asserted(passkey, asked)).status, 404U);
}

TEST_F(SmartEnrolment, IsForPeopleOfTheOrganisation) {
  demo::Persona south = live_->hospital(1);
  demo::Persona elsewhere = live_->doctor(south, "elsewhere");
  const auto unclaimed =
      demo::pseudonym_of(*hospital_->who().session, live_->organisations[0], "p1");
  ASSERT_TRUE(unclaimed.ok());
  for (const std::string& did :
       {model::did_text(elsewhere.did()), model::did_text(live_->organisations[0]),
        model::did_text(*unclaimed), model::did_text(custody::random_id()), std::string("x")}) {
    Page page;
    EXPECT_GE(page.begin(did).status, 400U) << did;
  }
  // An address is no name that a passkey could be for; and nobody tries for ever.
  const HttpResponse by_number = send("GET", house() + "/oauth/passkey");
  EXPECT_EQ(by_number.status, 400U);
  EXPECT_NE(by_number.body.find("XL4224"), std::string::npos);
  for (std::size_t i = 0; i < gateway::smart::attempts_per_address_max; ++i) {
    Page page;
    (void)page.begin(model::did_text(elsewhere.did()));
  }
  Page page;
  EXPECT_EQ(page.begin(model::did_text(elsewhere.did())).status, 429U);
  live_->clock.shift_ms(gateway::smart::attempts_window_ms);
}

TEST_F(SmartEnrolment, WorksInABrowserUpToTheApp) {
  const std::filesystem::path scripts = std::filesystem::path(XL_SOURCE_DIR) / "tests/browser";
  const char* named = std::getenv("XL_CHROMIUM");
  if (!std::filesystem::exists(named != nullptr ? named : "/usr/bin/chromium") ||
      !std::filesystem::exists(scripts / "node_modules/playwright-core")) {
    GTEST_SKIP() << "needs chromium, and npm ci in tests/browser";
  }
  demo::Persona doctor = live_->doctor(hospital_->who(), "browser");
  Browser app;
  app.request["scope"] = "openid user/*.rs";
  app.request["aud"] = local() + house() + "/fhir";
  const std::filesystem::path shown = live_->root / "code";
  const std::filesystem::path told = live_->root / "enrol.out";
  const std::string command = "node '" + (scripts / "enrol.mjs").string() + "' '" + local() +
                              house() + "/oauth/authorize?" + form_text(app.request) + "' '" +
                              model::did_text(doctor.did()) + "' '" + shown.string() + "' > '" +
                              told.string() + "' 2>&1 &";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const auto content = [](const std::filesystem::path& path) {
    std::ifstream file(path);
    return std::string((std::istreambuf_iterator<char>(file)), {});
  };
  std::string code;
  for (int i = 0; i < 600 && code.size() != 9; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    code = content(shown);
  }
  ASSERT_EQ(code.size(), 9U) << content(told);
  const auto sent = approve_passkey(doctor, code);
  ASSERT_TRUE(client::applied(sent).ok()) << client::applied(sent).error().text();
  std::string output;
  for (int i = 0; i < 600 && output.find('\n') == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    output = content(told);
  }
  const std::string got = testing::parameter_of(output.substr(0, output.find('\n')), "code");
  const HttpResponse answer = post("token", app.exchange(got));
  ASSERT_EQ(answer.status, 200U) << output << answer.body;
  EXPECT_EQ(fhir(text_of_member(answer, "access_token"), "GET", "Observation").status, 200U);
}

}  // namespace
}  // namespace xl::node
