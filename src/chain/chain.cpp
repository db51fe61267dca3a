// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "chain/chain.h"

#include <algorithm>
#include <array>

#include "chain/records.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "model/comet/encoding.h"

namespace xl::chain {
namespace {

using state::Column;

Error corrupt(std::string_view what) { return make_error(ErrorCode::store_corrupt, what); }

/// Adds where each transaction stands, in the order of their ids: the store's sorted tables take
/// neighbours at half the cost.
void put_transactions(const std::vector<execution::Receipt>& receipts, std::uint64_t history_first,
                      state::Batch& batch) {
  std::vector<std::pair<Hash, std::size_t>> order;
  order.reserve(receipts.size());
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    order.emplace_back(receipts[i].entry().transaction_id, i);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [id, i] : order) {
    batch.put(Column::transactions, id,
              encode_located(receipts[i].entry(), history_first + i, receipts[i].result()));
  }
}

}  // namespace

Bytes height_key(std::uint64_t height) {
  Bytes key;
  append_be(key, height);
  return key;
}

void apply_changes(model::comet::ValidatorSet& validators,
                   const contracts::EngineChanges& changes) {
  for (const auto& change : changes.validators) {
    std::erase_if(validators, [&](const model::comet::Validator& validator) {
      return validator.public_key == change.public_key;
    });
    if (change.power == 0) continue;
    validators.push_back({change.public_key, static_cast<std::int64_t>(change.power)});
  }
  model::comet::sort_validators(validators);
}

DecodedBlock decode_block(const std::vector<Bytes>& envelopes,
                          const contracts::Registry& registry) {
  DecodedBlock decoded;
  for (const Bytes& raw : envelopes) {
    execution::EnvelopeInput input{model::decode_envelope(raw), {}, {}};
    if (input.envelope.ok()) {
      for (const Bytes& transaction : input.envelope->transactions) {
        input.items.push_back(verification::check(transaction, registry));
      }
    }
    decoded.push_back(std::move(input));
  }
  return decoded;
}

Result<std::unique_ptr<Chain>> Chain::open(state::Database& database,
                                           const contracts::Registry& registry,
                                           model::Genesis genesis,
                                           const std::function<void(std::uint64_t)>& progress) {
  std::unique_ptr<Chain> chain(new Chain(database, registry, std::move(genesis)));
  Bytes format;
  XL_TRY_ASSIGN(const bool taking, database.get(Column::meta, view_of(meta_taking), format));
  if (taking) return make_error(ErrorCode::snapshot_unfinished);
  XL_TRY_ASSIGN(const bool exists, database.get(Column::meta, view_of(meta_format), format));
  if (!exists) {
    XL_TRY(chain->found());
  } else if (format != Bytes{store_format_version}) {
    return make_error(ErrorCode::store_version_unsupported);
  }
  Bytes network;
  XL_TRY_ASSIGN(const bool named, database.get(Column::meta, view_of(meta_network), network));
  if (!named || !equal(network, chain->genesis_.network)) {
    return make_error(ErrorCode::genesis_differs);
  }
  Bytes head;
  XL_TRY_ASSIGN(const bool has_head, database.get(Column::meta, view_of(meta_head), head));
  if (!has_head) return corrupt("head");
  XL_TRY(chain->restore(head, progress));
  return chain;
}

/// A seed that nobody outside can know, for the executor's tables.
std::uint64_t Chain::table_seed() {
  std::array<std::uint8_t, 8> bytes{};
  crypto::random_bytes(bytes);
  return read_be<std::uint64_t>(bytes);
}

Status Chain::found() {
  class Nothing final : public model::StateReader {
   public:
    [[nodiscard]] bool get(ByteView, Bytes&) const override { return false; }
    void scan(ByteView, ByteView, std::uint32_t,
              const std::function<bool(ByteView, ByteView)>&) const override {}
  };
  const Nothing nothing;
  model::BlockState state(nothing, 0);
  for (const auto& contract : registry_.all()) {
    contracts::OwnPrefixWriter writer(contract->number(), state);
    XL_TRY(contract->initialise(genesis_.section(contract->name()), writer));
  }
  XL_TRY(check_genesis_members(state));
  XL_TRY_ASSIGN(const auto store, state::Store::open(database_, 0));
  state::Batch batch;
  Head head;
  head.state_root = store->stage(0, state.take_writes(), batch);
  head.history_root = crypto::merkle::empty_root();
  head.app_hash = model::app_hash(head.state_root, head.history_root, 0);
  batch.put(Column::meta, view_of(meta_format), Bytes{store_format_version});
  batch.put(Column::meta, view_of(meta_network), genesis_.network);
  batch.put(Column::meta, view_of(meta_head), encode_head(head));
  batch.put(Column::results, height_key(0), encode_roots(head, 0));
  batch.put(Column::validators, height_key(1),
            model::comet::encode_validators(genesis_.validators));
  return database_.write(std::move(batch), true);
}

/// The engine reads one list of validators in the genesis, governance another: they are the same.
Status Chain::check_genesis_members(const model::StateReader& state) const {
  const model::comet::ValidatorSet members = execution::validators_of(state);
  return members.empty() || members == genesis_.validators
             ? Status{}
             : Status(make_error(ErrorCode::genesis_malformed,
                                 "governance names other validators than the engine's list"));
}

Status Chain::restore(ByteView stored_head, const std::function<void(std::uint64_t)>& progress) {
  XL_TRY_ASSIGN(finalized_, decode_head(stored_head));
  durable_ = finalized_;
  Bytes base;
  XL_TRY_ASSIGN(const bool based, database_.get(Column::meta, view_of(meta_base), base));
  base_ms_ = genesis_.time.milliseconds();
  if (based && base.size() != sizeof base_ + sizeof base_ms_) return corrupt("base");
  if (based) {
    base_ = read_be<std::uint64_t>(base);
    base_ms_ = read_be<std::uint64_t>(ByteView(base).subspan(sizeof base_));
  }
  XL_TRY_ASSIGN(state_, state::Store::open(database_, finalized_.height, progress));
  if (state_->root() != finalized_.state_root) {
    return corrupt("state values do not give the state root of the head");
  }
  XL_TRY_ASSIGN(history_, HistoryTree::open(database_, finalized_.history_size));
  if (history_->root() != finalized_.history_root) {
    return corrupt("history does not give the history root of the head");
  }
  XL_TRY_ASSIGN(latest_validators_, validators(finalized_.height + 2));
  return {};
}

Result<model::comet::ValidatorSet> Chain::validators(std::uint64_t height) const {
  if (height > head().height + 2) return make_error(ErrorCode::height_unknown);
  return validators_at(height);
}

/// A change takes effect two heights later: the next header announces it already (consensus.md
/// §2.5, CometBFT v0.40 state/execution.go updateState).
void Chain::change_validators(std::uint64_t height, FinalizedBlock& block) {
  if (block.result.engine.validators.empty()) return;
  apply_changes(latest_validators_, block.result.engine);
  block.batch.put(Column::validators, height_key(height + 2),
                  model::comet::encode_validators(latest_validators_));
}

execution::BlockResult Chain::execute(std::uint64_t height, std::uint64_t block_ms,
                                      const DecodedBlock& decoded) const {
  return execute(height, block_ms, execution::places_of(decoded));
}

execution::BlockResult Chain::execute(
    std::uint64_t height, std::uint64_t block_ms,
    std::span<const execution::EnvelopeInput* const> envelopes) const {
  return executor_.execute(state_->head(), {height, block_ms, envelopes});
}

FinalizedBlock Chain::finalize(std::uint64_t height, execution::BlockResult result) {
  XL_CHECK(height > finalized_.height);
  FinalizedBlock out;
  out.result = std::move(result);
  out.head = finalized_;
  out.head.height = height;
  if (!out.result.receipts.empty()) {
    const std::uint64_t first = history_->size();
    out.head.state_root = state_->stage(height, std::move(out.result.writes), out.batch);
    for (const execution::Receipt& receipt : out.result.receipts) {
      history_->append(model::history_leaf(receipt.entry()));
    }
    put_transactions(out.result.receipts, first, out.batch);
    history_->flush(out.batch);
    out.head.history_root = history_->root();
    out.head.history_size = history_->size();
    out.head.app_hash =
        model::app_hash(out.head.state_root, out.head.history_root, out.head.history_size);
    out.batch.put(Column::results, height_key(height),
                  encode_roots(out.head, first, out.result.end_result));
    change_validators(height, out);
  }
  finalized_ = out.head;
  return out;
}

Status Chain::add_signed(state::Batch& batch, const SignedBlock& block) const {
  XL_TRY(model::comet::verify_light_block(block.light));
  const Bytes key = height_key(static_cast<std::uint64_t>(block.light.header.height));
  batch.put(Column::blocks, key,
            encode_block(block.light.header, block.envelopes, block.last_commit, block.evidence));
  batch.put(Column::commits, key, model::comet::encode_commit(block.light.commit));
  return {};
}

Status Chain::add_misbehaviour(FinalizedBlock& block,
                               const std::vector<Misbehaviour>& cases) const {
  XL_TRY_ASSIGN(std::vector<Misbehaviour> all, misbehaviour());
  all.insert(all.end(), cases.begin(), cases.end());
  if (all.size() > misbehaviour_kept_max) {
    all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(misbehaviour_kept_max));
  }
  block.batch.put(Column::meta, view_of(meta_misbehaviour), encode_misbehaviour(all));
  return {};
}

Result<std::vector<Misbehaviour>> Chain::misbehaviour() const {
  Bytes stored;
  XL_TRY_ASSIGN(const bool any, database_.get(Column::meta, view_of(meta_misbehaviour), stored));
  if (!any) return std::vector<Misbehaviour>{};
  return decode_misbehaviour(stored);
}

Status Chain::persist(FinalizedBlock&& block, std::uint64_t signed_height) {
  const std::scoped_lock writing(write_mutex_);
  block.head.signed_height = std::max(signed_height, head().signed_height);
  block.batch.put(Column::meta, view_of(meta_head), encode_head(block.head));
  XL_TRY(database_.write(std::move(block.batch), true));
  state_->made_durable(block.head.height);
  const std::scoped_lock lock(mutex_);
  durable_ = block.head;
  return {};
}

/// What the engine says of its validators is what the ledger told it.
Status Chain::check_sets(const model::comet::Header& header) const {
  const auto height = static_cast<std::uint64_t>(header.height);
  XL_TRY_ASSIGN(const model::comet::ValidatorSet now, validators(height));
  XL_TRY_ASSIGN(const model::comet::ValidatorSet next, validators(height + 1));
  const bool same = equal(header.validators_hash, model::comet::hash_of(now)) &&
                    equal(header.next_validators_hash, model::comet::hash_of(next));
  return same ? Status{} : Status(make_error(ErrorCode::validators_mismatch));
}

/// A block holds the votes for the one before that came after two thirds were there, too: from then
/// on receipts show them all.
void Chain::add_late_votes(state::Batch& batch, const SignedBlock& next) const {
  const auto votes = [](const model::comet::Commit& commit) {
    return std::count_if(commit.signatures.begin(), commit.signatures.end(), [](const auto& one) {
      return one.flag == model::comet::BlockIdFlag::commit;
    });
  };
  const auto height = static_cast<std::uint64_t>(next.light.header.height) - 1;
  auto before = light_block(height);
  if (!before.ok() || votes(next.last_commit) <= votes(before->commit)) return;
  before->commit = next.last_commit;
  if (!model::comet::verify_light_block(*before).ok()) return;
  batch.put(Column::commits, height_key(height), model::comet::encode_commit(before->commit));
}

Status Chain::persist_signed(const SignedBlock& block) {
  XL_TRY(check_sets(block.light.header));
  state::Batch batch;
  XL_TRY(add_signed(batch, block));
  add_late_votes(batch, block);
  const std::scoped_lock writing(write_mutex_);
  Head after = head();
  XL_CHECK(after.signed_height + 1 == static_cast<std::uint64_t>(block.light.header.height));
  ++after.signed_height;
  batch.put(Column::meta, view_of(meta_head), encode_head(after));
  XL_TRY(database_.write(std::move(batch), true));
  const std::scoped_lock lock(mutex_);
  durable_ = after;
  return {};
}

Result<std::uint64_t> Chain::last_time_ms() const {
  const std::uint64_t height = head().signed_height;
  if (height < base()) return base_ms_;
  {
    const std::scoped_lock lock(mutex_);
    if (last_time_ && last_time_->first == height) return last_time_->second;
  }
  XL_TRY_ASSIGN(const StoredBlockView last, stored_block(height));
  const std::uint64_t time_ms = last.header.time.milliseconds();
  const std::scoped_lock lock(mutex_);
  last_time_ = {height, time_ms};
  return time_ms;
}

Head Chain::head() const {
  const std::scoped_lock lock(mutex_);
  return durable_;
}

}  // namespace xl::chain
