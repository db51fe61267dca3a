// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "crypto/signature.h"
#include "crypto/wrap.h"
#include "custody/care.h"
#include "custody/index_mark.h"
#include "custody/reads_in_flight.h"
#include "query/record_index.h"
#include "vault/bodies.h"
#include "vault/erasure_log.h"
#include "vault/journal.h"
#include "vault/keyring.h"
#include "vault/record_vault.h"

namespace xl::custody {

/// An organisation that this node speaks for.
struct Identity {
  model::Id did;
  std::string name;
  crypto::SigningKey key;  ///< its service key: signs records, accesses and roots in its name
};

/// Where an organisation's stores are.
struct StorePlaces {
  vault::Places vault;
  std::filesystem::path index;
};

/// A body in the vault.
struct KeptBody {
  vault::RecordVersion which;
  vault::SuiteDigest digest{};  ///< of its ciphertext
};

/// Everything that one organisation keeps off the chain, opened together. Members are thread-safe.
class Stores {
 public:
  /// What is to be done with bodies that are synced, before the ledger hears of them: copies at
  /// other members. It takes its time and cannot fail. Before anything is kept.
  void before_anchoring(std::function<void(std::span<const KeptBody>)> step) {
    before_anchoring_ = std::move(step);
  }
  /// To be called by whoever keeps a body, once it is synced and before it is anchored.
  void copy_out(std::span<const KeptBody> bodies) const {
    if (before_anchoring_) before_anchoring_(bodies);
  }

  /// Opens the stores, makes those that are missing. Errors: those of opening each of them.
  [[nodiscard]] static Result<std::unique_ptr<Stores>> open(const StorePlaces& places,
                                                            Identity identity,
                                                            const vault::Unlock& unlock);

  [[nodiscard]] const Identity& identity() const { return identity_; }
  [[nodiscard]] const model::Id& did() const { return identity_.did; }
  [[nodiscard]] vault::Keyring& keyring() { return *keyring_; }
  [[nodiscard]] vault::Bodies& bodies() { return *bodies_; }
  /// What the organisation keeps for another one: copies of its ciphertexts. Errors: those of
  /// `Bodies::open`. Thread-safe.
  [[nodiscard]] Result<vault::Bodies*> copies_of(const model::Id& owner);
  /// Bytes on the disk of those copies.
  [[nodiscard]] std::uint64_t copies_bytes(const model::Id& owner) const;
  [[nodiscard]] vault::RecordVault& vault() { return *vault_; }
  [[nodiscard]] vault::Journal& journal() { return *journal_; }
  [[nodiscard]] query::RecordIndex& index() { return *index_; }
  [[nodiscard]] IndexMark& index_mark() { return *index_mark_; }
  [[nodiscard]] vault::ErasureLog& erasures() { return *erasures_; }
  [[nodiscard]] ReadsInFlight& reads() { return reads_; }
  [[nodiscard]] CareMemory& care() { return care_; }

  /// By which others send the organisation what only it can open. The ledger has its public part
  /// (`AccessDesk::tell_agreement_key`).
  [[nodiscard]] const crypto::WrappingKey& agreement_key() const { return *agreement_key_; }

  /// The pseudonym under which the organisation keeps what is about no patient: places, staff,
  /// products. Derived from a secret of the keyring, so that nobody can tell it from a patient's.
  [[nodiscard]] const model::Id& directory() const { return directory_; }
  /// The pseudonym for health data that names no patient of the organisation.
  [[nodiscard]] const model::Id& unattributed() const { return unattributed_; }
  /// True for a pseudonym that is no patient's.
  [[nodiscard]] bool is_own(const model::Id& pseudonym) const {
    return pseudonym == directory_ || pseudonym == unattributed_;
  }

 private:
  explicit Stores(Identity identity) : identity_(std::move(identity)) {}
  [[nodiscard]] Status derive_pseudonyms();

  Identity identity_;
  std::function<void(std::span<const KeptBody>)> before_anchoring_;
  std::unique_ptr<vault::Keyring> keyring_;
  std::unique_ptr<vault::Bodies> bodies_;
  std::unique_ptr<vault::RecordVault> vault_;
  std::unique_ptr<vault::Journal> journal_;
  std::unique_ptr<query::RecordIndex> index_;
  std::unique_ptr<IndexMark> index_mark_;
  std::unique_ptr<vault::ErasureLog> erasures_;
  std::optional<crypto::WrappingKey> agreement_key_;
  model::Id directory_;
  model::Id unattributed_;
  std::filesystem::path copies_;  // a folder for each owner
  std::mutex copies_mutex_;       // guards what follows
  std::map<model::Id, std::unique_ptr<vault::Bodies>> copies_open_;
  ReadsInFlight reads_;
  CareMemory care_;
};

}  // namespace xl::custody
