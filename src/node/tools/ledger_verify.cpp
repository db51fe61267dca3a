// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "node/tools/ledger_verify.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/json/writer.h"
#include "chain/records.h"
#include "crypto/merkle.h"
#include "model/comet/encoding.h"
#include "model/limits.h"
#include "state/tree.h"
#include "state/undo.h"

namespace xl::node {
namespace {

namespace comet = model::comet;
using state::Column;

/// The whole state of the replay.
class MemoryState final : public model::StateReader {
 public:
  [[nodiscard]] bool get(ByteView key, Bytes& value) const override {
    const auto found = values_.find(key);
    if (found == values_.end()) return false;
    value = found->second;
    return true;
  }
  void scan(ByteView prefix, ByteView from, std::uint32_t count_max,
            const std::function<bool(ByteView, ByteView)>& visit) const override {
    std::uint32_t left = count_max;
    auto at = values_.lower_bound(model::KeyLess{}(prefix, from) ? from : prefix);
    for (; at != values_.end() && left > 0; ++at, --left) {
      if (!text_of(at->first).starts_with(text_of(prefix))) return;
      if (!visit(at->first, at->second)) return;
    }
  }
  void apply(const model::WriteSet& writes) {
    std::vector<state::Tree::Update> updates;
    for (const auto& [key, value] : writes) {
      if (value) {
        values_.insert_or_assign(copy_of(key), copy_of(*value));
        updates.push_back({model::state_path(key), model::state_value_hash(*value)});
      } else {
        values_.erase(copy_of(key));
        updates.push_back({model::state_path(key), std::nullopt});
      }
    }
    std::sort(updates.begin(), updates.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    tree_.apply(updates);
  }
  [[nodiscard]] Hash root() const { return tree_.root(); }
  [[nodiscard]] const std::map<Bytes, Bytes, model::KeyLess>& values() const { return values_; }

 private:
  std::map<Bytes, Bytes, model::KeyLess> values_;
  state::Tree tree_;
};

class Replay {
 public:
  Replay(const state::Database& database, const contracts::Registry& registry,
         const model::Genesis& genesis, const std::optional<ordering::solo::Signed>& last_signed)
      : database_(database),
        registry_(registry),
        genesis_(genesis),
        last_signed_(last_signed),
        executor_(registry, genesis.network),
        validators_(genesis.validators),
        next_validators_(genesis.validators),
        latest_validators_(genesis.validators) {}

  Status run(const std::function<void(std::uint64_t, std::uint64_t)>& progress);
  VerifyReport report;

 private:
  /// Notes the first damage; false stops the run.
  bool damaged(std::string record, std::string what) {
    if (!report.damage) report.damage = Damage{std::move(record), std::move(what)};
    return false;
  }
  /// A read that fails is evidence too: a checksum of the store does not fit its bytes.
  bool read(Column column, ByteView key, const std::string& record, Bytes& value) {
    const auto found = database_.get(column, key, value);
    if (!found.ok()) return damaged(record, "its bytes on disk do not fit their checksum");
    if (!*found) return damaged(record, "is missing");
    return true;
  }

  Status check_identity();
  Status found();
  bool check_block(std::uint64_t height);
  bool check_header(const chain::StoredBlockView& block, const comet::Commit& commit,
                    const std::string& name);
  bool execute(std::uint64_t height, const comet::Header& header,
               const std::vector<Bytes>& envelopes, const std::string& name);
  bool check_transaction(const execution::Receipt& receipt);
  bool check_roots(std::uint64_t height, std::uint64_t history_first, ByteView end_result);
  bool check_validators(std::uint64_t height, const contracts::EngineChanges& changes);
  bool check_set(std::uint64_t from, const comet::ValidatorSet& expected,
                 std::string_view otherwise);
  bool check_sets();
  bool check_head();
  void note_overwritten(std::uint64_t height, const model::WriteSet& writes);
  bool check_state();
  bool check_overwritten();
  bool check_history();

  const state::Database& database_;
  const contracts::Registry& registry_;
  const model::Genesis& genesis_;
  const std::optional<ordering::solo::Signed>& last_signed_;
  execution::Executor executor_;
  comet::ValidatorSet validators_;         // of the block that is checked
  comet::ValidatorSet next_validators_;    // of the one behind it
  comet::ValidatorSet latest_validators_;  // as of the last change
  MemoryState state_;
  std::map<std::uint64_t, Bytes> overwritten_;  // of the heights that proofs are kept for
  std::vector<Hash> leaves_;
  crypto::merkle::Frontier history_;
  std::uint64_t sets_ = 0;  // of validators, met so far
  chain::Head stored_head_;
  Hash app_hash_{};
  Hash results_hash_ = crypto::merkle::empty_root();
  comet::BlockId last_block_id_;
};

Status Replay::check_identity() {
  Bytes value;
  XL_TRY_ASSIGN(const bool exists, database_.get(Column::meta, view_of(chain::meta_format), value));
  if (!exists || value != Bytes{chain::store_format_version}) {
    return make_error(ErrorCode::store_version_unsupported);
  }
  XL_TRY_ASSIGN(const bool named, database_.get(Column::meta, view_of(chain::meta_network), value));
  if (!named || !equal(value, genesis_.network)) return make_error(ErrorCode::genesis_differs);
  XL_TRY_ASSIGN(const bool based, database_.get(Column::meta, view_of(chain::meta_base), value));
  if (based) {
    return make_error(
        ErrorCode::block_not_kept,
        "this ledger was restored from a snapshot, and blocks before it are needed to "
        "run it again");
  }
  return {};
}

Status Replay::found() {
  model::Overlay founding(state_);
  for (const auto& contract : registry_.all()) {
    contracts::OwnPrefixWriter writer(contract->number(), founding);
    XL_TRY(contract->initialise(genesis_.section(contract->name()), writer));
  }
  state_.apply(founding.writes());
  app_hash_ = model::app_hash(state_.root(), history_.root(), 0);
  report.app_hash = app_hash_;
  return {};
}

Status Replay::run(const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  XL_TRY(check_identity());
  XL_TRY(found());
  Bytes head;
  if (!read(Column::meta, view_of(chain::meta_head), "head", head)) return {};
  const auto decoded = chain::decode_head(head);
  if (!decoded.ok()) {
    damaged("head", "does not decode or contradicts itself");
    return {};
  }
  stored_head_ = *decoded;
  if (!check_set(1, genesis_.validators, "differ from those of the genesis")) return {};
  for (std::uint64_t height = 1; height <= stored_head_.signed_height; ++height) {
    if (!check_block(height)) return {};
    report.height = height;
    report.intact_height = height;
    report.app_hash = app_hash_;
    if (progress) progress(height, stored_head_.signed_height);
  }
  if (last_signed_ && last_signed_->height > stored_head_.signed_height) {
    damaged("block " + std::to_string(stored_head_.signed_height + 1),
            "is missing: this node signed up to block " + std::to_string(last_signed_->height));
    return {};
  }
  if (check_head() && check_sets() && check_state() && check_overwritten()) check_history();
  return {};
}

bool Replay::check_block(std::uint64_t height) {
  const std::string name = "block " + std::to_string(height);
  Bytes stored;
  if (!read(Column::blocks, chain::height_key(height), name, stored)) return false;
  auto block = chain::decode_stored_block(stored);
  if (!block.ok()) return damaged(name, "does not decode");
  if (!read(Column::commits, chain::height_key(height), "commit of " + name, stored)) return false;
  const auto commit = comet::decode_commit(stored);
  if (!commit.ok()) return damaged("commit of " + name, "does not decode");
  if (block->header.height != static_cast<std::int64_t>(height)) {
    return damaged(name, "its header is of another height");
  }
  if (!check_header(*block, *commit, name)) return false;
  if (last_signed_ && last_signed_->height == height &&
      !equal(last_signed_->block, commit->block_id.hash)) {
    return damaged(name, "is not the one that this node signed at its height");
  }
  last_block_id_ = commit->block_id;
  if (!execute(height, block->header, block->envelopes, name)) return false;
  validators_ = std::exchange(next_validators_, latest_validators_);
  return true;
}

bool Replay::check_header(const chain::StoredBlockView& block, const comet::Commit& commit,
                          const std::string& name) {
  const comet::Header& header = block.header;
  const Status signed_by_members = comet::verify_light_block({header, commit, validators_});
  if (!signed_by_members.ok()) {
    return damaged(name, "its header is not what the members signed (" +
                             signed_by_members.error().text() + ")");
  }
  if (!equal(header.next_validators_hash, comet::hash_of(next_validators_))) {
    return damaged(name, "announces other validators than running the blocks before it gives");
  }
  if (header.chain_id != genesis_.chain_id) return damaged(name, "is of another network");
  if (!equal(header.data_hash, comet::data_hash(block.envelopes))) {
    return damaged(name, "its transactions are not those that the signed header names");
  }
  if (!equal(header.evidence_hash, comet::evidence_hash(block.evidence))) {
    return damaged(name, "its evidence is not what the signed header names");
  }
  // The commit that the block holds is one of several that may prove the block before it; the
  // signed header says which.
  if (header.last_block_id != last_block_id_ ||
      !equal(header.last_commit_hash, comet::hash_of(block.last_commit))) {
    return damaged(name, "does not follow from the block before it");
  }
  if (comet::block_id_of(header, block.envelopes, block.last_commit, block.evidence) !=
      commit.block_id) {
    return damaged(name, "its parts are not those that the members signed");
  }
  if (!equal(header.last_results_hash, results_hash_)) {
    return damaged(name, "names other results than the block before it gives");
  }
  if (!equal(header.app_hash, app_hash_)) {
    return damaged(name, "names another app hash than running the blocks before it gives");
  }
  return true;
}

bool Replay::execute(std::uint64_t height, const comet::Header& header,
                     const std::vector<Bytes>& envelopes, const std::string& name) {
  if (header.time.seconds < 0) return damaged(name, "its time is before 1970");
  const chain::DecodedBlock decoded = chain::decode_block(envelopes, registry_);
  const execution::BlockResult result = executor_.execute(
      state_, {height, header.time.milliseconds(), execution::places_of(decoded)});
  results_hash_ = comet::results_hash(result.envelope_data);
  if (result.receipts.empty()) return true;
  const std::uint64_t first = history_.size();
  note_overwritten(height, result.writes);
  state_.apply(result.writes);
  for (const auto& receipt : result.receipts) {
    const Hash leaf = model::history_leaf(receipt.entry());
    if (!check_transaction(receipt)) return false;
    leaves_.push_back(leaf);
    history_.append(leaf);
    ++report.transactions;
  }
  app_hash_ = model::app_hash(state_.root(), history_.root(), history_.size());
  return check_roots(height, first, result.end_result) && check_validators(height, result.engine);
}

void Replay::note_overwritten(std::uint64_t height, const model::WriteSet& writes) {
  if (writes.empty() || height + limits::proof_heights_kept <= stored_head_.signed_height) return;
  Bytes& undo = overwritten_[height];
  for (const auto& [key, value] : writes) {
    Bytes old;
    const bool there = state_.get(key, old);
    state::append_undo(undo, key, there ? std::optional(ByteView(old)) : std::nullopt);
  }
}

/// The set that a block's changes give, as it was stored for the height it is in force from.
bool Replay::check_validators(std::uint64_t height, const contracts::EngineChanges& changes) {
  if (changes.validators.empty()) return true;
  chain::apply_changes(latest_validators_, changes);
  return check_set(height + 2, latest_validators_, "differ from what the members decided");
}

bool Replay::check_set(std::uint64_t from, const comet::ValidatorSet& expected,
                       std::string_view otherwise) {
  const std::string name = "validators from block " + std::to_string(from);
  Bytes stored;
  if (!read(Column::validators, chain::height_key(from), name, stored)) return false;
  ++sets_;
  return stored == comet::encode_validators(expected) || damaged(name, std::string(otherwise));
}

/// Every set stored was met on the way.
bool Replay::check_sets() {
  std::uint64_t stored = 0;
  std::string last;
  const Status scanned = database_.scan(Column::validators, {}, {}, [&](ByteView key, ByteView) {
    last = std::to_string(key.size() == 8 ? read_be<std::uint64_t>(key) : 0);
    return ++stored <= sets_;
  });
  if (!scanned.ok()) return damaged("validators", "its bytes on disk do not fit their checksum");
  return stored == sets_ || damaged("validators from block " + last, "was added");
}

bool Replay::check_transaction(const execution::Receipt& receipt) {
  const Hash& id = receipt.entry().transaction_id;
  const std::string name = "transaction " + to_hex(id);
  Bytes stored;
  if (!read(Column::transactions, id, name, stored)) return false;
  if (stored != chain::encode_located(receipt.entry(), history_.size(), receipt.result())) {
    return damaged(name, "its stored result is not what running it gives");
  }
  return true;
}

bool Replay::check_roots(std::uint64_t height, std::uint64_t history_first, ByteView end_result) {
  chain::Head after;
  after.state_root = state_.root();
  after.history_root = history_.root();
  after.history_size = history_.size();
  const std::string name = "results of block " + std::to_string(height);
  Bytes stored;
  if (!read(Column::results, chain::height_key(height), name, stored)) return false;
  if (stored != chain::encode_roots(after, history_first, end_result)) {
    return damaged(name, "differ from running the block");
  }
  return true;
}

bool Replay::check_head() {
  if (stored_head_.app_hash != app_hash_ || stored_head_.history_size != history_.size()) {
    return damaged("head", "is not where running all blocks ends");
  }
  return true;
}

bool Replay::check_state() {
  auto expected = state_.values().begin();
  const auto end = state_.values().end();
  const Status scanned = database_.scan(Column::state, {}, {}, [&](ByteView key, ByteView value) {
    ++report.state_keys;
    if (expected == end || model::KeyLess{}(key, expected->first)) {
      return damaged(describe_state_key(key, registry_), "was added");
    }
    if (model::KeyLess{}(expected->first, key)) {
      return damaged(describe_state_key(expected->first, registry_), "is missing");
    }
    if (!equal(expected->second, value)) {
      return damaged(describe_state_key(key, registry_),
                     "differs from what the signed blocks give");
    }
    ++expected;
    return true;
  });
  if (!scanned.ok()) {
    const std::string next =
        expected == end ? "the end of the state" : describe_state_key(expected->first, registry_);
    return damaged(next, "its bytes on disk do not fit their checksum");
  }
  if (report.damage) return false;
  if (expected != end) {
    return damaged(describe_state_key(expected->first, registry_), "is missing");
  }
  return true;
}

/// Proofs at recent heights rest on what the blocks since then overwrote.
bool Replay::check_overwritten() {
  const auto name = [](std::uint64_t height) {
    return "what block " + std::to_string(height) + " overwrote";
  };
  const std::uint64_t last = stored_head_.signed_height;
  const std::uint64_t first =
      last > limits::proof_heights_kept ? last - limits::proof_heights_kept + 1 : 1;
  auto expected = overwritten_.begin();
  const Status scanned = database_.scan(
      Column::undo, {}, chain::height_key(first), [&](ByteView key, ByteView stored) {
        const std::uint64_t height = key.size() == 8 ? read_be<std::uint64_t>(key) : 0;
        if (expected != overwritten_.end() && height > expected->first) return false;
        if (expected == overwritten_.end() || height < expected->first) {
          return damaged(name(height), "was added");
        }
        if (!equal(expected->second, stored)) {
          return damaged(name(height), "differs from what running the block gives");
        }
        ++expected;
        return true;
      });
  if (report.damage || (scanned.ok() && expected == overwritten_.end())) return !report.damage;
  if (scanned.ok()) return damaged(name(expected->first), "is missing");
  return damaged(expected == overwritten_.end() ? "what blocks overwrote" : name(expected->first),
                 "its bytes on disk do not fit their checksum");
}

bool Replay::check_history() {
  const chain::HistoryNodes nodes(database_);
  for (std::uint64_t i = 0; i < leaves_.size(); ++i) {
    Hash stored{};
    if (!nodes.node(0, i, stored) || stored != leaves_[i]) {
      return damaged("history entry " + std::to_string(i), "is not the one that was executed");
    }
  }
  // Upper tiles are computed from leaves; one wrong node shows in the proofs that use it.
  for (unsigned level = 6; level < 64 && leaves_.size() >> level != 0; level += 6) {
    for (std::uint64_t i = 0; i < leaves_.size() >> level; ++i) {
      const auto begin = leaves_.begin() + static_cast<std::ptrdiff_t>(i << level);
      const std::vector<Hash> below(begin, begin + (std::ptrdiff_t{1} << level));
      Hash stored{};
      if (!nodes.node(level, i, stored) || stored != crypto::merkle::root_of_leaf_hashes(below)) {
        return damaged("history node " + std::to_string(level) + "/" + std::to_string(i),
                       "is not the root of its entries");
      }
    }
  }
  return true;
}

}  // namespace

std::string describe_state_key(ByteView key, const contracts::Registry& registry) {
  if (key.size() < 2) return "state key " + to_hex(key);
  const contracts::Contract* contract = registry.find(key[0]);
  std::string out = "state key of ";
  out += contract == nullptr ? std::string("the system") : std::string(contract->name());
  out += ", table '";
  out += static_cast<char>(key[1]);
  return out + "', " + to_hex(key.subspan(2));
}

void write_report(json::Writer& out, const VerifyReport& report) {
  out.begin_object().key("schema").string("xinglin/ledger-verification/v1");
  out.key("intact").boolean(!report.damage.has_value());
  out.key("first_block").string(std::to_string(report.base));
  out.key("blocks").string(std::to_string(report.height));
  out.key("intact_height").string(std::to_string(report.intact_height));
  out.key("transactions").string(std::to_string(report.transactions));
  out.key("state_keys").string(std::to_string(report.state_keys));
  out.key("app_hash").string(to_hex(report.app_hash)).key("damage");
  if (report.damage) {
    out.begin_object().key("record").string(report.damage->record);
    out.key("what").string(report.damage->what).end_object();
  } else {
    out.null();
  }
  out.end_object();
}

Result<VerifyReport> verify_ledger(
    const state::Database& database, const contracts::Registry& registry,
    const model::Genesis& genesis,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress,
    const std::optional<ordering::solo::Signed>& last_signed) {
  Replay replay(database, registry, genesis, last_signed);
  XL_TRY(replay.run(progress));
  return std::move(replay.report);
}

}  // namespace xl::node
