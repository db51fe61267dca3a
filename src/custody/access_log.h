// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "contracts/consent/codes.h"
#include "custody/ledger_port.h"
#include "custody/principal.h"
#include "custody/stores.h"
#include "vault/journal.h"

/// The read journal as people are shown it: who looked, in which role, from where, at what, why,
/// by which right, when.
namespace xl::custody {

/// The action of an entry that says that somebody looked at the log itself.
constexpr std::string_view log_action = "access-log";

/// The reason of a refusal that rests on no decision: only others may ask for such a thing.
constexpr std::string_view not_for_this_role = "not_for_this_role";

/// The action of an entry that says that something is to be erased, or that somebody tried.
constexpr std::string_view erase_action = "erase";

/// One entry of the journal with what its evidence says.
struct LoggedAccess {
  std::uint64_t sequence = 0;
  model::JournalEntry entry;
  bool by_machine = false;           ///< an organisation's software, for nobody in particular
  std::vector<std::uint32_t> roles;  ///< of the person
  std::string stated;                ///< the organisation's word for who asked; empty: none
  std::string app;                   ///< `NAME (ID)`; empty: none
  std::optional<Hash> key;           ///< that had signed in
  std::vector<model::Id> consents;   ///< relied on
  std::vector<std::uint32_t> reasons;
  bool emergency = false;           ///< `entry.session` is a declared emergency
  bool in_session = false;          ///< `entry.session` is a session of both organisations
  std::optional<model::Id> cohort;  ///< the look at many patients that this was part of
  std::string query;                ///< what a look at many patients asked for, a URL
  std::string type;                 ///< FHIR type of the record; empty: of none, or it was erased
  std::string id;                   ///< its FHIR id
  std::uint32_t version = 0;        ///< 0: of none
  std::optional<model::Id> record;  ///< the ledger's name of it
};

/// Reads an entry's evidence, and which record its subject is. Cost: opens the record.
[[nodiscard]] LoggedAccess logged_access(Stores& stores, const vault::KeptEntry& kept);

/// `Type/id/_history/version` of the record, empty for none.
[[nodiscard]] std::string subject_text(const LoggedAccess& access);

/// May `who` see what is journalled of every patient: a privacy officer or auditor of the
/// organisation, in that role.
[[nodiscard]] bool oversees(const Principal& who, const model::Id& organisation);

/// Is `who` a person of a regulator, attested there as auditor or privacy officer.
[[nodiscard]] bool regulates(const Principal& who, const model::StateReader& state);

/// Puts into the journal, durably, that `who` looks at the log of these patients, or with none of
/// them at what is about nobody. Before anything is shown. Errors: those of the journal and the
/// ledger.
[[nodiscard]] Status record_look(Stores& stores, const LedgerPort& port, const Principal& who,
                                 std::span<const model::Id> patients);

/// What somebody may not ask for at all, whatever consents say.
struct Refusal {
  model::Id patient;                          ///< zero: nobody here was named
  std::optional<vault::RecordVersion> which;  ///< the record that was named
  std::string_view action;
  contracts::consent::PurposeOfUse purpose{};
};
/// Puts into the journal, durably, that `who` was refused so, in the log of the patient named.
/// Errors: those of the journal and the ledger.
[[nodiscard]] Status record_refusal(Stores& stores, const LedgerPort& port, const Principal& who,
                                    const Refusal& refusal);

/// Is this the pseudonym of a patient of the organisation, claimed or not?
[[nodiscard]] bool is_patient_here(const Stores& stores, const model::StateReader& state,
                                   const model::Id& patient);

/// As `record_look` for a purpose and an action of its own. Errors: the same.
[[nodiscard]] Status record_look(Stores& stores, const LedgerPort& port, const Principal& who,
                                 std::span<const model::Id> patients, std::string_view action,
                                 contracts::consent::PurposeOfUse purpose);

}  // namespace xl::custody
