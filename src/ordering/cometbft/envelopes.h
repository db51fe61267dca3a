// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "ordering/check_pool.h"
#include "ordering/key_cache.h"

namespace xl::ordering::cometbft {

/// An envelope, decoded and with verdicts on its signatures. Never changes once it is shared.
using CheckedEnvelope = std::shared_ptr<const execution::EnvelopeInput>;

/// Remembers envelopes from CheckTx until they are in a block, so that a node decodes and verifies
/// each once. What is forgotten is checked again. Thread-safe.
class EnvelopeCache {
 public:
  /// `bytes_max`: of the envelopes' own bytes.
  explicit EnvelopeCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  [[nodiscard]] CheckedEnvelope find(const Hash& digest) const;
  /// The oldest ones go when there is no room.
  void add(const Hash& digest, std::size_t bytes, CheckedEnvelope envelope);
  void remove(const Hash& digest);

 private:
  struct Entry {
    CheckedEnvelope envelope;
    std::size_t bytes = 0;
  };
  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::map<Hash, Entry> entries_;
  std::deque<Hash> order_;  // oldest first; may name some that were removed
  std::size_t bytes_ = 0;
};

/// Checks one envelope at a time, its transactions on the threads of a pool.
class EnvelopeChecker {
 public:
  /// All outlive it.
  EnvelopeChecker(const chain::Chain& chain, EnvelopeCache& cache, CheckPool& pool);

  /// Decodes and verifies, unless the cache has it. A malformed one is an input with its error.
  /// Signers whose key is not on the ledger yet get no verdict.
  [[nodiscard]] CheckedEnvelope check(ByteView raw);

 private:
  const chain::Chain& chain_;
  EnvelopeCache& cache_;
  CheckPool& pool_;
  std::vector<KeyCacheReader> keys_;  // one for each worker
};

/// Is there nothing wrong with the bytes and signatures themselves? What state has to say comes
/// later. Errors: the first one found.
[[nodiscard]] Status sound(const execution::EnvelopeInput& envelope);

}  // namespace xl::ordering::cometbft
