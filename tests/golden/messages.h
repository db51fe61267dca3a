// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <string>
#include <vector>

#include "contracts/tests/fixture.h"
#include "model/transaction.h"

namespace xl::golden {

/// Makes each message of each contract from names; the same name gives the same bytes.
class Messages {
 public:
  explicit Messages(const Hash& network) { keys_.network = network; }
  [[nodiscard]] const Hash& network() const { return keys_.network; }

  std::uint64_t now_ms = 0;  ///< of the block that the messages are for

  // identity
  using Roles = std::vector<std::uint32_t>;
  [[nodiscard]] model::Message attest(const std::string& who, const std::string& at,
                                      const Roles& roles) const;
  [[nodiscard]] model::Message revoke_attestation(const std::string& who,
                                                  const std::string& at) const;
  [[nodiscard]] model::Message register_service(const std::string& who,
                                                const std::string& at) const;
  [[nodiscard]] model::Message register_patient(const std::string& who,
                                                const std::string& at) const;
  [[nodiscard]] model::Message claim_patient(const std::string& who) const;
  [[nodiscard]] model::Message add_key(const std::string& party, const std::string& added) const;
  [[nodiscard]] model::Message rotate_key(const std::string& party, const std::string& from,
                                          const std::string& to) const;
  [[nodiscard]] model::Message revoke_key(const std::string& party, const std::string& old) const;
  [[nodiscard]] model::Message set_agreement_key(const std::string& party) const;
  [[nodiscard]] model::Message appoint(const std::string& guardian, const std::string& ward,
                                       bool evidence) const;
  [[nodiscard]] model::Message end_guardianship(const std::string& guardian) const;
  [[nodiscard]] model::Message configure_recovery(const std::string& party,
                                                  const std::string& attester) const;
  [[nodiscard]] model::Message start_recovery(const std::string& party,
                                              const std::string& added) const;
  [[nodiscard]] model::Message cancel_recovery(const std::string& party) const;
  [[nodiscard]] model::Message finish_recovery(const std::string& party) const;
  [[nodiscard]] model::Message delegate(const std::string& who, const std::string& session,
                                        const std::string& at,
                                        const std::vector<std::uint32_t>& types) const;
  [[nodiscard]] model::Message end_delegation(const std::string& session) const;
  [[nodiscard]] model::Message deactivate(const std::string& party) const;

  // records
  [[nodiscard]] model::Message anchor(const std::string& record, const std::string& patient,
                                      std::uint32_t version) const;
  [[nodiscard]] model::Message anchor_batch(const std::string& patient, const std::string& prefix,
                                            std::uint32_t count) const;
  [[nodiscard]] model::Message enter_in_error(const std::string& record) const;
  [[nodiscard]] model::Message record_erasure(const std::string& record, bool last) const;

  // consent
  [[nodiscard]] model::Message grant(const std::string& consent, const std::string& patient) const;
  [[nodiscard]] model::Message narrow(const std::string& consent, const std::string& to) const;
  [[nodiscard]] model::Message revoke(const std::string& consent) const;
  [[nodiscard]] model::Message grant_assisted(const std::string& consent,
                                              const std::string& patient) const;

  // access; the custodian is north, the requester south
  [[nodiscard]] model::Message journal_root(const std::string& custodian,
                                            std::uint64_t first) const;
  [[nodiscard]] model::Message open_session(const std::string& session, const std::string& patient,
                                            const std::string& consent) const;
  [[nodiscard]] model::Message end_session(const std::string& session) const;
  [[nodiscard]] model::Message seal_session(const std::string& session) const;
  [[nodiscard]] model::Message cohort(const std::string& entry, std::uint64_t policy_height) const;
  [[nodiscard]] model::Message declare(const std::string& entry, const std::string& who) const;
  [[nodiscard]] model::Message renew(const std::string& entry) const;
  [[nodiscard]] model::Message review(const std::string& entry, const std::string& who) const;
  [[nodiscard]] model::Message denied(const std::string& entry, const std::string& patient) const;

 private:
  contracts::testing::Ledger keys_;  ///< proves possession of keys
};

}  // namespace xl::golden
