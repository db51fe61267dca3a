// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: an erasure is pending while a backup can open the record, becomes final by itself when the
// backup's key has expired, and the ledger says both; one that a crash interrupted is finished at
// the next start. Method: a real node whose clock jumps 36 days between two runs; the ledger's
// state, the vault's stores and the answers over HTTP are compared.
#include <gtest/gtest.h>

#include "contracts/consent/decide.h"
#include "contracts/consent/normal_form.h"
#include "contracts/records/view.h"
#include "node/tests/live_node.h"
#include "node/tools/ledger_verify.h"
#include "node/tools/vault_keys.h"

namespace xl::node {
namespace {

using contracts::records::ErasureStatus;
using testing::FhirClient;
using testing::LiveNode;
using testing::observation_json;
using testing::parsed;
using testing::patient_json;

constexpr std::uint64_t erasure_day_ms = 24ULL * 60 * 60 * 1000;

std::string erasures_path(const LiveNode& live) {
  return "/o/" + live.organisations[0].text() + "/erasures";
}

client::HttpResponse erase(LiveNode& live, FhirClient& north, const std::string& wish) {
  auto answer = north.who().session->ask("POST", erasures_path(live), "application/json", wish);
  EXPECT_TRUE(answer.ok());
  return std::move(*answer);
}

query::RecordEntry entry_in(LiveNode& live, const char* type, const char* id) {
  auto entry = live.node->custody().find(live.organisations[0])->stores().index().current(type, id);
  EXPECT_TRUE(entry.ok()) << entry.error().text();
  return entry.ok() ? *entry : query::RecordEntry{};
}

xinglin::records::v1::RecordHead head_in(LiveNode& live, const model::Id& record) {
  const auto head = contracts::records::find_record(*live.node->ledger().state(), record);
  EXPECT_TRUE(head.has_value());
  return head.value_or(xinglin::records::v1::RecordHead{});
}

std::string anchored(const vault::ErasureCertificate& certificate) {
  Bytes out{1};
  append(out, vault::digest_of(certificate));
  return std::string(text_of(out));
}

void expect_ledger_replays(const LiveNode& live) {
  const auto genesis = load_genesis(live.layout());
  state::Database::Options open;
  open.create_if_missing = false;
  open.read_only = true;
  const auto database = state::Database::open(live.layout().ledger(), open);
  ASSERT_TRUE(database.ok());
  const contracts::Registry registry = contracts::make_registry();
  const auto report =
      verify_ledger(**database, registry, *genesis, [](std::uint64_t, std::uint64_t) {});
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_FALSE(report->damage.has_value());
}

TEST(Erasure, BecomesFinalWhenTheLastBackupKeyIsDestroyed) {
  LiveNode live("erasure");
  live.start();
  {
    FhirClient north(live.hospital(0), live.organisations[0]);
    ASSERT_EQ(north.put("Patient/p1", patient_json("p1", "Ann")).status, 201U);
    ASSERT_EQ(north.put("Observation/o1", observation_json("o1", "p1")).status, 201U);
    ASSERT_EQ(north.put("Observation/o1", observation_json("o1", "p1", "2.50")).status, 200U);
    ASSERT_EQ(north.put("Observation/o2", observation_json("o2", "p1")).status, 201U);
  }
  const model::Id organisation = live.organisations[0];
  EXPECT_EQ(backup_keyring(live.layout(), LiveNode::unlock(), organisation.text(),
                           live.root / "keyring.backup", live.clock.now_ms())
                .error()
                .code,
            ErrorCode::vault_locked);
  live.stop();
  const auto backup = backup_keyring(live.layout(), LiveNode::unlock(), organisation.text(),
                                     live.root / "keyring.backup", live.clock.now_ms());
  ASSERT_TRUE(backup.ok()) << backup.error().text();
  live.start();
  FhirClient north(live.hospital(0), organisation);
  const query::RecordEntry entry = entry_in(live, "Observation", "o1");
  custody::Stores& stores = live.node->custody().find(organisation)->stores();
  const auto body = stores.keyring().open_key({entry.record, 1})->body;
  ASSERT_EQ(erase(live, north, R"({"type":"Observation","id":"o1"})").status, 201U);
  EXPECT_FALSE(*stores.bodies().contains(body));
  EXPECT_EQ(stores.index().current("Observation", "o1").error().code,
            ErrorCode::index_record_unknown);
  EXPECT_EQ(north.get("Observation/o1").status, 410U);
  EXPECT_EQ(north.get("Observation/o1/_history/1").status, 410U);
  EXPECT_EQ(north.get("Observation/o2").status, 200U);
  EXPECT_EQ(north.get("Observation/o3").status, 404U);
  xinglin::records::v1::RecordHead head = head_in(live, entry.record);
  EXPECT_EQ(head.erasure(), static_cast<std::uint32_t>(ErasureStatus::pending));
  const auto records = stores.erasures().unstated(std::nullopt);
  ASSERT_EQ(records->size(), 1U);
  const model::Id certificate = records->front().certificate;
  EXPECT_EQ(head.certificate(), anchored(*stores.keyring().certificate(certificate)));
  EXPECT_FALSE(stores.keyring().certificate(certificate)->is_final);

  // Nothing is final early, whatever settles.
  ASSERT_TRUE(live.node->custody().find(organisation)->erasures().settle().ok());
  EXPECT_EQ(head_in(live, entry.record).erasure(), head.erasure());
  EXPECT_TRUE(std::filesystem::exists(backup->key_file));
  live.stop();
  live.clock.shift_ms(36 * erasure_day_ms);
  live.start();
  EXPECT_FALSE(std::filesystem::exists(backup->key_file));
  custody::Stores& later = live.node->custody().find(organisation)->stores();
  const auto done = later.keyring().certificate(certificate);
  ASSERT_TRUE(done.ok());
  EXPECT_TRUE(done->is_final);
  // Block time lags while nothing happens: the first settling with it says that it is final.
  FhirClient again(live.hospital(0), organisation);
  ASSERT_EQ(again.put("Observation/o9", observation_json("o9", "p1")).status, 201U);
  ASSERT_TRUE(live.node->custody().find(organisation)->erasures().settle().ok());
  head = head_in(live, entry.record);
  EXPECT_EQ(head.erasure(), static_cast<std::uint32_t>(ErasureStatus::complete));
  EXPECT_EQ(head.final_certificate(), anchored(*done));
  EXPECT_TRUE(later.erasures().unstated(std::nullopt)->empty());
  live.stop();
  expect_ledger_replays(live);
}

TEST(Erasure, ThatACrashInterruptedIsFinishedAtTheNextStart) {
  LiveNode live("interrupted");
  live.start();
  const model::Id organisation = live.organisations[0];
  query::RecordEntry entry;
  vault::SuiteDigest body{};
  {
    FhirClient north(live.hospital(0), organisation);
    ASSERT_EQ(north.put("Patient/p1", patient_json("p1", "Ann")).status, 201U);
    ASSERT_EQ(north.put("Observation/o1", observation_json("o1", "p1")).status, 201U);
    entry = entry_in(live, "Observation", "o1");
    custody::Stores& stores = live.node->custody().find(organisation)->stores();
    body = stores.keyring().open_key({entry.record, 1})->body;
    // Asked for, and then the node died, having destroyed the wraps at most.
    const vault::AskedErasure asked{
        custody::random_id(), entry.patient, vault::RecordVersion{entry.record, 1},
        live.clock.now_ms(),  std::nullopt,  false};
    ASSERT_TRUE(stores.erasures().ask({asked}, {"Observation/o1"}).ok());
    ASSERT_TRUE(stores.keyring().erase_record({entry.record, 1}, live.clock.now_ms()).ok());
  }
  live.stop();
  live.start();
  custody::Stores& stores = live.node->custody().find(organisation)->stores();
  EXPECT_FALSE(*stores.bodies().contains(body));
  EXPECT_TRUE(stores.erasures().entries(std::nullopt, true)->empty());
  EXPECT_EQ(head_in(live, entry.record).erasure(),
            static_cast<std::uint32_t>(ErasureStatus::pending));
  FhirClient north(live.hospital(0), organisation);
  EXPECT_EQ(north.get("Observation/o1").status, 410U);
  // What was erased and what never was look the same to strangers.
  FhirClient south(live.hospital(1), organisation);
  const auto erased = south.get("Observation/o1");
  const auto never = south.get("Observation/never");
  EXPECT_EQ(erased.status, never.status);
  EXPECT_EQ(parsed(erased).root().find("issue").at(0).find("diagnostics").as_string(),
            parsed(never).root().find("issue").at(0).find("diagnostics").as_string());
  // And nobody but the organisation's own key erases.
  const auto refused = south.who().session->ask("POST", erasures_path(live), "application/json",
                                                R"({"type":"Patient","id":"p1"})");
  EXPECT_EQ(refused->status, 403U);
  EXPECT_EQ(erase(live, north, R"({"type":"Patient"})").status, 400U);
  EXPECT_EQ(erase(live, north, R"({"patient":"did:nothing"})").status, 400U);
  // The organisation's own pseudonym is no patient's.
  EXPECT_EQ(
      erase(live, north, R"({"patient":")" + model::did_text(stores.directory()) + R"("})").status,
      403U);
}

/// Lets everybody of the second hospital read what the first one has about `patient`.
void share_everything(LiveNode& live, FhirClient& north, const char* id, const model::Id& patient) {
  auto ann = live.cast().patient(north.who(), id, patient);
  ASSERT_TRUE(ann.ok()) << ann.error().text();
  contracts::consent::Policy policy;
  policy.set_effect(static_cast<std::uint32_t>(contracts::consent::Effect::permit));
  auto* rule = policy.mutable_rule();
  rule->add_grantees()->set_organisation(client::bytes_of(live.organisations[1].bytes));
  rule->set_confidentiality_min(1);
  rule->set_confidentiality_max(6);
  rule->add_purposes(static_cast<std::uint32_t>(contracts::consent::PurposeOfUse::treatment));
  rule->add_actions(static_cast<std::uint32_t>(contracts::consent::Action::read));
  model::Id consent;
  const auto sent = ann->session->grant(policy, patient, live.organisations[0], 0, consent);
  ASSERT_TRUE(sent.ok() && sent->applied()) << (sent.ok() ? sent->status_name : "");
}

TEST(Erasure, IsInThePatientsLogAndItsCertificateIsTheirs) {
  LiveNode live("erasure-log");
  live.start();
  const model::Id organisation = live.organisations[0];
  FhirClient north(live.hospital(0), organisation);
  ASSERT_EQ(north.put("Patient/p1", patient_json("p1", "Ann")).status, 201U);
  ASSERT_EQ(north.put("Observation/o1", observation_json("o1", "p1")).status, 201U);
  const auto did = demo::pseudonym_of(*north.who().session, organisation, "p1");
  ASSERT_TRUE(did.ok());
  auto ann = live.cast().patient(north.who(), "p1", *did);
  ASSERT_TRUE(ann.ok());
  const std::string house = "/o/" + organisation.text();
  const auto made =
      ann->session->ask("POST", house + "/handles", "application/json", R"({"life_ms":"600000"})");
  ASSERT_EQ(made->status, 201U) << made->body;
  const auto erased = erase(live, north, R"({"type":"Observation","id":"o1"})");
  ASSERT_EQ(erased.status, 201U) << erased.body;
  const auto log = ann->session->ask("GET", house + "/access-log?count=100");
  EXPECT_NE(log->body.find("\"action\":\"erase\""), std::string::npos) << log->body;
  EXPECT_EQ(log->body.find("\"reasons\":[]"), std::string::npos) << "a row without a reason";
  const std::string id(
      parsed(erased).root().find("erasures").at(0).find("id").as_string().value_or(""));
  EXPECT_EQ(ann->session->ask("GET", house + "/erasures/" + id)->status, 200U);
  demo::Persona hospital = live.hospital(0);
  demo::Persona doctor = live.doctor(hospital, "ward");
  EXPECT_EQ(doctor.session->ask("GET", house + "/erasures/" + id)->status, 403U);
  EXPECT_EQ(doctor.session->ask("GET", house + "/erasures/" + did->text())->status, 403U);
  // As a person: nothing of theirs is left beside the records either.
  const auto whole = north.post("Patient/p1/$erase?confirm=Patient/p1", "");
  ASSERT_EQ(whole.status, 200U) << whole.body;
  const auto handles = ann->session->ask("GET", house + "/handles");
  EXPECT_EQ(handles->body.find("\"handle\":\""), std::string::npos) << handles->body;
}

TEST(Erasure, NamesWhoHadBeenGivenTheData) {
  LiveNode live("disclosures");
  live.start();
  const model::Id organisation = live.organisations[0];
  FhirClient north(live.hospital(0), organisation);
  ASSERT_EQ(north.put("Patient/p1", patient_json("p1", "Ann")).status, 201U);
  for (const char* id : {"Observation/o1", "Observation/o2", "Observation/o3"}) {
    ASSERT_EQ(north.put(id, observation_json(std::string(id).substr(12), "p1")).status, 201U);
  }
  const auto patient = demo::pseudonym_of(*north.who().session, organisation, "p1");
  ASSERT_TRUE(patient.ok());
  demo::Persona south_hospital = live.hospital(1);
  FhirClient south(live.doctor(south_hospital, "ward"), organisation);
  ASSERT_EQ(south.get("Observation/o2").status, 404U);  // refused: given to nobody
  share_everything(live, north, "p1", *patient);
  ASSERT_EQ(south.get("Observation/o1").status, 200U);
  ASSERT_EQ(south.get("Observation/o1").status, 200U);  // once given is given
  ASSERT_EQ(south.get("Observation/o3").status, 200U);
  ASSERT_EQ(north.get("Observation/o2").status, 200U);  // the custodian's own look

  const auto told = [&](const std::string& wish) {
    std::vector<std::string> out;
    const json::Document answer = parsed(erase(live, north, wish));
    const json::Value certificates = answer.root().find("erasures");
    EXPECT_GT(certificates.size(), 0U) << wish;
    for (const json::Value certificate : certificates.items()) {
      for (const json::Value one : certificate.find("disclosures").items()) {
        out.emplace_back(one.find("grantee").as_string().value_or(""));
      }
      EXPECT_EQ(certificate.find("disclosure_count").as_string(),
                std::to_string(certificate.find("disclosures").size()));
    }
    return out;
  };
  const std::string southern = model::did_text(live.organisations[1]);
  EXPECT_EQ(told(R"({"type":"Observation","id":"o1"})"), std::vector<std::string>{southern});
  EXPECT_TRUE(told(R"({"type":"Observation","id":"o2"})").empty());
  EXPECT_EQ(told(R"({"patient":")" + model::did_text(*patient) + R"("})"),
            std::vector<std::string>{southern});  // o3; o1 has a certificate of its own
}

std::string confirming(const std::string& path, const std::string& more = "") {
  return R"({"resourceType":"Parameters","parameter":[{"name":"confirm","valueString":")" + path +
         "\"}" + more + "]}";
}

/// The value of a part of each certificate in an answer of `$erase`.
std::vector<std::string> parts(const client::HttpResponse& answer, std::string_view name) {
  std::vector<std::string> out;
  const json::Document document = parsed(answer);
  for (const json::Value certificate : document.root().find("parameter").items()) {
    for (const json::Value part : certificate.find("part").items()) {
      if (part.find("name").as_string() != name) continue;
      for (const json::Member& member : part.members()) {
        if (member.key.starts_with("value"))
          out.emplace_back(member.value.as_string().value_or(""));
      }
    }
  }
  return out;
}

TEST(Erasure, IsAskedForAsAnOperationOfARecordOrAPatient) {
  LiveNode live("erase-operation");
  live.start();
  FhirClient north(live.hospital(0), live.organisations[0]);
  ASSERT_EQ(north.put("Patient/p1", patient_json("p1", "Ann")).status, 201U);
  ASSERT_EQ(north.put("Observation/o1", observation_json("o1", "p1")).status, 201U);
  ASSERT_EQ(north.put("Observation/o1", observation_json("o1", "p1", "2.50")).status, 200U);
  ASSERT_EQ(north.put("Observation/o2", observation_json("o2", "p1")).status, 201U);
  // Said twice or not at all; and by nobody but the organisation itself.
  EXPECT_EQ(north.post("Observation/o1/$erase", confirming("Observation/o2")).status, 400U);
  EXPECT_EQ(north.post("Patient/p1/$erase", "").status, 400U);
  demo::Persona hospital = live.hospital(0);
  FhirClient doctor(live.doctor(hospital, "ward"), live.organisations[0]);
  EXPECT_EQ(doctor.post("Observation/o1/$erase", confirming("Observation/o1")).status, 403U);
  ASSERT_EQ(north.get("Observation/o1/_history/1").status, 200U);

  const auto version =
      north.post("Observation/o1/$erase",
                 confirming("Observation/o1", R"(,{"name":"version","valueInteger":1})"));
  ASSERT_EQ(version.status, 200U) << version.body;
  EXPECT_EQ(parts(version, "versions"), std::vector<std::string>{"1"});
  EXPECT_EQ(north.get("Observation/o1/_history/1").status, 410U);
  EXPECT_EQ(north.get("Observation/o1").status, 200U);
  EXPECT_EQ(north
                .post("Patient/p1/$erase",
                      confirming("Patient/p1", R"(,{"name":"version","valueInteger":1})"))
                .status,
            400U);

  const auto person = north.post("Patient/p1/$erase", confirming("Patient/p1"));
  ASSERT_EQ(person.status, 200U) << person.body;
  EXPECT_EQ(parts(person, "state"), std::vector<std::string>{"final"});  // no backup opens it
  for (const char* gone : {"Patient/p1", "Observation/o1", "Observation/o2"}) {
    EXPECT_EQ(north.get(gone).status, 410U) << gone;
  }
  EXPECT_EQ(north.post("Patient/p1/$erase", confirming("Patient/p1")).status, 410U);
  EXPECT_EQ(north.post("Patient/p7/$erase", confirming("Patient/p7")).status, 404U);
  // The certificate is at its address, as signed.
  const auto kept = north.who().session->ask(
      "GET", erasures_path(live) + "/" + parts(person, "id").at(0), "", "");
  ASSERT_EQ(kept->status, 200U) << kept->body;
  EXPECT_EQ(parsed(*kept).root().find("erasures").at(0).find("certificate").as_string(),
            parts(person, "document").at(0));
}

/// Versions would begin at 1 again: an ETag, a link or a receipt of before would mean another
/// record.
TEST(Erasure, AnIdIsNotUsedAgain) {
  LiveNode live("erasure-id");
  live.start();
  FhirClient north(live.hospital(0), live.organisations[0]);
  ASSERT_EQ(north.put("Patient/p1", patient_json("p1", "Ann")).status, 201U);
  ASSERT_EQ(north.put("Observation/o1", observation_json("o1", "p1")).status, 201U);
  ASSERT_EQ(erase(live, north, R"({"type":"Observation","id":"o1"})").status, 201U);
  const auto again = north.put("Observation/o1", observation_json("o1", "p1"));
  EXPECT_EQ(again.status, 409U) << again.body;
  EXPECT_NE(again.body.find("XL4187"), std::string::npos) << again.body;
  EXPECT_NE(again.body.find("Observation.id"), std::string::npos) << again.body;
  const auto inside =
      north.post("", R"({"resourceType":"Bundle","type":"transaction","entry":[
    {"resource":)" + observation_json("o1", "p1") +
                         R"(,"request":{"method":"PUT","url":"Observation/o1"}}]})");
  EXPECT_EQ(inside.status, 409U) << inside.body;
  EXPECT_EQ(north.get("Observation/o1").status, 410U);
  const auto did = demo::pseudonym_of(*north.who().session, live.organisations[0], "p1");
  ASSERT_TRUE(did.ok());
  ASSERT_EQ(erase(live, north, R"({"patient":")" + model::did_text(*did) + R"("})").status, 201U);
  EXPECT_EQ(north.put("Patient/p1", patient_json("p1", "Bea")).status, 409U);
  EXPECT_EQ(north.post("Patient", patient_json("p1", "Bea")).status, 201U);
}

}  // namespace
}  // namespace xl::node
