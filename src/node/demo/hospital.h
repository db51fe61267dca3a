// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <memory>
#include <vector>

#include "node/demo/histories.h"
#include "node/demo/ledger_client.h"
#include "node/keys.h"
#include "vault/bodies.h"
#include "vault/keyring.h"
#include "vault/record_vault.h"

namespace xl::node::demo {

/// A patient of the story towards one hospital.
struct Patient {
  Actor actor;
  std::vector<vault::RecordVersion> records;
  std::vector<std::string> types;  ///< FHIR resource types of `records`
};

/// A hospital with its own encrypted vault, its staff and its patients.
class Hospital {
 public:
  /// Opens or makes the hospital's vault below `folder`. Errors: those of the vault's stores.
  [[nodiscard]] static Result<std::unique_ptr<Hospital>> open(const std::filesystem::path& folder,
                                                              Actor organisation,
                                                              ByteView operator_key);

  /// Attests a doctor with a key of her own. Errors: those of `LedgerClient::send`.
  [[nodiscard]] Result<Sent> employ(LedgerClient& ledger, const Actor& doctor) const;
  /// Registers a patient and keeps, encrypts and anchors a history. Errors: those of the vault and
  /// of `LedgerClient::send`.
  [[nodiscard]] Result<Patient> admit(LedgerClient& ledger, const DemoHistory& history);
  /// Hands the pseudonym over to the patient's own key. Errors: those of `LedgerClient::send`.
  [[nodiscard]] Result<Sent> hand_over(LedgerClient& ledger, const Patient& patient) const;

  [[nodiscard]] const Actor& actor() const { return organisation_; }
  [[nodiscard]] const vault::RecordVault& records() const { return *vault_; }

 private:
  explicit Hospital(Actor organisation) : organisation_(std::move(organisation)) {}

  Actor organisation_;
  std::unique_ptr<vault::Bodies> bodies_;
  std::unique_ptr<vault::Keyring> keyring_;
  std::unique_ptr<vault::RecordVault> vault_;
};

}  // namespace xl::node::demo
