// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/status.h"

#include "base/checked.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "model/comet/timestamp.h"

namespace xl::cli {
namespace {

struct StatusOptions {};

/// What `/health` says, in the words of the sentence.
struct NodeHealth {
  std::string status;
  std::string height;
  std::string engine;
  std::uint64_t queued = 0;
  std::uint64_t for_ms = 0;
  std::uint64_t behind_blocks = 0;
  std::uint64_t members = 1;
  std::string first_block;
  bool archive = false;
  std::vector<std::string> silent;
  std::vector<std::string> unconnected;
  std::vector<std::string> misbehaved;  ///< with the height of it
  std::optional<std::uint64_t> certificate_days;
  std::string signer;  ///< `node`, `outside`, `nobody`
  bool signer_away = false;
  std::uint64_t double_signs = 0;
  std::uint64_t backup_ms = 0;        ///< 0: none is known
  std::uint64_t restore_test_ms = 0;  ///< 0: none is known
};

std::vector<std::string> names_in(json::Value list) {
  std::vector<std::string> out;
  for (const json::Value one : list.items()) out.emplace_back(one.as_string().value_or(""));
  return out;
}

NodeHealth health_of(json::Value root) {
  const auto text = [&](std::string_view name) {
    return std::string(root.find(name).as_string().value_or(""));
  };
  NodeHealth out;
  out.status = text("status");
  out.height = text("height");
  out.engine = text("engine");
  out.queued = root.find("queued").as_uint64().value_or(0);
  (void)parse_decimal(text("for_ms"), out.for_ms);
  (void)parse_decimal(text("behind_blocks"), out.behind_blocks);
  out.members = root.find("members").as_uint64().value_or(1);
  out.first_block = text("first_block");
  out.archive = root.find("archive").as_bool().value_or(false);
  out.silent = names_in(root.find("silent"));
  out.unconnected = names_in(root.find("unconnected"));
  for (const json::Value one : root.find("misbehaved").items()) {
    out.misbehaved.push_back(std::string(one.find("name").as_string().value_or("")) + " @ " +
                             std::string(one.find("height").as_string().value_or("")));
  }
  const json::Value signer = root.find("signer");
  out.signer = signer.find("kind").as_string().value_or("node");
  out.signer_away = signer.find("away").as_bool().value_or(false);
  (void)parse_decimal(signer.find("double_signs").as_string().value_or(""), out.double_signs);
  (void)parse_decimal(text("backup_ms"), out.backup_ms);
  (void)parse_decimal(text("restore_test_ms"), out.restore_test_ms);
  out.certificate_days = certificate_days_left(root, SystemClock().now_ms());
  return out;
}

std::string joined(const std::vector<std::string>& names, std::string_view between) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : std::string(between)) + name;
  return out;
}

/// Behind the others: by how much, as far as they are heard.
std::string lagging_sentence(const NodeHealth& health, bool chinese) {
  const std::string seconds = std::to_string(health.for_ms / 1000);
  if (health.behind_blocks == 0) {
    return chinese
               ? "本节点刚刚启动,正在与其他成员核对,已持续 " + seconds + " 秒:高度 " + health.height
               : "This member compares itself with the others since its start, for " + seconds +
                     " s: at height " + health.height;
  }
  const std::string behind = std::to_string(health.behind_blocks);
  return chinese ? "本节点落后其他成员 " + behind + " 个区块,已持续 " + seconds + " 秒:高度 " +
                       health.height + ",正在追赶"
                 : "This member is " + behind + " blocks behind the others, for " + seconds +
                       " s: at height " + health.height + ", catching up";
}

/// `2026-03-01` in UTC.
std::string day_of(std::uint64_t milliseconds) {
  return model::comet::to_rfc3339(model::comet::timestamp_from_ms(milliseconds)).substr(0, 10);
}

/// What is said of a healthy member's signer and backups.
std::string about_safety(const NodeHealth& health, bool chinese) {
  std::string out;
  if (health.signer == "nobody") {
    out += chinese ? ";没有验证者密钥,仅同步而不投票(xinglin network rekey)"
                   : "; it has no validator key and follows without voting (xinglin network rekey)";
  }
  if (health.double_signs > 0) {
    const std::string count = std::to_string(health.double_signs);
    out += chinese ? ";已拒绝重复签名 " + count + " 次" : "; double signatures refused: " + count;
  }
  if (health.backup_ms > 0) {
    out += (chinese ? ";最近备份 " : "; last backup ") + day_of(health.backup_ms);
    if (health.restore_test_ms > 0) {
      out += (chinese ? ",最近恢复演练 " : ", last restore test ") + day_of(health.restore_test_ms);
    } else {
      out += chinese ? ",尚未做过恢复演练" : ", never restored as a test";
    }
  }
  if (health.certificate_days.value_or(certificate_days_warned) < certificate_days_warned) {
    const std::string days = std::to_string(*health.certificate_days);
    out += chinese ? ";TLS 证书仅剩 " + days + " 天"
                   : "; its TLS certificate ends in " + days + " days";
  }
  return out;
}

/// What is wrong with the member, in one sentence; empty when it is healthy.
std::string trouble(const NodeHealth& health, bool chinese) {
  const std::string seconds = std::to_string(health.for_ms / 1000);
  if (health.status == "halted") {
    const std::string who = joined(health.silent, chinese ? "、" : ", ");
    return chinese
               ? "网络已停滞 " + seconds + " 秒,停在高度 " + health.height + ":未投票的成员有 " +
                     who + ";他们恢复后网络将自动继续"
               : "The network has been halted for " + seconds + " s at height " + health.height +
                     ": no vote comes from " + who + "; it goes on by itself when they are back";
  }
  if (health.status == "lagging") return lagging_sentence(health, chinese);
  if (health.status == "stuck") {
    const std::string behind = std::to_string(health.behind_blocks);
    return chinese
               ? "本节点已停在高度 " + health.height + " 共 " + seconds + " 秒,其他成员已领先 " +
                     behind + " 个区块:共识引擎将自动重启,请查看 log/engine.log"
               : "This member has stood still for " + seconds + " s at height " + health.height +
                     " while others are " + behind +
                     " blocks further: its engine is started again; see log/engine.log";
  }
  if (health.status == "signer_away") {
    return chinese ? "外部签名程序未连接,本节点不投票:请启动该程序,并检查 engine.signer 所示地址"
                   : "The outside signer is not connected, so this member does not vote: start it, "
                     "and check the address in engine.signer";
  }
  if (health.status == "engine_down") {
    return chinese ? "共识引擎已 " + seconds +
                         " 秒没有应答:log/node.log 记有其退出原因,log/engine.log 为其输出"
                   : "The consensus engine has not answered for " + seconds +
                         " s: log/node.log has why it ended, log/engine.log what it printed";
  }
  if (health.status == "starting") {
    return chinese ? "共识引擎正在启动,已 " + seconds + " 秒"
                   : "The consensus engine is starting, for " + seconds + " s now";
  }
  if (health.status == "disk_full") {
    return chinese
               ? "磁盘空间不足,已停止接收新记录(高度 " + health.height + "):请释放或增加磁盘空间"
               : "The disk is nearly full and takes no new records (height " + health.height +
                     "): free or add space";
  }
  if (health.status == "journal_late") {
    return chinese ? "账本正常,但查阅记录已 " + seconds + " 秒未能存证,请查看 log/node.log"
                   : "The ledger goes on, but reads have not been anchored for " + seconds +
                         " s; see log/node.log";
  }
  return {};
}

/// How the member is, in one sentence.
std::string sentence(const NodeHealth& health, const std::vector<std::string>& organisations,
                     bool chinese) {
  std::string out = trouble(health, chinese);
  if (!out.empty()) return out;
  const std::string_view comma = chinese ? "、" : ", ";
  const std::string waiting = std::to_string(health.queued);
  const std::string count = std::to_string(organisations.size());
  const std::string names = joined(organisations, comma);
  out = chinese ? "运行正常,高度 " + health.height + ",排队交易 " + waiting + " 笔," + count +
                      " 家机构:" + names
                : "Healthy at height " + health.height + ", " + waiting + " transactions queued, " +
                      count + (count == "1" ? " organisation: " : " organisations: ") + names;
  if (!health.unconnected.empty()) {
    const std::string apart = joined(health.unconnected, comma);
    out += chinese ? ";未连接的成员:" + apart : "; not connected to " + apart;
  }
  if (!health.silent.empty()) {
    const std::string who = joined(health.silent, comma);
    out += chinese ? ";近期区块中没有其投票的成员:" + who
                   : "; in none of the last blocks is a vote of " + who;
  }
  if (!health.misbehaved.empty()) {
    const std::string who = joined(health.misbehaved, comma);
    out += chinese ? ";经区块证实违反共识规则的成员(@ 高度):" + who
                   : "; proved to have broken the rules of voting (@ height): " + who;
  }
  return out + about_safety(health, chinese);
}

void write_names(json::Writer& out, std::string_view key, const std::vector<std::string>& names) {
  out.key(key).begin_array();
  for (const std::string& name : names) out.string(name);
  out.end_array();
}

std::string status_json(const NodeHealth& health, json::Value organisations,
                        const std::string& said) {
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/node-status/v1");
  out.key("healthy").boolean(health.status == "ok").key("status").string(health.status);
  out.key("sentence").string(said).key("height").string(health.height);
  out.key("engine").string(health.engine).key("queued").unsigned_integer(health.queued);
  out.key("for_ms").string(std::to_string(health.for_ms));
  out.key("behind_blocks").string(std::to_string(health.behind_blocks));
  out.key("members").unsigned_integer(health.members);
  out.key("first_block").string(health.first_block).key("archive").boolean(health.archive);
  write_names(out, "silent", health.silent);
  write_names(out, "unconnected", health.unconnected);
  write_names(out, "misbehaved", health.misbehaved);
  out.key("signer").string(health.signer).key("signer_away").boolean(health.signer_away);
  out.key("double_signs").string(std::to_string(health.double_signs));
  out.key("backup_ms").string(std::to_string(health.backup_ms));
  out.key("restore_test_ms").string(std::to_string(health.restore_test_ms));
  out.key("organisations").begin_array();
  for (const json::Value one : organisations.items()) {
    out.begin_object().key("did").string(one.find("did").as_string().value_or(""));
    out.key("name").string(one.find("name").as_string().value_or("")).end_object();
  }
  return out.end_array().end_object().take();
}

Result<int> run_status(const Session& session, const StatusOptions&, const Console& console) {
  XL_TRY_ASSIGN(client::NodeAddress address, address_of(session));
  client::HttpClient http(std::move(address));
  XL_TRY_ASSIGN(const json::Document told, client::json_of(http.get("/health")));
  XL_TRY_ASSIGN(const json::Document all, client::json_of(http.get("/o")));
  const NodeHealth health = health_of(told.root());
  const json::Value organisations = all.root().find("organisations");
  std::vector<std::string> names;
  for (const json::Value one : organisations.items()) {
    names.emplace_back(one.find("name").as_string().value_or(""));
  }
  const std::string said = sentence(health, names, console.pick("en", "zh") == "zh");
  if (console.json()) {
    console.answer(status_json(health, organisations, said));
  } else {
    console.result(said);
  }
  return health.status == "ok" ? succeeded : static_cast<int>(ExitCode::unreachable);
}

}  // namespace

std::optional<std::uint64_t> certificate_days_left(json::Value health, std::uint64_t now_ms) {
  std::uint64_t until_s = 0;
  if (!parse_decimal(health.find("certificate_until_s").as_string().value_or(""), until_s)) {
    return std::nullopt;
  }
  const std::uint64_t now_s = now_ms / 1000;
  return until_s > now_s ? (until_s - now_s) / 86'400 : 0;
}

void add_status_command(CLI::App& app, Session& session) {
  auto* status = app.get_subcommand("node")->add_subcommand("status", "how a running node is");
  status->footer(
      "Examples:\n  xinglin node status\n"
      "  xinglin node status --node http://127.0.0.1:7411 --json");
  choose(status, session, std::make_shared<StatusOptions>(), run_status);
}

}  // namespace xl::cli
