// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: health data leaves only by care, consent or emergency, every read is in the journal and on
// the ledger, and what a requester may not see looks like nothing. Method: a real node with two
// hospitals; what the ledger holds afterwards is compared with what was served.
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "base/json/writer.h"
#include "client/emergency.h"
#include "client/party_keys.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/sealed.pb.h"
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
#include "node/tests/live_node.h"
#include "node/tools/rebuild_index.h"
#include "vault/journal.h"

namespace xl::node {
namespace {

namespace consent = contracts::consent;
using testing::FhirClient;
using testing::LiveNode;
using testing::observation_json;
using testing::parsed;
using testing::patient_json;

class Care : public ::testing::Test {
 protected:
  void SetUp() override {
    live_ = std::make_unique<LiveNode>("care");
    live_->start();
    ASSERT_NE(live_->node, nullptr);
    north_ = std::make_unique<FhirClient>(live_->hospital(0), live_->organisations[0]);
    ASSERT_EQ(north_->put("Patient/p1", patient_json("p1", "Ann")).status, 201U);
    ASSERT_EQ(north_->put("Observation/o1", observation_json("o1", "p1")).status, 201U);
    ASSERT_EQ(north_->put("Observation/o2", observation_json("o2", "p1", "2.0")).status, 201U);
    auto did = demo::pseudonym_of(*north_->who().session, live_->organisations[0], "p1");
    ASSERT_TRUE(did.ok()) << did.error().text();
    patient_did_ = *did;
  }
  void TearDown() override {
    north_.reset();
    live_.reset();
  }

  demo::Persona patient() {
    auto out = live_->cast().patient(north_->who(), "ann", patient_did_);
    EXPECT_TRUE(out.ok()) << out.error().text();
    return std::move(*out);
  }
  FhirClient ward() {
    demo::Persona south = live_->hospital(1);
    return {live_->doctor(south, "ward"), live_->organisations[0]};
  }
  static std::string total(const client::HttpResponse& answer) {
    return std::string(parsed(answer).root().find("total").number_text().value_or("none"));
  }
  /// Shares `types` with everyone of South for treatment.
  model::Id share(demo::Persona& ann, const std::vector<std::string>& types,
                  consent::Effect effect = consent::Effect::permit) {
    consent::Policy policy;
    policy.set_effect(static_cast<std::uint32_t>(effect));
    auto* rule = policy.mutable_rule();
    rule->add_grantees()->set_organisation(
        client::bytes_of(live_->organisations[effect == consent::Effect::permit ? 1 : 0].bytes));
    for (const std::string& type : types) {
      auto* one = rule->add_classes();
      one->set_system(std::string(consent::resource_types_system));
      one->set_code(type);
    }
    rule->set_confidentiality_min(1);
    rule->set_confidentiality_max(6);
    rule->add_purposes(static_cast<std::uint32_t>(consent::PurposeOfUse::treatment));
    rule->add_actions(static_cast<std::uint32_t>(consent::Action::read));
    rule->add_actions(static_cast<std::uint32_t>(consent::Action::search));
    model::Id out;
    const auto sent = ann.session->grant(policy, patient_did_, live_->organisations[0], 0, out);
    EXPECT_TRUE(sent.ok() && sent->applied()) << (sent.ok() ? sent->status_name : "");
    return out;
  }
  void expect_proof(demo::Persona& ann, FhirClient& doctor, const std::string& read_sequence);
  Bytes prove_cohort(demo::Persona& person, json::Value entry, std::uint32_t records);
  std::vector<demo::Persona> ward_of(FhirClient& doctor);
  void expect_own_evidence(const vault::JournalEntry& read,
                           const xinglin::custody::v1::AccessDetails& details,
                           const model::Id& reader);
  custody::Organisation& custodian() {
    return *live_->node->custody().find(live_->organisations[0]);
  }

  std::unique_ptr<LiveNode> live_;
  std::unique_ptr<FhirClient> north_;
  model::Id patient_did_;
};

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

TEST_F(Care, EveryReadIsJournalledSealedAndAnchored) {
  FhirClient doctor = ward();
  demo::Persona ann = patient();
  share(ann, {"Observation"});
  ASSERT_EQ(doctor.get("Observation/o1").status, 200U);
  ASSERT_EQ(total(doctor.get("Observation?patient=p1")), "2");
  ASSERT_EQ(doctor.get("Patient/p1").status, 404U);
  ASSERT_TRUE(custodian().desk().anchor_journal().ok());
  ASSERT_TRUE(custodian().desk().seal_sessions(true).ok());

  // The patient's log: one session with three reads, and the refusal.
  const auto log = ann.session->ask("GET", "/o/" + live_->organisations[0].text() + "/access-log");
  ASSERT_TRUE(log.ok());
  const json::Document entries = parsed(*log);
  std::set<std::string> sessions;
  std::size_t reads = 0;
  std::string refused_why;
  std::string read_sequence;
  for (const json::Value entry : entries.root().find("entries").items()) {
    if (entry.find("organisation_name").as_string() != "South") continue;
    if (!entry.find("permitted").as_bool().value_or(true)) {
      refused_why = entry.find("reasons").as_string().value_or("");
      continue;
    }
    ++reads;
    sessions.emplace(entry.find("session").as_string().value_or(""));
    read_sequence = entry.find("sequence").as_string().value_or("");
  }
  EXPECT_EQ(reads, 3U);
  EXPECT_NE(refused_why.find("class_not_covered"), std::string::npos) << refused_why;
  ASSERT_EQ(sessions.size(), 1U);

  const auto state = live_->node->ledger().state();
  const auto session =
      contracts::access::find_session(*state, *model::id_from_text(*sessions.begin()));
  ASSERT_TRUE(session.has_value());
  EXPECT_EQ(session->reads(), 3U);
  EXPECT_NE(session->sealed_ms(), 0U);
  const auto head = contracts::access::find_journal(*state, live_->organisations[0]);
  ASSERT_TRUE(head.has_value());
  EXPECT_GE(head->next_sequence(), 5U);

  expect_proof(ann, doctor, read_sequence);
}

/// One read, proved towards the root on the ledger; somebody else's is not shown.
void Care::expect_proof(demo::Persona& ann, FhirClient& doctor, const std::string& read_sequence) {
  const std::string path =
      "/o/" + live_->organisations[0].text() + "/access-log/" + read_sequence + "/proof";
  const auto proof = ann.session->ask("GET", path);
  ASSERT_TRUE(proof.ok());
  ASSERT_EQ(proof->status, 200U) << proof->body;
  const json::Document told = parsed(*proof);
  EXPECT_TRUE(
      ann.session
          ->verify_receipt(std::string(told.root().find("transaction").as_string().value_or("")))
          .ok());
  vault::JournalProof given;
  vault::JournalRoot root;
  given.sequence = std::stoull(read_sequence);
  ASSERT_TRUE(from_hex(told.root().find("previous").as_string().value_or(""), given.previous));
  ASSERT_TRUE(from_hex(told.root().find("salt").as_string().value_or(""), given.salt));
  ASSERT_TRUE(from_base64(told.root().find("content").as_string().value_or(""), given.content));
  for (const json::Value hash : told.root().find("path").items()) {
    ASSERT_TRUE(from_hex(hash.as_string().value_or(""), given.path.emplace_back()));
  }
  ASSERT_TRUE(from_hex(told.root().find("root").as_string().value_or(""), root.root));
  const auto number = [&](std::string_view name) {
    return std::stoull(std::string(told.root().find(name).as_string().value_or("0")));
  };
  root.first_sequence = number("first_sequence");
  root.last_sequence = number("last_sequence");
  const auto entry = vault::verify_proof(live_->organisations[0], given, root);
  ASSERT_TRUE(entry.ok()) << entry.error().text();
  EXPECT_EQ(entry->actor, doctor.who().did());
  EXPECT_EQ(entry->patient, patient_did_);
  const auto stranger = doctor.who().session->ask("GET", path);
  ASSERT_TRUE(stranger.ok());
  EXPECT_EQ(stranger->status, 403U);
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

/// Entries of somebody's log, as JSON.
json::Document log_of(demo::Persona& who, const model::Id& custodian) {
  const auto log = who.session->ask("GET", "/o/" + custodian.text() + "/access-log?count=200");
  EXPECT_TRUE(log.ok());
  return parsed(*log);
}

/// The CohortEntries on the ledger, oldest first.
std::vector<xinglin::access::v1::CohortEntry> cohorts_on(const query::Ledger& ledger) {
  std::vector<xinglin::access::v1::CohortEntry> out;
  std::uint64_t height = 0;
  std::uint32_t position = 0;
  for (;;) {
    const auto page = ledger.events_behind(height, position, 64, 64);
    EXPECT_TRUE(page.ok());
    if (!page.ok()) return out;
    for (const query::LedgerEvent& event : page->events) {
      height = event.height;
      position = event.position;
      const auto kept = ledger.transaction(event.entry.transaction_id);
      const auto transaction = model::decode_transaction(kept->raw);
      for (const auto& message : transaction->body.messages) {
        if (message.contract != contracts::access::contract_number ||
            message.type != contracts::access::cohort_entry_type) {
          continue;
        }
        EXPECT_EQ(event.entry.status, 0U);
        EXPECT_TRUE(model::decode_canonical(message.payload, out.emplace_back()));
      }
    }
    if (page->events.empty() && page->next_height <= height + 1) return out;
    if (page->events.empty()) {
      height = page->next_height;
      position = 0;
    }
  }
}

/// A patient's part in a look at many, as the proof of one of its log's entries tells it.
xinglin::custody::v1::CohortPlace place_in(json::Value cohort) {
  xinglin::custody::v1::CohortPlace place;
  Bytes leaf;
  EXPECT_TRUE(from_base64(cohort.find("leaf").as_string().value_or("*"), leaf));
  EXPECT_TRUE(model::decode_canonical(leaf, *place.mutable_leaf()));
  place.set_index(static_cast<std::uint32_t>(cohort.find("index").as_uint64().value_or(9)));
  place.set_count(static_cast<std::uint32_t>(cohort.find("count").as_uint64().value_or(9)));
  for (const json::Value sibling : cohort.find("path").items()) {
    Bytes hash;
    EXPECT_TRUE(from_hex(sibling.as_string().value_or(""), hash));
    place.add_path(client::bytes_of(hash));
  }
  return place;
}

/// The root that the ledger holds of a cohort, by a receipt that the genesis alone verifies.
Hash proven_root(const model::Genesis& genesis, const model::Id& cohort, json::Value told) {
  Hash root{};
  const auto receipt = model::read_receipt(json::write(told));
  EXPECT_TRUE(receipt.ok() && model::verify_receipt(*receipt, genesis).ok());
  if (!receipt.ok() || !receipt->state || !receipt->state->value) return root;
  EXPECT_EQ(receipt->state->key, contracts::access::cohort_key(cohort));
  xinglin::access::v1::CohortRecord record;
  EXPECT_TRUE(contracts::decode_record(*receipt->state->value, record));
  EXPECT_EQ(record.root().size(), 33U);
  if (record.root().size() == 33) {
    std::copy_n(view_of(record.root()).begin() + 1, root.size(), root.begin());
  }
  return root;
}

/// Proves an entry of somebody's log by what that person is given alone. The entry's evidence.
Bytes Care::prove_cohort(demo::Persona& person, json::Value entry, std::uint32_t records) {
  const model::Id& custodian = live_->organisations[0];
  const auto cohort = model::id_from_text(entry.find("cohort").as_string().value_or(""));
  EXPECT_TRUE(cohort.ok());
  const auto answer = person.session->ask(
      "GET", "/o/" + custodian.text() + "/access-log/" +
                 std::string(entry.find("sequence").as_string().value_or("")) + "/proof");
  EXPECT_TRUE(answer.ok() && answer->status == 200U) << answer->body;
  const json::Document proof = parsed(*answer);
  const json::Value told = proof.root().find("cohort");
  const Hash root = proven_root(live_->node->ledger().genesis(), *cohort, told.find("receipt"));
  auto place = place_in(told);
  EXPECT_EQ(place.leaf().entry(), client::bytes_of(cohort->bytes));
  EXPECT_EQ(place.leaf().patient(), client::bytes_of(person.did().bytes));
  EXPECT_EQ(place.leaf().records(), records);
  EXPECT_TRUE(custody::leads_to(place, root));
  place.mutable_leaf()->set_records(records + 1);
  EXPECT_FALSE(custody::leads_to(place, root));
  Bytes content;
  EXPECT_TRUE(from_base64(proof.root().find("content").as_string().value_or("*"), content));
  const auto kept = vault::decode_entry(content);
  EXPECT_TRUE(kept.ok());
  return kept.ok() ? kept->evidence : Bytes{};
}

/// Patients p1, p2 and p3 of the house, each with records; the doctor treats the first two.
std::vector<demo::Persona> Care::ward_of(FhirClient& doctor) {
  std::vector<demo::Persona> people;
  people.push_back(patient());
  for (const std::string id : {"p2", "p3"}) {
    EXPECT_EQ(north_->put("Patient/" + id, patient_json(id, id)).status, 201U);
    EXPECT_EQ(north_->put("Observation/of-" + id, observation_json("of-" + id, id)).status, 201U);
    const auto did = demo::pseudonym_of(*north_->who().session, live_->organisations[0], id);
    EXPECT_TRUE(did.ok());
    auto made = live_->cast().patient(north_->who(), id, *did);
    EXPECT_TRUE(made.ok());
    people.push_back(std::move(*made));
  }
  for (const std::string id : {"p1", "p2"}) {
    const std::string visit = R"({"resourceType":"Encounter","id":"visit-)" + id +
                              R"(","status":"in-progress","class":{"code":"AMB"},)"
                              R"("subject":{"reference":"Patient/)" +
                              id +
                              R"("},"participant":[{"individual":{"reference":"Practitioner/)" +
                              doctor.who().did().text() + R"("}}]})";
    EXPECT_EQ(north_->put("Encounter/visit-" + id, visit).status, 201U);
  }
  return people;
}

TEST_F(Care, ALookAtManyPatientsIsOneEntryThatEachOfThemCanProve) {
  const model::Id& north = live_->organisations[0];
  FhirClient doctor(live_->doctor(north_->who(), "li"), north);
  std::vector<demo::Persona> people = ward_of(doctor);
  ASSERT_TRUE(custodian().desk().anchor_journal().ok());
  const std::size_t before = cohorts_on(live_->node->ledger()).size();
  EXPECT_EQ(total(doctor.get("Observation?code=2339-0")), "3");   // a ward list: of p1 and p2
  EXPECT_EQ(total(doctor.get("Observation?patient=p1")), "2");    // one patient's: no cohort
  EXPECT_EQ(total(doctor.get("Observation?code=no-such")), "0");  // a question about many as well
  ASSERT_EQ(doctor.get("Organization/_history").status, 200U);    // about nobody
  ASSERT_TRUE(custodian().desk().anchor_journal().ok());
  ASSERT_TRUE(custodian().desk().anchor_journal().ok());  // sent once
  const auto cohorts = cohorts_on(live_->node->ledger());
  ASSERT_EQ(cohorts.size(), before + 2);
  const auto& list = cohorts[before];
  EXPECT_EQ(list.count(), 2U);
  EXPECT_EQ(cohorts[before + 1].count(), 0U);
  EXPECT_EQ(list.requester(), client::bytes_of(north.bytes));
  const std::string id = contracts::id_of(list.entry()).text();

  std::set<Bytes> evidence;
  for (std::size_t i = 0; i < people.size(); ++i) {
    const std::uint32_t records = i == 0 ? 2 : i == 1 ? 1 : 0;
    const json::Document log = log_of(people[i], north);
    std::uint32_t seen = 0;
    for (const json::Value entry : log.root().find("entries").items()) {
      if (entry.find("cohort").as_string().value_or("").empty()) continue;
      ++seen;
      EXPECT_EQ(entry.find("actor").as_string(), model::did_text(doctor.who().did()));
      EXPECT_EQ(entry.find("roles").size(), 1U);
      EXPECT_EQ(entry.find("session").as_string(), id);
      EXPECT_EQ(entry.find("cohort").as_string(), id);
      EXPECT_TRUE(evidence.insert(prove_cohort(people[i], entry, records)).second);
    }
    EXPECT_EQ(seen, records) << i;  // who was not shown is not told of it
  }
}

/// What one read in a session must say, and that its session on the ledger commits to it.
void Care::expect_own_evidence(const vault::JournalEntry& read,
                               const xinglin::custody::v1::AccessDetails& details,
                               const model::Id& reader) {
  // Who, in which role, for whom, about whom, why, on which basis, and at which state.
  EXPECT_EQ(details.requester(), client::bytes_of(reader.bytes));
  EXPECT_EQ(details.organisation(), client::bytes_of(live_->organisations[1].bytes));
  EXPECT_EQ(details.patient(), client::bytes_of(patient_did_.bytes));
  EXPECT_EQ(details.custodian(), client::bytes_of(live_->organisations[0].bytes));
  const auto action = read.action == "search" ? consent::Action::search : consent::Action::read;
  EXPECT_EQ(details.action(), static_cast<std::uint32_t>(action));
  EXPECT_EQ(details.purpose(), static_cast<std::uint32_t>(consent::PurposeOfUse::treatment));
  EXPECT_EQ(details.roles_size(), 1);
  EXPECT_EQ(details.consents_size(), 1);
  EXPECT_GT(details.policy_height(), 0U);
  EXPECT_GT(details.reasons_size(), 0);
  const auto state = live_->node->ledger().state();
  const auto session = contracts::access::find_session(*state, read.session);
  ASSERT_TRUE(session.has_value());
  EXPECT_EQ(session->decision(), custody::details_commitment(view_of(details.session_details())));
  xinglin::custody::v1::AccessDetails opened;
  ASSERT_TRUE(model::decode_canonical(view_of(details.session_details()), opened));
  EXPECT_EQ(opened.key(), details.key());
  EXPECT_TRUE(std::equal(opened.roles().begin(), opened.roles().end(), details.roles().begin(),
                         details.roles().end()));
}

TEST_F(Care, EveryReadHasEvidenceOfItsOwn) {
  FhirClient doctor = ward();
  demo::Persona ann = patient();
  share(ann, {"Observation", "Patient"});
  ASSERT_EQ(doctor.get("Observation/o1").status, 200U);
  ASSERT_EQ(doctor.get("Observation/o2").status, 200U);
  ASSERT_EQ(total(doctor.get("Observation?patient=p1")), "2");
  // The same person, signed in anew with another key: what the ledger holds names the first.
  ASSERT_TRUE(doctor.who()
                  .session
                  ->sign_in(live_->organisations[1],
                            {static_cast<std::uint32_t>(contracts::identity::Role::physician)})
                  .ok());
  ASSERT_EQ(doctor.get("Observation/o1").status, 200U);
  const auto kept = custodian().stores().journal().entries_of(patient_did_, 0, 100);
  ASSERT_TRUE(kept.ok());
  std::set<std::string> salts;
  std::set<std::string> sessions;
  std::size_t reads = 0;
  for (const vault::KeptEntry& one : *kept) {
    xinglin::custody::v1::AccessDetails details;
    ASSERT_TRUE(model::decode_canonical(one.entry.evidence, details)) << one.sequence;
    EXPECT_TRUE(salts.insert(details.salt()).second) << "evidence of another read";
    if (one.entry.organisation != live_->organisations[1] ||
        one.entry.decision != vault::Decision::permitted) {
      continue;
    }
    ++reads;
    expect_own_evidence(one.entry, details, doctor.who().did());
    sessions.insert(one.entry.session.text() + details.key());
  }
  EXPECT_EQ(reads, 5U);
  std::set<std::string> ids;
  for (const std::string& one : sessions) ids.insert(one.substr(0, 26));
  EXPECT_EQ(ids.size(), sessions.size()) << "one session of two sign-ins";
  EXPECT_EQ(ids.size(), 2U);
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
  EXPECT_EQ(declared->reason(), custody::details_commitment(kept->content));
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
  EXPECT_EQ(*done, 3U + 12 + 4 + 3);
  EXPECT_EQ(shown, *done);
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
