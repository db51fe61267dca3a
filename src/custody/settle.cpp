// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "base/json/json.h"
#include "contracts/access/view.h"
#include "contracts/consent/normal_form.h"
#include "contracts/consent/view.h"
#include "custody/consents.h"
#include "custody/records.h"
#include "model/limits.h"
#include "query/fhir_terms.h"

namespace xl::custody {

namespace {

/// Those that wait for their transactions stand among those that can go: all are looked at.
constexpr std::uint32_t settle_page = limits::vault_batch_max;
constexpr std::uint32_t rebuild_page = limits::vault_page_max;

}  // namespace

Result<query::RecordEntry> entry_of(const model::Id& organisation,
                                    const vault::RecordVersion& which, const model::Id& patient,
                                    const Labels& labels, std::string_view content) {
  query::RecordEntry out;
  out.record = which.record;
  out.type = labels.type();
  out.id = labels.id();
  out.version = which.version;
  out.vault_version = which.version;
  out.patient = patient;
  out.last_updated_ms = labels.last_updated_ms();
  out.deleted = labels.deleted();
  if (out.deleted) return out;
  json::Limits bounds;
  bounds.bytes_max = limits::record_bytes_max;
  XL_TRY_ASSIGN(const json::Document document, json::parse(content, bounds));
  XL_TRY_ASSIGN(out.terms, query::terms_of(document.root(), query::own_path_of(organisation)));
  return out;
}

Result<std::size_t> RecordStore::settle(bool all) {
  // As the leader: nothing of this process is under way meanwhile.
  std::unique_lock lock(queue_mutex_);
  queue_changed_.wait(lock, [this] { return !leading_; });
  leading_ = true;
  lock.unlock();
  const std::uint64_t before = all ? std::uint64_t{INT64_MAX} : port_.now_ms();
  std::size_t handled = 0;
  Status status;
  while (status.ok()) {
    const auto pending = stores_.bodies().orphans(before, settle_page);
    if (!pending.ok()) {
      status = pending.error();
      break;
    }
    std::size_t moved = 0;
    for (const vault::Bodies::Orphan& orphan : *pending) {
      const auto done = settle_one(orphan, all);
      if (!done.ok()) status = done.error();
      if (!status.ok()) break;
      moved += *done ? 1 : 0;
    }
    if (status.ok()) status = confirm_finished();
    handled += moved;
    if (moved == 0) break;  // what is left waits for its transaction
  }
  lock.lock();
  leading_ = false;
  queue_changed_.notify_all();
  if (!status.ok()) return status.error();
  return handled;
}

namespace {

/// Does the ledger hold what sealed words were brought with?
bool is_stated(const model::StateReader& state, Kind kind, const vault::RecordVersion& which) {
  if (kind == Kind::policy) {
    return contracts::consent::find_consent(state, which.record).has_value();
  }
  if (kind == Kind::emergency) {
    return contracts::access::find_emergency(state, which.record).has_value();
  }
  if (kind == Kind::agreement) {
    return contracts::consent::find_agreement(state, which.record).has_value();
  }
  if (kind == Kind::agreement_words) {
    const auto about = contracts::consent::find_agreement_dispute(state, which.record);
    return about && (which.version == 1 || about->answered_ms() != 0);
  }
  const auto dispute = contracts::access::find_dispute(state, which.record);
  return dispute && (which.version == 1 || dispute->answered_ms() != 0);
}

}  // namespace

/// True when the body is pending no more.
Result<bool> RecordStore::settle_one(const vault::Bodies::Orphan& orphan, bool all) {
  const auto kept = stores_.vault().anchored(orphan.owner);
  if (!kept.ok() && kept.error().code != ErrorCode::record_unknown &&
      kept.error().code != ErrorCode::record_erased) {
    return kept.error();
  }
  const vault::SuiteDigest digest[] = {orphan.digest};
  const vault::RecordVersion which[] = {orphan.owner};
  if (!kept.ok() || kept->ciphertext_digest != orphan.digest) {
    // Left over by a put that crashed before its key was kept: nobody can ever read it.
    if (!all && orphan.valid_until_ms >= port_.now_ms()) return false;
    XL_TRY(stores_.bodies().remove(digest));
    return true;
  }
  XL_TRY_ASSIGN(const vault::Opened opened, stores_.vault().get(orphan.owner));
  XL_TRY_ASSIGN(Labels labels, decode_labels(opened.labels));
  if (labels.kind() == static_cast<std::uint32_t>(Kind::resource)) {
    XL_TRY(settle_resource(orphan.owner, opened.patient, std::string(text_of(opened.content)),
                           std::move(labels)));
    return true;
  }
  if (is_stated(*port_.ledger().state(), static_cast<Kind>(labels.kind()), orphan.owner)) {
    XL_TRY(stores_.vault().confirm(which));
    return true;
  }
  // Signed by somebody else, who may still send it while it is valid; or this ledger, brought back
  // by a repair, has yet to come to the block that holds it.
  XL_TRY_ASSIGN(const query::LedgerHead head, port_.ledger().head());
  if (orphan.valid_until_ms >= head.block_ms) return false;
  XL_TRY(stores_.keyring().forget(which));
  XL_TRY(stores_.bodies().remove(digest));
  return true;
}

/// A body and its key are there, so the writer was about to anchor it: go on from there.
Status RecordStore::settle_resource(const vault::RecordVersion& which, const model::Id& patient,
                                    std::string content, Labels labels) {
  XL_TRY_ASSIGN(const vault::Anchored kept, stores_.vault().anchored(which));
  Job job;
  NewVersion version;
  XL_TRY_ASSIGN(version.entry, entry_of(stores_.did(), which, patient, labels, content));
  version.labels = std::move(labels);
  version.content = std::move(content);
  job.versions.push_back(std::move(version));
  // A writer who was not answered in time may have made the record again, under another id, before
  // this one came to be kept: what was acknowledged stays, this one is out of everybody's reach.
  const query::RecordEntry& entry = job.versions.front().entry;
  const auto taken = stores_.index().version(entry.type, entry.id, entry.version);
  if (taken.ok() && taken->record != which.record) {
    const vault::RecordVersion one[] = {which};
    if (is_anchored(*port_.ledger().state(), which, kept)) return stores_.vault().confirm(one);
    withdraw({which});
    return {};
  }
  if (!taken.ok() && taken.error().code != ErrorCode::index_record_unknown) return taken.error();
  const std::vector<Job*> jobs{&job};
  if (!is_anchored(*port_.ledger().state(), which, kept)) anchor(jobs, {kept});
  if (job.status.ok()) return finish(jobs, {kept});
  // Refused for good: `anchor` withdrew it, unless it was on the ledger. Anything else is tried
  // again later.
  return job.status.error().code == ErrorCode::contract_refused ? Status{} : job.status;
}

Status check_index(Stores& stores, const model::StateReader& state,
                   const std::function<void(std::uint64_t)>& progress) {
  XL_TRY_ASSIGN(const std::uint64_t writes, stores.index().writes());
  const std::uint64_t mark = stores.index_mark().value();
  XL_TRY_ASSIGN(const auto kept, stores.keyring().versions(std::nullopt, 1));
  const bool lost = writes < mark || (writes == 0 && !kept.empty());
  if (lost) {
    XL_TRY(rebuild_index(stores, state, [&](std::uint64_t count) {
      if (progress) progress(count);
    }));
    return {};
  }
  XL_TRY(stores.index().pass_over_lost_rows());
  return stores.index_mark().advance(writes);
}

Status check_journal(Stores& stores, const model::StateReader& state) {
  XL_TRY_ASSIGN(const bool restored, stores.journal().is_restored());
  if (restored) return {};  // what it lost is found out as it goes on
  const auto head = contracts::access::find_journal(state, stores.did());
  if (!head || head->next_sequence() <= 1) return {};
  const std::uint64_t anchored = head->next_sequence() - 1;
  const std::uint64_t size = stores.journal().size();
  if (size < anchored) {
    return make_error(ErrorCode::journal_entry_missing,
                      "entry " + std::to_string(size + 1) +
                          ": the ledger holds roots up to entry " + std::to_string(anchored));
  }
  const auto batch = stores.journal().batch_of(anchored);
  const bool same = batch.ok() && batch->root.last_sequence == anchored &&
                    equal(batch->root.root, view_of(head->root()).subspan(1));
  if (same) return {};
  return make_error(ErrorCode::journal_root_mismatch,
                    "the root that ends at entry " + std::to_string(anchored));
}

namespace {

/// The resources of the vault that the ledger has, one after the other, as the index holds them.
/// A body that is confirmed was on the ledger once; after a repair this copy of it may not have
/// come there again.
class KeptResources {
 public:
  KeptResources(Stores& stores, const model::StateReader& state,
                const std::function<void(std::uint64_t)>& progress)
      : stores_(stores), state_(state), progress_(progress) {}

  Result<std::optional<query::RecordEntry>> next() {
    for (;;) {
      if (!waiting_.empty()) return take();
      if (next_ == page_.size()) {
        XL_TRY_ASSIGN(page_, stores_.keyring().versions(after_, rebuild_page));
        next_ = 0;
        if (page_.empty()) return std::optional<query::RecordEntry>{};
        after_ = page_.back().which;
      }
      const vault::KeptVersion& kept = page_[next_++];
      XL_TRY_ASSIGN(const bool committed, is_committed(kept));
      if (!committed) continue;
      XL_TRY_ASSIGN(const vault::Opened opened, read(kept.which));
      XL_TRY_ASSIGN(const Labels labels, decode_labels(opened.labels));
      if (labels.kind() == static_cast<std::uint32_t>(Kind::policy)) {
        XL_TRY(add_consent(kept, opened, labels));
        if (waiting_.empty()) continue;
        return take();
      }
      if (labels.kind() != static_cast<std::uint32_t>(Kind::resource)) continue;
      XL_TRY_ASSIGN(query::RecordEntry entry, entry_of(stores_.did(), kept.which, opened.patient,
                                                       labels, text_of(opened.content)));
      progress_(++done_);
      return std::optional(std::move(entry));
    }
  }

 private:
  Result<std::optional<query::RecordEntry>> take() {
    query::RecordEntry out = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    progress_(++done_);
    return std::optional(std::move(out));
  }

  /// The rows of a consent, the end that only the clock brings left out.
  Status add_consent(const vault::KeptVersion& kept, const vault::Opened& opened,
                     const Labels& labels) {
    const auto record = contracts::consent::find_consent(state_, kept.which.record);
    XL_TRY_ASSIGN(const auto sealed, contracts::consent::decode_sealed(opened.content));
    const bool ours =
        record && record->commitment() == bytes_of(contracts::consent::commitment_of(sealed));
    if (!ours) return {};
    XL_TRY_ASSIGN(waiting_,
                  consent_entries(stores_.did(), opened.patient, sealed, labels, *record, 0));
    return {};
  }

  Result<bool> is_committed(const vault::KeptVersion& kept) {
    if (is_anchored(state_, kept.which, {kept.body, {}})) return true;
    XL_TRY_ASSIGN(const bool there, stores_.bodies().contains(kept.body));
    XL_TRY_ASSIGN(const bool pending, stores_.bodies().is_pending(kept.body));
    return there && !pending;
  }
  Result<vault::Opened> read(const vault::RecordVersion& which) {
    auto opened = stores_.vault().get(which);
    if (opened.ok()) return opened;
    return make_error(opened.error().code,
                      which.record.text() + " version " + std::to_string(which.version));
  }

  Stores& stores_;
  const model::StateReader& state_;
  const std::function<void(std::uint64_t)>& progress_;
  std::vector<vault::KeptVersion> page_;
  std::size_t next_ = 0;
  std::vector<query::RecordEntry> waiting_;  ///< further rows of the version read last
  std::uint64_t done_ = 0;
  std::optional<vault::RecordVersion> after_;
};

Error index_differs(const query::RecordEntry& entry, std::string_view how) {
  return make_error(ErrorCode::index_differs, entry.record.text() + " version " +
                                                  std::to_string(entry.vault_version) + " " +
                                                  std::string(how));
}

/// True where the index holds the end of a consent that the ledger calls active: its time is over.
Result<bool> ended_by_the_clock(Stores& stores, const model::StateReader& state,
                                const query::RecordEntry& entry) {
  const auto record = contracts::consent::find_consent(state, entry.record);
  const bool active = record && record->status() == static_cast<std::uint32_t>(
                                                        contracts::consent::ConsentStatus::active);
  if (!active || record->end_ms() == 0) return false;
  const auto over = stores.index().version(entry.type, entry.id, 2);
  if (!over.ok() && over.error().code != ErrorCode::index_record_unknown) return over.error();
  return over.ok();
}

}  // namespace

Result<std::vector<model::Id>> rebuild_index(Stores& stores, const model::StateReader& state,
                                             const std::function<void(std::uint64_t)>& progress) {
  KeptResources kept(stores, state, progress);
  XL_TRY_ASSIGN(std::vector<model::Id> left_out,
                stores.index().rebuild([&] { return kept.next(); }));
  XL_TRY_ASSIGN(const std::uint64_t writes, stores.index().writes());
  XL_TRY(stores.index_mark().reset(writes));
  return left_out;
}

Result<std::uint64_t> verify_index(Stores& stores, const model::StateReader& state,
                                   const std::function<void(std::uint64_t)>& progress) {
  XL_TRY(stores.index().check_integrity());
  KeptResources kept(stores, state, progress);
  std::uint64_t count = 0;
  for (;; ++count) {
    XL_TRY_ASSIGN(std::optional<query::RecordEntry> entry, kept.next());
    if (!entry) break;
    const auto found = stores.index().version(entry->type, entry->id, entry->version);
    if (!found.ok() && found.error().code != ErrorCode::index_record_unknown) return found.error();
    if (!found.ok()) return index_differs(*entry, "is missing");
    entry->terms.clear();
    if (*found != *entry) return index_differs(*entry, "is another there");
    if (!is_agreed_consent(*entry) || entry->version != 1) continue;
    XL_TRY_ASSIGN(const bool ended, ended_by_the_clock(stores, state, *entry));
    count += ended ? 1 : 0;
  }
  query::HistoryQuery all;
  all.count = 1;
  XL_TRY_ASSIGN(const query::IndexPage page, stores.index().history(all));
  if (page.total.value_or(0) == count) return count;
  return make_error(ErrorCode::index_differs, "it holds " + std::to_string(page.total.value_or(0)) +
                                                  " record versions, the vault " +
                                                  std::to_string(count));
}

}  // namespace xl::custody
