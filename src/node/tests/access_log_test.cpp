// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: a patient takes the whole log away with proofs, and anybody checks it by the genesis alone;
// what is left out, doubled or altered is found. A dispute about an entry is signed, answered with
// a signature and due by a day. Method: a real node asked over HTTP, proofs read and altered as a
// thief of them would.
#include <filesystem>
#include <functional>
#include <ranges>

#include "base/file.h"
#include "client/access_proof.h"
#include "client/dispute.h"
#include "contracts/access/view.h"
#include "gateway/audit/account_pdf.h"
#include "gateway/audit/accounting.h"
#include "model/access_list.h"
#include "model/limits.h"
#include "node/tests/audit.h"

namespace xl::node {
namespace {

using testing::FhirClient;
using testing::parsed;

using Pages = std::vector<client::AccessProofs>;

/// What somebody who holds the file, or the custodian itself, may alter in it.
struct Alteration {
  const char* what;
  std::function<void(Pages&)> change;
};

/// Entries and pages that are taken out, put in or said to wait.
std::vector<Alteration> taken_out(const model::Id& other) {
  return {
      {"an entry taken out and the total lowered",
       [](Pages& all) {
         all[1].entries.pop_back();
         for (auto& page : all) --page.total;
       }},
      {"one entry kept of all",
       [](Pages& all) {
         all.erase(all.begin(), all.end() - 1);
         all[0].entries.resize(1);
         all[0].total = 1;
       }},
      {"invented numbers that wait",
       [](Pages& all) {
         all[1].entries.pop_back();
         all[1].waiting.push_back(all[2].entries.front().journal.sequence + 1);
       }},
      {"the oldest page alone", [](Pages& all) { all.erase(all.begin(), all.end() - 1); }},
      {"the oldest page left out", [](Pages& all) { all.pop_back(); }},
      {"the oldest page left out and the end moved",
       [](Pages& all) {
         all.pop_back();
         all.back().next_before = 0;
       }},
      {"a page between left out", [](Pages& all) { all.erase(all.begin() + 1); }},
      {"a page twice", [](Pages& all) { all.insert(all.begin(), all.front()); }},
      {"no entries, numbers that wait, another custodian",
       [other](Pages& all) {
         all.resize(1);
         all[0].entries.clear();
         all[0].waiting = {1, 1, 1};
         all[0].total = 3;
         all[0].next_before = 0;
         all[0].custodian = other;
       }},
  };
}

/// Statements that are of something else.
std::vector<Alteration> signed_otherwise() {
  return {
      {"no statement", [](Pages& all) { all[2].statement.reset(); }},
      {"a statement without its key", [](Pages& all) { all[0].statement->key.reset(); }},
      {"a statement of another page", [](Pages& all) { all[0].statement = all[1].statement; }},
      {"a key that is not the custodian's",
       [](Pages& all) {
         for (const client::AccessProofs& page : all) {
           for (const auto& one : page.entries) {
             if (!one.session) continue;
             const Bytes& name = one.key->state->key;
             std::copy(name.end() - sizeof(Hash), name.end(), all[0].statement->key_id.begin());
             all[0].statement->key = one.key;
           }
         }
       }},
      {"another time", [](Pages& all) { ++all[0].statement->time_ms; }},
      {"another height", [](Pages& all) { --all[0].statement->height; }},
  };
}

/// What the custodian could sign, and would contradict itself.
std::vector<Alteration> signed_lies(const std::function<void(client::AccessProofs&)>& sign_again) {
  return {
      {"signed: a number twice",
       [sign_again](Pages& all) {
         all[0].waiting.push_back(all[0].waiting.front());
         sign_again(all[0]);
       }},
      {"signed: an entry of the ledger waits",
       [sign_again](Pages& all) {
         all[2].waiting.push_back(all[2].entries.back().journal.sequence);
         all[2].entries.pop_back();
         sign_again(all[2]);
       }},
      {"signed: fewer than are counted",
       [sign_again](Pages& all) {
         all[2].entries.pop_back();
         sign_again(all[2]);
       }},
  };
}

class AccessLog : public testing::AuditCare {
 protected:
  /// The whole log with proofs, so many entries on a page.
  Pages pages_of(demo::Persona& who, std::uint64_t count) {
    Pages out;
    std::string before;
    do {
      const auto page = parsed(*who.session->ask(
          "GET", house() + "/access-log/proofs?count=" + std::to_string(count) + before));
      auto read = client::read_access_proofs(page.root());
      EXPECT_TRUE(read.ok()) << read.error().text();
      if (!read.ok()) return out;
      out.push_back(std::move(*read));
      before = page.root().find("next_before").as_string().value_or("");
      if (!before.empty()) before.insert(0, "&before=");
    } while (!before.empty());
    return out;
  }
  /// As the custodian would sign it, if it lied.
  void sign(client::AccessProofs& page, const Hash& network) {
    model::AccessListPage told{network,          page.custodian,         page.patient,
                               page.total,       page.statement->before, page.statement->count,
                               page.next_before, page.statement->height, page.statement->time_ms,
                               page.waiting};
    for (const auto& one : page.entries) told.sequences.push_back(one.journal.sequence);
    std::ranges::sort(told.sequences, std::greater<>());
    page.statement->signature =
        custodian().stores().identity().key.sign(model::access_list_bytes(told));
  }
  /// The proofs in the Binary of a page.
  static json::Document proofs_in(const client::HttpResponse& answer) {
    const json::Document page = parsed(answer);
    Bytes text;
    for (const json::Value entry : page.root().find("entry").items()) {
      const json::Value one = entry.find("resource");
      if (one.find("resourceType").as_string() != "Binary") continue;
      EXPECT_TRUE(from_base64(one.find("data").as_string().value_or("*"), text));
    }
    json::Limits bounds;
    bounds.bytes_max = text.size() + 1;
    auto out = json::parse(text_of(text), bounds);
    EXPECT_TRUE(out.ok()) << answer.body.substr(0, 300);
    return out.ok() ? std::move(*out) : json::Document::object();
  }
  /// No file of the node has these words in the clear.
  void expect_nowhere(std::string_view marked) const {
    std::size_t files = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(live_->root)) {
      if (!file.is_regular_file()) continue;
      ++files;
      const auto bytes = read_file(file.path(), 1ULL << 30U);
      ASSERT_TRUE(bytes.ok());
      EXPECT_EQ(text_of(*bytes).find(marked), npos) << file.path();
    }
    EXPECT_GT(files, 10U);
  }
  /// The proof of the last entry about somebody from elsewhere.
  client::AccessProof proof_of_a_read(demo::Persona& ann) {
    const json::Document log = parsed(*ann.session->ask("GET", house() + "/access-log?count=200"));
    std::string sequence;
    for (const json::Value entry : log.root().find("entries").items()) {
      if (entry.find("organisation_name").as_string() == "South") {
        sequence = entry.find("sequence").as_string().value_or("");
      }
    }
    const json::Document told =
        parsed(*ann.session->ask("GET", house() + "/access-log/" + sequence + "/proof"));
    auto proof = client::read_access_proof(told.root());
    EXPECT_TRUE(proof.ok());
    return std::move(*proof);
  }
  [[nodiscard]] std::string house() const { return "/o/" + live_->organisations[0].text(); }
};

TEST_F(AccessLog, TheWholeLogIsTakenAwayAndProvedByTheGenesisAlone) {
  demo::Persona persona = patient();
  FhirClient doctor = reads_from_elsewhere(persona);
  ASSERT_EQ(north_->get("Observation").status, 200U);  // part of a look at many patients
  FhirClient ann = own(std::move(persona));
  ASSERT_TRUE(custodian().desk().anchor_journal().ok());
  ASSERT_TRUE(custodian().desk().seal_sessions(true).ok());
  const std::uint64_t before = journalled();
  const auto answer = ann.get("Patient/p1/$access-log?proofs=true&_count=100");
  ASSERT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(total(answer), std::to_string(before));
  const json::Document document = proofs_in(answer);
  const auto proofs = client::read_access_proofs(document.root());
  ASSERT_TRUE(proofs.ok()) << proofs.error().text();
  EXPECT_EQ(proofs->total, before);
  EXPECT_EQ(proofs->entries.size(), before);
  EXPECT_TRUE(proofs->waiting.empty());
  EXPECT_LT(document.root().find("receipts").size(), before);  // shared among entries
  const model::Genesis& genesis = live_->node->ledger().genesis();
  const auto proven = client::check_access_proofs(*proofs, genesis);
  ASSERT_TRUE(proven.ok()) << proven.error().text();
  EXPECT_EQ(proven->size(), before);
  const auto whole = client::check_access_list(std::span(&*proofs, 1), genesis);
  ASSERT_TRUE(whole.ok()) << whole.error().text();
  EXPECT_EQ(whole->proven, before);

  const auto refused = [&](const std::function<void(client::AccessProofs&)>& change) {
    client::AccessProofs other = *proofs;
    change(other);
    const auto verdict = client::check_access_proofs(other, genesis);
    EXPECT_FALSE(verdict.ok());
    return verdict.ok() ? std::string() : verdict.error().text();
  };
  EXPECT_NE(refused([](auto& one) { one.entries[1] = one.entries[0]; }).find("out of order"), npos);
  EXPECT_NE(refused([](auto& one) { std::swap(one.entries[0], one.entries[1]); }).find("order"),
            npos);
  EXPECT_NE(refused([&](auto& one) { one.patient = doctor.who().did(); }).find("another patient"),
            npos);
  refused([](auto& one) { one.entries[0].journal.content.back() ^= 1U; });
  refused([](auto& one) { one.entries[0].anchor = *one.entries[0].key; });
}

/// Three pages of a log, as a patient saves them.
TEST_F(AccessLog, ALogFromWhichSomethingWasTakenIsRefused) {
  demo::Persona ann = patient();
  FhirClient doctor = reads_from_elsewhere(ann);
  ASSERT_TRUE(custodian().desk().anchor_journal().ok());
  ASSERT_TRUE(custodian().desk().seal_sessions(true).ok());
  ASSERT_EQ(north_->get("Observation").status, 200U);  // not on the ledger yet
  const std::uint64_t there = journalled();
  const Pages pages = pages_of(ann, (there + 2) / 3);
  ASSERT_EQ(pages.size(), 3U);
  const model::Genesis& genesis = live_->node->ledger().genesis();
  const auto whole = client::check_access_list(pages, genesis);
  ASSERT_TRUE(whole.ok()) << whole.error().text();
  EXPECT_EQ(whole->total, there);
  EXPECT_EQ(whole->proven + whole->waiting, there);
  EXPECT_GT(whole->waiting, 0U);
  EXPECT_GT(whole->proven, 3U);
  EXPECT_FALSE(client::check_access_list({}, genesis).ok());

  const auto sign_again = [&](client::AccessProofs& page) { sign(page, genesis.network); };
  Pages same = pages;
  for (client::AccessProofs& page : same) sign_again(page);
  EXPECT_TRUE(client::check_access_list(same, genesis).ok());
  std::vector<Alteration> all = taken_out(live_->organisations[1]);
  std::ranges::move(signed_otherwise(), std::back_inserter(all));
  std::ranges::move(signed_lies(sign_again), std::back_inserter(all));
  EXPECT_EQ(all.size(), 18U);
  for (const Alteration& one : all) {
    Pages altered = pages;
    one.change(altered);
    const auto verdict = client::check_access_list(altered, genesis);
    EXPECT_FALSE(verdict.ok()) << one.what;
  }
}

/// What narrows the log is no list of all of it, and says so by having no statement.
TEST_F(AccessLog, ASelectionIsNoWholeLog) {
  demo::Persona persona = patient();
  FhirClient doctor = reads_from_elsewhere(persona);
  ASSERT_TRUE(custodian().desk().anchor_journal().ok());
  FhirClient ann = own(std::move(persona));
  const auto some = client::read_access_proofs(
      proofs_in(ann.get("Patient/p1/$access-log?proofs=true&outcome=0")).root());
  ASSERT_TRUE(some.ok());
  EXPECT_FALSE(some->statement.has_value());
  EXPECT_FALSE(some->entries.empty());
  const auto none = client::read_access_proofs(
      proofs_in(ann.get("Patient/p1/$access-log?proofs=true&_count=0")).root());
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->statement.has_value());
}

TEST_F(AccessLog, TheOperationPagesAndIsForThePatientAndThoseWhoOversee) {
  demo::Persona persona = patient();
  FhirClient doctor = reads_from_elsewhere(persona);
  FhirClient ann = own(std::move(persona));
  const std::uint64_t before = journalled();
  const Found found = all_pages(ann, "Patient/p1/$access-log?_count=3");
  EXPECT_EQ(found.total, before);
  EXPECT_EQ(found.names.size(), before);
  const auto posted = ann.post("Patient/p1/$access-log",
                               R"({"resourceType":"Parameters","parameter":[{"name":"outcome",)"
                               R"("valueCode":"8"},{"name":"proofs","valueBoolean":false}]})");
  EXPECT_EQ(posted.status, 200U) << posted.body;
  EXPECT_EQ(total(posted), "1");
  EXPECT_EQ(ann.post("Patient/p1/$access-log", R"({"resourceType":"Patient"})").status, 404U);
  EXPECT_EQ(ann.get("Patient/p1/$access-log?proofs=maybe").status, 400U);
  // What applications report is no part of it.
  ASSERT_EQ(
      north_
          ->post("AuditEvent",
                 R"({"resourceType":"AuditEvent","type":{"code":"rest"},"recorded":)"
                 R"("2026-01-02T03:04:05Z","agent":[{"requestor":true}],"source":{"observer":{)"
                 R"("display":"lab"}},"entity":[{"what":{"reference":"Patient/p1"}}]})")
          .status,
      201U);
  const std::uint64_t entries = journalled();
  EXPECT_EQ(all_pages(ann, "Patient/p1/$access-log").total, entries);
  EXPECT_EQ(all_pages(ann, "AuditEvent").total, entries + 2);  // the look before, and the report
  FhirClient watch = officer();
  EXPECT_EQ(watch.get("Patient/p1/$access-log").status, 200U);
  EXPECT_EQ(watch.get("Patient/nobody/$access-log").status, 404U);
  FhirClient treating(live_->doctor(north_->who(), "li"), live_->organisations[0]);
  for (const char* whose : {"Patient/p1/$access-log", "Patient/nobody/$access-log"}) {
    EXPECT_EQ(treating.get(whose).status, 403U) << whose;
    EXPECT_EQ(doctor.get(whose).status, 404U) << whose;
  }
  EXPECT_EQ(doctor.get("Patient/p1/$access-log").body,
            doctor.get("Patient/nobody/$access-log").body);
}

TEST_F(AccessLog, ADisputeIsSignedAnsweredAndDue) {
  demo::Persona ann = patient();
  FhirClient doctor = reads_from_elsewhere(ann);
  ASSERT_TRUE(custodian().desk().anchor_journal().ok());
  const client::AccessProof proof = proof_of_a_read(ann);
  constexpr std::string_view marked = "MARKED-WORDS-OF-A-PATIENT";
  model::Id dispute;
  const auto sent =
      client::open_dispute(*ann.session, proof, patient_did_, std::string(marked), dispute);
  ASSERT_TRUE(client::applied(sent).ok()) << client::applied(sent).error().text();

  // Another entry's hash, another's patient, another's words: not taken.
  client::AccessProof forged = proof;
  forged.journal.salt[0] ^= 1U;
  model::Id none;
  EXPECT_FALSE(client::open_dispute(*ann.session, forged, patient_did_, "x", none).ok());
  // Nobody else learns by it whose an entry is.
  const auto by_doctor_first =
      client::open_dispute(*doctor.who().session, proof, patient_did_, "x", none);
  ASSERT_FALSE(by_doctor_first.ok());
  EXPECT_EQ(by_doctor_first.error().code, ErrorCode::dispute_mismatched);
  EXPECT_NE(by_doctor_first.error().text().find("by"), npos);
  EXPECT_EQ(client::open_dispute(*doctor.who().session, proof, doctor.who().did(), "x", none)
                .error()
                .code,
            ErrorCode::dispute_mismatched);
  EXPECT_FALSE(client::open_dispute(*ann.session, proof, patient_did_, "", none).ok());

  FhirClient watch = officer();
  const auto shown = [&](demo::Persona& who) {
    const auto answer = who.session->ask("GET", house() + "/disputes/" + dispute.text());
    EXPECT_TRUE(answer.ok());
    return *answer;
  };
  EXPECT_EQ(shown(doctor.who()).status, 404U);
  const json::Document open = parsed(shown(watch.who()));
  EXPECT_EQ(open.root().find("text").as_string(), marked);
  EXPECT_EQ(open.root().find("state").as_string(), "open");
  EXPECT_EQ(open.root().find("overdue").as_bool(), false);
  const auto waiting = watch.who().session->ask("GET", house() + "/disputes");
  ASSERT_TRUE(waiting.ok());
  EXPECT_NE(waiting->body.find(dispute.text()), npos);

  using contracts::access::DisputeFinding;
  const auto by_doctor = client::answer_dispute(*doctor.who().session, live_->organisations[0],
                                                dispute, DisputeFinding::rejected, "no");
  EXPECT_FALSE(by_doctor.ok());
  live_->clock.shift_ms(limits::dispute_answer_within_ms + 60'000);
  ASSERT_TRUE(watch.who().session->sign_in(live_->organisations[0], {12}).ok());
  EXPECT_EQ(parsed(shown(watch.who())).root().find("overdue").as_bool(), true);
  const auto answered =
      client::answer_dispute(*watch.who().session, live_->organisations[0], dispute,
                             DisputeFinding::upheld, "it should not have been");
  ASSERT_TRUE(client::applied(answered).ok()) << client::applied(answered).error().text();
  ASSERT_TRUE(ann.session->sign_in(live_->organisations[0], {}).ok());
  const json::Document closed = parsed(shown(ann));
  EXPECT_EQ(closed.root().find("state").as_string(), "answered");
  EXPECT_EQ(closed.root().find("finding").as_string(), "upheld");
  const model::Genesis& genesis = live_->node->ledger().genesis();
  const auto proven = client::check_dispute(closed.root(), genesis);
  ASSERT_TRUE(proven.ok()) << proven.error().text();
  EXPECT_EQ(proven->answer, "it should not have been");
  EXPECT_EQ(proven->record.officer(), client::bytes_of(watch.who().did().bytes));
  EXPECT_FALSE(client::check_dispute(open.root(), model::Genesis{}).ok());

  expect_nowhere(marked);
}

TEST_F(AccessLog, WhoeverIsDisputedDoesNotAnswer) {
  demo::Persona ann = patient();
  FhirClient curious = officer("curious");
  FhirClient other = officer("other");
  ASSERT_EQ(curious.get("AuditEvent?patient=Patient/p1").status, 200U);
  ASSERT_TRUE(custodian().desk().anchor_journal().ok());
  const json::Document log = parsed(*ann.session->ask("GET", house() + "/access-log?count=200"));
  std::string sequence;
  for (const json::Value entry : log.root().find("entries").items()) {
    if (entry.find("actor").as_string() == model::did_text(curious.who().did())) {
      sequence = entry.find("sequence").as_string().value_or("");
    }
  }
  const json::Document told =
      parsed(*ann.session->ask("GET", house() + "/access-log/" + sequence + "/proof"));
  const auto proof = client::read_access_proof(told.root());
  ASSERT_TRUE(proof.ok()) << sequence;
  model::Id dispute;
  ASSERT_TRUE(client::applied(client::open_dispute(*ann.session, *proof, patient_did_,
                                                   "why did they look?", dispute))
                  .ok());
  using contracts::access::DisputeFinding;
  const auto own_word =
      client::answer_dispute(*curious.who().session, live_->organisations[0], dispute,
                             DisputeFinding::rejected, "I was allowed to");
  ASSERT_FALSE(own_word.ok());
  EXPECT_EQ(own_word.error().code, ErrorCode::dispute_of_own_access);
  // An auditor sees it and does not answer: the ledger refuses, and nothing stands in the way.
  auto made =
      live_->cast().practitioner(north_->who(), "auditor", contracts::identity::Role::auditor,
                                 contracts::identity::LicenceType::none);
  ASSERT_TRUE(made.ok()) << made.error().text();
  const auto by_auditor = client::answer_dispute(*made->session, live_->organisations[0], dispute,
                                                 DisputeFinding::rejected, "no");
  EXPECT_FALSE(client::applied(by_auditor).ok());
  const auto answered =
      client::answer_dispute(*other.who().session, live_->organisations[0], dispute,
                             DisputeFinding::partly, "they will say why from now on");
  EXPECT_TRUE(client::applied(answered).ok());
  const auto twice = client::answer_dispute(*other.who().session, live_->organisations[0], dispute,
                                            DisputeFinding::upheld, "again");
  EXPECT_FALSE(twice.ok() && twice->applied());
}

/// What a spreadsheet would reckon with is text; what stands in quotes stays whole.
TEST_F(AccessLog, IsExportedAsATableThatReckonsNothing) {
  gateway::audit::AccountRow row;
  row.fill("plain");
  row[0] = "=HYPERLINK(\"http://x\")";
  row[1] = "+1";
  row[2] = "-1";
  row[3] = "@a";
  row[4] = "a \"quoted\", word";
  row[5] = "two\r\nlines";
  const std::string csv = gateway::audit::account_csv({row}, true);
  EXPECT_TRUE(csv.starts_with("\xEF\xBB\xBF\"No. / 编号\",")) << csv;
  EXPECT_NE(csv.find("\"'=HYPERLINK(\"\"http://x\"\")\",\"'+1\",\"'-1\",\"'@a\","), npos) << csv;
  EXPECT_NE(csv.find("\"a \"\"quoted\"\", word\",\"two\r\nlines\","), npos) << csv;
  EXPECT_TRUE(csv.ends_with("\"plain\"\r\n"));
  EXPECT_FALSE(gateway::audit::account_csv({}, false).starts_with("\xEF"));

  demo::Persona ann = patient();
  FhirClient doctor = reads_from_elsewhere(ann);
  const std::uint64_t before = journalled();
  const auto answer = ann.session->ask("GET", house() + "/access-log/export");
  ASSERT_TRUE(answer.ok());
  ASSERT_EQ(answer->status, 200U) << answer->body;
  EXPECT_EQ(static_cast<std::uint64_t>(std::ranges::count(answer->body, '\n')), before + 1);
  EXPECT_EQ(journalled(), before + 1);  // the look
  EXPECT_NE(answer->body.find("South"), npos);
  const auto left = ann.session->ask("GET", house() + "/access-log/export?disclosures=true");
  ASSERT_TRUE(left.ok());
  EXPECT_EQ(std::ranges::count(left->body, '\n'), 4);
  for (const char* wrong : {"?format=doc", "?from=yesterday", "?bom=1", "?nonsense=1"}) {
    const auto refused = ann.session->ask("GET", house() + "/access-log/export" + wrong);
    ASSERT_TRUE(refused.ok());
    EXPECT_EQ(refused->status, 400U) << wrong;
  }
  const auto stranger = doctor.who().session->ask("GET", house() + "/access-log/export");
  ASSERT_TRUE(stranger.ok());
  EXPECT_EQ(stranger->status, 403U);
}

/// As many pages as the rows need, the characters embedded; without a font it says so.
TEST_F(AccessLog, IsExportedAsPagesWithTheirCharacters) {
  gateway::audit::AccountRow row;
  row.fill("permitted / 已允许 éß 𠀀 \n x");
  const gateway::audit::AccountTitle title{"市一医院", "did:xinglin:x", "2026-01-01"};
  const auto few = gateway::audit::account_pdf({row}, title, gateway::audit::font_places());
  if (!few.ok() && few.error().code == ErrorCode::export_font_missing) {
    GTEST_SKIP() << "fonts-droid-fallback is not installed";
  }
  ASSERT_TRUE(few.ok()) << few.error().text();
  EXPECT_TRUE(few->starts_with("%PDF-1.")) << few->substr(0, 16);
  EXPECT_NE(few->find("/FontFile"), npos);   // the font is inside
  EXPECT_NE(few->find("/ToUnicode"), npos);  // and can be searched and copied
  const auto pages = [](const std::string& pdf) {
    std::size_t out = 0;
    for (std::size_t at = pdf.find("/Type /Page "); at != npos;
         at = pdf.find("/Type /Page ", at + 1)) {
      ++out;
    }
    return out;
  };
  EXPECT_EQ(pages(*few), 1U);
  const std::vector<gateway::audit::AccountRow> rows(200, row);
  const auto many = gateway::audit::account_pdf(rows, title, gateway::audit::font_places());
  ASSERT_TRUE(many.ok());
  EXPECT_GT(pages(*many), 5U);
  EXPECT_LT(many->size(), 1U << 20U);
  const std::vector<gateway::audit::AccountRow> too_many(gateway::audit::pdf_rows_max + 1, row);
  EXPECT_EQ(gateway::audit::account_pdf(too_many, title, {}).error().code,
            ErrorCode::export_too_large);
  EXPECT_EQ(gateway::audit::account_pdf({row}, title, {}).error().code,
            ErrorCode::export_font_missing);
  demo::Persona ann = patient();
  const auto answer = ann.session->ask("GET", house() + "/access-log/export?format=pdf");
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 200U);
  EXPECT_TRUE(answer->body.starts_with("%PDF-1."));
}

class Regulator : public AccessLog {
 protected:
  [[nodiscard]] std::size_t organisations() const override { return 3; }
  FhirClient inspector(const std::string& name, contracts::identity::Role role) {
    demo::Persona employer = live_->hospital(2);
    auto out = live_->cast().practitioner(employer, name, role,
                                          role == contracts::identity::Role::physician
                                              ? contracts::identity::LicenceType::medical
                                              : contracts::identity::LicenceType::none);
    EXPECT_TRUE(out.ok()) << out.error().text();
    return {std::move(*out), live_->organisations[0]};
  }
};

TEST_F(Regulator, SeesWhatHappenedForAStatedPurposeAndNothingOfRecords) {
  demo::Persona persona = patient();
  FhirClient doctor = reads_from_elsewhere(persona);
  ASSERT_EQ(north_->get("Observation").status, 200U);  // a look at many patients
  FhirClient watch = inspector("inspector", contracts::identity::Role::auditor);
  const demo::Headers why = {{"X-Purpose-Of-Use", "HCOMPL"}};
  EXPECT_EQ(watch.get("AuditEvent").status, 400U);  // why is to be said
  EXPECT_EQ(watch.get("AuditEvent", {{"X-Purpose-Of-Use", "TREAT"}}).status, 400U);
  const std::uint64_t before = journalled(true);
  const auto all = watch.get("AuditEvent?_count=1000", why);
  ASSERT_EQ(all.status, 200U) << all.body;
  EXPECT_EQ(total(all), std::to_string(before));
  for (const char* hidden : {"Observation/", "Patient/p1", "\"query\"", "Encounter/"}) {
    EXPECT_EQ(all.body.find(hidden), npos) << hidden;
  }
  EXPECT_NE(all.body.find("\"Observation\""), npos);
  EXPECT_NE(all.body.find(model::did_text(patient_did_)), npos);
  const json::Document page = parsed(all);
  for (const json::Value entry : page.root().find("entry").items()) {
    expect_valid(json::write(entry.find("resource")));
  }
  EXPECT_EQ(total(watch.get("AuditEvent?entity=Observation/o1", why)), "0");
  EXPECT_EQ(watch.get("AuditEvent?patient=Patient/p1", why).status, 400U);
  EXPECT_NE(total(watch.get("AuditEvent?patient=" + model::did_text(patient_did_), why)), "0");
  EXPECT_EQ(watch.get("AuditEvent/xl-1", why).status, 200U);
  EXPECT_EQ(watch.get("Observation/o1", why).status, 404U);
  EXPECT_EQ(watch.get("Patient/p1/$access-log", why).status, 400U);

  const auto counts = watch.who().session->ask("GET", house() + "/oversight", "", "", why);
  ASSERT_TRUE(counts.ok());
  ASSERT_EQ(counts->status, 200U) << counts->body;
  const json::Document told = parsed(*counts);
  EXPECT_EQ(told.root().find("to_others").as_uint64(), 3U);
  EXPECT_EQ(told.root().find("disputes_open").as_uint64(), 0U);
  EXPECT_GE(told.root().find("refused").as_uint64().value_or(0), 1U);
  EXPECT_EQ(watch.who().session->ask("GET", house() + "/oversight")->status, 400U);

  FhirClient physician = inspector("physician", contracts::identity::Role::physician);
  EXPECT_EQ(physician.get("AuditEvent/xl-1", why).status, 404U);
  EXPECT_EQ(physician.who().session->ask("GET", house() + "/oversight", "", "", why)->status, 403U);
  EXPECT_EQ(doctor.who().session->ask("GET", house() + "/oversight", "", "", why)->status, 403U);

  // Each look is in Ann's log by the regulator's name, and her proofs hold with them.
  FhirClient ann = own(std::move(persona));
  const Found looks = all_pages(ann, "AuditEvent?type=110101");
  std::size_t by_regulator = 0;
  for (const std::string& body : looks.bodies) by_regulator += body.find("\"Watch\"") != npos;
  EXPECT_EQ(by_regulator, 3U);
  ASSERT_TRUE(custodian().desk().anchor_journal().ok());
  const json::Document document =
      proofs_in(ann.get("Patient/p1/$access-log?proofs=true&_count=100"));
  const auto proofs = client::read_access_proofs(document.root());
  ASSERT_TRUE(proofs.ok()) << proofs.error().text();
  const auto proven = client::check_access_proofs(*proofs, live_->node->ledger().genesis());
  EXPECT_TRUE(proven.ok()) << proven.error().text();
}

}  // namespace
}  // namespace xl::node
