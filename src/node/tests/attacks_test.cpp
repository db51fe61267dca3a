// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: what ends ends at once, what is forged opens nothing, and what stands still closes nobody's
// own charts. Method: a real node with two hospitals over HTTP. Keys, roles and sessions are ended
// while somebody reads; sign-ins are put together of other people's parts; emergencies are used by
// those who did not declare them; the ledger is stopped; the folder is opened with another key.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "client/emergency.h"
#include "client/party_keys.h"
#include "contracts/access/messages.pb.h"
#include "contracts/access/records.h"
#include "contracts/access/view.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"
#include "model/canonical.h"
#include "node/tests/care.h"
#include "vault/journal.h"

namespace xl::node {
namespace {

namespace access = contracts::access;
namespace identity = contracts::identity;
using testing::FhirClient;
using testing::LiveNode;
using testing::parsed;
using testing::patient_json;

constexpr std::uint64_t attack_minute_ms = 60'000;
constexpr std::uint32_t physician = static_cast<std::uint32_t>(identity::Role::physician);

class HouseUnderAttack : public testing::Care {
 protected:
  /// A read with the token that somebody has, without signing in again: status.
  unsigned read_with(const std::string& token, const std::string& path = "Observation/o1") {
    client::HttpClient http({"127.0.0.1", std::to_string(live_->node->port())});
    const auto answer = http.send("GET", "/o/" + live_->organisations[0].text() + "/fhir/" + path,
                                  {}, {}, {{"Authorization", "Bearer " + token}});
    EXPECT_TRUE(answer.ok());
    if (!answer.ok()) return 0;
    EXPECT_EQ(answer->body.find("mg/dL") != std::string::npos, answer->status == 200U);
    return answer->status;
  }
  /// What the journal says was served of Ann's to this person.
  std::size_t served_to(const model::Id& who) {
    const auto kept = custodian().stores().journal().entries_of(patient_did_, 0, 200);
    EXPECT_TRUE(kept.ok());
    return static_cast<std::size_t>(std::ranges::count_if(*kept, [&](const auto& one) {
      return one.entry.actor == who && one.entry.outcome == model::JournalOutcome::served;
    }));
  }
  client::HttpResponse sign_in_with(const std::string& request) {
    client::HttpClient http({"127.0.0.1", std::to_string(live_->node->port())});
    auto answer = http.send("POST", "/auth/v1/tokens", "application/json", request);
    EXPECT_TRUE(answer.ok());
    return answer.ok() ? *answer : client::HttpResponse{};
  }
};

TEST_F(HouseUnderAttack, ASignInEndsWithKeyRoleAndDelegation) {
  demo::Persona ann = patient();
  share(ann, {"Observation"});
  demo::Persona south = live_->hospital(1);
  const auto submit = [](demo::Persona& who, std::uint16_t type,
                         const google::protobuf::Message& message) {
    const auto sent = who.session->submit(identity::contract_number, type, message);
    EXPECT_TRUE(sent.ok() && sent->applied()) << (sent.ok() ? sent->status_name : "not sent");
  };
  const auto ends = [&](const std::string& name, const auto& end) {
    demo::Persona doctor = live_->doctor(south, name);
    const std::string token = doctor.session->token();
    EXPECT_EQ(read_with(token), 200U);
    const std::size_t before = served_to(doctor.did());
    end(doctor);
    EXPECT_EQ(read_with(token), 401U) << name;
    EXPECT_EQ(read_with(token, "Observation?patient=p1"), 401U) << name;
    EXPECT_EQ(served_to(doctor.did()), before) << name;
  };
  // The person's key is replaced, as after a theft: the sessions that it opened end with it.
  ends("key", [&](demo::Persona& doctor) {
    const client::Identity& who = doctor.session->identity();
    const auto fresh = crypto::SigningKey::generate(crypto::Algorithm::ed25519);
    xinglin::identity::v1::RotateKey message;
    message.set_party(client::bytes_of(who.did.bytes));
    message.set_old_key(
        client::bytes_of(model::key_id_of(who.key.algorithm(), who.key.public_key())));
    client::fill_new_key((*doctor.session->genesis())->network, who.did, *fresh,
                         contracts::purpose_sign | contracts::purpose_manage, 0,
                         *message.mutable_key());
    submit(doctor, identity::rotate_key_type, message);
    // Whoever stole the old key signs in no more.
    EXPECT_FALSE(doctor.session->sign_in(live_->organisations[1], {physician}).ok());
  });
  ends("role", [&](demo::Persona& doctor) {
    xinglin::identity::v1::RevokeAttestation message;
    message.set_organisation(client::bytes_of(live_->organisations[1].bytes));
    message.set_practitioner(client::bytes_of(doctor.did().bytes));
    submit(south, identity::revoke_attestation_type, message);
  });
  ends("left", [&](demo::Persona& doctor) {
    xinglin::identity::v1::Deactivate message;
    message.set_party(client::bytes_of(doctor.did().bytes));
    submit(doctor, identity::deactivate_type, message);
  });
}

/// A member of a sign-in's JSON.
std::string part_of(const std::string& request, const char* name) {
  const auto document = json::parse(request, {});
  return std::string(document->root().find(name).as_string().value_or(""));
}

/// `request` with that member of `other`.
std::string with_part(std::string request, const std::string& other, const char* name) {
  const std::string mine = part_of(request, name);
  return request.replace(request.find(mine), mine.size(), part_of(other, name));
}

TEST_F(HouseUnderAttack, NobodySignsInWithPartsOfOthers) {
  demo::Persona south = live_->hospital(1);
  demo::Persona doctor = live_->doctor(south, "ward");
  demo::Persona other = live_->doctor(south, "other");
  const model::Id& at_south = live_->organisations[1];
  const auto refused = [&](const std::string& request, const char* why) {
    const auto answer = sign_in_with(request);
    EXPECT_GE(answer.status, 400U) << why;
    EXPECT_EQ(answer.body.find("access_token"), std::string::npos) << why;
  };
  // In a role, and for an organisation, that nobody attested: the ledger takes no such delegation.
  constexpr auto officer = static_cast<std::uint32_t>(identity::Role::privacy_officer);
  refused(*doctor.session->sign_in_request(at_south, {officer}), "another role");
  refused(*doctor.session->sign_in_request(at_south, {physician, officer}), "a role more");
  refused(*doctor.session->sign_in_request(live_->organisations[0], {physician}), "elsewhere");
  // Delegations and signatures of two people, put together.
  const std::string mine = *doctor.session->sign_in_request(at_south, {physician});
  const std::string theirs = *other.session->sign_in_request(at_south, {physician});
  refused(with_part(mine, theirs, "key_id"), "another's key");
  refused(with_part(mine, theirs, "signature"), "another's signature");
  refused(with_part(with_part(mine, theirs, "key_id"), theirs, "delegation"), "a stolen key");
  const std::string fresh = *doctor.session->sign_in_request(at_south, {physician});
  EXPECT_EQ(sign_in_with(fresh).status, 201U);
  refused(fresh, "a second time");
  // One that is over: a delegation lasts no longer than its token and never half a day.
  const std::string token = doctor.session->token();
  ASSERT_NE(read_with(token), 401U);
  live_->clock.shift_ms(16 * attack_minute_ms);
  EXPECT_EQ(read_with(token), 401U);
}

TEST_F(HouseUnderAttack, ASessionThatItsPatientEndedIsNotUsedAgain) {
  demo::Persona ann = patient();
  share(ann, {"Observation"});
  FhirClient doctor = ward();
  ASSERT_EQ(doctor.get("Observation/o1").status, 200U);
  const auto sessions = [&] {
    return access::unsealed_sessions_of(*live_->node->ledger().state(), live_->organisations[0], 9);
  };
  const auto first = sessions();
  ASSERT_EQ(first.size(), 1U);
  xinglin::access::v1::EndSession end;
  end.set_session(client::bytes_of(first[0].bytes));
  const auto send = [&](demo::Persona& who) {
    const auto sent = who.session->submit(access::contract_number, access::end_session_type, end);
    return sent.ok() && sent->applied();
  };
  EXPECT_FALSE(send(doctor.who())) << "only its parties end it";
  EXPECT_TRUE(send(ann));
  ASSERT_EQ(doctor.get("Observation/o2").status, 200U);  // she still agrees: in another session
  const auto kept = custodian().stores().journal().entries_of(patient_did_, 0, 100);
  ASSERT_TRUE(kept.ok());
  std::set<std::string> used;
  for (const vault::KeptEntry& one : *kept) {
    if (one.entry.actor == doctor.who().did()) used.insert(one.entry.session.text());
  }
  EXPECT_EQ(used.size(), 2U);
  // Nobody opens one for somebody else, with one signature or with two of the wrong ones.
  xinglin::access::v1::OpenSession open;
  open.set_session(client::bytes_of(client::random_id().bytes));
  open.set_requester(client::bytes_of(live_->organisations[1].bytes));
  open.set_patient(client::bytes_of(patient_did_.bytes));
  open.set_emergency(client::bytes_of(client::random_id().bytes));
  open.set_decision(client::bytes_of(client::committed("made up")));
  open.set_ends_ms(live_->clock.now_ms() + attack_minute_ms);
  for (demo::Persona* who : {&north_->who(), &doctor.who(), &ann}) {
    const auto sent =
        who->session->submit(access::contract_number, access::open_session_type, open);
    EXPECT_FALSE(sent.ok() && sent->applied());
  }
}

TEST_F(HouseUnderAttack, AnEmergencyIsOfWhoDeclaredItAboutWhomItNames) {
  demo::Persona south = live_->hospital(1);
  FhirClient doctor(live_->doctor(south, "ward"), live_->organisations[0]);
  FhirClient second(live_->doctor(south, "second"), live_->organisations[0]);
  FhirClient own(live_->doctor(north_->who(), "li"), live_->organisations[0]);
  ASSERT_EQ(north_->put("Patient/p2", patient_json("p2", "Bob")).status, 201U);
  client::Sent sent;
  const auto entry =
      client::declare_emergency(*doctor.who().session, live_->organisations[0],
                                {patient_did_, "unconscious", "found in the snow"}, sent);
  ASSERT_TRUE(entry.ok() && sent.applied());
  const auto invoked = [&](const model::Id& one, const char* purpose = "ETREAT") {
    return demo::Headers{{"X-Purpose-Of-Use", purpose}, {"X-Emergency-Entry", one.text()}};
  };
  EXPECT_EQ(doctor.get("Observation/o1", invoked(*entry, "TREAT")).status, 404U);
  EXPECT_EQ(doctor.get("Patient/p2", invoked(*entry)).status, 404U);
  EXPECT_EQ(doctor.get("Observation/o1", invoked(client::random_id())).status, 404U);
  EXPECT_EQ(second.get("Observation/o1", invoked(*entry)).status, 404U);
  EXPECT_EQ(own.get("Observation/o1", invoked(*entry)).status, 403U);
  EXPECT_EQ(
      south.session->ask("GET", doctor.base() + "Observation/o1", {}, {}, invoked(*entry))->status,
      404U);  // the software of the same organisation
  // One that names a patient finds nobody, and nobody finds by another's.
  const auto found = [&](FhirClient& who) {
    const auto answer = who.who().session->ask(
        "POST", "/o/" + live_->organisations[1].text() + "/emergencies/" + entry->text() + "/find",
        "application/json", R"({"identifiers":[{"system":"","value":"7"}]})");
    EXPECT_TRUE(answer.ok());
    return answer.ok() && answer->status == 200U ? parsed(*answer).root().find("found").size() : 0U;
  };
  EXPECT_EQ(found(doctor), 0U);
  EXPECT_EQ(found(second), 0U);
  EXPECT_EQ(doctor.get("Observation/o1", invoked(*entry)).status, 200U);
  EXPECT_EQ(second.get("Observation/o1", invoked(*entry)).status, 404U) << "in the other's session";
  // A role withdrawn ends it, whatever is left of the hour.
  xinglin::identity::v1::RevokeAttestation withdrawn;
  withdrawn.set_organisation(client::bytes_of(live_->organisations[1].bytes));
  withdrawn.set_practitioner(client::bytes_of(doctor.who().did().bytes));
  const std::string token = doctor.who().session->token();
  ASSERT_TRUE(
      south.session->submit(identity::contract_number, identity::revoke_attestation_type, withdrawn)
          ->applied());
  EXPECT_EQ(read_with(token), 401U);
  EXPECT_FALSE(
      access::emergency_is_live(*live_->node->ledger().state(), *entry, live_->clock.now_ms()));
}

/// A colleague's later word about a team does not make a member of who put themselves into it.
TEST_F(HouseUnderAttack, NobodyPutsThemselvesIntoACareTeam) {
  FhirClient doctor(live_->doctor(north_->who(), "li"), live_->organisations[0]);
  const auto team = [&](const std::string& name, bool with_doctor) {
    return R"({"resourceType":"CareTeam","id":"t1","status":"active","name":")" + name +
           R"(","subject":{"reference":"Patient/p1"})" +
           (with_doctor ? R"(,"participant":[{"member":{"reference":"Practitioner/)" +
                              doctor.who().did().text() + R"("}}])"
                        : "") +
           "}";
  };
  ASSERT_EQ(north_->put("CareTeam/t1", team("one", false)).status, 201U);
  const auto kept = custodian().stores().index().current("CareTeam", "t1");
  ASSERT_TRUE(kept.ok());
  demo::Persona ann = patient();
  contracts::consent::Policy policy;
  policy.set_effect(static_cast<std::uint32_t>(contracts::consent::Effect::permit));
  auto* rule = policy.mutable_rule();
  rule->add_grantees()->set_care_team(client::bytes_of(kept->record.bytes));
  rule->set_confidentiality_min(1);
  rule->set_confidentiality_max(6);
  rule->add_purposes(static_cast<std::uint32_t>(contracts::consent::PurposeOfUse::treatment));
  rule->add_actions(static_cast<std::uint32_t>(contracts::consent::Action::read));
  model::Id given;
  const auto sent = ann.session->grant(policy, patient_did_, live_->organisations[0], 0, given);
  ASSERT_TRUE(sent.ok() && sent->applied());
  const auto visit = [&](const char* status) {
    ASSERT_TRUE(demo::open_encounter(*north_->who().session, live_->organisations[0], "p1",
                                     doctor.who().did(), status)
                    .ok());
  };
  visit("in-progress");
  ASSERT_EQ(doctor.put("CareTeam/t1", team("one", true)).status, 200U);
  visit("finished");
  EXPECT_EQ(doctor.get("Observation/o1").status, 403U);
  ASSERT_EQ(north_->put("CareTeam/t1", team("renamed", true)).status, 200U);
  EXPECT_EQ(doctor.get("Observation/o1").status, 403U) << "the name was amended, nobody let in";
  ASSERT_EQ(north_->put("CareTeam/t1", team("without", false)).status, 200U);
  ASSERT_EQ(north_->put("CareTeam/t1", team("with", true)).status, 200U);
  EXPECT_EQ(doctor.get("Observation/o1").status, 200U) << "let in by the house";
}

/// Whoever looks for somebody who is nowhere cannot keep a custodian's journal off the ledger.
TEST_F(HouseUnderAttack, WhoFindsNobodyHoldsUpNoJournal) {
  for (const auto& one : live_->node->custody().organisations()) {
    ASSERT_TRUE(one->desk().tell_agreement_key().ok());
  }
  demo::Persona south = live_->hospital(1);
  demo::Persona doctor = live_->doctor(south, "ward");
  client::Sent sent;
  const auto entry = client::declare_emergency(*doctor.session, live_->organisations[1],
                                               {{}, "unconscious", "found in the snow"}, sent);
  ASSERT_TRUE(entry.ok() && sent.applied());
  const std::uint64_t before = custodian().stores().journal().size();
  const auto found = doctor.session->ask(
      "POST", "/o/" + live_->organisations[1].text() + "/emergencies/" + entry->text() + "/find",
      "application/json", R"({"identifiers":[{"system":"urn:card","value":"of nobody"}]})");
  ASSERT_TRUE(found.ok() && found->status == 200U);
  const json::Document told = parsed(*found);
  EXPECT_EQ(told.root().find("found").size(), 0U);
  EXPECT_EQ(told.root().find("missing").size(), 0U);
  EXPECT_EQ(custodian().stores().journal().size(), before + 1) << "a question leaves its trace";
  const auto anchored = custodian().desk().anchor_journal();
  ASSERT_TRUE(anchored.ok()) << anchored.error().text();
  const auto head = access::find_journal(*live_->node->ledger().state(), live_->organisations[0]);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->next_sequence(), custodian().stores().journal().size() + 1);
}

TEST_F(HouseUnderAttack, AHaltedLedgerClosesOwnChartsToNobodyAndOpensNothingElsewhere) {
  demo::Persona ann = patient();
  share(ann, {"Observation"});
  FhirClient own(live_->doctor(north_->who(), "li"), live_->organisations[0]);
  ASSERT_TRUE(demo::open_encounter(*north_->who().session, live_->organisations[0], "p1",
                                   own.who().did(), "in-progress")
                  .ok());
  FhirClient elsewhere = ward();
  ASSERT_TRUE(custodian().desk().anchor_journal().ok());
  const auto head = [&] {
    return access::find_journal(*live_->node->ledger().state(), live_->organisations[0]);
  };
  const auto before = head();
  ASSERT_TRUE(before.has_value());
  live_->node->engine().stop();
  const std::uint64_t entries = custodian().stores().journal().size();
  EXPECT_EQ(own.get("Observation/o1").status, 200U);
  EXPECT_EQ(custodian().stores().journal().size(), entries + 1);
  EXPECT_NE(read_with(elsewhere.who().session->token()), 200U);
  EXPECT_EQ(served_to(elsewhere.who().did()), 0U) << "nothing crosses that was not committed";
  north_.reset();
  live_->stop();
  live_->clock.shift_ms(5 * attack_minute_ms);
  live_->start();
  ASSERT_TRUE(custodian().desk().anchor_journal().ok());
  const auto after = head();
  ASSERT_TRUE(after.has_value());
  EXPECT_GT(after->next_sequence(), entries + 1) << "it is on the ledger afterwards";
  EXPECT_GT(after->late_count(), before->late_count()) << "and says that it is late";
  ward().get("Observation/o1");
}

TEST_F(HouseUnderAttack, TheFolderOpensWithNoOtherKey) {
  north_.reset();
  live_->stop();
  for (const Bytes& guess : {Bytes(32, 0), Bytes(32, 8), Bytes(31, 7), Bytes(33, 7)}) {
    const auto started = Node::start(live_->layout(), {},
                                     Unlock::with_operator_key(crypto::SecretBytes::copy_of(guess)),
                                     live_->clock, live_->log);
    EXPECT_FALSE(started.ok());
  }
  // No store is a database to whoever has none of the keys, and no key file holds its key.
  std::size_t sealed = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(live_->layout().root)) {
    const std::string name = file.path().filename().string();
    if (!file.is_regular_file() || file.file_size() < 16) continue;
    // Bodies are ciphertexts by their digest: the frame around them is no secret.
    const bool secret = file.path().extension() == ".db" && name != "bodies.db";
    if (!secret && file.path().extension() != ".key") continue;
    std::ifstream in(file.path(), std::ios::binary);
    std::string content((std::istreambuf_iterator<char>(in)), {});
    EXPECT_NE(content.substr(0, 15), "SQLite format 3") << file.path();
    EXPECT_EQ(content.find("CREATE TABLE"), std::string::npos) << file.path();
    ++sealed;
  }
  EXPECT_GE(sealed, 5U);
}

}  // namespace
}  // namespace xl::node
