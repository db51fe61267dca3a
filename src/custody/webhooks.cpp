// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "custody/webhooks.h"

#include <algorithm>
#include <array>

#include "base/hex.h"
#include "contracts/identity/view.h"
#include "crypto/kdf.h"
#include "crypto/random.h"

namespace xl::custody {
namespace {

constexpr std::uint64_t first_wait_ms = 5'000;
constexpr std::uint64_t longest_wait_ms = 3ULL * 60 * 60 * 1000;
constexpr std::size_t error_bytes_max = 200;

constexpr std::string_view webhook_columns =
    "SELECT id, owner, patient, url, secret, after, failures, next_ms, given_up_ms, last_error"
    " FROM webhooks ";

Webhook webhook_row(const sqlite::Statement& row) {
  const auto id_at = [&](int index) {
    const auto id = model::id_from_bytes(row.blob(index));
    return id.ok() ? *id : model::Id{};
  };
  Webhook out;
  out.id = id_at(0);
  out.owner = id_at(1);
  const model::Id patient = id_at(2);
  if (!patient.is_zero()) out.patient = patient;
  out.url = row.text(3);
  out.secret = copy_of(row.blob(4));
  out.after = static_cast<std::uint64_t>(row.integer(5));
  out.failures = static_cast<std::uint32_t>(row.integer(6));
  out.next_ms = static_cast<std::uint64_t>(row.integer(7));
  out.given_up_ms = static_cast<std::uint64_t>(row.integer(8));
  out.last_error = row.text(9);
  return out;
}

/// The host of a URL, without its port; empty for what is none.
std::string_view host_in(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string_view rest = url.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/?"));
  if (rest.find('@') != std::string_view::npos) return {};
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    return end == std::string_view::npos ? std::string_view{} : rest.substr(0, end + 1);
  }
  return rest.substr(0, rest.find(':'));
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" || host == "127.0.0.1";
}

/// A number where a name should be, or a name that only this network knows: whoever registers it
/// could have this node ask its neighbours.
bool is_of_a_network(std::string_view host) {
  const bool numeric = host.starts_with('[') || std::ranges::all_of(host, [](char c) {
                         return (c >= '0' && c <= '9') || c == '.';
                       });
  const bool bare = host.find('.') == std::string_view::npos;
  return numeric || bare || is_loopback(host) || host.ends_with(".local") ||
         host.ends_with(".internal") || host.ends_with(".localhost") || host.ends_with('.');
}

std::string payload_of(const Notice& notice, const model::Id& organisation) {
  return "{\"schema\":\"xinglin/notice/v1\",\"kind\":\"" + std::string(notice_word(notice.kind)) +
         "\",\"cursor\":\"" + std::to_string(notice.number) + "\",\"link\":\"/o/" +
         organisation.text() + "/notices?after=" + std::to_string(notice.number - 1) + "\"}";
}

}  // namespace

Status check_webhook_url(std::string_view url, bool own_machine) {
  const bool printable = std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7f; });
  const std::string_view host = host_in(url);
  if (url.size() > webhook_url_bytes_max || !printable || host.empty() ||
      url.find_first_of("#\\\"<>") != std::string_view::npos) {
    return make_error(ErrorCode::webhook_refused);
  }
  if (own_machine && is_loopback(host) &&
      (url.starts_with("http://") || url.starts_with("https://"))) {
    return {};
  }
  if (url.starts_with("https://") && !is_of_a_network(host)) return {};
  return make_error(ErrorCode::webhook_refused);
}

std::uint64_t webhook_wait_ms(std::uint32_t failures) {
  if (failures == 0) return 0;
  const std::uint32_t doublings = std::min<std::uint32_t>(failures - 1, 20);
  return std::min(first_wait_ms << doublings, longest_wait_ms);
}

bool may_be_told(const Webhook& webhook, const model::StateReader& state,
                 const model::Id& organisation, std::uint64_t now_ms) {
  namespace identity = contracts::identity;
  if (webhook.patient && *webhook.patient == webhook.owner) {
    return identity::find_acting(state, webhook.owner, contracts::PartyKind::patient).has_value();
  }
  const auto attested = [&](identity::Role role) {
    return identity::is_attested(state, webhook.owner, organisation, role, now_ms);
  };
  if (attested(identity::Role::privacy_officer) || attested(identity::Role::auditor)) return true;
  return webhook.patient && identity::guardian_acts(state, webhook.owner, *webhook.patient,
                                                    identity::power_consent, now_ms);
}

Result<Webhook> Webhooks::add(const model::Id& owner, const std::optional<model::Id>& patient,
                              const std::string& url, bool own_machine) {
  XL_TRY(check_webhook_url(url, own_machine));
  XL_TRY_ASSIGN(const std::uint64_t last, notices_.last());
  Webhook out;
  out.id = random_id();
  out.owner = owner;
  out.patient = patient;
  out.url = url;
  out.secret.resize(32);
  crypto::random_bytes(out.secret);
  out.after = last;
  const std::scoped_lock lock(notices_.mutex());
  XL_TRY_ASSIGN(auto count, notices_.database().prepare(
                                "SELECT count(*), coalesce(sum(owner = ?1), 0) FROM webhooks"));
  XL_TRY_ASSIGN(const bool row, count.start(owner.view()));
  const bool full = row && (count.integer(0) >= std::int64_t{webhooks_max} ||
                            count.integer(1) >= std::int64_t{webhooks_of_owner_max});
  if (full) return make_error(ErrorCode::webhooks_exceeded);
  XL_TRY_ASSIGN(auto insert, notices_.database().prepare("INSERT INTO webhooks VALUES(?1, ?2, ?3,"
                                                         " ?4, ?5, ?6, 0, 0, 0, '')"));
  const model::Id whose = patient.value_or(model::Id{});
  XL_TRY(insert.run(out.id.view(), owner.view(), whose.view(), std::string_view(url),
                    ByteView(out.secret), static_cast<std::int64_t>(out.after)));
  return out;
}

Result<std::vector<Webhook>> Webhooks::of_owner(const model::Id& owner) {
  const std::scoped_lock lock(notices_.mutex());
  XL_TRY_ASSIGN(auto select, notices_.database().prepare(std::string(webhook_columns) +
                                                         "WHERE owner = ?1 ORDER BY id"));
  std::vector<Webhook> out;
  Result<bool> row = select.start(owner.view());
  for (; row.ok() && *row; row = select.step()) out.push_back(webhook_row(select));
  if (!row.ok()) return row.error();
  return out;
}

Status Webhooks::remove(const model::Id& owner, const model::Id& id) {
  const std::scoped_lock lock(notices_.mutex());
  XL_TRY_ASSIGN(auto remove,
                notices_.database().prepare("DELETE FROM webhooks WHERE owner = ?1 AND id = ?2"));
  XL_TRY(remove.run(owner.view(), id.view()));
  if (notices_.database().changes() == 0) return make_error(ErrorCode::webhook_unknown);
  return {};
}

Status Webhooks::forget(const model::Id& patient) {
  const std::scoped_lock lock(notices_.mutex());
  XL_TRY_ASSIGN(auto remove, notices_.database().prepare(
                                 "DELETE FROM webhooks WHERE owner = ?1 OR patient = ?1"));
  return remove.run(patient.view());
}

Result<std::vector<Webhook>> Webhooks::due(std::uint64_t now_ms, std::uint32_t count_max) {
  const std::scoped_lock lock(notices_.mutex());
  XL_TRY_ASSIGN(auto select,
                notices_.database().prepare(std::string(webhook_columns) +
                                            "WHERE given_up_ms = 0 AND next_ms <= ?1 AND EXISTS("
                                            "SELECT 1 FROM notices WHERE number > webhooks.after"
                                            " AND (patient = webhooks.patient"
                                            " OR webhooks.patient = zeroblob(16)))"
                                            " ORDER BY next_ms, id LIMIT ?2"));
  std::vector<Webhook> out;
  Result<bool> row = select.start(static_cast<std::int64_t>(now_ms), std::int64_t{count_max});
  for (; row.ok() && *row; row = select.step()) out.push_back(webhook_row(select));
  if (!row.ok()) return row.error();
  return out;
}

Status Webhooks::keep(const Webhook& webhook) {
  const std::scoped_lock lock(notices_.mutex());
  XL_TRY_ASSIGN(auto update, notices_.database().prepare(
                                 "UPDATE webhooks SET after = ?2, failures = ?3, next_ms = ?4,"
                                 " given_up_ms = ?5, last_error = ?6 WHERE id = ?1"));
  return update.run(webhook.id.view(), static_cast<std::int64_t>(webhook.after),
                    std::int64_t{webhook.failures}, static_cast<std::int64_t>(webhook.next_ms),
                    static_cast<std::int64_t>(webhook.given_up_ms),
                    std::string_view(webhook.last_error));
}

/// Sends one notice and keeps what became of it. Taken twice rather than never: what is sent before
/// a crash is sent again behind it.
Status Webhooks::try_one(Webhook& webhook, const Notice& notice, const SendNotice& send) {
  const std::string body = payload_of(notice, organisation_);
  const Hash mark = crypto::hmac_sha256(webhook.secret, {view_of(body)});
  const Status sent = send(webhook.url, body, {{"X-Xinglin-Signature", "sha256=" + to_hex(mark)}});
  const std::uint64_t now_ms = port_.now_ms();
  if (sent.ok()) {
    webhook.after = notice.number;
    webhook.failures = 0;
    webhook.next_ms = now_ms;  // behind those that wait longer
    webhook.last_error.clear();
  } else {
    ++webhook.failures;
    webhook.next_ms = now_ms + webhook_wait_ms(webhook.failures);
    webhook.last_error = std::string(sent.error().text()).substr(0, error_bytes_max);
    if (webhook.failures >= webhook_tries_max) webhook.given_up_ms = now_ms;
  }
  return keep(webhook);
}

Result<std::size_t> Webhooks::deliver(const SendNotice& send,
                                      const std::function<bool(const Webhook&)>& may,
                                      std::uint32_t count_max) {
  XL_TRY_ASSIGN(std::vector<Webhook> waiting, due(port_.now_ms(), count_max));
  std::size_t sent = 0;
  for (Webhook& webhook : waiting) {
    if (!may(webhook)) {
      XL_TRY(remove(webhook.owner, webhook.id));
      continue;
    }
    XL_TRY_ASSIGN(const std::uint64_t last, notices_.last());
    XL_TRY_ASSIGN(const auto next, notices_.page({webhook.patient, webhook.after}, 1));
    if (next.empty()) {  // none of those up to the last one concerns it
      webhook.after = last;
      XL_TRY(keep(webhook));
      continue;
    }
    XL_TRY(try_one(webhook, next.front(), send));
    ++sent;
  }
  return sent;
}

}  // namespace xl::custody
