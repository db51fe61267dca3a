// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/policies.h"

#include "contracts/api/shape.h"
#include "contracts/consent/messages.pb.h"
#include "contracts/consent/records.h"
#include "contracts/consent/view.h"
#include "contracts/identity/view.h"
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
  model::Id consent;
  std::string patient;  ///< empty where the message does not name it
  std::string commitment;
  std::optional<Replaced> replaces;
};

Result<Agreement> read_agreement(ByteView raw) {
  XL_TRY_ASSIGN(const model::Transaction transaction, model::decode_transaction(raw));
  const auto& messages = transaction.body.messages;
  if (messages.size() != 1 || messages[0].contract != consent::contract_number) {
    return make_error(ErrorCode::policy_mismatched, "one message to the consent contract");
  }
  const ByteView payload = messages[0].payload;
  if (messages[0].type == consent::grant_type) {
    wire::Grant message;
    XL_TRY(contracts::decode_message(payload, message));
    XL_TRY(contracts::check_id(message.consent(), "consent"));
    return Agreement{contracts::id_of(message.consent()), message.patient(), message.commitment(),
                     std::nullopt};
  }
  if (messages[0].type == consent::grant_assisted_type) {
    wire::GrantAssisted message;
    XL_TRY(contracts::decode_message(payload, message));
    XL_TRY(contracts::check_id(message.consent(), "consent"));
    return Agreement{contracts::id_of(message.consent()), message.patient(), message.commitment(),
                     std::nullopt};
  }
  if (messages[0].type == consent::narrow_type) {
    wire::Narrow message;
    XL_TRY(contracts::decode_message(payload, message));
    XL_TRY(contracts::check_id(message.consent(), "consent"));
    XL_TRY(contracts::check_id(message.replacement(), "replacement"));
    return Agreement{contracts::id_of(message.replacement()),
                     {},
                     message.commitment(),
                     Replaced{contracts::id_of(message.consent()), message.end_ms()}};
  }
  return make_error(ErrorCode::policy_mismatched, "Grant, Narrow or GrantAssisted");
}

}  // namespace

Status PolicyStore::check_narrower(const model::Id& old, std::uint64_t end_ms,
                                   const consent::SealedPolicy& fresh) {
  XL_TRY_ASSIGN(const Shared before, load(old));
  if (before->patient() != fresh.patient()) {
    return make_error(ErrorCode::policy_mismatched, "another patient than of what it replaces");
  }
  if (consent::is_narrower(before->policy(), fresh.policy())) return {};
  if (model::encode(before->policy()) != model::encode(fresh.policy())) {
    return make_error(ErrorCode::consent_not_narrower, "it would allow something that is not now");
  }
  // The same for a shorter time is narrower too.
  const auto kept = consent::find_consent(*port_.ledger().state(), old);
  const bool ends_earlier = kept && end_ms != 0 && (kept->end_ms() == 0 || end_ms < kept->end_ms());
  if (ends_earlier) return {};
  return make_error(ErrorCode::consent_not_narrower, "the same, and it would not end earlier");
}

Result<model::HistoryEntry> PolicyStore::accept(const consent::SealedPolicy& sealed,
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
    XL_TRY(check_narrower(agreement.replaces->consent, agreement.replaces->end_ms, sealed));
  }

  const model::Id patient = contracts::id_of(sealed.patient());
  const auto party = contracts::identity::find_party(*port_.ledger().state(), patient);
  if (!party || party->custodian() != bytes_of(stores_.did().bytes)) return mismatched("patient");
  Labels labels;
  labels.set_kind(static_cast<std::uint32_t>(Kind::policy));
  labels.set_last_updated_ms(port_.now_ms());
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
  return *entry;
}

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
    out.push_back({one.consent, one.active, one.sealed.policy()});
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
