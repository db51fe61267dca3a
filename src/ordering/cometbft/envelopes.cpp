// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/envelopes.h"

#include <algorithm>
#include <optional>

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

EnvelopeChecker::EnvelopeChecker(const chain::Chain& chain, EnvelopeCache& cache, CheckPool& pool)
    : chain_(chain), cache_(cache), pool_(pool) {
  for (std::size_t i = 0; i < pool.workers(); ++i) keys_.emplace_back(chain);
}

CheckedEnvelope EnvelopeChecker::check(ByteView raw) {
  const Hash digest = crypto::sha256(raw);
  if (CheckedEnvelope known = cache_.find(digest)) return known;
  for (KeyCacheReader& one : keys_) one.refresh();
  auto input = std::make_shared<execution::EnvelopeInput>(
      execution::EnvelopeInput{model::decode_envelope(raw), {}, {}});
  if (input->envelope.ok()) {
    input->verdict = verification::check_envelope_signature(*input->envelope, keys_[0]);
    const std::vector<Bytes>& transactions = input->envelope->transactions;
    std::vector<std::optional<execution::Item>> items(transactions.size());
    pool_.run(transactions.size(), [&](std::size_t i, std::size_t worker) {
      items[i].emplace(verification::check(transactions[i], chain_.registry()));
      if (items[i]->ok()) verification::check_signatures(**items[i], keys_[worker]);
    });
    for (auto& item : items) input->items.push_back(std::move(*item));
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
