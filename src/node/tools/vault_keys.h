// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "node/node.h"

/// What an operator does with the keys of a node that does not run. Every function takes the locks
/// of the keyrings it touches; vault_locked says that a node runs on the folder.
namespace xl::node {

/// What a rotation changed.
struct RotatedKeys {
  std::uint64_t files = 0;     ///< key and identity files sealed again
  std::uint64_t keyrings = 0;  ///< keyrings with a fresh root
};

/// Puts every key of the folder from the unlock `former` under `fresh`: key files, identity files,
/// and a fresh root for each keyring; what the keys themselves are does not change. Nothing is
/// touched before both are known to open what they must. After a crash the same call goes on where
/// it stopped; until then the node does not start. Errors: usage_invalid (both are the same), those
/// of opening the files with `former`, vault_locked, file_unwritable, those of the keyring.
[[nodiscard]] Result<RotatedKeys> rotate_keys(const Layout& layout, const Unlock& former,
                                              const Unlock& fresh);

/// A backup that was made.
struct KeyringBackup {
  model::Id organisation;
  vault::Keyring::Backup backup;
  std::filesystem::path key_file;
};

/// The same with a keyring that is open, of a node that runs. Errors: file_unwritable (`file`
/// exists), those of `Keyring::backup`.
[[nodiscard]] Result<KeyringBackup> backup_open_keyring(const Layout& layout, const Unlock& unlock,
                                                        vault::Keyring& keyring,
                                                        const std::filesystem::path& file,
                                                        std::uint64_t now_ms);

/// The hosted organisation that `text` names, a DID or its id; the only one when it is empty.
/// Errors: usage_invalid (several, none named), organisation_unknown.
[[nodiscard]] Result<model::Id> chosen_organisation(const Layout& layout, const std::string& text);

/// What a keyring opens.
struct CountedVersions {
  std::uint64_t versions = 0;
  std::uint64_t bodiless = 0;  ///< of these, how many have no body
};
/// Errors: those of `Keyring::versions` and `Bodies::contains`. Cost: looks each version up.
[[nodiscard]] Result<CountedVersions> count_versions(vault::Keyring& keyring,
                                                     vault::Bodies& bodies);

/// Backs the keyring of a hosted organisation up into the new file `file`; backup keys that expired
/// are destroyed first. `organisation` may be empty where there is one. Errors: usage_invalid
/// (several organisations, none named), organisation_unknown, file_unwritable (it exists),
/// vault_locked, keyring_missing, those of `Keyring::open` and `Keyring::backup`.
[[nodiscard]] Result<KeyringBackup> backup_keyring(const Layout& layout, const Unlock& unlock,
                                                   const std::string& organisation,
                                                   const std::filesystem::path& file,
                                                   std::uint64_t now_ms);

/// A keyring that came back.
struct RestoredKeyring {
  vault::Keyring::BackupHeader backup;
  std::uint64_t versions = 0;  ///< record versions that it opens
  std::uint64_t bodiless =
      0;  ///< of these, how many have no body here: nothing can be read of them
  std::uint64_t erasures = 0;  ///< erasures after the backup that were applied again
};

/// Makes the keyring of a hosted organisation from a backup, in the empty place where it belongs,
/// checks every wrap, and applies the erasures again that the folder knows of. `backup_key` may be
/// empty: then it is the one in the folder of backup keys. `unlock` is that of the backup's day.
/// Errors: backup_malformed, organisation_unknown, keyring_exists, file_unreadable (no backup key),
/// those of `Keyring::restore` and `Keyring::verify`.
[[nodiscard]] Result<RestoredKeyring> restore_keyring(const Layout& layout, const Unlock& unlock,
                                                      const std::filesystem::path& file,
                                                      const std::filesystem::path& backup_key,
                                                      std::uint64_t now_ms);

}  // namespace xl::node
