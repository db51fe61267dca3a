// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: where a custodian requires agreements, nobody from elsewhere reads by a consent alone, and
// an agreement lets through what it covers and no more. Method: a real node with two hospitals,
// asked over HTTP before, during and after an agreement.
#include <set>

#include "client/agreement.h"
#include "node/tests/care.h"

namespace xl::node {
namespace {

using contracts::consent::AgreementTerms;
using testing::Care;
using testing::FhirClient;
using testing::parsed;

class ConsentAgreement : public Care {
 protected:
  void configure(Config& config) const override { config.agreements_required = true; }
  void SetUp() override {
    Care::SetUp();
    south_ = std::make_unique<demo::Persona>(live_->hospital(1));
    ann_ = std::make_unique<demo::Persona>(patient());
    ward_ = std::make_unique<FhirClient>(ward());
  }
  void TearDown() override {
    ward_.reset();
    ann_.reset();
    south_.reset();
    Care::TearDown();
  }

  [[nodiscard]] AgreementTerms terms(
      std::size_t holder = 0, const std::vector<std::string>& types = {"Observation"},
      const std::vector<contracts::consent::PurposeOfUse>& purposes = {
          contracts::consent::PurposeOfUse::treatment}) const {
    AgreementTerms out;
    out.set_holder(client::bytes_of(live_->organisations[holder].bytes));
    out.set_reader(client::bytes_of(live_->organisations[1 - holder].bytes));
    for (const std::string& type : types) {
      auto* one = out.add_classes();
      one->set_system(std::string(contracts::consent::resource_types_system));
      one->set_code(type);
    }
    for (const auto purpose : purposes) out.add_purposes(static_cast<std::uint32_t>(purpose));
    out.set_retention_days(30);
    EXPECT_TRUE(client::complete_terms(out).ok());
    return out;
  }
  static model::Id id_in(const AgreementTerms& terms) {
    return *model::id_from_bytes(view_of(terms.agreement()));
  }
  /// Proposed by North, accepted by South.
  void agree(const AgreementTerms& terms, std::uint64_t end_ms = 0) {
    const auto proposed = client::propose_agreement(*north_->who().session, terms, end_ms);
    ASSERT_TRUE(client::applied(proposed).ok()) << client::applied(proposed).error().text();
    const auto accepted = client::accept_agreement(*south_->session, terms);
    ASSERT_TRUE(client::applied(accepted).ok()) << client::applied(accepted).error().text();
  }
  void end(const AgreementTerms& terms) {
    ASSERT_TRUE(client::applied(client::end_agreement(*south_->session, id_in(terms))).ok());
  }
  unsigned reads(const std::string& name) { return ward_->get(name).status; }
  static client::HttpResponse ask(demo::Persona& who, const model::Id& house,
                                  const std::string& path) {
    auto out = who.session->ask("GET", "/o/" + house.text() + path);
    EXPECT_TRUE(out.ok());
    return std::move(*out);
  }

  std::unique_ptr<demo::Persona> south_, ann_;
  std::unique_ptr<FhirClient> ward_;
};

TEST_F(ConsentAgreement, OpensWithAConsentWhatItCoversWhileItIsInForce) {
  share(*ann_, {"Observation", "Patient"});
  EXPECT_EQ(reads("Observation/o1"), 404U);  // by consent alone
  EXPECT_EQ(total(ward_->get("Observation?patient=p1")), "0");
  const AgreementTerms observations = terms();
  const auto proposed = client::propose_agreement(*north_->who().session, observations, 0);
  ASSERT_TRUE(client::applied(proposed).ok());
  EXPECT_EQ(reads("Observation/o1"), 404U);  // a proposal is none
  ASSERT_TRUE(client::applied(client::accept_agreement(*south_->session, observations)).ok());
  EXPECT_EQ(reads("Observation/o1"), 200U);
  EXPECT_EQ(total(ward_->get("Observation?patient=p1")), "2");
  EXPECT_EQ(reads("Patient/p1"), 404U);  // its class was not agreed
  FhirClient own{patient(), live_->organisations[0]};
  EXPECT_NE(own.get("AuditEvent?patient=p1").body.find("agreement_covers"), std::string::npos);
  end(observations);
  EXPECT_EQ(reads("Observation/o1"), 404U);  // a session that runs is no way around
  EXPECT_EQ(own.get("Observation/o1").status, 200U);
  EXPECT_EQ(north_->get("Observation/o1").status, 200U);
}

TEST_F(ConsentAgreement, OpensNothingWithoutAConsentAndNothingTheOtherWayRound) {
  agree(terms(0, {}));
  EXPECT_EQ(reads("Observation/o1"), 404U);
  const model::Id consent = share(*ann_, {"Observation"});
  EXPECT_EQ(reads("Observation/o1"), 200U);
  EXPECT_FALSE(consent.is_zero());
}

TEST_F(ConsentAgreement, CoversItsPurposesItsReaderAndItsTime) {
  using contracts::consent::PurposeOfUse;
  share(*ann_, {"Observation"});
  agree(terms(0, {"Observation"}, {PurposeOfUse::research}));
  EXPECT_EQ(reads("Observation/o1"), 404U);
  agree(terms(1));  // of what South holds
  EXPECT_EQ(reads("Observation/o1"), 404U);
  agree(terms(), live_->clock.now_ms() + 60'000);
  EXPECT_EQ(reads("Observation/o1"), 200U);
  live_->clock.shift_ms(61'000);
  EXPECT_EQ(reads("Observation/o1"), 404U);
}

/// South of the same node requires agreements, North does not.
class AgreementOfAnother : public ConsentAgreement {
 protected:
  void configure(Config& config) const override {
    config.agreements_required = true;
    config.agreements_by = {live_->second_organisation()};
  }
};

TEST_F(AgreementOfAnother, LeavesThisOneAlone) {
  share(*ann_, {"Observation"});
  EXPECT_EQ(reads("Observation/o1"), 200U);
  EXPECT_FALSE(custodian().agreements().required());
  EXPECT_TRUE(live_->node->custody().find(live_->organisations[1])->agreements().required());
}

TEST_F(ConsentAgreement, IsKnownAfterARestart) {
  share(*ann_, {"Observation"});
  const AgreementTerms agreed = terms();
  agree(agreed);
  ward_.reset();
  ann_.reset();
  south_.reset();
  north_.reset();
  live_->stop();
  live_->start();
  ward_ = std::make_unique<FhirClient>(ward());
  EXPECT_EQ(reads("Observation/o1"), 200U);
}

TEST_F(ConsentAgreement, ARequestOutsideOfItIsRefusedWhenItIsMade) {
  const auto handle = [&] {
    auto made = ann_->session->ask("POST", "/o/" + live_->organisations[0].text() + "/handles",
                                   "application/json", R"({"life_ms":"600000"})");
    EXPECT_TRUE(made.ok());
    return std::string(parsed(*made).root().find("handle").as_string().value_or(""));
  }();
  const auto ask_for = [&](const std::string& type) {
    return ward_->post(
        "Consent",
        R"({"resourceType":"Consent","status":"proposed","scope":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},"category":[{
"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"identifier":{"system":
"urn:xinglin:handle","value":")" +
            handle +
            R"("}},"policy":[{"uri":"http://example.org/policy"}],"extension":[{"url":
"urn:xinglin:consent-request-why","valueString":"to treat"}],"provision":{"type":"permit",
"actor":[{"role":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{
"reference":"Organization/)" +
            live_->organisations[1].text() +
            R"("}}],"purpose":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason",
"code":"TREAT"}],"class":[{"system":"http://hl7.org/fhir/resource-types","code":")" +
            type + R"("}]}})");
  };
  const auto none = ask_for("Observation");
  EXPECT_EQ(none.status, 403U);
  EXPECT_NE(none.body.find("XL3528"), std::string::npos) << none.body;
  agree(terms());
  EXPECT_EQ(ask_for("Observation").status, 201U);
  EXPECT_EQ(ask_for("Condition").status, 403U);
}

TEST_F(ConsentAgreement, IsBroughtByTheHouseItselfWithTheTermsThatWereSigned) {
  const model::Id& north = live_->organisations[0];
  AgreementTerms signed_terms = terms();
  ASSERT_TRUE(
      client::applied(client::propose_agreement(*north_->who().session, signed_terms, 0)).ok());
  AgreementTerms others = signed_terms;
  others.set_onward(true);
  const Status swapped = client::applied(client::accept_agreement(*south_->session, others));
  ASSERT_FALSE(swapped.ok());
  EXPECT_EQ(swapped.error().code, ErrorCode::contract_refused);  // terms_differ
  demo::Persona doctor = live_->doctor(*south_, "surgeon");
  const auto by_doctor =
      doctor.session->ask("POST", "/o/" + live_->organisations[1].text() + "/agreements",
                          "application/json", R"({"sealed":"","transaction":""})");
  EXPECT_EQ(by_doctor->status, 403U);
  // Each house sees its own; patients and others see none.
  EXPECT_NE(ask(doctor, live_->organisations[1], "/agreements").body.find("proposed"),
            std::string::npos);
  EXPECT_EQ(ask(doctor, north, "/agreements").status, 403U);
  EXPECT_EQ(ask(*ann_, north, "/agreements").status, 403U);
  EXPECT_EQ(ask(north_->who(), north, "/agreements/" + patient_did_.text()).status, 404U);
  ASSERT_TRUE(client::applied(client::accept_agreement(*south_->session, signed_terms)).ok());
  const json::Document shown =
      parsed(ask(*south_, live_->organisations[1], "/agreements/" + id_in(signed_terms).text()));
  EXPECT_EQ(shown.root().find("in_force").as_bool(), true);
  EXPECT_EQ(shown.root().find("terms").find("retention_days").number_text(), "30");
  EXPECT_TRUE(shown.root().find("receipt").is_object());
}

TEST_F(ConsentAgreement, IsDisputedAndAnsweredAndLateStaysLate) {
  const model::Id& north = live_->organisations[0];
  const AgreementTerms agreed = terms();
  agree(agreed);
  model::Id dispute;
  ASSERT_TRUE(client::applied(client::dispute_agreement(*north_->who().session, id_in(agreed),
                                                        "it was handed on", dispute))
                  .ok());
  const auto shown = [&] {
    return parsed(ask(north_->who(), north, "/agreements/" + id_in(agreed).text()));
  };
  const json::Document before = shown();
  EXPECT_EQ(before.root().find("disputes").at(0).find("text").as_string(), "it was handed on");
  EXPECT_EQ(before.root().find("disputes").at(0).find("overdue").as_bool(), false);
  const Status own = client::applied(
      client::answer_agreement(*north_->who().session, id_in(agreed), dispute, "no"));
  EXPECT_FALSE(own.ok());  // nobody answers their own
  ASSERT_TRUE(client::applied(client::answer_agreement(*south_->session, id_in(agreed), dispute,
                                                       "it was deleted"))
                  .ok());
  EXPECT_NE(shown().root().find("disputes").at(0).find("answered_ms").as_string(), "0");
  EXPECT_NE(ask(*south_, live_->organisations[1], "/agreements/" + id_in(agreed).text())
                .body.find("it was deleted"),
            std::string::npos);
}

}  // namespace
}  // namespace xl::node
