// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: staff of one organisation get what another keeps of a patient, as far as the patient lets
// them, under a session that both sign, with the data keys wrapped for them, and nobody else gets
// anything. Method: two hospitals of one node that ask each other sealed and signed as over the
// wire; requests are replayed, altered, opened by others, made for somebody else.
#include "client/consent_form.h"
#include "contracts/access/view.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/identity/locator.h"
#include "crypto/hash.h"
#include "custody/custody.h"
#include "gateway/peer/envelope.h"
#include "gateway/peer/peer.pb.h"
#include "model/canonical.h"
#include "node/tests/care.h"

namespace xl::node {
namespace {

using testing::Care;
using testing::FhirClient;
using testing::observation_json;
using testing::parsed;

class Gather : public Care {
 protected:
  void SetUp() override {
    Care::SetUp();
    demo::Persona south = live_->hospital(1);
    doctor_ = std::make_unique<FhirClient>(live_->doctor(south, "ward"), live_->organisations[1]);
    ASSERT_TRUE(keys_told());
  }
  void TearDown() override {
    doctor_.reset();
    Care::TearDown();
  }
  /// Both organisations tell their agreement keys by themselves, within a second or two.
  bool keys_told() {
    for (int i = 0; i < 200; ++i) {
      const auto state = live_->node->custody().port().ledger().state();
      const bool all = std::ranges::all_of(live_->organisations, [&](const model::Id& one) {
        return !contracts::identity::agreement_key_of(*state, one).empty();
      });
      if (all) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }
  client::HttpResponse gather(const std::string& parameters) {
    return doctor_->post("Patient/$gather",
                         R"({"resourceType":"Parameters","parameter":[)" + parameters + "]}");
  }
  [[nodiscard]] std::string source() const {
    return R"({"name":"source","valueString":")" + model::did_text(live_->organisations[0]) + "|" +
           model::did_text(patient_did_) + R"("})";
  }
  static std::size_t records_in(const client::HttpResponse& answer) {
    return parsed(answer).root().find("entry").size() - 1;
  }
  static std::string diagnostics(const client::HttpResponse& answer) {
    const auto document = parsed(answer);
    return std::string(document.root()
                           .find("entry")
                           .at(0)
                           .find("resource")
                           .find("issue")
                           .at(0)
                           .find("diagnostics")
                           .as_string()
                           .value_or(""));
  }
  std::unique_ptr<FhirClient> doctor_;
};

TEST_F(Gather, AStrangerGetsNothingAndLearnsNothing) {
  const auto refused = gather(source());
  ASSERT_EQ(refused.status, 200U) << refused.body;
  EXPECT_EQ(records_in(refused), 0U);
  const std::string code = diagnostics(refused);
  EXPECT_EQ(code, "XL3502") << refused.body;
  // Somebody who never was there is the same.
  const auto nobody =
      gather(R"({"name":"source","valueString":")" + model::did_text(live_->organisations[0]) +
             "|" + model::did_text(client::random_id()) + R"("})");
  EXPECT_EQ(diagnostics(nobody), code);
}

TEST_F(Gather, WhatThePatientSharesComesUnderASessionOfBoth) {
  demo::Persona ann = patient();
  const model::Id consent = share(ann, {"Observation"});
  const auto answer = gather(source());
  ASSERT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(records_in(answer), 2U) << answer.body;
  EXPECT_NE(answer.body.find("\"resourceType\":\"Observation\""), std::string::npos);
  EXPECT_EQ(answer.body.find("\"resourceType\":\"Patient\""), std::string::npos);
  // Named twice it is asked once.
  EXPECT_EQ(records_in(gather(source() + "," + source())), 2U);
  // The session is on the ledger with both signatures, and its receipt is told.
  const auto document = parsed(answer);
  const auto extensions =
      document.root().find("entry").at(0).find("resource").find("issue").at(0).find("extension");
  ASSERT_EQ(extensions.size(), 2U) << answer.body;
  const std::string receipt{extensions.at(1).find("valueUri").as_string().value_or("")};
  const auto shown = doctor_->who().session->get_public(receipt.substr(receipt.find("/ledger/")));
  ASSERT_TRUE(shown.ok());
  EXPECT_EQ(shown->status, 200U);
  EXPECT_EQ(parsed(*shown).root().find("signers").size(), 2U) << shown->body;
  // A second look uses the session that is open.
  const auto again = gather(source());
  EXPECT_EQ(records_in(again), 2U);
  EXPECT_EQ(parsed(again)
                .root()
                .find("entry")
                .at(0)
                .find("resource")
                .find("issue")
                .at(0)
                .find("extension")
                .size(),
            1U);
  // The patient sees each version read, by whom and why.
  const auto log =
      ann.session->ask("GET", "/o/" + live_->organisations[0].text() + "/access-log?count=100");
  ASSERT_TRUE(log.ok());
  std::size_t fetched = 0;
  for (std::size_t at = 0; (at = log->body.find("\"fetch\"", at)) != std::string::npos; ++at) {
    ++fetched;
  }
  EXPECT_EQ(fetched, 6U) << log->body;
  // Taken back: the next question gets nothing, whatever session was open.
  xinglin::consent::v1::Revoke taken;
  taken.set_consent(client::bytes_of(consent.bytes));
  const auto sent = ann.session->submit(contracts::consent::contract_number,
                                        contracts::consent::revoke_type, taken);
  ASSERT_TRUE(sent.ok() && sent->applied());
  EXPECT_EQ(records_in(gather(source())), 0U);
}

TEST_F(Gather, AHandleLeadsWhereThePatientLeftALocator) {
  demo::Persona ann = patient();
  share(ann, {"Observation"});
  const std::string handles = "/o/" + live_->organisations[0].text() + "/handles";
  const auto make = [&](const std::string& more) {
    const auto made = ann.session->ask("POST", handles, "application/json",
                                       R"({"life_ms":"600000")" + more + "}");
    EXPECT_EQ(made->status, more.find("locator:zz") == std::string::npos ? 201U : 400U)
        << made->body;
    return std::string(parsed(*made).root().find("handle").as_string().value_or(""));
  };
  const auto by_handle = [&](const std::string& handle) {
    return gather(R"({"name":"handle","valueString":")" + model::did_text(live_->organisations[0]) +
                  "|" + handle + R"("})");
  };
  const auto genesis = ann.session->genesis();
  ASSERT_TRUE(genesis.ok());
  const contracts::identity::Place place{live_->organisations[0], patient_did_};
  const Bytes bytes = contracts::identity::locator_bytes(
      (*genesis)->network, live_->clock.now_ms() + 3'600'000, std::span(&place, 1));
  const Bytes signature =
      ann.session->identity().key.sign(contracts::identity::locator_signed_bytes(bytes));
  const std::string locator = contracts::identity::locator_text(bytes, std::span(&signature, 1));
  const std::string found = make(R"(,"locator":")" + locator + "\"");
  EXPECT_EQ(records_in(by_handle(found)), 2U);
  // Without a locator it leads nowhere, as one that never was, and one that was ended.
  const auto silent = by_handle(make(""));
  const auto never = by_handle(client::random_id().text());
  EXPECT_EQ(silent.status, 404U) << silent.body;
  EXPECT_EQ(never.status, 404U);
  EXPECT_EQ(silent.body, never.body);
  EXPECT_NE(never.body.find("XL3520"), std::string::npos) << never.body;
  ASSERT_EQ(ann.session->ask("DELETE", handles + "/" + found)->status, 200U);
  EXPECT_EQ(by_handle(found).status, 404U);
  // Nobody leaves what no key signed.
  (void)make(R"(,"locator":"xinglin:locator:zz")");
}

/// A doctor of the other organisation asks through their own, and never signs in at the custodian.
class AskThere : public Gather {
 protected:
  void SetUp() override {
    Gather::SetUp();
    ann_ = std::make_unique<demo::Persona>(patient());
    there_ = "?custodian=" + model::did_text(live_->organisations[0]);
  }
  void TearDown() override {
    ann_.reset();
    Gather::TearDown();
  }
  client::HttpResponse call(demo::Persona& who, std::size_t at, std::string_view method,
                            const std::string& path, std::string_view body = {}) {
    auto answer = who.session->ask(method, "/o/" + live_->organisations[at].text() + path,
                                   body.empty() ? "" : "application/json", body);
    EXPECT_TRUE(answer.ok());
    return answer.ok() ? std::move(*answer) : client::HttpResponse{};
  }
  std::string handle() {
    return text_in(call(*ann_, 0, "POST", "/handles", R"({"life_ms":"3600000"})"), "handle");
  }
  static std::string text_in(const client::HttpResponse& answer, std::string_view member) {
    return std::string(parsed(answer).root().find(member).as_string().value_or(""));
  }
  [[nodiscard]] std::string wish(const std::string& handle, std::size_t whom = 1) const {
    const auto did = [&](std::size_t which) {
      return R"("identifier":{"system":"urn:ietf:rfc:3986","value":")" +
             model::did_text(live_->organisations[which]) + "\"}";
    };
    return R"({"resourceType":"Consent","status":"proposed","scope":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},"category":[{
"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"identifier":{"system":
"urn:xinglin:handle","value":")" +
           handle + R"("}},"organization":[{)" + did(0) +
           R"(}],"policy":[{"uri":"http://example.org/policy"}],"extension":[{
"url":"urn:xinglin:consent-request-why","valueString":"a second opinion"}],
"provision":{"type":"permit","actor":[{"role":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{)" +
           did(whom) +
           R"(}}],"purpose":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason",
"code":"TREAT"}],"class":[{"system":"http://hl7.org/fhir/resource-types","code":"Observation"}]}})";
  }
  std::unique_ptr<demo::Persona> ann_;
  std::string there_;
};

TEST_F(AskThere, IsAnsweredByThePatientAndLeadsToTheRecords) {
  const auto sent = doctor_->post("Consent", wish(handle()));
  ASSERT_EQ(sent.status, 201U) << sent.body;
  const std::string id = text_in(sent, "id");
  EXPECT_NE(sent.headers.at("location").find("/requests/" + id + there_), std::string::npos);
  // The patient sees who asks, and for whom.
  const auto asked = call(*ann_, 0, "GET", "/requests/" + id);
  EXPECT_EQ(text_in(asked, "asker"), model::did_text(doctor_->who().session->identity().did));
  EXPECT_EQ(text_in(asked, "organisation"), model::did_text(live_->organisations[1]));
  EXPECT_EQ(text_in(asked, "why"), "a second opinion");
  const auto told = [&] { return call(doctor_->who(), 1, "GET", "/requests/" + id + there_); };
  EXPECT_EQ(text_in(told(), "state"), "sent");
  EXPECT_EQ(text_in(told(), "patient"), "") << "nobody is told whose the handle is";

  const auto form = client::form_of_request(parsed(asked).root());
  ASSERT_TRUE(form.ok());
  const auto prepared =
      client::prepare_form(*ann_->session, live_->organisations[0], json::write(form->root()));
  ASSERT_TRUE(prepared.ok()) << prepared.error().text();
  ASSERT_TRUE(client::applied(client::agree_to(*ann_->session, *prepared)).ok());
  const auto granted = told();
  EXPECT_EQ(text_in(granted, "state"), "granted");
  EXPECT_EQ(text_in(granted, "patient"), model::did_text(patient_did_));
  EXPECT_EQ(call(doctor_->who(), 1, "GET", "/requests" + there_).body.find(id) == std::string::npos,
            false);
  // The same as one who signs in there is told.
  auto told_there = doctor_->who().session->ask(
      "GET", "/o/" + live_->organisations[0].text() + "/requests/" + id);
  ASSERT_TRUE(told_there.ok());
  EXPECT_EQ(told_there->body, granted.body);
  EXPECT_EQ(records_in(gather(source())), 2U);
}

TEST_F(AskThere, ConcernsItsAskerAloneAndRefusesAsTheCustodianDoes) {
  const std::string id = text_in(doctor_->post("Consent", wish(handle())), "id");
  demo::Persona south = live_->hospital(1);
  FhirClient colleague{live_->doctor(south, "other"), live_->organisations[1]};
  const auto path = "/requests/" + id + there_;
  EXPECT_NE(call(colleague.who(), 1, "GET", path).body.find("XL3523"), std::string::npos);
  EXPECT_EQ(call(colleague.who(), 1, "GET", "/requests" + there_).body.find(id), std::string::npos);
  EXPECT_EQ(call(*ann_, 0, "GET", path).status, 403U) << "patients ask nobody";
  const std::string unknown = model::did_text(client::random_id());
  EXPECT_NE(call(doctor_->who(), 1, "GET", "/requests?custodian=" + unknown).body.find("XL45"),
            std::string::npos);
  EXPECT_EQ(call(doctor_->who(), 1, "GET", "/requests?custodian=x").status, 400U);
  // A handle that never was, and a permit for another house than the asker's.
  EXPECT_NE(doctor_->post("Consent", wish(client::random_id().text())).body.find("XL3520"),
            std::string::npos);
  EXPECT_NE(doctor_->post("Consent", wish(handle(), 0)).body.find("XL3525"), std::string::npos);
}

/// What one organisation's node says to another's, taken apart and put together again.
class Envelopes : public Gather {
 protected:
  [[nodiscard]] custody::Organisation& of(std::size_t which) {
    return *live_->node->custody().find(live_->organisations[which]);
  }
  [[nodiscard]] const custody::LedgerPort& port() { return live_->node->custody().port(); }
  [[nodiscard]] std::string say(std::size_t from, const model::Id& to, gateway::peer::PeerKind kind,
                                std::string_view payload) {
    auto out =
        gateway::peer::write_envelope(of(from).stores(), port(), {to, {}, kind, view_of(payload)});
    EXPECT_TRUE(out.ok()) << out.error().text();
    return out.ok() ? *out : std::string();
  }
  client::HttpResponse post_to(std::size_t which, const std::string& envelope) {
    client::HttpClient http({"127.0.0.1", std::to_string(live_->node->port())});
    auto answer = http.send("POST", "/o/" + live_->organisations[which].text() + "/peer",
                            "application/vnd.xinglin.peer", envelope);
    EXPECT_TRUE(answer.ok());
    return answer.ok() ? *answer : client::HttpResponse{};
  }
};

TEST_F(Envelopes, AreOpenedByWhomTheyAreForOnceAndUnaltered) {
  using gateway::peer::PeerKind;
  xinglin::peer::v1::Digests digests;
  digests.add_digests(std::string(33, '\x01'));
  const std::string payload{text_of(model::encode(digests))};
  const std::string asked = say(1, live_->organisations[0], PeerKind::have, payload);
  EXPECT_EQ(post_to(1, asked).status, 403U) << "for another one";
  for (std::size_t at = 0; at < asked.size(); at += 5) {
    std::string altered = asked;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    EXPECT_EQ(post_to(0, altered).status, 403U) << at;
  }
  const auto answer = post_to(0, asked);
  ASSERT_EQ(answer.status, 200U);
  EXPECT_EQ(post_to(0, asked).status, 403U) << "a second time";
  // The answer is for the asker alone, and about this question.
  EXPECT_FALSE(gateway::peer::read_envelope(of(0).stores(), port(), answer.body).ok());
  const auto heard = gateway::peer::read_envelope(of(1).stores(), port(), answer.body);
  ASSERT_TRUE(heard.ok());
  EXPECT_EQ(heard->about, crypto::sha256(view_of(asked)));
  EXPECT_EQ(heard->from, live_->organisations[0]);
  EXPECT_EQ(post_to(1, answer.body).status, 403U) << "an answer is no question";
  const std::string late = say(1, live_->organisations[0], PeerKind::have, payload);
  live_->clock.shift_ms(gateway::peer::clock_skew_ms + 1'000);
  EXPECT_EQ(post_to(0, late).status, 403U) << "too old";
}

TEST_F(Envelopes, CopiesGoBackToTheirOwnerAlone) {
  using gateway::peer::PeerKind;
  xinglin::peer::v1::Keep keep;
  auto* copy = keep.add_copies();
  copy->set_record(std::string(16, 'r'));
  copy->set_version(1);
  copy->set_ciphertext("what nobody here can open");
  const auto ask = [&](std::size_t from, PeerKind kind, const google::protobuf::Message& message,
                       google::protobuf::Message& out) {
    const auto answer =
        post_to(0, say(from, live_->organisations[0], kind, text_of(model::encode(message))));
    const auto heard = gateway::peer::read_envelope(of(from).stores(), port(), answer.body);
    xinglin::peer::v1::Outcome outcome;
    EXPECT_TRUE(heard.ok() && outcome.ParseFromArray(heard->payload.data(),
                                                     static_cast<int>(heard->payload.size())));
    EXPECT_TRUE(out.ParseFromString(outcome.payload()));
    return outcome.error();
  };
  xinglin::peer::v1::Digests digests;
  const auto digest = vault::body_digest(view_of(copy->ciphertext()));
  digests.add_digests(std::string(text_of(digest)));
  xinglin::peer::v1::HaveAnswer have;
  xinglin::peer::v1::GiveAnswer give;
  EXPECT_EQ(ask(1, PeerKind::keep, keep, have), 0U);
  EXPECT_EQ(ask(1, PeerKind::have, digests, have), 0U);
  EXPECT_EQ(have.missing().size(), 0);
  EXPECT_EQ(ask(1, PeerKind::give, digests, give), 0U);
  EXPECT_EQ(give.ciphertexts(0), copy->ciphertext());
  // North asks itself: it keeps nothing for itself.
  EXPECT_EQ(ask(0, PeerKind::give, digests, give), 0U);
  EXPECT_EQ(give.ciphertexts(0), "");
  EXPECT_EQ(ask(1, PeerKind::drop, digests, have), 0U);
  EXPECT_EQ(ask(1, PeerKind::give, digests, give), 0U);
  EXPECT_EQ(give.ciphertexts(0), "");
}

}  // namespace
}  // namespace xl::node
