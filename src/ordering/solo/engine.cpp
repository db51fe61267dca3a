// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/solo/engine.h"

#include <algorithm>

#include "model/limits.h"
#include "ordering/intake.h"
#include "ordering/solo/headers.h"
#include "ordering/solo/mark.h"

namespace xl::ordering::solo {
namespace {

/// Bytes that an envelope's own fields and framing may add to its transactions.
constexpr std::size_t envelope_overhead_bytes = 4096;
/// While more are being verified, a block waits until this many are ready: each block costs four
/// signatures and a sync, and what it shares of the state tree is hashed once. Under a load that
/// fills it, it is gathered in some tens of milliseconds; without load nothing waits.
constexpr std::size_t gathered_min = 1024;

/// What the durable thread finishes.
struct Work {
  chain::FinalizedBlock block;
  Signed last;
  struct Answer {
    std::shared_ptr<Submission> submission;
    std::size_t index;
    Outcome outcome;
  };
  std::vector<Answer> answers;
};

Hash hash_of(const chain::SignedBlock& block) {
  Hash out{};
  std::ranges::copy(block.light.commit.block_id.hash, out.begin());
  return out;
}

class SoloEngine final : public Engine {
 public:
  SoloEngine(chain::Chain& chain, const Clock& clock, const crypto::SigningKey& envelope_key,
             HeaderMaker headers, SigningMark mark, const Options& options)
      : chain_(chain),
        clock_(clock),
        envelope_key_(envelope_key),
        envelope_key_id_(model::key_id_of(envelope_key.algorithm(), envelope_key.public_key())),
        headers_(std::move(headers)),
        mark_(std::move(mark)),
        options_(options),
        intake_(chain, options.intake) {}

  ~SoloEngine() override { stop(); }

  [[nodiscard]] std::string_view name() const override { return "solo"; }
  void start() override;
  void stop() override;
  void submit(std::vector<Bytes> transactions, Done done) override {
    intake_.submit(std::move(transactions), std::move(done));
  }
  [[nodiscard]] std::size_t queued() const override { return intake_.queued(); }
  /// Alone there is nobody to wait for; what cannot be written stops the process.
  [[nodiscard]] Health health() const override { return {}; }

 private:
  void sign_founding();
  void order_loop();
  void durable_loop();
  void make_block(std::vector<SlotPtr> slots);
  static std::vector<Work::Answer> answers_of(const std::vector<SlotPtr>& slots,
                                              const std::vector<std::size_t>& sizes,
                                              const execution::BlockResult& result);
  /// Envelopes of a block to be, with the number of transactions in each.
  struct Packed {
    std::vector<Bytes> envelopes;
    chain::DecodedBlock decoded;
    std::vector<std::size_t> sizes;
  };
  Packed pack(const std::vector<SlotPtr>& slots);
  static void unpack(Packed& packed, const std::vector<SlotPtr>& slots);
  Packed pack_and_execute(std::vector<SlotPtr>& slots, std::uint64_t block_ms,
                          execution::BlockResult& result);
  void keep(chain::FinalizedBlock block, const Signed& last);
  void finish(Work work);
  void step(std::string_view name) const {
    if (options_.step_hook) options_.step_hook(name);
  }

  chain::Chain& chain_;
  const Clock& clock_;
  const crypto::SigningKey& envelope_key_;
  Hash envelope_key_id_;
  HeaderMaker headers_;  // ordering thread only
  SigningMark mark_;     // writing thread only
  Options options_;
  Intake intake_;

  std::mutex mutex_;  // guards all below
  std::condition_variable durable_wanted_;
  std::condition_variable durable_room_;
  std::deque<Work> durable_;
  bool ordering_done_ = false;
  std::thread orderer_;
  std::thread writer_;
};

/// The first block of a chain is empty: its header carries the app hash of the founding, so that
/// what the genesis wrote can be proved before anything else happens.
void SoloEngine::sign_founding() {
  if (headers_.next_height() != 1) return;
  const std::uint64_t block_ms = headers_.next_block_ms(clock_.now_ms());
  const Hash app_hash = chain_.finalized_head().app_hash;
  const auto founding = headers_.sign({}, block_ms, app_hash, {});
  chain::FinalizedBlock block = chain_.finalize(1, {});
  const Status added = chain_.add_signed(block.batch, founding);
  XL_CHECK(added.ok());
  keep(std::move(block), {1, hash_of(founding)});
}

/// Makes a block durable, then notes it: a mark never names what the ledger does not hold.
void SoloEngine::keep(chain::FinalizedBlock block, const Signed& last) {
  Status kept = chain_.persist(std::move(block), last.height);
  if (kept.ok()) kept = mark_.advance(last.height, last.block);
  // Nobody was told of this block yet, and going on would build on what is not on disk.
  if (!kept.ok()) stop_process(kept.error().text());
}

void SoloEngine::start() {
  sign_founding();
  intake_.start();
  orderer_ = std::thread([this] { order_loop(); });
  writer_ = std::thread([this] { durable_loop(); });
}

void SoloEngine::stop() {
  intake_.stop();
  if (orderer_.joinable()) orderer_.join();
  {
    const std::scoped_lock lock(mutex_);
    ordering_done_ = true;
  }
  durable_wanted_.notify_all();
  if (writer_.joinable()) writer_.join();
}

void SoloEngine::order_loop() {
  const Intake::Wanted wanted{std::min(gathered_min, options_.block_transactions_max)};
  while (intake_.wait(wanted)) {
    {
      std::unique_lock lock(mutex_);
      durable_room_.wait(lock, [this] { return durable_.size() < options_.blocks_ahead_max; });
    }
    make_block(intake_.take(options_.block_transactions_max,
                            limits::block_bytes_max - limits::envelope_bytes_max));
  }
}

/// Packs transactions into envelopes, and lends their checked forms on so that nothing is decoded
/// or verified twice.
SoloEngine::Packed SoloEngine::pack(const std::vector<SlotPtr>& slots) {
  Packed packed;
  for (std::size_t at = 0; at < slots.size();) {
    std::vector<ByteView> content;
    std::vector<execution::Item> items;
    std::size_t bytes = envelope_overhead_bytes;
    while (at < slots.size() && content.size() < limits::envelope_transactions_max) {
      bytes += slots[at]->raw.size() + 8;
      if (bytes > limits::envelope_bytes_max && !content.empty()) break;
      content.push_back(slots[at]->raw);
      items.push_back(std::move(*slots[at]->checked));
      ++at;
    }
    const std::uint64_t sequence =
        headers_.next_height() * limits::block_envelopes_max + packed.envelopes.size();
    model::PackedEnvelope sealed =
        model::pack_envelope(envelope_key_id_, sequence, content, envelope_key_);
    packed.envelopes.push_back(std::move(sealed.raw));
    packed.sizes.push_back(items.size());
    // Signed a moment ago by this very key: there is nothing to find out by checking it.
    packed.decoded.push_back({std::move(sealed.envelope), std::move(items),
                              verification::SignatureVerdict{envelope_key_id_, true}});
  }
  return packed;
}

/// Gives the checked forms back to their slots.
void SoloEngine::unpack(Packed& packed, const std::vector<SlotPtr>& slots) {
  std::size_t at = 0;
  for (auto& input : packed.decoded) {
    for (auto& item : input.items) slots[at++]->checked.emplace(std::move(item));
  }
}

/// Brings positions of the block back to submissions: envelopes were filled in order, `sizes` are
/// their numbers of transactions.
std::vector<Work::Answer> SoloEngine::answers_of(const std::vector<SlotPtr>& slots,
                                                 const std::vector<std::size_t>& sizes,
                                                 const execution::BlockResult& result) {
  std::vector<std::size_t> first_of_envelope;
  std::size_t first = 0;
  for (const std::size_t size : sizes) {
    first_of_envelope.push_back(first);
    first += size;
  }
  XL_CHECK(first == slots.size());
  std::vector<std::optional<Outcome>> outcomes(slots.size());
  for (const auto& receipt : result.receipts) {
    const model::HistoryEntry& entry = receipt.entry();
    outcomes[first_of_envelope[entry.index] + entry.envelope_index] = entry;
  }
  for (const auto& rejection : result.rejections) {
    const std::size_t begin = first_of_envelope[rejection.index];
    outcomes[begin + rejection.envelope_index] = rejection.error;
    // A refused envelope has one rejection for all it holds.
    for (std::size_t i = begin; i < begin + sizes[rejection.index]; ++i) {
      if (rejection.whole_envelope) outcomes[i] = rejection.error;
    }
  }
  std::vector<Work::Answer> answers;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    XL_CHECK(outcomes[i].has_value());
    answers.push_back({slots[i]->submission, slots[i]->index, std::move(*outcomes[i])});
  }
  return answers;
}

/// Executes until nothing is rejected any more: what a rule refuses to let in takes no room in a
/// block. A rejected transaction leaves no trace, so the second run rejects nothing.
SoloEngine::Packed SoloEngine::pack_and_execute(std::vector<SlotPtr>& slots, std::uint64_t block_ms,
                                                execution::BlockResult& result) {
  while (!slots.empty()) {
    Packed packed = pack(slots);
    result = chain_.execute(headers_.next_height(), block_ms, packed.decoded);
    if (result.rejections.empty()) return packed;
    const auto answers = answers_of(slots, packed.sizes, result);
    unpack(packed, slots);
    std::vector<SlotPtr> kept;
    std::vector<std::pair<SlotPtr, Error>> refused;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (answers[i].outcome.ok()) {
        kept.push_back(std::move(slots[i]));
      } else {
        refused.emplace_back(std::move(slots[i]), answers[i].outcome.error());
      }
    }
    intake_.refuse(refused);
    slots = std::move(kept);
  }
  return {};
}

void SoloEngine::make_block(std::vector<SlotPtr> slots) {
  const std::uint64_t block_ms = headers_.next_block_ms(clock_.now_ms());
  execution::BlockResult result;
  Packed packed = pack_and_execute(slots, block_ms, result);
  if (slots.empty()) return;
  const Hash before = chain_.finalized_head().app_hash;
  Work work;
  work.answers = answers_of(slots, packed.sizes, result);
  work.block = chain_.finalize(headers_.next_height(), std::move(result));
  step("executed");
  const auto data =
      headers_.sign(std::move(packed.envelopes), block_ms, before, work.block.result.envelope_data);
  const auto proof =
      headers_.sign({}, headers_.next_block_ms(clock_.now_ms()), work.block.head.app_hash, {});
  const Status data_added = chain_.add_signed(work.block.batch, data);
  const Status proof_added = chain_.add_signed(work.block.batch, proof);
  XL_CHECK(data_added.ok());
  XL_CHECK(proof_added.ok());
  step("signed");
  work.last = {static_cast<std::uint64_t>(proof.light.header.height), hash_of(proof)};
  {
    const std::scoped_lock lock(mutex_);
    durable_.push_back(std::move(work));
  }
  durable_wanted_.notify_one();
  step("queued");
}

void SoloEngine::durable_loop() {
  while (true) {
    std::unique_lock lock(mutex_);
    durable_wanted_.wait(lock, [this] { return ordering_done_ || !durable_.empty(); });
    if (durable_.empty()) return;
    Work work = std::move(durable_.front());
    lock.unlock();
    finish(std::move(work));
    lock.lock();
    durable_.pop_front();
    lock.unlock();
    durable_room_.notify_one();
  }
}

void SoloEngine::finish(Work work) {
  step("before_write");
  keep(std::move(work.block), work.last);
  step("written");
  intake_.finished(work.answers.size());
  for (Work::Answer& answer : work.answers) {
    answer.submission->done(answer.index, std::move(answer.outcome));
  }
  step("answered");
}

}  // namespace

Result<std::unique_ptr<Engine>> make_engine(chain::Chain& chain, const Clock& clock,
                                            const crypto::SigningKey& validator,
                                            const crypto::SigningKey& envelope_key,
                                            const Options& options) {
  if (!verification::engine_is_fixed(chain.head_state())) {
    return make_error(ErrorCode::config_invalid,
                      "engine.kind: members may vote on this network's validators, which only "
                      "\"cometbft\" can change");
  }
  XL_TRY_ASSIGN(HeaderMaker headers, HeaderMaker::resume(chain, validator));
  XL_TRY_ASSIGN(SigningMark mark, SigningMark::open(options.mark, chain));
  return std::unique_ptr<Engine>(std::make_unique<SoloEngine>(
      chain, clock, envelope_key, std::move(headers), std::move(mark), options));
}

}  // namespace xl::ordering::solo
