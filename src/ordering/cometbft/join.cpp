// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/join.h"

#include "crypto/hash.h"

namespace xl::ordering::cometbft {

void SnapshotJoin::handle(const abci::Request& request, abci::Response& response) {
  switch (request.value_case()) {
    case abci::Request::kEcho:
      response.mutable_echo()->set_message(request.echo().message());
      break;
    case abci::Request::kFlush:
      response.mutable_flush();
      break;
    case abci::Request::kInfo:
      info(*response.mutable_info());
      break;
    case abci::Request::kQuery:  // peers are those of the engine's own configuration
      response.mutable_query();
      break;
    case abci::Request::kListSnapshots:
      response.mutable_list_snapshots();
      break;
    case abci::Request::kOfferSnapshot:
      response.mutable_offer_snapshot()->set_result(offer(request.offer_snapshot()));
      break;
    case abci::Request::kApplySnapshotChunk:
      apply(request.apply_snapshot_chunk(), *response.mutable_apply_snapshot_chunk());
      break;
    case abci::Request::kCheckTx:  // transactions that others gossip: the node will ask for them
      response.mutable_check_tx()->set_code(1);
      break;
    // Nothing was left to fetch, so the engine agrees with the others already. It goes on, or no
    // block would ever come: what it proposes holds nothing, and what it cannot check it refuses.
    case abci::Request::kPrepareProposal:
      response.mutable_prepare_proposal();
      break;
    case abci::Request::kProcessProposal:
      response.mutable_process_proposal()->set_status(abci::ResponseProcessProposal::REJECT);
      break;
    default:
      wait_for_the_end(request.has_finalize_block());
      response.mutable_exception()->set_error("the ledger was restored; start the node");
      break;
  }
}

SnapshotJoin::State SnapshotJoin::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::seconds(1));
  return state_;
}

void SnapshotJoin::stop() {
  const std::scoped_lock lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

/// The engine has stored the first block behind the snapshot once it wants it executed. Before that
/// it could not be started again: its state would be ahead of its blocks.
void SnapshotJoin::wait_for_the_end(bool block_stored) {
  std::unique_lock lock(mutex_);
  if (restored_ && block_stored) state_.finished = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return stopping_; });
}

void SnapshotJoin::info(abci::ResponseInfo& out) {
  const std::scoped_lock lock(mutex_);
  out.set_data("xinglin");
  out.set_version(XL_VERSION);
  out.set_app_version(genesis_.app_version);
  if (!restored_) return;
  const chain::snapshot::Manifest& manifest = taker_->manifest();
  out.set_last_block_height(static_cast<std::int64_t>(manifest.height));
  out.set_last_block_app_hash(std::string(text_of(manifest.app_hash())));
}

abci::ResponseOfferSnapshot::Result SnapshotJoin::offer(const abci::RequestOfferSnapshot& in) {
  using Answer = abci::ResponseOfferSnapshot;
  const auto& offered = in.snapshot();
  if (offered.format() != chain::snapshot::format) return Answer::REJECT_FORMAT;
  const ByteView bytes = view_of(offered.metadata());
  const auto manifest = chain::snapshot::decode_manifest(bytes);
  const std::scoped_lock lock(mutex_);
  const bool sound = manifest.ok() && manifest->height == offered.height() &&
                     manifest->chunk_count() == offered.chunks() &&
                     manifest->network == genesis_.network &&
                     equal(manifest->app_hash(), view_of(in.app_hash())) &&
                     equal(crypto::sha256(bytes), view_of(offered.hash()));
  changed_.notify_all();
  if (!sound) {
    ++state_.refused;
    return Answer::REJECT;
  }
  auto taker = chain::SnapshotTaker::begin(database_, genesis_, bytes);
  if (!taker.ok()) {
    state_.failure = taker.error();
    return Answer::ABORT;
  }
  taker_ = std::move(*taker);
  state_.height = manifest->height;
  state_.chunks = manifest->chunk_count();
  state_.taken = 0;
  return Answer::ACCEPT;
}

void SnapshotJoin::apply(const abci::RequestApplySnapshotChunk& in,
                         abci::ResponseApplySnapshotChunk& out) {
  using Answer = abci::ResponseApplySnapshotChunk;
  const std::scoped_lock lock(mutex_);
  changed_.notify_all();
  out.set_result(Answer::ABORT);
  if (!taker_) return;
  const Status added = taker_->add(in.index(), view_of(in.chunk()));
  if (!added.ok() && added.error().code == ErrorCode::snapshot_invalid) {
    ++state_.refused;
    out.set_result(Answer::RETRY);
    out.add_refetch_chunks(in.index());
    out.add_reject_senders(in.sender());
    return;
  }
  state_.failure = added;
  if (!added.ok()) return;
  ++state_.taken;
  if (taker_->complete()) {
    state_.failure = taker_->finish();
    if (!state_.failure.ok()) return;
    restored_ = true;
  }
  out.set_result(Answer::ACCEPT);
}

}  // namespace xl::ordering::cometbft
