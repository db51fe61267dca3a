// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/records.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "contracts/api/shape.h"
#include "contracts/consent/normal_form.h"
#include "contracts/consent/view.h"
#include "contracts/identity/messages.pb.h"
#include "contracts/identity/records.h"
#include "contracts/identity/view.h"
#include "contracts/records/messages.pb.h"
#include "contracts/records/records.h"
#include "contracts/records/view.h"
#include "custody/consents.h"
#include "model/limits.h"

namespace xl::custody {

namespace {

/// Longer than the transactions that anchor live, and than anyone waits for them.
constexpr std::uint64_t pending_ms = 5 * 60 * 1000;
constexpr std::uint64_t hold_ms_max = 30'000;
/// Bytes that are committed together: bounds memory and the time others wait.
constexpr std::size_t group_bytes_max = 16U << 20U;
constexpr std::size_t group_versions_max = 2000;
static_assert(group_versions_max <= limits::vault_batch_max);
/// Bodies that wait to be confirmed, at most. With a group more they are fewer than the rows that
/// the index passes over at a start.
constexpr std::size_t finished_max = 4096;
static_assert(2 * (finished_max + group_versions_max) < query::rows_lost_max);
constexpr int busy_tries = 50;
constexpr std::uint64_t busy_pause_ms = 20;

vault::RecordVersion version_of(const query::RecordEntry& entry) {
  return {entry.record, static_cast<std::uint32_t>(entry.vault_version)};
}

model::Message register_message(const model::Id& custodian, const model::Id& patient) {
  xinglin::identity::v1::RegisterPatient message;
  message.set_custodian(bytes_of(custodian.bytes));
  message.set_patient(bytes_of(patient.bytes));
  return message_to(contracts::identity::contract_number,
                    contracts::identity::register_patient_type, message);
}

}  // namespace

/// A transaction that anchors versions of one patient, and whose they are.
struct RecordStore::Sending {
  xinglin::records::v1::AnchorBatch message;
  std::vector<std::pair<Job*, std::size_t>> parts;  ///< the job of each version and its place in it
  std::vector<vault::RecordVersion> versions;
  bool registers = false;
};

RecordStore::Hold::~Hold() {
  if (store_ != nullptr) store_->leave(ticket_, names_);
}

Result<RecordStore::Hold> RecordStore::hold(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::unique_lock lock(hold_mutex_);
  // Everybody stands in all their lines from the same moment on: the order of the tickets.
  const std::uint64_t ticket = next_ticket_++;
  for (const std::string& name : names) lines_[name].push_back(ticket);
  Hold out(this, ticket, std::move(names));
  std::size_t first = 0;  // of the names whose turn has not come
  const auto free = [&] {
    while (first < out.names_.size() && lines_[out.names_[first]].front() == ticket) ++first;
    return first == out.names_.size();
  };
  const bool held = released_.wait_for(lock, std::chrono::milliseconds(hold_ms_max), free);
  lock.unlock();
  if (!held) return make_error(ErrorCode::custody_busy);
  return out;
}

void RecordStore::leave(std::uint64_t ticket, const std::vector<std::string>& names) {
  {
    const std::scoped_lock lock(hold_mutex_);
    for (const std::string& name : names) {
      const auto line = lines_.find(name);
      std::erase(line->second, ticket);
      if (line->second.empty()) lines_.erase(line);
    }
  }
  released_.notify_all();
}

Result<std::optional<query::RecordEntry>> RecordStore::current(std::string_view type,
                                                               std::string_view id) {
  auto found = stores_.index().current(type, id);
  if (found.ok()) return std::optional(std::move(*found));
  if (found.error().code == ErrorCode::index_record_unknown) {
    return std::optional<query::RecordEntry>{};
  }
  return found.error();
}

Result<std::vector<Hash>> RecordStore::commit(std::vector<NewVersion> versions) {
  if (versions.empty()) return std::vector<Hash>{};
  if (versions.size() > group_versions_max) return make_error(ErrorCode::vault_batch_too_large);
  XL_TRY(port_.room());
  Job job;
  job.versions = std::move(versions);
  for (const NewVersion& version : job.versions) job.bytes += version.content.size();
  std::unique_lock lock(queue_mutex_);
  queue_.push_back(&job);
  while (!job.done) {
    if (leading_) {
      queue_changed_.wait(lock);
    } else {
      lead(lock);
    }
  }
  if (!job.status.ok()) return job.status.error();
  return std::move(job.transactions);
}

/// Commits the first jobs of the queue, this caller's or others'.
void RecordStore::lead(std::unique_lock<std::mutex>& lock) {
  std::vector<Job*> jobs;
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (!queue_.empty()) {
    Job* next = queue_.front();
    if (!jobs.empty() && (bytes + next->bytes > group_bytes_max ||
                          count + next->versions.size() > group_versions_max)) {
      break;
    }
    bytes += next->bytes;
    count += next->versions.size();
    jobs.push_back(next);
    queue_.pop_front();
  }
  leading_ = true;
  lock.unlock();
  run(jobs);
  lock.lock();
  leading_ = false;
  for (Job* job : jobs) job->done = true;
  queue_changed_.notify_all();
}

void RecordStore::run(const std::vector<Job*>& jobs) {
  std::vector<vault::Anchored> anchored;
  const Status kept = keep(jobs, anchored);
  if (!kept.ok() && jobs.size() > 1) {
    // One bad job must not hurt its neighbours.
    for (Job* job : jobs) run({job});
    return;
  }
  if (!kept.ok()) {
    jobs.front()->status = settle_former(*jobs.front(), kept.error());
    return;
  }
  anchor(jobs, anchored);
  const Status finished = finish(jobs, anchored);
  for (Job* job : jobs) {
    if (job->status.ok()) job->status = finished;
  }
}

/// A version that is there and not in the index was written by somebody who was not answered in
/// time: it is settled now, and the next try comes behind it. What to tell this writer.
Error RecordStore::settle_former(const Job& job, const Error& refusal) {
  if (refusal.code != ErrorCode::record_version_exists) return refusal;
  for (const NewVersion& version : job.versions) {
    const vault::RecordVersion which = version_of(version.entry);
    const auto kept = stores_.vault().anchored(which);
    if (!kept.ok()) continue;
    const auto done = settle_one({kept->ciphertext_digest, which, 0}, false);
    if (!done.ok()) return done.error();
  }
  const Status confirmed = confirm_finished();
  return confirmed.ok() ? make_error(ErrorCode::custody_busy) : confirmed.error();
}

/// Bodies first: they are synced before the transactions that anchor them are sent.
Status RecordStore::keep(const std::vector<Job*>& jobs, std::vector<vault::Anchored>& anchored) {
  std::vector<model::Id> patients;
  std::vector<vault::RecordVault::New> batch;
  std::vector<Bytes> labels;
  for (const Job* job : jobs) {
    for (const NewVersion& version : job->versions) {
      XL_TRY_ASSIGN(Bytes sealed, encode_labels(version.labels));
      labels.push_back(std::move(sealed));
      if (version.entry.version == 1) patients.push_back(version.entry.patient);
    }
  }
  std::sort(patients.begin(), patients.end());
  patients.erase(std::unique(patients.begin(), patients.end()), patients.end());
  if (!patients.empty()) XL_TRY(stores_.keyring().create_patients(patients));
  for (const Job* job : jobs) {
    for (const NewVersion& version : job->versions) {
      batch.push_back({version.entry.patient, version_of(version.entry), view_of(version.content),
                       labels[batch.size()]});
    }
  }
  XL_TRY_ASSIGN(anchored, stores_.vault().put_batch(batch, port_.now_ms() + pending_ms));
  std::vector<KeptBody> kept;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    kept.push_back({batch[i].which, anchored[i].ciphertext_digest});
  }
  stores_.copy_out(kept);
  return {};
}

/// Sends the anchors and gives every job that a refusal concerns its error.
void RecordStore::anchor(const std::vector<Job*>& jobs,
                         const std::vector<vault::Anchored>& anchored) {
  const auto state = port_.ledger().state();
  std::map<model::Id, std::vector<Sending>> by_patient;
  std::size_t next = 0;
  for (Job* job : jobs) {
    job->transactions.resize(job->versions.size());
    for (std::size_t place = 0; place < job->versions.size(); ++place) {
      const NewVersion& version = job->versions[place];
      const model::Id& patient = version.entry.patient;
      std::vector<Sending>& sendings = by_patient[patient];
      if (sendings.empty() || sendings.back().versions.size() == limits::anchors_max) {
        Sending& fresh = sendings.emplace_back();
        fresh.message.set_patient(bytes_of(patient.bytes));
        fresh.registers =
            sendings.size() == 1 && !contracts::identity::find_party(*state, patient).has_value();
      }
      Sending& sending = sendings.back();
      auto* part = sending.message.add_versions();
      part->set_record(bytes_of(version.entry.record.bytes));
      part->set_version(static_cast<std::uint32_t>(version.entry.version));
      part->set_commitment(bytes_of(anchored[next].commitment));
      part->set_ciphertext_digest(bytes_of(anchored[next].ciphertext_digest));
      sending.versions.push_back(version_of(version.entry));
      sending.parts.emplace_back(job, place);
      ++next;
    }
  }
  const crypto::SigningKey* key[] = {&stores_.identity().key};
  std::vector<Bytes> transactions;
  std::vector<const Sending*> order;
  for (const auto& [patient, sendings] : by_patient) {
    for (const Sending& sending : sendings) {
      std::vector<model::Message> messages;
      if (sending.registers) messages.push_back(register_message(stores_.did(), patient));
      messages.push_back(message_to(contracts::records::contract_number,
                                    contracts::records::anchor_batch_type, sending.message));
      transactions.push_back(port_.sign(std::move(messages), key));
      order.push_back(&sending);
    }
  }
  std::vector<ordering::Outcome> outcomes = port_.send_all(transactions);
  for (int tries = 0; tries < busy_tries; ++tries) {
    // A full queue took nothing: the same bytes may be sent again.
    bool busy = false;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i].ok() || outcomes[i].error().code != ErrorCode::queue_full) continue;
      busy = true;
      outcomes[i] = port_.send_all({transactions[i]}).front();
    }
    if (!busy) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(busy_pause_ms));
  }
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    Status status = port_.applied(outcomes[i]);
    // A ledger that a repair brought back may have come to the block that holds them meanwhile:
    // whoever sent them before is refused the second time.
    if (!status.ok() && outcomes[i].ok() && are_anchored(order[i]->versions)) status = Status{};
    for (const auto& [job, place] : order[i]->parts) {
      if (status.ok()) {
        job->transactions[place] = outcomes[i]->transaction_id;
      } else {
        job->status = status;
      }
    }
    if (status.ok()) continue;
    // Executed and refused: these versions can never be anchored.
    if (outcomes[i].ok()) withdraw(order[i]->versions);
  }
}

Status RecordStore::finish(const std::vector<Job*>& jobs,
                           const std::vector<vault::Anchored>& anchored) {
  std::vector<query::RecordEntry> entries;
  std::vector<vault::SuiteDigest> bodies;
  std::size_t next = 0;
  for (Job* job : jobs) {
    for (NewVersion& version : job->versions) {
      const vault::SuiteDigest& body = anchored[next++].ciphertext_digest;
      if (!job->status.ok()) continue;
      bodies.push_back(body);
      entries.push_back(std::move(version.entry));
    }
  }
  if (entries.empty()) return {};
  XL_TRY(stores_.index().put_batch(entries));
  XL_TRY(drop_erased(entries));
  bool many = false;
  {
    const std::scoped_lock lock(finished_mutex_);
    finished_.insert(finished_.end(), bodies.begin(), bodies.end());
    many = finished_.size() >= finished_max;
  }
  return many ? confirm_finished() : Status{};
}

/// Keys are destroyed before the index forgets: what was put behind that goes again here.
Status RecordStore::drop_erased(const std::vector<query::RecordEntry>& entries) {
  for (const query::RecordEntry& entry : entries) {
    const auto kept = stores_.vault().anchored(version_of(entry));
    if (kept.ok()) continue;
    if (kept.error().code != ErrorCode::record_erased) return kept.error();
    XL_TRY(stores_.index().erase_version(entry.record, entry.vault_version));
  }
  return {};
}

/// Index before confirmation: a version that is confirmed is never looked at again by `settle`.
Status RecordStore::confirm_finished() {
  std::vector<vault::SuiteDigest> bodies;
  {
    const std::scoped_lock lock(finished_mutex_);
    bodies.swap(finished_);
  }
  if (bodies.empty()) return {};
  const Status confirmed = confirm(bodies);
  if (confirmed.ok()) return {};
  const std::scoped_lock lock(finished_mutex_);
  finished_.insert(finished_.end(), bodies.begin(), bodies.end());
  return confirmed;
}

Status RecordStore::confirm(std::span<const vault::SuiteDigest> bodies) {
  XL_TRY_ASSIGN(const std::uint64_t writes, stores_.index().writes());
  XL_TRY(stores_.index().sync());
  XL_TRY(stores_.index_mark().advance(writes));
  while (!bodies.empty()) {
    const auto some = bodies.first(std::min<std::size_t>(bodies.size(), limits::vault_batch_max));
    XL_TRY(stores_.bodies().confirm(some));
    bodies = bodies.subspan(some.size());
  }
  return {};
}

bool RecordStore::are_anchored(const std::vector<vault::RecordVersion>& versions) {
  const auto state = port_.ledger().state();
  return std::all_of(versions.begin(), versions.end(), [&](const vault::RecordVersion& which) {
    const auto kept = stores_.vault().anchored(which);
    return kept.ok() && is_anchored(*state, which, *kept);
  });
}

void RecordStore::withdraw(const std::vector<vault::RecordVersion>& versions) {
  std::vector<vault::SuiteDigest> bodies;
  for (const vault::RecordVersion& which : versions) {
    const auto kept = stores_.vault().anchored(which);
    if (kept.ok()) bodies.push_back(kept->ciphertext_digest);
  }
  // After an error here the versions stay pending, and `settle` comes to them.
  if (stores_.keyring().forget(versions).ok()) (void)stores_.bodies().remove(bodies);
}

Result<OpenedRecord> RecordStore::open(const query::RecordEntry& entry) {
  XL_TRY_ASSIGN(const vault::Opened opened, stores_.vault().get(version_of(entry)));
  XL_TRY_ASSIGN(Labels labels, decode_labels(opened.labels));
  if (labels.kind() != static_cast<std::uint32_t>(Kind::policy)) {
    return OpenedRecord{std::string(text_of(opened.content)), std::move(labels)};
  }
  XL_TRY_ASSIGN(const auto sealed, contracts::consent::decode_sealed(opened.content));
  const auto record = contracts::consent::find_consent(*port_.ledger().state(), entry.record);
  if (!record) return make_error(ErrorCode::record_unknown);
  return OpenedRecord{consent_content(sealed, labels, *record, entry.version), std::move(labels)};
}

bool is_anchored(const model::StateReader& state, const vault::RecordVersion& which,
                 const vault::Anchored& kept) {
  const auto version = contracts::records::find_version(state, which.record, which.version);
  return version && version->ciphertext_digest() == bytes_of(kept.ciphertext_digest);
}

}  // namespace xl::custody
