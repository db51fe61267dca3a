// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "contracts/access/sealed.h"
#include "contracts/api/shape.h"
#include "crypto/hash.h"
#include "crypto/merkle.h"
#include "crypto/random.h"
#include "custody/access.h"
#include "custody/access_log.h"
#include "custody/journal_entries.h"
#include "model/canonical.h"
#include "model/limits.h"

namespace xl::custody {

namespace consent = contracts::consent;
using xinglin::access::v1::AccessDetails;
using xinglin::access::v1::CohortLeaf;
using xinglin::access::v1::CohortOpening;
using xinglin::access::v1::CohortPlace;

namespace {

/// A query longer than this is kept as its digest: the entry's evidence is bounded.
constexpr std::size_t query_bytes_max = 2048;

std::string random_salt() {
  Hash salt{};
  crypto::random_bytes(salt);
  return bytes_of(salt);
}

void add_unique(std::vector<model::Id>& ids, const std::vector<model::Id>& more) {
  ids.insert(ids.end(), more.begin(), more.end());
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
}

/// Is one of the consents that permit a record among those that a session rests on?
bool meets(const Permits& permits, const std::vector<model::Id>& consents) {
  return std::ranges::any_of(
      permits, [&](const model::Id& one) { return std::ranges::binary_search(consents, one); });
}

}  // namespace

AccessDetails access_details(const Principal& principal, const model::Id& patient,
                             const model::Id& custodian, consent::PurposeOfUse purpose,
                             consent::Action action, std::uint64_t policy_height) {
  const consent::Requester requester = requester_of(principal);
  AccessDetails out;
  out.set_version(1);
  out.set_salt(random_salt());
  out.set_requester_kind(static_cast<std::uint32_t>(requester.kind));
  out.set_requester(bytes_of(requester.did.bytes));
  out.set_organisation(bytes_of(requester.organisation.bytes));
  out.mutable_roles()->Add(requester.roles.begin(), requester.roles.end());
  out.set_key(bytes_of(principal.key_id));
  if (!patient.is_zero()) out.set_patient(bytes_of(patient.bytes));
  out.set_custodian(bytes_of(custodian.bytes));
  out.set_purpose(static_cast<std::uint32_t>(purpose));
  out.set_action(static_cast<std::uint32_t>(action));
  out.set_policy_height(policy_height);
  out.mutable_sign_in()->set_key_record(bytes_of(principal.sign_in.key_record));
  out.mutable_sign_in()->set_challenge(principal.sign_in.challenge);
  out.mutable_sign_in()->set_signature(bytes_of(principal.sign_in.signature));
  return out;
}

AccessDetails Viewer::details_of(const model::Id& patient,
                                 const consent::Decision& decision) const {
  AccessDetails out = access_details(ask_.principal, patient, desk_.stores_.did(), ask_.purpose,
                                     ask_.action, view_.height);
  for (const model::Id& one : decision.consents) out.add_consents(bytes_of(one.bytes));
  if (decision.review && ask_.emergency) out.set_emergency(bytes_of(ask_.emergency->bytes));
  for (const consent::Reason reason : decision.reasons) {
    out.add_reasons(static_cast<std::uint32_t>(reason));
  }
  return out;
}

/// What is shown of whom, and on which basis. Errors: access_refused (something is not permitted).
Result<Viewer::ShownTo> Viewer::basis_of(std::span<const query::RecordEntry> entries) {
  ShownTo out;
  for (const query::RecordEntry& entry : entries) {
    if (entry.patient == desk_.stores_.directory()) continue;  // about nobody
    XL_TRY_ASSIGN(const consent::Decision decision, decide(entry));
    if (!decision.permit) return make_error(ErrorCode::access_refused);
    Shown& shown = out[entry.patient];
    ++shown.records;
    shown.basis.permit = true;
    shown.basis.review = shown.basis.review || decision.review;
    shown.basis.reasons = decision.reasons;
    add_unique(shown.basis.consents, decision.consents);
    if (!from_elsewhere()) continue;
    Permits permits = decision.consents;
    std::ranges::sort(permits);
    shown.needs.insert(std::move(permits));
  }
  return out;
}

/// Names the emergency that opens a patient's data, and sessions for a requester from elsewhere.
Status Viewer::open_sessions(ShownTo& shown) {
  for (auto& [patient, one] : shown) {
    if (one.basis.review && ask_.emergency) one.session = *ask_.emergency;
    if (from_elsewhere()) XL_TRY(open_sessions_of(patient, one));
  }
  return {};
}

/// Under the sessions that run as far as they go; further ones rest on as few consents as serve the
/// rest, each on as many as a session holds.
Status Viewer::open_sessions_of(const model::Id& patient, Shown& shown) {
  const auto open = [&](AccessDesk::Session wanted) -> Status {
    consent::Decision basis = shown.basis;
    if (wanted.emergency.is_zero()) basis.consents = wanted.consents;
    wanted.details = model::encode(details_of(patient, basis));
    XL_TRY_ASSIGN(AccessDesk::Session session, desk_.session_for(ask_, wanted, patient));
    if (ask_.far != nullptr) ask_.far->session = session.id;
    shown.sessions.push_back({session.id, session.consents, std::move(session.details)});
    return {};
  };
  AccessDesk::Session wanted;
  wanted.emergency = shown.session;
  if (!wanted.emergency.is_zero()) return open(std::move(wanted));
  std::set<Permits> needs = shown.needs;
  needs.erase(Permits{});
  if (needs.empty()) return open(std::move(wanted));  // the ledger says that it rests on nothing
  XL_TRY_ASSIGN(std::vector<AccessDesk::Session> running, desk_.live_sessions(ask_, patient));
  // Another member is told of one session for each page.
  if (ask_.far != nullptr) {
    std::erase_if(running, [&](const AccessDesk::Session& one) {
      return !std::ranges::all_of(needs,
                                  [&](const Permits& need) { return meets(need, one.consents); });
    });
  }
  for (AccessDesk::Session& one : running) {
    const std::size_t served =
        std::erase_if(needs, [&](const Permits& need) { return meets(need, one.consents); });
    if (served == 0) continue;
    if (ask_.far != nullptr) ask_.far->session = one.id;
    shown.sessions.push_back({one.id, std::move(one.consents), std::move(one.details)});
  }
  if (needs.empty()) return {};
  const std::vector<model::Id> relied_on = consents_relied_on(needs);
  const std::size_t sessions =
      (relied_on.size() + limits::session_consents_max - 1) / limits::session_consents_max;
  if (ask_.far != nullptr && sessions > 1) return make_error(ErrorCode::session_consents_exceeded);
  for (std::size_t next = 0; next < relied_on.size(); next += limits::session_consents_max) {
    const std::size_t end =
        std::min<std::size_t>(relied_on.size(), next + limits::session_consents_max);
    wanted.consents.assign(relied_on.begin() + static_cast<std::ptrdiff_t>(next),
                           relied_on.begin() + static_cast<std::ptrdiff_t>(end));
    std::ranges::sort(wanted.consents);
    XL_TRY(open(wanted));
  }
  return {};
}

Result<std::size_t> Viewer::under_one_session(std::span<const query::RecordEntry> entries) {
  if (!from_elsewhere() || ask_.emergency) return entries.size();
  std::vector<Permits> needs;
  for (const query::RecordEntry& entry : entries) {
    XL_TRY_ASSIGN(const consent::Decision decision, decide(entry));
    needs.push_back(decision.consents);
    std::ranges::sort(needs.back());
  }
  return std::max<std::size_t>(1, served_by(needs, limits::session_consents_max));
}

/// One answer would need more than can be opened at once: that it was not given is in the log.
Status Viewer::note_exceeded(const ShownTo& shown, std::string_view action, const Status& status) {
  if (status.ok() || status.error().code != ErrorCode::session_consents_exceeded) return status;
  for (const auto& [patient, one] : shown) {
    if (desk_.stores_.is_own(patient)) continue;
    XL_TRY(record_refusal(desk_.stores_, desk_.port_, ask_.principal,
                          {patient, {}, action, ask_.purpose}));
  }
  return status;
}

/// The journal entry of a look at many patients; each of them gets its place in the tree.
model::JournalEntry Viewer::make_cohort(ShownTo& shown, std::string_view action,
                                        std::string_view query) const {
  const model::Id id = random_id();
  std::vector<std::pair<Shown*, Hash>> members;
  std::vector<Hash> leaves;
  for (auto& [patient, one] : shown) {
    if (desk_.stores_.is_own(patient)) continue;
    CohortLeaf& leaf = *one.place.emplace().mutable_leaf();
    leaf.set_salt(random_salt());
    leaf.set_entry(bytes_of(id.bytes));
    leaf.set_patient(bytes_of(patient.bytes));
    leaf.set_records(one.records);
    leaves.push_back(contracts::access::cohort_leaf(leaf));
    members.emplace_back(&one, leaves.back());
    if (one.session.is_zero()) one.session = id;  // an emergency is named before
  }
  // In the order of their hashes: a place among others says nothing of a pseudonym.
  std::sort(leaves.begin(), leaves.end());
  for (const auto& [one, hash] : members) {
    const auto place = std::lower_bound(leaves.begin(), leaves.end(), hash) - leaves.begin();
    one->place->set_index(static_cast<std::uint32_t>(place));
    one->place->set_count(static_cast<std::uint32_t>(leaves.size()));
    for (const Hash& sibling :
         crypto::merkle::inclusion_path(leaves, static_cast<std::uint64_t>(place))) {
      one->place->add_path(bytes_of(sibling));
    }
  }
  CohortOpening opening;
  *opening.mutable_details() = details_of(model::Id{}, {});
  opening.set_query_salt(random_salt());
  opening.set_query(query.size() <= query_bytes_max
                        ? std::string(query)
                        : "sha256:" + to_hex(crypto::sha256(view_of(query))));
  opening.set_root(bytes_of(crypto::merkle::root_of_leaf_hashes(leaves)));
  opening.set_count(static_cast<std::uint32_t>(leaves.size()));
  consent::Decision decision;
  decision.permit = true;
  model::JournalEntry out = journal_entry(ask_, {}, decision, action, desk_.port_.now_ms());
  out.session = id;
  out.subject.clear();
  out.evidence = model::encode(opening);
  return out;
}

/// The session under which a record is read; of the consents that permit it those are left on which
/// that session rests. Null: none is needed.
const Viewer::Shown::Under* Viewer::session_of(const Shown& shown, consent::Decision& decision) {
  if (shown.sessions.empty()) return nullptr;
  if (!shown.session.is_zero() || decision.consents.empty()) return &shown.sessions.front();
  for (const Shown::Under& one : shown.sessions) {
    if (!meets(decision.consents, one.consents)) continue;
    std::erase_if(decision.consents, [&](const model::Id& consent) {
      return !std::ranges::binary_search(one.consents, consent);
    });
    return &one;
  }
  return nullptr;
}

/// Puts `batch` and an entry for each record shown into the journal, durably.
Status Viewer::journal(std::span<const query::RecordEntry> entries, const ShownTo& shown,
                       std::string_view action, std::vector<model::JournalEntry> batch) {
  for (const query::RecordEntry& entry : entries) {
    const auto found = shown.find(entry.patient);
    if (found == shown.end()) continue;
    XL_TRY_ASSIGN(const consent::Decision decision, decide(entry));
    consent::Decision basis = decision;
    const Shown::Under* under = session_of(found->second, basis);
    AccessDetails details = details_of(entry.patient, basis);
    if (under != nullptr) details.set_session_details(bytes_of(under->details));
    if (found->second.place) *details.mutable_cohort() = *found->second.place;
    batch.push_back(journal_entry(ask_, entry, decision, action, desk_.port_.now_ms()));
    batch.back().session = under != nullptr ? under->session : found->second.session;
    batch.back().evidence = model::encode(details);
  }
  for (std::size_t next = 0; next < batch.size(); next += limits::journal_group_max) {
    const std::size_t count = std::min<std::size_t>(limits::journal_group_max, batch.size() - next);
    const auto kept = desk_.stores_.journal().append_batch(std::span(batch).subspan(next, count));
    if (!kept.ok()) return kept.error();
    journalled_ = *kept + count - 1;
  }
  return {};
}

Status Viewer::serve(std::span<const query::RecordEntry> entries, std::string_view action) {
  XL_TRY_ASSIGN(ShownTo shown, basis_of(entries));
  const std::shared_lock reading(desk_.reading_);
  XL_TRY(note_exceeded(shown, action, open_sessions(shown)));
  return journal(entries, shown, action, {});
}

Status Viewer::serve_listing(std::span<const query::RecordEntry> entries, std::string_view action,
                             std::string_view query, bool of_patients) {
  XL_TRY_ASSIGN(ShownTo shown, basis_of(entries));
  const bool somebody = std::any_of(shown.begin(), shown.end(), [&](const auto& one) {
    return !desk_.stores_.is_own(one.first);
  });
  if (!many_ || from_elsewhere() || (!of_patients && !somebody)) return serve(entries, action);
  const std::shared_lock reading(desk_.reading_);
  XL_TRY(note_exceeded(shown, action, open_sessions(shown)));
  std::vector<model::JournalEntry> batch;
  batch.push_back(make_cohort(shown, action, query));
  return journal(entries, shown, action, std::move(batch));
}

}  // namespace xl::custody
