// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "gateway/credentials/desk.h"

#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "gateway/smart/waiting.h"

namespace xl::gateway::credentials {
namespace {

/// Removes what is over; an error when there is still no room for one more.
template <typename Map, typename EndOf>
Status make_room(Map& map, std::size_t most, std::uint64_t now_ms, EndOf end_of) {
  if (map.size() >= most) {
    std::erase_if(map, [&](const auto& one) { return end_of(one.second) <= now_ms; });
  }
  if (map.size() >= most) return make_error(ErrorCode::credential_requests_exceeded);
  return {};
}

constexpr auto expiry_of = [](const auto& one) { return one.expires_ms; };

/// Six digits, each equally likely.
std::string six_digits() {
  std::string out;
  while (out.size() < 6) {
    std::uint8_t byte = 0;
    crypto::random_bytes({&byte, 1});
    if (byte < 250) out += static_cast<char>('0' + byte % 10);
  }
  return out;
}

std::string token_name(std::string_view token) { return to_hex(crypto::sha256(view_of(token))); }

}  // namespace

Result<Offer> Desk::offer(Offer wanted, bool with_tx_code, std::uint64_t now_ms) {
  wanted.id = smart::random_text();
  wanted.code = smart::random_text();
  if (with_tx_code) wanted.tx_code = six_digits();
  wanted.expires_ms = now_ms + offer_ms;
  const std::scoped_lock lock(mutex_);
  XL_TRY(make_room(offers_, waiting_offers_max, now_ms, expiry_of));
  offers_.emplace(wanted.id, wanted);
  return wanted;
}

Result<Offer> Desk::find_offer(const model::Id& organisation, std::string_view id,
                               std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  const auto found = offers_.find(id);
  if (found == offers_.end() || found->second.expires_ms <= now_ms ||
      found->second.organisation != organisation) {
    return make_error(ErrorCode::credential_offer_unknown);
  }
  return found->second;
}

Result<std::string> Desk::exchange(const model::Id& organisation, std::string_view code,
                                   std::string_view tx_code, std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  for (auto one = offers_.begin(); one != offers_.end(); ++one) {
    Offer& offer = one->second;
    if (offer.organisation != organisation || offer.expires_ms <= now_ms ||
        !crypto::equal_constant_time(view_of(offer.code), view_of(code))) {
      continue;
    }
    // Nobody guessed: the wallet misunderstood the offer.
    if (tx_code.empty() != offer.tx_code.empty()) {
      return make_error(ErrorCode::parameter_invalid, "tx_code");
    }
    const bool right = crypto::equal_constant_time(view_of(offer.tx_code), view_of(tx_code));
    if (!right) {
      if (++offer.attempts >= code_attempts_max) offers_.erase(one);
      break;
    }
    XL_TRY(make_room(grants_, waiting_grants_max, now_ms, expiry_of));
    const std::string token = smart::random_text();
    grants_.emplace(token_name(token),
                    Grant{organisation, std::move(offer.contents), now_ms + grant_ms});
    offers_.erase(one);
    return token;
  }
  return make_error(ErrorCode::credential_grant_invalid);
}

Result<Grant> Desk::find_grant(const model::Id& organisation, std::string_view token,
                               std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  const auto found = grants_.find(token_name(token));
  if (found == grants_.end() || found->second.organisation != organisation ||
      found->second.expires_ms <= now_ms) {
    return make_error(ErrorCode::token_invalid);
  }
  return found->second;
}

Result<Grant> Desk::take_grant(const model::Id& organisation, std::string_view token,
                               std::uint64_t now_ms) {
  XL_TRY_ASSIGN(Grant out, find_grant(organisation, token, now_ms));
  const std::scoped_lock lock(mutex_);
  if (grants_.erase(token_name(token)) == 0) return make_error(ErrorCode::token_invalid);
  return out;
}

Result<std::string> Desk::nonce(std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  XL_TRY(make_room(nonces_, waiting_nonces_max, now_ms, [](std::uint64_t end) { return end; }));
  std::string out = smart::random_text();
  nonces_.emplace(out, now_ms + nonce_ms);
  return out;
}

Status Desk::use_nonce(std::string_view nonce, std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  const auto found = nonces_.find(nonce);
  const bool good = found != nonces_.end() && found->second > now_ms;
  if (found != nonces_.end()) nonces_.erase(found);
  if (!good) return make_error(ErrorCode::credential_nonce_invalid);
  return {};
}

Result<Request> Desk::request(Request wanted, std::uint64_t now_ms) {
  wanted.id = smart::random_text();
  wanted.nonce = smart::random_text();
  wanted.state = smart::random_text();
  wanted.response_uri += wanted.id + "/response";
  wanted.expires_ms = now_ms + request_ms;
  const std::scoped_lock lock(mutex_);
  XL_TRY(make_room(requests_, waiting_requests_max, now_ms, expiry_of));
  requests_.emplace(wanted.id, wanted);
  return wanted;
}

Result<Request> Desk::find_request(const model::Id& organisation, std::string_view id,
                                   std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  const auto found = requests_.find(id);
  if (found == requests_.end() || found->second.organisation != organisation ||
      found->second.expires_ms <= now_ms) {
    return make_error(ErrorCode::presentation_request_unknown);
  }
  return found->second;
}

/// The caller holds the lock.
Result<Request*> Desk::open_request(std::string_view id, std::uint64_t now_ms) {
  const auto found = requests_.find(id);
  if (found == requests_.end() || found->second.expires_ms <= now_ms) {
    return make_error(ErrorCode::presentation_request_unknown);
  }
  if (found->second.answered) return make_error(ErrorCode::presentation_replayed);
  return &found->second;
}

Status Desk::answer(std::string_view id, std::string result, std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(Request * request, open_request(id, now_ms));
  request->answered = true;
  request->result = std::move(result);
  return {};
}

Status Desk::decline(std::string_view id, std::string why, std::uint64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  XL_TRY_ASSIGN(Request * request, open_request(id, now_ms));
  request->answered = true;
  request->result = "[]";
  request->declined = std::move(why);
  return {};
}

}  // namespace xl::gateway::credentials
