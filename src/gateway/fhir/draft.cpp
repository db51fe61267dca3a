// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/fhir/draft.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/json/writer.h"
#include "contracts/identity/view.h"
#include "custody/consents.h"
#include "fhir/compartment.h"
#include "fhir/definitions.h"
#include "fhir/labels.h"
#include "fhir/references.h"
#include "fhir/summary.h"
#include "gateway/fhir/audit_event.h"
#include "gateway/fhir/consent.h"
#include "gateway/fhir/merge.h"
#include "gateway/fhir/own.h"
#include "gateway/fhir/read.h"
#include "gateway/fhir/reply.h"
#include "gateway/fhir/scope.h"
#include "model/limits.h"
#include "query/fhir_terms.h"

namespace xl::gateway::fhir {

using contracts::PartyKind;

namespace {

/// What is about institutions, staff, products and definitions, never about a patient: everyone who
/// signed in may know it. Anything else that names no patient stays inside the organisation.
constexpr auto directory_types = std::to_array<std::string_view>({"ActivityDefinition",
                                                                  "CapabilityStatement",
                                                                  "ChargeItemDefinition",
                                                                  "CodeSystem",
                                                                  "CompartmentDefinition",
                                                                  "ConceptMap",
                                                                  "DeviceDefinition",
                                                                  "Endpoint",
                                                                  "EventDefinition",
                                                                  "ExampleScenario",
                                                                  "GraphDefinition",
                                                                  "HealthcareService",
                                                                  "ImplementationGuide",
                                                                  "InsurancePlan",
                                                                  "Library",
                                                                  "Location",
                                                                  "Measure",
                                                                  "Medication",
                                                                  "MedicationKnowledge",
                                                                  "MessageDefinition",
                                                                  "NamingSystem",
                                                                  "ObservationDefinition",
                                                                  "OperationDefinition",
                                                                  "Organization",
                                                                  "OrganizationAffiliation",
                                                                  "PlanDefinition",
                                                                  "Practitioner",
                                                                  "PractitionerRole",
                                                                  "Questionnaire",
                                                                  "ResearchDefinition",
                                                                  "SearchParameter",
                                                                  "SpecimenDefinition",
                                                                  "StructureDefinition",
                                                                  "StructureMap",
                                                                  "Substance",
                                                                  "TerminologyCapabilities",
                                                                  "TestReport",
                                                                  "TestScript",
                                                                  "ValueSet"});
static_assert(std::is_sorted(directory_types.begin(), directory_types.end()));

}  // namespace

bool is_directory_type(std::string_view type) {
  return std::binary_search(directory_types.begin(), directory_types.end(), type);
}

namespace {

std::string name_of(const Draft& draft) { return draft.type + "/" + draft.id; }

/// One place in a resource that may lead to a patient.
struct Mention {
  std::string place;                 ///< FHIRPath
  std::optional<model::Id> patient;  ///< of the kept record that it leads to
  std::optional<std::size_t> draft;  ///< or of this draft of the same request
  /// The resource itself says that it is about this patient: one must be there.
  bool subject = false;
  /// What stands there is about some patient, even if none whom this organisation knows.
  bool about_somebody = false;
};

/// What a resource carries inside, by the names under which it may be referred to.
using InnerNames = std::set<std::string, std::less<>>;

bool is_contained(std::string_view place) {
  return place.ends_with(']') && place.substr(0, place.rfind('[')).ends_with(".contained");
}

/// Under which name a resource inside another is known: of a Bundle's entry the full URL, else type
/// and id. Empty for a contained one, whose id means nothing outside.
std::string inner_name(json::Value resource, std::string_view place, json::Value holder) {
  if (is_contained(place)) return {};
  const auto full_url = holder.find("fullUrl").as_string();
  if (full_url) return std::string(*full_url);
  const auto id = resource.find("id").as_string();
  if (!id) return {};
  return std::string(resource.find("resourceType").as_string().value_or("")) + "/" +
         std::string(*id);
}

/// Every `url` of a resource; of what is inside it too.
void collect_urls(json::Value value, std::vector<std::string_view>& out) {
  for (const json::Member& member : value.members()) {
    const auto text = member.value.as_string();
    if (text && member.key == "url") out.push_back(*text);
    collect_urls(member.value, out);
  }
  for (const json::Value item : value.items()) collect_urls(item, out);
}

/// The drafts of one request while they become versions.
class Preparation {
 public:
  Preparation(const Call& call, std::vector<Draft>& drafts)
      : call_(call),
        stores_(call.organisation.stores()),
        own_path_(query::own_path_of(call.organisation.did())),
        own_(own_names(call)),
        drafts_(drafts) {}

  /// Reads the current versions. Precondition: the records are held.
  Status load() {
    for (Draft& draft : drafts_) {
      XL_TRY_ASSIGN(auto current, call_.organisation.records().current(draft.type, draft.id));
      if (draft.document) {
        make_own_relative(*draft.document, own_);
        const bool links = draft.type == "Patient" && !draft.merges;
        if (links && current) XL_TRY(keep_merges(call_, *current, *draft.document));
      }
      current_.push_back(std::move(current));
      by_name_[name_of(draft)] = current_.size() - 1;
    }
    patients_.resize(drafts_.size());
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      if (drafts_[i].type == "Patient" && !current_[i]) patients_[i] = custody::random_id();
      if (current_[i]) patients_[i] = current_[i]->patient;
    }
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      XL_TRY_ASSIGN(auto mentions, mentions_of(i));
      mentions_.push_back(std::move(mentions));
    }
    XL_TRY(lead_to_documents());
    find_patients();
    return {};
  }

  /// Draft `i` as a version to be kept; nothing when it deletes what is deleted or never was.
  Result<std::optional<custody::NewVersion>> prepare(std::size_t i) {
    Draft& draft = drafts_[i];
    const auto& current = current_[i];
    XL_TRY(check_version(draft, current));
    if (current && custody::is_agreed_consent(*current)) {
      const std::string place = draft.type + "/" + draft.id;
      return make_error(ErrorCode::consent_fixed, place);
    }
    if (current && draft.type == "AuditEvent") return make_error(ErrorCode::audit_event_kept);
    if (draft.document) XL_TRY(check_unsigned(draft.document->root()));
    custody::NewVersion out;
    out.entry.type = draft.type;
    out.entry.id = draft.id;
    out.entry.record = current ? current->record : custody::random_id();
    out.entry.version = out.entry.vault_version = current ? current->version + 1 : 1;
    out.entry.last_updated_ms = std::max(call_.services.clock.now_ms(),
                                         current ? current->last_updated_ms : std::uint64_t{0});
    out.entry.deleted = !draft.document.has_value();
    if (out.entry.deleted && (!current || current->deleted)) {
      return std::optional<custody::NewVersion>{};
    }
    if (!current && draft.by_put) XL_TRY(check_not_erased(draft));
    XL_TRY_ASSIGN(out.entry.patient, patient_of(i));
    if (current && current->patient != out.entry.patient) {
      return make_error(ErrorCode::fhir_patient_fixed, place_of_other(i, current->patient));
    }
    custody::Labels before;
    if (current) {
      XL_TRY_ASSIGN(custody::OpenedRecord opened, call_.organisation.records().open(*current));
      before = std::move(opened.labels);
    }
    if (out.entry.deleted) {
      // Who might not know the record may not know of its end either.
      out.labels = before;
    } else {
      XL_TRY(check_whole(draft));
      XL_TRY(fill(*draft.document, out));
    }
    sign_labels(out);
    if (current) keep_authors(before, out.labels);
    return std::optional(std::move(out));
  }

  [[nodiscard]] const std::optional<query::RecordEntry>& current(std::size_t i) const {
    return current_[i];
  }

 private:
  /// Versions begin at 1 again, and an ETag that somebody has kept, a link or a receipt would come
  /// to mean somebody else's record.
  [[nodiscard]] Status check_not_erased(const Draft& draft) const {
    XL_TRY_ASSIGN(const bool erased,
                  call_.organisation.erasures().was_erased(draft.type, draft.id));
    if (!erased) return {};
    const std::string_view element = "id";
    return make_error(ErrorCode::fhir_id_erased, draft.type + "." + std::string(element));
  }

  /// What a server cut down for an answer (`_elements`, `_summary`) is tagged so, "to ensure that
  /// the incomplete resource is not accidentally used to overwrite a complete resource" (R4
  /// §3.1.1.5.11).
  static Status check_whole(const Draft& draft) {
    const std::string_view element = "meta.tag";
    if (!xl::fhir::is_part(draft.document->root())) return {};
    return make_error(ErrorCode::fhir_part_only, draft.type + "." + std::string(element));
  }

  static Status check_version(const Draft& draft,
                              const std::optional<query::RecordEntry>& current) {
    if (draft.only_new && current && !current->deleted) {
      return make_error(ErrorCode::fhir_exists);
    }
    if (!draft.if_match) return {};
    const bool seen = draft.if_match.any ? current && !current->deleted
                                         : current && current->version == draft.if_match.version;
    return seen ? Status{} : Status(make_error(ErrorCode::fhir_version_conflict));
  }

  /// Where `reference` leads: to a draft of this request, to a kept record, or to nothing here.
  Result<Mention> lead(std::string_view reference, std::string place) {
    Mention out;
    out.place = std::move(place);
    const auto parts = query::reference_parts(query::without_own_base(reference, own_));
    if (!parts || parts->type.empty() || !parts->base.empty()) return out;
    const std::string name = std::string(parts->type) + "/" + std::string(parts->id);
    const auto here = by_name_.find(name);
    if (here != by_name_.end()) {
      // What this request deletes is not there any more.
      if (drafts_[here->second].document) out.draft = here->second;
      return out;
    }
    const auto known = patients_at_.find(name);
    if (known != patients_at_.end()) {
      out.patient = known->second;
      return out;
    }
    XL_TRY_ASSIGN(const auto current, call_.organisation.records().current(parts->type, parts->id));
    if (current && !current->deleted) out.patient = current->patient;
    patients_at_[name] = out.patient;
    return out;
  }

  /// A Binary's access rests on what its security context names: something that is here, named as
  /// one resource. Errors: fhir_security_context_invalid.
  Status add_security_context(json::Value root, std::vector<Mention>& out) {
    constexpr std::string_view place = "Binary.securityContext.reference";
    const json::Value given = root.find("securityContext").find("reference");
    if (root.find("resourceType").as_string() != "Binary" || !given.present()) return {};
    const std::string_view reference = given.as_string().value_or("");
    const auto parts = query::reference_parts(reference);
    const bool named = parts && xl::fhir::is_resource_type(parts->type) &&
                       is_logical_id(parts->id) &&
                       reference.find("/_history/") == std::string_view::npos;
    if (!named) return make_error(ErrorCode::fhir_security_context_invalid, place);
    XL_TRY_ASSIGN(Mention found, lead(reference, std::string(place)));
    if (!found.draft && !found.patient) {
      return make_error(ErrorCode::fhir_security_context_invalid, place);
    }
    out.push_back(std::move(found));
    return {};
  }

  /// Everything in a draft that leads to a patient: what it says it is about, first; then every
  /// reference anywhere in it and every resource inside, since who may read the one reads all.
  Result<std::vector<Mention>> mentions_of(std::size_t i) {
    std::vector<Mention> out;
    const Draft& draft = drafts_[i];
    if (!draft.document) return out;
    const json::Value root = draft.document->root();
    Status failed;
    const auto add = [&](std::string_view reference, const std::string& place) -> Mention* {
      auto found = lead(reference, place);
      if (!found.ok()) {
        failed = found.error();
        return nullptr;
      }
      return &out.emplace_back(std::move(*found));
    };
    if (draft.type != "Patient") {
      std::map<std::string, std::string, std::less<>> places;  // where each reference stands first
      xl::fhir::walk_links(
          root, [&](std::string_view text, const std::string& at) { places.emplace(text, at); },
          {});
      for (const std::string_view reference : xl::fhir::compartment_references(root)) {
        const auto at = places.find(reference);
        Mention* subject = add(reference, at == places.end() ? draft.type : at->second);
        if (subject != nullptr) subject->subject = true;
      }
    }
    XL_TRY(add_security_context(root, out));
    InnerNames inside;
    xl::fhir::walk_links(root, {},
                         [&](json::Value inner, const std::string& place, json::Value at) {
                           inside.insert(inner_name(inner, place, at));
                         });
    // Who is known here is found by the references themselves, which name the element.
    const auto about_stranger = [&](std::string_view reference, const std::string& place) {
      if (inside.contains(reference)) return;  // it speaks for itself
      Mention* mention = add(reference, place);
      if (mention == nullptr) return;
      mention->about_somebody = !mention->patient && !mention->draft;
      if (!mention->about_somebody) out.pop_back();
    };
    xl::fhir::walk_links(
        root,
        [&](std::string_view text, const std::string& place) {
          // Two records of one person may be linked: that is said, not shown.
          const bool link = draft.type == "Patient" && place.starts_with("Patient.link[");
          if (!link) (void)add(text, place);
        },
        [&](json::Value inner, const std::string& place, json::Value holder) {
          const std::string name = inner_name(inner, place, holder);
          const bool is_patient = inner.find("resourceType").as_string() == "Patient";
          Mention* itself = is_contained(place) ? nullptr : add(name, place);
          if (itself != nullptr) itself->about_somebody = is_patient;
          for (const std::string_view reference : xl::fhir::compartment_references(inner)) {
            about_stranger(reference, place);
          }
        });
    if (!failed.ok()) return failed.error();
    return out;
  }

  /// A Binary that names nobody itself is of whom the documents of the same request are whose
  /// attachments lead to it, as in IHE MHD's Provide Document Bundle.
  Status lead_to_documents() {
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      if (!drafts_[i].document || drafts_[i].type == "Binary") continue;
      std::vector<std::string_view> urls;
      collect_urls(drafts_[i].document->root(), urls);
      for (const std::string_view url : urls) {
        XL_TRY_ASSIGN(const Mention bytes, lead(url, {}));
        if (!bytes.draft || drafts_[*bytes.draft].type != "Binary") continue;
        if (!mentions_[*bytes.draft].empty()) continue;
        Mention document;
        document.place = "Binary";
        document.draft = i;
        documents_[*bytes.draft].push_back(std::move(document));
      }
    }
    for (auto& [i, documents] : documents_) mentions_[i] = std::move(documents);
    return {};
  }

  /// The patient whom a mention leads to; nothing for nobody, staff and the directory.
  [[nodiscard]] std::optional<model::Id> patient_at(const Mention& mention) const {
    const auto found = mention.draft ? patients_[*mention.draft] : mention.patient;
    return found && stores_.is_own(*found) ? std::nullopt : found;
  }

  /// Gives each new draft the patient of the first record that it leads to. A draft may lead to one
  /// behind it, so this goes on until nothing new is found.
  void find_patients() {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < drafts_.size(); ++i) {
        if (patients_[i]) continue;
        for (const Mention& mention : mentions_[i]) {
          patients_[i] = patient_at(mention);
          if (patients_[i]) break;
        }
        changed = changed || patients_[i].has_value();
      }
    }
  }

  /// The first element that leads to another patient; else the resource.
  [[nodiscard]] std::string place_of_other(std::size_t i, const model::Id& patient) const {
    const auto found = std::ranges::find_if(mentions_[i], [&](const Mention& mention) {
      const auto other = patient_at(mention);
      return other && *other != patient;
    });
    return found == mentions_[i].end() ? drafts_[i].type : found->place;
  }

  /// A group has people as its members; a list leads to anybody's records unless it is about one.
  [[nodiscard]] bool may_list_people(std::size_t i) const {
    if (drafts_[i].type != "List") return drafts_[i].type == "Group";
    return std::ranges::none_of(mentions_[i], &Mention::subject);
  }

  /// Whose record a draft is. Of a resource that leads to no patient, such as a Questionnaire: of
  /// the directory, if it is of a type that is about no patient and carries nothing inside that
  /// might be. Errors: fhir_patient_unknown, fhir_patients_several (names the element): one
  /// patient's consents cannot open another's data.
  Result<model::Id> patient_of(std::size_t i) {
    const Draft& draft = drafts_[i];
    if (!draft.document) return *patients_[i];
    std::optional<model::Id> whose;
    if (draft.type == "Patient") whose = patients_[i];
    const Mention* stranger = nullptr;
    for (const Mention& mention : mentions_[i]) {
      const auto found = patient_at(mention);
      if (mention.subject && !mention.draft && !mention.patient) {
        return make_error(ErrorCode::fhir_patient_unknown, mention.place);
      }
      if (mention.about_somebody && !found && stranger == nullptr) stranger = &mention;
      if (found && whose && *whose != *found) {
        // What lists several people is nobody's: for the organisation's systems and its author.
        if (may_list_people(i)) return stores_.unattributed();
        return make_error(ErrorCode::fhir_patients_several, mention.place);
      }
      if (found) whose = found;
    }
    // Bytes say nothing of whose they are: they stay whose they were.
    if (!whose && draft.type == "Binary" && current_[i]) return current_[i]->patient;
    if (!whose) return nobodys(i);
    if (stranger != nullptr) return make_error(ErrorCode::fhir_patients_several, stranger->place);
    return *whose;
  }

  [[nodiscard]] model::Id nobodys(std::size_t i) const {
    for (const json::Value inside : drafts_[i].document->root().find("contained").items()) {
      const auto type = inside.find("resourceType").as_string().value_or("");
      if (xl::fhir::may_be_in_patient_compartment(type)) return stores_.unattributed();
    }
    return is_directory_type(drafts_[i].type) ? stores_.directory() : stores_.unattributed();
  }

  static void set_meta(json::Document& document, const query::RecordEntry& entry) {
    json::Node root = document.edit();
    root.set_after("resourceType", "id", document.make_string(entry.id));
    if (!root.find("meta").is_object()) root.set_after("id", "meta", document.make_object());
    json::Node meta = root.find("meta");
    meta.set_string("versionId", std::to_string(entry.version));
    meta.set_string("lastUpdated", instant_text(entry.last_updated_ms));
  }

  Status fill(json::Document& document, custody::NewVersion& out) const {
    set_meta(document, out.entry);
    out.content = json::write(document.root());
    if (out.content.size() > limits::record_bytes_max) {
      return make_error(ErrorCode::body_too_large, out.entry.type);
    }
    auto terms = query::terms_of(document.root(), own_path_);
    if (!terms.ok()) return make_error(terms.error().code, out.entry.type);
    out.entry.terms = std::move(*terms);
    const xl::fhir::Labels labels = xl::fhir::labels_of(document.root());
    for (const auto& one : labels.classes) {
      auto* added = out.labels.add_classes();
      added->set_system(one.system);
      added->set_code(one.code);
    }
    for (const auto& one : labels.inner_classes) {
      auto* added = out.labels.add_inner_classes();
      added->set_system(one.system);
      added->set_code(one.code);
    }
    if (out.entry.type == "Binary") {
      const json::Value context = document.root().find("securityContext").find("reference");
      out.labels.set_context(std::string(context.as_string().value_or("")));
    }
    // What a rule could have matched and is not in the labels counts as most confidential.
    const bool cut = labels.classes_cut || labels.sensitivities_cut;
    out.labels.set_confidentiality(cut ? xl::fhir::confidentiality_very : labels.confidentiality);
    out.labels.mutable_sensitivities()->Add(labels.sensitivities.begin(),
                                            labels.sensitivities.end());
    out.labels.mutable_links()->Add(labels.links.begin(), labels.links.end());
    out.labels.set_links_known(!labels.links_cut);
    if (labels.from_ms) out.labels.set_from_ms(*labels.from_ms);
    if (labels.to_ms) out.labels.set_to_ms(*labels.to_ms);
    return {};
  }

  /// What somebody wrote may still be in a version that somebody else saves.
  static void keep_authors(const custody::Labels& before, custody::Labels& out) {
    auto& kept = *out.mutable_earlier_authors();
    kept = before.earlier_authors();
    out.set_earlier_authors_cut(before.earlier_authors_cut());
    const auto same = [](const std::string& organisation, const std::string& person) {
      return [&](const auto& one) {
        return one.organisation() == organisation && one.person() == person;
      };
    };
    const auto last = same(before.author_organisation(), before.author());
    if (before.author_organisation().empty() || std::ranges::any_of(kept, last)) return;
    if (before.author_organisation() == out.author_organisation() &&
        before.author() == out.author()) {
      return;
    }
    if (kept.size() == limits::label_authors_max) {
      out.set_earlier_authors_cut(true);
      return;
    }
    auto* added = kept.Add();
    added->set_organisation(before.author_organisation());
    added->set_person(before.author());
  }

  void sign_labels(custody::NewVersion& out) const {
    const custody::Principal& who = call_.principal;
    out.labels.set_kind(static_cast<std::uint32_t>(custody::Kind::resource));
    out.labels.set_type(out.entry.type);
    out.labels.set_id(out.entry.id);
    out.labels.set_deleted(out.entry.deleted);
    out.labels.set_last_updated_ms(out.entry.last_updated_ms);
    out.labels.set_author_organisation(custody::bytes_of(who.organisation.bytes));
    if (who.kind == PartyKind::practitioner) {
      out.labels.set_author(custody::bytes_of(who.did.bytes));
    } else {
      out.labels.clear_author();
    }
    out.labels.set_author_key(custody::bytes_of(who.key_id));
  }

  const Call& call_;
  custody::Stores& stores_;
  const std::string own_path_;
  const query::OwnNames own_;
  std::vector<Draft>& drafts_;
  std::vector<std::optional<query::RecordEntry>> current_;
  std::vector<std::optional<model::Id>> patients_;         ///< whose each draft is, as far as known
  std::vector<std::vector<Mention>> mentions_;             ///< of each draft
  std::map<std::size_t, std::vector<Mention>> documents_;  ///< of Binaries that name nobody
  std::map<std::string, std::optional<model::Id>, std::less<>> patients_at_;  ///< of kept records
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

}  // namespace

Status check_writer(const Call& call) {
  const custody::Principal& who = call.principal;
  const bool own = who.organisation == call.organisation.did();
  if (own && who.kind != PartyKind::patient && who.kind != PartyKind::guardian) return {};
  return make_error(ErrorCode::role_refused, "records are written by the custodian's own people");
}

std::optional<http::Response> refuse_writer(const Call& call, std::string_view action,
                                            std::string_view type, std::string_view id) {
  const EvenTime begun;
  const Status may = check_writer(call);
  if (may.ok()) return std::nullopt;
  return refuse_role(call, action, type, id, may.error(), begun);
}

namespace {

/// What a registrar does at the desk, before anybody treats the patient.
bool at_the_desk(const custody::Principal& who, std::string_view type) {
  constexpr auto types = std::to_array<std::string_view>(
      {"Appointment", "Coverage", "Encounter", "Patient", "RelatedPerson"});
  const auto registrar = static_cast<std::uint32_t>(contracts::identity::Role::registrar);
  return std::find(types.begin(), types.end(), type) != types.end() &&
         std::find(who.roles.begin(), who.roles.end(), registrar) != who.roles.end();
}

/// One version that somebody wants to write, or the deletion of what is deleted already.
struct Change {
  model::Id patient;
  custody::Labels labels;
  vault::RecordVersion which;
  std::string_view action;
  std::size_t draft = 0;
};

Change change_of(const custody::NewVersion& version, std::size_t draft) {
  const std::string_view action = version.entry.deleted        ? "delete"
                                  : version.entry.version == 1 ? "create"
                                                               : "update";
  return {version.entry.patient,
          version.labels,
          {version.entry.record, static_cast<std::uint32_t>(version.entry.version)},
          action,
          draft};
}

Error named_by(const WriteHooks& hooks, std::size_t draft, const Error& error) {
  return hooks.named ? hooks.named(draft, error) : error;
}

/// A practitioner writes what it could read; the desk and the organisation's software write without
/// treating anybody. Each write is in the patient's log, before it is done.
Status check_changes(const Call& call, const Preparation& preparation,
                     const std::vector<Change>& changes, const WriteHooks& hooks) {
  XL_TRY_ASSIGN(custody::Ask ask, ask_of(call, contracts::consent::Action::read));
  XL_TRY_ASSIGN(custody::Viewer viewer, call.organisation.desk().open(std::move(ask)));
  const bool person = call.principal.kind == PartyKind::practitioner;
  std::vector<custody::WriteNote> notes;
  for (const Change& change : changes) {
    if (person && !at_the_desk(call.principal, change.labels.type())) {
      const Status may = viewer.write(change.patient, change.labels, change.which, change.action);
      if (!may.ok()) return named_by(hooks, change.draft, may.error());
    } else {
      notes.push_back({change.patient, change.which, change.action,
                       person ? "at_the_desk" : "by_the_organisation"});
    }
  }
  // Of a merge those are told who may remove.
  for (const Change& change : changes) {
    const auto& before = preparation.current(change.draft);
    if (change.action != "delete" || !before || before->type != "Patient") continue;
    const Status alone = check_not_merged(call, *before);
    if (!alone.ok()) return named_by(hooks, change.draft, alone.error());
  }
  return viewer.note_writes(notes);
}

/// Of what a practitioner may not know, no attempt to change it tells more than that it may not:
/// neither version nor patient, and nothing of it is taken over.
Status check_known(const Call& call, const Preparation& preparation,
                   const std::vector<Draft>& drafts, const WriteHooks& hooks) {
  if (call.principal.kind != PartyKind::practitioner) return {};
  std::optional<custody::Viewer> viewer;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const auto& current = preparation.current(i);
    if (!current || at_the_desk(call.principal, drafts[i].type)) continue;
    if (call.organisation.stores().is_own(current->patient)) continue;
    if (!viewer) {
      XL_TRY_ASSIGN(custody::Ask ask, ask_of(call, contracts::consent::Action::read));
      XL_TRY_ASSIGN(custody::Viewer opened, call.organisation.desk().open(std::move(ask)));
      viewer.emplace(std::move(opened));
    }
    XL_TRY_ASSIGN(const contracts::consent::Decision decision, viewer->decide(*current));
    if (decision.permit) continue;
    XL_TRY(viewer->refuse(*current, drafts[i].document ? "update" : "delete"));
    return named_by(hooks, i,
                    make_error(ErrorCode::role_refused, custody::reasons_text(decision, false)));
  }
  return {};
}

/// What is to be written, and what was asked for, as far as it is known before.
struct Prepared {
  std::vector<Written> written;  ///< of each draft
  std::vector<custody::NewVersion> versions;
  std::vector<std::size_t> draft;  ///< of each version
  std::vector<Change> changes;
};

/// Adds draft `i`. Errors: as `write_drafts`.
Status prepare_one(const Call& call, Preparation& preparation, std::size_t i, const Draft& draft,
                   Prepared& out) {
  XL_TRY_ASSIGN(auto version, preparation.prepare(i));
  const auto& before = preparation.current(i);
  Written& written = out.written[i];
  if (!version && !before) {
    // What is not there is as it was asked to be (R4 §3.1.0.7).
    written.entry.type = draft.type;
    written.entry.deleted = written.unchanged = true;
    return {};
  }
  if (!version) {
    // Whoever may not write it is not told that it is gone.
    XL_TRY_ASSIGN(custody::OpenedRecord opened, call.organisation.records().open(*before));
    out.changes.push_back({before->patient,
                           std::move(opened.labels),
                           {before->record, static_cast<std::uint32_t>(before->version)},
                           "delete",
                           i});
    written.entry = *before;
    written.unchanged = true;
    return {};
  }
  written.entry = version->entry;
  written.entry.terms.clear();
  written.content = version->content;
  written.created = version->entry.version == 1 || before->deleted;
  XL_TRY(check_written_scope(call, version->entry, before ? &*before : nullptr, draft.by_put));
  out.draft.push_back(i);
  out.changes.push_back(change_of(*version, i));
  out.versions.push_back(std::move(*version));
  return {};
}

}  // namespace

Result<custody::RecordStore::Hold> hold_records(const Call& call, std::span<const Draft> drafts) {
  std::vector<std::string> names;
  for (const Draft& draft : drafts) names.push_back(name_of(draft));
  return call.organisation.records().hold(std::move(names));
}

Result<std::vector<Written>> write_drafts(const Call& call, std::vector<Draft> drafts,
                                          const WriteHooks& hooks) {
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    if (!is_view_id(drafts[i].type, drafts[i].id)) continue;
    const std::string_view element = "id";
    return named_by(
        hooks, i,
        make_error(ErrorCode::audit_view_fixed, drafts[i].type + "." + std::string(element)));
  }
  std::optional<custody::RecordStore::Hold> hold;
  if (!hooks.held) {
    XL_TRY_ASSIGN(auto held, hold_records(call, drafts));
    hold.emplace(std::move(held));
  }
  Preparation preparation(call, drafts);
  XL_TRY(preparation.load());
  XL_TRY(check_known(call, preparation, drafts, hooks));
  Prepared ready;
  ready.written.resize(drafts.size());
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    const Status prepared = prepare_one(call, preparation, i, drafts[i], ready);
    if (!prepared.ok()) return named_by(hooks, i, prepared.error());
  }
  if (hooks.before) XL_TRY(hooks.before(ready.versions));
  XL_TRY(check_changes(call, preparation, ready.changes, hooks));
  XL_TRY_ASSIGN(const std::vector<Hash> transactions,
                call.organisation.records().commit(std::move(ready.versions)));
  for (std::size_t i = 0; i < ready.draft.size(); ++i) {
    ready.written[ready.draft[i]].transaction = transactions[i];
  }
  return std::move(ready.written);
}

}  // namespace xl::gateway::fhir
