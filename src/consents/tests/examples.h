// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>

#include "consents/reader.h"
#include "contracts/consent/decide.h"
#include "contracts/tests/fixture.h"
#include "model/id.h"

/// Consents and those who ask, for the tests of this folder.
namespace xl::consents {

namespace consent = contracts::consent;
namespace fixture = contracts::testing;

constexpr std::uint64_t today_ms = 1'655'078'400'000;  // 2022-06-13
constexpr std::uint64_t day = 24ULL * 60 * 60 * 1000;

/// Finds parties by `Type/name`: the DID is made of the name; `PractitionerRole/x` is fay of south.
/// DIDs in identifiers are taken as they are.
inline Result<Party> find_by_name(json::Value reference) {
  const std::string_view type = reference.find("type").as_string().value_or("");
  const auto did =
      model::id_from_did(reference.find("identifier").find("value").as_string().value_or(""));
  if (did.ok()) return Party{*did, std::string(type), ""};
  const std::string text(reference.find("reference").as_string().value_or(""));
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return make_error(ErrorCode::consent_unsupported);
  const std::string name = text.substr(slash + 1);
  if (name == "nobody") return make_error(ErrorCode::consent_unsupported);
  if (text.starts_with("PractitionerRole/")) {
    return Party{fixture::id("fay"), "PractitionerRole", "Dr Fay", fixture::id("south")};
  }
  return Party{fixture::id(name), text.substr(0, slash), "The " + name};
}

inline ReadContext context_of_north() { return {find_by_name, fixture::id("north"), today_ms}; }

/// A Consent around a provision; `more` are further members.
inline std::string consent_with(const std::string& provision, const std::string& more = "") {
  return R"({"resourceType":"Consent","status":"active","scope":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},"category":[{
"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"reference":"Patient/ann"},
"dateTime":"2022-06-13","performer":[{"reference":"Patient/ann"}],"organization":[{"reference":
"Organization/north"}],"sourceReference":{"reference":"DocumentReference/paper"},"policy":[{"uri":
"http://example.org/policies/base.txt"}])" +
         more + ",\"provision\":" + provision + "}";
}

/// Treatment, payment and operations.
inline std::string tpo() {
  return R"("purpose":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"TREAT"
},{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"HPAYMT"},{"system":
"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"HOPERAT"}])";
}

inline std::string level(const std::string& code) {
  return R"({"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":")" + code +
         "\"}";
}
inline std::string sensitive(const std::string& code) {
  return R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":")" + code + "\"}";
}
inline std::string recipient(const std::string& reference) {
  return R"({"role":{"coding":[{"system":
"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{
"reference":")" +
         reference + "\"}}";
}

/// Makes it consent c of ann at north.
inline void seal(consent::SealedPolicy& sealed) {
  sealed.set_version(1);
  sealed.set_consent(fixture::field("c"));
  sealed.set_patient(fixture::field("ann"));
  sealed.set_custodian(fixture::field("north"));
  sealed.set_salt(std::string(32, 's'));
}

/// Fay, a physician of south, asks to read a normal observation of 2022-03-01 that dora of north
/// wrote in visit v1.
inline consent::Request request_of_fay() {
  consent::Request out;
  out.requester.kind = consent::RequesterKind::practitioner;
  out.requester.did = fixture::id("fay");
  out.requester.organisation = fixture::id("south");
  out.requester.roles = {1};
  out.purpose = consent::PurposeOfUse::treatment;
  out.action = consent::Action::read;
  out.resource.classes = {{std::string(consent::resource_types_system), "Observation"},
                          {"http://loinc.org", "8480-6"}};
  out.resource.from_ms = static_cast<std::int64_t>(today_ms - 104 * day);
  out.resource.to_ms = out.resource.from_ms;
  out.resource.author_organisation = fixture::id("north");
  out.resource.author = fixture::id("dora");
  out.resource.name = "Observation/o1";
  out.resource.links = std::vector<std::string>{"Encounter/v1"};
  return out;
}

inline consent::Facts facts_at_north() {
  consent::Facts out;
  out.patient = fixture::id("ann");
  out.custodian = fixture::id("north");
  out.role_attested = true;
  return out;
}

}  // namespace xl::consents
