// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "base/checked.h"
#include "chain/records.h"
#include "crypto/merkle.h"
#include "model/comet/encoding.h"
#include "model/limits.h"
#include "node/tools/ledger_verify.h"
#include "state/tree.h"
#include "state/undo.h"

namespace xl::node {
namespace {

namespace comet = model::comet;
using state::Column;

/// Blocks before the first one kept cannot be run again. Everything else is held against headers
/// that lead to the genesis.
class RestoredCheck {
 public:
  RestoredCheck(const state::Database& database, const chain::Chain& chain, VerifyReport& report)
      : database_(database), chain_(chain), head_(chain.head()), report_(report) {}

  Status run(const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    report_.base = chain_.base();
    report_.height = report_.intact_height = chain_.base() - 1;
    report_.app_hash = head_.app_hash;
    // Its values give its roots, or it would not open; the header that carries them is not here.
    if (chain_.base() > head_.signed_height) return make_error(ErrorCode::ledger_unproved);
    XL_TRY(check_state());
    if (report_.damage) return {};
    for (std::uint64_t at = chain_.base(); at <= head_.signed_height; ++at) {
      if (!check_block(at)) return {};
      report_.height = report_.intact_height = at;
      if (progress) progress(at, head_.signed_height);
    }
    return check_overwritten();
  }

 private:
  bool damaged(std::string record, std::string what) {
    if (!report_.damage) report_.damage = Damage{std::move(record), std::move(what)};
    return false;
  }

  /// Opening the chain has made the state tree from all values; its root, the history's and the
  /// header that carries both must lead to the genesis.
  Status check_state() {
    const auto receipt = chain_.state_receipt(Bytes{0xff}, 0);
    const Status proved =
        receipt.ok() ? model::verify_receipt(*receipt, chain_.genesis()) : Status(receipt.error());
    if (!proved.ok()) {
      damaged("head", "its roots are not what the members signed (" + proved.error().text() + ")");
      return {};
    }
    proved_ = receipt->block.header;
    XL_TRY(database_.scan(Column::state, {}, {}, [this](ByteView, ByteView) {
      ++report_.state_keys;
      return true;
    }));
    return {};
  }

  bool check_block(std::uint64_t height) {
    const std::string name = "block " + std::to_string(height);
    const auto block = chain_.block(height);
    const auto validators = chain_.validators_at(height);
    if (!block.ok() || !validators.ok() || !block->commit) {
      return damaged(name, "it, its commit or its validators are missing or do not decode");
    }
    const comet::Header& header = block->header;
    const Status signed_by_members =
        comet::verify_light_block({header, *block->commit, *validators});
    if (!signed_by_members.ok()) {
      return damaged(name, "its header is not what the members signed (" +
                               signed_by_members.error().text() + ")");
    }
    if (height == static_cast<std::uint64_t>(proved_.height) && !(header == proved_)) {
      return damaged(name, "is not the one that leads to the genesis");
    }
    if (last_block_id_ && header.last_block_id != *last_block_id_) {
      return damaged(name, "does not follow from the block before it");
    }
    last_block_id_ = block->commit->block_id;
    if (!equal(header.data_hash, comet::data_hash(block->envelopes))) {
      return damaged(name, "its transactions are not those that the signed header names");
    }
    return check_results(height, *block, name);
  }

  bool check_results(std::uint64_t height, const chain::StoredBlockView& block,
                     const std::string& name) {
    std::uint64_t executed = 0;
    for (const Bytes& raw : block.envelopes) {
      const auto envelope = model::decode_envelope(raw);
      if (!envelope.ok()) continue;  // nothing of it was executed
      for (const Bytes& one : envelope->transactions) {
        const auto transaction = model::decode_transaction(one);
        if (!transaction.ok()) continue;
        const auto located = chain_.transaction(transaction->id);
        if (!located.ok() || located->entry.height != height) continue;
        ++executed;
        if (!check_transaction(*located)) return false;
      }
    }
    report_.transactions += executed;
    Bytes stored;
    const auto found = database_.get(Column::results, chain::height_key(height), stored);
    if (!found.ok() || !*found)
      return executed == 0 || damaged("results of " + name, "are missing");
    const auto roots = chain::decode_roots(stored);
    if (roots.ok() && roots->history_size - roots->history_first == executed) return true;
    return damaged("results of " + name, "name other transactions than are stored");
  }

  bool check_transaction(const chain::LocatedTransaction& located) {
    const std::string name = "transaction " + to_hex(located.entry.transaction_id);
    std::vector<Hash> path;
    const chain::HistoryNodes nodes(database_);
    const bool in_history =
        crypto::merkle::inclusion_path(nodes, located.history_index, head_.history_size, path) &&
        crypto::merkle::verify_inclusion(model::history_leaf(located.entry), located.history_index,
                                         head_.history_size, path, head_.history_root);
    if (!in_history) return damaged(name, "is not in the history that the members signed");
    if (model::result_digest(located.result) != located.entry.result_digest) {
      return damaged(name, "its stored result is not the one in the history");
    }
    return true;
  }

  /// Walks back from the state: what each block overwrote must give the roots that the members
  /// signed behind the block before it.
  Status check_overwritten() {
    state::Tree tree;
    std::vector<state::Tree::Update> updates;
    XL_TRY(database_.scan(Column::state, {}, {}, [&](ByteView key, ByteView value) {
      updates.push_back({model::state_path(key), model::state_value_hash(value)});
      return true;
    }));
    apply(tree, updates);
    const std::uint64_t last = head_.signed_height;
    const std::uint64_t kept =
        last > limits::proof_heights_kept ? last - limits::proof_heights_kept + 1 : 1;
    for (std::uint64_t height = last; height >= std::max(kept, chain_.base()); --height) {
      const std::string name = "what block " + std::to_string(height) + " overwrote";
      updates.clear();
      Bytes stored;
      const auto found = database_.get(Column::undo, chain::height_key(height), stored);
      const bool sound =
          found.ok() && (!*found || state::visit_undo(stored, [&](ByteView key, auto old) {
            updates.push_back({model::state_path(key),
                               old ? std::optional(model::state_value_hash(*old)) : std::nullopt});
          }));
      if (!sound) {
        damaged(name, "does not decode");
        return {};
      }
      apply(tree, updates);
      XL_TRY_ASSIGN(const auto block, chain_.block(height));
      XL_TRY_ASSIGN(const auto roots, roots_before(height));
      if (!roots) return {};
      if (!equal(block.header.app_hash,
                 model::app_hash(tree.root(), roots->history_root, roots->history_size))) {
        damaged(name, "does not give the state that the members signed before it");
        return {};
      }
    }
    return {};
  }

  static void apply(state::Tree& tree, std::vector<state::Tree::Update>& updates) {
    std::sort(updates.begin(), updates.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    tree.apply(updates);
  }

  /// The roots behind the last block before `height` that executed something; nothing where those
  /// were left behind with the earlier blocks.
  Result<std::optional<chain::BlockRoots>> roots_before(std::uint64_t height) {
    for (std::uint64_t at = height - 1; at + 1 >= chain_.base(); --at) {
      Bytes stored;
      XL_TRY_ASSIGN(const bool there,
                    database_.get(Column::results, chain::height_key(at), stored));
      if (!there) continue;
      XL_TRY_ASSIGN(chain::BlockRoots roots, chain::decode_roots(stored));
      return std::optional(roots);
    }
    return std::optional<chain::BlockRoots>();
  }

  const state::Database& database_;
  const chain::Chain& chain_;
  const chain::Head head_;
  VerifyReport& report_;
  comet::Header proved_;
  std::optional<comet::BlockId> last_block_id_;
};

}  // namespace

Result<VerifyReport> verify_restored(
    state::Database& database, const contracts::Registry& registry, model::Genesis genesis,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  VerifyReport report;
  const auto chain = chain::Chain::open(database, registry, std::move(genesis));
  if (!chain.ok() && chain.error().code == ErrorCode::store_corrupt) {
    report.damage =
        Damage{"state", "does not give the roots that are stored (" + chain.error().text() + ")"};
    return report;
  }
  if (!chain.ok()) return chain.error();
  XL_TRY(RestoredCheck(database, **chain, report).run(progress));
  return report;
}

}  // namespace xl::node
