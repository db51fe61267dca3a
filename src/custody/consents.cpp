// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/consents.h"

#include <set>

#include "base/hex.h"
#include "base/json/json.h"
#include "consents/writer.h"
#include "contracts/api/shape.h"
#include "contracts/api/time.h"
#include "contracts/consent/view.h"
#include "model/limits.h"
#include "query/fhir_terms.h"

namespace xl::custody {

namespace consent = contracts::consent;

namespace {

void collect_sensitivities(const consent::Rule& rule, std::set<std::string>& out) {
  out.insert(rule.sensitivities_included().begin(), rule.sensitivities_included().end());
  out.insert(rule.sensitivities_excluded().begin(), rule.sensitivities_excluded().end());
  // The normal form bounds the depth.
  for (const consent::Rule& exception : rule.exceptions()) collect_sensitivities(exception, out);
}

/// When the ledger or the clock ended it; 0 while it holds.
std::uint64_t ended_at(const xinglin::consent::v1::ConsentRecord& record, std::uint64_t now_ms) {
  if (record.status() != static_cast<std::uint32_t>(consent::ConsentStatus::active)) {
    return record.ended_ms();
  }
  return contracts::end_reached(record.end_ms(), now_ms) ? record.end_ms() : 0;
}

}  // namespace

Labels consent_labels(const consent::SealedPolicy& sealed, std::uint64_t now_ms) {
  Labels out;
  out.set_kind(static_cast<std::uint32_t>(Kind::policy));
  out.set_type("Consent");
  out.set_id(contracts::id_of(sealed.consent()).text());
  out.set_last_updated_ms(now_ms);
  auto* type = out.add_classes();
  type->set_system(std::string(consent::resource_types_system));
  type->set_code("Consent");
  std::set<std::string> sensitivities;
  collect_sensitivities(sealed.policy().rule(), sensitivities);
  for (const auto& policy : sealed.further()) collect_sensitivities(policy.rule(), sensitivities);
  // Whoever may not know what is sensitive may not learn it from what the patient says of it.
  const bool many = sensitivities.size() > limits::sensitivities_max;
  out.set_confidentiality(static_cast<std::uint32_t>(
      many ? consent::Confidentiality::very_restricted : consent::Confidentiality::restricted));
  if (!many) out.mutable_sensitivities()->Add(sensitivities.begin(), sensitivities.end());
  out.set_links_known(true);
  out.set_from_ms(static_cast<std::int64_t>(now_ms));
  out.set_to_ms(static_cast<std::int64_t>(now_ms));
  out.set_author_organisation(sealed.custodian());
  return out;
}

std::string consent_content(const consent::SealedPolicy& sealed, const Labels& labels,
                            const xinglin::consent::v1::ConsentRecord& record,
                            std::uint64_t version) {
  const std::uint64_t ended = ended_at(record, UINT64_MAX);
  consents::Standing standing;
  standing.id = contracts::id_of(sealed.consent()).text();
  standing.status = version == 1 ? "active" : "inactive";
  standing.version = version;
  standing.since_ms = record.since_ms();
  standing.changed_ms = version == 1 ? record.since_ms() : ended;
  standing.start_ms = record.start_ms();
  standing.end_ms = record.end_ms();
  standing.patient = labels.subject();
  const bool by_another = !labels.author().empty() && labels.author() != sealed.patient();
  standing.performer_type = by_another ? "RelatedPerson" : "Patient";
  standing.performer = contracts::id_of(by_another ? labels.author() : sealed.patient());
  if (version != 1 && !record.replaced_by().empty()) {
    standing.replaced_by = contracts::id_of(record.replaced_by()).text();
  }
  standing.transaction = to_hex(view_of(labels.transaction()));
  return consents::write_consent(sealed, standing);
}

Result<std::vector<query::RecordEntry>> consent_entries(
    const model::Id& organisation, const model::Id& patient, const consent::SealedPolicy& sealed,
    const Labels& labels, const xinglin::consent::v1::ConsentRecord& record, std::uint64_t now_ms) {
  const std::uint64_t ended = ended_at(record, now_ms);
  std::vector<query::RecordEntry> out;
  for (std::uint64_t version = 1; version <= (ended == 0 ? 1U : 2U); ++version) {
    query::RecordEntry entry;
    entry.record = contracts::id_of(sealed.consent());
    entry.type = "Consent";
    entry.id = entry.record.text();
    entry.version = version;
    entry.vault_version = 1;
    entry.patient = patient;
    entry.last_updated_ms = version == 1 ? record.since_ms() : ended;
    XL_TRY_ASSIGN(const json::Document document,
                  json::parse(consent_content(sealed, labels, record, version), {}));
    XL_TRY_ASSIGN(entry.terms, query::terms_of(document.root(), query::own_path_of(organisation)));
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace xl::custody
