// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/backup_requests.h"

#include <algorithm>

#include "base/checked.h"
#include "base/json/writer.h"
#include "node/admin.h"

namespace xl::node {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view member_command = "backup";
constexpr std::string_view keyring_command = "keyring-backup";

fs::path path_in(json::Value request, std::string_view name) {
  return {std::string(request.find(name).as_string().value_or(""))};
}

std::uint64_t number_in(json::Value answer, std::string_view name) {
  std::uint64_t out = 0;
  (void)parse_decimal(answer.find(name).as_string().value_or(""), out);
  return out;
}

Result<std::string> make_member_backup(const BackupServices& services, json::Value request) {
  XL_TRY(check_has_other_members(services.engine));
  XL_TRY_ASSIGN(
      const MemberBackup made,
      back_up_member(services.layout, services.unlock, services.stores,
                     {path_in(request, "out"), path_in(request, "keys")}, services.clock.now_ms()));
  json::Writer out;
  out.begin_object().key("made_ms").string(std::to_string(made.made_ms));
  out.key("files").string(std::to_string(made.files));
  out.key("bytes").string(std::to_string(made.bytes));
  return out.key("expires_ms").string(std::to_string(made.expires_ms)).end_object().take();
}

Result<std::string> make_keyring_backup(const BackupServices& services, json::Value request) {
  XL_TRY_ASSIGN(const model::Id organisation,
                chosen_organisation(services.layout, path_in(request, "organisation").string()));
  const auto found = std::find_if(services.stores.begin(), services.stores.end(),
                                  [&](const auto* one) { return one->did() == organisation; });
  if (found == services.stores.end()) return make_error(ErrorCode::organisation_unknown);
  XL_TRY_ASSIGN(const KeyringBackup made,
                backup_open_keyring(services.layout, services.unlock, (*found)->keyring(),
                                    path_in(request, "out"), services.clock.now_ms()));
  json::Writer out;
  out.begin_object().key("organisation").string(made.organisation.text());
  out.key("backup").string(made.backup.id.text()).key("key_file").string(made.key_file.string());
  return out.key("expires_ms").string(std::to_string(made.backup.expires_ms)).end_object().take();
}

/// That whoever asks can open this node's keys, as the running node asks nobody for them.
Status check_unlock(const Layout& layout, const Unlock& unlock) {
  XL_TRY(check_keys_settled(layout));
  XL_TRY(unlock.load_signing_key(layout.envelope_key()));
  return {};
}

}  // namespace

Result<std::string> answer_backup_request(const BackupServices& services, json::Value request) {
  const std::string_view command = request.find("command").as_string().value_or("");
  auto done = command == member_command ? make_member_backup(services, request)
              : command == keyring_command
                  ? make_keyring_backup(services, request)
                  : Result<std::string>(make_error(ErrorCode::usage_invalid, "command"));
  if (done.ok()) {
    services.log.write(LogLevel::info, LogEvent::backup_made);
  } else {
    services.log.write(LogLevel::warning, LogEvent::backup_failed,
                       {LogField::code(done.error().code)});
  }
  return done;
}

Result<MemberBackup> ask_member_backup(const Layout& layout, const Unlock& unlock,
                                       const BackupPlaces& to, std::uint64_t now_ms) {
  XL_TRY(check_unlock(layout, unlock));
  json::Writer request;
  request.begin_object().key("command").string(member_command);
  request.key("out").string(fs::absolute(to.out).string());
  request.key("keys").string(fs::absolute(to.keys).string()).end_object();
  const auto answer = ask_admin(layout.admin_socket(), request.take());
  if (!answer) return back_up_stopped_member(layout, unlock, to, now_ms);
  if (!answer->ok()) return answer->error();
  const json::Value root = (*answer)->root();
  return MemberBackup{number_in(root, "made_ms"), number_in(root, "files"),
                      number_in(root, "bytes"), number_in(root, "expires_ms")};
}

Result<KeyringBackup> ask_keyring_backup(const Layout& layout, const Unlock& unlock,
                                         const std::string& organisation, const fs::path& file,
                                         std::uint64_t now_ms) {
  XL_TRY(check_unlock(layout, unlock));
  json::Writer request;
  request.begin_object().key("command").string(keyring_command);
  request.key("organisation").string(organisation);
  request.key("out").string(fs::absolute(file).string()).end_object();
  const auto answer = ask_admin(layout.admin_socket(), request.take());
  if (!answer) return backup_keyring(layout, unlock, organisation, file, now_ms);
  if (!answer->ok()) return answer->error();
  const json::Value root = (*answer)->root();
  KeyringBackup out;
  XL_TRY_ASSIGN(out.organisation,
                model::id_from_text(root.find("organisation").as_string().value_or("")));
  XL_TRY_ASSIGN(out.backup.id, model::id_from_text(root.find("backup").as_string().value_or("")));
  out.backup.expires_ms = number_in(root, "expires_ms");
  out.key_file = path_in(root, "key_file");
  return out;
}

}  // namespace xl::node
