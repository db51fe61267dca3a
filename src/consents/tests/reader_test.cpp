// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "consents/reader.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/error_detail.h"
#include "consents/codes.h"
#include "consents/tests/examples.h"
#include "consents/writer.h"
#include "contracts/consent/tests/policy_model.h"
#include "fhir/compartment.h"
#include "fhir/definitions.h"
#include "fhir/validate.h"
#include "model/canonical.h"

namespace xl::consents {
namespace {

Result<ConsentRead> read_text(const std::string& text,
                              const ReadContext& context = context_of_north()) {
  const auto document = json::parse(text, {});
  EXPECT_TRUE(document.ok()) << text;
  return read_consent(document->root(), context);
}

/// Where a consent is refused; empty when it is read.
std::string refused_at(const std::string& text) {
  const auto read = read_text(text);
  return read.ok() ? std::string() : std::string(detail_of(read.error()));
}

TEST(Reader, NamesWhatNoRuleCarries) {
  const std::string good = "{\"type\":\"permit\"," + tpo() + "}";
  EXPECT_EQ(refused_at(consent_with(good)), "");
  const auto more = [&](const std::string& member) {
    return refused_at(consent_with(good, "," + member));
  };
  EXPECT_EQ(more(R"("implicitRules":"urn:x")"), "Consent.implicitRules");
  EXPECT_EQ(more(R"("contained":[{}])"), "Consent.contained");
  EXPECT_EQ(more(R"("modifierExtension":[{}])"), "Consent.modifierExtension");
  EXPECT_EQ(more(R"("sourceAttachment":{})"), "Consent.sourceAttachment");
  EXPECT_EQ(more(R"("_dateTime":{})"), "Consent._dateTime");
  const auto inside = [&](const std::string& member) {
    return refused_at(consent_with("{\"type\":\"permit\"," + tpo() + "," + member + "}"));
  };
  EXPECT_EQ(inside(R"("extension":[{}])"), "Consent.provision.extension");
  EXPECT_EQ(inside(R"("modifierExtension":[{"url":"urn:x"}])"),
            "Consent.provision.modifierExtension[0]");
  EXPECT_EQ(inside(R"("actor":[{"role":{"coding":[{"system":"urn:x","code":"y"}]}}])"),
            "Consent.provision.actor[0].role.coding[0]");
  EXPECT_EQ(inside("\"actor\":[" + recipient("Organization/nobody") + "]"),
            "Consent.provision.actor[0].reference");
  EXPECT_EQ(inside("\"actor\":[" + recipient("Device/d") + "]"),
            "Consent.provision.actor[0].reference");
  EXPECT_EQ(inside(R"("class":[{"system":"urn:ietf:bcp:13","code":"application/pdf"}])"),
            "Consent.provision.class[0]");
  EXPECT_EQ(inside(R"("class":[{"system":"http://hl7.org/fhir/resource-types","code":"Nothing"}])"),
            "Consent.provision.class[0]");
  EXPECT_EQ(inside(R"("securityLabel":[{"system":"urn:x","code":"N"}])"),
            "Consent.provision.securityLabel[0]");
  EXPECT_EQ(inside("\"securityLabel\":[" + sensitive("NOSUCH") + "]"),
            "Consent.provision.securityLabel[0]");
  EXPECT_EQ(inside(R"("action":[{"coding":[{"system":"urn:x","code":"access"}]}])"),
            "Consent.provision.action[0].coding[0]");
  EXPECT_EQ(inside(R"("data":[{"meaning":"related","reference":{"reference":"Task/1"}}])"),
            "Consent.provision.data[0].reference");
  EXPECT_EQ(
      inside(R"("data":[{"meaning":"instance","reference":{"reference":"http://x/Task/1"}}])"),
      "Consent.provision.data[0].reference");
  EXPECT_EQ(inside(R"("code":[{"text":"blood"}])"), "Consent.provision.code[0].coding");
}

TEST(Reader, WantsARuleThatHolds) {
  EXPECT_EQ(refused_at(consent_with("{\"type\":\"permit\"}")), "Consent.provision.purpose");
  EXPECT_EQ(refused_at(consent_with("{" + tpo() + "}")), "Consent.provision.type");
  EXPECT_EQ(refused_at(consent_with("{}")), "Consent.provision");
  EXPECT_EQ(refused_at(consent_with("{\"type\":\"permit\"," + tpo() + ",\"provision\":[{}]}")),
            "Consent.provision.provision[0].type");
  EXPECT_EQ(refused_at(consent_with("{\"type\":\"permit\",\"period\":{\"start\":\"2023\",\"end\":"
                                    "\"2022-12\"}," +
                                    tpo() + "}")),
            "Consent.provision.period");
  EXPECT_EQ(refused_at(consent_with(
                "{\"type\":\"permit\",\"period\":{\"end\":\"2023\"}," + tpo() +
                ",\"provision\":[{\"type\":\"deny\",\"period\":{\"start\":\"2024\"}}]}")),
            "Consent.provision.provision[0].period");
  EXPECT_EQ(refused_at(consent_with("{\"type\":\"deny\"}", R"(,"policyRule":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"OPTIN"}]})")),
            "Consent.policyRule.coding[0]");
  std::string deep = "{\"type\":\"permit\"," + tpo();
  for (const char* type : {"deny", "permit", "deny"}) {
    deep += std::string(",\"provision\":[{\"type\":\"") + type + "\"";
  }
  EXPECT_NE(refused_at(consent_with(deep + "}]}]}]}")), "");
}

TEST(Reader, TakesResearchAsResearch) {
  std::string text = consent_with("{\"type\":\"deny\"}");
  text.replace(text.find("patient-privacy"), 15, "research");
  const auto read = read_text(text);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->sealed.policy().rule().purposes().size(), 2);
}

/// The files of a folder of public examples, by name.
std::vector<std::filesystem::path> examples(const char* folder) {
  const std::filesystem::path root(XL_SHARED_DATA);
  std::vector<std::filesystem::path> out;
  if (!std::filesystem::exists(root / folder)) return out;
  for (const auto& entry : std::filesystem::directory_iterator(root / folder)) {
    if (entry.path().filename().string().find("Consent-") != std::string::npos) {
      out.push_back(entry.path());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string content_of(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

/// As `context_of_north`, for whom every organisation is the custodian.
ReadContext context_of_examples() {
  ReadContext out = context_of_north();
  out.find = [](json::Value reference) -> Result<Party> {
    auto found = find_by_name(reference);
    if (found.ok() && found->type == "Organization") found->did = fixture::id("north");
    return found;
  };
  return out;
}

TEST(Reader, ReadsTheBroadConsentsOfTheMedicalInformaticsInitiative) {
  const auto files = examples("fhir/consent-extra");
  if (files.empty()) GTEST_SKIP() << "skipped: ../shared/data not found";
  EXPECT_EQ(files.size(), 6U);
  for (const auto& file : files) {
    ReadContext context = context_of_examples();
    context.now_ms = today_ms + 1000 * day;  // 2025
    auto read = read_text(content_of(file), context);
    ASSERT_TRUE(read.ok()) << file << " " << read.error().message;
    seal(read->sealed);
    const auto lets = [&](consent::PurposeOfUse purpose, consent::Action action, const char* type,
                          const char* organisation) {
      consent::Request request = request_of_fay();
      request.requester.organisation = fixture::id(organisation);
      request.purpose = purpose;
      request.action = action;
      request.resource.classes = {{std::string(consent::resource_types_system), type}};
      consent::Facts facts = facts_at_north();
      facts.encounter_active = true;
      return consent::decide(consent::policies_of(read->sealed, true, context.now_ms), request,
                             facts)
          .permit;
    };
    using consent::Action;
    using consent::PurposeOfUse;
    const std::string text = content_of(file);
    const auto permits = [&](const char* module) {
      const std::size_t at = text.find("777.24.5.3." + std::string(module) + "\"");
      if (at == std::string::npos) return false;
      const std::size_t type = text.find("\"type\"", at);
      return text.substr(type, 30).find("permit") != std::string::npos;
    };
    EXPECT_EQ(lets(PurposeOfUse::research, Action::read, "Observation", "south"), permits("8"))
        << file;
    EXPECT_EQ(lets(PurposeOfUse::research, Action::export_data, "Specimen", "south"),
              permits("8") || permits("22"))
        << file;
    EXPECT_EQ(lets(PurposeOfUse::research, Action::collect, "Observation", "north"), permits("6"))
        << file;
    EXPECT_FALSE(lets(PurposeOfUse::research, Action::collect, "Observation", "south")) << file;
    EXPECT_FALSE(lets(PurposeOfUse::treatment, Action::read, "Observation", "south")) << file;
    // Care at home goes on: the consent is about research.
    EXPECT_TRUE(lets(PurposeOfUse::treatment, Action::read, "Observation", "north")) << file;
  }
}

/// What one module of the Broad Consent is about, as the request that it alone, or with others,
/// lets in; written down from the modules' names.
struct ModuleCase {
  const char* module;
  consent::Action action;
  const char* type;
  const char* organisation;
  std::set<std::string> permitted_by;  ///< modules
};

TEST(Reader, EachModuleOfTheBroadConsentPermitsWhatItIsAboutAndNothingElse) {
  using consent::Action;
  const std::vector<ModuleCase> cases = {
      {"6", Action::collect, "Observation", "north", {"6"}},
      {"7", Action::read, "Observation", "north", {"7", "8"}},
      {"8", Action::read, "Observation", "south", {"8"}},
      {"9", Action::export_data, "Observation", "south", {"8", "9"}},
      {"19", Action::collect, "Specimen", "north", {"6", "19"}},
      {"20", Action::read, "Specimen", "north", {"7", "8", "20", "22"}},
      {"22", Action::read, "Specimen", "south", {"8", "22"}}};
  std::size_t permitted = 0;
  std::size_t refused = 0;
  for (const auto& file : examples("fhir/consent-extra")) {
    ReadContext context = context_of_examples();
    context.now_ms = today_ms + 1000 * day;
    for (const ModuleCase& kept : cases) {
      auto document = json::parse(content_of(file), {});
      ASSERT_TRUE(document.ok());
      // The consent with one of its modules alone.
      json::Node modules = document->edit().find("provision").find("provision");
      const std::string code = "777.24.5.3." + std::string(kept.module);
      for (std::size_t i = modules.size(); i-- > 0;) {
        const auto found =
            document->root().find("provision").find("provision").at(i).find("code").at(0);
        const std::string_view one =
            found.find("coding").at(0).find("code").as_string().value_or("");
        if (!one.ends_with(code)) {
          ASSERT_TRUE(modules.remove_at(i));
        }
      }
      if (modules.size() == 0) continue;  // it has no such module
      auto read = read_consent(document->root(), context);
      ASSERT_TRUE(read.ok()) << file << kept.module;
      seal(read->sealed);
      for (const ModuleCase& asked : cases) {
        consent::Request request = request_of_fay();
        request.requester.organisation = fixture::id(asked.organisation);
        request.purpose = consent::PurposeOfUse::research;
        request.action = asked.action;
        request.resource.classes = {{std::string(consent::resource_types_system), asked.type}};
        const bool wanted = asked.permitted_by.contains(kept.module);
        const auto decision = consent::decide(
            consent::policies_of(read->sealed, true, context.now_ms), request, facts_at_north());
        EXPECT_EQ(decision.permit, wanted)
            << file << " with module " << kept.module << " alone, asked for " << asked.module;
        ++(wanted ? permitted : refused);
      }
    }
  }
  if (permitted == 0) GTEST_SKIP() << "skipped: ../shared/data not found";
  EXPECT_GT(permitted, 6 * 12U);
  EXPECT_GT(refused, 6 * 25U);
}

TEST(Reader, NamesWhatIsWrongWithTheExamplesOfR4) {
  const auto files = examples("fhir/r4-examples/Consent");
  if (files.empty()) GTEST_SKIP() << "skipped: ../shared/data not found";
  const std::map<std::string, std::string> wanted = {
      {"Consent-consent-example-Emergency.json", "Consent.sourceAttachment"},
      {"Consent-consent-example-Out.json", "Consent.sourceAttachment"},
      {"Consent-consent-example-notAuthor.json", "Consent.sourceAttachment"},
      {"Consent-consent-example-notThem.json", "Consent.sourceAttachment"},
      {"Consent-consent-example-notThis.json", "Consent.sourceAttachment"},
      {"Consent-consent-example-notTime.json", "Consent.sourceAttachment"},
      {"Consent-consent-example-signature.json", "Consent.provision.type"}};
  for (const auto& file : files) {
    const auto read = read_text(content_of(file), context_of_examples());
    ASSERT_FALSE(read.ok()) << file;
    const auto found = wanted.find(file.filename().string());
    ASSERT_NE(found, wanted.end()) << file;
    EXPECT_EQ(detail_of(read.error()), found->second) << file;
  }
}

/// What a policy of the model becomes when its sensitivities include the narrower ones.
consent::Rule widened(consent::Rule rule) {
  const auto widen = [](auto* list) {
    std::set<std::string> all;
    for (const std::string& code : *list) {
      for (const char* narrower : {"ETHUD", "OPIOIDUD"}) {
        if (code == "ETH") all.insert(narrower);
      }
      if (code == "PSY") all.insert("PSY");
      all.insert(code);
    }
    list->Clear();
    for (const std::string& code : all) *list->Add() = code;
  };
  widen(rule.mutable_sensitivities_included());
  widen(rule.mutable_sensitivities_excluded());
  for (consent::Rule& inner : *rule.mutable_exceptions()) inner = widened(inner);
  return rule;
}

TEST(Writer, WhatItWritesIsValidAndReadAsTheSame) {
  consent::universe::Dice dice(7);
  int compared = 0;
  for (int round = 0; round < 3000; ++round) {
    consent::SealedPolicy sealed;
    seal(sealed);
    const int further = dice.upto(3);
    for (int i = 0; i <= further; ++i) {
      consent::Policy policy = consent::universe::build(dice.agreed());
      *policy.mutable_rule() = widened(policy.rule());
      if (dice.one_in(3)) policy.set_end_ms(today_ms + day * (10 + i));
      if (dice.one_in(4)) policy.set_start_ms(today_ms + day);
      *(i == 0 ? sealed.mutable_policy() : sealed.add_further()) = policy;
    }
    sealed.mutable_form()->set_scope(1);
    consent::normalise(sealed);
    if (!consent::check_sealed(sealed).ok()) continue;  // the same twice
    Standing standing;
    standing.id = "c1";
    standing.status = "active";
    standing.since_ms = today_ms;
    const std::string text = write_consent(sealed, standing);
    const auto document = json::parse(text, {});
    ASSERT_TRUE(document.ok()) << text;
    for (const auto& issue : fhir::validate(document->root())) {
      ASSERT_NE(issue.severity, fhir::Severity::error) << issue.diagnostics << " " << text;
    }
    auto read = read_consent(document->root(), context_of_north());
    ASSERT_TRUE(read.ok()) << read.error().message << "\n" << text;
    EXPECT_TRUE(consent::same_policies(read->sealed, sealed)) << text << "\n"
                                                              << sealed.DebugString() << "\n"
                                                              << read->sealed.DebugString();
    ++compared;
  }
  EXPECT_GT(compared, 2000);
}

TEST(Codes, PutWhateverMayBeAPatientsIntoAClass) {
  std::set<std::string_view> classed;
  for (const std::string_view number : {"1", "2", "3", "4", "5", "6"}) {
    for (const std::string_view type : types_of_gbt_class(number)) {
      EXPECT_TRUE(fhir::is_resource_type(type)) << type;
      EXPECT_TRUE(classed.insert(type).second) << type;
    }
  }
  std::size_t of_patients = 0;
  for (const std::string_view type : fhir::resource_types()) {
    if (!fhir::may_be_in_patient_compartment(type)) continue;
    ++of_patients;
    EXPECT_TRUE(classed.contains(type)) << type;
  }
  EXPECT_GT(of_patients, 60U);
}

}  // namespace
}  // namespace xl::consents
