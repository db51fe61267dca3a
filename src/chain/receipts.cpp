// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "chain/chain.h"
#include "chain/records.h"
#include "model/comet/encoding.h"

namespace xl::chain {
namespace {

using state::Column;

/// The transaction is in the block, or the block is not what it was.
Error misplaced(const Hash& id) {
  return make_error(ErrorCode::store_corrupt, "transaction " + to_hex(id) + " is not in its block");
}

/// The header after a block carries what it did: what has none yet cannot be proved.
std::uint64_t provable_in(const Head& now) {
  return std::min(now.height, std::max<std::uint64_t>(now.signed_height, 1) - 1);
}

}  // namespace

Result<LocatedTransaction> Chain::transaction(const Hash& id) const {
  Bytes stored;
  XL_TRY_ASSIGN(const bool found, database_.get(Column::transactions, id, stored));
  if (!found) {
    const std::uint64_t first = base();
    if (first == 1) return make_error(ErrorCode::transaction_unknown);
    return make_error(ErrorCode::transaction_unknown,
                      "what blocks before " + std::to_string(first) + " held is not kept here");
  }
  return decode_located(id, stored);
}

Result<StoredBlockView> Chain::block(std::uint64_t height) const {
  const std::shared_lock lock(base_mutex_);
  if (height != 0 && height < base_) return make_error(ErrorCode::block_not_kept);
  return stored_block(height);
}

Result<StoredBlockView> Chain::stored_block(std::uint64_t height) const {
  Bytes stored;
  XL_TRY_ASSIGN(const bool found, database_.get(Column::blocks, height_key(height), stored));
  if (!found) return make_error(ErrorCode::height_unknown);
  XL_TRY_ASSIGN(StoredBlockView out, decode_stored_block(stored));
  XL_TRY_ASSIGN(const bool has_commit, database_.get(Column::commits, height_key(height), stored));
  if (has_commit) {
    XL_TRY_ASSIGN(out.commit, model::comet::decode_commit(stored));
  }
  XL_TRY_ASSIGN(const bool executed, database_.get(Column::results, height_key(height), stored));
  if (executed) {
    XL_TRY_ASSIGN(BlockRoots roots, decode_roots(stored));
    out.end_result = std::move(roots.end_result);
  }
  return out;
}

Result<Bytes> Chain::transaction_bytes(const LocatedTransaction& located) const {
  XL_TRY_ASSIGN(const StoredBlockView stored, block(located.entry.height));
  if (located.entry.index >= stored.envelopes.size()) {
    return misplaced(located.entry.transaction_id);
  }
  const auto envelope = model::decode_envelope(stored.envelopes[located.entry.index]);
  if (!envelope.ok() || located.entry.envelope_index >= envelope->transactions.size()) {
    return misplaced(located.entry.transaction_id);
  }
  return envelope->transactions[located.entry.envelope_index];
}

Result<model::comet::LightBlock> Chain::light_block(std::uint64_t height) const {
  XL_TRY_ASSIGN(StoredBlockView stored, stored_block(height));
  if (!stored.commit) return make_error(ErrorCode::height_unknown);
  model::comet::LightBlock out{std::move(stored.header), std::move(*stored.commit), {}};
  XL_TRY_ASSIGN(out.validators, validators_at(height));
  return out;
}

/// The set in force: the one stored at the highest change at or below this height.
Result<model::comet::ValidatorSet> Chain::validators_at(std::uint64_t height) const {
  Bytes changed_at;
  Bytes set;
  XL_TRY_ASSIGN(const bool found, database_.last_at_or_below(Column::validators, height_key(height),
                                                             changed_at, set));
  if (!found) return make_error(ErrorCode::store_corrupt, "validators");
  return model::comet::decode_validators(set);
}

/// The heights behind the first at which the set became another one, ascending.
Result<std::vector<std::uint64_t>> Chain::set_changes(std::uint64_t up_to) const {
  std::vector<std::uint64_t> out;
  XL_TRY(database_.scan(Column::validators, {}, height_key(2), [&](ByteView key, ByteView) {
    const auto changed_at = read_be<std::uint64_t>(key);
    if (changed_at <= up_to) out.push_back(changed_at);
    return changed_at < up_to;
  }));
  return out;
}

Result<snapshot::Way> Chain::way_behind(std::uint64_t height) const {
  // A commit that a block holds is the same at every member; the one seen first may not be.
  const auto agreed = [&](std::uint64_t at) -> Result<model::comet::LightBlock> {
    XL_TRY_ASSIGN(StoredBlockView stored, stored_block(at));
    XL_TRY_ASSIGN(StoredBlockView next, stored_block(at + 1));
    XL_TRY_ASSIGN(model::comet::ValidatorSet validators, validators_at(at));
    return model::comet::LightBlock{std::move(stored.header), std::move(next.last_commit),
                                    std::move(validators)};
  };
  const std::shared_lock lock(base_mutex_);
  snapshot::Way out;
  XL_TRY_ASSIGN(const std::vector<std::uint64_t> changes, set_changes(height + 1));
  for (const std::uint64_t changed_at : changes) {
    // Below the base the blocks are gone, and what was stored is what a member agreed on.
    XL_TRY_ASSIGN(model::comet::LightBlock step,
                  changed_at < base_ ? light_block(changed_at - 1) : agreed(changed_at - 1));
    out.steps.push_back(std::move(step));
  }
  XL_TRY_ASSIGN(model::comet::LightBlock last, agreed(height + 1));
  out.steps.push_back(std::move(last));
  XL_TRY_ASSIGN(out.next_validators, validators_at(height + 2));
  return out;
}

/// The last block of each set of validators up to `height`, those at or below `since` left out.
Result<std::vector<model::comet::LightBlock>> Chain::path_to(std::uint64_t height,
                                                             std::uint64_t since) const {
  std::vector<model::comet::LightBlock> out;
  XL_TRY_ASSIGN(const std::vector<std::uint64_t> changes, set_changes(height));
  for (const std::uint64_t changed_at : changes) {
    if (changed_at - 1 <= since) continue;
    XL_TRY_ASSIGN(model::comet::LightBlock step, light_block(changed_at - 1));
    out.push_back(std::move(step));
  }
  return out;
}

/// The last block up to this height that executed something, which alone has roots stored (the
/// genesis is block 0). Nothing where it is not kept.
Result<std::optional<std::uint64_t>> Chain::executed_at_or_below(std::uint64_t height) const {
  Bytes executed;
  Bytes roots;
  XL_TRY_ASSIGN(const bool found,
                database_.last_at_or_below(Column::results, height_key(height), executed, roots));
  if (!found) return std::optional<std::uint64_t>();
  return std::optional<std::uint64_t>(read_be<std::uint64_t>(executed));
}

Result<SignedHeader> Chain::signed_header(std::uint64_t height) const {
  const std::shared_lock lock(base_mutex_);
  SignedHeader out;
  XL_TRY_ASSIGN(out.block, light_block(height));
  XL_TRY_ASSIGN(out.trust_path, path_to(height, 0));
  XL_TRY_ASSIGN(out.next_validators, validators_at(height + 1));
  return out;
}

/// Adds the header that carries the app hash of block `height`, the roots it is made of, and the
/// way from the genesis, or from height `since` where a header above that can be shown.
Status Chain::complete(model::Receipt& receipt, std::uint64_t height, std::uint64_t since) const {
  const std::uint64_t signed_height = head().signed_height;
  if (since > signed_height) return make_error(ErrorCode::height_unknown);
  const std::shared_lock lock(base_mutex_);
  Bytes stored;
  XL_TRY_ASSIGN(const bool found, database_.get(Column::results, height_key(height), stored));
  if (!found) return make_error(ErrorCode::height_unknown);
  XL_TRY_ASSIGN(const BlockRoots roots, decode_roots(stored));
  receipt.state_root = roots.state_root;
  receipt.history_root = roots.history_root;
  receipt.history_size = roots.history_size;
  std::uint64_t shown = height + 1;
  if (shown <= since && since < signed_height) {
    // Every header carries the roots of the last block that executed something before it.
    XL_TRY_ASSIGN(const std::optional<std::uint64_t> executed, executed_at_or_below(since));
    if (executed == height) shown = since + 1;
  }
  XL_TRY_ASSIGN(receipt.block, light_block(shown));
  const std::uint64_t from = shown > since ? since : 0;
  XL_TRY_ASSIGN(receipt.trust_path, path_to(shown, from));
  if (from != 0) {
    XL_TRY_ASSIGN(const std::vector<std::uint64_t> left_out, set_changes(from + 1));
    if (!left_out.empty()) receipt.since = from;
  }
  return {};
}

Result<model::Receipt> Chain::receipt(const Hash& id, std::uint64_t since) const {
  XL_TRY_ASSIGN(LocatedTransaction located, transaction(id));
  std::uint64_t proved_by = located.entry.height;
  if (proved_by < since && since < head().signed_height) {
    // The history only grows: a later root proves the entry to whoever begins later.
    XL_TRY_ASSIGN(const std::optional<std::uint64_t> executed, executed_at_or_below(since));
    proved_by = executed.value_or(proved_by);
  }
  model::Receipt out;
  XL_TRY(complete(out, proved_by, since));
  const HistoryNodes nodes(database_);
  if (!crypto::merkle::inclusion_path(nodes, located.history_index, out.history_size,
                                      out.history_path)) {
    return make_error(ErrorCode::store_corrupt, "history tree");
  }
  XL_TRY_ASSIGN(const Bytes raw, transaction_bytes(located));
  auto transaction = model::decode_transaction(raw);
  if (!transaction.ok() || transaction->id != id) return misplaced(id);
  const auto state = state_->durable_view();
  for (std::size_t i = 0; i < transaction->signatures.size(); ++i) {
    auto key = execution::public_key_of(*state, transaction->body.signers[i].key_id);
    if (!key) return misplaced(id);
    out.signers.push_back({std::move(*key), std::move(transaction->signatures[i])});
  }
  out.body = std::move(transaction->body_bytes);
  out.entry = located.entry;
  out.history_index = located.history_index;
  out.result = std::move(located.result);
  return out;
}

std::uint64_t Chain::provable_height() const { return provable_in(head()); }

Result<model::Receipt> Chain::state_receipt(ByteView key, std::uint64_t height,
                                            std::uint64_t since) const {
  const Head now = head();
  const std::uint64_t provable = provable_in(now);
  // Signed blocks above the last executed one are proof blocks: they changed nothing.
  const bool at_head = height == 0 || (height > now.height && height <= now.signed_height);
  const std::uint64_t asked = at_head ? provable : height;
  const std::uint64_t first = base();
  if (asked + 1 < first) return make_error(ErrorCode::height_too_old);
  XL_TRY_ASSIGN(state::Store::Proved proved, state_->prove(key, asked));
  // Roots are stored where something was executed; blocks after that one changed nothing.
  XL_TRY_ASSIGN(const std::optional<std::uint64_t> executed, executed_at_or_below(asked));
  if (!executed) {
    return make_error(asked < first ? ErrorCode::height_too_old : ErrorCode::height_unknown);
  }
  model::Receipt out;
  XL_TRY(complete(out, *executed, since));
  if (proved.root != out.state_root) return make_error(ErrorCode::store_corrupt, "state root");
  out.state = std::move(proved.proof);
  return out;
}

Result<std::vector<Hash>> Chain::consistency(std::uint64_t size1, std::uint64_t size2) const {
  if (size1 > size2 || size2 > head().history_size) return make_error(ErrorCode::height_unknown);
  std::vector<Hash> path;
  if (size1 == 0 || size1 == size2) return path;
  const HistoryNodes nodes(database_);
  if (!crypto::merkle::consistency_path(nodes, size1, size2, path)) {
    return make_error(ErrorCode::store_corrupt, "history tree");
  }
  return path;
}

}  // namespace xl::chain
