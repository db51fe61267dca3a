// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/envelopes.h"

#include <algorithm>

#include "crypto/hash.h"

namespace xl::ordering::cometbft {
CheckedEnvelope EnvelopeCache::find(const Hash& digest) const {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(digest);
  return found == entries_.end() ? nullptr : found->second.envelope;
}

void EnvelopeCache::add(const Hash& digest, std::size_t bytes, CheckedEnvelope envelope) {
  const std::scoped_lock lock(mutex_);
  if (!entries_.emplace(digest, Entry{std::move(envelope), bytes}).second) return;
  order_.push_back(digest);
  bytes_ += bytes;
  while (bytes_ > bytes_max_ && !order_.empty()) {
    const auto oldest = entries_.find(order_.front());
    order_.pop_front();
    if (oldest == entries_.end()) continue;
    bytes_ -= oldest->second.bytes;
    entries_.erase(oldest);
  }
}

void EnvelopeCache::remove(const Hash& digest) {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(digest);
  if (found == entries_.end()) return;
  bytes_ -= found->second.bytes;
  entries_.erase(found);
  // Names of removed ones at the front go at once, so that the list stays as short as the cache.
  while (!order_.empty() && !entries_.contains(order_.front())) order_.pop_front();
}

CheckedEnvelope EnvelopeChecker::check(ByteView raw) {
  const Hash digest = crypto::sha256(raw);
  if (CheckedEnvelope known = cache_.find(digest)) return known;
  keys_.refresh();
  auto input = std::make_shared<execution::EnvelopeInput>(
      execution::EnvelopeInput{model::decode_envelope(raw), {}, {}});
  if (input->envelope.ok()) {
    input->verdict = verification::check_envelope_signature(*input->envelope, keys_);
    for (const Bytes& transaction : input->envelope->transactions) {
      auto& item = input->items.emplace_back(verification::check(transaction, chain_.registry()));
      if (item.ok()) verification::check_signatures(*item, keys_);
    }
  }
  cache_.add(digest, raw.size(), input);
  return input;
}

Status sound(const execution::EnvelopeInput& envelope) {
  if (!envelope.envelope.ok()) return envelope.envelope.error();
  if (envelope.verdict && !envelope.verdict->valid) {
    return make_error(ErrorCode::envelope_signature_invalid);
  }
  for (const execution::Item& item : envelope.items) {
    if (!item.ok()) return item.error();
    if (std::any_of(item->verdicts.begin(), item->verdicts.end(),
                    [](const auto& verdict) { return !verdict.valid; })) {
      return make_error(ErrorCode::signature_invalid);
    }
  }
  return {};
}

}  // namespace xl::ordering::cometbft
