// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "contracts/consent/decide.h"

#include <algorithm>
#include <array>
#include <set>

#include "contracts/api/shape.h"
#include "contracts/api/time.h"
#include "contracts/consent/match.h"

namespace xl::contracts::consent {
namespace {

/// Collects reasons and consents as sets: the order of policies leaves no trace.
class Verdict {
 public:
  void say(Reason reason) { reasons_.insert(reason); }
  void rely_on(const model::Id& consent) { consents_.insert(consent); }
  void refuse_by(const model::Id& consent) { refusals_.insert(consent); }

  [[nodiscard]] Decision permit(bool review) const { return decision(true, review); }
  [[nodiscard]] Decision deny() const { return decision(false, false); }

 private:
  [[nodiscard]] Decision decision(bool permitted, bool review) const {
    Decision out;
    out.permit = permitted;
    out.review = review;
    for (const Reason reason : reasons_) {
      // A permit says why it is one; what else did not hold is of no interest then.
      if (!permitted || reason < Reason::law_denies) out.reasons.push_back(reason);
    }
    if (permitted) out.consents.assign(consents_.begin(), consents_.end());
    out.refusals.assign(refusals_.begin(), refusals_.end());
    return out;
  }

  std::set<Reason> reasons_;
  std::set<model::Id> consents_;
  std::set<model::Id> refusals_;
};

struct MismatchReason {
  Mismatch mismatch;
  Reason reason;
};

constexpr auto mismatch_reasons = std::to_array<MismatchReason>({
    {mismatch_class, Reason::class_not_covered},
    {mismatch_confidentiality, Reason::confidentiality_not_covered},
    {mismatch_sensitivity, Reason::sensitivity_not_covered},
    {mismatch_purpose, Reason::purpose_not_covered},
    {mismatch_period, Reason::period_not_covered},
    {mismatch_author, Reason::author_not_covered},
    {mismatch_action, Reason::action_not_covered},
    {mismatch_data, Reason::data_not_covered},
    {mismatch_excepted, Reason::excepted},
});

bool is_permit(const Policy& policy) {
  return policy.effect() == static_cast<std::uint32_t>(Effect::permit);
}

bool patient_refuses(std::span<const KnownPolicy> policies, const Request& request,
                     Verdict& verdict) {
  bool refused = false;
  for (const KnownPolicy& known : policies) {
    if (!known.active || is_permit(known.policy)) continue;
    if (mismatch_of(known.policy.rule(), request, false) != 0) continue;
    refused = true;
    verdict.refuse_by(known.consent);
  }
  return refused;
}

/// Why a permit of the right grantee does not cover the request.
void explain(std::uint32_t mismatch, Verdict& verdict) {
  for (const MismatchReason& entry : mismatch_reasons) {
    if ((mismatch & entry.mismatch) != 0) verdict.say(entry.reason);
  }
}

/// Another organisation may need an agreement with the custodian beside the patient's consent.
bool needs_agreement(const Request& request, const Facts& facts) {
  return facts.agreement_required && request.requester.organisation != facts.custodian;
}

/// True when a permit in force covers the request.
bool consents_permit(std::span<const KnownPolicy> policies, const Request& request,
                     const Facts& facts, Verdict& verdict) {
  const bool needs = needs_agreement(request, facts);
  bool permitted = false;
  bool any = false;
  bool named = false;
  for (const KnownPolicy& known : policies) {
    if (!is_permit(known.policy)) continue;
    // Breaking the glass takes a declared emergency, whatever the patient said of it before.
    if (request.purpose == PurposeOfUse::break_glass) continue;
    const std::uint32_t mismatch = mismatch_of(known.policy.rule(), request, true);
    if (!known.active) {
      if (mismatch == 0) verdict.say(Reason::consent_inactive);
      continue;
    }
    any = true;
    if (mismatch == 0 && needs && !facts.agreement_covers) {
      named = true;
      verdict.say(Reason::agreement_missing);
    } else if (mismatch == 0) {
      permitted = true;
      if (needs) verdict.say(Reason::agreement_covers);
      verdict.say(Reason::consent_permits);
      verdict.rely_on(known.consent);
    } else if ((mismatch & mismatch_grantee) == 0) {
      named = true;
      explain(mismatch, verdict);
    }
  }
  if (!permitted && !any) verdict.say(Reason::no_consent);
  if (!permitted && any && !named) verdict.say(Reason::grantee_not_covered);
  return permitted;
}

/// The network's base policy for an institution's own charts.
bool own_care_permits(const Request& request, const Facts& facts, Verdict& verdict) {
  const bool at_home = request.requester.kind == RequesterKind::practitioner &&
                       request.requester.organisation == facts.custodian;
  if (!at_home) return false;
  if (request.purpose != PurposeOfUse::treatment) verdict.say(Reason::not_own_care);
  if (!facts.encounter_active) verdict.say(Reason::no_encounter);
  if (request.purpose != PurposeOfUse::treatment || !facts.encounter_active) return false;
  verdict.say(Reason::own_care);
  return true;
}

/// Software of an institution works on its own charts for its operations; such reads are marked.
bool own_systems_permit(const Request& request, const Facts& facts, Verdict& verdict) {
  const bool own = request.requester.kind == RequesterKind::organisation &&
                   request.requester.organisation == facts.custodian &&
                   request.purpose == PurposeOfUse::operations;
  if (own) verdict.say(Reason::own_systems);
  return own;
}

/// Licensed role, reason, and an entry on the chain before the first byte.
bool emergency_permits(const Request& request, const Facts& facts, Verdict& verdict) {
  const bool asked = request.requester.kind == RequesterKind::practitioner &&
                     (request.purpose == PurposeOfUse::emergency_treatment ||
                      request.purpose == PurposeOfUse::break_glass);
  if (!asked) return false;
  if (!facts.emergency_declared) verdict.say(Reason::emergency_not_declared);
  if (!facts.emergency_has_reason) verdict.say(Reason::emergency_without_reason);
  if (!facts.emergency_licensed) verdict.say(Reason::role_not_licensed);
  return facts.emergency_declared && facts.emergency_has_reason && facts.emergency_licensed;
}

Decision decide_own_access(const Request& request, const Facts& facts, Verdict& verdict) {
  if (request.requester.did != facts.patient) {
    verdict.say(Reason::not_this_patient);
    return verdict.deny();
  }
  if (facts.withheld_from_patient) {
    verdict.say(Reason::withheld_from_patient);
    return verdict.deny();
  }
  verdict.say(Reason::own_access);
  return verdict.permit(false);
}

Decision decide_guardian(std::span<const KnownPolicy> policies, const Request& request,
                         const Facts& facts, Verdict& verdict) {
  if (!facts.guardian_acts) verdict.say(Reason::guardian_over);
  const bool refused = patient_refuses(policies, request, verdict);
  if (refused) verdict.say(Reason::patient_denies);
  if (!facts.guardian_acts || refused) return verdict.deny();
  verdict.say(Reason::guardian_access);
  return verdict.permit(false);
}

}  // namespace

std::vector<KnownPolicy> policies_of(const SealedPolicy& sealed, bool active,
                                     std::uint64_t now_ms) {
  const model::Id consent = id_of(sealed.consent());
  std::vector<KnownPolicy> out;
  const auto add = [&](const Policy& policy) {
    const bool begun = !policy.has_start_ms() || start_reached(policy.start_ms(), now_ms);
    const bool over = policy.has_end_ms() && policy.end_ms() <= now_ms;
    out.push_back({consent, active && begun && !over, policy});
  };
  add(sealed.policy());
  for (const Policy& policy : sealed.further()) add(policy);
  return out;
}

Decision decide(std::span<const KnownPolicy> policies, const Request& request, const Facts& facts) {
  Verdict verdict;
  if (facts.law_denies) {
    verdict.say(Reason::law_denies);
    return verdict.deny();
  }
  if (request.requester.kind == RequesterKind::patient) {
    return decide_own_access(request, facts, verdict);
  }
  if (request.requester.kind == RequesterKind::guardian) {
    return decide_guardian(policies, request, facts, verdict);
  }
  if (request.requester.kind == RequesterKind::practitioner && !facts.role_attested) {
    verdict.say(Reason::role_not_attested);
    return verdict.deny();
  }
  const bool no_purpose = request.requester.kind == RequesterKind::practitioner &&
                          !role_serves(request.requester.roles, request.purpose);
  if (no_purpose) {
    verdict.say(Reason::role_not_for_purpose);
    return verdict.deny();
  }
  const bool emergency = emergency_permits(request, facts, verdict);
  const bool refused = patient_refuses(policies, request, verdict);
  if (refused && emergency) {
    verdict.say(Reason::emergency_access);
    verdict.say(Reason::emergency_overrides);
    return verdict.permit(true);
  }
  if (refused) {
    verdict.say(Reason::patient_denies);
    return verdict.deny();
  }
  const bool own_care =
      own_care_permits(request, facts, verdict) || own_systems_permit(request, facts, verdict);
  const bool consented = consents_permit(policies, request, facts, verdict);
  if (own_care || consented) return verdict.permit(false);
  if (!emergency) return verdict.deny();
  verdict.say(Reason::emergency_access);
  return verdict.permit(true);
}

}  // namespace xl::contracts::consent
