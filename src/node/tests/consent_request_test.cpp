// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a clinician of another institution asks a patient by a handle; the patient answers, and the
// asker learns how it stands and nothing else. Method: a real node with two hospitals, asked over
// HTTP; what the asker is told is compared member by member.
#include <set>

#include "client/consent_form.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/view.h"
#include "model/limits.h"
#include "node/tests/care.h"

namespace xl::node {
namespace {

using testing::Care;
using testing::FhirClient;
using testing::parsed;

class ConsentRequest : public Care {
 protected:
  void SetUp() override {
    Care::SetUp();
    ann_ = std::make_unique<demo::Persona>(patient());
    south_ = std::make_unique<FhirClient>(ward());
    house_ = "/o/" + live_->organisations[0].text();
  }
  void TearDown() override {
    south_.reset();
    ann_.reset();
    Care::TearDown();
  }

  client::HttpResponse ask(demo::Persona& who, std::string_view method, const std::string& path,
                           std::string_view body = {}) {
    auto answer =
        who.session->ask(method, house_ + path, body.empty() ? "" : "application/json", body);
    EXPECT_TRUE(answer.ok());
    return answer.ok() ? std::move(*answer) : client::HttpResponse{};
  }
  static std::string text(const client::HttpResponse& answer, std::string_view member) {
    return std::string(parsed(answer).root().find(member).as_string().value_or(""));
  }
  static std::string code(const client::HttpResponse& answer) {
    const std::size_t at = answer.body.find("XL3");
    return at == std::string::npos ? answer.body.substr(0, 200) : answer.body.substr(at, 6);
  }

  std::string handle(std::uint64_t life_ms = 3'600'000) {
    const auto made =
        ask(*ann_, "POST", "/handles", R"({"life_ms":")" + std::to_string(life_ms) + "\"}");
    EXPECT_EQ(made.status, 201U) << made.body;
    return text(made, "handle");
  }
  static std::string why() { return why("to plan your operation"); }
  static std::string why(const std::string& words, const std::string& more = "") {
    return R"(,"extension":[{"url":"urn:xinglin:consent-request-why","valueString":")" + words +
           "\"}" + more + "]";
  }
  /// South asks to read `types` for treatment, with `more` in the Consent.
  [[nodiscard]] std::string wish(const std::string& handle, const std::string& more = why(),
                                 const std::vector<std::string>& types = {"Observation",
                                                                          "Condition"},
                                 std::size_t whom = 1, const std::string& provision = "") const {
    std::string classes;
    for (const std::string& type : types) {
      classes += std::string(classes.empty() ? "" : ",") +
                 R"({"system":"http://hl7.org/fhir/resource-types","code":")" + type + "\"}";
    }
    return R"({"resourceType":"Consent","status":"proposed","scope":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},"category":[{
"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"identifier":{"system":
"urn:xinglin:handle","value":")" +
           handle + R"("}},"policy":[{"uri":"http://example.org/policy"}])" + more +
           R"(,"provision":{"type":"permit","actor":[{"role":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{
"reference":"Organization/)" +
           live_->organisations[whom].text() +
           R"("}}],"purpose":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason",
"code":"TREAT"}],"class":[)" +
           classes + "]" + provision + "}}";
  }
  std::string request() {
    const auto sent = south_->post("Consent", wish(handle()));
    EXPECT_EQ(sent.status, 201U) << sent.body;
    return text(sent, "id");
  }
  /// As the patient and as the asker see it.
  client::HttpResponse asked(const std::string& id) { return ask(*ann_, "GET", "/requests/" + id); }
  client::HttpResponse told(const std::string& id) {
    return ask(south_->who(), "GET", "/requests/" + id);
  }
  std::string state(const std::string& id) { return text(told(id), "state"); }

  Result<client::Sent> grant(json::Value form) {
    XL_TRY_ASSIGN(const client::PreparedForm prepared,
                  client::prepare_form(*ann_->session, live_->organisations[0], json::write(form)));
    const auto sent = client::agree_to(*ann_->session, prepared);
    XL_TRY(client::applied(sent));
    return sent;
  }
  Result<client::Sent> deny(const std::string& id, const std::string& words) {
    return client::decline_request(*ann_->session, live_->organisations[0], patient_did_,
                                   parsed(asked(id)).root(), words);
  }
  [[nodiscard]] json::Document form(const std::string& id) {
    auto out = client::form_of_request(parsed(asked(id)).root());
    EXPECT_TRUE(out.ok()) << out.error().text();
    return std::move(*out);
  }
  /// Leaves classes behind the first out.
  static void keep_first_class(json::Document& form) {
    json::Node classes = form.edit().find("provision").find("class");
    while (classes.size() > 1) ASSERT_TRUE(classes.remove_at(1));
  }

  std::unique_ptr<demo::Persona> ann_;
  std::unique_ptr<FhirClient> south_;
  std::string house_;
};

TEST_F(ConsentRequest, IsGrantedAsAskedAndThenRules) {
  const std::string id = request();
  EXPECT_EQ(state(id), "sent");
  EXPECT_EQ(south_->get("Observation/o1").status, 404U);
  const json::Document seen = parsed(asked(id));
  EXPECT_EQ(seen.root().find("why").as_string(), "to plan your operation");
  EXPECT_EQ(seen.root().find("organisation_name").as_string(), "South");
  EXPECT_EQ(seen.root().find("en").as_string().value_or("").find("Allows "), 0U);
  EXPECT_FALSE(seen.root().find("zh").as_string().value_or("").empty());
  const auto sent = grant(form(id).root());
  ASSERT_TRUE(sent.ok()) << sent.error().text();
  EXPECT_EQ(state(id), "granted");
  EXPECT_EQ(text(told(id), "patient"), model::did_text(patient_did_));
  EXPECT_EQ(south_->get("Observation/o1").status, 200U);
  // Answered is answered.
  const auto again = grant(form(id).root());
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::request_closed) << again.error().text();

  xinglin::consent::v1::Revoke revoke;
  const auto consent = model::id_from_text(text(told(id), "consent"));
  ASSERT_TRUE(consent.ok());
  revoke.set_consent(client::bytes_of(consent->bytes));
  ASSERT_TRUE(
      ann_->session
          ->submit(contracts::consent::contract_number, contracts::consent::revoke_type, revoke)
          .ok());
  EXPECT_EQ(state(id), "revoked");
  EXPECT_EQ(south_->get("Observation/o1").status, 404U);
}

TEST_F(ConsentRequest, TellsTheAskerThatItWasNarrowedAndNotWhatWasLeftOut) {
  const std::string id = request();
  json::Document narrower = form(id);
  keep_first_class(narrower);
  const auto kept = narrower.root().find("provision").find("class").at(0).find("code").as_string();
  const std::string left_out = kept == "Observation" ? "Condition" : "Observation";
  ASSERT_TRUE(grant(narrower.root()).ok());
  const auto answer = told(id);
  EXPECT_EQ(text(answer, "state"), "narrowed");
  EXPECT_EQ(answer.body.find(left_out), std::string::npos) << answer.body;
  std::set<std::string> members;
  const json::Document shown = parsed(answer);
  for (const json::Member one : shown.root().members()) members.emplace(one.key);
  EXPECT_EQ(members, (std::set<std::string>{"schema", "request", "state", "sent_ms", "until_ms",
                                            "text", "patient", "consent"}));
  EXPECT_EQ(ask(south_->who(), "GET", "/requests").body.find("Observation"), std::string::npos);
}

TEST_F(ConsentRequest, IsNeverAnsweredWithMore) {
  const std::string id = request();
  const auto refused = [&](const std::string& what, json::Document changed) {
    const auto sent = grant(changed.root());
    ASSERT_FALSE(sent.ok()) << what;
    EXPECT_EQ(sent.error().code, ErrorCode::request_wider) << what << sent.error().text();
  };
  json::Document wider = form(id);
  wider.edit().find("provision").remove("class");
  refused("every class", std::move(wider));
  json::Document purposes = form(id);
  purposes.edit().find("provision").find("purpose").at(0).set_string("code", "HRESCH");
  refused("another purpose", std::move(purposes));
  json::Document longer = form(id);
  longer.edit().find("provision").find("period").set_string("end", "2199-12-31");
  refused("longer", std::move(longer));
  EXPECT_EQ(state(id), "sent");
  EXPECT_EQ(south_->get("Observation/o1").status, 404U);
  ASSERT_TRUE(grant(form(id).root()).ok());  // nothing was spoiled by it
  EXPECT_EQ(state(id), "granted");
}

TEST_F(ConsentRequest, IsRefusedProvablyAndTheChainTellsNobodyWhoAsked) {
  const std::string id = request();
  const auto sent = deny(id, "ask me again next year");
  ASSERT_TRUE(sent.ok()) << sent.error().text();
  const auto answer = told(id);
  EXPECT_EQ(text(answer, "state"), "denied");
  EXPECT_EQ(text(answer, "text"), "ask me again next year");
  EXPECT_EQ(text(answer, "patient"), "");
  EXPECT_EQ(south_->get("Observation/o1").status, 404U);
  // The patient's proof.
  const json::Document mine = parsed(asked(id));
  const auto genesis = load_genesis(live_->layout());
  ASSERT_TRUE(genesis.ok());
  const auto trust = model::Trust::with(*genesis, {});
  ASSERT_TRUE(trust.ok());
  const auto proven = client::check_declined_request(mine.root(), *trust);
  ASSERT_TRUE(proven.ok()) << proven.error().text();
  EXPECT_EQ(proven->text(), "ask me again next year");
  // What everybody sees of it: the patient's pseudonym, the custodian, a commitment.
  const auto transaction =
      ann_->session->ask("GET", "/ledger/v1/transactions/" + sent->transaction_id);
  ASSERT_TRUE(transaction.ok());
  Bytes raw;
  ASSERT_TRUE(from_base64(parsed(*transaction).root().find("raw").as_string().value_or("*"), raw));
  const std::string bytes(text_of(raw));
  for (const model::Id& hidden :
       {south_->who().did(), live_->organisations[1], *model::id_from_text(id)}) {
    EXPECT_EQ(bytes.find(std::string(text_of(hidden.view()))), std::string::npos);
  }
  EXPECT_EQ(bytes.find("next year"), std::string::npos);
  EXPECT_FALSE(deny(id, "").ok());
}

TEST_F(ConsentRequest, ConcernsItsTwoSidesAlone) {
  const std::string id = request();
  demo::Persona hospital = live_->hospital(1);
  demo::Persona colleague = live_->doctor(hospital, "colleague");
  EXPECT_EQ(code(ask(colleague, "GET", "/requests/" + id)), "XL3523");
  EXPECT_EQ(code(ask(north_->who(), "GET", "/requests/" + id)), "XL3523");
  EXPECT_EQ(code(ask(colleague, "GET", "/requests/" + patient_did_.text())), "XL3523");
  EXPECT_EQ(ask(colleague, "GET", "/requests").body.find(id), std::string::npos);
  const std::string none = R"({"sealed":"","transaction":""})";
  EXPECT_EQ(ask(colleague, "POST", "/requests/" + id + "/decline", none).status, 403U);
  // The patient is told that something came, the asker that it was answered.
  EXPECT_NE(ask(*ann_, "GET", "/notices").body.find("request-received"), std::string::npos);
  ASSERT_TRUE(deny(id, "").ok());
  EXPECT_NE(ask(south_->who(), "GET", "/notices").body.find("request-answered"), std::string::npos);
  EXPECT_EQ(ask(colleague, "GET", "/notices").body.find("request-answered"), std::string::npos);
}

TEST_F(ConsentRequest, AsksForOnesOwnHouseWithAReasonAndForATime) {
  const std::string by = handle();
  const auto refused = [&](const std::string& text) { return code(south_->post("Consent", text)); };
  EXPECT_EQ(refused(wish(by, "")), "XL3525");  // no reason
  EXPECT_EQ(refused(wish(by, why(std::string(limits::request_text_bytes_max + 1, 'x')))), "XL3525");
  EXPECT_EQ(refused(wish(by, why(), {"Observation"}, 0)), "XL3525");  // for another house
  EXPECT_EQ(refused(wish(by, why("x", R"(,{"url":"urn:xinglin:consent-request-until",
"valueDateTime":"2199-01-01"})"))),
            "XL3525");
  EXPECT_EQ(refused(wish(by, why(), {"Observation"}, 1,
                         R"(,"data":[{"meaning":"instance","reference":{"reference":
"Observation/o1"}}])")),
            "XL3525");  // whether a record is there is not for who asks
  FhirClient own{patient(), live_->organisations[0]};
  EXPECT_EQ(own.post("Consent", wish(by)).status, 403U);
  std::string last;
  for (std::uint32_t i = 0; i < limits::requests_of_patient_max; ++i) {
    last = text(south_->post("Consent", wish(by)), "id");
  }
  EXPECT_EQ(refused(wish(by)), "XL3524");
  ASSERT_TRUE(deny(last, "").ok());
  EXPECT_EQ(south_->post("Consent", wish(by)).status, 201U);
}

TEST_F(ConsentRequest, EndsUnanswered) {
  const std::string id = request();
  live_->clock.shift_ms(limits::request_default_ms + 1000);
  ann_ = std::make_unique<demo::Persona>(patient());  // the sign-in is over too
  south_ = std::make_unique<FhirClient>(ward());
  EXPECT_EQ(state(id), "expired");
  const auto sent = grant(form(id).root());
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().code, ErrorCode::request_closed) << sent.error().text();
}

TEST_F(ConsentRequest, ByAHandleThatIsGoneIsAsByOneThatNeverWas) {
  const std::string ended = handle();
  const std::string over = handle(60'000);
  ASSERT_EQ(ask(*ann_, "DELETE", "/handles/" + ended).status, 200U);
  live_->clock.shift_ms(61'000);
  const auto never = south_->post("Consent", wish(model::Id{{1, 2, 3}}.text()));
  EXPECT_EQ(code(never), "XL3520");
  for (const std::string& gone : {ended, over, std::string("nonsense")}) {
    const auto answer = south_->post("Consent", wish(gone));
    EXPECT_EQ(answer.status, never.status);
    EXPECT_EQ(answer.body, never.body);
  }
  const auto ending = ask(*ann_, "DELETE", "/handles/" + ended);
  EXPECT_EQ(code(ending), "XL3520");
  EXPECT_EQ(code(ask(*ann_, "DELETE", "/handles/" + over)), "XL3520");
}

TEST_F(ConsentRequest, HandlesAreThePatientsFewAndShort) {
  EXPECT_EQ(code(ask(*ann_, "POST", "/handles", R"({"life_ms":"59999"})")), "XL3522");
  EXPECT_EQ(code(ask(*ann_, "POST", "/handles", R"({"life_ms":"604800001"})")), "XL3522");
  EXPECT_EQ(ask(south_->who(), "POST", "/handles", R"({"life_ms":"60000"})").status, 403U);
  EXPECT_EQ(ask(north_->who(), "GET", "/handles").status, 403U);
  std::set<std::string> made;
  for (std::uint32_t i = 0; i < limits::handles_max; ++i) made.insert(handle());
  EXPECT_EQ(made.size(), limits::handles_max);
  EXPECT_EQ(code(ask(*ann_, "POST", "/handles", R"({"life_ms":"60000"})")), "XL3521");
  ASSERT_EQ(ask(*ann_, "DELETE", "/handles/" + *made.begin()).status, 200U);
  made.erase(made.begin());
  made.insert(handle());
  const json::Document listed = parsed(ask(*ann_, "GET", "/handles"));
  std::set<std::string> shown;
  for (const json::Value one : listed.root().find("handles").items()) {
    shown.emplace(one.find("handle").as_string().value_or(""));
  }
  EXPECT_EQ(shown, made);
}

}  // namespace
}  // namespace xl::node
