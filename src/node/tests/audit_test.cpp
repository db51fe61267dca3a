// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: every entry of the read journal is an AuditEvent as IHE BALP has it, found by those whom it
// concerns and by nobody else, each once, as many as the journal has; looking is an entry too.
// Method: a real node with two hospitals, asked over HTTP by the patient, a guardian, a privacy
// officer, doctors and software; what is shown goes through the server's own validator.
#include "node/tests/audit.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::observation_json;
using testing::parsed;
using testing::patient_json;

class Audit : public testing::AuditCare {};

json::Document shown_resource(const std::string& text) {
  json::Limits bounds;
  bounds.bytes_max = text.size() + 1;
  auto out = json::parse(text, bounds);
  EXPECT_TRUE(out.ok());
  return out.ok() ? std::move(*out) : json::Document::object();
}

std::string text_at(json::Value value, std::initializer_list<std::string_view> path) {
  for (const std::string_view name : path) {
    value = value.is_array() ? value.at(0).find(name) : value.find(name);
  }
  if (value.is_array()) value = value.at(0);
  return std::string(value.as_string().value_or(""));
}

TEST_F(Audit, ThePatientFindsEveryEntryOnceNewestFirst) {
  demo::Persona persona = patient();
  FhirClient doctor = reads_from_elsewhere(persona);
  FhirClient ann = own(std::move(persona));
  ASSERT_TRUE(custodian().desk().anchor_journal().ok());
  const std::uint64_t before = journalled();
  ASSERT_GE(before, 7U);  // three writes, three reads, a refusal
  const Found found = all_pages(ann, "AuditEvent?_count=2");
  EXPECT_EQ(found.total, before);
  EXPECT_EQ(found.names.size(), before);
  EXPECT_EQ(found.pages, (before + 1) / 2);
  EXPECT_EQ(std::set<std::string>(found.names.begin(), found.names.end()).size(), before);
  std::uint64_t last = UINT64_MAX;
  for (const std::string& name : found.names) {
    std::uint64_t sequence = 0;
    ASSERT_TRUE(name.starts_with("AuditEvent/xl-") && parse_decimal(name.substr(14), sequence));
    EXPECT_LT(sequence, last);
    last = sequence;
  }
  for (const std::string& body : found.bodies) expect_valid(body);
  // Each page was a look of hers, journalled: they are in the next search.
  EXPECT_EQ(journalled(), before + found.pages);
  EXPECT_EQ(all_pages(ann, "AuditEvent?_count=1000").total, before + found.pages);
  (void)doctor;
}

TEST_F(Audit, WhatIsShownFollowsThePatternsOfBalp) {
  demo::Persona persona = patient();
  FhirClient doctor = reads_from_elsewhere(persona);
  FhirClient ann = own(std::move(persona));
  ASSERT_EQ(ann.get("Observation/o1").status, 200U);
  ASSERT_EQ(ann.get("Observation?code=2339-0").status, 200U);
  ASSERT_TRUE(custodian().desk().anchor_journal().ok());
  ASSERT_EQ(ann.get("AuditEvent?_count=1").status, 200U);

  std::map<std::string, std::vector<json::Document>> kinds;  // by profile or type
  const Found found = all_pages(ann, "AuditEvent");
  for (const std::string& body : found.bodies) {
    json::Document one = shown_resource(body);
    const std::string profile = text_at(one.root(), {"meta", "profile"});
    const std::size_t slash = profile.rfind('/');
    const std::string kind =
        profile.empty() ? text_at(one.root(), {"type", "code"}) : profile.substr(slash + 1);
    kinds[kind].push_back(std::move(one));
  }
  EXPECT_EQ(kinds["IHE.BasicAudit.PatientCreate"].size(), 3U);
  EXPECT_EQ(kinds["IHE.BasicAudit.PrivacyDisclosure.Source"].size(), 3U);
  EXPECT_EQ(kinds["IHE.BasicAudit.PatientRead"].size(), 1U);
  EXPECT_EQ(kinds["IHE.BasicAudit.PatientQuery"].size(), 2U);
  EXPECT_EQ(kinds["110113"].size(), 1U);  // refused
  EXPECT_EQ(kinds["110101"].size(), 1U);  // she looked at her log

  ASSERT_FALSE(kinds["IHE.BasicAudit.PrivacyDisclosure.Source"].empty());
  const json::Value left = kinds["IHE.BasicAudit.PrivacyDisclosure.Source"].front().root();
  EXPECT_EQ(text_at(left, {"type", "code"}), "110106");
  EXPECT_EQ(text_at(left, {"subtype", "code"}), "disclose");
  EXPECT_EQ(text_at(left, {"action"}), "R");
  EXPECT_EQ(text_at(left, {"outcome"}), "0");
  EXPECT_EQ(text_at(left, {"purposeOfEvent", "coding", "code"}), "TREAT");
  const std::string body = json::write(left);
  EXPECT_NE(body.find(model::did_text(doctor.who().did())), npos);
  EXPECT_NE(body.find("\"physician\""), npos);
  EXPECT_NE(body.find("\"South\""), npos);
  EXPECT_NE(body.find("urn:xinglin:fhir:consent"), npos);
  EXPECT_NE(body.find("\"Patient/p1\""), npos);
  EXPECT_NE(body.find("/ledger/v1/receipts/"), npos);
  EXPECT_NE(body.find("urn:xinglin:fhir:reason"), npos);
  // The source is the agent that gave, in the same words (val-audit-source).
  std::string gave;
  for (const json::Value agent : left.find("agent").items()) {
    if (text_at(agent, {"type", "coding", "code"}) == "110153") {
      gave = json::write(agent.find("who"));
    }
  }
  EXPECT_EQ(gave, json::write(left.find("source").find("observer")));

  ASSERT_FALSE(kinds["110113"].empty());
  const json::Value refused = kinds["110113"].front().root();
  EXPECT_EQ(text_at(refused, {"outcome"}), "8");
  EXPECT_EQ(text_at(refused, {"action"}), "E");
  EXPECT_NE(json::write(refused).find("class_not_covered"), npos);

  // A receipt behind the link is a receipt, and the machine's writes are marked.
  const std::string written = json::write(kinds["IHE.BasicAudit.PatientCreate"].front().root());
  EXPECT_NE(written.find("urn:xinglin:fhir:machine"), npos) << written;
  const std::size_t at = body.find("/ledger/v1/receipts/");
  const auto receipt = ann.who().session->ask("GET", body.substr(at, 20 + 64));
  ASSERT_TRUE(receipt.ok());
  EXPECT_EQ(receipt->status, 200U) << receipt->body;
}

TEST_F(Audit, NobodyElseLearnsOfTheLedgersEntries) {
  demo::Persona persona = patient();
  FhirClient doctor = reads_from_elsewhere(persona);
  FhirClient treating(live_->doctor(north_->who(), "li"), live_->organisations[0]);
  ASSERT_EQ(north_->put("Patient/p2", patient_json("p2", "Bob")).status, 201U);
  const auto bob_did = demo::pseudonym_of(*north_->who().session, live_->organisations[0], "p2");
  ASSERT_TRUE(bob_did.ok());
  auto bob_made = live_->cast().patient(north_->who(), "bob", *bob_did);
  ASSERT_TRUE(bob_made.ok()) << bob_made.error().text();
  FhirClient bob = own(std::move(*bob_made));

  for (FhirClient* one : {&treating, &bob}) {
    EXPECT_EQ(one->get("AuditEvent/xl-1").status, one->get("AuditEvent/nothing").status);
    EXPECT_EQ(one->get("AuditEvent/xl-1").body, one->get("AuditEvent/xl-999999").body);
  }
  EXPECT_EQ(doctor.get("AuditEvent/xl-1").status, 404U);
  EXPECT_EQ(total(treating.get("AuditEvent")), "0");
  EXPECT_EQ(total(north_->get("AuditEvent")), "0");  // the organisation's software
  // Bob finds his own, and none of Ann's by naming her.
  const Found bobs = all_pages(bob, "AuditEvent");
  EXPECT_EQ(bobs.total, 2U);  // he was written, and his record proved
  for (const std::string& body : bobs.bodies) EXPECT_EQ(body.find("Patient/p1"), npos);
  EXPECT_EQ(total(bob.get("AuditEvent?patient=Patient/p1")), "0");
  EXPECT_EQ(total(bob.get("AuditEvent?patient=" + model::did_text(patient_did_))), "0");
  EXPECT_EQ(total(bob.get("Patient/p1/AuditEvent")), "0");
}

TEST_F(Audit, TheOfficerSeesAllAndEachLookIsInThePatientsLog) {
  demo::Persona persona = patient();
  FhirClient doctor = reads_from_elsewhere(persona);
  ASSERT_EQ(north_->put("Patient/p2", patient_json("p2", "Bob")).status, 201U);
  ASSERT_EQ(north_->get("Observation").status, 200U);  // a look at many patients
  FhirClient watch = officer();
  const std::uint64_t before = journalled(true);
  const Found all = all_pages(watch, "AuditEvent?_count=500");
  EXPECT_EQ(all.total, before);
  EXPECT_EQ(all.names.size(), before);
  for (const std::string& body : all.bodies) expect_valid(body);
  const auto is_of_many = [](const std::string& body) {
    return body.find("\"IHE.BasicAudit.Query\"") != npos ||
           body.find("StructureDefinition/IHE.BasicAudit.Query\"") != npos;
  };
  EXPECT_EQ(std::ranges::count_if(all.bodies, is_of_many), 1);
  const std::uint64_t of_ann = journalled();
  EXPECT_EQ(all_pages(watch, "AuditEvent?patient=Patient/p1").total, of_ann);
  EXPECT_EQ(all_pages(watch, "AuditEvent?patient=" + model::did_text(patient_did_)).total,
            of_ann + 1);
  EXPECT_EQ(all_pages(watch, "Patient/p1/AuditEvent").total, of_ann + 2);
  EXPECT_EQ(total(watch.get("AuditEvent?patient=Patient/nobody")), "0");
  // Ann is told who looked at her log.
  FhirClient ann = own(std::move(persona));
  std::size_t looks = 0;
  for (const std::string& body : all_pages(ann, "AuditEvent?type=110101").bodies) {
    looks += body.find(model::did_text(watch.who().did())) != npos ? 1 : 0;
    EXPECT_TRUE(body.find("\"HCOMPL\"") != npos || body.find("\"PATRQT\"") != npos) << body;
  }
  EXPECT_EQ(looks, 4U);
  // One of the other hospital oversees that one alone.
  FhirClient elsewhere(std::move(officer("south-officer", 1).who()), live_->organisations[0]);
  EXPECT_EQ(elsewhere.get("AuditEvent/xl-1").status, 404U);
  EXPECT_EQ(total(elsewhere.get("AuditEvent?patient=Patient/p1")), "0");
  (void)doctor;
}

TEST_F(Audit, AGuardianInOfficeSeesTheWardsLog) {
  FhirClient mother = own(guardian());
  const std::string whose = model::did_text(patient_did_);
  const std::uint64_t before = journalled();
  EXPECT_EQ(all_pages(mother, "AuditEvent?patient=" + whose).total, before);
  EXPECT_EQ(all_pages(mother, "AuditEvent?patient=Patient/p1&_count=2").total, before + 1);
  EXPECT_EQ(mother.get("AuditEvent/xl-1").status, 200U);
  EXPECT_EQ(mother.get("AuditEvent").status, 400U);  // whose is to be said
  ASSERT_EQ(north_->put("Patient/p2", patient_json("p2", "Bob")).status, 201U);
  EXPECT_EQ(total(mother.get("AuditEvent?patient=Patient/p2")), "0");
  live_->clock.shift_ms(2 * 86'400'000ULL);  // the office is over, and so is the sign-in
  const auto after = mother.who().session->ask(
      "GET", "/o/" + live_->organisations[0].text() + "/fhir/AuditEvent/xl-1");
  EXPECT_TRUE(!after.ok() || after->status >= 400U);
}

TEST_F(Audit, SearchesAsTheIndexWould) {
  demo::Persona persona = patient();
  FhirClient doctor = reads_from_elsewhere(persona);
  FhirClient ann = own(std::move(persona));
  const auto of = [&](const std::string& query) {
    const Found found = all_pages(ann, "AuditEvent?_count=3&" + query);
    EXPECT_EQ(found.names.size(), found.total) << query;
    return found.total;
  };
  EXPECT_EQ(of("action=C"), 3U);
  EXPECT_EQ(of("action=C,R&outcome=0&type=110106"), 3U);
  EXPECT_EQ(of("outcome=8"), 1U);
  EXPECT_EQ(of("outcome=http://terminology.hl7.org/CodeSystem/audit-event-outcome|8"), 0U);
  EXPECT_EQ(of("subtype=disclose"), 3U);
  EXPECT_EQ(of("agent=Practitioner/" + doctor.who().did().text()), 4U);
  EXPECT_EQ(of("entity=Observation/o1&type=110106"), 2U);
  EXPECT_EQ(of("entity=Observation/o1&type=rest"), 1U);
  EXPECT_EQ(of("agent-role=physician"), 4U);
  EXPECT_EQ(of("source=Organization/none"), 0U);
  EXPECT_EQ(of("date=2000-01-01"), 0U);
  EXPECT_EQ(of("date=ge2000-01-01&action=C"), 3U);
  EXPECT_EQ(of("date=lt2000-01-01"), 0U);
  EXPECT_EQ(of("_id=xl-1,xl-2,xl-900000"), 2U);
  EXPECT_EQ(of("_id=xl-1&action=C"), 1U);
  EXPECT_EQ(of("_sort=-date&type=110113"), 1U);
  // A count alone shows nothing, and is a look.
  const std::uint64_t looks = journalled();
  const auto counted = ann.get("AuditEvent?_summary=count");
  EXPECT_EQ(total(counted), std::to_string(looks));
  EXPECT_EQ(counted.body.find("\"entry\""), npos);
  EXPECT_EQ(journalled(), looks + 1);
  for (const char* refused :
       {"AuditEvent?nonsense=1", "AuditEvent?action:not=C", "AuditEvent?_include=AuditEvent:entity",
        "AuditEvent?_sort=type", "AuditEvent?agent.name=x", "AuditEvent?date=ne2020-01-01&date=x",
        "AuditEvent?_cursor=forged"}) {
    EXPECT_EQ(ann.get(refused).status, 400U) << refused;
  }
  // The cursor of one search is none of another.
  const json::Document page = parsed(ann.get("AuditEvent?_count=1"));
  std::string cursor;
  for (const json::Value link : page.root().find("link").items()) {
    const std::string url(link.find("url").as_string().value_or(""));
    if (link.find("relation").as_string() == "next") cursor = url.substr(url.find("_cursor="));
  }
  ASSERT_FALSE(cursor.empty());
  EXPECT_EQ(ann.get("AuditEvent?_count=1&" + cursor).status, 200U);
  EXPECT_EQ(ann.get("AuditEvent?_count=1&action=C&" + cursor).status, 400U);
  EXPECT_EQ(officer().get("AuditEvent?_count=1&" + cursor).status, 400U);
}

std::string kept_event(const std::string& patient) {
  return R"({"resourceType":"AuditEvent","type":{"system":"http://terminology.hl7.org/)"
         R"(CodeSystem/audit-event-type","code":"rest"},"action":"C","recorded":)"
         R"("2026-01-02T03:04:05Z","agent":[{"requestor":true,"who":{"display":"lab"}}],)"
         R"("source":{"observer":{"display":"lab"}},"entity":[{"what":{"reference":"Patient/)" +
         patient + R"("}}]})";
}

TEST_F(Audit, WhatApplicationsReportIsKeptAndFoundBehindTheLedgersOwn) {
  const auto posted = north_->post("AuditEvent", kept_event("p1"));
  ASSERT_EQ(posted.status, 201U) << posted.body;
  // Who reported it neither changes it nor takes it back.
  const std::string own_id(testing::parsed(posted).root().find("id").as_string().value_or(""));
  const std::string name = "AuditEvent/" + own_id;
  std::string changed = kept_event("p1");
  changed.insert(changed.find(",\"type\""), R"(,"id":")" + own_id + "\"");
  EXPECT_EQ(north_->put(name, changed).status, 409U);
  EXPECT_EQ(north_->ask("DELETE", name).status, 409U);
  EXPECT_EQ(north_->post(name + "/$erase?confirm=" + name, "").status, 409U);
  ASSERT_EQ(north_->post("AuditEvent", kept_event("p1")).status, 201U);
  EXPECT_EQ(total(north_->get("AuditEvent?patient=p1")), "2");
  FhirClient ann = own(patient());
  const std::uint64_t own_entries = journalled();
  const Found found = all_pages(ann, "AuditEvent?_count=4");
  EXPECT_EQ(found.total, own_entries + 2);
  ASSERT_EQ(found.names.size(), own_entries + 2);
  for (std::size_t at = 0; at < found.names.size(); ++at) {
    EXPECT_EQ(found.names[at].starts_with("AuditEvent/xl-"), at < own_entries) << found.names[at];
  }
  EXPECT_EQ(ann.get(found.names.back()).status, 200U);
  const auto one = ann.get("AuditEvent/xl-1");
  EXPECT_EQ(one.status, 200U) << one.body;
  EXPECT_EQ(ann.get("AuditEvent/xl-1/_history/1").status, 200U);
  EXPECT_EQ(ann.get("AuditEvent/xl-01").status, ann.get("AuditEvent/nothing").status);
  // Nobody writes what the ledger shows.
  std::string mine = kept_event("p1");
  mine.insert(mine.find(",\"type\""), R"(,"id":"xl-1")");
  const auto put = north_->put("AuditEvent/xl-1", mine);
  EXPECT_EQ(put.status, 409U) << put.body;
  EXPECT_NE(put.body.find("XL4300"), npos);
  EXPECT_EQ(north_->ask("DELETE", "AuditEvent/xl-1").status, 409U);
  EXPECT_EQ(total(ann.get("AuditEvent?_id=xl-1")), "1");
}

}  // namespace
}  // namespace xl::node
