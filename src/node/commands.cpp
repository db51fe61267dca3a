// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/commands.h"

#include "base/json/writer.h"
#include "node/certificate_command.h"
#include "node/demo/story.h"
#include "node/init.h"
#include "node/log.h"
#include "node/network/commands.h"
#include "node/node.h"
#include "node/tools/ledger_verify.h"
#include "node/tools/rebuild_index.h"
#include "node/tools/repair.h"
#include "node/tools/tamper.h"
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
  std::string genesis;
  // demo tamper
  bool in_place = false;

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
  const StopSignals signals(true);
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
  const SystemClock clock;
  const auto log = open_log(options.layout(), console.options(), options.debug);
  if (!log.ok()) return console.fail(log.error());
  log->write(LogLevel::info, LogEvent::node_starting);
  auto node = Node::start(options.layout(), *config, *unlock, clock, *log);
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

int run_repair(const FolderOptions& options, const Console& console) {
  const StopSignals signals;
  std::vector<client::NodeAddress> members;
  for (const std::string& url : options.from) {
    const bool secure = url.starts_with("https://");  // some members may speak TLS, others not
    auto address = client::parse_node_url(url, secure ? options.tls : client::TlsFiles{});
    if (!address.ok()) return console.fail(address.error());
    members.push_back(std::move(*address));
  }
  const auto config = read_config(options.layout().config());
  if (!config.ok()) return console.fail(config.error());
  const auto unlock = unlock_of(options.unlock, console);
  if (!unlock.ok()) return console.fail(unlock.error());
  const SystemClock clock;
  Progress progress(console, std::string(console.pick("Restoring", "正在恢复")), clock.now_ms());
  const auto done =
      repair_ledger(options.layout(), *config, *unlock, members, [&](const RepairProgress& state) {
        progress.update(state.taken, state.chunks, clock.now_ms());
        return !signals.pending();
      });
  progress.finish();
  if (!done.ok()) return console.fail(done.error());
  const std::string height = std::to_string(done->height);
  const std::string aside = done->set_aside.string();
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/repair/v1").key("height").string(height);
    out.key("refused").unsigned_integer(done->refused).key("set_aside").string(aside);
    console.answer(out.end_object().take());
  }
  if (!aside.empty()) {
    console.say("  the ledger that was there is in " + aside, "  原有账本已移至 " + aside);
  }
  console.done("The ledger is restored at height " + height +
                   ", checked by the genesis; the node goes on from there: xinglin node run",
               "账本已恢复至高度 " + height + ",并经创世文件核验;请启动节点继续:xinglin node run");
  return static_cast<int>(ExitCode::done);
}

void show_report(const VerifyReport& report, const Console& console) {
  if (console.json()) {
    json::Writer out;
    write_report(out, report);
    console.answer(out.take());
    return;
  }
  const std::string first = std::to_string(report.base);
  const std::string blocks = std::to_string(report.intact_height);
  if (report.damage) {
    console.result("✗ " + console.words(report.damage->record) +
                   std::string(console.pick(": ", ":")) + console.words(report.damage->what));
    console.result(std::string(console.pick("  intact   blocks ", "  完好    区块 ")) + first +
                   std::string(console.pick(" to ", " 至 ")) + blocks);
    console.result(std::string(console.pick(
        "  fix      set this copy aside and restore it from another member or a backup",
        "  处理    请停用此副本,并从其他成员或备份恢复")));
    return;
  }
  console.result(
      std::string(console.pick("✓ Intact: blocks ", "✓ 完好:区块 ")) + first +
      std::string(console.pick(" to ", " 至 ")) + blocks +
      std::string(console.pick(", transactions ", ",交易 ")) + std::to_string(report.transactions) +
      std::string(console.pick(", state keys ", ",状态键 ")) + std::to_string(report.state_keys));
  console.result(std::string(console.pick("  app hash ", "  账本指纹 ")) + to_hex(report.app_hash));
  if (report.base > 1) {
    console.result(std::string(console.pick(
        "  earlier  blocks are not kept here (taken from a snapshot, or forgotten); the state "
        "is what the members signed",
        "  更早    的区块此处不保留(取自快照或已清理);状态与各成员签署的一致")));
  }
}

/// True where the folder's node notes what it signs last: a validator of its own.
Result<bool> is_marked(const Layout& layout) {
  XL_TRY_ASSIGN(const Config config, read_config(layout.config()));
  return config.engine.kind == EngineKind::solo;
}

/// What the folder's node signed last; nothing where it has no mark. Errors: those of the mark,
/// signed_history_differs (the ledger beside it is gone).
Result<std::optional<ordering::solo::Signed>> signed_last(const Layout& layout) {
  const auto mark = ordering::solo::read_mark(layout.signing_mark());
  if (!mark.ok() && mark.error().code == ErrorCode::file_missing) {
    return std::optional<ordering::solo::Signed>();
  }
  if (!mark.ok()) return mark.error();
  std::error_code failure;
  if (std::filesystem::exists(layout.ledger(), failure)) return std::optional(*mark);
  return make_error(ErrorCode::signed_history_differs,
                    layout.ledger().string() + " is gone; this node signed up to block " +
                        std::to_string(mark->height));
}

Result<VerifyReport> verify_folder(const FolderOptions& options, const Console& console) {
  const std::filesystem::path ledger =
      options.ledger.empty() ? options.layout().ledger() : std::filesystem::path(options.ledger);
  Layout layout = options.layout();
  if (!options.genesis.empty()) layout.root = std::filesystem::path(options.genesis).parent_path();
  XL_TRY_ASSIGN(model::Genesis genesis, load_genesis(layout));
  // A copy elsewhere may be older than what the node signed.
  bool marked = false;
  std::optional<ordering::solo::Signed> last_signed;
  if (options.ledger.empty()) {
    XL_TRY_ASSIGN(marked, is_marked(options.layout()));
  }
  // Read before the store, which a running node goes on with.
  if (marked) {
    XL_TRY_ASSIGN(last_signed, signed_last(options.layout()));
  }
  state::Database::Options open;
  open.create_if_missing = false;
  open.read_only = true;
  XL_TRY_ASSIGN(const auto database, state::Database::open(ledger, open));
  const contracts::Registry registry = contracts::make_registry();
  const SystemClock clock;
  Progress progress(console, std::string(console.pick("Verifying", "正在核验")), clock.now_ms());
  const auto show = [&](std::uint64_t done, std::uint64_t total) {
    progress.update(done, total, clock.now_ms());
  };
  auto report = verify_ledger(*database, registry, genesis, show, last_signed);
  if (!report.ok() && report.error().code == ErrorCode::block_not_kept) {
    report = verify_restored(*database, registry, std::move(genesis), show);
  }
  progress.finish();
  if (report.ok() && marked && !last_signed && report->height > 0 && !report->damage) {
    report->damage = Damage{options.layout().signing_mark().filename().string(),
                            "is gone, which names the last block that this node signed"};
  }
  return report;
}

int run_ledger_verify(const FolderOptions& options, const Console& console) {
  const auto report = verify_folder(options, console);
  if (!report.ok()) return console.fail(report.error());
  show_report(*report, console);
  return static_cast<int>(report->damage ? ExitCode::altered : ExitCode::done);
}

std::string tamper_folder(const FolderOptions& options, bool named) {
  const std::string demo = (demo::DemoOptions{}.folder / "data").string();
  std::error_code failure;
  return !named && std::filesystem::exists(Layout{demo}.genesis(), failure) ? demo : options.data;
}

/// What became of an altered ledger: one object for programs.
void answer_tampered(const std::string& record, const VerifyReport* altered,
                     const VerifyReport* intact, const Console& console) {
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/tamper/v1").key("record").string(record);
  for (const auto& [name, report] : {std::pair("altered", altered), std::pair("intact", intact)}) {
    out.key(name);
    if (report == nullptr) {
      out.null();
    } else {
      write_report(out, *report);
    }
  }
  const bool caught = altered != nullptr && altered->damage && !intact->damage;
  console.answer(out.key("caught").boolean(caught).end_object().take());
}

Result<int> tamper_here(const FolderOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const Bytes key, tamper_in_place(options.layout().ledger()));
  const std::string record = describe_state_key(key, contracts::make_registry());
  if (console.json()) answer_tampered(record, nullptr, nullptr, console);
  console.done(
      "Flipped one bit of " + record + "; start the node and see, then: xinglin node repair",
      "已改动一位:" + console.words(record) + ";请启动节点查看结果,然后运行 xinglin node repair");
  return static_cast<int>(ExitCode::done);
}

Result<int> tamper_with_copy(const FolderOptions& options, const Console& console) {
  XL_TRY_ASSIGN(const Tampered tampered, tamper_copy(options.layout().ledger()));
  const std::string record = describe_state_key(tampered.key, contracts::make_registry());
  console.say("Flipped one bit of " + record + " in a copy, which is checked and removed",
              "已在副本中改动一位:" + console.words(record) + "(副本核验后即删除)");
  FolderOptions copy = options;
  copy.ledger = tampered.directory.string();
  const auto altered = verify_folder(copy, console);
  std::error_code failure;
  std::filesystem::remove_all(tampered.directory, failure);
  if (!altered.ok()) return altered.error();
  if (!console.json()) show_report(*altered, console);
  console.say("And the copy that was not touched:", "未被改动的原件:");
  XL_TRY_ASSIGN(const VerifyReport intact, verify_folder(options, console));
  if (console.json()) {
    answer_tampered(record, &*altered, &intact, console);
  } else {
    show_report(intact, console);
  }
  const bool caught = altered->damage && !intact.damage;
  return static_cast<int>(caught ? ExitCode::altered : ExitCode::failed);
}

int run_tamper(const FolderOptions& options, const Console& console) {
  std::error_code missing;
  if (!std::filesystem::exists(options.layout().genesis(), missing)) {
    return console.fail(make_error(ErrorCode::data_folder_missing, options.data));
  }
  const auto done =
      options.in_place ? tamper_here(options, console) : tamper_with_copy(options, console);
  return done.ok() ? *done : console.fail(done.error());
}

void add_data_option(CLI::App* command, FolderOptions& options) {
  command->add_option("--data", options.data, "the node's data folder");
}

/// Adds `xinglin demo`.
void add_demo_commands(CLI::App& app, const std::shared_ptr<FolderOptions>& options,
                       const std::function<void(std::function<int(const Console&)>)>& choose) {
  auto* demo_group = app.add_subcommand("demo", "try it")->require_subcommand(1);
  auto demo_options = std::make_shared<demo::DemoOptions>();
  auto* up = demo_group->add_subcommand("up", "play a believable day on one embedded node");
  up->add_option("--folder", demo_options->folder, "where the demo keeps its node");
  up->add_option("--port", demo_options->port, "0 takes a free one");
  up->add_option("--bundles", demo_options->bundles, "a folder of FHIR JSON files to load instead");
  up->add_flag("--exit", demo_options->exit, "end after the story");
  up->add_option("--members", demo_options->members,
                 "so many members, each with an engine beside it")
      ->check(CLI::Range(1, 16));
  up->footer(
      "Examples:\n  xinglin demo up\n  xinglin demo up --exit --lang zh\n"
      "  xinglin demo up --members 4");
  up->callback([choose, demo_options] {
    choose(
        [demo_options](const Console& console) { return demo::run_demo(*demo_options, console); });
  });
  auto* tamper =
      demo_group->add_subcommand("tamper", "alter a copy of the ledger and watch it being caught");
  tamper->add_option("--data", options->data,
                     "the node's data folder; default: the demo's, if there is one");
  tamper->add_flag("--in-place", options->in_place,
                   "alter the ledger itself, of a member that is stopped");
  tamper->footer(
      "Examples:\n  xinglin demo tamper\n"
      "  xinglin demo tamper --data .cluster/member3 --in-place");
  tamper->callback([choose, options, tamper] {
    options->data = tamper_folder(*options, tamper->count("--data") > 0);
    choose([options](const Console& console) { return run_tamper(*options, console); });
  });
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
  repair->add_option("--from", options->from, "addresses of other members' gateways")->required();
  repair->add_option("--ca", options->tls.ca, "authorities to trust instead of the system's");
  repair->add_option("--client-certificate", options->tls.certificate,
                     "for members that ask for one");
  repair->add_option("--client-key", options->tls.key, "its key");
  repair->footer(
      "Examples:\n"
      "  xinglin node repair --from http://127.0.0.1:7410 --operator-key operator.key\n"
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
  add_demo_commands(app, options, choose);
}

}  // namespace xl::node
