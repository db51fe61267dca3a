// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a FHIR Consent is what the patient signed, rules what others read, and stands in searches
// as the ledger has it. Method: a real node, asked over HTTP.
#include <chrono>
#include <thread>

#include "base/json/writer.h"
#include "contracts/consent/messages.pb.h"
#include "node/tests/care.h"

namespace xl::node {
namespace {

using testing::Care;
using testing::FhirClient;
using testing::observation_json;
using testing::parsed;

class FhirConsent : public Care {
 protected:
  static std::string purpose(const std::string& code = "TREAT") {
    return R"("purpose":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":")" +
           code + "\"}]";
  }
  /// Of South, to read what `rest` says.
  [[nodiscard]] std::string permit(const std::string& rest,
                                   const std::string& code = "TREAT") const {
    return R"({"type":"permit","actor":[{"role":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{
"reference":"Organization/)" +
           live_->organisations[1].text() + "\"}}]," + purpose(code) + rest + "}";
  }
  static std::string consent(const std::string& provision, const std::string& status = "active") {
    return R"({"resourceType":"Consent","status":")" + status + R"(","scope":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},"category":[{
"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"reference":"Patient/p1"},
"policy":[{"uri":"http://example.org/policy"}],"provision":)" +
           provision + "}";
  }

  FhirClient client_of(demo::Persona who) { return {std::move(who), live_->organisations[0]}; }

  static Bytes bytes_at(json::Value parameters, std::string_view name) {
    Bytes out;
    for (const json::Value one : parameters.find("parameter").items()) {
      if (one.find("name").as_string() != name) continue;
      EXPECT_TRUE(from_base64(one.find("valueBase64Binary").as_string().value_or("*"), out));
    }
    return out;
  }
  static std::string text_at(json::Value parameters, std::string_view name) {
    for (const json::Value one : parameters.find("parameter").items()) {
      if (one.find("name").as_string() == name) {
        return std::string(one.find("valueString").as_string().value_or(""));
      }
    }
    return {};
  }

  /// What `$prepare` gave, signed by `who`, as the Consent that is sent.
  static std::string signed_by(demo::Persona& who, json::Value prepared, std::uint16_t type = 1) {
    model::Message message;
    message.contract = contracts::consent::contract_number;
    message.type = type;
    message.payload = bytes_at(prepared, "message");
    std::vector<model::Message> one{message};
    const auto transaction = who.session->sign(std::move(one));
    EXPECT_TRUE(transaction.ok());
    std::string out = json::write(prepared.find("parameter").at(0).find("resource"));
    const std::string more =
        R"(,{"url":"transaction","valueBase64Binary":")" + to_base64(*transaction) + "\"}";
    out.insert(out.find("]}]", out.find("\"sealed\"")), more);
    return out;
  }

  /// Prepares, signs and sends; the answer to the last.
  client::HttpResponse agree(FhirClient& client, demo::Persona& ann, const std::string& text) {
    const auto prepared = client.post("Consent/$prepare", text);
    EXPECT_EQ(prepared.status, 200U) << prepared.body;
    if (prepared.status != 200) return prepared;
    return client.post("Consent", signed_by(ann, parsed(prepared).root()));
  }

  [[nodiscard]] static std::string code_of(const client::HttpResponse& answer) {
    const std::size_t at = answer.body.find("XL4");
    return at == std::string::npos ? answer.body.substr(0, 300) : answer.body.substr(at, 6);
  }
};

TEST_F(FhirConsent, IsPreparedSignedAndThenRules) {
  demo::Persona ann = patient();
  FhirClient own = client_of(patient());
  FhirClient south = ward();
  EXPECT_EQ(south.get("Observation/o1").status, 404U);
  const auto prepared = own.post("Consent/$prepare", consent(permit("")));
  ASSERT_EQ(prepared.status, 200U) << prepared.body;
  const json::Document given = parsed(prepared);
  const std::string sentence = text_at(given.root(), "sentence-en");
  EXPECT_EQ(sentence.find("Allows "), 0U) << sentence;
  const json::Value drawn = given.root().find("parameter").at(0).find("resource");
  // What the record says is what was shown to be confirmed, with its end.
  const std::string confirmed = sentence + " " + text_at(given.root(), "until-en");
  EXPECT_NE(confirmed.find("It holds up to and including "), std::string::npos) << confirmed;
  EXPECT_NE(drawn.find("text").find("div").as_string().value_or("").find(confirmed),
            std::string::npos);
  EXPECT_EQ(south.get("Observation/o1").status, 404U);  // nothing was signed

  const auto created = own.post("Consent", signed_by(ann, given.root()));
  ASSERT_EQ(created.status, 201U) << created.body;
  EXPECT_NE(created.headers.at("link").find("/ledger/v1/receipts/"), std::string::npos);
  // It is proved by the ledger's own entry, and the answer says so.
  const std::string named(parsed(created).root().find("id").as_string().value_or(""));
  const auto proof = ann.session->ask(
      "GET", "/o/" + live_->organisations[0].text() + "/records/Consent/" + named + "/proof");
  EXPECT_EQ(proof->status, 409U) << proof->body;
  EXPECT_NE(proof->body.find("XL4195"), std::string::npos) << proof->body;
  EXPECT_EQ(south.get("Observation/o1").status, 200U);
  const json::Document kept = parsed(created);
  const std::string id(kept.root().find("id").as_string().value_or(""));
  EXPECT_EQ(kept.root().find("text").find("div").as_string(),
            drawn.find("text").find("div").as_string());

  // As a record: read, searched, in its own history.
  const auto read = own.get("Consent/" + id);
  ASSERT_EQ(read.status, 200U) << read.body;
  EXPECT_EQ(read.body, created.body);
  EXPECT_EQ(total(own.get("Consent?patient=Patient/p1&status=active")), "1");
  EXPECT_EQ(total(own.get("Consent?patient=p1&purpose=TREAT&category=59284-0")), "1");
  EXPECT_EQ(total(own.get("Patient/p1/Consent")), "1");
  EXPECT_NE(own.get("Patient/p1/$everything").body.find(id), std::string::npos);
  EXPECT_EQ(north_->get("Consent/" + id).status, 200U);
  EXPECT_EQ(south.get("Consent/" + id).status, 200U);  // it covers Consent, up to every level

  // Revoked by the ledger alone: the record follows.
  xinglin::consent::v1::Revoke revoke;
  revoke.set_consent(
      client::bytes_of(model::id_from_did(std::string(model::did_prefix) + id)->bytes));
  const auto sent = ann.session->submit(contracts::consent::contract_number,
                                        contracts::consent::revoke_type, revoke);
  ASSERT_TRUE(sent.ok() && sent->applied());
  EXPECT_EQ(south.get("Observation/o1").status, 404U);
  for (int tries = 0; tries < 100 && total(own.get("Consent?status=active")) != "0"; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(total(own.get("Consent?status=inactive")), "1");
  const json::Document after = parsed(own.get("Consent/" + id));
  EXPECT_EQ(after.root().find("status").as_string(), "inactive");
  EXPECT_EQ(after.root().find("meta").find("versionId").as_string(), "2");
  EXPECT_EQ(total(own.get("Consent/" + id + "/_history")), "2");
  EXPECT_EQ(parsed(own.get("Consent/" + id + "/_history/1")).root().find("status").as_string(),
            "active");
}

TEST_F(FhirConsent, IsNeverWhatSomebodyElseSays) {
  demo::Persona ann = patient();
  FhirClient own = client_of(patient());
  // Nobody's word makes a consent that rules access.
  EXPECT_EQ(code_of(north_->post("Consent", consent(permit("")))), "XL4192");
  EXPECT_EQ(
      code_of(north_->put("Consent/mine", R"({"id":"mine",)" + consent(permit("")).substr(1))),
      "XL4192");
  EXPECT_EQ(north_->post("Consent", consent(permit(""), "proposed")).status, 201U);
  EXPECT_EQ(code_of(own.post("Consent", consent(permit("")))).substr(0, 2), "XL");

  const auto prepared = own.post("Consent/$prepare", consent(permit("")));
  const json::Document given = parsed(prepared);
  // Signed by the hospital: the ledger refuses.
  demo::Persona hospital = live_->hospital(0);
  EXPECT_NE(north_->post("Consent", signed_by(hospital, given.root())).status, 201U);
  // Altered behind the signature: any word of it.
  const std::string good = signed_by(ann, given.root());
  const auto altered = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return own.post("Consent", text.replace(at, from.size(), to));
  };
  EXPECT_EQ(code_of(altered("TREAT", "HRESCH")), "XL4193");
  EXPECT_EQ(code_of(altered("Allows ", "Refuses ")), "XL4193");
  EXPECT_EQ(code_of(altered("\"permit\"", "\"deny\"")), "XL4193");
  EXPECT_EQ(code_of(altered("http://example.org/policy", "http://example.org/other")), "XL4193");
  FhirClient south = ward();
  EXPECT_EQ(south.get("Observation/o1").status, 404U);
  const auto created = own.post("Consent", good);
  ASSERT_EQ(created.status, 201U) << created.body;
  const std::string id(parsed(created).root().find("id").as_string().value_or(""));
  // The same once more is the same.
  EXPECT_NE(own.post("Consent", good).status, 500U);
  // Agreed is agreed: nobody rewrites it.
  EXPECT_EQ(code_of(north_->put("Consent/" + id, R"({"id":")" + id + R"(",)" +
                                                     consent(permit(""), "proposed").substr(1))),
            "XL4194");
  EXPECT_EQ(code_of(north_->ask("DELETE", "Consent/" + id, "")), "XL4194");
}

TEST_F(FhirConsent, NamesRecordsVisitsAndTimes) {
  demo::Persona ann = patient();
  FhirClient own = client_of(patient());
  FhirClient south = ward();
  ASSERT_EQ(north_
                ->put("Encounter/v1", R"({"resourceType":"Encounter","id":"v1","status":"finished",
"class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},
"subject":{"reference":"Patient/p1"}})")
                .status,
            201U);
  std::string of_visit = observation_json("o3", "p1");
  of_visit.insert(of_visit.size() - 1, R"(,"encounter":{"reference":"Encounter/v1"})");
  ASSERT_EQ(north_->put("Observation/o3", of_visit).status, 201U);
  ASSERT_EQ(
      agree(own, ann, consent(permit(R"(,"data":[{"meaning":"related","reference":{"reference":
"Encounter/v1"}}])")))
          .status,
      201U);
  EXPECT_EQ(south.get("Observation/o3").status, 200U);
  EXPECT_EQ(south.get("Encounter/v1").status, 200U);
  EXPECT_EQ(south.get("Observation/o1").status, 404U);
  EXPECT_EQ(total(south.get("Observation?patient=p1")), "1");
  ASSERT_EQ(
      agree(own, ann, consent(permit(R"(,"data":[{"meaning":"instance","reference":{"reference":
"Observation/o1"}}])")))
          .status,
      201U);
  EXPECT_EQ(total(south.get("Observation?patient=p1")), "2");
  EXPECT_EQ(south.get("Observation/o2").status, 404U);

  const auto wrong =
      own.post("Consent/$prepare",
               consent(permit(R"(,"class":[{"system":"urn:ietf:bcp:13","code":"text/plain"}])")));
  EXPECT_EQ(code_of(wrong), "XL4190");
  EXPECT_NE(wrong.body.find("Consent.provision.class[0]"), std::string::npos);
}

TEST_F(FhirConsent, LetsATeamInThatSomebodyElseMade) {
  demo::Persona ann = patient();
  FhirClient own = client_of(patient());
  FhirClient south = ward();
  const std::string member = "Practitioner/" + south.who().did().text();
  ASSERT_EQ(north_
                ->put("CareTeam/t1", R"({"resourceType":"CareTeam","id":"t1","status":"active",
"subject":{"reference":"Patient/p1"},"participant":[{"member":{"reference":")" +
                                         member + "\"}}]}")
                .status,
            201U);
  std::string team = consent(permit(""));
  const std::string organisation = "Organization/" + live_->organisations[1].text();
  team.replace(team.find(organisation), organisation.size(), "CareTeam/t1");
  EXPECT_EQ(south.get("Observation/o1").status, 404U);
  ASSERT_EQ(agree(own, ann, team).status, 201U);
  EXPECT_EQ(south.get("Observation/o1").status, 200U);
  // Out of the team is out.
  ASSERT_EQ(north_
                ->put("CareTeam/t1", R"({"resourceType":"CareTeam","id":"t1","status":"active",
"subject":{"reference":"Patient/p1"}})")
                .status,
            200U);
  EXPECT_EQ(south.get("Observation/o1").status, 404U);
}

TEST_F(FhirConsent, CanRefuseThatDataIsChanged) {
  demo::Persona ann = patient();
  FhirClient own = client_of(patient());
  demo::Persona hospital = live_->hospital(0);
  FhirClient doctor{live_->doctor(hospital, "doctor"), live_->organisations[0]};
  ASSERT_EQ(north_
                ->put("Encounter/e1", R"({"resourceType":"Encounter","id":"e1",
"status":"in-progress","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":
"AMB"},"subject":{"reference":"Patient/p1"},"participant":[{"individual":{"reference":
"Practitioner/)" + doctor.who().did().text() +
                                          "\"}}]}")
                .status,
            201U);
  EXPECT_EQ(doctor.put("Observation/o1", observation_json("o1", "p1", "3.0")).status, 200U);
  ASSERT_EQ(agree(own, ann, consent(R"({"type":"deny","action":[{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/consentaction","code":"correct"}]}]})"))
                .status,
            201U);
  EXPECT_EQ(doctor.get("Observation/o1").status, 200U);
  EXPECT_EQ(doctor.put("Observation/o1", observation_json("o1", "p1", "4.0")).status, 403U);
  EXPECT_EQ(doctor.put("Observation/o9", observation_json("o9", "p1", "4.0")).status, 201U);
}

TEST_F(FhirConsent, IsErasedOnlyWhenItIsOver) {
  demo::Persona ann = patient();
  FhirClient own = client_of(patient());
  const auto created = agree(own, ann, consent(permit("")));
  ASSERT_EQ(created.status, 201U);
  const std::string id(parsed(created).root().find("id").as_string().value_or(""));
  const auto erased = custodian().erasures().erase_record({}, "Consent", id, std::nullopt);
  ASSERT_FALSE(erased.ok());
  EXPECT_EQ(erased.error().code, ErrorCode::consent_fixed);
  xinglin::consent::v1::Revoke revoke;
  revoke.set_consent(
      client::bytes_of(model::id_from_did(std::string(model::did_prefix) + id)->bytes));
  ASSERT_TRUE(
      ann.session
          ->submit(contracts::consent::contract_number, contracts::consent::revoke_type, revoke)
          .ok());
  for (int tries = 0; tries < 100 && total(own.get("Consent?status=inactive")) != "1"; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  const auto over = custodian().erasures().erase_record({}, "Consent", id, std::nullopt);
  ASSERT_TRUE(over.ok()) << over.error().text();
  EXPECT_EQ(over->size(), 1U);
  EXPECT_NE(own.get("Consent/" + id).status, 200U);
  EXPECT_EQ(total(own.get("Consent")), "0");
}

TEST_F(FhirConsent, IsSeenBeforehandAsSomebodyElseWouldSeeIt) {
  demo::Persona ann = patient();
  FhirClient own = client_of(patient());
  FhirClient south = ward();
  const std::string as = "?actor=Practitioner/" + south.who().did().text() +
                         "&organization=Organization/" + live_->organisations[1].text();
  const std::string explain = "Patient/p1/$explain" + as + "&record=Observation/o1";
  const auto says = [](const client::HttpResponse& answer, const std::string& text) {
    EXPECT_EQ(answer.status, 200U) << answer.body;
    return answer.body.find(text) != std::string::npos;
  };
  EXPECT_EQ(total(own.get("Patient/p1/$see-as" + as)), "0");
  EXPECT_TRUE(says(own.get(explain), "no_consent"));
  const auto created =
      agree(own, ann, consent(permit(R"(,"data":[{"meaning":"instance","reference":{
"reference":"Observation/o1"}}])")));
  const std::string id(parsed(created).root().find("id").as_string().value_or(""));
  EXPECT_EQ(total(own.get("Patient/p1/$see-as" + as)), "1");
  EXPECT_EQ(total(south.get("Observation?patient=p1")), "1");
  EXPECT_TRUE(says(own.get(explain), "Consent/" + id));
  EXPECT_TRUE(
      says(own.get("Patient/p1/$explain" + as + "&record=Observation/o2"), "data_not_covered"));
  EXPECT_TRUE(says(own.get(explain + "&purpose=HRESCH"), "purpose_not_covered"));
  EXPECT_TRUE(says(own.get(explain + "&role=nurse"), "role_not_attested"));
  // For nobody but the patient; and nobody learns of others by it.
  EXPECT_EQ(south.get(explain).status, 403U);
  EXPECT_EQ(north_->get(explain).status, 403U);
  ASSERT_EQ(north_->put("Patient/p2", testing::patient_json("p2", "Bob")).status, 201U);
  ASSERT_EQ(north_->put("Observation/b1", observation_json("b1", "p2")).status, 201U);
  EXPECT_EQ(own.get("Patient/p2/$see-as" + as).status, 403U);
  EXPECT_EQ(own.get("Patient/p1/$explain" + as + "&record=Observation/b1").status, 404U);
  EXPECT_EQ(own.get("Patient/p1/$explain" + as + "&record=Observation/none").status, 404U);
}

TEST_F(FhirConsent, IsOverWhenItsTimeIs) {
  demo::Persona ann = patient();
  FhirClient own = client_of(patient());
  FhirClient south = ward();
  const std::uint64_t tomorrow = live_->clock.now_ms() + 24ULL * 60 * 60 * 1000;
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(tomorrow)))};
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  const std::string period = std::string(R"(,"period":{"end":")") + text + "\"}";
  const auto created = agree(own, ann, consent(permit(period)));
  ASSERT_EQ(created.status, 201U) << created.body;
  EXPECT_EQ(south.get("Observation/o1").status, 200U);
  live_->clock.shift_ms(3ULL * 24 * 60 * 60 * 1000);
  FhirClient again = client_of(patient());
  for (int tries = 0; tries < 150 && total(again.get("Consent?status=inactive")) != "1"; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(total(again.get("Consent?status=inactive")), "1");
  EXPECT_EQ(total(again.get("Consent?status=active")), "0");
}

}  // namespace
}  // namespace xl::node
