// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "client/access_judgement.h"

#include <algorithm>
#include <set>

#include "base/json/writer.h"
#include "consents/labels.h"
#include "contracts/api/shape.h"
#include "contracts/api/state_value.h"
#include "contracts/api/time.h"
#include "contracts/consent/records.h"
#include "contracts/consent/state.pb.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::client {
namespace {

namespace consent = contracts::consent;
using consent::Reason;
using xinglin::access::v1::AccessDetails;
using xinglin::consent::v1::ConsentRecord;

/// How far a custodian's clock and the blocks' time may be apart.
constexpr std::uint64_t judged_around_ms = 60'000;
constexpr std::size_t subject_bytes = limits::id_bytes + 4;
constexpr std::uint32_t resource_kind = 1;  // custody/labels.h Kind

Error judged_differently(std::string_view what) {
  return make_error(ErrorCode::content_differs, what);
}

bool gives(const AccessDetails& details, Reason reason) {
  const auto& all = details.reasons();
  return std::find(all.begin(), all.end(), static_cast<std::uint32_t>(reason)) != all.end();
}

/// A consent with what the ledger says of it, both about this patient and custodian.
struct CheckedConsent {
  const consent::SealedPolicy* sealed = nullptr;
  ConsentRecord record;
};

/// Errors: content_differs, those of `model::verify_receipt`.
Result<CheckedConsent> checked_consent(const DisclosedConsent& shown, const AccessDetails& details,
                                       const model::Trust& trust) {
  XL_TRY(consent::check_sealed(shown.sealed));
  XL_TRY(model::verify_receipt(shown.receipt, trust));
  CheckedConsent out;
  out.sealed = &shown.sealed;
  const auto& state = shown.receipt.state;
  if (!state || state->key != consent::consent_key(contracts::id_of(shown.sealed.consent())) ||
      !state->value || !contracts::decode_record(*state->value, out.record)) {
    return judged_differently("the receipt is not of the consent");
  }
  if (!equal(view_of(out.record.commitment()), consent::commitment_of(shown.sealed))) {
    return judged_differently("the ledger holds another commitment to the consent");
  }
  if (out.record.patient() != details.patient() || out.record.custodian() != details.custodian()) {
    return judged_differently("a consent of another patient or custodian");
  }
  return out;
}

/// A block says the time of the one before, up to a minute ago where nothing happened.
constexpr std::uint64_t block_lag_ms = 120'000;

/// Did the ledger say then that it holds? It may have ended since. Whether it held near its
/// beginning and end the blocks' times cannot tell: then it counts as held if `in_doubt` says so.
bool held_at(const ConsentRecord& record, std::uint64_t time_ms, bool in_doubt) {
  const std::uint64_t before = time_ms - std::min(time_ms, block_lag_ms);
  const std::uint64_t behind = time_ms + block_lag_ms;
  const std::uint64_t begun_by = in_doubt ? behind : before;
  const std::uint64_t over_by = in_doubt ? before : behind;
  const bool ended = record.ended_ms() != 0 && record.ended_ms() <= over_by;
  const bool over = record.end_ms() != 0 && record.end_ms() <= over_by;
  return record.since_ms() <= begun_by && !ended && !over &&
         contracts::start_reached(record.start_ms(), begun_by);
}

/// The policies of a consent as they may have held then: in doubt those with the effect of what
/// was decided did, the others did not.
void add_policies(const CheckedConsent& one, std::uint64_t time_ms, bool permitted,
                  std::vector<consent::KnownPolicy>& out) {
  const auto wanted =
      static_cast<std::uint32_t>(permitted ? consent::Effect::permit : consent::Effect::deny);
  for (const bool in_doubt : {true, false}) {
    auto known = consent::policies_of(*one.sealed, held_at(one.record, time_ms, in_doubt), time_ms);
    std::erase_if(known, [&](const consent::KnownPolicy& each) {
      return (each.policy.effect() == wanted) != in_doubt;
    });
    std::move(known.begin(), known.end(), std::back_inserter(out));
  }
}

void add_care_teams(const consent::Rule& rule, std::set<model::Id>& out) {
  for (const auto& grantee : rule.grantees()) {
    if (!grantee.care_team().empty()) out.insert(contracts::id_of(grantee.care_team()));
  }
  // The normal form bounds the depth.
  for (const consent::Rule& exception : rule.exceptions()) add_care_teams(exception, out);
}

/// The request as the evidence has it. Who is in a care team the custodian says: as its answer
/// needs it.
consent::Request request_of(const AccessDetails& details, bool permitted,
                            const std::vector<CheckedConsent>& consents) {
  consent::Request out;
  out.requester.kind = static_cast<consent::RequesterKind>(details.requester_kind());
  out.requester.did = contracts::id_of(details.requester());
  out.requester.organisation = contracts::id_of(details.organisation());
  out.requester.roles.assign(details.roles().begin(), details.roles().end());
  const auto wanted = permitted ? consent::Effect::permit : consent::Effect::deny;
  std::set<model::Id> teams;
  for (const CheckedConsent& one : consents) {
    for (const auto& known : consent::policies_of(*one.sealed, true, 0)) {
      if (known.policy.effect() == static_cast<std::uint32_t>(wanted)) {
        add_care_teams(known.policy.rule(), teams);
      }
    }
  }
  out.requester.care_teams.assign(teams.begin(), teams.end());
  out.purpose = static_cast<consent::PurposeOfUse>(details.purpose());
  out.action = static_cast<consent::Action>(details.action());
  return out;
}

/// What the custodian established, as far as its answer says it.
consent::Facts facts_stated(const AccessDetails& details, bool permitted) {
  consent::Facts out;
  out.patient = contracts::id_of(details.patient());
  out.custodian = contracts::id_of(details.custodian());
  if (permitted) {
    out.role_attested = true;
    out.guardian_acts = gives(details, Reason::guardian_access);
    out.encounter_active = gives(details, Reason::own_care);
    const bool emergency = gives(details, Reason::emergency_access);
    out.emergency_declared = out.emergency_has_reason = out.emergency_licensed = emergency;
    return out;
  }
  out.law_denies = gives(details, Reason::law_denies);
  out.withheld_from_patient = gives(details, Reason::withheld_from_patient);
  out.guardian_acts = !gives(details, Reason::guardian_over);
  out.role_attested = !gives(details, Reason::role_not_attested);
  out.encounter_active = !gives(details, Reason::no_encounter);
  out.emergency_declared = !gives(details, Reason::emergency_not_declared);
  out.emergency_has_reason = !gives(details, Reason::emergency_without_reason);
  out.emergency_licensed = !gives(details, Reason::role_not_licensed);
  return out;
}

/// The labels of the version that the entry is about. Nothing: it is about none, or they are not
/// shown. Errors: content_differs, those of `check_record_commitment`.
Result<std::optional<consents::Labels>> labels_of(const ProvenAccess& access,
                                                  const Disclosure& disclosure,
                                                  const model::Trust& trust) {
  const Bytes& subject = access.entry.subject;
  if (!disclosure.record || subject.size() != subject_bytes)
    return std::optional<consents::Labels>{};
  const RecordProof& proof = *disclosure.record;
  const auto version = read_be<std::uint32_t>(ByteView(subject).subspan(limits::id_bytes));
  if (!equal(ByteView(subject).first(limits::id_bytes), proof.record.view()) ||
      version != proof.version || proof.patient != access.entry.patient ||
      !equal(view_of(access.details.custodian()), proof.custodian.view())) {
    return judged_differently("the labels of another record");
  }
  XL_TRY(check_record_commitment(proof, trust));
  consents::Labels out;
  if (!model::decode_canonical(proof.labels, out)) return judged_differently("labels");
  if (out.kind() != resource_kind) return std::optional<consents::Labels>{};
  return std::optional(std::move(out));
}

bool is_same(const consent::Decision& again, const AccessDetails& details, bool permitted) {
  if (again.permit != permitted) return false;
  // Each consent that is relied on does permit it.
  return std::all_of(details.consents().begin(), details.consents().end(), [&](const auto& one) {
    return std::find(again.consents.begin(), again.consents.end(), contracts::id_of(one)) !=
           again.consents.end();
  });
}

std::string reason_words(const consent::Decision& decision) {
  std::string out;
  for (const Reason reason : decision.reasons) {
    for (const consent::ReasonInfo& info : consent::reason_infos()) {
      if (info.reason == reason) out += (out.empty() ? "" : ", ") + std::string(info.name);
    }
  }
  return out;
}

/// A write asks for more than one action: that it may be seen, and that it may be changed.
std::vector<consent::Action> actions_of(const ProvenAccess& access) {
  std::vector<consent::Action> out{static_cast<consent::Action>(access.details.action())};
  const std::string& done = access.entry.action;
  if (done == "create") out.push_back(consent::Action::collect);
  if (done == "update" || done == "delete") out.push_back(consent::Action::correct);
  return out;
}

Result<Disclosure> disclosure_in(json::Value document) {
  const auto malformed = [](std::string_view what) {
    return make_error(ErrorCode::receipt_malformed, "access proof: " + std::string(what));
  };
  Disclosure out;
  for (const json::Value one : document.find("consents").items()) {
    Bytes sealed;
    if (!from_base64(one.find("sealed").as_string().value_or("*"), sealed) ||
        !one.find("receipt").is_object()) {
      return malformed("disclosed.consents");
    }
    DisclosedConsent& shown = out.consents.emplace_back();
    XL_TRY_ASSIGN(shown.sealed, consent::decode_sealed(sealed));
    XL_TRY_ASSIGN(shown.receipt, model::read_receipt(json::write(one.find("receipt"))));
  }
  const json::Value record = document.find("record");
  if (!record.present()) return out;
  if (!record.is_object()) return malformed("disclosed.record");
  XL_TRY_ASSIGN(out.record, read_record_proof(record));
  return out;
}

}  // namespace

Result<std::optional<Disclosure>> read_disclosure(json::Value proof) {
  const json::Value disclosed = proof.find("disclosed");
  if (!disclosed.present()) return std::optional<Disclosure>{};
  XL_TRY_ASSIGN(Disclosure out, disclosure_in(disclosed));
  return std::optional(std::move(out));
}

Result<Judgement> judge(const ProvenAccess& access, const Disclosure& disclosure,
                        const model::Trust& trust) {
  const AccessDetails& details = access.details;
  // What was written down without a decision gives no reasons of one.
  if (details.reasons().empty() || access.entry.patient.is_zero()) return Judgement::cannot_tell;
  XL_TRY_ASSIGN(const auto labels, labels_of(access, disclosure, trust));
  if (!labels) return Judgement::cannot_tell;
  std::vector<CheckedConsent> consents;
  for (const DisclosedConsent& shown : disclosure.consents) {
    XL_TRY_ASSIGN(CheckedConsent one, checked_consent(shown, details, trust));
    consents.push_back(std::move(one));
  }
  const bool permitted = access.entry.decision == model::JournalDecision::permitted;
  consent::Request request = request_of(details, permitted, consents);
  request.resource = consents::resource_of(*labels, contracts::id_of(details.custodian()));
  const consent::Facts facts = facts_stated(details, permitted);
  const std::uint64_t time = access.entry.time_ms;
  consent::Decision again;
  for (const consent::Action action : actions_of(access)) {
    request.action = action;
    for (const std::uint64_t at :
         {time, time - std::min(time, judged_around_ms), time + judged_around_ms}) {
      std::vector<consent::KnownPolicy> policies;
      for (const CheckedConsent& one : consents) add_policies(one, at, permitted, policies);
      again = consent::decide(policies, request, facts);
      if (is_same(again, details, permitted)) return Judgement::agrees;
    }
  }
  if (again.permit == permitted) {
    return judged_differently("the decision: a consent that it relies on does not permit this");
  }
  return judged_differently(
      std::string("the decision: it was ") + (permitted ? "permitted" : "refused") +
      ", and what it was about gives the opposite (" + reason_words(again) + ")");
}

}  // namespace xl::client
