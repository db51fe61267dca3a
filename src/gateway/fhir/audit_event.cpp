// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/audit_event.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/checked.h"
#include "base/json/writer.h"
#include "contracts/access/view.h"
#include "contracts/consent/codes.h"
#include "contracts/identity/view.h"
#include "gateway/fhir/audit_words.h"
#include "gateway/fhir/reply.h"

namespace xl::gateway::fhir {

namespace consent = contracts::consent;
namespace identity = contracts::identity;
using contracts::PartyKind;
using custody::LoggedAccess;

namespace {

constexpr std::string_view balp = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/";
constexpr std::string_view absent = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
constexpr std::string_view did_system = "urn:ietf:rfc:3986";

/// How an action of the journal is told.
struct Interaction {
  std::string_view action;   ///< as journalled
  std::string_view code;     ///< http://hl7.org/fhir/restful-interaction
  char letter;               ///< AuditEvent.action
  std::string_view profile;  ///< of BALP, when it went well; empty: it has none
};
constexpr auto interactions = std::to_array<Interaction>({
    {"read", "read", 'R', "IHE.BasicAudit.PatientRead"},
    {"vread", "vread", 'R', "IHE.BasicAudit.PatientRead"},
    {"fetch", "read", 'R', "IHE.BasicAudit.PatientRead"},  // by another member's node
    {"search", "search", 'E', "IHE.BasicAudit.PatientQuery"},
    {"create", "create", 'C', "IHE.BasicAudit.PatientCreate"},
    {"update", "update", 'U', "IHE.BasicAudit.PatientUpdate"},
    {"delete", "delete", 'D', "IHE.BasicAudit.PatientDelete"},
    {custody::erase_action, "delete", 'D', "IHE.BasicAudit.PatientDelete"},
    {"history", "history", 'R', ""},
});
constexpr Interaction any_operation{"", "operation", 'E', ""};  // `$everything`, `$match`, proofs

const Interaction& interaction_of(const LoggedAccess& access) {
  const auto found = std::ranges::find(interactions, access.entry.action, &Interaction::action);
  return found == interactions.end() ? any_operation : *found;
}

/// What kind of event an entry is.
enum class Event { rest, disclosure, refusal, log_used, override_started, override_stopped };

Event event_of(const LoggedAccess& access, const model::Id& custodian) {
  if (access.entry.decision != model::JournalDecision::permitted) return Event::refusal;
  if (access.entry.action == custody::log_action) return Event::log_used;
  if (access.entry.action == contracts::access::glass_mended_action) return Event::override_stopped;
  if (contracts::access::is_glass_action(access.entry.action)) return Event::override_started;
  const bool left = access.entry.organisation != custodian && access.record.has_value();
  return left ? Event::disclosure : Event::rest;
}

bool is_write(const Interaction& one) {
  return one.letter == 'C' || one.letter == 'U' || one.letter == 'D';
}

void write_coding(json::Writer& out, const Code& code) {
  out.begin_object().key("system").string(code.system).key("code").string(code.code);
  if (!code.display.empty()) out.key("display").string(code.display);
  out.end_object();
}

void write_concept(json::Writer& out, const Code& code, std::string_view text = {}) {
  out.begin_object().key("coding").begin_array();
  write_coding(out, code);
  out.end_array();
  if (!text.empty()) out.key("text").string(text);
  out.end_object();
}

void write_identifier(json::Writer& out, std::string_view system, std::string_view value) {
  out.key("identifier").begin_object().key("system").string(system);
  out.key("value").string(value).end_object();
}

void write_absent(json::Writer& out, std::string_view why) {
  out.begin_object().key("extension").begin_array().begin_object();
  out.key("url").string(absent).key("valueCode").string(why);
  out.end_object().end_array().end_object();
}

std::string_view purpose_words(std::string_view code) {
  for (const consent::PurposeInfo& info : consent::purpose_infos()) {
    if (info.code == code) return info.en;
  }
  return {};
}

}  // namespace

bool is_view_id(std::string_view type, std::string_view id) {
  return (type == "AuditEvent" || type == "Provenance") && id.starts_with(view_id_mark);
}

std::uint64_t sequence_of_view(std::string_view id) {
  std::uint64_t out = 0;
  if (!id.starts_with(view_id_mark)) return 0;
  const std::string_view digits = id.substr(view_id_mark.size());
  return parse_decimal(digits, out) && std::to_string(out) == digits ? out : 0;
}

/// What was looked up for the request.
struct AuditWriter::Known {
  std::unique_ptr<model::StateReader> state;
  std::map<model::Id, std::optional<xinglin::identity::v1::PartyRecord>> parties;
  std::map<model::Id, std::string> patients;  ///< their FHIR ids; empty: none
  std::optional<vault::JournalBatch> batch;   ///< the last one looked at

  const std::optional<xinglin::identity::v1::PartyRecord>& party(const model::Id& did) {
    const auto found = parties.find(did);
    if (found != parties.end()) return found->second;
    return parties.emplace(did, identity::find_party(*state, did)).first->second;
  }
  Result<std::string> patient(const Call& call, const model::Id& did) {
    const auto found = patients.find(did);
    if (found != patients.end()) return found->second;
    query::Query wanted;
    wanted.type = "Patient";
    wanted.allowed.patients = std::vector{did};
    wanted.total = query::Total::none;
    wanted.count = 1;
    XL_TRY_ASSIGN(const auto page, call.organisation.stores().index().search(wanted));
    std::string id = page.entries.empty() ? std::string() : page.entries.front().id;
    return patients.emplace(did, std::move(id)).first->second;
  }
  /// Where an entry is anchored; nothing: not yet.
  Result<std::optional<vault::JournalBatch>> anchored(const vault::Journal& journal,
                                                      std::uint64_t sequence) {
    const bool known =
        batch && batch->root.first_sequence <= sequence && sequence <= batch->root.last_sequence;
    if (!known) {
      auto found = journal.batch_of(sequence);
      const bool waits = !found.ok() && found.error().code == ErrorCode::journal_not_sealed;
      if (waits) return std::optional<vault::JournalBatch>();
      if (!found.ok()) return found.error();
      batch = std::move(*found);
    }
    return batch->anchored_ms ? batch : std::nullopt;
  }
};

/// One resource while it is written.
class AuditWriter::Resource {
 public:
  Resource(const Call& call, Known& known, const LoggedAccess& access, AuditFields fields)
      : call_(call),
        known_(known),
        access_(access),
        limited_(fields == AuditFields::limited),
        how_(interaction_of(access)),
        event_(event_of(access, call.organisation.did())) {}

  Result<std::string> take() {
    if (!limited_ && !access_.entry.patient.is_zero()) {
      XL_TRY_ASSIGN(patient_id_, known_.patient(call_, access_.entry.patient));
    }
    out_.begin_object().key("resourceType").string("AuditEvent");
    out_.key("id").string(std::string(view_id_mark) + std::to_string(access_.sequence));
    write_meta();
    XL_TRY(write_extensions());
    write_kind();
    out_.key("recorded").string(instant_text(access_.entry.time_ms));
    write_outcome();
    if (!access_.entry.purpose.empty()) {
      out_.key("purposeOfEvent").begin_array();
      write_concept(out_, act_reason(access_.entry.purpose), purpose_words(access_.entry.purpose));
      out_.end_array();
    }
    write_agents();
    write_source();
    write_entities();
    out_.end_object();
    return out_.take();
  }

 private:
  [[nodiscard]] bool about_many() const { return !access_.query.empty(); }

  [[nodiscard]] std::string profile() const {
    if (event_ == Event::disclosure) return "IHE.BasicAudit.PrivacyDisclosure.Source";
    if (event_ != Event::rest) return {};
    if (access_.entry.outcome != model::JournalOutcome::served) return {};
    if (about_many() && how_.code == "search") return "IHE.BasicAudit.Query";
    const bool whole = access_.record && !access_.entry.patient.is_zero();
    return whole ? std::string(how_.profile) : std::string();
  }

  void write_meta() {
    out_.key("meta").begin_object().key("versionId").string("1");
    out_.key("lastUpdated").string(instant_text(access_.entry.time_ms));
    const std::string follows = profile();
    if (!follows.empty()) {
      out_.key("profile").begin_array().string(std::string(balp) + follows).end_array();
    }
    out_.end_object();
  }

  /// Where the entry stands on the ledger, and how to prove it.
  Status write_extensions() {
    XL_TRY_ASSIGN(const auto batch,
                  known_.anchored(call_.organisation.stores().journal(), access_.sequence));
    const std::string node = base_url(call_.services, call_.request);
    const auto part = [&](std::string_view url, std::string_view type, const std::string& value) {
      out_.begin_object().key("url").string(url).key(type).string(value).end_object();
    };
    out_.key("extension").begin_array().begin_object().key("url").string(ledger_extension);
    out_.key("extension").begin_array();
    part("sequence", "valueString", std::to_string(access_.sequence));
    if (batch) {
      part("root", "valueString", to_hex(batch->root.root));
      part("anchored", "valueInstant", instant_text(*batch->anchored_ms));
      part("transaction", "valueString", to_hex(batch->transaction));
      part("receipt", "valueUrl", node + "/ledger/v1/receipts/" + to_hex(batch->transaction));
      part("proof", "valueUrl",
           node + "/o/" + call_.organisation.did().text() + "/access-log/" +
               std::to_string(access_.sequence) + "/proof");
    }
    out_.end_array().end_object();
    for (const std::uint32_t reason : access_.reasons) {
      for (const consent::ReasonInfo& info : consent::reason_infos()) {
        if (static_cast<std::uint32_t>(info.reason) != reason) continue;
        part(reason_extension, "valueCode", std::string(info.name));
      }
    }
    if (access_.by_machine) {
      out_.begin_object().key("url").string(machine_extension).key("valueBoolean").boolean(true);
      out_.end_object();
    }
    out_.end_array();
    return {};
  }

  /// Type, subtype and action.
  void write_kind() {
    const Code interaction{"http://hl7.org/fhir/restful-interaction", how_.code, how_.code};
    std::vector<Code> subtypes{interaction};
    Code type{"http://terminology.hl7.org/CodeSystem/audit-event-type", "rest",
              "RESTful Operation"};
    char letter = how_.letter;
    if (event_ == Event::disclosure) {
      type = dicom("110106", "Export");
      subtypes.insert(subtypes.begin(),
                      {"http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", "disclose",
                       "Disclose Record Lifecycle Event"});
      letter = 'R';
    } else if (event_ == Event::refusal) {
      type = dicom("110113", "Security Alert");
      subtypes.insert(subtypes.begin(),
                      {"https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType", "AuthZ-Consent",
                       "Authorization Decision using Roles and Consent"});
      letter = 'E';
    } else if (event_ == Event::override_started || event_ == Event::override_stopped) {
      type = dicom("110113", "Security Alert");
      subtypes.insert(subtypes.begin(), event_ == Event::override_started
                                            ? dicom("110127", "Emergency Override Started")
                                            : dicom("110138", "Emergency Override Stopped"));
      letter = 'E';
    } else if (event_ == Event::log_used) {
      type = dicom("110101", "Audit Log Used");
      letter = 'R';
    }
    out_.key("type");
    write_coding(out_, type);
    out_.key("subtype").begin_array();
    for (const Code& one : subtypes) write_coding(out_, one);
    out_.end_array().key("action").string(std::string(1, letter));
  }

  void write_outcome() {
    const bool well =
        event_ != Event::refusal && access_.entry.outcome == model::JournalOutcome::served;
    out_.key("outcome").string(well ? "0" : "8");
    std::string why;
    for (const consent::ReasonInfo& info : consent::reason_infos()) {
      const auto number = static_cast<std::uint32_t>(info.reason);
      if (std::ranges::find(access_.reasons, number) == access_.reasons.end()) continue;
      why += (why.empty() ? "" : " ") + std::string(info.en);
    }
    if (why.empty() && !limited_) why = access_.entry.reason;
    if (!why.empty()) out_.key("outcomeDesc").string(why);
  }

  void write_party(const model::Id& did, std::string_view type, std::string_view name) {
    out_.begin_object();
    if (type == "Patient" && did == access_.entry.patient && !patient_id_.empty()) {
      out_.key("reference").string("Patient/" + patient_id_);
    } else if (type == "Practitioner") {
      out_.key("reference").string("Practitioner/" + did.text());  // as encounters name them
    }
    if (!type.empty()) out_.key("type").string(type);
    write_identifier(out_, did_system, model::did_text(did));
    if (!name.empty()) out_.key("display").string(name);
    out_.end_object();
  }

  void write_organisation(const model::Id& did) {
    const auto& party = known_.party(did);
    write_party(did, "Organization", party ? party->name() : std::string());
  }

  [[nodiscard]] static std::string_view type_of(
      const std::optional<xinglin::identity::v1::PartyRecord>& party) {
    if (!party) return {};
    switch (static_cast<PartyKind>(party->kind())) {
      case PartyKind::patient:
        return "Patient";
      case PartyKind::guardian:
        return "RelatedPerson";
      case PartyKind::practitioner:
        return "Practitioner";
      case PartyKind::organisation:
        return "Organization";
      case PartyKind::service:
        break;
    }
    return "Device";
  }

  void write_user() {
    out_.begin_object().key("type");
    write_concept(out_, is_write(how_) && event_ == Event::rest
                            ? Code{participation_system, "AUT", "author (originator)"}
                            : Code{participation_system, "IRCP", "information recipient"});
    if (!access_.roles.empty()) {
      out_.key("role").begin_array();
      for (const std::uint32_t role : access_.roles) {
        write_concept(out_, {role_system, role_code(role), {}});
      }
      out_.end_array();
    }
    out_.key("who");
    write_party(access_.entry.actor, type_of(known_.party(access_.entry.actor)), {});
    if (!limited_ && !access_.stated.empty()) out_.key("name").string(access_.stated);
    out_.key("requestor").boolean(true);
    if (!access_.entry.purpose.empty()) {
      out_.key("purposeOfUse").begin_array();
      write_concept(out_, act_reason(access_.entry.purpose));
      out_.end_array();
    }
    out_.end_object();
  }

  /// The program that asked: an app by its name, else the key that had signed in. Its network
  /// address is not journalled.
  void write_client(const Code& type) {
    out_.begin_object().key("type");
    write_concept(out_, type);
    out_.key("who").begin_object();
    if (!access_.app.empty()) {
      write_identifier(out_, app_system, access_.app);
    } else if (access_.key) {
      write_identifier(out_, key_system, to_hex(*access_.key));
    } else {
      out_.key("display").string("unknown");
    }
    out_.end_object().key("requestor").boolean(access_.by_machine);
    out_.key("network");
    write_absent(out_, "unsupported");
    out_.end_object();
  }

  void write_server(const Code& type) {
    out_.begin_object().key("type");
    write_concept(out_, type);
    out_.key("who");
    write_organisation(call_.organisation.did());
    out_.key("requestor").boolean(false).key("network").begin_object();
    out_.key("address").string(call_.base).key("type").string("5").end_object().end_object();
  }

  void write_users_organisation() {
    out_.begin_object();
    const auto& party = known_.party(access_.entry.organisation);
    if (party && is_provider(party->organisation_type())) {
      out_.key("type");
      write_concept(out_, {"http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV",
                           "healthcare provider"});
    }
    out_.key("who");
    write_organisation(access_.entry.organisation);
    out_.key("requestor").boolean(false).end_object();
  }

  /// Who received what left the house: the organisation, on whose word it left.
  void write_recipient() {
    out_.begin_object().key("type");
    write_concept(out_, dicom("110152", "Destination Role ID"));
    out_.key("who");
    write_organisation(access_.entry.organisation);
    out_.key("requestor").boolean(false).key("network");
    write_absent(out_, "unsupported");
    out_.end_object();
  }

  void write_agents() {
    const Code source = dicom("110153", "Source Role ID");
    const Code destination = dicom("110152", "Destination Role ID");
    const Code application = dicom("110150", "Application");
    out_.key("agent").begin_array();
    if (!access_.entry.actor.is_zero() && !access_.by_machine) write_user();
    if (event_ == Event::disclosure) {
      write_client(application);
      write_server(source);
      write_recipient();
    } else if (event_ == Event::rest && how_.letter == 'D') {
      write_client(application);
      write_server({"http://terminology.hl7.org/CodeSystem/provenance-participant-type",
                    "custodian", "Custodian"});
      write_users_organisation();
    } else {
      // What is read flows to the client, what is asked or written from it.
      const bool to_client = event_ == Event::rest && how_.letter == 'R';
      write_client(event_ == Event::refusal ? application : to_client ? destination : source);
      write_server(to_client ? source : destination);
      write_users_organisation();
    }
    out_.end_array();
  }

  void write_source() {
    out_.key("source").begin_object().key("site").string(call_.organisation.name());
    out_.key("observer");
    write_organisation(call_.organisation.did());
    out_.key("type").begin_array();
    write_coding(out_, {"http://terminology.hl7.org/CodeSystem/security-source-type", "4",
                        "Application Server"});
    out_.end_array().end_object();
  }

  void write_record(const Code& type) {
    out_.begin_object().key("what").begin_object();
    if (!access_.type.empty() && !limited_) {
      out_.key("reference").string(custody::subject_text(access_));
    } else {  // erased since, or not for these eyes: no more than its name on the ledger
      if (!access_.type.empty()) out_.key("type").string(access_.type);
      write_identifier(out_, record_system,
                       access_.record->text() + "/" + std::to_string(access_.version));
    }
    out_.end_object().key("type");
    write_coding(out_, type);
    out_.key("role");
    write_coding(out_, object_role("4", "Domain Resource"));
    out_.end_object();
  }

  void write_query() {
    out_.begin_object().key("type");
    write_coding(out_, entity_type("2", "System Object"));
    out_.key("role");
    write_coding(out_, object_role("24", "Query"));
    if (about_many() && !limited_) {
      out_.key("query").string(to_base64(view_of(access_.query)));
    } else {  // it may name others than this patient: it is kept with the look at many patients
      out_.key("_query");
      write_absent(out_, access_.cohort || limited_ ? "masked" : "unsupported");
    }
    out_.end_object();
  }

  void write_named(const Code& type, std::string_view reference_type, std::string_view system,
                   const model::Id& id) {
    out_.begin_object().key("what").begin_object();
    if (!reference_type.empty()) out_.key("type").string(reference_type);
    write_identifier(out_, system, id.text());
    out_.end_object().key("type");
    write_coding(out_, type);
    out_.end_object();
  }

  void write_entities() {
    const bool searched = how_.code == "search" && event_ == Event::rest;
    const bool any = !access_.entry.patient.is_zero() || access_.record || searched ||
                     !access_.consents.empty() || !access_.entry.session.is_zero();
    if (!any) return;
    out_.key("entity").begin_array();
    if (!access_.entry.patient.is_zero()) {
      out_.begin_object().key("what");
      write_party(access_.entry.patient, "Patient", {});
      out_.key("type");
      write_coding(out_, entity_type("1", "Person"));
      out_.key("role");
      write_coding(out_, object_role("1", "Patient"));
      out_.end_object();
    }
    if (searched) write_query();
    if (access_.record) {
      // Of a search the System Object is its query.
      const bool typed = searched && !access_.type.empty();
      write_record(typed      ? Code{resource_types, access_.type, access_.type}
                   : searched ? Code{audit_entity_system, "record", {}}
                              : entity_type("2", "System Object"));
    }
    for (const model::Id& one : access_.consents) {
      write_named({resource_types, "Consent", "Consent"}, "Consent", consent_system, one);
    }
    if (!access_.entry.session.is_zero()) {
      const std::string_view code = access_.emergency ? "emergency"
                                    : access_.cohort  ? "cohort"
                                                      : "session";
      write_named({audit_entity_system, code, {}}, {}, entry_system, access_.entry.session);
    }
    out_.end_array();
  }

  const Call& call_;
  Known& known_;
  const LoggedAccess& access_;
  bool limited_;
  const Interaction& how_;
  Event event_;
  std::string patient_id_;
  json::Writer out_;
};

AuditWriter::AuditWriter(const Call& call, AuditFields fields)
    : call_(call), fields_(fields), known_(std::make_unique<Known>()) {
  known_->state = call.services.ledger.state();
}
AuditWriter::~AuditWriter() = default;

Result<std::string> AuditWriter::write(const LoggedAccess& access) {
  return Resource(call_, *known_, access, fields_).take();
}

}  // namespace xl::gateway::fhir
