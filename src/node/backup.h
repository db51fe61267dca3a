// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include <filesystem>
#include <vector>

#include "custody/stores.h"
#include "gateway/services.h"
#include "node/config.h"
#include "node/keys.h"
#include "node/layout.h"

/// A whole member in a folder, without what must never be in two places: neither the validator's
/// key nor what it signed last (docs/guides/backup.md, formats-vault.md §9).
namespace xl::node {

/// The two folders of a backup, best on different disks.
struct BackupPlaces {
  std::filesystem::path out;   ///< everything but the next
  std::filesystem::path keys;  ///< what opens the keyrings' backups, and the digests of `out`
};

/// Whether a member under this engine can be backed up so. Errors: config_invalid (solo: nobody
/// else has the ledger).
[[nodiscard]] Status check_has_other_members(EngineKind engine);

/// A backup that was made.
struct MemberBackup {
  std::uint64_t made_ms = 0;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t expires_ms = 0;  ///< the keyrings' backups open until then
};

/// Makes a backup of the member whose stores these are, in use or not, into two new folders. One
/// that fails leaves both for whoever wants to see; it is no backup, as the list of files comes
/// last. Errors: usage_invalid (a folder exists, or is in the other), keys_rotation_unfinished,
/// file_unreadable, file_unwritable, those of `Keyring::backup` and `vault::copy_stores`.
[[nodiscard]] Result<MemberBackup> back_up_member(const Layout& layout, const Unlock& unlock,
                                                  const std::vector<custody::Stores*>& stores,
                                                  const BackupPlaces& to, std::uint64_t now_ms);

/// The same for a member whose node does not run. Errors: as above, those of
/// `check_has_other_members`, vault_locked and those of opening the stores.
[[nodiscard]] Result<MemberBackup> back_up_stopped_member(const Layout& layout,
                                                          const Unlock& unlock,
                                                          const BackupPlaces& to,
                                                          std::uint64_t now_ms);

/// A member that came back.
struct RestoredMember {
  Hash network{};
  std::uint64_t made_ms = 0;
  std::uint64_t organisations = 0;
  std::uint64_t versions = 0;  ///< record versions whose keys were opened
  std::uint64_t bodiless = 0;  ///< of these, without a body: erased meanwhile
  std::uint64_t erasures = 0;  ///< applied again
};

/// Makes a member's folder from a backup: everything is read and checked (digests, genesis against
/// the founders' signatures, every key, every wrap) in a folder beside `data`, which takes its name
/// at the end. The folder holds no validator key: the member follows and signs nothing until the
/// members vote for a new one, or its outside signer, which has its own state, signs on. `unlock`
/// is that of the backup's day. With `check_only` nothing stays, and `data`, when it is the same
/// network's, notes that the backup was tried. Errors: data_folder_exists, member_backup_invalid,
/// those of `check_founded`, of opening keys, of `Keyring::restore` and `Keyring::verify`,
/// file_unwritable.
[[nodiscard]] Result<RestoredMember> restore_member(const BackupPlaces& from,
                                                    const std::filesystem::path& data,
                                                    const Unlock& unlock, std::uint64_t now_ms,
                                                    bool check_only);

/// When the member was backed up and a backup tried; zeros when nothing is known.
[[nodiscard]] gateway::BackupTimes backup_times(const Layout& layout);

}  // namespace xl::node
