// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "contracts/access/view.h"
#include "contracts/identity/view.h"
#include "custody/access.h"
#include "custody/journal_entries.h"
#include "model/canonical.h"
#include "query/search_text.h"

namespace xl::custody {

namespace consent = contracts::consent;

namespace {

constexpr std::string_view find_action = "find";

/// Is it an emergency of this clinician, still, about somebody whom nobody has identified?
Status check_unidentified(const Ask& ask, const model::StateReader& state, std::uint64_t now_ms) {
  const auto refused = [](std::string_view what) {
    return make_error(ErrorCode::emergency_mismatched, what);
  };
  if (!ask.emergency) return refused("entry");
  const auto entry = contracts::access::find_emergency(state, *ask.emergency);
  const Principal& who = ask.principal;
  if (!entry || entry->organisation() != bytes_of(who.organisation.bytes)) return refused("entry");
  const std::string did = bytes_of(who.did.bytes);
  if (entry->practitioner() != did && entry->second() != did) return refused("practitioner");
  if (!entry->patient().empty()) return refused("patient");
  const bool live =
      contracts::access::emergency_is_live(state, *ask.emergency, now_ms) &&
      contracts::identity::is_attested_for_emergency(state, who.did, who.organisation, now_ms);
  return live ? Status{} : Status(refused("it is over"));
}

}  // namespace

Result<std::vector<model::Id>> AccessDesk::find_person(const Ask& ask,
                                                       std::span<const std::string> identifiers) {
  XL_TRY_ASSIGN(const LedgerView now, look(port_));
  if (!still_holds(ask.principal, *now.state, now.now_ms)) {
    return make_error(ErrorCode::sign_in_over);
  }
  XL_TRY(check_unidentified(ask, *now.state, now.now_ms));
  std::vector<model::Id> found;
  for (const std::string& identifier : identifiers) {
    query::Query wanted;
    wanted.type = "Patient";
    wanted.count = persons_found_max;
    wanted.total = query::Total::none;
    XL_TRY_ASSIGN(auto criterion, query::read_criterion("Patient", "identifier", identifier));
    wanted.criteria.push_back(std::move(criterion));
    XL_TRY_ASSIGN(const query::IndexPage page, stores_.index().search(wanted));
    for (const query::RecordEntry& entry : page.entries) {
      if (!stores_.is_own(entry.patient)) found.push_back(entry.patient);
    }
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  if (found.size() > persons_found_max) found.resize(persons_found_max);
  if (found.empty()) XL_TRY(note_found(ask, {}));
  for (const model::Id& patient : found) XL_TRY(note_found(ask, patient));
  return found;
}

/// That it was told of a patient that they are one, or that nobody was found (zero).
Status AccessDesk::note_found(const Ask& ask, const model::Id& patient) {
  consent::Decision decision;
  decision.permit = !patient.is_zero();
  decision.review = decision.permit;
  decision.reasons.push_back(decision.permit ? consent::Reason::emergency_access
                                             : consent::Reason::no_consent);
  query::RecordEntry nobody;
  nobody.patient = patient;
  model::JournalEntry kept = journal_entry(ask, nobody, decision, find_action, port_.now_ms());
  kept.session = *ask.emergency;
  if (decision.permit) kept.subject.clear();  // no record was shown
  auto details = access_details(ask.principal, patient, stores_.did(), ask.purpose, ask.action,
                                port_.ledger().provable_height());
  details.set_emergency(bytes_of(ask.emergency->bytes));
  for (const consent::Reason reason : decision.reasons) {
    details.add_reasons(static_cast<std::uint32_t>(reason));
  }
  kept.evidence = model::encode(details);
  const auto appended = stores_.journal().append(kept);
  return appended.ok() ? Status{} : Status(appended.error());
}

}  // namespace xl::custody
