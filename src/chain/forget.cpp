// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include <algorithm>

#include "chain/chain.h"
#include "chain/records.h"
#include "model/comet/encoding.h"

namespace xl::chain {

using state::Column;

std::uint64_t Chain::base() const {
  const std::shared_lock lock(base_mutex_);
  return base_;
}

/// Adds to the batch what forgets one block. One before a change of validators keeps its header,
/// with the commit that its successor holds, which is the same at every member.
Status Chain::forget(std::uint64_t height, bool changes_validators, state::Batch& batch) const {
  XL_TRY_ASSIGN(const StoredBlockView stored, stored_block(height));
  for (const Bytes& raw : stored.envelopes) {
    const auto envelope = model::decode_envelope(raw);
    if (!envelope.ok()) continue;  // a faulty proposer's; it holds no transactions
    for (const Bytes& one : envelope->transactions) {
      const auto decoded = model::decode_transaction(one);
      if (!decoded.ok()) continue;
      const auto located = transaction(decoded->id);
      const bool here = located.ok() && located->entry.height == height;
      if (here) batch.erase(Column::transactions, decoded->id);
    }
  }
  const Bytes key = height_key(height);
  batch.erase(Column::results, key);
  if (!changes_validators) {
    batch.erase(Column::blocks, key);
    batch.erase(Column::commits, key);
    return {};
  }
  XL_TRY_ASSIGN(const StoredBlockView next, stored_block(height + 1));
  batch.put(Column::blocks, key, encode_block(stored.header, {}, {}, {}));
  batch.put(Column::commits, key, model::comet::encode_commit(next.last_commit));
  return {};
}

Result<bool> Chain::forget_below(std::uint64_t height, std::uint64_t blocks_max) {
  Bytes executed;
  Bytes roots;
  // A state proof needs the roots of the last block that executed something.
  XL_TRY_ASSIGN(const bool found,
                database_.last_at_or_below(Column::results, height_key(height), executed, roots));
  const std::uint64_t from = base();
  const std::uint64_t target = found ? read_be<std::uint64_t>(executed) : 0;
  if (target <= from) return true;
  const std::uint64_t to = std::min(target, from + blocks_max);
  XL_TRY_ASSIGN(const std::vector<std::uint64_t> changes, set_changes(to));
  state::Batch batch;
  for (std::uint64_t at = from; at < to; ++at) {
    const bool change = std::binary_search(changes.begin(), changes.end(), at + 1);
    XL_TRY(forget(at, change, batch));
  }
  XL_TRY_ASSIGN(const StoredBlockView last, stored_block(to - 1));
  Bytes value = height_key(to);
  append_be(value, last.header.time.milliseconds());
  batch.put(Column::meta, view_of(meta_base), value);
  const std::unique_lock lock(base_mutex_);
  XL_TRY(database_.write(std::move(batch), true));
  base_ = to;
  return to == target;
}

}  // namespace xl::chain
