// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <map>
#include <optional>

#include "base/result.h"
#include "model/envelope.h"
#include "model/id.h"
#include "model/kv.h"

namespace xl::verification {

/// Counts what members put into a block against their quotas of the period (governance's
/// parameters): transactions and bytes of envelopes, in state once per member and block. Nothing is
/// counted where the genesis names no members. Not thread-safe.
class QuotaMeter {
 public:
  /// Reads the parameters in force before the block. `block_ms` says the period.
  QuotaMeter(const model::StateReader& state, std::uint64_t block_ms);

  /// Takes the share of an envelope of `operations` transactions from its member's quota. Nothing
  /// is taken on an error. The envelope's own list of them is not looked at: who packed it has
  /// none. Precondition: the envelope was admitted. Errors: member_quota_exceeded.
  [[nodiscard]] Status take(const model::Envelope& envelope, std::uint64_t operations,
                            const model::StateReader& state);

  /// Writes the counters of the members that took something.
  void write(model::StateWriter& state) const;

 private:
  struct Used {
    std::uint64_t operations = 0;
    std::uint64_t bytes = 0;
  };
  struct Quota {
    std::uint64_t period_ms = 0;
    Used most;
  };
  [[nodiscard]] Used read(const model::StateReader& state, const model::Id& member) const;

  std::optional<Quota> quota_;
  std::uint64_t period_start_ms_ = 0;
  std::map<model::Id, Used> used_;
};

/// The state key of a member's counter: 0x00 'q' ‖ member (16).
[[nodiscard]] Bytes quota_key(const model::Id& member);

}  // namespace xl::verification
