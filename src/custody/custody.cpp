// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/custody.h"

#include <algorithm>
#include <chrono>

namespace xl::custody {

namespace {

constexpr auto round_length = std::chrono::seconds(1);
/// Well within the 60 s in which a read must be anchored, so that one failed attempt does no harm.
constexpr std::uint64_t anchor_every_rounds = 15;
/// Roots that a stopping node still sends: a second or two.
constexpr std::size_t last_batches_max = 8;
constexpr std::uint64_t settle_every_rounds = 60;
/// What a restored member's ledger says once it has caught up is carried out soon after.
constexpr std::uint64_t follow_every_rounds = 5;
/// Addresses told in one round: each may keep us waiting for some seconds.
constexpr std::uint32_t webhooks_per_round = 16;
/// Backup keys live for days; an hour more or less does not matter.
constexpr std::uint64_t erasures_every_rounds = 3600;

/// The error, unless it only says that the ledger does not answer now.
template <typename T>
Status unless_passing(const Result<T>& outcome) {
  if (outcome.ok()) return {};
  switch (outcome.error().code) {
    case ErrorCode::wait_timed_out:
    case ErrorCode::queue_full:
    case ErrorCode::engine_unreachable:
      return {};
    default:
      return outcome.error();
  }
}

}  // namespace

std::filesystem::path notices_beside(std::filesystem::path index) {
  return index.replace_extension(".notices.db");
}

std::filesystem::path requests_beside(std::filesystem::path index) {
  return index.replace_extension(".requests.db");
}

Result<std::unique_ptr<Custody>> Custody::open(std::vector<Hosted> hosted,
                                               const vault::Unlock& unlock,
                                               const LedgerPort& port) {
  std::unique_ptr<Custody> out(new Custody(port));
  const Custody* all = out.get();
  const FindSigner find_signer = [all](const model::Id& did) -> const crypto::SigningKey* {
    Organisation* found = all->find(did);
    return found == nullptr ? nullptr : &found->stores().identity().key;
  };
  for (Hosted& one : hosted) {
    XL_TRY_ASSIGN(auto stores, Stores::open(one.places, std::move(one.identity), unlock));
    XL_TRY_ASSIGN(auto notices, NoticeStore::open(notices_beside(one.places.index), *stores, port));
    out->organisations_.push_back(std::make_unique<Organisation>(
        std::move(stores), std::move(notices), port, find_signer, one.agreements_required));
    XL_TRY(out->organisations_.back()->open_requests(requests_beside(one.places.index), port));
  }
  return out;
}

Status Organisation::open_requests(const std::filesystem::path& path, const LedgerPort& port) {
  XL_TRY_ASSIGN(requests_,
                RequestDesk::open(path, *stores_, port, policies_, agreements_, *notices_));
  return {};
}

/// What is kept beside the records of a patient who was erased.
Status Organisation::forget_patient(const model::Id& patient) {
  XL_TRY(requests_->forget(patient));
  return webhooks_.forget(patient);
}

Organisation* Custody::find(const model::Id& did) const {
  for (const auto& organisation : organisations_) {
    if (organisation->did() == did) return organisation.get();
  }
  return nullptr;
}

Status Custody::start(const std::function<void(std::uint64_t)>& indexed) {
  started_ms_ = port_.now_ms();
  for (const auto& organisation : organisations_) {
    const auto state = port_.ledger().state();
    XL_TRY(check_journal(organisation->stores(), *state));
    XL_TRY(check_index(organisation->stores(), *state, indexed));
    // What the ledger does not answer now is settled in a later round: care goes on meanwhile.
    XL_TRY(unless_passing(organisation->records().settle(true)));
    XL_TRY(unless_passing(organisation->desk().seal_sessions(true)));
    XL_TRY(organisation->erasures().forget_erased());
    XL_TRY(organisation->erasures().follow_ledger(started_ms_));
    XL_TRY(organisation->erasures().settle());
    // Without it a keyring from a backup would bring back what was erased. Care goes on meanwhile.
    Stores& stores = organisation->stores();
    XL_TRY_ASSIGN(const auto erased, stores.keyring().erasures());
    if (failed(stores.erasures().holds(erased))) failed_rounds_.fetch_add(1);
  }
  XL_TRY(follower_.follow(organisations_));
  worker_ = std::thread([this] { work(); });
  notifier_ = std::thread([this] { notify(); });
  return {};
}

void Custody::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  stopping_.notify_all();
  if (worker_.joinable()) worker_.join();
  if (notifier_.joinable()) notifier_.join();
}

void Custody::work() {
  for (std::uint64_t round = 1;; ++round) {
    {
      std::unique_lock lock(mutex_);
      if (stopping_.wait_for(lock, round_length, [this] { return stop_; })) break;
    }
    work_round(round);
  }
  last_round();
}

void Custody::notify() {
  for (bool more = false;;) {
    {
      std::unique_lock lock(mutex_);
      const auto wait = more ? std::chrono::milliseconds(1) : round_length;
      if (stopping_.wait_for(lock, wait, [this] { return stop_; })) return;
    }
    more = notify_round();
  }
}

/// Draws a step of notices and tells of one to each address that waits. True when more waits.
bool Custody::notify_round() {
  bool more = false;
  for (const auto& organisation : organisations_) {
    const auto drawn = organisation->notices().gather();
    bool any = failed(drawn);
    more = more || (drawn.ok() && *drawn);
    if (send_ && !is_stopping()) {
      const auto view = look(port_);
      any = failed(view) || any;
      const auto may = [&](const Webhook& one) {
        return may_be_told(one, *view->state, organisation->did(), view->now_ms);
      };
      if (view.ok()) {
        for (std::uint32_t i = 0; i < webhooks_per_round && !is_stopping(); ++i) {
          const auto sent = organisation->webhooks().deliver(send_, may, 1);
          any = failed(sent) || any;
          if (!sent.ok() || *sent == 0) break;
          more = true;
        }
      }
    }
    if (any) failed_rounds_.fetch_add(1);
  }
  return more;
}

bool Custody::is_stopping() {
  const std::scoped_lock lock(mutex_);
  return stop_;
}

std::uint64_t Custody::unanchored_age_ms() const {
  const std::uint64_t now = port_.now_ms();
  std::uint64_t age = 0;
  for (const auto& organisation : organisations_) {
    const auto oldest = organisation->stores().journal().oldest_unanchored_ms();
    if (oldest.ok() && *oldest && **oldest < now) age = std::max(age, now - **oldest);
  }
  return age;
}

/// What can be said of the reads so far is on the ledger before the node goes, as far as that is
/// quickly done: the rest is anchored at the next start.
void Custody::last_round() {
  for (const auto& organisation : organisations_) {
    bool any = failed(organisation->records().confirm_finished());
    any = failed(organisation->desk().anchor_journal(last_batches_max)) || any;
    any = failed(organisation->desk().seal_sessions(true)) || any;
    if (any) failed_rounds_.fetch_add(1);
  }
}

void Custody::work_round(std::uint64_t round) {
  if (failed(follower_.follow(organisations_))) failed_rounds_.fetch_add(1);
  for (const auto& organisation : organisations_) {
    bool any = false;
    if (round % anchor_every_rounds == 0) {
      any = failed(organisation->desk().anchor_journal(AccessDesk::round_batches_max,
                                                       [this] { return is_stopping(); }));
    }
    any = failed(organisation->desk().seal_sessions(false)) || any;
    any = failed(organisation->desk().tell_agreement_key()) || any;
    any = failed(organisation->records().confirm_finished()) || any;
    if (round % follow_every_rounds == 0) {
      any = failed(organisation->erasures().follow_ledger(started_ms_)) || any;
    }
    if (round % settle_every_rounds == 0)
      any = failed(organisation->records().settle(false)) || any;
    if (round % erasures_every_rounds == 0) any = failed(organisation->erasures().settle()) || any;
    if (any) failed_rounds_.fetch_add(1);
  }
}

}  // namespace xl::custody
