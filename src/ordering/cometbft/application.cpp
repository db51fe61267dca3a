// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/application.h"

#include <algorithm>

#include "crypto/hash.h"
#include "model/comet/timestamp.h"
#include "model/limits.h"

namespace xl::ordering::cometbft {
namespace {

/// As much as CometBFT's mempool is told to hold.
constexpr std::size_t cache_bytes_max = 256U << 20U;
constexpr std::string_view peer_id_path = "/p2p/filter/id/";
constexpr std::string_view peer_address_path = "/p2p/filter/addr/";

std::uint64_t milliseconds_of(const abci::Timestamp& time) {
  return model::comet::Timestamp{time.seconds(), time.nanos()}.milliseconds();
}

/// What one transaction takes in a proposal: its bytes behind a tag and their length.
std::int64_t proposal_bytes(std::size_t size) {
  std::int64_t out = 2 + static_cast<std::int64_t>(size);
  for (std::size_t rest = size; rest >= 0x80; rest >>= 7U) ++out;
  return out;
}

/// What the ledger asks of the engine, in the engine's words.
void write_changes(const contracts::EngineChanges& changes, abci::ResponseFinalizeBlock& out) {
  for (const auto& change : changes.validators) {
    auto* update = out.add_validator_updates();
    update->mutable_pub_key()->set_ed25519(std::string(text_of(change.public_key)));
    update->set_power(static_cast<std::int64_t>(change.power));
  }
  if (changes.block_bytes_max != 0) {
    auto* block = out.mutable_consensus_param_updates()->mutable_block();
    block->set_max_bytes(static_cast<std::int64_t>(changes.block_bytes_max));
    block->set_max_gas(-1);
  }
  if (changes.app_version != 0) {
    out.mutable_consensus_param_updates()->mutable_version()->set_app(changes.app_version);
  }
}

/// The time of the last block that this node knows, or of the genesis.
std::uint64_t last_block_ms(const chain::Chain& chain) {
  const auto last = chain.last_time_ms();
  if (!last.ok()) stop_process(last.error().text());
  return *last;
}

}  // namespace

Bytes encode_refusals(const std::vector<Refusal>& refusals) {
  Bytes out;
  for (const Refusal& refusal : refusals) {
    append_be(out, refusal.position);
    append_be(out, static_cast<std::uint16_t>(refusal.code));
  }
  return out;
}

bool decode_refusals(ByteView bytes, std::vector<Refusal>& out) {
  if (bytes.size() % 4 != 0) return false;
  for (; !bytes.empty(); bytes = bytes.subspan(4)) {
    out.push_back({read_be<std::uint16_t>(bytes.first(2)),
                   static_cast<ErrorCode>(read_be<std::uint16_t>(bytes.subspan(2, 2)))});
  }
  return true;
}

Application::Application(chain::Chain& chain, const Clock& clock, Hooks hooks,
                         chain::SnapshotMaker* snapshots)
    : chain_(chain),
      clock_(clock),
      hooks_(std::move(hooks)),
      snapshots_(snapshots),
      cache_(cache_bytes_max),
      pool_(std::max(1U, std::thread::hardware_concurrency()) - 1),
      mempool_(chain, cache_, pool_),
      consensus_(chain, cache_, pool_),
      block_ms_(last_block_ms(chain)) {}

void Application::handle(const abci::Request& request, abci::Response& response) {
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
    case abci::Request::kInitChain: {
      const std::string wrong = init_chain(request.init_chain(), *response.mutable_init_chain());
      if (!wrong.empty()) response.mutable_exception()->set_error(wrong);
      break;
    }
    case abci::Request::kQuery:
      query(request.query(), *response.mutable_query());
      break;
    case abci::Request::kCheckTx: {
      const std::scoped_lock lock(mempool_mutex_);
      check_tx(request.check_tx(), *response.mutable_check_tx());
      break;
    }
    case abci::Request::kPrepareProposal:
    case abci::Request::kProcessProposal:
    case abci::Request::kFinalizeBlock:
    case abci::Request::kCommit:
      decide(request, response);
      break;
    case abci::Request::kExtendVote:  // never enabled by the genesis
      response.mutable_extend_vote();
      break;
    case abci::Request::kVerifyVoteExtension:
      response.mutable_verify_vote_extension()->set_status(
          abci::ResponseVerifyVoteExtension::ACCEPT);
      break;
    case abci::Request::kListSnapshots:
      list_snapshots(*response.mutable_list_snapshots());
      break;
    case abci::Request::kLoadSnapshotChunk:
      load_chunk(request.load_snapshot_chunk(), *response.mutable_load_snapshot_chunk());
      break;
    case abci::Request::kOfferSnapshot:
      response.mutable_offer_snapshot()->set_result(abci::ResponseOfferSnapshot::REJECT);
      break;
    default:
      response.mutable_exception()->set_error("this request is not supported");
      break;
  }
}

/// What leads to a block and makes it durable.
void Application::decide(const abci::Request& request, abci::Response& response) {
  // One call at a time already; this hands the state on when the engine was started again.
  const std::scoped_lock lock(consensus_mutex_);
  if (request.has_prepare_proposal()) {
    prepare(request.prepare_proposal(), *response.mutable_prepare_proposal());
  } else if (request.has_process_proposal()) {
    response.mutable_process_proposal()->set_status(acceptable(request.process_proposal()).ok()
                                                        ? abci::ResponseProcessProposal::ACCEPT
                                                        : abci::ResponseProcessProposal::REJECT);
  } else if (request.has_finalize_block()) {
    finalize(request.finalize_block(), *response.mutable_finalize_block());
  } else {
    commit();
    // The engine forgets what the ledger forgot.
    response.mutable_commit()->set_retain_height(static_cast<std::int64_t>(chain_.base()));
  }
}

void Application::info(abci::ResponseInfo& out) const {
  const chain::Head head = chain_.head();
  out.set_data("xinglin");
  out.set_version(XL_VERSION);
  out.set_app_version(verification::app_version(*chain_.durable_state(), chain_.genesis()));
  out.set_last_block_height(static_cast<std::int64_t>(head.height));
  if (head.height > 0) out.set_last_block_app_hash(std::string(text_of(head.app_hash)));
}

/// What is wrong, or nothing. The ledger was founded from its own copy of the genesis.
std::string Application::init_chain(const abci::RequestInitChain& in,
                                    abci::ResponseInitChain& out) const {
  const model::Genesis& genesis = chain_.genesis();
  if (in.chain_id() != genesis.chain_id) return "the engine's genesis is of another network";
  model::comet::ValidatorSet validators;
  for (const auto& validator : in.validators()) {
    validators.push_back({copy_of(view_of(validator.pub_key().ed25519())), validator.power()});
  }
  model::comet::sort_validators(validators);
  if (validators != genesis.validators) return "the engine's genesis names other validators";
  if (chain_.head().height != 0) return "the ledger is not at its beginning";
  out.set_app_hash(std::string(text_of(chain_.head().app_hash)));
  return {};
}

void Application::query(const abci::RequestQuery& in, abci::ResponseQuery& out) const {
  const std::string_view path = in.path();
  out.set_height(static_cast<std::int64_t>(chain_.head().height));
  if (path.starts_with(peer_address_path)) return;  // members are known by their keys
  if (path.starts_with(peer_id_path)) {
    const bool allowed =
        !hooks_.peer_allowed || hooks_.peer_allowed(path.substr(peer_id_path.size()));
    out.set_code(allowed ? 0 : 1);
    return;
  }
  out.set_code(1);
  out.set_log("the ledger is read through the node's own API");
}

void Application::list_snapshots(abci::ResponseListSnapshots& out) const {
  if (snapshots_ == nullptr) return;
  for (const chain::SnapshotMaker::Made& made : snapshots_->list()) {
    auto* one = out.add_snapshots();
    one->set_height(made.height);
    one->set_format(chain::snapshot::format);
    one->set_chunks(made.chunks);
    one->set_hash(std::string(text_of(made.digest)));
    one->set_metadata(std::string(text_of(made.manifest)));
  }
}

/// Nothing when it was dropped meanwhile: the engine asks another peer.
void Application::load_chunk(const abci::RequestLoadSnapshotChunk& in,
                             abci::ResponseLoadSnapshotChunk& out) const {
  if (snapshots_ == nullptr || in.format() != chain::snapshot::format) return;
  const auto chunk = snapshots_->chunk(in.height(), in.chunk());
  if (chunk.ok()) out.set_chunk(std::string(text_of(*chunk)));
}

std::vector<Refusal> Application::admissible(const execution::EnvelopeInput& envelope) const {
  if (!envelope.envelope.ok()) {
    return {{Refusal::whole_envelope, envelope.envelope.error().code}};
  }
  // In an idle network the last block is old, and the next one will not be.
  contracts::Context context;
  context.network = chain_.genesis().network;
  context.block_ms = std::max(block_ms_.load(), clock_.now_ms());
  const auto state = chain_.durable_state();
  const auto* verdict = envelope.verdict ? &*envelope.verdict : nullptr;
  const Status admitted =
      verification::admit_envelope(*envelope.envelope, context.block_ms, *state, verdict);
  if (!admitted.ok()) return {{Refusal::whole_envelope, admitted.error().code}};
  verification::QuotaMeter quotas(*state, context.block_ms);
  const Status quota = quotas.take(*envelope.envelope, envelope.items.size(), *state);
  if (!quota.ok()) return {{Refusal::whole_envelope, quota.error().code}};
  std::vector<Refusal> out;
  for (std::size_t i = 0; i < envelope.items.size(); ++i) {
    const execution::Item& item = envelope.items[i];
    const auto position = static_cast<std::uint16_t>(i);
    if (!item.ok()) {
      out.push_back({position, item.error().code});
      continue;
    }
    const auto verified = verification::admit(*item, context, *state);
    if (!verified.ok()) out.push_back({position, verified.error().code});
  }
  return out;
}

/// An envelope goes when nothing in it can run any more. No signature is checked.
void Application::recheck(const execution::EnvelopeInput& envelope,
                          abci::ResponseCheckTx& out) const {
  const auto state = chain_.durable_state();
  const std::uint64_t block_ms = block_ms_.load();
  Bytes mark;
  const bool alive =
      std::any_of(envelope.items.begin(), envelope.items.end(), [&](const execution::Item& item) {
        if (!item.ok()) return false;
        const model::Transaction& transaction = item->transaction;
        const std::uint64_t until = transaction.body.valid_until_ms;
        return until > block_ms &&
               !state->get(verification::replay_mark_key(until, transaction.id), mark);
      });
  out.set_code(alive ? 0 : 1);
}

void Application::check_tx(const abci::RequestCheckTx& in, abci::ResponseCheckTx& out) {
  const CheckedEnvelope envelope = mempool_.check(view_of(in.tx()));
  if (in.type() == abci::RECHECK) {
    recheck(*envelope, out);
    return;
  }
  const std::vector<Refusal> refusals = admissible(*envelope);
  if (refusals.empty()) return;
  cache_.remove(crypto::sha256(view_of(in.tx())));
  out.set_code(1);
  out.set_data(std::string(text_of(encode_refusals(refusals))));
  out.set_log("refused, first with XL" +
              std::to_string(static_cast<unsigned>(refusals.front().code)));
}

void Application::prepare(const abci::RequestPrepareProposal& in,
                          abci::ResponsePrepareProposal& out) {
  const std::uint64_t block_ms = milliseconds_of(in.time());
  const auto state = chain_.durable_state();
  verification::QuotaMeter quotas(*state, block_ms);
  std::int64_t bytes = 0;
  for (const std::string& tx : in.txs()) {
    if (out.txs_size() == static_cast<int>(limits::block_envelopes_max)) break;
    const CheckedEnvelope envelope = consensus_.check(view_of(tx));
    if (!sound(*envelope).ok()) continue;
    // After a halt a block still carries the time before it. What is too far ahead of that waits
    // for the next one.
    const bool early =
        std::any_of(envelope->items.begin(), envelope->items.end(), [&](const auto& item) {
          return item->transaction.body.valid_until_ms > block_ms + limits::validity_window_ms;
        });
    if (early) continue;
    const std::int64_t size = proposal_bytes(tx.size());
    if (bytes + size > in.max_tx_bytes()) break;
    // Who packed it may have been expelled, or used its quota up, since it came in.
    const auto* verdict = envelope->verdict ? &*envelope->verdict : nullptr;
    if (!verification::admit_envelope(*envelope->envelope, block_ms, *state, verdict).ok())
      continue;
    if (!quotas.take(*envelope->envelope, envelope->items.size(), *state).ok()) continue;
    bytes += size;
    out.add_txs(tx);
  }
}

/// Only what every honest proposer holds to, and what all members see alike: bytes, signatures, and
/// the keys on the ledger before this block.
Status Application::acceptable(const abci::RequestProcessProposal& in) {
  if (in.txs_size() > static_cast<int>(limits::block_envelopes_max)) {
    return make_error(ErrorCode::envelope_malformed, "too many in one block");
  }
  for (const std::string& tx : in.txs()) {
    XL_TRY(sound(*consensus_.check(view_of(tx))));
  }
  return {};
}

void Application::finalize(const abci::RequestFinalizeBlock& in, abci::ResponseFinalizeBlock& out) {
  if (pending_ && pending_->hash == in.hash()) {  // the engine was started again
    out = pending_->answer;
    return;
  }
  const auto height = static_cast<std::uint64_t>(in.height());
  // Two blocks at one height: the ledger's assumption is broken, and going on would fork it.
  if (pending_ || height != chain_.head().height + 1) {
    stop_process("the engine finalised block " + std::to_string(height) + " out of order");
  }
  const std::uint64_t version = verification::app_version(chain_.head_state(), chain_.genesis());
  // Going on by other rules than the others would give another ledger.
  if (version > limits::app_version_max) {
    stop_process("the members voted for protocol version " + std::to_string(version) +
                 "; this program knows versions up to " + std::to_string(limits::app_version_max) +
                 ": install a newer one");
  }
  step("began");
  const std::uint64_t block_ms = milliseconds_of(in.time());
  std::vector<CheckedEnvelope> envelopes;
  std::vector<const execution::EnvelopeInput*> places;
  Pending pending;
  pending.hash = in.hash();
  pending.executed.height = height;
  for (const auto& one : in.misbehavior()) {
    pending.misbehaved.push_back({copy_of(view_of(one.validator().address())),
                                  static_cast<std::uint64_t>(one.height()), height,
                                  one.type() == abci::DUPLICATE_VOTE});
  }
  for (const std::string& tx : in.txs()) {
    envelopes.push_back(consensus_.check(view_of(tx)));
    places.push_back(envelopes.back().get());
    pending.executed.envelopes.push_back(crypto::sha256(view_of(tx)));
  }
  pending.block = chain_.finalize(height, chain_.execute(height, block_ms, places));
  step("executed");
  for (const Bytes& data : pending.block.result.envelope_data) {
    out.add_tx_results()->set_data(std::string(text_of(data)));
  }
  out.set_app_hash(std::string(text_of(pending.block.head.app_hash)));
  write_changes(pending.block.result.engine, out);
  pending.answer = out;
  block_ms_ = block_ms;
  pending_ = std::move(pending);
  step("answered");
}

void Application::commit() {
  if (!pending_) stop_process("the engine committed a block that was never finalised");
  pending_->executed.result = std::move(pending_->block.result);
  step("before_write");
  Status persisted;
  if (!pending_->misbehaved.empty()) {
    persisted = chain_.add_misbehaviour(pending_->block, pending_->misbehaved);
  }
  if (persisted.ok()) persisted = chain_.persist(std::move(pending_->block), 0);
  // Nobody was told of this block yet, and going on would build on what is not on disk.
  if (!persisted.ok()) stop_process(persisted.error().text());
  step("written");
  if (snapshots_ != nullptr) snapshots_->committed(pending_->executed.height);
  for (const Hash& digest : pending_->executed.envelopes) cache_.remove(digest);
  ExecutedBlock executed = std::move(pending_->executed);
  const std::vector<chain::Misbehaviour> misbehaved = std::move(pending_->misbehaved);
  pending_.reset();
  for (const auto& one : misbehaved) {
    if (hooks_.misbehaved) hooks_.misbehaved(one);
  }
  if (hooks_.committed) hooks_.committed(std::move(executed));
  step("told");
}

}  // namespace xl::ordering::cometbft
