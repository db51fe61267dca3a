// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "consents/writer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/json/writer.h"
#include "consents/codes.h"
#include "consents/sentence.h"
#include "consents/times.h"
#include "model/id.h"

namespace xl::consents {

namespace consent = contracts::consent;
namespace wire = xinglin::consent::v1;

namespace {

void write_coding(json::Writer& out, std::string_view system, std::string_view code) {
  out.begin_object().key("system").string(system).key("code").string(code).end_object();
}

void write_concept(json::Writer& out, std::string_view system, std::string_view code) {
  out.begin_object().key("coding").begin_array();
  write_coding(out, system, code);
  out.end_array().end_object();
}

bool is_permit(const consent::Policy& policy) {
  return policy.effect() == static_cast<std::uint32_t>(consent::Effect::permit);
}

/// Writes the provisions of one consent.
class ProvisionWriter {
 public:
  ProvisionWriter(json::Writer& out, const wire::Form& form) : out_(out), form_(form) {}

  /// `start_ms`, `end_ms`: of the whole consent, for its root.
  void policy(const consent::Policy& policy, std::uint64_t start_ms, std::uint64_t end_ms) {
    const std::uint64_t start = policy.has_start_ms() ? policy.start_ms() : start_ms;
    const std::uint64_t end = policy.has_end_ms() ? policy.end_ms() : end_ms;
    out_.begin_object();
    body(policy.rule(), is_permit(policy), false, start, end);
    out_.end_object();
  }

  void period(std::uint64_t start_ms, std::uint64_t end_ms) {
    if (start_ms == 0 && end_ms == 0) return;
    out_.key("period").begin_object();
    if (start_ms != 0) {
      out_.key("start").string(moment_text(static_cast<std::int64_t>(start_ms)));
    }
    if (end_ms != 0) {
      out_.key("end").string(last_moment_text(static_cast<std::int64_t>(end_ms)));
    }
    out_.end_object();
  }

 private:
  void body(const consent::Rule& rule, bool permit, bool only_exception, std::uint64_t start_ms,
            std::uint64_t end_ms) {
    modifiers(rule, permit, only_exception);
    out_.key("type").string(permit ? "permit" : "deny");
    period(start_ms, end_ms);
    actors(rule);
    actions(rule);
    labels(rule, permit);
    purposes(rule);
    kinds(rule);
    data(rule);
    if (rule.exceptions().empty()) return;
    out_.key("provision").begin_array();
    for (const consent::Rule& exception : rule.exceptions()) {
      out_.begin_object();
      body(exception, !permit, !permit, 0, 0);  // the normal form bounds the depth
      out_.end_object();
    }
    out_.end_array();
  }

  /// A range of levels that one code cannot say.
  static bool has_own_range(const consent::Rule& rule, bool permit) {
    return permit ? rule.confidentiality_min() != 1
                  : rule.confidentiality_max() != consent::confidentiality_max;
  }

  void modifiers(const consent::Rule& rule, bool permit, bool only_exception) {
    const bool own_range = has_own_range(rule, permit);
    if (!own_range && !only_exception && rule.sensitivities_excluded().empty()) return;
    out_.key("modifierExtension").begin_array();
    if (only_exception) {
      out_.begin_object().key("url").string(only_exception_url).key("valueBoolean").boolean(true);
      out_.end_object();
    }
    if (own_range) {
      out_.begin_object().key("url").string(confidentiality_url).key("valueCodeableConcept");
      out_.begin_object().key("coding").begin_array();
      for (const std::uint32_t level : {rule.confidentiality_min(), rule.confidentiality_max()}) {
        write_coding(out_, confidentiality_system, confidentiality_code(level));
      }
      out_.end_array().end_object().end_object();
    }
    for (const std::string& code : rule.sensitivities_excluded()) {
      out_.begin_object().key("url").string(not_sensitive_url).key("valueCoding");
      write_coding(out_, act_code_system, code);
      out_.end_object();
    }
    out_.end_array();
  }

  void party_reference(std::string_view type, const std::string& field) {
    out_.begin_object().key("type").string(type).key("identifier").begin_object();
    out_.key("system").string(uri_system).key("value").string(did(field)).end_object();
    for (const auto& name : form_.names()) {
      if (name.did() == field) out_.key("display").string(name.text());
    }
    out_.end_object();
  }

  static std::string did(const std::string& field) {
    const auto id = model::id_from_bytes(view_of(field));
    return id.ok() ? model::did_text(*id) : std::string();
  }

  void actors(const consent::Rule& rule) {
    if (rule.grantees().empty()) return;
    out_.key("actor").begin_array();
    for (const auto& grantee : rule.grantees()) actor(grantee);
    out_.end_array();
  }

  void actor(const wire::Grantee& grantee) {
    const bool person = !grantee.person().empty();
    const bool organisation = !grantee.organisation().empty();
    const bool team_limits = !grantee.care_team().empty() && (person || organisation);
    out_.begin_object();
    if (grantee.role() != 0 || (person && organisation) || team_limits) {
      out_.key("modifierExtension").begin_array();
      if (grantee.role() != 0) {
        out_.begin_object().key("url").string(actor_role_url).key("valueCoding");
        write_coding(out_, role_system, role_code(grantee.role()));
        out_.end_object();
      }
      if (person && organisation)
        limit(actor_organisation_url, "Organization", grantee.organisation());
      if (team_limits) limit(actor_team_url, "CareTeam", grantee.care_team());
      out_.end_array();
    }
    out_.key("role");
    write_concept(out_, participation_system, "IRCP");
    out_.key("reference");
    if (person) {
      party_reference("Practitioner", grantee.person());
    } else if (organisation) {
      party_reference("Organization", grantee.organisation());
    } else if (!grantee.care_team().empty()) {
      party_reference("CareTeam", grantee.care_team());
    } else {
      out_.begin_object().key("display").string("everybody in this role").end_object();
    }
    out_.end_object();
  }

  void limit(std::string_view url, std::string_view type, const std::string& field) {
    out_.begin_object().key("url").string(url).key("valueReference");
    party_reference(type, field);
    out_.end_object();
  }

  void actions(const consent::Rule& rule) {
    if (rule.actions().empty()) return;
    const auto has = [&](consent::Action action) {
      return std::ranges::find(rule.actions(), static_cast<std::uint32_t>(action)) !=
             rule.actions().end();
    };
    const bool reads = has(consent::Action::read);
    const bool searches = has(consent::Action::search);
    out_.key("action").begin_array();
    if (reads && searches) write_concept(out_, action_system, "access");
    if (reads != searches) write_concept(out_, own_action_system, reads ? "read" : "search");
    if (has(consent::Action::export_data)) write_concept(out_, action_system, "disclose");
    if (has(consent::Action::collect)) write_concept(out_, action_system, "collect");
    if (has(consent::Action::correct)) write_concept(out_, action_system, "correct");
    out_.end_array();
  }

  void labels(const consent::Rule& rule, bool permit) {
    const bool own_range = has_own_range(rule, permit);
    const std::uint32_t level = permit ? rule.confidentiality_max() : rule.confidentiality_min();
    const bool sensitive = !rule.sensitivities_included().empty();
    // What is named without a level is read as up to "restricted".
    const bool open = permit ? level == consent::confidentiality_max && !sensitive : level == 1;
    const bool levelled = !own_range && !open;
    if (!levelled && !sensitive) return;
    out_.key("securityLabel").begin_array();
    if (levelled) write_coding(out_, confidentiality_system, confidentiality_code(level));
    for (const std::string& code : rule.sensitivities_included()) {
      write_coding(out_, act_code_system, code);
    }
    out_.end_array();
  }

  void purposes(const consent::Rule& rule) {
    if (rule.purposes().empty()) return;
    out_.key("purpose").begin_array();
    for (const std::uint32_t purpose : rule.purposes()) {
      for (const consent::PurposeInfo& info : consent::purpose_infos()) {
        if (static_cast<std::uint32_t>(info.purpose) == purpose) {
          write_coding(out_, reason_system, info.code);
        }
      }
    }
    out_.end_array();
  }

  /// Codes of terminologies stand under `class` in policies that no form was signed for: one of
  /// either suffices there, so `code` would say less.
  void kinds(const consent::Rule& rule) {
    if (!rule.classes().empty()) {
      out_.key("class").begin_array();
      for (const auto& one : rule.classes()) write_coding(out_, one.system(), one.code());
      out_.end_array();
    }
    if (rule.codes().empty()) return;
    out_.key("code").begin_array();
    for (const auto& one : rule.codes()) write_concept(out_, one.system(), one.code());
    out_.end_array();
  }

  void data(const consent::Rule& rule) {
    if (rule.has_data_from_ms() || rule.has_data_to_ms()) {
      out_.key("dataPeriod").begin_object();
      if (rule.has_data_from_ms()) out_.key("start").string(moment_text(rule.data_from_ms()));
      if (rule.has_data_to_ms()) out_.key("end").string(last_moment_text(rule.data_to_ms()));
      out_.end_object();
    }
    if (rule.data().empty() && rule.authors().empty()) return;
    out_.key("data").begin_array();
    for (const auto& one : rule.data()) {
      const bool related = one.scope() == static_cast<std::uint32_t>(consent::DataScope::related);
      out_.begin_object().key("meaning").string(related ? "related" : "instance");
      out_.key("reference").begin_object().key("reference").string(one.type() + "/" + one.id());
      out_.end_object().end_object();
    }
    for (const auto& author : rule.authors()) write_author(author);
    out_.end_array();
  }

  void write_author(const wire::Author& author) {
    const bool person = !author.person().empty();
    out_.begin_object();
    if (person && !author.organisation().empty()) {
      out_.key("modifierExtension").begin_array();
      limit(actor_organisation_url, "Organization", author.organisation());
      out_.end_array();
    }
    out_.key("meaning").string("authoredby").key("reference");
    party_reference(person ? "Practitioner" : "Organization",
                    person ? author.person() : author.organisation());
    out_.end_object();
  }

  json::Writer& out_;
  const wire::Form& form_;
};

void write_form(json::Writer& out, const consent::SealedPolicy& sealed) {
  const wire::Form& form = sealed.form();
  const bool research = form.scope() == static_cast<std::uint32_t>(consent::ConsentScope::research);
  out.key("scope");
  write_concept(out, scope_system, research ? "research" : "patient-privacy");
  out.key("category").begin_array();
  if (form.categories().empty()) write_concept(out, "http://loinc.org", "59284-0");
  for (const auto& one : form.categories()) write_concept(out, one.system(), one.value());
  out.end_array();
}

/// R4 wants a policy or a policyRule (ppc-1).
void write_policy(json::Writer& out, const wire::Form& form, bool permits, bool holds_several) {
  if (!form.policies().empty()) {
    out.key("policy").begin_array();
    for (const std::string& uri : form.policies()) {
      out.begin_object().key("uri").string(uri).end_object();
    }
    out.end_array();
  }
  if (form.has_policy_rule()) {
    out.key("policyRule");
    write_concept(out, form.policy_rule().system(), form.policy_rule().value());
  } else if (form.policies().empty() && holds_several) {
    out.key("policyRule");
    write_concept(out, own_rule_system, "several");
  } else if (form.policies().empty()) {
    out.key("policyRule");
    write_concept(out, act_code_system, permits ? "OPTIN" : "OPTOUT");
  }
}

void write_did_reference(json::Writer& out, std::string_view reference, std::string_view type,
                         const std::string& did) {
  out.begin_object();
  if (!reference.empty()) out.key("reference").string(reference);
  if (!type.empty()) out.key("type").string(type);
  out.key("identifier").begin_object().key("system").string(uri_system).key("value").string(did);
  out.end_object().end_object();
}

std::string did_in(const std::string& field) {
  const auto id = model::id_from_bytes(view_of(field));
  return id.ok() ? model::did_text(*id) : std::string();
}

void write_meta(json::Writer& out, const Standing& standing) {
  out.key("meta").begin_object();
  if (standing.version != 0) {
    out.key("versionId").string(std::to_string(standing.version));
    out.key("lastUpdated").string(instant_text(static_cast<std::int64_t>(standing.changed_ms)));
  }
  // It tells what the patient leaves out.
  out.key("security").begin_array();
  write_coding(out, confidentiality_system, "R");
  out.end_array().end_object();
}

void write_people(json::Writer& out, const consent::SealedPolicy& sealed,
                  const Standing& standing) {
  out.key("patient");
  write_did_reference(out, standing.patient, "Patient", did_in(sealed.patient()));
  if (sealed.form().date_time().empty()) {
    if (standing.since_ms != 0) {
      out.key("dateTime").string(instant_text(static_cast<std::int64_t>(standing.since_ms)));
    }
  } else {
    out.key("dateTime").string(sealed.form().date_time());
  }
  if (!standing.performer_type.empty()) {
    out.key("performer").begin_array();
    const bool patient = standing.performer_type == "Patient";
    write_did_reference(out, patient ? standing.patient : std::string(), standing.performer_type,
                        model::did_text(standing.performer));
    out.end_array();
  }
  out.key("organization").begin_array();
  write_did_reference(out, {}, "Organization", did_in(sealed.custodian()));
  out.end_array();
  if (!sealed.form().source().empty()) {
    out.key("sourceReference").begin_object().key("reference").string(sealed.form().source());
    out.end_object();
  }
}

void write_extensions(json::Writer& out, const Standing& standing) {
  if (standing.replaced_by.empty() && standing.transaction.empty()) return;
  out.key("extension").begin_array();
  if (!standing.replaced_by.empty()) {
    out.begin_object().key("url").string(replaced_by_url).key("valueReference").begin_object();
    out.key("reference").string("Consent/" + standing.replaced_by).end_object().end_object();
  }
  if (!standing.transaction.empty()) {
    out.begin_object().key("url").string(transaction_url).key("valueString");
    out.string(standing.transaction).end_object();
  }
  out.end_array();
}

}  // namespace

std::string write_consent(const consent::SealedPolicy& sealed, const Standing& standing) {
  const wire::Form& form = sealed.form();
  // A policy with a time of its own stands in one that has none.
  const consent::Policy& first = sealed.policy();
  const bool several = !sealed.further().empty() || first.has_start_ms() || first.has_end_ms();
  json::Writer out;
  out.begin_object().key("resourceType").string("Consent");
  if (!standing.id.empty()) out.key("id").string(standing.id);
  write_meta(out, standing);
  out.key("text").begin_object().key("status").string("generated").key("div");
  out.string(narrative_of(sealed, standing.end_ms)).end_object();
  write_extensions(out, standing);
  if (!form.identifiers().empty()) {
    out.key("identifier").begin_array();
    for (const auto& one : form.identifiers()) {
      out.begin_object();
      if (!one.system().empty()) out.key("system").string(one.system());
      out.key("value").string(one.value()).end_object();
    }
    out.end_array();
  }
  out.key("status").string(standing.status);
  write_form(out, sealed);
  write_people(out, sealed, standing);
  write_policy(out, form, is_permit(first), several);
  ProvisionWriter provisions(out, form);
  out.key("provision");
  if (several) {
    out.begin_object();
    provisions.period(standing.start_ms, standing.end_ms);
    out.key("provision").begin_array();
    provisions.policy(first, 0, 0);
    for (const consent::Policy& policy : sealed.further()) provisions.policy(policy, 0, 0);
    out.end_array().end_object();
  } else {
    provisions.policy(first, standing.start_ms, standing.end_ms);
  }
  return out.end_object().take();
}

}  // namespace xl::consents
