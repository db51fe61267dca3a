// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>

#include "custody/notices.h"

/// Addresses that are told that there are notices. What is sent names no person, no record and no
/// reason: the kind, the cursor and where to look (docs/reference/audit.md).
namespace xl::custody {

// Bounds.
constexpr std::size_t webhook_url_bytes_max = 1024;
constexpr std::uint32_t webhooks_of_owner_max = 8;
constexpr std::uint32_t webhooks_max = 10'000;  ///< of an organisation
/// Tries of one notice: the last comes some 12 hours behind the first.
constexpr std::uint32_t webhook_tries_max = 16;

/// One address.
struct Webhook {
  model::Id id;
  model::Id owner;                   ///< who registered it
  std::optional<model::Id> patient;  ///< about whom; nothing: what concerns a privacy officer
  std::string url;
  Bytes secret;                   ///< 32 bytes: authenticates what is sent
  std::uint64_t after = 0;        ///< the last notice that it took
  std::uint32_t failures = 0;     ///< since then
  std::uint64_t next_ms = 0;      ///< the next try, not before
  std::uint64_t given_up_ms = 0;  ///< 0: it is tried
  std::string last_error;         ///< why the last try failed
};

/// Sends a body to an address with these headers; what is not answered with a status of 2xx is an
/// error.
using SendNotice =
    std::function<Status(const std::string& url, const std::string& body,
                         const std::vector<std::pair<std::string, std::string>>& headers)>;

/// Is this an address that may be told: https with a host that is no address of a private network,
/// or, where `own_machine` says so, http to this machine. Errors: webhook_refused.
[[nodiscard]] Status check_webhook_url(std::string_view url, bool own_machine);

/// How long a webhook that failed so often waits: 5 s, 10 s, … at most 3 hours.
[[nodiscard]] std::uint64_t webhook_wait_ms(std::uint32_t failures);

/// May the owner still be told: a patient about itself, a guardian in office, a privacy officer or
/// auditor whom the organisation attests.
[[nodiscard]] bool may_be_told(const Webhook& webhook, const model::StateReader& state,
                               const model::Id& organisation, std::uint64_t now_ms);

/// One organisation's webhooks, kept with its notices: each notice is sent at least once, in order,
/// until it is taken or given up on, which the owner sees. Thread-safe.
class Webhooks {
 public:
  /// Both outlive it.
  Webhooks(NoticeStore& notices, const LedgerPort& port, model::Id organisation)
      : notices_(notices), port_(port), organisation_(organisation) {}

  /// Registers an address for what comes from now on. `own_machine`: whether it may be of this
  /// machine. Errors: webhook_refused, webhooks_exceeded, those of a database.
  [[nodiscard]] Result<Webhook> add(const model::Id& owner, const std::optional<model::Id>& patient,
                                    const std::string& url, bool own_machine);
  /// The owner's. Errors: those of a database.
  [[nodiscard]] Result<std::vector<Webhook>> of_owner(const model::Id& owner);
  /// Removes one of the owner's. Errors: webhook_unknown, those of a database.
  [[nodiscard]] Status remove(const model::Id& owner, const model::Id& id);

  /// Removes those of a patient who was erased, and all addresses of who looked after them as such.
  /// Errors: those of a database.
  [[nodiscard]] Status forget(const model::Id& patient);

  /// Sends what is due, one notice to each webhook, at most `count_max` of them. `may` tells
  /// whether an owner may still be told about a patient: one that may not is removed. The number
  /// sent. Errors: those of a database.
  [[nodiscard]] Result<std::size_t> deliver(const SendNotice& send,
                                            const std::function<bool(const Webhook&)>& may,
                                            std::uint32_t count_max);

 private:
  [[nodiscard]] Result<std::vector<Webhook>> due(std::uint64_t now_ms, std::uint32_t count_max);
  [[nodiscard]] Status keep(const Webhook& webhook);
  [[nodiscard]] Status try_one(Webhook& webhook, const Notice& notice, const SendNotice& send);

  NoticeStore& notices_;
  const LedgerPort& port_;
  model::Id organisation_;
};

}  // namespace xl::custody
