// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/consent_parties.h"

#include "consents/codes.h"
#include "contracts/identity/view.h"
#include "gateway/fhir/own.h"
#include "gateway/fhir/page.h"
#include "gateway/fhir/scope.h"
#include "model/limits.h"

namespace xl::gateway::fhir {

namespace identity = contracts::identity;
using contracts::PartyKind;

namespace {

Error nobody() { return make_error(ErrorCode::consent_unsupported); }

std::string_view type_of_kind(PartyKind kind) {
  switch (kind) {
    case PartyKind::organisation:
      return "Organization";
    case PartyKind::practitioner:
      return "Practitioner";
    case PartyKind::guardian:
      return "RelatedPerson";
    case PartyKind::patient:
      return "Patient";
    case PartyKind::service:
      break;
  }
  return {};
}

/// The DID among the identifiers of a resource.
std::optional<model::Id> did_among(json::Value identifiers) {
  for (const json::Value one : identifiers.items()) {
    if (one.find("system").as_string() != consents::uri_system) continue;
    const auto did = model::id_from_did(one.find("value").as_string().value_or(""));
    if (did.ok()) return *did;
  }
  return std::nullopt;
}

/// How a person is called: `text`, else given names and family name.
std::string person_name(json::Value names) {
  const json::Value first = names.at(0);
  std::string out(first.find("text").as_string().value_or(""));
  if (!out.empty()) return out;
  for (const json::Value given : first.find("given").items()) {
    out += std::string(given.as_string().value_or("")) + " ";
  }
  return out + std::string(first.find("family").as_string().value_or(""));
}

/// A current record of the directory.
struct Found {
  query::RecordEntry entry;
  json::Document document;
};
Result<std::optional<Found>> in_directory(const Call& call, std::string_view type,
                                          std::string_view id) {
  XL_TRY_ASSIGN(const auto current, call.organisation.records().current(type, id));
  const bool open =
      current && !current->deleted && current->patient == call.organisation.stores().directory();
  if (!open) return std::optional<Found>{};
  XL_TRY_ASSIGN(const custody::OpenedRecord opened, call.organisation.records().open(*current));
  json::Limits bounds;
  bounds.bytes_max = limits::record_bytes_max;
  XL_TRY_ASSIGN(json::Document document, json::parse(opened.content, bounds));
  return std::optional(Found{*current, std::move(document)});
}

/// Whom the ledger knows by this DID, called as the directory calls people.
Result<consents::Party> by_did(const Call& call, const model::Id& did) {
  const auto party = identity::find_party(*call.services.ledger.state(), did);
  if (!party) return nobody();
  const auto kind = static_cast<PartyKind>(party->kind());
  consents::Party out{did, std::string(type_of_kind(kind)), party->name()};
  if (out.type.empty()) return nobody();
  if (kind == PartyKind::practitioner) {
    XL_TRY_ASSIGN(const auto found, in_directory(call, out.type, did.text()));
    if (found) out.name = person_name(found->document.root().find("name"));
  }
  return out;
}

Result<consents::Party> by_record(const Call& call, const std::string& name,
                                  const model::Id& patient) {
  const std::size_t slash = name.find('/');
  const std::string type = name.substr(0, slash);
  const std::string id = name.substr(slash + 1);
  const auto did = model::id_from_did(std::string(model::did_prefix) + id);
  if (did.ok() && type != "CareTeam") {
    auto party = by_did(call, *did);
    if (party.ok() && party->type == type) return party;
  }
  if (type == "CareTeam") {  // it is about a patient, and named by whom it treats
    XL_TRY_ASSIGN(const auto current, call.organisation.records().current(type, id));
    const bool there = current && !current->deleted && current->patient == patient;
    if (!there) return nobody();  // another patient's is as if it were not there
    XL_TRY_ASSIGN(const custody::OpenedRecord opened, call.organisation.records().open(*current));
    json::Limits bounds;
    bounds.bytes_max = limits::record_bytes_max;
    XL_TRY_ASSIGN(const json::Document team, json::parse(opened.content, bounds));
    const auto called = team.root().find("name").as_string();
    return consents::Party{current->record, type, std::string(called.value_or(""))};
  }
  XL_TRY_ASSIGN(const auto found, in_directory(call, type, id));
  if (!found) return nobody();
  const json::Value root = found->document.root();
  const auto named = did_among(root.find("identifier"));
  if (!named) return nobody();
  XL_TRY_ASSIGN(consents::Party party, by_did(call, *named));
  if (party.type != type) return nobody();
  if (type == "Practitioner") party.name = person_name(root.find("name"));
  return party;
}

/// A person in what somebody does for an organisation.
Result<consents::Party> by_role(const Call& call, const std::string& id, const model::Id& patient) {
  XL_TRY_ASSIGN(const auto found, in_directory(call, "PractitionerRole", id));
  if (!found) return nobody();
  const json::Value root = found->document.root();
  XL_TRY_ASSIGN(consents::Party person, find_party(call, root.find("practitioner"), patient));
  XL_TRY_ASSIGN(const consents::Party house, find_party(call, root.find("organization"), patient));
  if (person.type != "Practitioner" || house.type != "Organization") return nobody();
  person.type = "PractitionerRole";
  person.organisation = house.did;
  return person;
}

}  // namespace

Result<consents::Party> find_party(const Call& call, json::Value reference,
                                   const model::Id& patient) {
  const json::Value identifier = reference.find("identifier");
  const std::string name =
      own_record(own_names(call), reference.find("reference").as_string().value_or(""));
  if (name.empty()) {
    const auto did = model::id_from_did(identifier.find("value").as_string().value_or(""));
    const bool by_uri = identifier.find("system").as_string() == consents::uri_system;
    if (!by_uri || !did.ok()) return nobody();
    const std::string_view type = reference.find("type").as_string().value_or("");
    if (type == "CareTeam") return consents::Party{*did, std::string(type), {}};
    return by_did(call, *did);
  }
  constexpr std::string_view role = "PractitionerRole/";
  if (name.starts_with(role)) return by_role(call, name.substr(role.size()), patient);
  return by_record(call, name, patient);
}

namespace {

/// The patient whom a Consent names; nothing for nobody of this organisation.
Result<std::optional<model::Id>> patient_meant(const Call& call, json::Value reference) {
  const std::string name =
      own_record(own_names(call), reference.find("reference").as_string().value_or(""));
  if (!name.empty()) {
    const std::size_t slash = name.find('/');
    XL_TRY_ASSIGN(const auto current, call.organisation.records().current(name.substr(0, slash),
                                                                          name.substr(slash + 1)));
    const bool there = current && !current->deleted && current->type == "Patient";
    return there ? std::optional(current->patient) : std::nullopt;
  }
  const auto did =
      model::id_from_did(reference.find("identifier").find("value").as_string().value_or(""));
  if (!did.ok()) return std::optional<model::Id>();
  const auto party = identity::find_party(*call.services.ledger.state(), *did);
  const bool ours = party && static_cast<PartyKind>(party->kind()) == PartyKind::patient &&
                    identity::custodian_of(*party) == call.organisation.did();
  return ours ? std::optional(*did) : std::nullopt;
}

/// May whoever asks know that this patient is here, to write down what the patient agrees to?
Result<bool> may_speak_of(const Call& call, const model::Id& patient) {
  const auto only = only_patient_of(call);
  if (only && *only != patient) return false;
  if (is_of_the_house(call)) return true;
  const custody::Principal& who = call.principal;
  if (who.kind == PartyKind::patient) return who.did == patient;
  if (who.kind != PartyKind::guardian) return false;
  XL_TRY_ASSIGN(const custody::LedgerView view, custody::look(call.services.custody.port()));
  return identity::guardian_acts(*view.state, who.did, patient, identity::power_consent,
                                 view.now_ms);
}

}  // namespace

Result<model::Id> find_patient(const Call& call, json::Value reference) {
  constexpr std::string_view place = "Consent.patient";
  XL_TRY_ASSIGN(const auto meant, patient_meant(call, reference));
  if (!meant) return make_error(ErrorCode::fhir_patient_unknown, place);
  XL_TRY_ASSIGN(const bool may, may_speak_of(call, *meant));
  if (!may) return make_error(ErrorCode::fhir_patient_unknown, place);
  return *meant;
}

}  // namespace xl::gateway::fhir
