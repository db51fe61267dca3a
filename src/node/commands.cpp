// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/commands.h"

#include "base/json/writer.h"
#include "node/certificate_command.h"
#include "node/demo/commands.h"
#include "node/init.h"
#include "node/log.h"
#include "node/network/commands.h"
#include "node/node.h"
#include "node/tools/ledger_report.h"
#include "node/tools/rebuild_index.h"
#include "node/tools/repair.h"
#include "node/unlock_options.h"
#include "node/vault_commands.h"

namespace xl::node {
namespace {

/// Options that every command on a data folder shares.
struct FolderOptions {
  std::string data = "xinglin-data";
  UnlockOptions unlock;
  // node init
  std::string network = "xinglin";
  std::vector<std::string> organisations;
  // node run
  int port = -1;
  bool debug = false;
  // node repair
  std::vector<std::string> from;
  client::TlsFiles tls;
  // ledger verify
  std::string ledger;

  [[nodiscard]] Layout layout() const { return {data}; }
};

int run_init(const FolderOptions& options, const Console& console) {
  NewMember init;
  init.network_name = options.network;
  const Status read = parse_organisations(options.organisations, init.organisations);
  if (!read.ok()) return console.fail(read.error());
  const auto unlock = new_unlock_of(options.unlock, console);
  if (!unlock.ok()) return console.fail(unlock.error());
  const SystemClock clock;
  const Status made = init_solo(options.layout(), init, *unlock, clock);
  if (!made.ok()) return console.fail(made.error());
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/node-created/v1");
    out.key("data").string(options.data).key("organisations").begin_array();
    for (const NewOrganisation& one : init.organisations) out.string(one.name);
    console.answer(out.end_array().end_object().take());
  }
  console.done("Made a node in " + options.data, "已在 " + options.data + " 创建节点");
  console.say("  next: xinglin node run --data " + options.data,
              "  下一步:xinglin node run --data " + options.data);
  return static_cast<int>(ExitCode::done);
}

int run_node(const FolderOptions& options, const Console& console) {
  auto config = read_config(options.layout().config());
  if (!config.ok()) {
    std::error_code failure;
    const bool missing = !std::filesystem::exists(options.layout().genesis(), failure);
    return console.fail(missing ? make_error(ErrorCode::data_folder_missing, options.data)
                                : config.error());
  }
  if (options.port >= 0) config->port = static_cast<std::uint16_t>(options.port);
  const auto unlock = unlock_of(options.unlock, console);
  if (!unlock.ok()) return console.fail(unlock.error());
  // Behind the unlocking, which may wait for somebody, and before the first thread.
  const StopSignals signals(true);
  const SystemClock clock;
  const auto log = open_log(options.layout(), console.options(), options.debug);
  if (!log.ok()) return console.fail(log.error());
  log->write(LogLevel::info, LogEvent::node_starting);
  Progress state(console, std::string(console.pick("State", "账本状态")), clock.now_ms());
  Progress index(console, std::string(console.pick("Indexing", "正在建立索引")), clock.now_ms());
  const auto shown_in = [&](Progress& line) {
    return [&line, &clock](std::uint64_t done) { line.update(done, 0, clock.now_ms()); };
  };
  auto node = Node::start(options.layout(), *config, *unlock, clock, *log,
                          {shown_in(state), shown_in(index)});
  state.finish();
  index.finish();
  if (!node.ok()) {
    log->write(LogLevel::error, LogEvent::node_failed, {LogField::code(node.error().code)});
    return console.fail(node.error(), {{}, options.layout().log().string()});
  }
  log->write(LogLevel::info, LogEvent::node_running, {LogField::port((*node)->port())});
  const bool brackets = config->listen.find(':') != std::string::npos;  // IPv6 (RFC 3986 §3.2.2)
  const std::string url = (config->tls ? "https://" : "http://") +
                          (brackets ? "[" + config->listen + "]" : config->listen) + ":" +
                          std::to_string((*node)->port()) + "/";
  console.done("Running: " + url + "  (Ctrl-C stops)", "正在运行:" + url + "(按 Ctrl-C 停止)");
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/node-running/v1").key("url").string(url);
    console.answer(out.end_object().take());
  }
  while (!signals.wait()) (*node)->reload_tls();
  console.say("Stopping: finishing what was accepted", "正在停止:完成已接收的交易");
  log->write(LogLevel::info, LogEvent::node_stopping);
  node->reset();
  log->write(LogLevel::info, LogEvent::node_stopped);
  return static_cast<int>(ExitCode::done);
}

int run_rebuild(const FolderOptions& options, const Console& console) {
  const auto unlock = unlock_of(options.unlock, console);
  if (!unlock.ok()) return console.fail(unlock.error());
  const SystemClock clock;
  Progress progress(console, std::string(console.pick("Indexing", "正在建立索引")), clock.now_ms());
  const auto done = rebuild_indexes(options.layout(), *unlock, [&](std::uint64_t count) {
    progress.update(count, 0, clock.now_ms());
  });
  progress.finish();
  if (!done.ok()) return console.fail(done.error());
  const std::string count = std::to_string(done->versions);
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/rebuild/v1").key("versions").string(count);
    out.key("left_out").begin_array();
    for (const model::Id& record : done->left_out) out.string(record.text());
    console.answer(out.end_array().end_object().take());
  }
  for (const model::Id& record : done->left_out) {
    console.say(
        "! Left out a version of record " + record.text() +
            ": another record has its FHIR type, id and version",
        "! 未收录记录 " + record.text() + " 的一个版本:另一条记录占用了相同的类型、编号和版本");
  }
  console.done("Indexed " + count + " record versions again",
               "已重新索引 " + count + " 个记录版本");
  return static_cast<int>(ExitCode::done);
}

int say_repaired(const Repaired& done, const AskedGateways& asked, const Console& console) {
  const std::string height = std::to_string(done.height);
  const std::string aside = done.set_aside.string();
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/repair/v1").key("height").string(height);
    out.key("refused").unsigned_integer(done.refused).key("set_aside").string(aside);
    out.key("asked").begin_array();
    for (const std::string& url : asked.urls) out.string(url);
    out.end_array().key("unhelpful").begin_array();
    for (const std::string& name : done.unhelpful) out.string(name);
    console.answer(out.end_array().end_object().take());
  }
  for (const std::string& name : done.unhelpful) {
    console.say("! without " + name + ": its gateway lags, falls silent or contradicts the others",
                "! 未使用 " + name + ":其网关滞后、无应答或与其他成员不一致");
  }
  if (!aside.empty()) {
    console.say("  the ledger that was there is in " + aside, "  原有账本已移至 " + aside);
  }
  if (done.height == 0) {
    console.done(
        "Nobody offers a snapshot yet: the node takes the blocks from the others when it runs",
        "其他成员尚无快照:节点运行时将从其他成员取得全部区块");
    console.say(
        "  next: xinglin node run; when 'node status' says healthy, stop it and run: "
        "xinglin node rebuild-index",
        "  下一步:xinglin node run;待 node status 显示正常后停止节点,并运行 xinglin node "
        "rebuild-index");
    return static_cast<int>(ExitCode::done);
  }
  console.done("The ledger is restored at height " + height +
                   ", checked by the genesis; the node goes on from there: xinglin node run",
               "账本已恢复至高度 " + height + ",并经创世文件核验;请启动节点继续:xinglin node run");
  return static_cast<int>(ExitCode::done);
}

int run_repair(const FolderOptions& options, const Console& console) {
  const Status whole = undo_killed_repair(options.layout());
  if (!whole.ok()) return console.fail(whole.error());
  AskedGateways asked{options.from, false};
  if (asked.urls.empty()) {
    auto told = gateways_to_ask(options.layout());
    if (!told.ok()) return console.fail(told.error());
    asked = std::move(*told);
    std::string names;
    for (const std::string& url : asked.urls) names += (names.empty() ? "" : ", ") + url;
    console.say(
        (asked.of_ledger ? "  asking the members of this folder's ledger: "
                         : "  asking the members of the genesis: ") +
            names,
        (asked.of_ledger ? "  向本地账本所列成员查询:" : "  向创世文件所列成员查询:") + names);
  }
  std::vector<client::NodeAddress> members;
  for (const std::string& url : asked.urls) {
    const bool secure = url.starts_with("https://");  // some members may speak TLS, others not
    auto address = client::parse_node_url(url, secure ? options.tls : client::TlsFiles{});
    if (!address.ok()) return console.fail(address.error());
    members.push_back(std::move(*address));
  }
  const auto config = read_config(options.layout().config());
  if (!config.ok()) return console.fail(config.error());
  const auto unlock = unlock_of(options.unlock, console);
  if (!unlock.ok()) return console.fail(unlock.error());
  const StopSignals signals;
  const SystemClock clock;
  Progress progress(console, std::string(console.pick("Restoring", "正在恢复")), clock.now_ms());
  const auto done =
      repair_ledger(options.layout(), *config, *unlock, members, [&](const RepairProgress& state) {
        progress.update(state.taken, state.chunks, clock.now_ms());
        return !signals.pending();
      });
  progress.finish();
  if (!done.ok()) return console.fail(done.error());
  return say_repaired(*done, asked, console);
}

int run_ledger_verify(const FolderOptions& options, const Console& console) {
  const auto report = verify_folder(options.layout(), options.ledger, console);
  if (!report.ok()) return console.fail(report.error());
  show_report(*report, console);
  return static_cast<int>(report->damage ? ExitCode::altered : ExitCode::done);
}

void add_data_option(CLI::App* command, FolderOptions& options) {
  command->add_option("--data", options.data, "the node's data folder");
}

}  // namespace

StopSignals::StopSignals(bool reload) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  if (reload) sigaddset(&signals_, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

bool StopSignals::wait() const {
  int received = 0;
  sigwait(&signals_, &received);
  return received != SIGHUP;
}

bool StopSignals::pending() const {
  sigset_t waiting;
  sigpending(&waiting);
  return sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1;
}

void add_commands(CLI::App& app, std::function<void(std::function<int(const Console&)>)> choose) {
  auto options = std::make_shared<FolderOptions>();
  auto* node = app.add_subcommand("node", "make and run a member's node")->require_subcommand(1);
  const auto on = [choose, options](CLI::App* command,
                                    int (*run)(const FolderOptions&, const Console&)) {
    command->callback([choose, options, run] {
      choose([options, run](const Console& console) { return run(*options, console); });
    });
  };
  auto* init = node->add_subcommand("init", "make keys, genesis and configuration");
  add_data_option(init, *options);
  add_unlock_options(init, options->unlock);
  init->add_option("--network", options->network, "short name of the network");
  init->add_option("--organisation", options->organisations, "NAME:TYPE; may be repeated")
      ->required();
  init->footer(
      "Examples:\n  xinglin node init --organisation '市一医院:hospital' "
      "--operator-key operator.key\n"
      "  xinglin node init --data /srv/xinglin --organisation 'City Hospital:hospital' \\\n"
      "    --organisation 'City Insurance:insurer' --passphrase-file passphrase");
  on(init, run_init);
  auto* run = node->add_subcommand("run", "run the node until Ctrl-C");
  add_data_option(run, *options);
  add_unlock_options(run, options->unlock);
  run->add_option("--port", options->port, "instead of the configured port; 0 takes a free one")
      ->check(CLI::Range(0, 65535));
  run->add_flag("--debug", options->debug, "log everything, on stderr too");
  run->footer(
      "Examples:\n  xinglin node run --operator-key operator.key\n"
      "  xinglin node run --data /srv/xinglin --passphrase-file passphrase");
  on(run, run_node);
  auto* rebuild = node->add_subcommand("rebuild-index", "make the record indexes again");
  add_data_option(rebuild, *options);
  add_unlock_options(rebuild, options->unlock);
  rebuild->footer(
      "Examples:\n  xinglin node rebuild-index --operator-key operator.key\n"
      "  xinglin node rebuild-index --data /srv/xinglin --passphrase-file passphrase");
  on(rebuild, run_rebuild);
  auto* repair = node->add_subcommand("repair", "restore the ledger from other members' snapshot");
  add_data_option(repair, *options);
  add_unlock_options(repair, options->unlock);
  repair->add_option("--from", options->from,
                     "addresses of other members' gateways; default: those that members tell");
  repair->add_option("--ca", options->tls.ca, "authorities to trust instead of the system's");
  repair->add_option("--client-certificate", options->tls.certificate,
                     "for members that ask for one");
  repair->add_option("--client-key", options->tls.key, "its key");
  repair->footer(
      "Examples:\n"
      "  xinglin node repair --operator-key operator.key\n"
      "  xinglin node repair --data /srv/xinglin --from http://10.0.0.2:7410 \\\n"
      "    --from http://10.0.0.3:7410 --passphrase-file passphrase\n"
      "  xinglin node repair --from https://north.example:7410 --ca members.pem \\\n"
      "    --client-certificate tls/certificate.pem --client-key tls/key.pem "
      "--operator-key operator.key");
  on(repair, run_repair);
  add_vault_commands(node, choose);
  add_certificate_command(node, choose);
  add_network_commands(app, choose);
  auto* ledger = app.get_subcommand("ledger");
  auto* verify = ledger->add_subcommand("verify", "run the whole ledger again and compare");
  add_data_option(verify, *options);
  verify->add_option("--ledger", options->ledger, "the store to check, if not the folder's own");
  verify->footer("Examples:\n  xinglin ledger verify\n  xinglin ledger verify --data COPY --json");
  on(verify, run_ledger_verify);
  demo::add_commands(app, choose);
}

}  // namespace xl::node
