// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "custody/access.h"
#include "custody/consent_follower.h"
#include "custody/disputes.h"
#include "custody/erasures.h"
#include "custody/policies.h"
#include "custody/records.h"
#include "custody/requests.h"
#include "custody/stores.h"
#include "custody/webhooks.h"

namespace xl::custody {

/// Where an organisation's notices and its requests are kept, by where its index is.
[[nodiscard]] std::filesystem::path notices_beside(std::filesystem::path index);
[[nodiscard]] std::filesystem::path requests_beside(std::filesystem::path index);

/// One organisation of this node with everything it keeps and decides. Its parts are thread-safe.
class Organisation {
 public:
  Organisation(std::unique_ptr<Stores> stores, std::unique_ptr<NoticeStore> notices,
               const LedgerPort& port, FindSigner find_signer, bool agreements_required)
      : stores_(std::move(stores)),
        notices_(std::move(notices)),
        records_(*stores_, port),
        policies_(*stores_, port),
        agreements_(*stores_, port, agreements_required),
        desk_(*stores_, records_, policies_, agreements_, port, std::move(find_signer)),
        erasures_(*stores_, records_, port,
                  [this](const model::Id& patient) { return forget_patient(patient); }),
        disputes_(*stores_, port),
        webhooks_(*notices_, port, stores_->did()) {}

  /// Opens the desk for requests at `path`: before anything else is asked of it. Errors: those of
  /// `RequestDesk::open`.
  [[nodiscard]] Status open_requests(const std::filesystem::path& path, const LedgerPort& port);

  [[nodiscard]] const model::Id& did() const { return stores_->did(); }
  [[nodiscard]] const std::string& name() const { return stores_->identity().name; }
  [[nodiscard]] Stores& stores() { return *stores_; }
  [[nodiscard]] RecordStore& records() { return records_; }
  [[nodiscard]] PolicyStore& policies() { return policies_; }
  [[nodiscard]] AgreementDesk& agreements() { return agreements_; }
  [[nodiscard]] AccessDesk& desk() { return desk_; }
  [[nodiscard]] ErasureDesk& erasures() { return erasures_; }
  [[nodiscard]] DisputeDesk& disputes() { return disputes_; }
  [[nodiscard]] RequestDesk& requests() { return *requests_; }
  [[nodiscard]] NoticeStore& notices() { return *notices_; }
  [[nodiscard]] Webhooks& webhooks() { return webhooks_; }

 private:
  [[nodiscard]] Status forget_patient(const model::Id& patient);

  std::unique_ptr<Stores> stores_;
  std::unique_ptr<NoticeStore> notices_;
  RecordStore records_;
  PolicyStore policies_;
  AgreementDesk agreements_;
  AccessDesk desk_;
  ErasureDesk erasures_;
  DisputeDesk disputes_;
  Webhooks webhooks_;
  std::unique_ptr<RequestDesk> requests_;
};

/// The organisations of this node, and the work that goes on behind their requests: journal roots
/// and session seals are anchored in time, what a crash left is settled, expired backup keys are
/// destroyed and the erasures that become final by it are stated.
class Custody {
 public:
  /// An organisation to be opened.
  struct Hosted {
    Identity identity;
    StorePlaces places;
    /// Others read by consent under an agreement with this organisation alone.
    bool agreements_required = false;
  };
  /// Opens every organisation's stores. `port` outlives the custody. Errors: those of
  /// `Stores::open`.
  [[nodiscard]] static Result<std::unique_ptr<Custody>> open(std::vector<Hosted> hosted,
                                                             const vault::Unlock& unlock,
                                                             const LedgerPort& port);
  ~Custody() { stop(); }
  Custody(const Custody&) = delete;
  Custody& operator=(const Custody&) = delete;

  /// Called with each failure of the work in the background, on its thread. Before `start` only.
  void on_failure(std::function<void(ErrorCode)> report) { report_ = std::move(report); }
  /// Sends what webhooks are told of. Without one nobody is told. Before `start` only.
  void tell_by(SendNotice send) { send_ = std::move(send); }
  /// Settles what was left behind and starts the work in the background. The engine runs already.
  /// `indexed` is told how many versions are read while a lost index is made again. Errors: those
  /// of `RecordStore::settle` and `check_index`.
  [[nodiscard]] Status start(const std::function<void(std::uint64_t)>& indexed = {});
  /// Anchors what is journalled, then ends the work in the background. Before the engine stops.
  /// Idempotent.
  void stop();

  /// The organisation with this DID; null when this node does not speak for it. Thread-safe.
  [[nodiscard]] Organisation* find(const model::Id& did) const;
  [[nodiscard]] const std::vector<std::unique_ptr<Organisation>>& organisations() const {
    return organisations_;
  }
  [[nodiscard]] const LedgerPort& port() const { return port_; }

  /// Age of the oldest journal entry of any organisation that no root on the chain holds; 0 when
  /// there is none: shown in the metrics. Thread-safe.
  [[nodiscard]] std::uint64_t unanchored_age_ms() const;

  /// Rounds of background work in which something failed: shown in the metrics. Thread-safe.
  [[nodiscard]] std::uint64_t failed_rounds() const { return failed_rounds_.load(); }

 private:
  explicit Custody(const LedgerPort& port) : port_(port), follower_(port) {}
  void work();
  void work_round(std::uint64_t round);
  void last_round();
  void notify();
  [[nodiscard]] bool notify_round();
  [[nodiscard]] bool is_stopping();
  /// Reports an error; true when it was one.
  template <typename Outcome>
  [[nodiscard]] bool failed(const Outcome& outcome) const {
    if (!outcome.ok() && report_) report_(outcome.error().code);
    return !outcome.ok();
  }

  const LedgerPort& port_;
  std::vector<std::unique_ptr<Organisation>> organisations_;
  ConsentFollower follower_;  // of the background work
  std::function<void(ErrorCode)> report_;
  SendNotice send_;
  std::atomic<std::uint64_t> failed_rounds_{0};
  std::uint64_t started_ms_ = 0;  // set before the background work starts
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool stop_ = false;
  std::thread worker_;
  std::thread notifier_;  // an address that does not answer holds up no root
};

}  // namespace xl::custody
