// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "node/backup.h"
#include "node/config.h"
#include "node/tools/vault_keys.h"

/// Backups that are asked of a running node, which holds the stores (`node/admin.h`).
namespace xl::node {

/// What a running node makes backups with; clock, log and stores outlive its admin socket.
struct BackupServices {
  Layout layout;
  Unlock unlock;
  const Clock& clock;
  const Log& log;
  EngineKind engine;
  std::vector<custody::Stores*> stores;
};

/// Does what the request asks. Errors: usage_invalid (an unknown request), config_invalid (a whole
/// backup under engine solo), organisation_unknown, those of `back_up_member` and
/// `backup_open_keyring`.
[[nodiscard]] Result<std::string> answer_backup_request(const BackupServices& services,
                                                        json::Value request);

/// Makes a backup through the node that runs in this folder, else by itself. Errors: as
/// `back_up_stopped_member` and `ask_admin`.
[[nodiscard]] Result<MemberBackup> ask_member_backup(const Layout& layout, const Unlock& unlock,
                                                     const BackupPlaces& to, std::uint64_t now_ms);

/// The same of one organisation's keyring. Errors: as `backup_keyring` and `ask_admin`.
[[nodiscard]] Result<KeyringBackup> ask_keyring_backup(const Layout& layout, const Unlock& unlock,
                                                       const std::string& organisation,
                                                       const std::filesystem::path& file,
                                                       std::uint64_t now_ms);

}  // namespace xl::node
