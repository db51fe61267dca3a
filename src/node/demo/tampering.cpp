// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/demo/tampering.h"

#include <chrono>
#include <thread>

#include "base/checked.h"
#include "base/json/writer.h"
#include "node/commands.h"
#include "node/demo/cast.h"
#include "node/demo/fhir_talk.h"
#include "node/demo/members.h"
#include "node/log.h"
#include "node/node.h"
#include "node/tools/ledger_report.h"
#include "node/tools/repair.h"
#include "node/tools/tamper.h"

namespace xl::node::demo {
namespace {

namespace fs = std::filesystem;

/// Members of one machine come to a block within seconds; a busy disk stalls for minutes.
constexpr std::chrono::minutes patience{4};

/// What a run found, for programs.
struct Findings {
  std::string member;   ///< whose copy was altered
  std::string record;   ///< what was altered
  std::string damage;   ///< what its own check named
  ErrorCode refusal{};  ///< with which its node refused to run
  std::uint64_t went_on = 0;
  Repaired repaired;
  std::uint64_t height = 0;
  std::string app_hash;
};

class Tampering {
 public:
  Tampering(const TamperingOptions& options, Unlock unlock, ByteView operator_key,
            const Console& console)
      : options_(options),
        unlock_(std::move(unlock)),
        operator_key_(operator_key),
        console_(console),
        altered_(member_layout(options.folder, options.members)) {}

  Status found();
  Status start();
  Status write_until_a_snapshot();
  Status alter();
  Status refuse();
  Status go_on();
  Status repair();
  Status compare();
  [[nodiscard]] const Findings& findings() const { return findings_; }

 private:
  [[nodiscard]] Result<json::Document> ask(std::size_t member, const std::string& target) const;
  [[nodiscard]] Result<std::uint64_t> height_of(std::size_t member) const;
  /// Asks until `is_so`, and gives up after `patience` or when a person ends it.
  [[nodiscard]] Status wait(std::string_view what,
                            const std::function<Result<bool>()>& is_so) const;
  [[nodiscard]] Status write_record();
  void say(std::string_view english, std::string_view chinese) const {
    console_.say("▸ " + std::string(english), "▸ " + std::string(chinese));
  }

  const TamperingOptions& options_;
  Unlock unlock_;
  ByteView operator_key_;
  const Console& console_;
  const StopSignals signals_;  // before any thread starts
  SystemClock clock_;
  Layout altered_;
  std::vector<std::string> ports_;
  std::optional<Cast> cast_;
  Members members_;
  std::optional<Persona> hospital_;
  std::string run_ = client::random_id().text().substr(0, 10);
  std::uint64_t written_ = 0;
  Findings findings_;
};

Result<json::Document> Tampering::ask(std::size_t member, const std::string& target) const {
  client::HttpClient client({"127.0.0.1", ports_[member - 1]});
  return client::json_of(client.get(target));
}

Result<std::uint64_t> Tampering::height_of(std::size_t member) const {
  XL_TRY_ASSIGN(const json::Document head, ask(member, "/ledger/v1/head"));
  std::uint64_t out = 0;
  (void)parse_decimal(head.root().find("height").as_string().value_or(""), out);
  return out;
}

Status Tampering::wait(std::string_view what, const std::function<Result<bool>()>& is_so) const {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (true) {
    const auto done = is_so();
    if (done.ok() && *done) return {};
    if (signals_.pending()) return make_error(ErrorCode::node_stopping);
    if (std::chrono::steady_clock::now() > give_up) {
      const std::string last = done.ok() ? "" : ": " + done.error().text();
      return make_error(ErrorCode::members_too_slow, std::string(what) + last);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

Status Tampering::found() {
  XL_TRY(found_members(options_.folder, options_.members,
                       {{"市一医院 City Hospital", OrganisationType::hospital}}, 0, unlock_,
                       clock_));
  for (std::size_t i = 1; i <= options_.members; ++i) {
    XL_TRY_ASSIGN(const Config config, read_config(member_layout(options_.folder, i).config()));
    ports_.push_back(std::to_string(config.port));
  }
  const std::string count = std::to_string(options_.members);
  console_.done("A network of " + count + " members in " + options_.folder.string(),
                count + " 个成员的网络,位于 " + options_.folder.string());
  return {};
}

/// Starts everybody and signs the first member's hospital in.
Status Tampering::start() {
  XL_TRY(members_.start(options_.folder, 1, options_.members, options_.folder / "operator.key"));
  const auto runs = [this]() -> Result<bool> {
    for (std::size_t i = 1; i <= options_.members; ++i) {
      XL_TRY_ASSIGN(const std::uint64_t height, height_of(i));
      if (height == 0) return false;
    }
    return true;
  };
  XL_TRY(wait("the members' engines do not agree on a block", runs));
  const Layout first = member_layout(options_.folder, 1);
  XL_TRY_ASSIGN(const model::Genesis genesis, load_genesis(first));
  XL_TRY_ASSIGN(const auto hosted, hosted_organisations(first, genesis, unlock_));
  cast_.emplace(client::NodeAddress{"127.0.0.1", ports_[0]}, clock_, options_.folder / "personas",
                client::KeyProtection{crypto::keyfile::Protection::operator_key, operator_key_});
  XL_TRY_ASSIGN(hospital_, cast_->organisation(first, unlock_, "市一医院 City Hospital",
                                               hosted.front().identity.did));
  XL_TRY_ASSIGN(const json::Document members,
                client::json_of(hospital_->session->ask("GET", "/ledger/v1/members")));
  for (const json::Value one : members.root().find("members").items()) {
    if (one.find("gateway").as_string() != "http://127.0.0.1:" + ports_.back()) continue;
    findings_.member = one.find("name").as_string().value_or("");
  }
  return {};
}

Status Tampering::write_record() {
  const std::string id = run_ + "-" + std::to_string(written_);
  json::Writer out;
  out.begin_object().key("resourceType").string(written_ == 0 ? "Patient" : "Observation");
  out.key("id").string(id);
  if (written_ > 0) {
    out.key("status").string("final").key("code").begin_object().key("text").string("pulse");
    out.end_object().key("subject").begin_object().key("reference");
    out.string("Patient/" + run_ + "-0").end_object();
  }
  const std::string path = (written_ == 0 ? "Patient/" : "Observation/") + id;
  XL_TRY_ASSIGN(const client::HttpResponse answer,
                hospital_->session->ask("PUT", "/o/" + hospital_->did().text() + "/fhir/" + path,
                                        "application/fhir+json", out.end_object().take()));
  if (answer.status != 200 && answer.status != 201) return client::error_of(answer);
  ++written_;
  return {};
}

/// What a repair needs: the state at a height that the others offer.
Status Tampering::write_until_a_snapshot() {
  const fs::path snapshots = member_layout(options_.folder, 1).snapshots();
  const auto offered = [&] {
    std::error_code failure;
    for (const auto& one : fs::directory_iterator(snapshots, failure)) {
      if (fs::exists(one.path() / "manifest", failure)) return true;
    }
    return false;
  };
  Progress progress(console_, std::string(console_.pick("  Blocks", "  区块")), clock_.now_ms());
  const auto written = [&]() -> Result<bool> {
    XL_TRY(write_record());
    XL_TRY_ASSIGN(const std::uint64_t height, height_of(1));
    progress.update(std::min(height, demo_snapshot_every), demo_snapshot_every, clock_.now_ms());
    return height >= demo_snapshot_every && offered();
  };
  XL_TRY(wait("no snapshot is offered", written));
  progress.finish();
  const std::string count = std::to_string(written_);
  console_.done("Wrote " + count + " records; every member has the same ledger",
                "已写入 " + count + " 条记录;各成员的账本一致");
  return {};
}

Status Tampering::alter() {
  members_.stop(options_.members);
  XL_TRY_ASSIGN(const Bytes key, tamper_in_place(altered_.ledger()));
  findings_.record = describe_state_key(key, contracts::make_registry());
  say(findings_.member + " is stopped, and one bit of its ledger is flipped: " + findings_.record,
      findings_.member + " 停止运行,其账本被改动一位:" + console_.words(findings_.record));
  XL_TRY_ASSIGN(const VerifyReport report, verify_folder(altered_, {}, console_));
  if (!report.damage)
    return make_error(ErrorCode::internal_failure, "the alteration was not noticed");
  findings_.damage = report.damage->record;
  console_.say("  ledger verify: " + report.damage->record + ": " + report.damage->what,
               "  账本核验:" + console_.words(report.damage->record) + ":" +
                   console_.words(report.damage->what));
  return {};
}

/// The node of the altered copy, started as its operator would.
Status Tampering::refuse() {
  XL_TRY_ASSIGN(const Config config, read_config(altered_.config()));
  XL_TRY_ASSIGN(const Log log, open_log(altered_, console_.options(), false));
  const auto node = Node::start(altered_, config, unlock_, clock_, log);
  if (node.ok()) return make_error(ErrorCode::internal_failure, "an altered ledger was served");
  findings_.refusal = node.error().code;
  say("Its node will not run on it: " + node.error().text(),
      "其节点拒绝在该账本上运行:" + console_.detail_of(node.error()));
  return {};
}

Status Tampering::go_on() {
  XL_TRY_ASSIGN(const std::uint64_t before, height_of(1));
  // On a busy machine others' votes come late as well: until it is the only one that is named.
  const auto named = [&]() -> Result<bool> {
    XL_TRY(write_record());
    XL_TRY_ASSIGN(const json::Document health, ask(1, "/health"));
    const json::Value silent = health.root().find("silent");
    return silent.at(0).as_string() == findings_.member && !silent.at(1).as_string();
  };
  XL_TRY(wait("the others do not name who is silent", named));
  XL_TRY_ASSIGN(const std::uint64_t after, height_of(1));
  findings_.went_on = after - before;
  const std::string blocks = std::to_string(findings_.went_on);
  say("The others go on: " + blocks +
          " blocks more. They name who does not vote: " + findings_.member,
      "其余成员继续出块:又有 " + blocks + " 个区块,并指出未投票者:" + findings_.member);
  return {};
}

Status Tampering::repair() {
  XL_TRY_ASSIGN(const AskedGateways asked, gateways_to_ask(altered_));
  std::vector<client::NodeAddress> addresses;
  for (const std::string& url : asked.urls) {
    XL_TRY_ASSIGN(client::NodeAddress address, client::parse_node_url(url));
    addresses.push_back(std::move(address));
  }
  XL_TRY_ASSIGN(const Config config, read_config(altered_.config()));
  Progress progress(console_, std::string(console_.pick("  Restoring", "  正在恢复")),
                    clock_.now_ms());
  auto done = repair_ledger(altered_, config, unlock_, addresses, [&](const RepairProgress& state) {
    progress.update(state.taken, state.chunks, clock_.now_ms());
    return !signals_.pending();
  });
  progress.finish();
  if (!done.ok()) return done.error();
  findings_.repaired = std::move(*done);
  const std::string height = std::to_string(findings_.repaired.height);
  const std::string aside = findings_.repaired.set_aside.string();
  say("node repair: the altered ledger is set aside in " + aside + ", and the state of block " +
          height + " is taken from the others, checked by the genesis",
      "node repair:被改动的账本已移至 " + aside + ",并从其他成员取得区块 " + height +
          " 的状态,经创世文件核验");
  return {};
}

Status Tampering::compare() {
  const std::size_t last = options_.members;
  XL_TRY(members_.start(options_.folder, last, last, options_.folder / "operator.key"));
  const auto same = [&]() -> Result<bool> {
    XL_TRY_ASSIGN(const json::Document own, ask(last, "/ledger/v1/head"));
    XL_TRY_ASSIGN(const json::Document others, ask(1, "/ledger/v1/head"));
    findings_.app_hash = own.root().find("app_hash").as_string().value_or("");
    (void)parse_decimal(own.root().find("height").as_string().value_or(""), findings_.height);
    return json::write(own.root()) == json::write(others.root());
  };
  XL_TRY(wait("the repaired member does not come to the others' height", same));
  console_.done(findings_.member + " has the others' ledger again, at block " +
                    std::to_string(findings_.height) + ", app hash " + findings_.app_hash,
                findings_.member + " 的账本已与其他成员一致:区块 " +
                    std::to_string(findings_.height) + ",账本指纹 " + findings_.app_hash);
  return {};
}

void answer(const Findings& found, const Console& console) {
  json::Writer out;
  out.begin_object()
      .key("schema")
      .string("xinglin/tampering/v1")
      .key("member")
      .string(found.member);
  out.key("record").string(found.record).key("damage").string(found.damage);
  out.key("refusal").string(code_text(static_cast<std::uint16_t>(found.refusal)));
  out.key("blocks_meanwhile").string(std::to_string(found.went_on));
  out.key("set_aside").string(found.repaired.set_aside.string());
  out.key("snapshot").string(std::to_string(found.repaired.height));
  out.key("height").string(std::to_string(found.height)).key("app_hash").string(found.app_hash);
  console.answer(out.end_object().take());
}

}  // namespace

int run_tampering(const TamperingOptions& options, const Console& console) {
  auto key = demo_operator_key(options.folder);
  if (!key.ok()) return console.fail(key.error());
  const Bytes operator_key = copy_of(key->view());
  Tampering story(options, Unlock::with_operator_key(std::move(*key)), operator_key, console);
  for (const auto scene :
       {&Tampering::found, &Tampering::start, &Tampering::write_until_a_snapshot, &Tampering::alter,
        &Tampering::refuse, &Tampering::go_on, &Tampering::repair, &Tampering::compare}) {
    const Status done = (story.*scene)();
    if (!done.ok()) return console.fail(done.error());
  }
  if (console.json()) answer(story.findings(), console);
  return static_cast<int>(ExitCode::done);
}

}  // namespace xl::node::demo
