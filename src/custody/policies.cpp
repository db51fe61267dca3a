// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/policies.h"

#include <algorithm>

#include "consents/times.h"
#include "contracts/api/shape.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/consent/view.h"
#include "contracts/identity/view.h"
#include "custody/consents.h"
#include "custody/labels.h"
#include "model/canonical.h"

namespace xl::custody {

namespace consent = contracts::consent;
namespace wire = xinglin::consent::v1;

namespace {

constexpr std::size_t cached_policies_max = 10'000;
constexpr std::uint64_t policy_pending_ms = 12 * 60 * 1000;  ///< longer than any validity window

/// What a narrower consent takes the place of, and how long it lasts itself (0: until revoked).
struct Replaced {
  model::Id consent;
  std::uint64_t end_ms = 0;
};

/// What the three messages that agree have in common.
struct Agreement {
  Hash transaction{};
  std::vector<Hash> signers;
  model::Id consent;
  std::string patient;  ///< empty where the message does not name it
  std::string commitment;
  std::optional<Replaced> replaces;
};

Result<Agreement> read_message(const model::Transaction& transaction) {
  const auto& messages = transaction.body.messages;
  if (messages.size() != 1 || messages[0].contract != consent::contract_number) {
    return make_error(ErrorCode::policy_mismatched, "one message to the consent contract");
  }
  const ByteView payload = messages[0].payload;
  if (messages[0].type == consent::grant_type) {
    wire::Grant message;
    XL_TRY(contracts::decode_message(payload, message));
    XL_TRY(contracts::check_id(message.consent(), "consent"));
    return Agreement{{},
                     {},
                     contracts::id_of(message.consent()),
                     message.patient(),
                     message.commitment(),
                     std::nullopt};
  }
  if (messages[0].type == consent::grant_assisted_type) {
    wire::GrantAssisted message;
    XL_TRY(contracts::decode_message(payload, message));
    XL_TRY(contracts::check_id(message.consent(), "consent"));
    return Agreement{{},
                     {},
                     contracts::id_of(message.consent()),
                     message.patient(),
                     message.commitment(),
                     std::nullopt};
  }
  if (messages[0].type == consent::narrow_type) {
    wire::Narrow message;
    XL_TRY(contracts::decode_message(payload, message));
    XL_TRY(contracts::check_id(message.consent(), "consent"));
    XL_TRY(contracts::check_id(message.replacement(), "replacement"));
    return Agreement{{},
                     {},
                     contracts::id_of(message.replacement()),
                     {},
                     message.commitment(),
                     Replaced{contracts::id_of(message.consent()), message.end_ms()}};
  }
  return make_error(ErrorCode::policy_mismatched, "Grant, Narrow or GrantAssisted");
}

Result<Agreement> read_agreement(ByteView raw) {
  XL_TRY_ASSIGN(const model::Transaction transaction, model::decode_transaction(raw));
  XL_TRY_ASSIGN(Agreement out, read_message(transaction));
  out.transaction = transaction.id;
  for (const model::Signer& signer : transaction.body.signers) out.signers.push_back(signer.key_id);
  return out;
}

/// The one person who agreed, as far as the ledger's keys tell: a patient or a guardian.
std::string who_agreed(const model::StateReader& state, const Agreement& agreement) {
  if (agreement.signers.size() != 1) return {};
  const auto key = contracts::identity::find_key(state, agreement.signers.front());
  return key ? key->controller() : std::string();
}

}  // namespace

Status PolicyStore::check_narrower(const model::Id& old, std::uint64_t end_ms,
                                   const consent::SealedPolicy& fresh) {
  XL_TRY_ASSIGN(const Shared before, load(old));
  if (before->patient() != fresh.patient()) {
    return make_error(ErrorCode::policy_mismatched, "another patient than of what it replaces");
  }
  if (consent::is_narrower(*before, fresh)) return {};
  if (!consent::same_policies(*before, fresh)) {
    return make_error(ErrorCode::consent_not_narrower, "it would allow something that is not now");
  }
  // The same for a shorter time is narrower too.
  const auto kept = consent::find_consent(*port_.ledger().state(), old);
  const bool ends_earlier = kept && end_ms != 0 && (kept->end_ms() == 0 || end_ms < kept->end_ms());
  if (ends_earlier) return {};
  return make_error(ErrorCode::consent_not_narrower, "the same, and it would not end earlier");
}

/// Who may have a policy compared with the one of this patient that it is to replace.
Status PolicyStore::check_bearer(const Principal& who, const model::Id& patient) const {
  if (who.kind == contracts::PartyKind::patient && who.did == patient) return {};
  if (who.kind == contracts::PartyKind::guardian) {
    XL_TRY_ASSIGN(const LedgerView view, look(port_));
    const bool acts = contracts::identity::guardian_acts(
        *view.state, who.did, patient, contracts::identity::power_consent, view.now_ms);
    if (acts) return {};
  }
  return make_error(ErrorCode::role_refused);
}

Result<model::HistoryEntry> PolicyStore::accept(const Principal& who,
                                                const consent::SealedPolicy& sealed,
                                                Bytes transaction) {
  XL_TRY(consent::check_sealed(sealed));
  XL_TRY_ASSIGN(const Agreement agreement, read_agreement(transaction));
  const auto mismatched = [](std::string_view what) {
    return make_error(ErrorCode::policy_mismatched, what);
  };
  if (sealed.custodian() != bytes_of(stores_.did().bytes)) return mismatched("custodian");
  if (sealed.consent() != bytes_of(agreement.consent.bytes)) return mismatched("consent");
  if (!agreement.patient.empty() && sealed.patient() != agreement.patient) {
    return mismatched("patient");
  }
  if (agreement.commitment != bytes_of(consent::commitment_of(sealed))) {
    return mismatched("commitment");
  }
  if (agreement.replaces) {
    XL_TRY(check_bearer(who, contracts::id_of(sealed.patient())));
    XL_TRY(check_narrower(agreement.replaces->consent, agreement.replaces->end_ms, sealed));
  }

  const model::Id patient = contracts::id_of(sealed.patient());
  const auto party = contracts::identity::find_party(*port_.ledger().state(), patient);
  if (!party || party->custodian() != bytes_of(stores_.did().bytes)) return mismatched("patient");
  const auto known = stores_.index().current("Consent", agreement.consent.text());
  if (known.ok() && !is_agreed_consent(*known)) return mismatched("consent");
  Labels labels = consent_labels(sealed, port_.now_ms());
  labels.set_author(who_agreed(*port_.ledger().state(), agreement));
  labels.set_transaction(bytes_of(agreement.transaction));
  XL_TRY_ASSIGN(const std::string subject, subject_of(patient));
  labels.set_subject(subject);
  XL_TRY_ASSIGN(const Bytes label_bytes, encode_labels(labels));
  const Bytes content = model::encode(sealed);
  const vault::RecordVersion which[] = {{agreement.consent, 1}};
  const auto kept = stores_.vault().put({patient, which[0], content, label_bytes},
                                        port_.now_ms() + policy_pending_ms);
  // Brought again after a lost answer: the same consent may be sent again.
  if (!kept.ok() && kept.error().code != ErrorCode::record_version_exists) return kept.error();
  if (!kept.ok()) {
    XL_TRY_ASSIGN(const Shared there, load(agreement.consent));
    if (model::encode(*there) != content) return mismatched("consent");
  } else {
    const KeptBody copied[] = {{which[0], kept->ciphertext_digest}};
    stores_.copy_out(copied);
  }
  const auto entry = port_.send(std::move(transaction));
  if (!entry.ok() && kept.ok() && entry.error().code != ErrorCode::wait_timed_out) {
    // Nobody agreed to it: it leaves at once.
    const vault::SuiteDigest body[] = {kept->ciphertext_digest};
    XL_TRY(stores_.keyring().forget(which));
    XL_TRY(stores_.bodies().remove(body));
  }
  if (!entry.ok()) return entry.error();
  XL_TRY(stores_.vault().confirm(which));
  XL_TRY_ASSIGN(const LedgerView view, look(port_));
  XL_TRY(refresh(view, agreement.consent));
  if (agreement.replaces) XL_TRY(refresh(view, agreement.replaces->consent));
  return *entry;
}

/// `Patient/id` of a patient; empty without such a record.
Result<std::string> PolicyStore::subject_of(const model::Id& patient) {
  query::Query wanted;
  wanted.type = "Patient";
  wanted.allowed.patients = std::vector{patient};
  wanted.count = 1;
  wanted.total = query::Total::none;
  XL_TRY_ASSIGN(const query::IndexPage page, stores_.index().search(wanted));
  return page.entries.empty() ? std::string() : "Patient/" + page.entries.front().id;
}

Status PolicyStore::refresh(const LedgerView& view, const model::Id& id) {
  const auto record = consent::find_consent(*view.state, id);
  if (!record || record->custodian() != bytes_of(stores_.did().bytes)) return {};
  const auto over = stores_.index().version("Consent", id.text(), 2);
  if (over.ok()) return {};
  const auto opened = stores_.vault().get({id, 1});
  if (!opened.ok()) {
    const ErrorCode code = opened.error().code;
    // Never brought here, erased, or lost with a disk: whoever asks about the patient of a lost one
    // is told so, and that is no reason to serve nobody.
    const bool gone = code == ErrorCode::record_unknown || code == ErrorCode::record_erased ||
                      code == ErrorCode::body_unknown;
    return gone ? Status{} : Status(opened.error());
  }
  XL_TRY_ASSIGN(const consent::SealedPolicy sealed, consent::decode_sealed(opened->content));
  XL_TRY_ASSIGN(const Labels labels, decode_labels(opened->labels));
  if (record->commitment() != bytes_of(consent::commitment_of(sealed))) return {};
  XL_TRY_ASSIGN(const auto entries, consent_entries(stores_.did(), opened->patient, sealed, labels,
                                                    *record, view.now_ms));
  return stores_.index().put_batch(entries);
}

Status PolicyStore::refresh_found(const LedgerView& view, query::Query wanted) {
  wanted.type = "Consent";
  wanted.count = query::index_page_max;
  wanted.total = query::Total::none;
  do {
    XL_TRY_ASSIGN(const query::IndexPage page, stores_.index().search(wanted));
    for (const query::RecordEntry& entry : page.entries) {
      if (is_agreed_consent(entry)) XL_TRY(refresh(view, entry.record));
    }
    wanted.cursor = page.next_cursor;
  } while (!wanted.cursor.empty());
  return {};
}

/// Consents whose time is over: the ledger says nothing when that comes.
Status PolicyStore::refresh_over(const LedgerView& view) {
  query::Query wanted;
  query::SearchCriterion active;
  active.name = "status";
  active.values = {{query::Prefix::eq, "active"}};
  query::SearchCriterion over;
  over.name = "period";
  over.values = {
      {query::Prefix::eb, consents::instant_text(static_cast<std::int64_t>(view.now_ms))}};
  wanted.criteria = {std::move(active), std::move(over)};
  return refresh_found(view, std::move(wanted));
}

Status PolicyStore::refresh_all(const LedgerView& view) { return refresh_found(view, {}); }

Result<PolicyStore::Shared> PolicyStore::load(const model::Id& id) {
  {
    const std::scoped_lock lock(mutex_);
    const auto found = cache_.find(id);
    if (found != cache_.end()) return found->second;
  }
  XL_TRY_ASSIGN(const vault::Opened opened, stores_.vault().get({id, 1}));
  XL_TRY_ASSIGN(consent::SealedPolicy sealed, consent::decode_sealed(opened.content));
  auto shared = std::make_shared<const consent::SealedPolicy>(std::move(sealed));
  const std::scoped_lock lock(mutex_);
  if (cache_.size() >= cached_policies_max) cache_.clear();
  cache_[id] = shared;
  return shared;
}

Result<std::vector<consent::KnownPolicy>> PolicyStore::known(const LedgerView& view,
                                                             const model::Id& patient) {
  XL_TRY_ASSIGN(const std::vector<AgreedConsent> all, agreed(view, patient));
  std::vector<consent::KnownPolicy> out;
  for (const AgreedConsent& one : all) {
    auto policies = consent::policies_of(one.sealed, one.active, view.now_ms);
    std::move(policies.begin(), policies.end(), std::back_inserter(out));
  }
  return out;
}

Result<std::vector<AgreedConsent>> PolicyStore::agreed(const LedgerView& view,
                                                       const model::Id& patient) {
  std::vector<AgreedConsent> out;
  for (const model::Id& id : consent::consents_of(*view.state, patient)) {
    const auto sealed = load(id);
    if (!sealed.ok()) {
      const ErrorCode code = sealed.error().code;
      if (code == ErrorCode::record_unknown || code == ErrorCode::record_erased) continue;
      return sealed.error();
    }
    const auto record = consent::find_consent(*view.state, id);
    // Somebody may have granted one commitment on the ledger and brought another policy here.
    if (!record || record->commitment() != bytes_of(consent::commitment_of(**sealed))) continue;
    out.push_back({id, consent::is_active(*view.state, id, view.now_ms), **sealed});
  }
  return out;
}

}  // namespace xl::custody
