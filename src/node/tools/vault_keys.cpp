// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/tools/vault_keys.h"

#include <algorithm>

#include "base/file.h"
#include "model/limits.h"
#include "vault/erasure_log.h"

namespace xl::node {
namespace {

namespace fs = std::filesystem;

/// A file that holds a sealed key, opened with whichever of the two unlocks it wants.
struct SealedFile {
  fs::path path;
  Unlock::Loaded key;                        ///< of a key file
  std::optional<client::Identity> identity;  ///< of an identity file
  bool done = false;                         ///< under the fresh unlock already
};

/// A keyring that is held open, so that no node starts meanwhile.
struct HeldKeyring {
  std::unique_ptr<vault::Keyring> keyring;
  bool done = false;
};

bool is_identity_file(const fs::path& path) {
  return path.filename().string().ends_with(".identity.json");
}

/// The key and identity files of the folder, in the order of their names.
Result<std::vector<fs::path>> sealed_files(const Layout& layout) {
  std::vector<fs::path> out;
  std::error_code failure;
  for (fs::directory_iterator entry(layout.keys(), failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (entry->path().extension() == ".key" || is_identity_file(entry->path())) {
      out.push_back(entry->path());
    }
  }
  if (failure) {
    return make_error(ErrorCode::file_unreadable,
                      layout.keys().string() + ": " + failure.message());
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<SealedFile> open_sealed(const fs::path& path, const Unlock& unlock) {
  SealedFile out;
  out.path = path;
  if (is_identity_file(path)) {
    XL_TRY_ASSIGN(out.identity, client::read_identity(path, unlock.for_identities()));
  } else {
    XL_TRY_ASSIGN(out.key, unlock.load_any(path));
  }
  return out;
}

Status seal_again(const SealedFile& file, const Unlock& fresh) {
  if (file.identity)
    return client::write_identity(file.path, *file.identity, fresh.for_identities());
  return fresh.save(file.path, file.key.kind, file.key.secret.view());
}

/// What opens with `former`; after an interrupted rotation also what opens with `fresh`.
template <typename Open>
auto open_either(const Open& open, const Unlock& former, const Unlock& fresh, bool resumed)
    -> decltype(open(former)) {
  auto out = open(former);
  if (out.ok()) return out;
  if (resumed && out.error().code != ErrorCode::vault_locked) {
    auto other = open(fresh);
    if (other.ok()) {
      other->done = true;
      return other;
    }
  }
  return out.error();
}

Result<HeldKeyring> hold_keyring(const Layout& layout, const model::Id& organisation,
                                 const Unlock& unlock) {
  XL_TRY_ASSIGN(auto keyring,
                vault::Keyring::open(vault::places_below(layout.vault(), organisation),
                                     organisation, unlock.for_vault()));
  return HeldKeyring{std::move(keyring), false};
}

Status remove_marker(const Layout& layout) {
  std::error_code failure;
  fs::remove(layout.keys_rotating(), failure);
  if (failure) return make_error(ErrorCode::file_unwritable, failure.message());
  return sync_directory(layout.keys());
}

}  // namespace

Result<model::Id> chosen_organisation(const Layout& layout, const std::string& text) {
  XL_TRY_ASSIGN(const model::Genesis genesis, load_genesis(layout));
  const std::vector<model::Id> hosted = hosted_ids(layout, genesis);
  if (text.empty()) {
    if (hosted.size() == 1) return hosted.front();
    return make_error(ErrorCode::usage_invalid,
                      "this node hosts " + std::to_string(hosted.size()) +
                          " organisations: name one with --organisation DID");
  }
  const auto wanted =
      text.starts_with(model::did_prefix) ? model::id_from_did(text) : model::id_from_text(text);
  if (wanted.ok() && std::find(hosted.begin(), hosted.end(), *wanted) != hosted.end()) {
    return *wanted;
  }
  return make_error(ErrorCode::organisation_unknown, text);
}

Result<CountedVersions> count_versions(vault::Keyring& keyring, vault::Bodies& bodies) {
  CountedVersions out;
  std::optional<vault::RecordVersion> after;
  while (true) {
    XL_TRY_ASSIGN(const auto page, keyring.versions(after, limits::vault_page_max));
    if (page.empty()) return out;
    for (const vault::KeptVersion& kept : page) {
      XL_TRY_ASSIGN(const bool there, bodies.contains(kept.body));
      ++out.versions;
      if (!there) ++out.bodiless;
    }
    after = page.back().which;
  }
}

Result<RotatedKeys> rotate_keys(const Layout& layout, const Unlock& former, const Unlock& fresh) {
  if (former.is_same_as(fresh)) {
    return make_error(ErrorCode::usage_invalid, "the new unlock is the present one");
  }
  XL_TRY_ASSIGN(const model::Genesis genesis, load_genesis(layout));
  std::error_code failure;
  const bool resumed = fs::exists(layout.keys_rotating(), failure);
  std::vector<HeldKeyring> keyrings;
  for (const model::Id& organisation : hosted_ids(layout, genesis)) {
    auto held = open_either(
        [&](const Unlock& unlock) { return hold_keyring(layout, organisation, unlock); }, former,
        fresh, resumed);
    if (held.ok()) {
      keyrings.push_back(std::move(*held));
    } else if (held.error().code != ErrorCode::keyring_missing) {  // made when the node first runs
      return held.error();
    }
  }
  std::vector<SealedFile> files;
  XL_TRY_ASSIGN(const std::vector<fs::path> paths, sealed_files(layout));
  for (const fs::path& path : paths) {
    auto file = open_either([&](const Unlock& unlock) { return open_sealed(path, unlock); }, former,
                            fresh, resumed);
    if (!file.ok()) return file.error();
    files.push_back(std::move(*file));
  }
  RotatedKeys out;
  XL_TRY(write_file_durably(layout.keys_rotating(), {}, 0600));
  for (const HeldKeyring& held : keyrings) {
    if (held.done) continue;
    XL_TRY(held.keyring->rotate_root(fresh.for_vault()));
    ++out.keyrings;
  }
  for (const SealedFile& file : files) {
    if (file.done) continue;
    XL_TRY(seal_again(file, fresh));
    ++out.files;
  }
  for (const fs::path& path : paths)
    XL_TRY(open_sealed(path, fresh));  // before anyone relies on it
  XL_TRY(remove_marker(layout));
  return out;
}

Result<KeyringBackup> backup_open_keyring(const Layout& layout, const Unlock& unlock,
                                          vault::Keyring& keyring, const fs::path& file,
                                          std::uint64_t now_ms) {
  XL_TRY(check_keys_settled(layout));
  std::error_code failure;
  if (fs::exists(file, failure)) {
    return make_error(ErrorCode::file_exists, file.string());
  }
  KeyringBackup out;
  out.organisation = keyring.organisation();
  XL_TRY(keyring.destroy_expired_backup_keys(now_ms));
  XL_TRY_ASSIGN(out.backup, keyring.backup(file, unlock.for_vault(), now_ms));
  const vault::Places places = vault::places_below(layout.vault(), out.organisation);
  out.key_file = places.backup_keys / (out.backup.id.text() + ".key");
  return out;
}

Result<KeyringBackup> backup_keyring(const Layout& layout, const Unlock& unlock,
                                     const std::string& organisation, const fs::path& file,
                                     std::uint64_t now_ms) {
  XL_TRY(check_keys_settled(layout));
  XL_TRY_ASSIGN(const model::Id which, chosen_organisation(layout, organisation));
  XL_TRY_ASSIGN(const auto keyring, vault::Keyring::open(vault::places_below(layout.vault(), which),
                                                         which, unlock.for_vault()));
  return backup_open_keyring(layout, unlock, *keyring, file, now_ms);
}

Result<RestoredKeyring> restore_keyring(const Layout& layout, const Unlock& unlock,
                                        const fs::path& file, const fs::path& backup_key,
                                        std::uint64_t now_ms) {
  RestoredKeyring out;
  XL_TRY_ASSIGN(out.backup, vault::Keyring::inspect_backup(file));
  const model::Id& organisation = out.backup.organisation;
  XL_TRY(chosen_organisation(layout, organisation.text()));
  const vault::Places places = vault::places_below(layout.vault(), organisation);
  const fs::path key =
      backup_key.empty() ? places.backup_keys / (out.backup.id.text() + ".key") : backup_key;
  XL_TRY_ASSIGN(const auto keyring,
                vault::Keyring::restore(places, organisation, file, key, unlock.for_vault()));
  XL_TRY(keyring->verify());
  XL_TRY_ASSIGN(out.erasures, vault::erase_again(*keyring, places, now_ms));
  XL_TRY_ASSIGN(const auto bodies, vault::Bodies::open(places.bodies));
  XL_TRY_ASSIGN(const CountedVersions counted, count_versions(*keyring, *bodies));
  out.versions = counted.versions;
  out.bodiless = counted.bodiless;
  return out;
}

}  // namespace xl::node
