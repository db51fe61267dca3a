// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>
#include <span>

#include "custody/ledger_port.h"

namespace xl::custody {

class Organisation;

/// Brings the indexes of a node's organisations up to what the ledger says of consents, and
/// patients' logs to what it says of emergencies, block by block: whoever revokes a consent, renews
/// or ends an emergency need not tell the custodian. Reads each block once for all of them. Not
/// thread-safe.
class ConsentFollower {
 public:
  /// Outlives it.
  explicit ConsentFollower(const LedgerPort& port) : port_(port) {}

  /// Goes on where it stopped. Called every second or so. Errors: those of the ledger, the indexes
  /// and the vaults.
  [[nodiscard]] Status follow(std::span<const std::unique_ptr<Organisation>> organisations);

 private:
  [[nodiscard]] Status begin(std::span<const std::unique_ptr<Organisation>> organisations,
                             const LedgerView& view);
  [[nodiscard]] Status go_on(std::span<const std::unique_ptr<Organisation>> organisations,
                             const LedgerView& view);

  const LedgerPort& port_;
  std::uint64_t height_ = 0;  ///< every block up to it is done; 0: not known yet
  std::uint64_t noted_ = 0;   ///< that the indexes know of
  std::uint64_t ends_looked_at_ms_ = 0;
};

}  // namespace xl::custody
