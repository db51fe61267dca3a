// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/tools/ledger_report.h"

#include "contracts/api/contract.h"
#include "node/config.h"
#include "node/node.h"

namespace xl::node {
namespace {

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

}  // namespace

Result<VerifyReport> verify_folder(const Layout& layout, const std::filesystem::path& copy,
                                   const Console& console) {
  const std::filesystem::path ledger = copy.empty() ? layout.ledger() : copy;
  XL_TRY_ASSIGN(model::Genesis genesis, load_genesis(layout));
  // A copy elsewhere may be older than what the node signed.
  bool marked = false;
  std::optional<ordering::solo::Signed> last_signed;
  if (copy.empty()) {
    XL_TRY_ASSIGN(marked, is_marked(layout));
  }
  // Read before the store, which a running node goes on with.
  if (marked) {
    XL_TRY_ASSIGN(last_signed, signed_last(layout));
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
    report->damage = Damage{layout.signing_mark().filename().string(),
                            "is gone, which names the last block that this node signed"};
  }
  return report;
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

}  // namespace xl::node
