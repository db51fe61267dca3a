// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "chain/snapshot_taker.h"

#include "chain/history_tree.h"
#include "chain/records.h"
#include "model/comet/encoding.h"
#include "model/limits.h"

namespace xl::chain {

using state::Column;

namespace {

/// Keys erased in one batch.
constexpr std::size_t erased_at_once = 100'000;

/// Removes what an attempt before left: only leaves are written before the end.
Status forget_leaves(state::Database& database) {
  for (bool more = true; more;) {
    state::Batch batch;
    std::size_t count = 0;
    XL_TRY(database.scan(Column::state, {}, {}, [&](ByteView key, ByteView) {
      batch.erase(Column::state, key);
      return ++count < erased_at_once;
    }));
    more = count == erased_at_once;
    XL_TRY(database.write(std::move(batch), false));
  }
  return {};
}

Head head_of(const snapshot::Manifest& manifest) {
  Head out;
  out.height = manifest.height;
  out.signed_height = manifest.height;
  out.state_root = manifest.state_root();
  out.history_root = manifest.history_root();
  out.history_size = manifest.history_size;
  out.app_hash = manifest.app_hash();
  return out;
}

/// The sets in force from the genesis to the height behind the way's last header, and the headers
/// that say so: what receipts need for their trust path.
void put_way(const snapshot::Way& way, const model::comet::ValidatorSet& genesis,
             state::Batch& batch) {
  batch.put(Column::validators, height_key(1), model::comet::encode_validators(genesis));
  for (std::size_t i = 0; i + 1 < way.steps.size(); ++i) {
    const auto height = static_cast<std::uint64_t>(way.steps[i].header.height);
    batch.put(Column::blocks, height_key(height), encode_block(way.steps[i].header, {}, {}, {}));
    batch.put(Column::commits, height_key(height),
              model::comet::encode_commit(way.steps[i].commit));
    batch.put(Column::validators, height_key(height + 1),
              model::comet::encode_validators(way.steps[i + 1].validators));
  }
  const model::comet::LightBlock& last = way.steps.back();
  if (last.header.next_validators_hash != last.header.validators_hash) {
    batch.put(Column::validators, height_key(static_cast<std::uint64_t>(last.header.height) + 1),
              model::comet::encode_validators(way.next_validators));
  }
}

}  // namespace

Result<std::unique_ptr<SnapshotTaker>> SnapshotTaker::begin(state::Database& database,
                                                            const model::Genesis& genesis,
                                                            ByteView manifest) {
  std::unique_ptr<SnapshotTaker> out(new SnapshotTaker(database, genesis));
  XL_TRY_ASSIGN(out->manifest_, snapshot::decode_manifest(manifest));
  if (out->manifest_.network != genesis.network) {
    return make_error(ErrorCode::snapshot_invalid, "it is of another network");
  }
  out->left_ = out->manifest_.chunk_count();
  out->added_.resize(out->left_);
  Bytes format;
  XL_TRY_ASSIGN(const bool ledger, database.get(Column::meta, view_of(meta_format), format));
  if (ledger) return make_error(ErrorCode::snapshot_invalid, "there is a ledger already");
  XL_TRY(forget_leaves(database));
  state::Batch batch;
  batch.put(Column::meta, view_of(meta_taking), height_key(out->manifest_.height));
  XL_TRY(database.write(std::move(batch), true));
  return out;
}

Status SnapshotTaker::add(std::uint32_t number, ByteView bytes) {
  if (number >= added_.size() || added_[number] || (number != 0 && !added_[0])) {
    return make_error(ErrorCode::snapshot_invalid,
                      "chunk " + std::to_string(number) + " is not the one asked for");
  }
  if (number == 0) {
    XL_TRY_ASSIGN(way_, snapshot::decode_way(bytes, manifest_, genesis_));
  } else {
    XL_TRY_ASSIGN(const std::vector<snapshot::Leaf> leaves,
                  snapshot::decode_chunk(bytes, manifest_, number - 1));
    state::Batch batch;
    for (const snapshot::Leaf& leaf : leaves) batch.put(Column::state, leaf.key, leaf.value);
    XL_TRY(database_.write(std::move(batch), false));
  }
  added_[number] = true;
  --left_;
  return {};
}

Status SnapshotTaker::finish() {
  XL_CHECK(complete());
  const Head head = head_of(manifest_);
  state::Batch batch;
  HistoryTree::put_tiles(manifest_.history_size, manifest_.history, batch);
  put_way(way_, genesis_.validators, batch);
  batch.put(Column::results, height_key(head.height), encode_roots(head, head.history_size));
  Bytes base = height_key(head.height + 1);
  append_be(base, way_.steps.back().header.time.milliseconds());
  batch.put(Column::meta, view_of(meta_base), base);
  batch.put(Column::meta, view_of(meta_head), encode_head(head));
  batch.put(Column::meta, view_of(meta_network), genesis_.network);
  batch.put(Column::meta, view_of(meta_format), Bytes{store_format_version});
  batch.erase(Column::meta, view_of(meta_taking));
  return database_.write(std::move(batch), true);
}

}  // namespace xl::chain
