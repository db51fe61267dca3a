// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "contracts/consent/normal_form.h"

/// The one decision about health data (ARCHITECTURE.md §6): reading, search, history, export,
/// subscriptions and peers all ask here, and whoever sees the same input gets the same answer.
namespace xl::contracts::consent {

/// As what someone asks.
enum class RequesterKind : std::uint8_t {
  patient = 1,
  guardian = 2,
  practitioner = 3,
  organisation = 4,  ///< software of an organisation, no person behind it
};

/// Who asks. `roles` and `care_teams` are those claimed for this request.
struct Requester {
  RequesterKind kind{};
  model::Id did;           ///< of the person; of the organisation when there is none
  model::Id organisation;  ///< for whom a practitioner acts
  std::vector<std::uint32_t> roles;
  std::vector<model::Id> care_teams;
};

/// A FHIR resource type or a code, as `xinglin.consent.v1.Class`.
struct ResourceClass {
  std::string system;
  std::string code;
};

/// Who wrote a version: in whose name, and the person unless it was software.
struct ResourceAuthor {
  model::Id organisation;
  std::optional<model::Id> person;
};

/// One resource, by its own labels.
struct Resource {
  std::vector<ResourceClass> classes;
  /// Of what is inside it: a rule that closes looks at them too.
  std::vector<ResourceClass> inner_classes;
  Confidentiality confidentiality = Confidentiality::normal;
  std::vector<std::string> sensitivities;
  /// Clinical time of the data, Unix milliseconds, both inclusive. Nothing: unknown.
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
  model::Id author_organisation;
  std::optional<model::Id> author;
  /// Of the versions before. A rule that opens must mean every author, one that closes any.
  std::vector<ResourceAuthor> earlier_authors;
  bool earlier_authors_known = true;  ///< all of them are listed
  std::string name;                   ///< `Type/id`
  /// `Type/id` of the visits, care plans and episodes of care that it refers to. Nothing: unknown.
  std::optional<std::vector<std::string>> links;
};

/// One question: who wants to do what, why, with which resource.
struct Request {
  Requester requester;
  PurposeOfUse purpose{};
  Action action{};
  Resource resource;
};

/// What the custodian established before it asks; each can be checked later from its evidence.
struct Facts {
  model::Id patient;
  model::Id custodian;
  bool law_denies = false;             ///< a law forbids this whatever anyone agreed
  bool withheld_from_patient = false;  ///< a law withholds this from the patient for now
  bool guardian_acts = false;          ///< the guardian may consent and see for this patient now
  bool role_attested = false;          ///< every role claimed is attested and in force
  bool encounter_active = false;       ///< between the person and this patient at the custodian
  bool emergency_declared = false;     ///< an emergency entry for both is live on the chain
  bool emergency_has_reason = false;   ///< and gives a reason
  bool emergency_licensed = false;     ///< one of the roles may break the glass
  /// The custodian lets other organisations read by consent under an agreement alone.
  bool agreement_required = false;
  bool agreement_covers = false;  ///< one in force covers reader, purpose and resource
};

/// One policy of a consent and whether the chain says that it holds at the height decided at.
struct KnownPolicy {
  model::Id consent;
  bool active = false;
  Policy policy;
};

/// The answer. Equal for any order of the policies.
struct Decision {
  bool permit = false;
  bool review = false;              ///< permitted by an emergency alone: someone must look at it
  std::vector<Reason> reasons;      ///< ascending, never empty
  std::vector<model::Id> consents;  ///< those that permit, ascending
  /// Those that refuse, ascending, also where an emergency overrides them: for the patient to know.
  std::vector<model::Id> refusals;
};

/// The policies of a consent, as `decide` takes them. `active`: the chain says that it holds at the
/// height decided at; of policies with a time of their own those are that are in force at `now_ms`.
[[nodiscard]] std::vector<KnownPolicy> policies_of(const SealedPolicy& sealed, bool active,
                                                   std::uint64_t now_ms);

/// Decides one request about one resource. In this order: the law; the patient's own access; a
/// person's role and whether it has the purpose (`role_serves`); refusals of the patient, which
/// only a declared emergency overrides; own care (an attested role, an active encounter at the
/// custodian, purpose TREAT; the custodian's own software, purpose HOPERAT); consents in force that
/// cover grantee, class, confidentiality, sensitivity, purpose, period, author and action, for
/// another organisation beside an agreement where the custodian requires one. What nothing permits
/// is denied. Pure and deterministic. Thread-safe. Preconditions: policies in normal form. Cost:
/// linear in the size of the policies.
[[nodiscard]] Decision decide(std::span<const KnownPolicy> policies, const Request& request,
                              const Facts& facts);

}  // namespace xl::contracts::consent
