// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "model/id.h"

namespace xl::gateway::smart {

constexpr std::uint64_t waiting_ms = 10 * 60 * 1000;  ///< of a page for its person

/// 32 random bytes as 43 characters.
[[nodiscard]] std::string random_text();
/// Eight letters that nobody takes for others, as people type them on another device.
[[nodiscard]] std::string new_user_code();

/// What a page of ours that waits for somebody is known by.
struct WaitingPage {
  std::string id;         ///< 43 characters: part of its addresses
  Hash browser{};         ///< SHA-256 of the cookie of the browser that began it
  std::string address;    ///< from where it was begun
  std::string user_code;  ///< eight letters, for another device
  model::Id organisation;
  std::uint64_t expires_ms = 0;
};

/// The pages of one kind that wait. They are in memory: a restart ends them. Thread-safe.
template <typename Page>
class Waiting {
 public:
  /// At most `most` at once, and `most_of_address` from one network address.
  Waiting(std::size_t most, std::size_t most_of_address)
      : most_(most), most_of_address_(most_of_address) {}

  /// Begins one; sets its id, user code and end. Errors: smart_requests_exceeded.
  [[nodiscard]] Result<Page> begin(Page page, std::uint64_t now_ms) {
    page.id = random_text();
    page.user_code = new_user_code();
    page.expires_ms = now_ms + waiting_ms;
    const std::scoped_lock lock(mutex_);
    std::erase_if(pages_, [&](const auto& one) { return one.second.expires_ms <= now_ms; });
    // Nobody shuts others out by asking often: the oldest of an address goes first.
    std::size_t of_address = 0;
    auto oldest = pages_.end();
    for (auto one = pages_.begin(); one != pages_.end(); ++one) {
      if (one->second.address != page.address) continue;
      ++of_address;
      if (oldest == pages_.end() || one->second.expires_ms < oldest->second.expires_ms) {
        oldest = one;
      }
    }
    if (of_address >= most_of_address_) pages_.erase(oldest);
    if (pages_.size() >= most_) return make_error(ErrorCode::smart_requests_exceeded);
    pages_.emplace(page.id, page);
    return page;
  }

  /// For the browser that holds `secret`. Errors: smart_login_over.
  [[nodiscard]] Result<Page> find(std::string_view id, std::string_view secret,
                                  std::uint64_t now_ms) {
    const Hash digest = crypto::sha256(view_of(secret));
    const std::scoped_lock lock(mutex_);
    const auto found = pages_.find(id);
    if (found == pages_.end() || found->second.expires_ms <= now_ms ||
        !crypto::equal_constant_time(found->second.browser, digest)) {
      return make_error(ErrorCode::smart_login_over);
    }
    return found->second;
  }

  /// By the code that it shows, if it is at `ready`. Errors: smart_login_over.
  [[nodiscard]] Result<Page> find_by_user_code(const model::Id& organisation, std::string_view code,
                                               std::uint64_t now_ms,
                                               const std::function<bool(const Page&)>& ready) {
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, one] : pages_) {
      if (one.organisation == organisation && one.expires_ms > now_ms && ready(one) &&
          crypto::equal_constant_time(view_of(one.user_code), view_of(code))) {
        return one;
      }
    }
    return make_error(ErrorCode::smart_login_over);
  }

  /// Changes one that is there. Errors: smart_login_over.
  [[nodiscard]] Status change(std::string_view id, const std::function<void(Page&)>& edit) {
    const std::scoped_lock lock(mutex_);
    const auto found = pages_.find(id);
    if (found == pages_.end()) return make_error(ErrorCode::smart_login_over);
    edit(found->second);
    return {};
  }

  /// Takes it away. Errors: smart_login_over.
  [[nodiscard]] Result<Page> take(std::string_view id) {
    const std::scoped_lock lock(mutex_);
    const auto found = pages_.find(id);
    if (found == pages_.end()) return make_error(ErrorCode::smart_login_over);
    Page out = std::move(found->second);
    pages_.erase(found);
    return out;
  }

  /// Takes those away.
  void forget(const std::function<bool(const Page&)>& which) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(pages_, [&](const auto& one) { return which(one.second); });
  }

 private:
  const std::size_t most_;
  const std::size_t most_of_address_;
  std::mutex mutex_;
  std::map<std::string, Page, std::less<>> pages_;
};

}  // namespace xl::gateway::smart
