// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: an app learns of the patient, the encounter and the records that whoever agrees may know
// of and chose, and of no others; and whose records it read see its name. Method: a real node over
// HTTP; the test is the app and the browser of a doctor, a guardian, a patient.
#include "client/card.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"
#include "node/tests/smart.h"

namespace xl::node {
namespace {

using testing::Fields;
using testing::HttpResponse;
using testing::parsed;
using testing::Smart;
using testing::text_of_member;

class SmartContext : public Smart {
 protected:
  static void SetUpTestSuite() {
    Smart::SetUpTestSuite();
    ASSERT_EQ(add_client(R"({"client_id":"visits","client_name":"Visits","redirect_uris":
      ["https://app.example/back"],"scope":"launch launch/patient launch/encounter
      patient/*.rs"})")
                  .status,
              201U);
  }
  static std::string visit_of(const std::string& patient, const demo::Persona& doctor) {
    return "visit-" + patient + "-" + doctor.did().text().substr(0, 8);
  }
  static demo::Persona doctor_of(const std::string& name, const std::string& patient) {
    demo::Persona out = live_->doctor(hospital_->who(), name);
    EXPECT_TRUE(demo::open_encounter(*hospital_->who().session, live_->organisations[0], patient,
                                     out.did(), "in-progress")
                    .ok());
    return out;
  }
  /// A browser in which `who` signed in for the app `visits`.
  static Browser signed_in(demo::Persona& who, const std::string& scope,
                           const std::string& launch = {}) {
    Browser out;
    out.request["client_id"] = "visits";
    out.request["scope"] = scope;
    if (!launch.empty()) out.request["launch"] = launch;
    out.open();
    EXPECT_EQ(approve(who, out.user_code()).status, 204U);
    return out;
  }
  static HttpResponse tokens_of(const Browser& browser, const Fields& choice) {
    Fields fields = browser.exchange(browser.code(choice));
    fields["client_id"] = "visits";
    return post("token", fields);
  }
  static std::string page_of(const Browser& browser) {
    return browser.page(house() + "/oauth/consent/" + browser.id()).body;
  }
  static HttpResponse launch(demo::Persona& who, const std::string& body) {
    return *who.session->ask("POST", house() + "/smart/v1/launches", "application/json", body);
  }
};

TEST_F(SmartContext, AnEncounterIsChosenAmongThoseOneMayKnowOf) {
  demo::Persona doctor = doctor_of("visits", "p1");
  demo::Persona other = doctor_of("others", "p2");
  const std::string scope = "launch/patient launch/encounter patient/*.rs";
  const Browser browser = signed_in(doctor, scope);
  const std::string first = page_of(browser);
  EXPECT_NE(first.find("value=\"choose\""), std::string::npos) << first;
  EXPECT_EQ(first.find("name=\"encounter\""), std::string::npos);
  EXPECT_EQ(browser.agree({{"decision", "choose"}, {"patient", "p2"}}).status, 403U);
  EXPECT_EQ(browser.agree({{"decision", "choose"}, {"patient", "p1"}}).status, 303U);
  const std::string second = page_of(browser);
  EXPECT_NE(second.find("Ann &lt;b&gt;"), std::string::npos) << second;
  EXPECT_NE(second.find("value=\"" + visit_of("p1", doctor) + "\""), std::string::npos) << second;
  EXPECT_EQ(second.find(visit_of("p2", other)), std::string::npos);
  // Another patient's encounter, or none that there is: the page still asks.
  for (const std::string& wrong :
       {visit_of("p2", other), std::string("nothing"), std::string("a/b")}) {
    EXPECT_EQ(browser.agree({{"decision", "allow"}, {"encounter", wrong}}).status, 403U) << wrong;
  }
  const HttpResponse answer = tokens_of(browser, {{"encounter", visit_of("p1", doctor)}});
  EXPECT_EQ(text_of_member(answer, "patient"), "p1") << answer.body;
  EXPECT_EQ(text_of_member(answer, "encounter"), visit_of("p1", doctor));
  EXPECT_EQ(text_of_member(answer, "scope"), scope);
  // None is a choice too, and the answer says so.
  const Browser without = signed_in(doctor, scope);
  const HttpResponse none = tokens_of(without, {{"patient", "p1"}, {"encounter", ""}});
  EXPECT_EQ(none.body.find("\"encounter\""), std::string::npos) << none.body;
  EXPECT_EQ(text_of_member(none, "scope"), "launch/patient patient/*.rs");
  // Somebody changes their mind.
  const Browser again = signed_in(doctor, scope);
  EXPECT_EQ(again.agree({{"decision", "choose"}, {"patient", "p1"}}).status, 303U);
  EXPECT_EQ(again.agree({{"decision", "again"}}).status, 303U);
  EXPECT_NE(page_of(again).find("value=\"choose\""), std::string::npos);
  EXPECT_NE(send("GET", house() + "/fhir/.well-known/smart-configuration")
                .body.find("context-standalone-encounter"),
            std::string::npos);
}

TEST_F(SmartContext, ALaunchCarriesWhatElseWasOpen) {
  demo::Persona doctor = doctor_of("opens", "p1");
  for (const char* bad :
       {R"({"patient":"p1","encounter":"nothing"})", R"({"patient":"p1","fhirContext":{}})",
        R"({"patient":"p1","fhirContext":[{}]})",
        R"({"patient":"p1","fhirContext":[{"reference":"Observation/lab2"}]})",
        R"({"patient":"p1","fhirContext":[{"reference":"Observation/none"}]})",
        R"({"patient":"p1","fhirContext":[{"reference":"Patient/p1"}]})",
        R"({"patient":"p1","fhirContext":[{"reference":"Observation"}]})",
        R"({"fhirContext":[{"reference":"Observation/lab1"}]})"}) {
    EXPECT_EQ(launch(doctor, bad).status, 403U) << bad;
  }
  std::string many = R"({"patient":"p1","fhirContext":[{"reference":"Observation/lab1"})";
  for (std::size_t i = 1; i < gateway::smart::context_items_max; ++i) {
    many += R"(,{"reference":"Observation/vital1","role":"https://app.example/role"})";
  }
  EXPECT_EQ(launch(doctor, many + R"(,{"reference":"Observation/lab1"}]})").status, 403U);
  const HttpResponse made = launch(doctor, many + "]}");
  ASSERT_EQ(made.status, 201U) << made.body;
  const Browser browser = signed_in(doctor, "launch patient/*.rs", text_of_member(made, "launch"));
  const HttpResponse answer = tokens_of(browser, {});
  const json::Document told = parsed(answer);
  const json::Value context = told.root().find("fhirContext");
  ASSERT_EQ(context.size(), gateway::smart::context_items_max) << answer.body;
  EXPECT_EQ(context.at(0).find("reference").as_string(), "Observation/lab1");
  EXPECT_EQ(context.at(1).find("role").as_string(), "https://app.example/role");
  const HttpResponse state = post(
      "introspect", {{"token", text_of_member(answer, "access_token")}, {"client_id", "visits"}});
  EXPECT_NE(state.body.find("Observation/lab1"), std::string::npos) << state.body;
}

TEST_F(SmartContext, AGuardianStandsForTheirWard) {
  client::Identity who =
      client::make_identity("mother", contracts::PartyKind::guardian, live_->organisations[0]);
  const auto ward = demo::pseudonym_of(*hospital_->who().session, live_->organisations[0], "p2");
  ASSERT_TRUE(ward.ok());
  auto& session = *hospital_->who().session;
  const auto genesis = session.genesis();
  ASSERT_TRUE(genesis.ok());
  xinglin::identity::v1::AppointGuardian message;
  message.set_ward(client::bytes_of(ward->bytes));
  message.set_guardian(client::bytes_of(who.did.bytes));
  message.set_powers(contracts::identity::power_consent);
  message.set_until_ms(live_->clock.now_ms() + 86'400'000);
  message.set_evidence(client::bytes_of(client::committed("birth certificate")));
  client::fill_new_key(client::make_card(who, (*genesis)->network), *message.add_keys());
  const auto sent = session.submit(contracts::identity::contract_number,
                                   contracts::identity::appoint_guardian_type, message);
  ASSERT_TRUE(client::applied(sent).ok()) << client::applied(sent).error().text();
  demo::Persona mother{
      "mother", std::make_unique<client::Session>(
                    client::NodeAddress{"127.0.0.1", std::to_string(live_->node->port())}, who,
                    live_->clock)};
  const Browser browser = signed_in(mother, "launch/patient patient/*.rs");
  const std::string page = page_of(browser);
  EXPECT_NE(page.find("Bob"), std::string::npos) << page;
  EXPECT_EQ(page.find("Ann"), std::string::npos);
  EXPECT_EQ(page.find("radio"), std::string::npos);  // there is one: chosen already
  // Whatever the browser says: it is nobody else's.
  const HttpResponse answer = tokens_of(browser, {{"patient", "p1"}});
  EXPECT_EQ(text_of_member(answer, "patient"), "p2") << answer.body;
  const std::string token = text_of_member(answer, "access_token");
  EXPECT_EQ(fhir(token, "GET", "Observation/lab2").status, 200U);
  EXPECT_GE(fhir(token, "GET", "Observation/lab1").status, 403U);
}

TEST_F(SmartContext, ThePatientSeesThroughWhichAppTheyWereRead) {
  demo::Persona doctor = doctor_of("reads", "p1");
  Browser browser;
  browser.request["scope"] = "user/*.rs";
  browser.open();
  // What one signs is for the one app: not for another, and no sign-in of one's own.
  const HttpResponse asked = send("GET", house() + "/oauth/device/" + browser.user_code());
  const std::string challenge = text_of_member(asked, "challenge");
  EXPECT_TRUE(challenge.starts_with("through app Chart <i> (chart); ")) << challenge;
  const auto signed_for = [&](const std::string& text) {
    return *doctor.session->sign_in_request(live_->organisations[0],
                                            doctor.session->identity().roles, text);
  };
  const auto refused = [&](const std::string& path, const std::string& text) {
    return send("POST", path, "application/json", signed_for(text)).status == 401U;
  };
  const std::string device = house() + "/oauth/device/" + browser.user_code();
  EXPECT_TRUE(refused("/auth/v1/tokens", challenge));
  EXPECT_TRUE(refused(device, {}));  // one that names no app
  std::string another = challenge;
  another.replace(another.find("Chart"), 5, "Other");
  EXPECT_TRUE(refused(device, another));
  ASSERT_EQ(approve(doctor, browser.user_code()).status, 204U);
  const HttpResponse answer = post("token", browser.exchange(browser.code()));
  EXPECT_EQ(fhir(text_of_member(answer, "access_token"), "GET", "Observation/lab1").status, 200U);

  EXPECT_EQ(hospital_->who()
                .session
                ->ask("POST", house() + "/smart/v1/accounts", "application/json",
                      R"({"name":"ward7","password":"correct horse battery","did":")" +
                          model::did_text(doctor.did()) + "\"}")
                ->status,
            201U);
  Browser stated;
  stated.request["scope"] = "user/*.rs";
  stated.open();
  EXPECT_EQ(send("POST", stated.login + "/password", "application/x-www-form-urlencoded",
                 testing::form_text({{"name", "ward7"}, {"password", "correct horse battery"}}),
                 {{"Cookie", stated.cookie}})
                .status,
            303U);
  const HttpResponse by_word = post("token", stated.exchange(stated.code()));
  EXPECT_EQ(fhir(text_of_member(by_word, "access_token"), "GET", "Observation/lab1").status, 200U);

  const auto did = demo::pseudonym_of(*hospital_->who().session, live_->organisations[0], "p1");
  ASSERT_TRUE(did.ok());
  auto ann = live_->cast().patient(hospital_->who(), "ann", *did);
  ASSERT_TRUE(ann.ok()) << ann.error().text();
  const HttpResponse log = *ann->session->ask("GET", house() + "/access-log?count=200");
  const json::Document seen = parsed(log);
  bool person = false;
  bool word = false;
  for (const json::Value entry : seen.root().find("entries").items()) {
    const bool app = entry.find("app").as_string() == "Chart <i> (chart)";
    person |= app && entry.find("actor").as_string() == model::did_text(doctor.did());
    word |= app && entry.find("actor").as_string() == model::did_text(doctor.did()) &&
            entry.find("stated").as_string() ==
                model::did_text(doctor.did()) + ", account ward7, by password";
  }
  EXPECT_TRUE(person) << log.body;
  EXPECT_TRUE(word) << log.body;
}

}  // namespace
}  // namespace xl::node
