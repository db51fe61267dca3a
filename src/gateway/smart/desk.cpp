// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/smart/desk.h"

#include <algorithm>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/secret.h"

namespace xl::gateway::smart {
namespace {

/// Without vowels and what looks alike: 20 letters, as RFC 8628 §6.1 has them.
constexpr std::string_view user_code_letters = "BCDFGHJKLMNPQRSTVWXZ";
constexpr std::size_t user_code_length = 8;

}  // namespace

std::string new_user_code() {
  std::string out;
  while (out.size() < user_code_length) {
    std::uint8_t byte = 0;
    crypto::random_bytes({&byte, 1});
    if (byte >= 240) continue;  // 12 times 20: no letter is more likely than another
    out += user_code_letters[byte % user_code_letters.size()];
  }
  return out;
}

std::string random_text() {
  Hash bytes{};
  crypto::random_bytes(bytes);
  return to_base64url(bytes);
}

void Desk::drop_over() {
  const std::uint64_t now = now_ms();
  const auto over = [now](const auto& one) { return one.second.expires_ms <= now; };
  std::erase_if(launches_, over);
  std::erase_if(codes_, over);
  std::erase_if(refresh_, over);
  std::erase_if(assertion_ids_, [now](const auto& one) { return one.second <= now; });
}

Result<Authorization> Desk::begin(Authorization wanted) {
  {
    const std::scoped_lock lock(mutex_);
    drop_over();
  }
  return authorizations_.begin(std::move(wanted), now_ms());
}

Result<Authorization> Desk::find_by_user_code(const model::Id& organisation,
                                              std::string_view code) {
  return authorizations_.find_by_user_code(organisation, code, now_ms(),
                                           [](const Authorization& one) { return !one.who; });
}

Result<Enrolment> Desk::find_enrolment_by_user_code(const model::Id& organisation,
                                                    std::string_view code) {
  auto out = enrolments_.find_by_user_code(organisation, code, now_ms(),
                                           [](const Enrolment& one) { return !one.proof.empty(); });
  if (!out.ok()) return make_error(ErrorCode::smart_passkey_code_unknown);
  return out;
}

Result<std::string> Desk::keep(Table& table, std::size_t most, Kept kept) {
  std::string text = random_text();
  const std::scoped_lock lock(mutex_);
  if (table.size() >= most) drop_over();
  if (table.size() >= most) return make_error(ErrorCode::smart_requests_exceeded);
  table.emplace(crypto::sha256(view_of(text)), std::move(kept));
  return text;
}

Result<std::string> Desk::make_code(Granted granted) {
  // It is remembered longer than it is good for, so that a second use is noticed.
  return keep(codes_, codes_max, {std::move(granted), now_ms() + 10 * code_ms});
}

Result<Granted> Desk::use_code(std::string_view code) {
  std::optional<model::Id> ended;
  Granted out;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = codes_.find(crypto::sha256(view_of(code)));
    if (found == codes_.end()) return make_error(ErrorCode::smart_grant_invalid, "code");
    Kept& kept = found->second;
    const bool late = now_ms() + 9 * code_ms >= kept.expires_ms;
    if (kept.used) ended = kept.granted.who.caller.grant->id;
    if (late && !kept.used) return make_error(ErrorCode::smart_grant_invalid, "code");
    kept.used = true;
    out = kept.granted;
  }
  if (!ended) return out;
  end_grant(*ended);
  return make_error(ErrorCode::smart_grant_invalid, "code");
}

Result<std::string> Desk::make_refresh(Granted granted) {
  const std::uint64_t ends_ms = granted.ends_ms;
  return keep(refresh_, refresh_tokens_max, {std::move(granted), ends_ms});
}

Result<Granted> Desk::use_refresh(std::string_view token, std::string_view client,
                                  const std::function<Status(const auth::Grant&)>& check) {
  std::optional<model::Id> ended;
  Granted out;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = refresh_.find(crypto::sha256(view_of(token)));
    if (found == refresh_.end() || found->second.expires_ms <= now_ms() ||
        found->second.granted.who.caller.grant->client != client) {
      return make_error(ErrorCode::smart_grant_invalid, "refresh_token");
    }
    Kept& kept = found->second;
    if (kept.used) ended = kept.granted.who.caller.grant->id;
    if (!ended) XL_TRY(check(*kept.granted.who.caller.grant));
    kept.used = true;
    out = kept.granted;
  }
  if (!ended) return out;
  end_grant(*ended);
  return make_error(ErrorCode::smart_grant_invalid, "refresh_token");
}

std::optional<Granted> Desk::look_up_refresh(std::string_view token) {
  const std::scoped_lock lock(mutex_);
  const auto found = refresh_.find(crypto::sha256(view_of(token)));
  if (found == refresh_.end() || found->second.used || found->second.expires_ms <= now_ms()) {
    return std::nullopt;
  }
  return found->second.granted;
}

std::string Desk::client_of_refresh(std::string_view token) {
  const std::scoped_lock lock(mutex_);
  const auto found = refresh_.find(crypto::sha256(view_of(token)));
  return found == refresh_.end() ? std::string() : found->second.granted.who.caller.grant->client;
}

void Desk::end(const std::function<bool(const auth::Grant&)>& which) {
  {
    const std::scoped_lock lock(mutex_);
    const auto same = [&](const auto& one) { return which(*one.second.granted.who.caller.grant); };
    std::erase_if(codes_, same);
    std::erase_if(refresh_, same);
  }
  tokens_.end(which);
}

void Desk::end_grant(const model::Id& grant) {
  end([&](const auth::Grant& one) { return one.id == grant; });
}

void Desk::forget_client(const model::Id& organisation, std::string_view client) {
  authorizations_.forget([&](const Authorization& one) {
    return one.organisation == organisation && one.client.id == client;
  });
}

Result<std::string> Desk::make_launch(Launch launch) {
  std::string text = random_text();
  launch.expires_ms = now_ms() + launch_ms;
  const std::scoped_lock lock(mutex_);
  if (launches_.size() >= launches_max) drop_over();
  if (launches_.size() >= launches_max) return make_error(ErrorCode::smart_requests_exceeded);
  launches_.emplace(text, std::move(launch));
  return text;
}

Result<Launch> Desk::find_launch(const model::Id& organisation, std::string_view text) {
  const std::scoped_lock lock(mutex_);
  const auto found = launches_.find(text);
  if (found == launches_.end() || found->second.organisation != organisation ||
      found->second.expires_ms <= now_ms()) {
    return make_error(ErrorCode::smart_launch_unknown);
  }
  return found->second;
}

bool Desk::use_assertion(std::string_view client, std::string_view id, std::uint64_t until_ms) {
  const Hash key = crypto::sha256(view_of(std::string(client) + '\n' + std::string(id)));
  const std::scoped_lock lock(mutex_);
  if (assertion_ids_.size() >= assertion_ids_max) drop_over();
  if (assertion_ids_.size() >= assertion_ids_max) return false;
  const auto there = assertion_ids_.find(key);
  if (there != assertion_ids_.end() && there->second > now_ms()) return false;
  assertion_ids_[key] = until_ms;
  return true;
}

}  // namespace xl::gateway::smart
