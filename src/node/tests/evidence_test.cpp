// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: every read is in the journal and on the ledger with evidence of its own, which the patient
// checks with the genesis alone and the custodian cannot invent. Method: a real node with two
// hospitals; what the ledger holds afterwards is compared with what was served, and a custodian's
// journal is given entries that it made up.
#include <functional>
#include <set>

#include "client/access_proof.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/sealed.h"
#include "contracts/access/view.h"
#include "contracts/api/shape.h"
#include "contracts/identity/sign_in.h"
#include "contracts/identity/state.pb.h"
#include "model/canonical.h"
#include "node/tests/care.h"
#include "vault/journal.h"

namespace xl::node {
namespace {

namespace consent = contracts::consent;
using testing::FhirClient;
using testing::observation_json;
using testing::parsed;
using testing::patient_json;
using xinglin::access::v1::AccessDetails;
using xinglin::identity::v1::KeyRecord;
constexpr std::size_t npos = std::string::npos;

class Evidence : public testing::Care {
 protected:
  [[nodiscard]] std::string proof_path(const std::string& sequence) const {
    return "/o/" + live_->organisations[0].text() + "/access-log/" + sequence + "/proof";
  }
  void expect_proof(demo::Persona& ann, FhirClient& doctor, const std::string& read_sequence);
  Bytes prove_cohort(demo::Persona& person, json::Value entry, std::uint32_t records);
  std::vector<demo::Persona> ward_of(FhirClient& doctor);
  void expect_own_evidence(const model::JournalEntry& read, const AccessDetails& details,
                           const model::Id& reader);
  /// The last entry of the patient's log that is somebody's.
  model::JournalEntry last_read_by(const model::Id& reader) {
    const auto entries = custodian().stores().journal().entries_of(patient_did_, 0, 100);
    EXPECT_TRUE(entries.ok());
    model::JournalEntry out;
    for (const vault::KeptEntry& kept : *entries) {
      if (kept.entry.actor == reader) out = kept.entry;
    }
    return out;
  }
  std::string forged(demo::Persona& ann, const model::JournalEntry& real,
                     const std::function<void(AccessDetails&)>& change,
                     const std::function<void(model::JournalEntry&)>& change_entry = {});
};

TEST_F(Evidence, EveryReadIsJournalledSealedAndAnchored) {
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

/// One read, proved with the genesis alone; somebody else's is not shown.
void Evidence::expect_proof(demo::Persona& ann, FhirClient& doctor,
                            const std::string& read_sequence) {
  const std::string path = proof_path(read_sequence);
  const auto proof = ann.session->ask("GET", path);
  ASSERT_TRUE(proof.ok());
  ASSERT_EQ(proof->status, 200U) << proof->body;
  const json::Document told = parsed(*proof);
  const model::Genesis& genesis = live_->node->ledger().genesis();
  const auto given = client::read_access_proof(told.root());
  ASSERT_TRUE(given.ok()) << given.error().text();
  const auto proven = client::check_access_proof(*given, genesis);
  ASSERT_TRUE(proven.ok()) << proven.error().text();
  EXPECT_EQ(proven->entry.actor, doctor.who().did());
  EXPECT_EQ(proven->entry.patient, patient_did_);
  EXPECT_FALSE(proven->details.session_details().empty());

  const auto refused = [&](const std::function<void(client::AccessProof&)>& change) {
    client::AccessProof other = *given;
    change(other);
    const auto verdict = client::check_access_proof(other, genesis);
    EXPECT_FALSE(verdict.ok());
    return verdict.ok() ? std::string() : verdict.error().text();
  };
  EXPECT_NE(refused([](auto& one) { one.key.reset(); }).find("no receipt of the key"), npos);
  EXPECT_NE(refused([](auto& one) { one.key = one.session; }).find("not of the key"), npos);
  EXPECT_NE(refused([](auto& one) { one.session.reset(); }).find("of the session"), npos);
  EXPECT_NE(refused([](auto& one) { one.anchor = *one.key; }).find("not accepted"), npos);
  EXPECT_NE(refused([](auto& one) { ++one.root.last_sequence; }).find("another root"), npos);
  refused([](auto& one) { one.journal.content.back() ^= 1U; });
  refused([](auto& one) { one.journal.salt[0] ^= 1U; });
  refused([&](auto& one) { one.custodian = live_->organisations[1]; });

  // Who read has a receipt of it; nobody else of the house has (leak_matrix_test).
  const auto own = doctor.who().session->ask("GET", path);
  ASSERT_TRUE(own.ok());
  EXPECT_EQ(own->status, 200U);
}

/// What the patient's check says of an entry that the custodian wrote by itself: the evidence of a
/// real read with something changed. Empty when it is believed.
std::string Evidence::forged(demo::Persona& ann, const model::JournalEntry& real,
                             const std::function<void(AccessDetails&)>& change,
                             const std::function<void(model::JournalEntry&)>& change_entry) {
  model::JournalEntry entry = real;
  if (change_entry) change_entry(entry);
  AccessDetails details;
  EXPECT_TRUE(model::decode_canonical(real.evidence, details));
  change(details);
  entry.evidence = model::encode(details);
  const auto sequence = custodian().stores().journal().append(entry);
  EXPECT_TRUE(sequence.ok());
  EXPECT_TRUE(custodian().desk().anchor_journal().ok());
  const auto answer = ann.session->ask("GET", proof_path(std::to_string(*sequence)));
  EXPECT_TRUE(answer.ok() && answer->status == 200U) << answer->body;
  const json::Document told = parsed(*answer);
  const auto proof = client::read_access_proof(told.root());
  EXPECT_TRUE(proof.ok());
  const auto verdict = client::check_access_proof(*proof, live_->node->ledger().genesis());
  return verdict.ok() ? std::string() : verdict.error().text();
}

void change_key(AccessDetails& details, const std::function<void(KeyRecord&)>& change) {
  KeyRecord key;
  EXPECT_TRUE(model::decode_canonical(view_of(details.sign_in().key_record()), key));
  change(key);
  details.mutable_sign_in()->set_key_record(client::bytes_of(model::encode(key)));
}

/// A key of the custodian's own making signs whatever it is asked to; the ledger does not know it.
void sign_with_own_key(AccessDetails& details, const Hash& network) {
  const auto own = crypto::SigningKey::generate(crypto::Algorithm::ed25519);
  ASSERT_TRUE(own.ok());
  const Hash id = model::key_id_of(own->algorithm(), own->public_key());
  details.set_key(client::bytes_of(id));
  change_key(details, [&](KeyRecord& key) {
    key.set_public_key(client::bytes_of(own->public_key()));
    key.set_algorithm(static_cast<std::uint32_t>(own->algorithm()));
  });
  const Bytes text = contracts::identity::sign_in_bytes(
      network, contracts::id_of(details.organisation()), id, "made up");
  details.mutable_sign_in()->set_challenge("made up");
  details.mutable_sign_in()->set_signature(client::bytes_of(own->sign(text)));
}

/// A custodian that writes what it likes into its journal cannot make a doctor's read of it: the
/// doctor's own signature is missing.
TEST_F(Evidence, ACustodianCannotInventARead) {
  FhirClient doctor = ward();
  demo::Persona ann = patient();
  share(ann, {"Observation"});
  ASSERT_EQ(doctor.get("Observation/o1").status, 200U);
  const model::JournalEntry real = last_read_by(doctor.who().did());
  ASSERT_EQ(real.actor, doctor.who().did());
  EXPECT_EQ(forged(ann, real, [](auto&) {}), "");  // nothing changed: it is the same read again

  const Hash network = live_->node->ledger().genesis().network;
  const std::pair<const char*, std::function<void(AccessDetails&)>> cases[] = {
      {"not signed by the key",
       [](AccessDetails& one) { one.mutable_sign_in()->set_challenge("another"); }},
      {"no sign-in", [](AccessDetails& one) { one.clear_sign_in(); }},
      {"not the requester's", [](AccessDetails& one) { one.add_roles(8); }},
      {"another requester", [](AccessDetails& one) { one.set_requester(one.organisation()); }},
      {"another patient", [](AccessDetails& one) { one.set_patient(one.requester()); }},
      {"the session was opened", [](AccessDetails& one) { one.set_session_details("x"); }},
      {"the ledger has the key otherwise",
       [](AccessDetails& one) {
         change_key(one, [](KeyRecord& key) { key.mutable_delegation()->clear_message_types(); });
       }},
      {"not the requester's",
       [](AccessDetails& one) { change_key(one, [](KeyRecord& key) { key.clear_delegation(); }); }},
      {"not of the key", [&](AccessDetails& one) { sign_with_own_key(one, network); }},
  };
  for (const auto& [why, change] : cases) {
    const std::string verdict = forged(ann, real, change);
    EXPECT_NE(verdict.find(why), npos) << why << ": " << verdict;
  }
}

/// What a real sign-in does not cover: another time, another purpose, a read without the session
/// that the reader's own organisation would have had to open.
TEST_F(Evidence, ASignInIsNoReadAtAnyTimeForAnyPurpose) {
  FhirClient doctor = ward();
  demo::Persona ann = patient();
  share(ann, {"Observation"});
  ASSERT_EQ(doctor.get("Observation/o1").status, 200U);
  const model::JournalEntry real = last_read_by(doctor.who().did());
  const auto nothing = [](AccessDetails&) {};
  constexpr std::uint64_t a_day = 24ULL * 60 * 60 * 1000;
  EXPECT_NE(forged(ann, real, nothing, [](auto& entry) { entry.time_ms += a_day; })
                .find("after its root"),
            npos);
  EXPECT_NE(forged(ann, real, nothing, [](auto& entry) { entry.time_ms -= a_day; })
                .find("not open at the entry's time"),
            npos);
  EXPECT_NE(forged(ann, real, nothing, [](auto& entry) { entry.purpose = "HMARKT"; })
                .find("another purpose"),
            npos);
  EXPECT_NE(forged(
                ann, real, [](AccessDetails& one) { one.clear_session_details(); },
                [](auto& entry) { entry.session = {}; })
                .find("no session"),
            npos);
}

/// Whom an organisation lets in without a key it speaks for: by name, signed, at its own records.
/// It says so in the evidence, and it can say it of nobody whom another organisation lets in.
TEST_F(Evidence, AnOrganisationSpeaksOnlyForWhomItNamesAtItsOwnRecords) {
  FhirClient doctor = ward();
  demo::Persona ann = patient();
  share(ann, {"Observation"});
  ASSERT_EQ(doctor.get("Observation/o1").status, 200U);
  const model::JournalEntry real = last_read_by(doctor.who().did());
  const crypto::SigningKey& key = custodian().stores().identity().key;
  const Hash id = model::key_id_of(key.algorithm(), key.public_key());
  const auto record = contracts::identity::find_key(*live_->node->ledger().state(), id);
  ASSERT_TRUE(record.has_value());
  const auto verdict = [&](const std::string& word, std::size_t organisation) {
    const model::Id whose = live_->organisations[organisation];
    const auto details = [&](AccessDetails& one) {
      one.set_key(client::bytes_of(id));
      one.clear_session_details();
      one.set_organisation(client::bytes_of(whose.bytes));
      const std::string challenge = word + "; through app X (x); fresh";
      const Bytes text = contracts::identity::sign_in_bytes(live_->node->ledger().genesis().network,
                                                            whose, id, challenge);
      one.mutable_sign_in()->set_key_record(client::bytes_of(model::encode(*record)));
      one.mutable_sign_in()->set_challenge(challenge);
      one.mutable_sign_in()->set_signature(client::bytes_of(key.sign(text)));
    };
    return forged(ann, real, details, [&](model::JournalEntry& entry) {
      entry.session = {};
      entry.organisation = whose;
    });
  };
  const std::string mark = "as stated by the organisation: ";
  const std::string did = model::did_text(doctor.who().did());
  EXPECT_EQ(verdict(mark + did + ", account x, by password", 0), "");
  for (const std::string& word :
       {mark + model::did_text(ann.did()) + ", account x, by password", mark + did + "x, account",
        mark + "account x, by password", did + ", account x", std::string("made up")}) {
    EXPECT_NE(verdict(word, 0), "") << word;
  }
  EXPECT_NE(verdict(mark + did + ", account x, by password", 1).find("for somebody else"), npos);
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
      const auto kept = ledger.transaction(event.entry->transaction_id);
      const auto transaction = model::decode_transaction(kept->raw);
      for (const auto& message : transaction->body.messages) {
        if (message.contract != contracts::access::contract_number ||
            message.type != contracts::access::cohort_entry_type) {
          continue;
        }
        EXPECT_EQ(event.entry->status, 0U);
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

/// Proves an entry of somebody's log by what that person is given alone. The entry's evidence.
Bytes Evidence::prove_cohort(demo::Persona& person, json::Value entry, std::uint32_t records) {
  const auto answer = person.session->ask(
      "GET", proof_path(std::string(entry.find("sequence").as_string().value_or(""))));
  EXPECT_TRUE(answer.ok() && answer->status == 200U) << answer->body;
  const json::Document told = parsed(*answer);
  auto proof = client::read_access_proof(told.root());
  EXPECT_TRUE(proof.ok());
  const model::Genesis& genesis = live_->node->ledger().genesis();
  const auto proven = client::check_access_proof(*proof, genesis);
  EXPECT_TRUE(proven.ok()) << proven.error().text();
  if (!proven.ok()) return {};
  const auto& leaf = proven->details.cohort().leaf();
  EXPECT_EQ(contracts::id_of(leaf.entry()).text(), entry.find("cohort").as_string().value_or(""));
  EXPECT_EQ(leaf.patient(), client::bytes_of(person.did().bytes));
  EXPECT_EQ(leaf.records(), records);
  proof->cohort = proof->key;
  EXPECT_FALSE(client::check_access_proof(*proof, genesis).ok());
  return proven->entry.evidence;
}

/// Patients p1, p2 and p3 of the house, each with records; the doctor treats the first two.
std::vector<demo::Persona> Evidence::ward_of(FhirClient& doctor) {
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

TEST_F(Evidence, ALookAtManyPatientsIsOneEntryThatEachOfThemCanProve) {
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
void Evidence::expect_own_evidence(const model::JournalEntry& read, const AccessDetails& details,
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
  EXPECT_EQ(session->decision(),
            contracts::access::details_commitment(view_of(details.session_details())));
  AccessDetails opened;
  ASSERT_TRUE(model::decode_canonical(view_of(details.session_details()), opened));
  EXPECT_EQ(opened.key(), details.key());
  EXPECT_TRUE(std::equal(opened.roles().begin(), opened.roles().end(), details.roles().begin(),
                         details.roles().end()));
}

TEST_F(Evidence, EveryReadHasEvidenceOfItsOwn) {
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
    AccessDetails details;
    ASSERT_TRUE(model::decode_canonical(one.entry.evidence, details)) << one.sequence;
    EXPECT_TRUE(salts.insert(details.salt()).second) << "evidence of another read";
    if (one.entry.organisation != live_->organisations[1] ||
        one.entry.decision != model::JournalDecision::permitted) {
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

}  // namespace
}  // namespace xl::node
