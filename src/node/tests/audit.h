// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <map>
#include <set>

#include "base/checked.h"
#include "base/json/writer.h"
#include "client/card.h"
#include "client/identity.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"
#include "fhir/validate.h"
#include "node/tests/care.h"
#include "vault/journal.h"

namespace xl::node::testing {

/// The care of Ann, with those who look at who looked.
class AuditCare : public Care {
 protected:
  static constexpr std::size_t npos = std::string::npos;
  FhirClient officer(const std::string& name = "officer", std::size_t hospital = 0) {
    demo::Persona employer = live_->hospital(hospital);
    auto out =
        live_->cast().practitioner(employer, name, contracts::identity::Role::privacy_officer,
                                   contracts::identity::LicenceType::none);
    EXPECT_TRUE(out.ok()) << out.error().text();
    return {std::move(*out), live_->organisations[hospital]};
  }
  /// What the journal holds about Ann, or about all.
  [[nodiscard]] std::uint64_t journalled(bool of_all = false) {
    vault::JournalLook look;
    if (!of_all) look.patients = std::vector{patient_did_};
    const auto out = custodian().stores().journal().count(look);
    EXPECT_TRUE(out.ok());
    return out.ok() ? *out : 0;
  }
  /// A doctor from elsewhere: three reads by Ann's consent, one refusal.
  FhirClient reads_from_elsewhere(demo::Persona& ann) {
    FhirClient doctor = ward();
    share(ann, {"Observation"});
    EXPECT_EQ(doctor.get("Observation/o1").status, 200U);
    EXPECT_EQ(total(doctor.get("Observation?patient=p1")), "2");
    EXPECT_EQ(doctor.get("Patient/p1").status, 404U);
    return doctor;
  }
  /// A client of Ann's for the FHIR server.
  FhirClient own(demo::Persona ann) { return {std::move(ann), live_->organisations[0]}; }

  /// Somebody whom the hospital appoints to consent for Ann.
  demo::Persona guardian(const std::string& name = "mother") {
    client::Identity who =
        client::make_identity(name, contracts::PartyKind::guardian, live_->organisations[0]);
    auto& session = *north_->who().session;
    const auto genesis = session.genesis();
    EXPECT_TRUE(genesis.ok());
    xinglin::identity::v1::AppointGuardian message;
    message.set_ward(client::bytes_of(patient_did_.bytes));
    message.set_guardian(client::bytes_of(who.did.bytes));
    message.set_powers(contracts::identity::power_consent);
    message.set_until_ms(live_->clock.now_ms() + 86'400'000);
    message.set_evidence(client::bytes_of(client::committed("birth certificate")));
    client::fill_new_key(client::make_card(who, (*genesis)->network), *message.add_keys());
    const auto sent = session.submit(contracts::identity::contract_number,
                                     contracts::identity::appoint_guardian_type, message);
    EXPECT_TRUE(client::applied(sent).ok()) << client::applied(sent).error().text();
    demo::Persona out{
        name, std::make_unique<client::Session>(
                  client::NodeAddress{"127.0.0.1", std::to_string(live_->node->port())}, who,
                  live_->clock)};
    EXPECT_TRUE(out.session->sign_in(live_->organisations[0], {}).ok());
    return out;
  }

  /// Reads every page of a search: the resources in order, each page's total the same.
  struct Found {
    std::vector<std::string> names;  ///< Type/id
    std::vector<std::string> bodies;
    std::uint64_t total = 0;
    std::size_t pages = 0;
  };
  static Found all_pages(FhirClient& who, const std::string& path) {
    Found out;
    std::string next = path;
    while (!next.empty() && out.pages < 1000) {
      const auto answer = who.get(next);
      EXPECT_EQ(answer.status, 200U) << next << " " << answer.body.substr(0, 600);
      if (answer.status != 200) return out;
      const json::Document page = parsed(answer);
      std::uint64_t total = 0;
      EXPECT_TRUE(parse_decimal(page.root().find("total").number_text().value_or(""), total));
      EXPECT_TRUE(out.pages == 0 || total == out.total) << next;
      out.total = total;
      ++out.pages;
      for (const json::Value entry : page.root().find("entry").items()) {
        const json::Value resource = entry.find("resource");
        out.names.push_back(std::string(resource.find("resourceType").as_string().value_or("")) +
                            "/" + std::string(resource.find("id").as_string().value_or("")));
        out.bodies.push_back(json::write(resource));
      }
      next.clear();
      for (const json::Value link : page.root().find("link").items()) {
        if (link.find("relation").as_string() != "next") continue;
        const std::string url(link.find("url").as_string().value_or(""));
        const std::size_t at = url.find(who.base());
        EXPECT_NE(at, std::string::npos) << url;
        next = url.substr(at + who.base().size());
      }
    }
    return out;
  }
  static void expect_valid(const std::string& resource) {
    json::Limits bounds;
    bounds.bytes_max = resource.size() + 1;
    const auto document = json::parse(resource, bounds);
    ASSERT_TRUE(document.ok());
    for (const auto& issue : xl::fhir::validate(document->root())) {
      ADD_FAILURE() << issue.expression << ": " << issue.diagnostics << "\n" << resource;
    }
  }
};

}  // namespace xl::node::testing
