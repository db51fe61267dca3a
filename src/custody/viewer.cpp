// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "contracts/access/view.h"
#include "contracts/api/shape.h"
#include "contracts/consent/match.h"
#include "contracts/identity/view.h"
#include "custody/access.h"
#include "custody/care.h"
#include "custody/journal_entries.h"
#include "model/canonical.h"
#include "model/limits.h"
#include "query/fhir_terms.h"

namespace xl::custody {

namespace access = contracts::access;
namespace consent = contracts::consent;
namespace identity = contracts::identity;
using contracts::PartyKind;

namespace {

/// What more documents show is decided as what nobody covers.
constexpr std::size_t documents_of_binary_max = 64;

bool has_reason(const consent::Decision& decision, consent::Reason reason) {
  return std::find(decision.reasons.begin(), decision.reasons.end(), reason) !=
         decision.reasons.end();
}

std::string reason_names(const consent::Decision& decision) {
  std::string out;
  for (const consent::Reason reason : decision.reasons) {
    for (const consent::ReasonInfo& info : consent::reason_infos()) {
      if (info.reason == reason) out += (out.empty() ? "" : " ") + std::string(info.name);
    }
  }
  return out.substr(0, limits::journal_text_bytes_max);
}

bool names_care_team(const consent::Rule& rule) {
  const bool here = std::ranges::any_of(
      rule.grantees(), [](const auto& grantee) { return !grantee.care_team().empty(); });
  // The normal form bounds the depth.
  return here || std::ranges::any_of(rule.exceptions(), names_care_team);
}

}  // namespace

std::string_view purpose_code(consent::PurposeOfUse purpose) {
  for (const consent::PurposeInfo& info : consent::purpose_infos()) {
    if (info.purpose == purpose) return info.code;
  }
  return {};
}

consent::PurposeOfUse usual_purpose(const Principal& who) {
  switch (who.kind) {
    case PartyKind::patient:
      return consent::PurposeOfUse::patient_request;
    case PartyKind::guardian:
      return consent::PurposeOfUse::family_request;
    case PartyKind::practitioner:
      return consent::usual_purpose(who.roles);
    case PartyKind::organisation:
    case PartyKind::service:
      break;
  }
  return consent::PurposeOfUse::operations;
}

model::JournalEntry journal_entry(const Ask& ask, const query::RecordEntry& entry,
                                  const consent::Decision& decision, std::string_view action,
                                  std::uint64_t now_ms) {
  model::JournalEntry out;
  out.time_ms = now_ms;
  out.actor = requester_of(ask.principal).did;
  out.organisation = ask.principal.organisation;
  out.patient = entry.patient;
  out.decision =
      decision.permit ? model::JournalDecision::permitted : model::JournalDecision::denied;
  out.outcome = decision.permit ? model::JournalOutcome::served : model::JournalOutcome::refused;
  out.action = action;
  out.purpose = purpose_code(ask.purpose);
  out.reason = reason_names(decision);
  out.subject = copy_of(entry.record.view());
  append_be(out.subject, static_cast<std::uint32_t>(entry.vault_version));
  return out;
}

std::string reasons_text(const consent::Decision& decision, bool chinese) {
  std::string out;
  for (const consent::Reason reason : decision.reasons) {
    for (const consent::ReasonInfo& info : consent::reason_infos()) {
      if (info.reason != reason) continue;
      if (!out.empty() && !chinese) out += ' ';
      out += chinese ? info.zh : info.en;
    }
  }
  return out;
}

bool Viewer::from_elsewhere() const { return ask_.principal.organisation != desk_.stores_.did(); }

/// Nobody lets themselves in, or lengthens a part that ends: of the versions that give the
/// requester a part now, without a break from the current one on, the first was written by somebody
/// else. What the requester changed later takes nothing away.
Result<bool> Viewer::was_let_in(const query::RecordEntry& current) {
  const auto part_of = current.type == "CareTeam" ? part_in_team : part_in_encounter;
  const std::string who = ask_.principal.did.text();
  CareMemory& memory = desk_.stores_.care();
  const CareMemory::Question question{current.record, current.version, ask_.principal.did};
  if (const auto known = memory.recall(question, view_.now_ms)) return *known;
  const std::uint64_t generation = memory.generation();
  CarePart out;
  for (std::uint64_t number = current.version; number > 0; --number) {
    const auto entry = desk_.stores_.index().version(current.type, current.id, number);
    if (!entry.ok() && entry.error().code == ErrorCode::index_record_unknown) break;
    if (!entry.ok()) return entry.error();
    if (entry->deleted) break;
    XL_TRY_ASSIGN(const OpenedRecord opened, desk_.records_.open(*entry));
    const CarePart part = part_of(opened.content, who, view_.now_ms);
    out.holds = both_hold(out.holds, part.holds);
    if (!part.now) break;
    out.now = opened.labels.author() != bytes_of(ask_.principal.did.bytes);
  }
  memory.keep(question, out, generation);
  return out.now;
}

/// The requester's Encounters under way, each of which has yet to say that it holds now.
query::Query Viewer::own_encounters() const {
  query::Query out;
  out.type = "Encounter";
  out.count = query::index_page_max;
  out.total = query::Total::none;
  query::SearchCriterion status;
  status.name = "status";
  for (const std::string_view text : encounter_under_way) {
    status.values.push_back({query::Prefix::eq, std::string(text)});
  }
  query::SearchCriterion participant;
  participant.name = "participant";
  participant.values.push_back({query::Prefix::eq, "Practitioner/" + ask_.principal.did.text()});
  out.criteria = {std::move(status), std::move(participant)};
  return out;
}

/// The patients whom the requester is treating now, by the encounters that the organisation keeps.
Result<const std::vector<model::Id>*> Viewer::in_care() {
  if (in_care_) return &*in_care_;
  std::vector<model::Id> found;
  query::Query wanted = own_encounters();
  do {
    XL_TRY_ASSIGN(const query::IndexPage page, desk_.stores_.index().search(wanted));
    for (const query::RecordEntry& entry : page.entries) {
      XL_TRY_ASSIGN(const bool let_in, was_let_in(entry));
      if (let_in) found.push_back(entry.patient);
    }
    wanted.cursor = page.next_cursor;
  } while (!wanted.cursor.empty());
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  in_care_ = std::move(found);
  return &*in_care_;
}

/// Is this patient one of them? Looks at this patient's encounters alone.
Result<bool> Viewer::treats(const model::Id& patient) {
  if (in_care_) return std::binary_search(in_care_->begin(), in_care_->end(), patient);
  query::Query wanted = own_encounters();
  wanted.allowed.patients = std::vector{patient};
  do {
    XL_TRY_ASSIGN(const query::IndexPage page, desk_.stores_.index().search(wanted));
    for (const query::RecordEntry& entry : page.entries) {
      XL_TRY_ASSIGN(const bool let_in, was_let_in(entry));
      if (let_in) return true;
    }
    wanted.cursor = page.next_cursor;
  } while (!wanted.cursor.empty());
  return false;
}

Result<consent::Facts> Viewer::facts_of(const model::Id& patient) {
  const Principal& who = ask_.principal;
  consent::Facts out;
  out.patient = patient;
  out.custodian = desk_.stores_.did();
  out.agreement_required = desk_.agreements_.required();
  out.role_attested = !who.roles.empty();  // `open` checked each of them
  if (who.kind == PartyKind::guardian) {
    out.guardian_acts = identity::guardian_acts(*view_.state, who.did, patient,
                                                identity::power_consent, view_.now_ms);
  }
  if (who.kind == PartyKind::practitioner && !from_elsewhere()) {
    XL_TRY_ASSIGN(out.encounter_active, treats(patient));
  }
  if (!ask_.emergency || who.kind != PartyKind::practitioner) return out;
  const auto entry = access::find_emergency(*view_.state, *ask_.emergency);
  const bool ours = entry && entry->practitioner() == bytes_of(who.did.bytes) &&
                    entry->organisation() == bytes_of(who.organisation.bytes) &&
                    entry->patient() == bytes_of(patient.bytes);
  out.emergency_declared =
      ours && access::emergency_is_live(*view_.state, *ask_.emergency, view_.now_ms);
  out.emergency_licensed =
      identity::is_attested_for_emergency(*view_.state, who.did, who.organisation, view_.now_ms);
  // Kept by `declare_emergency`, which compared it with what the chain commits to.
  out.emergency_has_reason = ours && desk_.stores_.vault().anchored({*ask_.emergency, 1}).ok();
  return out;
}

/// The teams that the organisation keeps the requester in. Nobody puts themselves into one.
Status Viewer::find_care_teams() {
  std::vector<model::Id> found;
  query::Query wanted;
  wanted.type = "CareTeam";
  wanted.count = query::index_page_max;
  query::SearchCriterion status;
  status.name = "status";
  status.values = {{query::Prefix::eq, "active"}};
  query::SearchCriterion member;
  member.name = "participant";
  member.values = {{query::Prefix::eq, "Practitioner/" + ask_.principal.did.text()}};
  wanted.criteria = {std::move(status), std::move(member)};
  do {
    XL_TRY_ASSIGN(const query::IndexPage page, desk_.stores_.index().search(wanted));
    for (const query::RecordEntry& entry : page.entries) {
      XL_TRY_ASSIGN(const bool let_in, was_let_in(entry));
      if (let_in) found.push_back(entry.record);
    }
    wanted.cursor = page.next_cursor;
  } while (!wanted.cursor.empty());
  care_teams_ = std::move(found);
  return {};
}

/// Neither of the house nor its software: told nothing of what is there.
bool Viewer::is_stranger() const {
  const PartyKind kind = ask_.principal.kind;
  return from_elsewhere() || kind == PartyKind::patient || kind == PartyKind::guardian;
}

/// False when no record of the patient can be, whatever its labels: nothing but a consent could
/// permit, and none names the requester.
bool Viewer::can_be_permitted(const PatientView& view) const {
  const consent::Request request = request_about(Labels{});
  if (consent::decide({}, request, view.facts).permit) return true;
  return std::ranges::any_of(view.policies, [&](const consent::KnownPolicy& known) {
    const bool opens = known.policy.effect() == static_cast<std::uint32_t>(consent::Effect::permit);
    return known.active && opens &&
           (consent::mismatch_of(known.policy.rule(), request, true) & consent::mismatch_grantee) ==
               0;
  });
}

void Viewer::find_uniform(PatientView& view) const {
  if (is_stranger() && !can_be_permitted(view)) {
    view.uniform = consent::decide(view.policies, request_about(Labels{}), view.facts);
    return;
  }
  const auto denies = [](const consent::KnownPolicy& known) {
    return known.policy.effect() == static_cast<std::uint32_t>(consent::Effect::deny);
  };
  const bool refusals = std::any_of(view.policies.begin(), view.policies.end(), denies);
  if (refusals && ask_.principal.kind != PartyKind::patient) return;
  const consent::Decision decision =
      consent::decide(view.policies, request_about(Labels{}), view.facts);
  const bool by_consent = has_reason(decision, consent::Reason::consent_permits);
  const bool whatever = decision.permit ? !by_consent : view.policies.empty();
  if (whatever) view.uniform = decision;
}

/// The decision about one resource, by the agreements in force too where they are required.
Result<consent::Decision> Viewer::judge(const PatientView& view, const consent::Request& request) {
  if (!view.facts.agreement_required || !from_elsewhere()) {
    return consent::decide(view.policies, request, view.facts);
  }
  if (!agreed_) {
    XL_TRY_ASSIGN(agreed_, desk_.agreements_.in_force_with(view_, request.requester.organisation));
  }
  consent::Facts facts = view.facts;
  facts.agreement_covers = std::ranges::any_of(
      *agreed_, [&](const auto& terms) { return consent::covers(terms, request, facts); });
  return consent::decide(view.policies, request, facts);
}

Result<const Viewer::PatientView*> Viewer::look_at(const model::Id& patient) {
  const auto found = seen_.find(patient);
  if (found != seen_.end()) return &found->second;
  PatientView fresh;
  XL_TRY_ASSIGN(fresh.policies, desk_.policies_.known(view_, patient));
  XL_TRY_ASSIGN(fresh.facts, facts_of(patient));
  const bool of_teams = std::ranges::any_of(fresh.policies, [](const consent::KnownPolicy& known) {
    return names_care_team(known.policy.rule());
  });
  if (of_teams && !care_teams_) XL_TRY(find_care_teams());
  find_uniform(fresh);
  return &seen_.emplace(patient, std::move(fresh)).first->second;
}

consent::Request Viewer::request_about(const Labels& labels) const {
  consent::Request out;
  out.requester = requester_of(ask_.principal);
  out.requester.care_teams = care_teams_.value_or(std::vector<model::Id>{});
  out.purpose = ask_.purpose;
  out.action = ask_.action;
  out.resource = consents::resource_of(labels, desk_.stores_.did());
  return out;
}

void Viewer::foresee(const query::RecordEntry& entry, const Labels& labels) {
  foreseen_[{entry.record, entry.version}] = labels;
}

Result<Labels> Viewer::labels_of(const query::RecordEntry& entry) {
  const auto foreseen = foreseen_.find({entry.record, entry.version});
  if (foreseen != foreseen_.end()) return foreseen->second;
  XL_TRY_ASSIGN(OpenedRecord opened, desk_.records_.open(entry));
  return std::move(opened.labels);
}

/// What is about no patient: the directory is for everyone who signed in. Health data that names
/// nobody is for the organisation's own software and for who wrote it: nobody else could be shown
/// to have a reason.
Result<consent::Decision> Viewer::decide_own(const query::RecordEntry& entry) {
  consent::Decision out;
  if (entry.patient == desk_.stores_.directory()) {
    out.permit = true;
  } else if (!from_elsewhere()) {
    const PartyKind kind = ask_.principal.kind;
    out.permit = kind == PartyKind::organisation || kind == PartyKind::service;
    if (kind == PartyKind::practitioner) {
      XL_TRY_ASSIGN(const Labels labels, labels_of(entry));
      out.permit = labels.author() == bytes_of(ask_.principal.did.bytes);
    }
  }
  out.reasons.push_back(out.permit ? consent::Reason::own_systems : consent::Reason::no_consent);
  return out;
}

Result<consent::Decision> Viewer::decide(const query::RecordEntry& entry) {
  if (desk_.stores_.is_own(entry.patient)) return decide_own(entry);
  XL_TRY_ASSIGN(const PatientView* patient, look_at(entry.patient));
  if (patient->uniform) return *patient->uniform;
  const std::pair key{entry.record, static_cast<std::uint32_t>(entry.version)};
  const auto known = decided_.find(key);
  if (known != decided_.end()) return known->second;
  XL_TRY_ASSIGN(const Labels labels, labels_of(entry));
  XL_TRY_ASSIGN(consent::Decision out, judge(*patient, request_about(labels)));
  decided_.insert_or_assign(key, out);  // what leads back here adds nothing
  if (out.permit) XL_TRY(close_by_others(entry, labels, out));
  decided_.insert_or_assign(key, out);
  return out;
}

/// What else must be permitted before a record is: of an earlier version the current one, which may
/// be protected better; of bytes each document that shows them, and what they say they are to be
/// treated as.
Status Viewer::close_by_others(const query::RecordEntry& entry, const Labels& labels,
                               consent::Decision& decision) {
  std::vector<query::RecordEntry> others;
  query::RecordIndex& index = desk_.stores_.index();
  const auto add_current = [&](std::string_view type, std::string_view id) -> Status {
    const auto found = index.current(type, id);
    if (found.ok()) others.push_back(*found);
    const bool gone = !found.ok() && found.error().code == ErrorCode::index_record_unknown;
    return found.ok() || gone ? Status{} : Status(found.error());
  };
  if (entry.type == "Binary") {
    XL_TRY_ASSIGN(others, index.showing(entry.id, documents_of_binary_max + 1));
    const auto context = query::reference_parts(labels.context());
    if (context) XL_TRY(add_current(context->type, context->id));
  }
  if (entry.superseded) XL_TRY(add_current(entry.type, entry.id));
  if (others.size() > documents_of_binary_max) {
    decision = {};
    decision.reasons.push_back(consent::Reason::data_not_covered);
    return {};
  }
  for (const query::RecordEntry& other : others) {
    if (other.patient != entry.patient) continue;  // nobody closes what is another patient's
    XL_TRY_ASSIGN(consent::Decision also, decide(other));
    if (also.permit) continue;
    decision = std::move(also);
    return {};
  }
  return {};
}

bool Viewer::allows(const query::RecordEntry& entry) {
  if (ask_.narrowed && !ask_.narrowed(entry)) return false;
  const auto decision = decide(entry);
  const bool permitted = decision.ok() && decision->permit;
  if (!permitted && !hidden_ && !desk_.stores_.is_own(entry.patient)) hidden_ = entry;
  return permitted;
}

Status Viewer::write(const model::Id& patient, const Labels& labels,
                     const vault::RecordVersion& which, std::string_view action) {
  if (desk_.stores_.is_own(patient)) return {};
  XL_TRY_ASSIGN(const PatientView* known, look_at(patient));
  consent::Request request = request_about(labels);
  XL_TRY_ASSIGN(consent::Decision decision, judge(*known, request));
  if (decision.permit) {
    // Who may see it may write it, unless the patient refused that.
    request.action = action == "create" ? consent::Action::collect : consent::Action::correct;
    XL_TRY_ASSIGN(consent::Decision change, judge(*known, request));
    if (has_reason(change, consent::Reason::patient_denies)) decision = std::move(change);
  }
  query::RecordEntry entry;
  entry.record = which.record;
  entry.version = entry.vault_version = which.version;
  entry.patient = patient;
  model::JournalEntry kept = journal_entry(ask_, entry, decision, action, desk_.port_.now_ms());
  kept.evidence = model::encode(details_of(patient, decision));
  const auto appended = desk_.stores_.journal().append(kept);
  if (!appended.ok()) return appended.error();
  if (decision.permit) return {};
  return make_error(ErrorCode::role_refused, reasons_text(decision, false));
}

Status Viewer::note_writes(std::span<const WriteNote> notes) {
  consent::Decision decision;
  decision.permit = true;
  std::vector<model::JournalEntry> batch;
  for (const WriteNote& note : notes) {
    if (desk_.stores_.is_own(note.patient)) continue;
    query::RecordEntry entry;
    entry.record = note.which.record;
    entry.version = entry.vault_version = note.which.version;
    entry.patient = note.patient;
    batch.push_back(journal_entry(ask_, entry, decision, note.action, desk_.port_.now_ms()));
    batch.back().reason = note.reason;
    batch.back().evidence = model::encode(details_of(note.patient, decision));
  }
  for (std::size_t next = 0; next < batch.size(); next += limits::journal_group_max) {
    const std::size_t count = std::min<std::size_t>(limits::journal_group_max, batch.size() - next);
    const auto kept = desk_.stores_.journal().append_batch(std::span(batch).subspan(next, count));
    if (!kept.ok()) return kept.error();
  }
  return {};
}

Status Viewer::refuse_hidden(std::string_view action, bool a_stranger) {
  if (hidden_) return refuse(*hidden_, action);
  if (passed_over_) {
    query::RecordEntry nothing;
    nothing.patient = *passed_over_;
    return refuse(nothing, action);
  }
  return a_stranger ? refuse_unknown(action) : Status{};
}

/// Nobody is nobody's: `refuse_unknown` records that.
Status Viewer::add_named(std::span<const model::Id> named, std::vector<model::Id>& out) {
  for (const model::Id& one : named) {
    XL_TRY_ASSIGN(const PatientView* view, look_at(one));
    if (!is_stranger() || !view->uniform || view->uniform->permit) {
      out.push_back(one);
    } else if (!passed_over_ && one != model::Id{}) {
      passed_over_ = one;
    }
  }
  return {};
}

Result<std::optional<std::vector<model::Id>>> Viewer::patients(std::span<const model::Id> asked_for,
                                                               bool directory) {
  const Principal& who = ask_.principal;
  std::span<const model::Id> named = asked_for;
  if (named.empty() && ask_.only_patient) named = std::span(&*ask_.only_patient, 1);
  const bool must_name = from_elsewhere() || who.kind == PartyKind::guardian;
  if (named.empty() && must_name && directory) {  // which everybody who signed in may read
    return std::optional(std::vector{desk_.stores_.directory()});
  }
  many_ = named.empty() && who.kind != PartyKind::patient;
  // Now, because `allows` has no way to report an error. Of who is named it is looked up by itself.
  if (named.empty() && who.kind == PartyKind::practitioner && !from_elsewhere()) {
    const auto cared = in_care();
    if (!cared.ok()) return cared.error();
  }
  std::vector<model::Id> out{desk_.stores_.directory(), desk_.stores_.unattributed()};
  if (!named.empty()) {
    XL_TRY(add_named(named, out));
    return std::optional(std::move(out));
  }
  if (who.kind == PartyKind::patient) {
    out.push_back(who.did);
    return std::optional(std::move(out));
  }
  if (must_name) return make_error(ErrorCode::patient_required);
  if (who.kind != PartyKind::practitioner) return std::optional<std::vector<model::Id>>{};
  XL_TRY_ASSIGN(const std::vector<model::Id>* cared, in_care());
  out.insert(out.end(), cared->begin(), cared->end());
  return std::optional(std::move(out));
}

Result<std::optional<std::vector<model::Id>>> Viewer::beside(
    std::optional<std::vector<model::Id>> patients) {
  const Principal& who = ask_.principal;
  const bool bound = from_elsewhere() || ask_.only_patient || who.kind == PartyKind::guardian ||
                     who.kind == PartyKind::patient;
  if (!patients || bound) return patients;
  if (who.kind != PartyKind::practitioner) return std::optional<std::vector<model::Id>>{};
  XL_TRY_ASSIGN(const std::vector<model::Id>* cared, in_care());
  patients->insert(patients->end(), cared->begin(), cared->end());
  return patients;
}

Status Viewer::refuse(const query::RecordEntry& entry, std::string_view action) {
  if (desk_.stores_.is_own(entry.patient)) return {};
  XL_TRY_ASSIGN(const consent::Decision decision, decide(entry));
  model::JournalEntry kept = journal_entry(ask_, entry, decision, action, desk_.port_.now_ms());
  kept.evidence = model::encode(details_of(entry.patient, decision));
  const auto appended = desk_.stores_.journal().append(kept);
  return appended.ok() ? Status{} : Status(appended.error());
}

Status Viewer::refuse_unknown(std::string_view action) {
  query::RecordEntry nothing;
  consent::Decision denied;
  denied.reasons.push_back(consent::Reason::no_consent);
  model::JournalEntry kept = journal_entry(ask_, nothing, denied, action, desk_.port_.now_ms());
  kept.evidence = model::encode(details_of(nothing.patient, denied));
  const auto appended = desk_.stores_.journal().append(kept);
  return appended.ok() ? Status{} : Status(appended.error());
}

}  // namespace xl::custody
