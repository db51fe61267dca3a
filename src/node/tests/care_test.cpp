// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: health data leaves only by care, consent or emergency, every read is in the journal and on
// the ledger, and what a requester may not see looks like nothing. Method: a real node with two
// hospitals; what the ledger holds afterwards is compared with what was served.
#include "node/tests/care.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/json/writer.h"
#include "client/emergency.h"
#include "client/party_keys.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/sealed.h"
#include "contracts/access/view.h"
#include "contracts/api/shape.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"
#include "contracts/identity/sign_in.h"
#include "model/canonical.h"
#include "model/receipt.h"
#include "model/transaction.h"
#include "node/tools/rebuild_index.h"
#include "vault/journal.h"

namespace xl::node {
namespace {

namespace consent = contracts::consent;
using testing::Care;
using testing::FhirClient;
using testing::LiveNode;
using testing::observation_json;
using testing::parsed;
using testing::patient_json;

TEST_F(Care, OwnStaffNeedAnEncounterAndThePatientMayRefuse) {
  FhirClient doctor(live_->doctor(north_->who(), "li"), live_->organisations[0]);
  const auto without = doctor.get("Observation/o1");
  EXPECT_EQ(without.status, 403U);
  EXPECT_NE(without.body.find("No active encounter"), std::string::npos) << without.body;
  const auto open = [&](const char* status) {
    ASSERT_TRUE(demo::open_encounter(*north_->who().session, live_->organisations[0], "p1",
                                     doctor.who().did(), status)
                    .ok());
  };
  open("in-progress");
  EXPECT_EQ(doctor.get("Observation/o1").status, 200U);
  EXPECT_EQ(total(doctor.get("Observation")), "2");  // a ward list: those in care
  EXPECT_EQ(doctor.get("Observation/o1", {{"X-Purpose-Of-Use", "HRESCH"}}).status, 403U);
  demo::Persona ann = patient();
  share(ann, {"Observation"}, consent::Effect::deny);
  EXPECT_EQ(doctor.get("Observation/o1").status, 403U);
  EXPECT_EQ(total(doctor.get("Observation?patient=p1")), "0");
  EXPECT_EQ(doctor.get("Patient/p1").status, 200U);  // not what was refused
  open("finished");
  EXPECT_EQ(doctor.get("Patient/p1").status, 403U);
}

TEST_F(Care, ConsentOpensJustWhatItSaysUntilItIsRevoked) {
  FhirClient doctor = ward();
  demo::Persona ann = patient();
  EXPECT_EQ(doctor.get("Observation/o1").status, 404U);
  const model::Id given = share(ann, {"Observation"});
  EXPECT_EQ(doctor.get("Observation/o1").status, 200U);
  EXPECT_EQ(total(doctor.get("Observation?patient=p1")), "2");
  EXPECT_EQ(doctor.get("Patient/p1").status, 404U);
  EXPECT_EQ(doctor.get("Observation/o1", {{"X-Purpose-Of-Use", "HMARKT"}}).status, 404U);
  // More than one reader at once: each sees all of it.
  std::vector<std::thread> readers;
  std::atomic<int> seen{0};
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      FhirClient one = ward();
      for (int k = 0; k < 5; ++k) seen += one.get("Observation/o2").status == 200U ? 1 : 0;
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(seen.load(), 20);
  xinglin::consent::v1::Revoke revoke;
  revoke.set_consent(client::bytes_of(given.bytes));
  ASSERT_TRUE(
      ann.session->submit(consent::contract_number, consent::revoke_type, revoke)->applied());
  EXPECT_EQ(doctor.get("Observation/o1").status, 404U);
  EXPECT_EQ(total(doctor.get("Observation?patient=p1")), "0");
}

TEST_F(Care, AnOfficerNamesAPatientOfTheHouse) {
  auto made = live_->cast().practitioner(north_->who(), "officer",
                                         contracts::identity::Role::privacy_officer,
                                         contracts::identity::LicenceType::none);
  ASSERT_TRUE(made.ok()) << made.error().text();
  demo::Persona officer = std::move(*made);
  FhirClient south(live_->hospital(1), live_->organisations[1]);
  ASSERT_EQ(south.put("Patient/s1", patient_json("s1", "Sue")).status, 201U);
  const auto elsewhere = demo::pseudonym_of(*south.who().session, live_->organisations[1], "s1");
  ASSERT_TRUE(elsewhere.ok());
  const std::string log = "/o/" + live_->organisations[0].text() + "/access-log";
  const auto entries = [&] { return custodian().stores().journal().size(); };
  const auto ask = [&](const std::string& query, const char* path = "") {
    auto answer = officer.session->ask("GET", log + path + query);
    EXPECT_TRUE(answer.ok());
    return answer.ok() ? std::move(*answer) : client::HttpResponse{};
  };
  const std::uint64_t before = entries();
  const auto refused = [&](const std::string& query, unsigned status, const char* code) {
    for (const char* path : {"", "/1/proof"}) {
      const auto answer = ask(query, path);
      EXPECT_EQ(answer.status, status) << query << answer.body;
      EXPECT_NE(answer.body.find(code), std::string::npos) << query << answer.body;
    }
  };
  refused("", 400, "XL4007");
  refused("?patient=p1", 400, "XL4007");
  refused("?patient=did:xinglin:", 400, "XL4007");
  refused("?patient=" + model::did_text(custody::random_id()), 404, "XL4013");
  refused("?patient=" + model::did_text(*elsewhere), 404, "XL4013");  // another house's
  refused("?patient=" + model::did_text(officer.did()), 404, "XL4013");
  refused("?patient=" + model::did_text(live_->organisations[0]), 404, "XL4013");
  refused("?patient=" + model::did_text(custodian().stores().directory()), 404, "XL4013");
  EXPECT_EQ(entries(), before);  // nobody was looked at
  const auto seen = ask("?patient=" + model::did_text(patient_did_));
  EXPECT_EQ(seen.status, 200U) << seen.body;
  EXPECT_EQ(entries(), before + 1);
}

/// Puts another key in the place of the one with which an organisation signs, on the ledger and in
/// its node's folder.
Hash rotate_key(LiveNode& live, std::size_t which) {
  demo::Persona hospital = live.hospital(which);
  const client::Identity& who = hospital.session->identity();
  auto fresh = crypto::SigningKey::generate(crypto::Algorithm::ed25519);
  EXPECT_TRUE(fresh.ok());
  const auto genesis = hospital.session->genesis();
  EXPECT_TRUE(genesis.ok());
  xinglin::identity::v1::RotateKey message;
  message.set_party(client::bytes_of(who.did.bytes));
  message.set_old_key(
      client::bytes_of(model::key_id_of(who.key.algorithm(), who.key.public_key())));
  client::fill_new_key((*genesis)->network, who.did, *fresh,
                       contracts::purpose_sign | contracts::purpose_manage, 0,
                       *message.mutable_key());
  const auto sent = hospital.session->submit(contracts::identity::contract_number,
                                             contracts::identity::rotate_key_type, message);
  EXPECT_TRUE(sent.ok() && sent->applied()) << (sent.ok() ? sent->status_name : "not sent");
  live.stop();
  EXPECT_TRUE(LiveNode::unlock()
                  .save(live.layout().service_key(who.did.text()), crypto::keyfile::Kind::ed25519,
                        fresh->secret())
                  .ok());
  live.start();
  return model::key_id_of(fresh->algorithm(), fresh->public_key());
}

TEST_F(Care, TheGlassBreaksWithTheKeyThatAnOrganisationHasNow) {
  demo::Persona before = live_->hospital(1);
  const auto old_key = client::signing_key_of(*before.session, live_->organisations[1]);
  ASSERT_TRUE(old_key.ok()) << old_key.error().text();
  const Hash fresh = rotate_key(*live_, 1);
  north_ = std::make_unique<FhirClient>(live_->hospital(0), live_->organisations[0]);
  FhirClient doctor = ward();
  const auto current = client::signing_key_of(*doctor.who().session, live_->organisations[1]);
  ASSERT_TRUE(current.ok()) << current.error().text();
  EXPECT_EQ(current->id, fresh);
  EXPECT_NE(current->id, old_key->id);

  ASSERT_EQ(doctor.get("Observation/o1").status, 404U);
  client::Sent sent;
  const auto entry =
      client::declare_emergency(*doctor.who().session, live_->organisations[0],
                                {patient_did_, "unconscious", "found in the snow"}, sent);
  ASSERT_TRUE(entry.ok()) << entry.error().text();
  ASSERT_TRUE(sent.applied()) << sent.status_name;
  const demo::Headers invoked = {{"X-Purpose-Of-Use", "ETREAT"},
                                 {"X-Emergency-Entry", entry->text()}};
  EXPECT_EQ(doctor.get("Observation/o1", invoked).status, 200U);
  // Signed by the doctor and by the new key; the reason is kept sealed where the data are.
  const auto state = live_->node->ledger().state();
  const auto declared = contracts::access::find_emergency(*state, *entry);
  ASSERT_TRUE(declared.has_value());
  const auto kept = custodian().stores().vault().get({*entry, 1});
  ASSERT_TRUE(kept.ok()) << kept.error().text();
  EXPECT_EQ(declared->reason(), contracts::access::details_commitment(kept->content));
  xinglin::access::v1::EmergencyReason reason;
  ASSERT_TRUE(model::decode_canonical(kept->content, reason));
  EXPECT_EQ(reason.text(), "found in the snow");
  Hash transaction_id{};
  ASSERT_TRUE(from_hex(sent.transaction_id, transaction_id));
  const auto executed = live_->node->ledger().transaction(transaction_id);
  ASSERT_TRUE(executed.ok());
  const auto transaction = model::decode_transaction(executed->raw);
  ASSERT_TRUE(transaction.ok());
  ASSERT_EQ(transaction->body.signers.size(), 2U);
  EXPECT_EQ(transaction->body.signers[1].key_id, fresh);
}

TEST_F(Care, PartiesAreShownAsTheLedgerProvesThem) {
  demo::Persona doctor = live_->doctor(north_->who(), "li");
  const std::string base = "/ledger/v1/parties/";
  const auto ask = [&](const std::string& did) {
    auto answer = doctor.session->ask("GET", base + did);
    EXPECT_TRUE(answer.ok());
    return answer.ok() ? std::move(*answer) : client::HttpResponse{};
  };
  const auto answer = ask(model::did_text(live_->organisations[0]));
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const json::Document told = parsed(answer);
  EXPECT_EQ(told.root().find("name").as_string(), "North");
  EXPECT_EQ(told.root().find("kind").as_string(), "organisation");
  EXPECT_EQ(told.root().find("status").as_string(), "active");
  const auto genesis = doctor.session->genesis();
  ASSERT_TRUE(genesis.ok());
  const auto receipt = model::read_receipt(json::write(told.root().find("receipt")));
  ASSERT_TRUE(receipt.ok());
  EXPECT_TRUE(model::verify_receipt(*receipt, **genesis).ok());
  EXPECT_EQ(receipt->state->key, contracts::identity::party_key(live_->organisations[0]));
  // The first organisation has its node's envelope key too: only one of the two may sign.
  EXPECT_EQ(told.root().find("keys").size(), 2U);
  const auto keys = client::keys_of(*doctor.session, live_->organisations[0]);
  ASSERT_TRUE(keys.ok()) << keys.error().text();
  EXPECT_EQ(keys->size(), 2U);
  EXPECT_EQ(ask("nonsense").status, 400U);
  // Who a patient or a doctor is, and whether there is such a one, is not told here.
  for (const model::Id& did : {patient_did_, doctor.did(), custody::random_id()}) {
    const auto refused = ask(model::did_text(did));
    EXPECT_EQ(refused.status, 404U);
    EXPECT_NE(refused.body.find("XL4013"), std::string::npos) << refused.body;
  }
  client::HttpClient nobody({"127.0.0.1", std::to_string(live_->node->port())});
  const auto unsigned_answer = nobody.get(base + model::did_text(live_->organisations[0]));
  ASSERT_TRUE(unsigned_answer.ok());
  EXPECT_EQ(unsigned_answer->status, 401U);
}

TEST_F(Care, AnIndexMadeAgainGivesTheSameAnswers) {
  for (int i = 0; i < 12; ++i) {
    const std::string id = "r" + std::to_string(i);
    ASSERT_EQ(north_->put("Observation/" + id, observation_json(id, "p1")).status, 201U);
    if (i % 3 == 0) {
      ASSERT_EQ(north_->put("Observation/" + id, observation_json(id, "p1", "9")).status, 200U);
    }
    if (i % 4 != 0) continue;
    ASSERT_EQ(north_->ask("DELETE", "Observation/" + id).status, 204U);
  }
  const std::vector<std::string> questions = {
      "Observation?patient=p1&_count=100", "Observation?code=2339-0&date=2026-01-02",
      "Observation/r3/_history", "Patient?name=ann", "Patient/p1/$everything"};
  const auto answers = [&] {
    std::vector<std::string> out;
    for (const std::string& question : questions) {
      std::string body = north_->get(question).body;
      // Links carry the port of this run.
      for (std::size_t at = body.find("http://127"); at != std::string::npos;
           at = body.find("http://127")) {
        body.erase(at, body.find("/o/", at) - at);
      }
      out.push_back(body);
    }
    return out;
  };
  const auto before = answers();
  live_->stop();
  std::filesystem::resize_file(live_->layout().record_index(live_->organisations[0].text()), 5000);
  std::uint64_t shown = 0;
  const auto done = rebuild_indexes(live_->layout(), LiveNode::unlock(),
                                    [&](std::uint64_t count) { shown = count; });
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_EQ(done->versions, 3U + 12 + 4 + 3);
  EXPECT_EQ(shown, done->versions);
  live_->start();
  north_ = std::make_unique<FhirClient>(live_->hospital(0), live_->organisations[0]);
  EXPECT_EQ(answers(), before);
}

TEST_F(Care, AStrangerCannotTellWhatIsThere) {
  FhirClient doctor = ward();
  const std::vector<demo::Headers> headers = {{},
                                              {{"X-Purpose-Of-Use", "NONSENSE"}},
                                              {{"X-Emergency-Entry", "zz"}},
                                              {{"X-Purpose-Of-Use", "HPAYMT"}}};
  const std::string proofs = "/o/" + live_->organisations[0].text() + "/records/Observation/";
  const auto history = [&] {
    (void)custodian().desk().anchor_journal();
    const auto head = live_->node->ledger().head();
    return head.ok() ? head->history_size : 0;
  };
  for (const demo::Headers& header : headers) {
    std::vector<std::string> answers;
    std::vector<std::uint64_t> traces;
    for (const char* id : {"o1", "absent"}) {
      const std::uint64_t before = history();
      std::string all;
      for (const std::string& path :
           {std::string("Observation/") + id, std::string("Observation/") + id + "/_history/1",
            std::string("Observation/") + id + "/_history"}) {
        const auto answer = doctor.get(path, header);
        all += std::to_string(answer.status) + answer.body;
      }
      const auto proof = doctor.who().session->ask("GET", proofs + id + "/proof", {}, {}, header);
      ASSERT_TRUE(proof.ok());
      all += std::to_string(proof->status);
      answers.push_back(all);
      traces.push_back(history() - before);
    }
    EXPECT_EQ(answers[0], answers[1]);
    EXPECT_EQ(traces[0], traces[1]);
  }
}

TEST_F(Care, NobodyLetsThemselvesInOrWritesWithoutCare) {
  FhirClient doctor(live_->doctor(north_->who(), "li"), live_->organisations[0]);
  const std::string own = R"({"resourceType":"Encounter","id":"v1","status":"in-progress",)"
                          R"("class":{"code":"AMB"},"subject":{"reference":"Patient/p1"},)"
                          R"("participant":[{"individual":{"reference":"Practitioner/)" +
                          doctor.who().did().text() + R"("}}]})";
  EXPECT_EQ(doctor.put("Encounter/v1", own).status, 403U);
  EXPECT_EQ(doctor.get("Observation/o1").status, 403U);
  EXPECT_EQ(doctor.ask("DELETE", "Observation/o1").status, 403U);
  EXPECT_EQ(doctor.put("Observation/o9", observation_json("o9", "p1")).status, 403U);
  ASSERT_EQ(north_->put("Encounter/v1", own).status, 201U);
  EXPECT_EQ(doctor.put("Observation/o9", observation_json("o9", "p1")).status, 201U);
  demo::Persona ann = patient();
  const auto log = ann.session->ask("GET", "/o/" + live_->organisations[0].text() + "/access-log");
  ASSERT_TRUE(log.ok());
  EXPECT_NE(log->body.find("\"action\":\"create\""), std::string::npos);
  EXPECT_NE(log->body.find("\"action\":\"delete\""), std::string::npos);
}

TEST_F(Care, ARecordStaysWithItsOnePatient) {
  ASSERT_EQ(north_->put("Patient/p2", patient_json("p2", "Eve")).status, 201U);
  const std::string library =
      R"({"resourceType":"Library","id":"l1","status":"active",)"
      R"("type":{"text":"x"},"subjectReference":{"reference":"Patient/p1"}})";
  ASSERT_EQ(north_->put("Library/l1", library).status, 201U);
  FhirClient doctor = ward();
  EXPECT_EQ(doctor.get("Library/l1").status, 404U);
  const std::string both = R"({"resourceType":"Appointment","id":"a1","status":"proposed",)"
                           R"("participant":[{"actor":{"reference":"Patient/p1"},)"
                           R"("status":"accepted"},{"actor":{"reference":"Patient/p2"},)"
                           R"("status":"accepted"}]})";
  const auto refused = north_->put("Appointment/a1", both);
  EXPECT_EQ(refused.status, 422U) << refused.body;
  EXPECT_NE(refused.body.find("XL4181"), std::string::npos) << refused.body;
}

TEST_F(Care, SignInsEndWithWhatTheyRestOn) {
  demo::Persona doctor = live_->doctor(north_->who(), "li");
  const auto who = doctor.session->ask("GET", "/auth/v1/whoami");
  ASSERT_TRUE(who.ok());
  EXPECT_EQ(parsed(*who).root().find("kind").as_string(), "practitioner");
  client::HttpClient http({"127.0.0.1", std::to_string(live_->node->port())});
  const auto refused = [&](const std::string& body, const char* code) {
    const auto answer = http.send("POST", "/auth/v1/tokens", "application/json", body);
    ASSERT_TRUE(answer.ok());
    EXPECT_GE(answer->status, 400U);
    EXPECT_NE(answer->body.find(code), std::string::npos) << answer->body;
  };
  refused("{}", "XL4007");
  refused("nonsense", "XL1010");
  const std::string did = model::did_text(live_->organisations[0]);
  const auto attempt = [&](const std::string& challenge, const crypto::SigningKey& key,
                           const std::string& extra) {
    const Hash key_id = model::key_id_of(key.algorithm(), key.public_key());
    const Bytes text = contracts::identity::sign_in_bytes(
        live_->node->ledger().genesis().network, live_->organisations[0], key_id, challenge);
    return R"({"challenge":")" + challenge + R"(","organisation":")" + did + R"(","key_id":")" +
           to_hex(key_id) + R"(","signature":")" + to_base64(key.sign(text)) + "\"" + extra + "}";
  };
  const auto fresh = [&] {
    const auto answer = http.send("POST", "/auth/v1/challenges", "application/json", "{}");
    return std::string(parsed(*answer).root().find("challenge").as_string().value_or(""));
  };
  const crypto::SigningKey& hospital = north_->who().session->identity().key;
  const std::string once = fresh();
  const auto good =
      http.send("POST", "/auth/v1/tokens", "application/json", attempt(once, hospital, ""));
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->status, 201U) << good->body;
  refused(attempt(once, hospital, ""), "XL4052");                     // a second time
  refused(attempt("AAAA" + once.substr(4), hospital, ""), "XL4052");  // not ours
  // A person's managing key signs nobody in; an unknown key neither.
  refused(attempt(fresh(), doctor.session->identity().key, ""), "XL4053");
  const auto unknown = crypto::SigningKey::generate(crypto::Algorithm::ed25519);
  refused(attempt(fresh(), *unknown, ""), "XL4053");
  refused(attempt(fresh(), hospital, R"(,"delegation":"AAAA")"), "XL12");
}

}  // namespace
}  // namespace xl::node
