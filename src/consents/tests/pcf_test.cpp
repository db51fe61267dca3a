// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Every option of IHE Privacy Consent on FHIR (PCF), as somebody whom it lets in and as somebody
// whom it does not. The consents are written after the profile's own examples.
#include <gtest/gtest.h>

#include "consents/codes.h"
#include "consents/sentence.h"
#include "consents/tests/examples.h"
#include "consents/writer.h"

namespace xl::consents {
namespace {

/// A consent at north, and whether it lets somebody in.
class Agreed {
 public:
  explicit Agreed(const std::string& text) : text_(text) {
    const auto document = json::parse(text, {});
    EXPECT_TRUE(document.ok()) << text;
    auto read = read_consent(document->root(), context_of_north());
    EXPECT_TRUE(read.ok()) << text << "\n" << (read.ok() ? "" : read.error().message);
    if (read.ok()) read_ = std::move(*read);
    seal(read_.sealed);
    EXPECT_TRUE(consent::check_sealed(read_.sealed).ok());
  }

  [[nodiscard]] bool lets(const consent::Request& request,
                          const consent::Facts& facts = facts_at_north()) const {
    return consent::decide(consent::policies_of(read_.sealed, true, today_ms), request, facts)
        .permit;
  }
  template <typename Change>
  [[nodiscard]] bool lets_with(Change change) const {
    consent::Request request = request_of_fay();
    change(request);
    return lets(request);
  }
  [[nodiscard]] const ConsentRead& read() const { return read_; }

 private:
  std::string text_;
  ConsentRead read_;
};

consent::Facts in_care() {
  consent::Facts out = facts_at_north();
  out.encounter_active = true;
  return out;
}

consent::Request request_of_dora() {
  consent::Request out = request_of_fay();
  out.requester.did = fixture::id("dora");
  out.requester.organisation = fixture::id("north");
  return out;
}

void research(consent::Request& r) { r.purpose = consent::PurposeOfUse::research; }

TEST(Pcf, BasicLetsEverybodyInForItsPurposes) {
  const Agreed agreed(consent_with("{\"type\":\"permit\"," + tpo() + "}"));
  EXPECT_TRUE(agreed.lets(request_of_fay()));
  EXPECT_TRUE(agreed.lets_with([](auto& r) { r.purpose = consent::PurposeOfUse::payment; }));
  EXPECT_TRUE(agreed.lets_with([](auto& r) { r.action = consent::Action::search; }));
  EXPECT_FALSE(agreed.lets_with(research));
  EXPECT_FALSE(agreed.lets_with([](auto& r) { r.action = consent::Action::export_data; }));
  EXPECT_EQ(agreed.read().start_ms, 0U);
  EXPECT_EQ(agreed.read().end_ms, 0U);
}

TEST(Pcf, BasicNamesWhoIsLetIn) {
  for (const char* who : {"Organization/south", "Practitioner/fay", "PractitionerRole/x"}) {
    const Agreed agreed(
        consent_with("{\"type\":\"permit\",\"actor\":[" + recipient(who) + "]," + tpo() + "}"));
    EXPECT_TRUE(agreed.lets(request_of_fay())) << who;
    EXPECT_FALSE(agreed.lets_with([](auto& r) {
      r.requester.did = fixture::id("erik");
      r.requester.organisation = fixture::id("east");
    })) << who;
  }
}

TEST(Pcf, BasicEndsWithItsPeriod) {
  const Agreed agreed(consent_with(
      "{\"type\":\"permit\",\"period\":{\"start\":\"2022-06-14\",\"end\":\"2022-12-31\"}," + tpo() +
      "}"));
  EXPECT_EQ(agreed.read().start_ms, today_ms + day);
  EXPECT_EQ(agreed.read().end_ms, 1'672'531'200'000U);  // 2023-01-01
  const auto over = json::parse(
      consent_with("{\"type\":\"permit\",\"period\":{\"end\":\"2022-06-12\"}," + tpo() + "}"), {});
  const auto read = read_consent(over->root(), context_of_north());
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, ErrorCode::consent_invalid);
  EXPECT_NE(read.error().message.find("Consent.provision.period.end"), std::string::npos);
}

TEST(Pcf, BasicRejectsOwnCareToo) {
  const Agreed agreed(consent_with("{\"type\":\"deny\"," + tpo() + "}"));
  EXPECT_FALSE(agreed.lets(request_of_fay()));
  EXPECT_FALSE(agreed.lets(request_of_dora(), in_care()));
  const Agreed permitted(consent_with("{\"type\":\"permit\"," + tpo() + "}"));
  EXPECT_TRUE(permitted.lets(request_of_dora(), in_care()));
}

TEST(Pcf, IntermediateTimeframe) {
  const std::string year = "\"dataPeriod\":{\"start\":\"2022-01\",\"end\":\"2022-12\"}";
  const auto before = [](auto& r) {
    r.resource.from_ms = static_cast<std::int64_t>(today_ms - 365 * day);
    r.resource.to_ms = r.resource.from_ms;
  };
  const Agreed within(consent_with("{\"type\":\"permit\"," + year + "," + tpo() + "}"));
  EXPECT_TRUE(within.lets(request_of_fay()));
  EXPECT_FALSE(within.lets_with(before));
  EXPECT_FALSE(within.lets_with([](auto& r) { r.resource.from_ms.reset(); }));
  const Agreed without(consent_with("{\"type\":\"permit\"," + tpo() +
                                    ",\"provision\":[{\"type\":\"deny\"," + year + "}]}"));
  EXPECT_FALSE(without.lets(request_of_fay()));
  EXPECT_TRUE(without.lets_with(before));
  EXPECT_FALSE(without.lets_with([](auto& r) { r.resource.from_ms.reset(); }));
}

TEST(Pcf, IntermediateAuthor) {
  const std::string by_dora =
      "\"data\":[{\"meaning\":\"authoredby\",\"reference\":{\"reference\":\"Practitioner/dora\"}}]";
  const auto of_emil = [](auto& r) { r.resource.author = fixture::id("emil"); };
  const Agreed within(consent_with("{\"type\":\"permit\"," + by_dora + "," + tpo() + "}"));
  EXPECT_TRUE(within.lets(request_of_fay()));
  EXPECT_FALSE(within.lets_with(of_emil));
  const Agreed without(consent_with("{\"type\":\"permit\"," + tpo() +
                                    ",\"provision\":[{\"type\":\"deny\"," + by_dora + "}]}"));
  EXPECT_FALSE(without.lets(request_of_fay()));
  EXPECT_TRUE(without.lets_with(of_emil));
}

TEST(Pcf, IntermediateEncounter) {
  const std::string in_v1 =
      "\"data\":[{\"meaning\":\"related\",\"reference\":{\"reference\":\"Encounter/v1\"}}]";
  const auto elsewhere = [](auto& r) { r.resource.links = std::vector<std::string>{}; };
  const auto unknown = [](auto& r) { r.resource.links.reset(); };
  const Agreed within(consent_with("{\"type\":\"permit\"," + in_v1 + "," + tpo() + "}"));
  EXPECT_TRUE(within.lets(request_of_fay()));
  EXPECT_TRUE(within.lets_with([](auto& r) { r.resource.name = "Encounter/v1"; }));
  EXPECT_FALSE(within.lets_with(elsewhere));
  EXPECT_FALSE(within.lets_with(unknown));
  const Agreed without(consent_with("{\"type\":\"permit\"," + tpo() +
                                    ",\"provision\":[{\"type\":\"deny\"," + in_v1 + "}]}"));
  EXPECT_FALSE(without.lets(request_of_fay()));
  EXPECT_TRUE(without.lets_with(elsewhere));
  EXPECT_FALSE(without.lets_with(unknown));
}

TEST(Pcf, IntermediateWhatDependsOnAnEpisode) {
  const std::string in_e1 =
      "\"data\":[{\"meaning\":\"dependents\",\"reference\":{\"reference\":"
      "\"EpisodeOfCare/e1\"}}]";
  const auto inside = [](auto& r) { r.resource.links = {{"Encounter/v1", "EpisodeOfCare/e1"}}; };
  const Agreed within(consent_with("{\"type\":\"permit\"," + in_e1 + "," + tpo() + "}"));
  EXPECT_TRUE(within.lets_with(inside));
  EXPECT_TRUE(within.lets_with([](auto& r) { r.resource.name = "EpisodeOfCare/e1"; }));
  EXPECT_FALSE(within.lets(request_of_fay()));
  const Agreed without(consent_with("{\"type\":\"permit\"," + tpo() +
                                    ",\"provision\":[{\"type\":\"deny\"," + in_e1 + "}]}"));
  EXPECT_FALSE(without.lets_with(inside));
  EXPECT_TRUE(without.lets(request_of_fay()));
}

/// An actor with a v3 participation, narrowed by `more` members.
std::string actor_as(const std::string& participation, const std::string& reference,
                     const std::string& more = "") {
  return R"({"role":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":")" +
         participation + R"("}]},"reference":)" + reference + more + "}";
}

TEST(Pcf, ActorsMayBeAuthors) {
  const std::string actors = "\"actor\":[" + recipient("Organization/south") + "," +
                             actor_as("AUT", R"({"reference":"Practitioner/dora"})") + "]";
  const auto of_emil = [](auto& r) { r.resource.author = fixture::id("emil"); };
  const Agreed within(consent_with("{\"type\":\"permit\"," + actors + "," + tpo() + "}"));
  EXPECT_TRUE(within.lets(request_of_fay()));
  EXPECT_FALSE(within.lets_with(of_emil));
  EXPECT_FALSE(within.lets_with([](auto& r) { r.requester.organisation = fixture::id("east"); }));
  const Agreed without(consent_with(
      "{\"type\":\"permit\"," + tpo() + ",\"provision\":[{\"type\":\"deny\"," + "\"actor\":[" +
      actor_as("AUT", R"({"reference":"Practitioner/dora"})") + "]}]}"));
  EXPECT_FALSE(without.lets(request_of_fay()));
  EXPECT_TRUE(without.lets_with(of_emil));
}

TEST(Pcf, PrimaryRecipientsAreRecipients) {
  const auto elsewhere = [](auto& r) {
    r.requester.did = fixture::id("erik");
    r.requester.organisation = fixture::id("east");
  };
  const std::string south = actor_as("PRCP", R"({"reference":"Organization/south"})");
  const Agreed agreed(
      consent_with("{\"type\":\"permit\",\"actor\":[" + south + "]," + tpo() + "}"));
  EXPECT_TRUE(agreed.lets(request_of_fay()));
  EXPECT_FALSE(agreed.lets_with(elsewhere));
  const Agreed refused(consent_with("{\"type\":\"permit\"," + tpo() +
                                    ",\"provision\":[{\"type\":\"deny\",\"actor\":[" + south +
                                    "]}]}"));
  EXPECT_FALSE(refused.lets(request_of_fay()));
  EXPECT_TRUE(refused.lets_with(elsewhere));
}

TEST(Pcf, RelativesAreRefusedByName) {
  // A guardian sees by the guardianship; a consent can take something out of that.
  consent::Request gail = request_of_fay();
  gail.requester = {};
  gail.requester.kind = consent::RequesterKind::guardian;
  gail.requester.did = fixture::id("gail");
  gail.purpose = consent::PurposeOfUse::family_request;
  consent::Facts acts = facts_at_north();
  acts.guardian_acts = true;
  const std::string family = R"("purpose":[{"system":
"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"FAMRQT"}])";
  const Agreed of_gail(consent_with("{\"type\":\"deny\",\"actor\":[" +
                                    recipient("RelatedPerson/gail") + "]," + family + "}"));
  const Agreed of_another(consent_with("{\"type\":\"deny\",\"actor\":[" +
                                       recipient("RelatedPerson/hugo") + "]," + family + "}"));
  EXPECT_FALSE(of_gail.lets(gail, acts));
  EXPECT_TRUE(of_another.lets(gail, acts));
  EXPECT_FALSE(of_another.lets(gail));  // whose office is over
}

TEST(Pcf, ActorsAreNarrowedToARole) {
  const std::string role = R"(,"modifierExtension":[{"url":"urn:xinglin:consent-actor-role",
"valueCoding":{"system":")" +
                           std::string(role_system) + R"(","code":"nurse"}}])";
  const std::string nurses = actor_as("IRCP", R"({"reference":"Organization/south"})", role);
  const auto nurse = [](auto& r) { r.requester.roles = {3}; };
  const Agreed agreed(
      consent_with("{\"type\":\"permit\",\"actor\":[" + nurses + "]," + tpo() + "}"));
  EXPECT_TRUE(agreed.lets_with(nurse));
  EXPECT_FALSE(agreed.lets(request_of_fay()));
  const Agreed refused(consent_with("{\"type\":\"permit\"," + tpo() +
                                    ",\"provision\":[{\"type\":\"deny\",\"actor\":[" + nurses +
                                    "]}]}"));
  EXPECT_FALSE(refused.lets_with(nurse));
  EXPECT_TRUE(refused.lets(request_of_fay()));
}

TEST(Pcf, OptOutsAndOptInsSayWhatTheirProvisionsSay) {
  const auto rule = [](const char* code) {
    return R"(,"policyRule":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":")" +
           std::string(code) + "\"}]}";
  };
  const Agreed out(consent_with("{\"type\":\"deny\"," + tpo() + "}", rule("OPTOUT")));
  EXPECT_FALSE(out.lets(request_of_fay()));
  EXPECT_FALSE(out.lets(request_of_dora(), in_care()));
  const Agreed excepted(consent_with("{\"type\":\"deny\",\"provision\":[{\"type\":\"permit\"," +
                                         tpo() + ",\"actor\":[" + recipient("Organization/south") +
                                         "]}]}",
                                     rule("OPTOUTE")));
  EXPECT_TRUE(excepted.lets(request_of_fay()));
  EXPECT_FALSE(excepted.lets_with([](auto& r) { r.requester.organisation = fixture::id("east"); }));
  const Agreed in(consent_with("{\"type\":\"permit\"," + tpo() + "}", rule("OPTIN")));
  EXPECT_TRUE(in.lets(request_of_fay()));
  EXPECT_FALSE(in.lets_with(research));
}

TEST(Pcf, IntermediateRecords) {
  const std::string o1 =
      "\"data\":[{\"meaning\":\"instance\",\"reference\":{\"reference\":\"Observation/o1\"}},"
      "{\"meaning\":\"instance\",\"reference\":{\"reference\":\"Encounter/v1\"}}]";
  const auto another = [](auto& r) { r.resource.name = "Observation/o2"; };
  const Agreed within(consent_with("{\"type\":\"permit\"," + o1 + "," + tpo() + "}"));
  EXPECT_TRUE(within.lets(request_of_fay()));
  EXPECT_FALSE(within.lets_with(another));
  const Agreed without(consent_with("{\"type\":\"permit\"," + tpo() +
                                    ",\"provision\":[{\"type\":\"deny\"," + o1 + "}]}"));
  EXPECT_FALSE(without.lets(request_of_fay()));
  EXPECT_TRUE(without.lets_with(another));
}

TEST(Pcf, IntermediatePurpose) {
  const Agreed agreed(consent_with(
      "{\"type\":\"permit\",\"actor\":[" + recipient("Organization/south") +
      "],\"purpose\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActReason\",\"code\":"
      "\"HRESCH\"}]}"));
  EXPECT_TRUE(agreed.lets_with(research));
  EXPECT_FALSE(agreed.lets(request_of_fay()));
}

TEST(Pcf, IntermediateForbidsAllButBreakingTheGlass) {
  const Agreed agreed(consent_with(
      "{\"type\":\"deny\",\"provision\":[{\"type\":\"permit\",\"purpose\":[{\"system\":"
      "\"http://terminology.hl7.org/CodeSystem/v3-ActReason\",\"code\":\"BTG\"}]}]}"));
  EXPECT_FALSE(agreed.lets(request_of_fay()));
  EXPECT_FALSE(agreed.lets(request_of_dora(), in_care()));
  consent::Request broken = request_of_fay();
  broken.purpose = consent::PurposeOfUse::break_glass;
  EXPECT_FALSE(agreed.lets(broken));  // nobody declared an emergency
  consent::Facts emergency = facts_at_north();
  emergency.emergency_declared = emergency.emergency_has_reason = emergency.emergency_licensed =
      true;
  EXPECT_TRUE(agreed.lets(broken, emergency));
}

void restricted(consent::Request& r) {
  r.resource.confidentiality = consent::Confidentiality::restricted;
}
void very_restricted(consent::Request& r) {
  r.resource.confidentiality = consent::Confidentiality::very_restricted;
}

TEST(Pcf, AdvancedNormal) {
  for (const std::string& inner :
       {std::string(),
        ",\"provision\":[{\"type\":\"deny\",\"securityLabel\":[" + level("R") + "]}]"}) {
    const Agreed agreed(consent_with("{\"type\":\"permit\",\"securityLabel\":[" + level("N") +
                                     "]," + tpo() + inner + "}"));
    EXPECT_TRUE(agreed.lets(request_of_fay()));
    EXPECT_TRUE(agreed.lets_with(
        [](auto& r) { r.resource.confidentiality = consent::Confidentiality::low; }));
    EXPECT_FALSE(agreed.lets_with(restricted));
    EXPECT_FALSE(agreed.lets_with(very_restricted));
  }
}

TEST(Pcf, AdvancedNormalAndRestricted) {
  const Agreed agreed(consent_with("{\"type\":\"permit\",\"securityLabel\":[" + level("N") + "," +
                                   level("R") + "]," + tpo() + "}"));
  EXPECT_TRUE(agreed.lets(request_of_fay()));
  EXPECT_TRUE(agreed.lets_with(restricted));
  EXPECT_FALSE(agreed.lets_with(very_restricted));
}

TEST(Pcf, AdvancedRestrictedForSomebody) {
  const Agreed agreed(consent_with("{\"type\":\"permit\",\"securityLabel\":[" + level("N") + "]," +
                                   tpo() + ",\"provision\":[{\"type\":\"permit\",\"actor\":[" +
                                   recipient("Practitioner/fay") + "],\"securityLabel\":[" +
                                   level("R") + "]}]}"));
  EXPECT_TRUE(agreed.lets_with(restricted));
  const auto erik = [](auto& r) { r.requester.did = fixture::id("erik"); };
  EXPECT_TRUE(agreed.lets_with(erik));
  EXPECT_FALSE(agreed.lets_with([&](auto& r) {
    erik(r);
    restricted(r);
  }));
  EXPECT_FALSE(agreed.lets_with([](auto& r) {
    restricted(r);
    research(r);  // the inner one has its purposes from the root
  }));
}

TEST(Pcf, AdvancedSensitivitiesForSomebody) {
  const auto about = [](const char* code) {
    return [code](auto& r) {
      restricted(r);
      r.resource.sensitivities = {code};
    };
  };
  for (const char* code : {"ETH", "ETHUD", "OPIOIDUD", "PSY", "SDV", "HIV", "SEX"}) {
    const Agreed agreed(consent_with(
        "{\"type\":\"permit\",\"securityLabel\":[" + level("N") + "]," + tpo() +
        ",\"provision\":[{\"type\":\"permit\",\"actor\":[" + recipient("Practitioner/fay") +
        "],\"securityLabel\":[" + sensitive(code) + "]}]}"));
    EXPECT_TRUE(agreed.lets(request_of_fay())) << code;
    EXPECT_TRUE(agreed.lets_with(about(code))) << code;
    EXPECT_FALSE(agreed.lets_with(about("GDIS"))) << code;
    EXPECT_FALSE(agreed.lets_with([&](auto& r) {
      about(code)(r);
      r.requester.did = fixture::id("erik");
    })) << code;
    EXPECT_FALSE(agreed.lets_with([&](auto& r) {
      about(code)(r);
      r.resource.sensitivities.push_back("GDIS");  // every code must be covered
    })) << code;
  }
  const Agreed eth(consent_with("{\"type\":\"permit\",\"securityLabel\":[" + sensitive("ETH") +
                                "]," + tpo() + "}"));
  EXPECT_TRUE(eth.lets_with(about("OPIOIDUD")));  // included in it
  const Agreed two(consent_with("{\"type\":\"permit\",\"securityLabel\":[" + sensitive("PSY") +
                                "," + sensitive("SDV") + "]," + tpo() + "}"));
  EXPECT_TRUE(two.lets_with(about("PSY")));
  EXPECT_TRUE(two.lets_with(about("SDV")));
  EXPECT_FALSE(two.lets_with(about("HIV")));
  EXPECT_FALSE(two.lets(request_of_fay()));  // about nothing sensitive
}

TEST(Pcf, AllButTheSensitive) {
  const Agreed agreed(consent_with("{\"type\":\"permit\"," + tpo() +
                                   ",\"provision\":[{\"type\":\"deny\",\"securityLabel\":[" +
                                   sensitive("HIV") + "," + sensitive("ETH") + "]}]}"));
  EXPECT_TRUE(agreed.lets(request_of_fay()));
  for (const char* code : {"HIV", "ETH", "ETHUD"}) {
    EXPECT_FALSE(agreed.lets_with([&](auto& r) {
      r.resource.sensitivities = {"PSY", std::string(code)};
    }));
  }
  EXPECT_TRUE(agreed.lets_with([](auto& r) { r.resource.sensitivities = {"PSY"}; }));
}

TEST(Pcf, LevelsAndClassesOfGbt39725) {
  const Agreed levels(consent_with(
      "{\"type\":\"permit\",\"securityLabel\":[{\"system\":\"urn:xinglin:gbt39725:level\",\"code\":"
      "\"4\"}]," +
      tpo() + "}"));
  EXPECT_TRUE(levels.lets_with(restricted));
  EXPECT_FALSE(levels.lets_with(very_restricted));
  const Agreed classes(
      consent_with("{\"type\":\"permit\",\"class\":[{\"system\":\"urn:xinglin:gbt39725:class\","
                   "\"code\":\"2\"}]," +
                   tpo() + "}"));
  EXPECT_TRUE(classes.lets(request_of_fay()));
  EXPECT_FALSE(classes.lets_with([](auto& r) {
    r.resource.classes = {{std::string(consent::resource_types_system), "Claim"}};
  }));
}

TEST(Pcf, ClassesAndCodesMustBothHold) {
  const std::string rule =
      "{\"type\":\"permit\",\"class\":[{\"system\":\"http://hl7.org/fhir/resource-types\",\"code\":"
      "\"Observation\"}],\"code\":[{\"coding\":[{\"system\":\"http://"
      "loinc.org\",\"code\":\"8480-6\""
      "}]}]," +
      tpo() + "}";
  const Agreed agreed(consent_with(rule));
  EXPECT_TRUE(agreed.lets(request_of_fay()));
  EXPECT_FALSE(agreed.lets_with([](auto& r) { r.resource.classes.pop_back(); }));
  EXPECT_FALSE(agreed.lets_with([](auto& r) { r.resource.classes.front().code = "Condition"; }));
}

TEST(Pcf, WhatIsInsideMayHoldForLess) {
  // The refusal of March is an exception for a year only.
  const Agreed agreed(consent_with(
      "{\"type\":\"permit\"," + tpo() +
      ",\"provision\":[{\"type\":\"deny\",\"period\":{\"end\":\"2023-06-12\"},\"dataPeriod\":{"
      "\"start\":\"2022-03\",\"end\":\"2022-03\"}}]}"));
  const auto at = [&](std::uint64_t now_ms) {
    return consent::decide(consent::policies_of(agreed.read().sealed, true, now_ms),
                           request_of_fay(), facts_at_north())
        .permit;
  };
  EXPECT_FALSE(at(today_ms));
  EXPECT_FALSE(at(today_ms + 364 * day));
  EXPECT_TRUE(at(today_ms + 365 * day));
}

TEST(Pcf, TheSentenceSaysItInBothLanguages) {
  const Agreed agreed(consent_with(
      "{\"type\":\"permit\",\"actor\":[" + recipient("Organization/south") +
      "],\"class\":[{\"system\":\"http://hl7.org/fhir/resource-types\",\"code\":\"Observation\"}],"
      "\"securityLabel\":[" +
      level("N") + "]," + tpo() + ",\"provision\":[{\"type\":\"deny\",\"securityLabel\":[" +
      sensitive("HIV") + "]}]}"));
  EXPECT_EQ(sentence_of(agreed.read().sealed, false),
            "Allows The south to read, search results and measurements for treatment, healthcare "
            "payment, healthcare operations, at most of normal confidentiality; except everything, "
            "about HIV. Under: http://example.org/policies/base.txt.");
  EXPECT_EQ(
      sentence_of(agreed.read().sealed, true),
      "允许The south为诊疗、医疗费用支付、医疗运营目的查看、检索检验与测量结果,保密级别最高为“一"
      "般”;例外:全部资料,限涉及艾滋病病毒的资料。依据:http://example.org/policies/base.txt。");
}

}  // namespace
}  // namespace xl::consents
