// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/doctor.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include "base/checked.h"
#include "base/file.h"
#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/status.h"
#include "cli/words.h"
#include "crypto/library_check.h"
#include "model/limits.h"

namespace xl::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t disk_bytes_min = 2'000'000'000;
constexpr std::uint64_t clock_apart_ms_max = 30'000;
/// How long the node lets a challenge live: what it adds to its own clock.
constexpr std::uint64_t challenge_ms = 60'000;

struct DoctorOptions {
  std::string data = "xinglin-data";
  const CLI::Option* node = nullptr;  ///< --node; when it is not given, the folder's settings tell
};

Finding check_program(const Console& console) {
  const Status libraries = crypto::check_libraries();
  if (libraries.ok())
    return good("program", "xinglin " XL_VERSION ", cryptography answers rightly");
  return {"program", false, console.sentence_of(libraries.error()), "install the libraries again",
          ExitCode::failed};
}

Finding check_node(client::HttpClient& http, const std::string& url, const Console& console) {
  const auto health = client::json_of(http.get("/health"));
  if (!health.ok()) {
    const bool silent = health.error().code == ErrorCode::node_unreachable;
    return {"node", false, console.sentence_of(health.error()),
            silent
                ? "start it: xinglin node run, or name it with --node; what a stopped one keeps is "
                  "read by xinglin ledger verify and xinglin node verify"
                : std::string(console.pick(describe(health.error().code).en_fix,
                                           describe(health.error().code).zh_fix)),
            ExitCode::unreachable};
  }
  return good("node", url + " answers at height " +
                          std::string(health->root().find("height").as_string().value_or("")));
}

/// What is wrong at this member alone, by the status that its node tells.
std::optional<Finding> check_own_side(std::string_view status) {
  if (status == "disk_full") {
    return Finding{"network", false, "takes no new records: the disk is nearly full",
                   "free or add space on the node's disk; it goes on by itself", ExitCode::failed};
  }
  if (status == "signer_away") {
    return Finding{"network", false,
                   "the outside signer is not connected, so this member does not vote",
                   "start the signer; it dials the address in engine.signer of node.toml",
                   ExitCode::unreachable};
  }
  if (status == "journal_late") {
    return Finding{"network", false, "goes on, but reads are not anchored",
                   "read log/node.log; tell the privacy officer", ExitCode::failed};
  }
  return std::nullopt;
}

/// Of a network of several: whether it goes on, and who is missing.
Finding check_network(client::HttpClient& http) {
  const auto health = client::json_of(http.get("/health"));
  if (!health.ok()) {
    return {"network", false, "could not be asked", "see 'node' above", ExitCode::unreachable};
  }
  const json::Value root = health->root();
  const auto names = [&](std::string_view key) {
    std::string out;
    for (const json::Value one : root.find(key).items()) {
      out += (out.empty() ? "" : ", ") + std::string(one.as_string().value_or(""));
    }
    return out;
  };
  const std::string status(root.find("status").as_string().value_or(""));
  const std::string members = std::to_string(root.find("members").as_uint64().value_or(1));
  if (status == "halted") {
    return {"network", false, "halted: no vote from " + names("silent"),
            "ask them to start their nodes; the network goes on by itself", ExitCode::unreachable};
  }
  if (status == "engine_down") {
    return {"network", false, "the consensus engine does not answer",
            "read log/engine.log in the node's folder, then restart the node",
            ExitCode::unreachable};
  }
  if (status == "starting") {
    return {"network", false, "the consensus engine is starting", "ask again in a minute",
            ExitCode::unreachable};
  }
  if (const auto own = check_own_side(status)) return *own;
  if (status == "stuck") {
    return {
        "network", false, "the others go on without this member",
        "read log/engine.log in the node's folder; if it names an app hash: xinglin node repair",
        ExitCode::unreachable};
  }
  std::string broke;
  for (const json::Value one : root.find("misbehaved").items()) {
    broke += (broke.empty() ? "" : ", ") + std::string(one.find("name").as_string().value_or(""));
  }
  if (!broke.empty()) {
    Finding out = good("network", "a block proves that " + broke + " voted against the rules");
    out.fix =
        "ask them which machines hold their validator key; a new key is a vote: "
        "xinglin network rekey";
    out.warning = true;
    return out;
  }
  const std::string silent = names("silent");
  if (!silent.empty()) {
    Finding out =
        good("network", members + " members, in none of the last blocks a vote of " + silent);
    out.fix = "ask them for `xinglin node status`: one more that fails may halt the network";
    out.warning = true;
    return out;
  }
  const std::string apart = names("unconnected");
  if (!apart.empty()) {
    Finding out = good("network", members + " members, not connected to " + apart);
    out.fix = "check that their engines' addresses are reachable from here";
    out.warning = true;
    return out;
  }
  const std::string count = members == "1" ? "one member, " : members + " members, ";
  return good("network", count + (status == "ok" ? "healthy" : status));
}

/// Of a member that the ledger lists as an archive: whether it has every block.
std::optional<Finding> check_blocks(client::HttpClient& http) {
  const auto health = client::json_of(http.get("/health"));
  if (!health.ok()) return std::nullopt;  // told of above
  const json::Value root = health->root();
  const std::string first(root.find("first_block").as_string().value_or("1"));
  if (!root.find("archive").as_bool().value_or(false) || first == "1") return std::nullopt;
  return Finding{
      "blocks", false,
      "the ledger lists this member as an archive, and blocks before " + first + " are not here",
      "have a member that has every block take the role, then give it up: "
      "xinglin network update --no-archive",
      ExitCode::failed};
}

/// Of a network of several: who signs this member's votes.
std::optional<Finding> check_signer(client::HttpClient& http) {
  const auto health = client::json_of(http.get("/health"));
  if (!health.ok()) return std::nullopt;  // told of above
  const json::Value signer = health->root().find("signer");
  const std::string_view kind = signer.find("kind").as_string().value_or("");
  if (health->root().find("engine").as_string() != "cometbft") return std::nullopt;
  if (signer.find("away").as_bool().value_or(false)) return std::nullopt;  // told of above
  std::uint64_t double_signs = 0;
  (void)parse_decimal(signer.find("double_signs").as_string().value_or(""), double_signs);
  if (double_signs > 0) {
    Finding out = good("signer", "refused to sign twice: " + std::to_string(double_signs));
    out.fix =
        "once after a crash is usual; if it goes on, look for a second node with this "
        "validator's key";
    out.warning = true;
    return out;
  }
  if (kind == "nobody") {
    Finding out = good("signer", "there is no validator key: this member follows without voting");
    out.fix = "make a new key and have it voted for: xinglin network rekey";
    out.warning = true;
    return out;
  }
  if (kind == "outside") return good("signer", "an outside one, connected to the engine");
  return good("signer", "the node itself; the key is sealed at rest");
}

/// How old the last backup is. A node that is alone has no backup of this kind: its folder is
/// copied.
std::optional<Finding> check_backup(client::HttpClient& http) {
  constexpr std::uint64_t day_ms = 86'400'000;
  /// A keyring's backup lives for 35 days.
  constexpr std::uint64_t days_max = 28;
  const auto health = client::json_of(http.get("/health"));
  if (!health.ok()) return std::nullopt;  // told of above
  if (health->root().find("engine").as_string() != "cometbft") return std::nullopt;
  std::uint64_t made_ms = 0;
  (void)parse_decimal(health->root().find("backup_ms").as_string().value_or(""), made_ms);
  const std::string fix =
      "make one on another disk: xinglin node backup; then try it: xinglin node restore --check";
  if (made_ms == 0) {
    Finding out = good("backup", "none was made");
    out.warning = true;
    out.fix = fix;
    return out;
  }
  const std::uint64_t now_ms = SystemClock().now_ms();
  const std::uint64_t days = now_ms > made_ms ? (now_ms - made_ms) / day_ms : 0;
  Finding out = good("backup", "made " + std::to_string(days) + " days ago");
  out.warning = days > days_max;
  if (out.warning) out.fix = fix;
  return out;
}

/// Of a node that speaks TLS: whether its certificate ends soon.
std::optional<Finding> check_certificate(client::HttpClient& http) {
  const auto health = client::json_of(http.get("/health"));
  if (!health.ok()) return std::nullopt;  // told of above
  const auto days = certificate_days_left(health->root(), SystemClock().now_ms());
  if (!days) return std::nullopt;
  Finding out = good("certificate", "of the node, " + std::to_string(*days) + " days left");
  out.warning = *days < certificate_days_warned;
  if (out.warning)
    out.fix = "renew it: xinglin node certificate; a running node takes it by itself";
  return out;
}

Finding check_clock(client::HttpClient& http) {
  const std::uint64_t here = SystemClock().now_ms();
  const auto challenge =
      client::json_of(http.send("POST", "/auth/v1/challenges", "application/json", "{}"), 201);
  std::uint64_t expires = 0;
  if (!challenge.ok() ||
      !parse_decimal(challenge->root().find("expires_ms").as_string().value_or(""), expires)) {
    return {"clock", false, "the node's clock could not be asked", "see 'node' above",
            ExitCode::unreachable};
  }
  const std::uint64_t there = expires - challenge_ms;
  const std::uint64_t apart = here > there ? here - there : there - here;
  const std::string text = std::to_string(apart) + " ms from the node's";
  if (apart <= clock_apart_ms_max) return good("clock", text);
  return {"clock", false, text, "synchronise both clocks, for example with systemd-timesyncd",
          ExitCode::failed};
}

Finding check_genesis(client::HttpClient& http, const fs::path& file, const Console& console) {
  const auto raw = read_file(file, limits::genesis_bytes_max);
  if (!raw.ok()) {
    return {"genesis", false, console.sentence_of(raw.error()),
            "name the node's folder with --data", ExitCode::input_invalid};
  }
  const auto genesis = model::read_genesis(*raw);
  if (!genesis.ok()) {
    return {"genesis", false, console.sentence_of(genesis.error()),
            "restore it from another member", ExitCode::input_invalid};
  }
  const auto answer = http.get("/ledger/v1/genesis");
  if (!answer.ok() || answer->status != 200) {
    return {"genesis", false, "readable; the node's could not be compared", "see 'node' above",
            ExitCode::unreachable};
  }
  if (answer->body == text_of(*raw)) return good("genesis", genesis->chain_id + ", as the node's");
  return {"genesis", false, "another than the node's: another network, or altered",
          "compare both with a third member's", ExitCode::altered};
}

/// How long the free space lasts if the folder goes on growing as it did since it was made;
/// nothing before it is a day old.
struct Forecast {
  std::uint64_t bytes = 0;  ///< that it takes now
  std::uint64_t days = 0;   ///< that it is old
  std::uint64_t days_left = 0;
};
std::optional<Forecast> forecast(const fs::path& folder, std::uint64_t free_bytes) {
  std::error_code failure;
  const auto made = fs::last_write_time(folder / "genesis.json", failure);
  if (failure) return std::nullopt;
  Forecast out;
  const auto age = fs::file_time_type::clock::now() - made;
  const auto days = std::chrono::duration_cast<std::chrono::days>(age).count();
  if (days < 1) return std::nullopt;
  out.days = static_cast<std::uint64_t>(days);
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator at(folder, options, failure), end; !failure && at != end;
       at.increment(failure)) {
    std::error_code gone;  // a store drops files while it runs
    const std::uint64_t size = at->is_regular_file(gone) ? at->file_size(gone) : 0;
    if (!gone) out.bytes += size;
  }
  out.days_left = free_bytes / std::max<std::uint64_t>(out.bytes / out.days, 1);
  return out;
}

Finding check_disk(const fs::path& folder) {
  std::error_code failure;
  const fs::space_info space = fs::space(folder, failure);
  if (failure) {
    return {"disk", false, folder.string() + ": " + failure.message(),
            "name the node's folder with --data", ExitCode::input_invalid};
  }
  constexpr std::uint64_t days_left_min = 30;
  std::string text = bytes_text(space.available) + " free";
  const auto grows = forecast(folder, space.available);
  if (grows) {
    text += "; this folder took " + bytes_text(grows->bytes) + " in " +
            std::to_string(grows->days) + " days: room for about " +
            std::to_string(grows->days_left) + " more";
  }
  const std::string fix = "free some space or move the data folder";
  if (space.available < disk_bytes_min) return {"disk", false, text, fix, ExitCode::failed};
  Finding out = good("disk", text);
  out.warning = grows && grows->days_left < days_left_min;
  if (out.warning) out.fix = fix;
  return out;
}

/// The first file that others may read.
std::optional<fs::path> readable_by_others(const std::vector<fs::path>& files) {
  constexpr auto others = fs::perms::group_all | fs::perms::others_all;
  for (const fs::path& file : files) {
    std::error_code failure;
    const fs::file_status status = fs::status(file, failure);
    if (!failure && (status.permissions() & others) != fs::perms::none) return file;
  }
  return std::nullopt;
}

Finding check_keys(const fs::path& folder, const Session& session) {
  std::vector<fs::path> files;
  for (const std::string& named :
       {session.identity_file, session.passphrase_file, session.operator_key}) {
    if (!named.empty()) files.emplace_back(named);
  }
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder, failure)) files.push_back(entry.path());
  if (files.empty()) {
    return {"keys", false, "none in " + folder.string(), "name the node's folder with --data",
            ExitCode::input_invalid};
  }
  const auto open = readable_by_others(files);
  if (!open) return good("keys", std::to_string(files.size()) + " files, for their owner alone");
  return {"keys", false, open->string() + " can be read by others", "chmod 600 " + open->string(),
          ExitCode::failed};
}

std::string findings_json(const std::vector<Finding>& findings,
                          const std::vector<LibraryVersion>& libraries, int exit_code,
                          const Console& console) {
  json::Writer out;
  out.begin_object().key("schema").string("xinglin/doctor/v1");
  out.key("healthy").boolean(exit_code == 0).key("checks").begin_array();
  for (const Finding& one : findings) {
    out.begin_object().key("name").string(one.name).key("ok").boolean(one.ok);
    out.key("what").string(console.words(one.what)).key("fix").string(console.words(one.fix));
    out.key("warning").boolean(one.warning).end_object();
  }
  out.end_array().key("libraries").begin_array();
  for (const LibraryVersion& one : libraries) {
    out.begin_object().key("name").string(one.name).key("built").string(one.built).key("running");
    if (one.running.empty()) {
      out.null().end_object();
    } else {
      out.string(one.running).end_object();
    }
  }
  return out.end_array().end_object().take();
}

Result<int> run_doctor(const Session& given, const DoctorOptions& options, const Console& console) {
  Session session = given;
  if (options.node->count() == 0 && session.own_url) {
    const std::string own = session.own_url(options.data);
    if (!own.empty()) session.node_url = own;
  }
  XL_TRY_ASSIGN(client::NodeAddress address, address_of(session));
  client::HttpClient http(std::move(address));
  const fs::path data(options.data);
  std::vector<Finding> findings{check_program(console), check_versions(session.libraries, console),
                                check_node(http, session.node_url, console)};
  findings.push_back(check_network(http));
  for (const auto& one :
       {check_signer(http), check_backup(http), check_certificate(http), check_blocks(http)}) {
    if (one) findings.push_back(*one);
  }
  if (session.check_machine) {
    for (Finding& one : session.check_machine(options.data)) findings.push_back(std::move(one));
  }
  findings.push_back(check_clock(http));
  findings.push_back(check_genesis(http, data / "genesis.json", console));
  findings.push_back(check_disk(data));
  findings.push_back(check_keys(data / "keys", session));
  int exit_code = succeeded;
  for (const Finding& one : findings) {
    if (exit_code == succeeded && !one.ok) exit_code = static_cast<int>(one.exit_code);
    if (console.json()) continue;
    const std::string_view mark = !one.ok ? "✗ " : one.warning ? "! " : "✓ ";
    console.result(std::string(mark) + console.words(one.name) + "  " + console.words(one.what));
    if (!one.ok || one.warning) {
      console.result(std::string(console.pick("  fix: ", "  处理: ")) + console.words(one.fix));
    }
  }
  if (console.json())
    console.answer(findings_json(findings, session.libraries, exit_code, console));
  return exit_code;
}

}  // namespace

Finding check_versions(const std::vector<LibraryVersion>& libraries, const Console& console) {
  std::string all;
  std::string apart;
  for (const LibraryVersion& one : libraries) {
    all += (all.empty() ? "" : ", ") + one.name + " " +
           (one.running.empty() ? one.built : one.running);
    if (one.running.empty() || one.running == one.built) continue;
    apart += (apart.empty() ? "" : ", ") + one.name + " " + one.running +
             std::string(console.pick(" runs, built with ", " 正在运行,编译时为 ")) + one.built;
  }
  Finding out = good("libraries", all);
  if (apart.empty()) return out;
  out.what = apart;
  out.fix = console.pick(
      "install the versions it was built with, or build it again: ./dev build && ./dev test",
      "请安装编译时的版本,或重新编译:./dev build && ./dev test");
  out.warning = true;
  return out;
}

void add_doctor_command(CLI::App& app, Session& session) {
  auto options = std::make_shared<DoctorOptions>();
  auto* doctor = app.add_subcommand("doctor", "what is wrong here, and how to mend it");
  options->node = app.get_option("--node");
  doctor->add_option("--data", options->data, "the node's data folder");
  doctor->footer(
      "Examples:\n  xinglin doctor\n"
      "  xinglin doctor --data /srv/xinglin --node http://127.0.0.1:7411 --json");
  choose(doctor, session, options, run_doctor);
}

}  // namespace xl::cli
