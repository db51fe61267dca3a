// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/vault_commands.h"

#include <chrono>

#include "base/json/writer.h"
#include "node/backup_requests.h"
#include "node/tools/vault_keys.h"
#include "node/tools/vault_verify.h"
#include "node/unlock_options.h"

namespace xl::node {
namespace {

struct VaultOptions {
  std::string data = "xinglin-data";
  UnlockOptions unlock;
  UnlockOptions fresh;
  std::string organisation;
  std::string file;
  std::string backup_key;
  std::string out;
  std::string from;
  std::string keys;
  bool check = false;

  [[nodiscard]] Layout layout() const { return {data}; }
};

/// `2026-03-01` in UTC.
std::string day_text(std::uint64_t milliseconds) {
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(milliseconds)))};
  const auto two = [](unsigned value) { return (value < 10 ? "-0" : "-") + std::to_string(value); };
  return std::to_string(static_cast<int>(day.year())) + two(static_cast<unsigned>(day.month())) +
         two(static_cast<unsigned>(day.day()));
}

Result<int> run_rotate_keys(const VaultOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const Unlock former, unlock_of(options.unlock, console));
  XL_TRY_ASSIGN(const Unlock fresh, new_unlock_of(options.fresh, console));
  XL_TRY_ASSIGN(const RotatedKeys done, rotate_keys(options.layout(), former, fresh));
  const std::string files = std::to_string(done.files);
  const std::string keyrings = std::to_string(done.keyrings);
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/keys-rotated/v1");
    out.key("keyrings").unsigned_integer(done.keyrings).key("files").unsigned_integer(done.files);
    console.answer(out.end_object().take());
  } else {
    console.result(console.words("keyrings") + "\t" + keyrings);
    console.result(console.words("files") + "\t" + files);
  }
  console.done("Only the new unlock opens this node's keys now: " + keyrings +
                   " keyrings with a fresh root, " + files + " key files sealed again",
               "此后只有新口令(或密钥)能打开本节点的密钥:" + keyrings + " 个密钥库换用新的根密钥," +
                   files + " 个密钥文件已重新封存");
  console.say(
      "  note: backups and copies of identity files made before still want the former unlock;\n"
      "        make a new backup: xinglin node backup --keyring FILE",
      "  注意:此前的备份和身份文件副本仍由旧口令打开;请重新备份:xinglin node backup --keyring "
      "文件");
  return static_cast<int>(ExitCode::done);
}

/// What a backup or restore is of: a keyring, or the member.
Result<bool> is_of_member(const VaultOptions& options, const std::string& folder,
                          std::string_view name) {
  if (options.file.empty() != folder.empty()) {
    if (folder.empty() || !options.keys.empty()) return !folder.empty();
    return make_error(ErrorCode::usage_invalid, std::string(name) + " wants --keys FOLDER too");
  }
  return make_error(ErrorCode::usage_invalid,
                    "give either " + std::string(name) + " FOLDER or --keyring FILE");
}

Result<int> run_member_backup(const VaultOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const Unlock unlock, unlock_of(options.unlock, console));
  const SystemClock clock;
  XL_TRY_ASSIGN(
      const MemberBackup made,
      ask_member_backup(options.layout(), unlock, {options.out, options.keys}, clock.now_ms()));
  const std::string files = std::to_string(made.files);
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/member-backup-made/v1");
    out.key("folder").string(options.out).key("keys").string(options.keys);
    out.key("made_ms").string(std::to_string(made.made_ms));
    out.key("files").string(files).key("bytes").string(std::to_string(made.bytes));
    console.answer(
        out.key("expires_ms").string(std::to_string(made.expires_ms)).end_object().take());
  } else {
    console.result(console.words("files") + "\t" + files);
  }
  const std::string last = day_text(made.expires_ms);
  console.done("Backed the member up; it can be restored until " + last,
               "已备份本成员,可恢复至 " + last);
  console.say(
      "  It holds neither the validator key nor what was signed, so that nobody signs twice.\n"
      "  next: keep the two folders on different disks, and try it: xinglin node restore --check",
      "  备份不含验证者密钥和签名状态,以免重复签名。\n"
      "  下一步:请将两个目录保存在不同磁盘上,并演练恢复:xinglin node restore --check");
  return static_cast<int>(ExitCode::done);
}

Result<int> run_member_restore(const VaultOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const Unlock unlock, unlock_of(options.unlock, console));
  const SystemClock clock;
  XL_TRY_ASSIGN(const RestoredMember done,
                restore_member({options.from, options.keys}, options.data, unlock, clock.now_ms(),
                               options.check));
  const std::string versions = std::to_string(done.versions);
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/member-restored/v1");
    out.key("network").string(to_hex(done.network)).key("check_only").boolean(options.check);
    out.key("made_ms").string(std::to_string(done.made_ms));
    out.key("organisations").unsigned_integer(done.organisations);
    out.key("versions").unsigned_integer(done.versions);
    out.key("bodiless").unsigned_integer(done.bodiless);
    console.answer(out.key("erasures").unsigned_integer(done.erasures).end_object().take());
  } else {
    console.result(console.words("versions") + "\t" + versions);
  }
  const std::string day = day_text(done.made_ms);
  if (options.check) {
    console.done("The backup of " + day + " is whole and opens " + versions + " record versions",
                 day + " 的备份完整,可打开 " + versions + " 个记录版本");
    return static_cast<int>(ExitCode::done);
  }
  console.done("Restored the member of " + day + ": it opens " + versions + " record versions",
               "已恢复 " + day + " 的成员数据:可打开 " + versions + " 个记录版本");
  console.say(
      "  It has no validator key: what it signed before is unknown here, so it follows and does\n"
      "  not vote until the members give it a new key.\n"
      "  next: xinglin node repair, xinglin node rebuild-index, xinglin node run;\n"
      "        then xinglin network rekey and a proposal; TLS files are made or copied again",
      "  其中没有验证者密钥:此前签署过什么在此不可知,因此在成员投票启用新密钥前只同步、不投票。\n"
      "  下一步:xinglin node repair、xinglin node rebuild-index、xinglin node run;\n"
      "          然后 xinglin network rekey 并提案;TLS 文件须重新生成或复制");
  return static_cast<int>(ExitCode::done);
}

Result<int> run_backup(const VaultOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const bool member, is_of_member(options, options.out, "--out"));
  if (member) return run_member_backup(options, console);
  XL_TRY_ASSIGN(const Unlock unlock, unlock_of(options.unlock, console));
  const SystemClock clock;
  XL_TRY_ASSIGN(const KeyringBackup made,
                ask_keyring_backup(options.layout(), unlock, options.organisation, options.file,
                                   clock.now_ms()));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/keyring-backup/v1");
    out.key("organisation").string(model::did_text(made.organisation));
    out.key("backup").string(made.backup.id.text()).key("file").string(options.file);
    out.key("key_file").string(made.key_file.string());
    out.key("expires_ms").string(std::to_string(made.backup.expires_ms));
    console.answer(out.end_object().take());
  } else {
    console.result(console.words("file") + "\t" + options.file);
    console.result(console.words("key") + "\t" + made.key_file.string());
  }
  const std::string last = day_text(made.backup.expires_ms);
  console.done("Backed up; its key is destroyed on " + last + ", and the backup with it",
               "已备份;其密钥将于 " + last + " 销毁,备份随之失效");
  console.say(
      "  next: keep file and key on different disks; the node destroys its key file on that day,\n"
      "        copies of it you must destroy yourself: until then erasures are only pending",
      "  下一步:请将备份与密钥保存在不同磁盘上;届时节点会销毁其密钥文件,\n"
      "          密钥副本须由您自行销毁;在此之前,销毁均为“待最终”");
  return static_cast<int>(ExitCode::done);
}

void say_restored(const RestoredKeyring& done, const Console& console) {
  const std::string versions = std::to_string(done.versions);
  const std::string erasures = std::to_string(done.erasures);
  const std::string bodiless = std::to_string(done.bodiless);
  const std::string day = day_text(done.backup.created_ms);
  console.done("Restored and checked: it opens " + versions + " record versions as of " + day,
               "已恢复并核验:可打开截至 " + day + " 的 " + versions + " 个记录版本");
  console.say("  erasures since, applied again from this folder's log: " + erasures +
                  ".\n  Apply any other erasure after " + day +
                  " again by hand: xinglin record erase",
              "  已按本目录的销毁日志重新执行此后的销毁:" + erasures + " 项。\n  " + day +
                  " 之后的其他销毁须人工重新执行:xinglin record erase");
  if (done.bodiless != 0) {
    console.say("  " + bodiless + " versions have a key and no body here: erased since, or lost",
                "  " + bodiless + " 个版本有密钥而无密文:此后已销毁,或已丢失");
  }
  console.say(
      "  Records written after " + day +
          " have no key in it.\n  next: xinglin node rebuild-index, then node run",
      "  " + day + " 之后写入的记录不在其中。\n  下一步:xinglin node rebuild-index,然后 node run");
}

Result<int> run_restore(const VaultOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const bool member, is_of_member(options, options.from, "--from"));
  if (member) return run_member_restore(options, console);
  XL_TRY_ASSIGN(const Unlock unlock, unlock_of(options.unlock, console));
  const SystemClock clock;
  XL_TRY_ASSIGN(const RestoredKeyring done, restore_keyring(options.layout(), unlock, options.file,
                                                            options.backup_key, clock.now_ms()));
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/keyring-restored/v1");
    out.key("organisation").string(model::did_text(done.backup.organisation));
    out.key("backup").string(done.backup.id.text());
    out.key("created_ms").string(std::to_string(done.backup.created_ms));
    out.key("versions").unsigned_integer(done.versions);
    out.key("bodiless").unsigned_integer(done.bodiless);
    out.key("erasures").unsigned_integer(done.erasures).end_object();
    console.answer(out.take());
  } else {
    console.result(console.words("versions") + "\t" + std::to_string(done.versions));
  }
  say_restored(done, console);
  return static_cast<int>(ExitCode::done);
}

std::string report_json(const std::vector<CustodyReport>& reports, const Console& console) {
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/custody-verification/v1");
  out.key("organisations").begin_array();
  for (const CustodyReport& one : reports) {
    out.begin_object().key("organisation").string(model::did_text(one.organisation));
    out.key("name").string(one.name);
    out.key("intact").boolean(!one.damage.has_value());
    out.key("bodies").string(std::to_string(one.bodies));
    out.key("record_versions").string(std::to_string(one.records));
    out.key("journal_entries").string(std::to_string(one.journal_entries));
    out.key("journal_lost").string(std::to_string(one.journal_lost));
    out.key("journal_waits").boolean(one.journal_waits);
    out.key("anchored_batches").string(std::to_string(one.anchored_batches)).key("damage");
    if (one.damage) {
      out.begin_object().key("code").string(code_text(describe(one.damage->code).number));
      out.key("message").string(console.sentence_of(*one.damage)).end_object();
    } else {
      out.null();
    }
    out.end_object();
  }
  return out.end_array().end_object().take();
}

Result<int> run_verify(const VaultOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const Unlock unlock, unlock_of(options.unlock, console));
  const SystemClock clock;
  Progress progress(console, std::string(console.pick("Reading", "正在读取")), clock.now_ms());
  const auto reports = verify_custody(options.layout(), unlock, [&](std::uint64_t done) {
    progress.update(done, done + 1, clock.now_ms());
  });
  progress.finish();
  if (!reports.ok()) return reports.error();
  int exit_code = static_cast<int>(ExitCode::done);
  if (console.json()) console.answer(report_json(*reports, console));
  for (const CustodyReport& one : *reports) {
    if (one.damage) exit_code = static_cast<int>(ExitCode::altered);
    if (console.json()) continue;
    if (one.damage) {
      console.result("✗ " + one.name + ": " + console.sentence_of(*one.damage) + " (" +
                     code_text(describe(one.damage->code).number) + ")");
      continue;
    }
    console.result("✓ " + one.name + std::string(console.pick(": record versions ", ":记录版本 ")) +
                   std::to_string(one.records) + std::string(console.pick(", bodies ", ",密文 ")) +
                   std::to_string(one.bodies) +
                   std::string(console.pick(", journal entries ", ",读取日志条目 ")) +
                   std::to_string(one.journal_entries) +
                   std::string(console.pick(", roots on the ledger ", ",账本上的根 ")) +
                   std::to_string(one.anchored_batches));
    if (one.journal_waits) {
      console.result(std::string(
          console.pick("  ! the journal is of a backup and has not gone on yet: run the node until "
                       "it is healthy, stop it, and verify again",
                       "  ! 读取日志来自备份,尚未续接:请运行节点至状态正常,停止后再次核验")));
    }
    if (one.journal_lost == 0) continue;
    console.result(std::string(console.pick("  journal entries lost in a restore: ",
                                            "  恢复时丢失的读取日志条目:")) +
                   std::to_string(one.journal_lost));
  }
  return exit_code;
}

}  // namespace

void add_vault_commands(CLI::App* node,
                        const std::function<void(std::function<int(const Console&)>)>& choose) {
  auto options = std::make_shared<VaultOptions>();
  const auto on = [choose, options](CLI::App* command,
                                    Result<int> (*run)(const VaultOptions&, const Console&)) {
    command->add_option("--data", options->data, "the node's data folder");
    add_unlock_options(command, options->unlock);
    command->callback([choose, options, run] {
      choose([options, run](const Console& console) {
        const Result<int> outcome = run(*options, console);
        return outcome.ok() ? *outcome : console.fail(outcome.error());
      });
    });
  };
  auto* keys = node->add_subcommand("keys", "the keys of a node")->require_subcommand(1);
  keys->footer(
      "Examples:\n  xinglin node keys rotate --operator-key old.key --new-operator-key new.key\n"
      "  xinglin node keys rotate --help");
  auto* rotate = keys->add_subcommand(
      "rotate", "another passphrase or operator key, and a fresh root for every keyring");
  add_unlock_options(rotate, options->fresh, "new-");
  rotate->footer(
      "Examples:\n  xinglin node keys rotate --operator-key old.key --new-operator-key new.key\n"
      "  xinglin node keys rotate --passphrase-file old --new-passphrase-file new --data "
      "/srv/xinglin\n"
      "The node must be stopped. After a crash run it again with the same two.");
  on(rotate, run_rotate_keys);
  auto* backup = node->add_subcommand("backup", "back the member up, or one keyring, for 35 days");
  backup->add_option("--out", options->out, "the folder to make, of the whole member");
  backup->add_option("--keys", options->keys,
                     "the folder to make on another disk, for what opens --out");
  backup->add_option("--keyring", options->file, "the file to write, of a keyring alone");
  backup->add_option("--organisation", options->organisation,
                     "whose keyring: a DID; may be left out where there is one");
  backup->footer(
      "Examples:\n  xinglin node backup --out /backup/city --keys /safe/city --operator-key "
      "operator.key\n"
      "  xinglin node backup --keyring keyring.backup --organisation did:xinglin:… --json\n"
      "The node may run: then it does it itself. Neither the validator key nor what was signed is "
      "in it.");
  on(backup, run_backup);
  auto* restore = node->add_subcommand("restore", "make a lost member, or keyring, from a backup");
  restore->add_option("--from", options->from, "the folder of a member's backup");
  restore->add_option("--keys", options->keys, "the other folder of that backup");
  restore->add_flag("--check", options->check, "try the backup, and leave nothing behind");
  restore->add_option("--keyring", options->file, "the backup of a keyring alone");
  restore->add_option("--backup-key", options->backup_key,
                      "its key file; default: the one in the folder of backup keys");
  restore->footer(
      "Examples:\n  xinglin node restore --from /backup/city --keys /safe/city --data "
      "/srv/xinglin \\\n    --operator-key operator.key\n"
      "  xinglin node restore --from /backup/city --keys /safe/city --check --operator-key "
      "operator.key\n"
      "  xinglin node restore --keyring keyring.backup --operator-key operator.key\n"
      "The place must be empty: move a damaged one away first.");
  on(restore, run_restore);
  auto* verify = node->add_subcommand(
      "verify", "read all that is kept off the ledger: keyring, bodies, index, read journal");
  verify->footer(
      "Examples:\n  xinglin node verify --operator-key operator.key\n"
      "  xinglin node verify --operator-key operator.key --data /srv/xinglin --json\n"
      "The node must be stopped. Exit code 3 when something was altered.");
  on(verify, run_verify);
}

}  // namespace xl::node
