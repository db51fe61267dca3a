// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/smart/attempts.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace xl::gateway::smart {
namespace {

constexpr std::size_t keys_of_password = 3;  // of the account, of the address, of both

struct PasswordKeys {
  std::string account;
  std::string address;
  std::string both;
};

PasswordKeys keys_of(const std::string& account, std::string_view address) {
  const std::string network = network_of(address);
  return {"account " + account, "address " + network, "password " + network + " " + account};
}

}  // namespace

std::string network_of(std::string_view address) {
  std::array<std::uint8_t, sizeof(in6_addr)> bytes{};
  const std::string text(address.substr(0, address.find('%')));
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return std::string(address);
  return to_hex(ByteView(bytes).first(bytes.size() / 2)) + "/64";
}

Attempts::Count Attempts::count_of(const std::string& key, std::uint64_t now_ms) const {
  const auto found = counts_.find(key);
  return found == counts_.end() || found->second.until_ms <= now_ms ? Count{} : found->second;
}

Attempts::Count& Attempts::count(const std::string& key, std::uint64_t now_ms) {
  Count& out = counts_[key];
  if (out.until_ms <= now_ms) out = {0, now_ms + attempts_window_ms, 0};
  ++out.failures;
  return out;
}

bool Attempts::has_room(std::uint64_t now_ms) {
  if (counts_.size() + keys_of_password <= attempt_keys_max) return true;
  std::erase_if(counts_, [&](const auto& one) { return one.second.until_ms <= now_ms; });
  return counts_.size() + keys_of_password <= attempt_keys_max;
}

Status Attempts::may_try(const std::string& key, std::size_t failures_max, std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  if (!has_room(now_ms) || count_of(key, now_ms).failures >= failures_max) {
    return make_error(ErrorCode::smart_attempts_exceeded);
  }
  return {};
}

void Attempts::failed(const std::string& key, std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  count(key, now_ms);
}

Status Attempts::try_password(const std::string& account, std::string_view address,
                              std::uint64_t now_ms) {
  const PasswordKeys keys = keys_of(account, address);
  const std::scoped_lock lock(mutex_);
  if (!has_room(now_ms)) return make_error(ErrorCode::smart_attempts_exceeded);
  const Count in_all = count_of(keys.account, now_ms);
  const auto trusted = trusted_.find(keys.both);
  const bool waits = in_all.failures >= attempts_guessed_at &&
                     (trusted == trusted_.end() || trusted->second <= now_ms);
  const std::size_t most = waits ? attempts_while_guessed_max : attempts_per_account_max;
  if (count_of(keys.both, now_ms).failures >= most ||
      count_of(keys.address, now_ms).failures >= attempts_per_address_max ||
      (waits && now_ms < in_all.next_ms)) {
    return make_error(ErrorCode::smart_attempts_exceeded);
  }
  count(keys.both, now_ms);
  count(keys.address, now_ms);
  Count& counted = count(keys.account, now_ms);
  if (waits) counted.next_ms = now_ms + attempts_pause_ms;
  return {};
}

void Attempts::password_was_right(const std::string& account, std::string_view address,
                                  std::uint64_t now_ms) {
  const PasswordKeys keys = keys_of(account, address);
  const std::scoped_lock lock(mutex_);
  for (const std::string& key : {keys.account, keys.address, keys.both}) {
    const auto found = counts_.find(key);
    if (found != counts_.end() && found->second.failures > 0) --found->second.failures;
  }
  if (trusted_.size() >= attempt_keys_max) {
    std::erase_if(trusted_, [&](const auto& one) { return one.second <= now_ms; });
  }
  if (trusted_.size() < attempt_keys_max) trusted_[keys.both] = now_ms + attempts_trust_ms;
}

}  // namespace xl::gateway::smart
