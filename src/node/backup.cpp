// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/checked.h"
#include "base/file.h"
#include "base/json/json.h"
#include "base/json/writer.h"
#include "base/sqlite/database.h"
#include "crypto/hash.h"
#include "gateway/credentials/register.h"
#include "gateway/smart/registry.h"
#include "model/limits.h"
#include "node/network/folder.h"
#include "node/node.h"
#include "node/tools/vault_keys.h"
#include "vault/copy.h"
#include "vault/erasure_log.h"

namespace xl::node {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view backup_schema = "xinglin/member-backup/v1";
constexpr const char* manifest_name = "manifest.json";
constexpr const char* keyring_name = "keyring.backup";
/// A card and a signature for each of 64 founders, and three files for each of 64 organisations,
/// many times over.
constexpr std::size_t backup_files_max = 10'000;
constexpr std::uint64_t manifest_bytes_max = 4U << 20U;
/// Of the files that are copied as they are: the genesis is the largest.
constexpr std::uint64_t plain_file_bytes_max = limits::genesis_bytes_max;
constexpr std::size_t digest_piece_bytes = 1U << 20U;

Error broken(const std::string& what) { return make_error(ErrorCode::member_backup_invalid, what); }

/// One file of a backup; its path is relative, with slashes.
struct BackedUpFile {
  std::string path;
  std::uint64_t bytes = 0;
  Hash digest{};

  bool operator==(const BackedUpFile&) const = default;
};

struct Manifest {
  Hash network{};
  std::uint64_t made_ms = 0;
  std::vector<BackedUpFile> files;  ///< sorted by path
};

Result<BackedUpFile> file_at(const fs::path& root, const std::string& path) {
  BackedUpFile out;
  out.path = path;
  std::FILE* file = std::fopen((root / path).c_str(), "rbe");
  if (file == nullptr) return make_error(ErrorCode::file_unreadable, (root / path).string());
  crypto::Sha256 digest;
  Bytes piece(digest_piece_bytes);
  std::size_t got = 0;
  while ((got = std::fread(piece.data(), 1, piece.size(), file)) > 0) {
    digest.update(ByteView(piece).first(got));
    out.bytes += got;
  }
  const bool whole = std::ferror(file) == 0;
  std::fclose(file);
  if (!whole) return make_error(ErrorCode::file_unreadable, (root / path).string());
  out.digest = digest.finish();
  return out;
}

std::string manifest_text(const Manifest& manifest) {
  json::Writer out(json::Style::pretty);
  out.begin_object().key("schema").string(backup_schema);
  out.key("network").string(to_hex(manifest.network));
  out.key("made_ms").string(std::to_string(manifest.made_ms)).key("files").begin_array();
  for (const BackedUpFile& one : manifest.files) {
    out.begin_object().key("path").string(one.path);
    out.key("bytes").string(std::to_string(one.bytes));
    out.key("sha256").string(to_hex(one.digest)).end_object();
  }
  return out.end_array().end_object().take() + "\n";
}

/// A path below the folder, in one spelling: no way out of it.
bool is_inner_path(std::string_view path) {
  constexpr std::size_t path_bytes_max = 512;
  if (path.empty() || path.size() > path_bytes_max || path.front() == '/') return false;
  const fs::path parsed(path);
  return parsed.lexically_normal() == parsed &&
         std::none_of(parsed.begin(), parsed.end(),
                      [](const fs::path& part) { return part == ".." || part == "."; });
}

Result<Manifest> read_manifest(ByteView text) {
  const auto document = json::parse(text_of(text), {});
  if (!document.ok()) return broken(std::string(manifest_name) + ": " + document.error().message);
  const json::Value root = document->root();
  Manifest out;
  const json::Value files = root.find("files");
  if (root.find("schema").as_string() != backup_schema ||
      !from_hex(root.find("network").as_string().value_or(""), out.network) ||
      !parse_decimal(root.find("made_ms").as_string().value_or(""), out.made_ms) ||
      files.size() == 0 || files.size() > backup_files_max) {
    return broken(manifest_name);
  }
  for (const json::Value one : files.items()) {
    BackedUpFile file;
    file.path = one.find("path").as_string().value_or("");
    if (!is_inner_path(file.path) ||
        !parse_decimal(one.find("bytes").as_string().value_or(""), file.bytes) ||
        !from_hex(one.find("sha256").as_string().value_or(""), file.digest) ||
        (!out.files.empty() && out.files.back().path >= file.path)) {
      return broken(std::string(manifest_name) + ": " + file.path);
    }
    out.files.push_back(std::move(file));
  }
  return out;
}

/// Regular files below `root`, relative to it and sorted.
Result<std::vector<std::string>> files_below(const fs::path& root) {
  std::vector<std::string> out;
  std::error_code failure;
  for (fs::recursive_directory_iterator at(root, failure), end; !failure && at != end;
       at.increment(failure)) {
    if (at->is_regular_file(failure)) {
      out.push_back(at->path().lexically_relative(root).generic_string());
    }
    if (out.size() > backup_files_max) return broken("too many files");
  }
  if (failure) return make_error(ErrorCode::file_unreadable, root.string());
  std::sort(out.begin(), out.end());
  return out;
}

Status copy_plain(const fs::path& from, const fs::path& to) {
  XL_TRY_ASSIGN(const Bytes content, read_file(from, plain_file_bytes_max));
  XL_TRY(vault::make_private_directory(to.parent_path()));
  return write_file_durably(to, content, 0600);
}

Status sync_file(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  if (file >= 0) ::close(file);
  if (!synced) return make_error(ErrorCode::file_unwritable, path.string());
  return sync_directory(path.parent_path());
}

/// A large file, in pieces; the copy is checked by its digest.
Status copy_checked(const fs::path& from_root, const fs::path& to_root, const BackedUpFile& file) {
  const fs::path to = to_root / file.path;
  XL_TRY(vault::make_private_directory(to.parent_path()));
  std::error_code failure;
  fs::copy_file(from_root / file.path, to, failure);
  if (!failure) fs::permissions(to, fs::perms::owner_read | fs::perms::owner_write, failure);
  if (failure) return make_error(ErrorCode::file_unwritable, to.string());
  XL_TRY_ASSIGN(const BackedUpFile copied, file_at(to_root, file.path));
  if (!(copied == file)) return broken(file.path + " is not what was backed up");
  return sync_file(to);
}

/// True for a file of the validator's key, today's or the next one's, and for what is left of a
/// write of it or was copied from it.
bool holds_validator_key(const Layout& layout, const fs::path& path) {
  const auto begins = [&](const fs::path& key) {
    return path.filename().string().starts_with(key.stem().string());
  };
  if (begins(layout.validator_key())) return true;
  for (const fs::path& key : {layout.validator_key(), layout.next_validator_key()}) {
    const auto secret = read_file(key, plain_file_bytes_max);
    const auto bytes = read_file(path, plain_file_bytes_max);
    if (secret.ok() && bytes.ok() && *secret == *bytes) return true;
  }
  return false;
}

/// What a member's folder holds beside its stores, except what signs votes and what is made anew.
Status copy_plain_files(const Layout& layout, const fs::path& out) {
  XL_TRY(copy_plain(layout.genesis(), out / layout.genesis().filename()));
  XL_TRY(copy_plain(layout.config(), out / layout.config().filename()));
  for (const fs::path& folder : {layout.own_card().parent_path(), layout.keys()}) {
    XL_TRY_ASSIGN(const std::vector<std::string> files, files_below(folder));
    for (const std::string& one : files) {
      const fs::path path = folder / one;
      if (holds_validator_key(layout, path)) continue;
      XL_TRY(copy_plain(path, out / folder.filename() / one));
    }
  }
  return {};
}

/// A small store of an organisation, under its key for `purpose`; a node that was made before there
/// were such stores has none.
Status back_up_small_store(custody::Stores& stores, const fs::path& path, std::string_view purpose,
                           const BackupPlaces& to) {
  std::error_code failure;
  if (!fs::exists(path, failure)) return {};
  XL_TRY_ASSIGN(const crypto::SecretBytes key, stores.keyring().organisation_key(purpose));
  sqlite::Options options;
  options.key = key.view();
  options.create_if_missing = false;
  XL_TRY_ASSIGN(sqlite::Database database, sqlite::Database::open(path, options));
  const fs::path copies = to.out / path.parent_path().filename();
  XL_TRY(vault::make_private_directory(copies));
  return database.copy_to(copies / path.filename(), key.view());
}

/// The apps and accounts of an organisation, what credentials it has issued, handles and requests,
/// notices with the addresses that are told.
Status back_up_small_stores(custody::Stores& stores, const Layout& layout, const BackupPlaces& to) {
  const std::string did = stores.did().text();
  const std::string name = did + ".db";
  const fs::path index = layout.record_index(did);
  XL_TRY(
      back_up_small_store(stores, layout.smart() / name, gateway::smart::registry_key_purpose, to));
  XL_TRY(back_up_small_store(stores, layout.credentials() / name,
                             gateway::credentials::register_key_purpose, to));
  XL_TRY(back_up_small_store(stores, custody::requests_beside(index), custody::requests_key_purpose,
                             to));
  return back_up_small_store(stores, custody::notices_beside(index), custody::notices_key_purpose,
                             to);
}

Status back_up_stores(custody::Stores& stores, const Layout& layout, const Unlock& unlock,
                      const BackupPlaces& to, std::uint64_t now_ms, MemberBackup& out) {
  const vault::Places places = vault::places_below(layout.vault(), stores.did());
  const vault::Places copies =
      vault::places_below(to.out / layout.vault().filename(), stores.did());
  const fs::path own = copies.journal.parent_path();
  XL_TRY(vault::make_private_directory(own));
  vault::Keyring& keyring = stores.keyring();
  XL_TRY(keyring.destroy_expired_backup_keys(now_ms));
  XL_TRY_ASSIGN(const vault::Keyring::Backup made,
                keyring.backup(own / keyring_name, unlock.for_vault(), now_ms));
  const std::string key = made.id.text() + ".key";
  XL_TRY(copy_plain(places.backup_keys / key, to.keys / key));
  out.expires_ms = made.expires_ms;
  XL_TRY(back_up_small_stores(stores, layout, to));
  return vault::copy_stores(places, keyring, copies);
}

/// True when one of the two is the other or lies in it.
bool overlap(const BackupPlaces& places) {
  std::error_code failure;
  const fs::path out = fs::weakly_canonical(fs::absolute(places.out), failure);
  const fs::path keys = fs::weakly_canonical(fs::absolute(places.keys), failure);
  const auto inside = [](const fs::path& inner, const fs::path& outer) {
    const auto ends = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
    return ends.first == outer.end();
  };
  return inside(out, keys) || inside(keys, out);
}

Status note_times(const Layout& layout, const gateway::BackupTimes& times) {
  json::Writer out;
  out.begin_object().key("made_ms").string(std::to_string(times.made_ms));
  out.key("tested_ms").string(std::to_string(times.tested_ms)).end_object();
  return write_file_durably(layout.backups(), view_of(out.take()), 0600);
}

/// Removes a folder unless it is told to keep it.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(fs::path path) : path_(std::move(path)) {}
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  fs::path path_;
};

/// Removes what a restore that was killed left; one that runs holds its lock. Errors: vault_locked.
Status drop_left_over(const fs::path& folder) {
  std::error_code failure;
  if (!fs::exists(folder, failure)) return {};
  XL_TRY_ASSIGN(const auto lock, vault::DirectoryLock::take(folder));
  fs::remove_all(folder, failure);
  return failure ? Status(make_error(ErrorCode::file_unwritable, folder.string())) : Status{};
}

/// The list of a backup, the same in both of its folders, and every file as it says.
Result<Manifest> checked_manifest(const BackupPlaces& from) {
  XL_TRY_ASSIGN(const Bytes text, read_file(from.out / manifest_name, manifest_bytes_max));
  XL_TRY_ASSIGN(const Bytes kept, read_file(from.keys / manifest_name, manifest_bytes_max));
  if (!equal(text, kept)) return broken("the two folders are not of one backup");
  XL_TRY_ASSIGN(Manifest manifest, read_manifest(text));
  XL_TRY_ASSIGN(const std::vector<std::string> there, files_below(from.out));
  if (there.size() != manifest.files.size() + 1) return broken("files are missing or too many");
  for (const BackedUpFile& file : manifest.files) {
    const auto found = file_at(from.out, file.path);
    if (!found.ok() || !(*found == file)) return broken(file.path + " is not what was backed up");
  }
  return manifest;
}

Status restore_organisation(const Layout& layout, const custody::Identity& identity,
                            const BackupPlaces& from, const Unlock& unlock, std::uint64_t now_ms,
                            RestoredMember& out) {
  const model::Id& organisation = identity.did;
  const vault::Places places = vault::places_below(layout.vault(), organisation);
  const fs::path file = places.journal.parent_path() / keyring_name;
  std::error_code failure;
  if (!fs::exists(file, failure)) return broken(file.string() + " is missing");
  XL_TRY_ASSIGN(const vault::Keyring::BackupHeader header, vault::Keyring::inspect_backup(file));
  XL_TRY_ASSIGN(const auto keyring, vault::Keyring::restore(places, organisation, file,
                                                            from.keys / (header.id.text() + ".key"),
                                                            unlock.for_vault()));
  XL_TRY(keyring->verify());
  XL_TRY_ASSIGN(const std::uint64_t erasures, vault::erase_again(*keyring, places, now_ms));
  out.erasures += erasures;
  XL_TRY_ASSIGN(const auto bodies, vault::Bodies::open(places.bodies));
  XL_TRY_ASSIGN(const CountedVersions counted, count_versions(*keyring, *bodies));
  out.versions += counted.versions;
  out.bodiless += counted.bodiless;
  XL_TRY_ASSIGN(const auto journal_key, keyring->organisation_key("journal"));
  XL_TRY_ASSIGN(const auto journal, vault::Journal::open(places.journal, organisation,
                                                         journal_key.view(), identity.key));
  XL_TRY(journal->note_restored(now_ms));
  XL_TRY(custody::NoticeStore::note_restored(
      custody::notices_beside(layout.record_index(organisation.text())), *keyring));
  fs::remove(file, failure);  // opened: what is in it is in the keyring
  return {};
}

}  // namespace

Status check_has_other_members(EngineKind engine) {
  if (engine != EngineKind::solo) return {};
  return make_error(ErrorCode::config_invalid,
                    "engine.kind: with solo nobody else has the ledger; stop the node and copy its "
                    "whole folder");
}

gateway::BackupTimes backup_times(const Layout& layout) {
  gateway::BackupTimes out;
  const auto file = read_file(layout.backups(), 4096);
  const auto document =
      file.ok() ? json::parse(text_of(*file), {}) : Result<json::Document>(file.error());
  if (!document.ok()) return out;
  const json::Value root = document->root();
  (void)parse_decimal(root.find("made_ms").as_string().value_or(""), out.made_ms);
  (void)parse_decimal(root.find("tested_ms").as_string().value_or(""), out.tested_ms);
  return out;
}

Result<MemberBackup> back_up_member(const Layout& layout, const Unlock& unlock,
                                    const std::vector<custody::Stores*>& stores,
                                    const BackupPlaces& to, std::uint64_t now_ms) {
  std::error_code failure;
  for (const fs::path& folder : {to.out, to.keys}) {
    if (folder.empty()) return make_error(ErrorCode::usage_invalid, "--out and --keys: folders");
    if (fs::exists(folder, failure)) return make_error(ErrorCode::file_exists, folder.string());
  }
  if (overlap(to)) return make_error(ErrorCode::usage_invalid, "one folder lies in the other");
  XL_TRY(check_keys_settled(layout));
  XL_TRY_ASSIGN(const model::Genesis genesis, load_genesis(layout));
  XL_TRY(vault::make_private_directory(fs::absolute(to.out)));
  XL_TRY(vault::make_private_directory(fs::absolute(to.keys)));
  MemberBackup out;
  out.made_ms = now_ms;
  XL_TRY(copy_plain_files(layout, to.out));
  for (custody::Stores* one : stores) {
    XL_TRY(back_up_stores(*one, layout, unlock, to, now_ms, out));
  }
  Manifest manifest{genesis.network, now_ms, {}};
  XL_TRY_ASSIGN(const std::vector<std::string> files, files_below(to.out));
  for (const std::string& path : files) {
    XL_TRY_ASSIGN(BackedUpFile file, file_at(to.out, path));
    out.bytes += file.bytes;
    manifest.files.push_back(std::move(file));
  }
  out.files = manifest.files.size();
  const std::string text = manifest_text(manifest);
  XL_TRY(write_file_durably(to.keys / manifest_name, view_of(text), 0600));
  XL_TRY(write_file_durably(to.out / manifest_name, view_of(text), 0600));
  gateway::BackupTimes times = backup_times(layout);
  times.made_ms = now_ms;
  XL_TRY(note_times(layout, times));
  return out;
}

Result<MemberBackup> back_up_stopped_member(const Layout& layout, const Unlock& unlock,
                                            const BackupPlaces& to, std::uint64_t now_ms) {
  XL_TRY_ASSIGN(const Config config, read_config(layout.config()));
  XL_TRY(check_has_other_members(config.engine.kind));
  XL_TRY_ASSIGN(const model::Genesis genesis, load_genesis(layout));
  XL_TRY_ASSIGN(auto hosted, hosted_organisations(layout, genesis, unlock));
  std::vector<std::unique_ptr<custody::Stores>> open;
  std::vector<custody::Stores*> stores;
  for (custody::Custody::Hosted& one : hosted) {
    XL_TRY_ASSIGN(auto opened,
                  custody::Stores::open(one.places, std::move(one.identity), unlock.for_vault()));
    stores.push_back(opened.get());
    open.push_back(std::move(opened));
  }
  return back_up_member(layout, unlock, stores, to, now_ms);
}

Result<RestoredMember> restore_member(const BackupPlaces& from, const fs::path& data,
                                      const Unlock& unlock, std::uint64_t now_ms, bool check_only) {
  std::error_code failure;
  const bool there = fs::exists(data, failure) && !fs::is_empty(data, failure);
  if (there && !check_only) return make_error(ErrorCode::data_folder_exists, data.string());
  fs::path beside = fs::absolute(data).lexically_normal();
  if (beside.filename().empty()) beside = beside.parent_path();
  beside += check_only ? ".restore-test" : ".restoring";
  XL_TRY(drop_left_over(beside));
  XL_TRY_ASSIGN(const Manifest manifest, checked_manifest(from));
  TemporaryFolder made(beside);
  XL_TRY(vault::make_private_directory(made.path()));
  XL_TRY_ASSIGN(const auto lock, vault::DirectoryLock::take(made.path()));
  const Layout layout{made.path()};
  for (const BackedUpFile& file : manifest.files) {
    const fs::path to = layout.root / file.path;
    if (to.parent_path() == layout.keys() && holds_validator_key(layout, to)) {
      return broken("it holds a validator key");
    }
    XL_TRY(copy_checked(from.out, made.path(), file));
  }
  XL_TRY_ASSIGN(const model::Genesis genesis, load_genesis(layout));
  if (genesis.network != manifest.network) return broken("the genesis is another network's");
  XL_TRY(check_founded(layout, genesis));
  XL_TRY_ASSIGN(const Config config, read_config(layout.config()));
  XL_TRY_ASSIGN(const OrderingKeys keys, load_ordering_keys(layout, config.engine, unlock));
  if (keys.validator || keys.next_validator) return broken("it holds a validator key");
  RestoredMember out;
  out.network = genesis.network;
  out.made_ms = manifest.made_ms;
  {
    XL_TRY_ASSIGN(const auto hosted, hosted_organisations(layout, genesis, unlock));
    for (const custody::Custody::Hosted& one : hosted) {
      XL_TRY(restore_organisation(layout, one.identity, from, unlock, now_ms, out));
      ++out.organisations;
    }
  }
  if (check_only) {
    const Layout live{data};
    const auto own = load_genesis(live);
    if (own.ok() && own->network == out.network) {
      gateway::BackupTimes times = backup_times(live);
      times.tested_ms = now_ms;
      XL_TRY(note_times(live, times));
    }
    return out;
  }
  XL_TRY(note_times(layout, {manifest.made_ms, 0}));
  fs::remove(made.path() / vault::DirectoryLock::file_name, failure);
  fs::remove(data, failure);  // an empty folder, or none
  fs::rename(made.path(), data, failure);
  if (failure) return make_error(ErrorCode::file_unwritable, data.string());
  made.keep();
  const fs::path parent = fs::absolute(data).parent_path();
  XL_TRY(sync_directory(parent));
  return out;
}

}  // namespace xl::node
