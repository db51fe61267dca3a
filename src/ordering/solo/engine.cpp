// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/solo/engine.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "model/limits.h"
#include "ordering/solo/headers.h"

namespace xl::ordering::solo {
namespace {

/// Bytes that an envelope's own fields and framing may add to its transactions.
constexpr std::size_t envelope_overhead_bytes = 4096;
/// Transactions that a verify thread takes at a time.
constexpr std::size_t verify_chunk = 32;
/// While more are being verified, a block waits until this many are ready: each block costs four
/// signatures and a sync, and what it shares of the state tree is hashed once. Under a load that
/// fills it, it is gathered in some tens of milliseconds; without load nothing waits.
constexpr std::size_t gathered_min = 1024;

/// One submission's callback, shared by its transactions.
struct Submission {
  Done done;
};

/// A transaction on its way. `checked` is set by a verify thread before `ready`.
struct Slot {
  Bytes raw;
  std::shared_ptr<Submission> submission;
  std::size_t index = 0;
  std::optional<Result<verification::CheckedTransaction>> checked;
  bool ready = false;
};

/// Remembers key records for signature checks. The binding of a key id to its public key never
/// changes, so a cached one is never wrong; whether it is active is read elsewhere.
class KeyCacheReader final : public model::StateReader {
 public:
  explicit KeyCacheReader(const chain::Chain& chain) : chain_(chain) {}

  [[nodiscard]] bool get(ByteView key, Bytes& value) const override {
    return view(key, [&value](ByteView found) { value = copy_of(found); });
  }
  [[nodiscard]] bool view(ByteView key, const std::function<void(ByteView)>& use) const override {
    const auto cached = values_.find(text_of(key));
    if (cached != values_.end()) {
      use(cached->second);
      return true;
    }
    if (!view_) view_ = chain_.durable_state();
    Bytes value;
    if (!view_->get(key, value)) return false;
    use(value);
    if (values_.size() >= entries_max) values_.clear();
    values_.emplace(text_of(key), std::move(value));
    return true;
  }
  void scan(ByteView, ByteView, std::uint32_t,
            const std::function<bool(ByteView, ByteView)>&) const override {
    XL_CHECK(false);  // signature checks look keys up by id only
  }
  /// Sees later commits from now on.
  void refresh() { view_.reset(); }

 private:
  static constexpr std::size_t entries_max = 65536;
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  const chain::Chain& chain_;
  mutable std::unique_ptr<model::StateReader> view_;
  mutable std::unordered_map<std::string, Bytes, TextHash, std::equal_to<>> values_;
};

/// What the durable thread finishes.
struct Work {
  chain::FinalizedBlock block;
  model::comet::Header header;
  std::uint64_t signed_height = 0;
  struct Answer {
    std::shared_ptr<Submission> submission;
    std::size_t index;
    Outcome outcome;
  };
  std::vector<Answer> answers;
};

class SoloEngine final : public Engine {
 public:
  SoloEngine(chain::Chain& chain, const Clock& clock, const crypto::SigningKey& envelope_key,
             HeaderMaker headers, const Options& options)
      : chain_(chain),
        clock_(clock),
        envelope_key_(envelope_key),
        envelope_key_id_(model::key_id_of(envelope_key.algorithm(), envelope_key.public_key())),
        headers_(std::move(headers)),
        options_(options) {}

  ~SoloEngine() override { stop(); }

  [[nodiscard]] std::string_view name() const override { return "solo"; }
  void follow(Follower& follower) override { followers_.push_back(&follower); }
  void start() override;
  void stop() override;
  void submit(std::vector<Bytes> transactions, Done done) override;
  [[nodiscard]] std::size_t queued() const override {
    const std::scoped_lock lock(mutex_);
    return slots_.size() + in_flight_;
  }

 private:
  using SlotPtr = std::shared_ptr<Slot>;

  void sign_founding();
  void verify_loop();
  void order_loop();
  void durable_loop();
  [[nodiscard]] bool block_worthwhile() const;
  std::vector<SlotPtr> take_ready();
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
  std::vector<SlotPtr> drop_bad(std::vector<SlotPtr> slots);
  void refuse(const std::vector<std::pair<SlotPtr, Error>>& refused);
  Packed pack(const std::vector<SlotPtr>& slots);
  static void unpack(Packed& packed, const std::vector<SlotPtr>& slots);
  Packed pack_and_execute(std::vector<SlotPtr>& slots, std::uint64_t block_ms,
                          execution::BlockResult& result);
  void finish(Work work);
  void step(std::string_view name) const {
    if (options_.step_hook) options_.step_hook(name);
  }

  chain::Chain& chain_;
  const Clock& clock_;
  const crypto::SigningKey& envelope_key_;
  Hash envelope_key_id_;
  HeaderMaker headers_;  // ordering thread only
  Options options_;
  std::vector<Follower*> followers_;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable verify_wanted_;
  std::condition_variable order_wanted_;
  std::condition_variable durable_wanted_;
  std::condition_variable durable_room_;
  std::deque<SlotPtr> slots_;       // in order of submission
  std::deque<SlotPtr> unverified_;  // the same slots, until a verify thread takes them
  std::size_t ready_ = 0;           // how many of `slots_` are verified
  std::size_t queued_bytes_ = 0;
  std::size_t in_flight_ = 0;  // taken into blocks that are not durable yet
  std::deque<Work> durable_;
  bool stopping_ = false;
  bool ordering_done_ = false;
  std::vector<std::thread> verifiers_;
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
  const Status persisted = chain_.persist(std::move(block), 1);
  if (!persisted.ok()) stop_process(persisted.error().text());
}

void SoloEngine::start() {
  sign_founding();
  for (unsigned i = 0; i < options_.verify_threads; ++i) {
    verifiers_.emplace_back([this] { verify_loop(); });
  }
  orderer_ = std::thread([this] { order_loop(); });
  writer_ = std::thread([this] { durable_loop(); });
}

void SoloEngine::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  verify_wanted_.notify_all();
  order_wanted_.notify_all();
  for (std::thread& thread : verifiers_) {
    if (thread.joinable()) thread.join();
  }
  order_wanted_.notify_all();
  if (orderer_.joinable()) orderer_.join();
  {
    const std::scoped_lock lock(mutex_);
    ordering_done_ = true;
  }
  durable_wanted_.notify_all();
  if (writer_.joinable()) writer_.join();
}

void SoloEngine::submit(std::vector<Bytes> transactions, Done done) {
  const auto submission = std::make_shared<Submission>(Submission{std::move(done)});
  std::vector<std::pair<std::size_t, ErrorCode>> refused;
  const Status room = options_.room ? options_.room() : Status{};
  if (!room.ok()) {
    for (std::size_t i = 0; i < transactions.size(); ++i) submission->done(i, room.error());
    return;
  }
  {
    const std::scoped_lock lock(mutex_);
    for (std::size_t i = 0; i < transactions.size(); ++i) {
      const std::size_t bytes = transactions[i].size();
      if (stopping_) {
        refused.emplace_back(i, ErrorCode::node_stopping);
      } else if (bytes > limits::transaction_bytes_max) {
        refused.emplace_back(i, ErrorCode::transaction_too_large);
      } else if (slots_.size() >= options_.queue_transactions_max ||
                 queued_bytes_ + bytes > options_.queue_bytes_max) {
        refused.emplace_back(i, ErrorCode::queue_full);
      } else {
        auto slot = std::make_shared<Slot>();
        slot->raw = std::move(transactions[i]);
        slot->submission = submission;
        slot->index = i;
        queued_bytes_ += bytes;
        slots_.push_back(slot);
        unverified_.push_back(std::move(slot));
      }
    }
  }
  verify_wanted_.notify_all();
  for (const auto& [index, code] : refused) submission->done(index, make_error(code));
}

void SoloEngine::verify_loop() {
  KeyCacheReader keys(chain_);
  while (true) {
    std::vector<SlotPtr> chunk;
    {
      std::unique_lock lock(mutex_);
      verify_wanted_.wait(lock, [this] { return stopping_ || !unverified_.empty(); });
      if (unverified_.empty()) return;
      while (!unverified_.empty() && chunk.size() < verify_chunk) {
        chunk.push_back(std::move(unverified_.front()));
        unverified_.pop_front();
      }
    }
    keys.refresh();
    for (const SlotPtr& slot : chunk) {
      slot->checked.emplace(verification::check(slot->raw, chain_.registry()));
      if (slot->checked->ok()) verification::check_signatures(**slot->checked, keys);
    }
    {
      const std::scoped_lock lock(mutex_);
      for (const SlotPtr& slot : chunk) slot->ready = true;
      ready_ += chunk.size();
    }
    order_wanted_.notify_one();
  }
}

/// Is there enough to make a block of, or no more to come? The caller holds the lock.
bool SoloEngine::block_worthwhile() const {
  if (slots_.empty() || !slots_.front()->ready) return false;
  const std::size_t wanted = std::min(gathered_min, options_.block_transactions_max);
  return ready_ == slots_.size() || ready_ >= wanted;
}

/// Takes what is verified, in order of submission, up to a block's bounds.
std::vector<SoloEngine::SlotPtr> SoloEngine::take_ready() {
  std::vector<SlotPtr> taken;
  std::size_t bytes = 0;
  while (!slots_.empty() && slots_.front()->ready &&
         taken.size() < options_.block_transactions_max) {
    bytes += slots_.front()->raw.size();
    if (bytes > limits::block_bytes_max - limits::envelope_bytes_max && !taken.empty()) break;
    queued_bytes_ -= slots_.front()->raw.size();
    taken.push_back(std::move(slots_.front()));
    slots_.pop_front();
  }
  ready_ -= taken.size();
  in_flight_ += taken.size();
  return taken;
}

void SoloEngine::order_loop() {
  while (true) {
    std::vector<SlotPtr> taken;
    {
      std::unique_lock lock(mutex_);
      order_wanted_.wait(lock,
                         [this] { return block_worthwhile() || (stopping_ && slots_.empty()); });
      if (slots_.empty()) return;
      durable_room_.wait(lock, [this] { return durable_.size() < options_.blocks_ahead_max; });
      taken = take_ready();
    }
    make_block(std::move(taken));
  }
}

/// Sorts out what was malformed or wrongly signed, which needs no execution to know.
std::vector<SoloEngine::SlotPtr> SoloEngine::drop_bad(std::vector<SlotPtr> slots) {
  std::vector<SlotPtr> kept;
  std::vector<std::pair<SlotPtr, Error>> refused;
  for (SlotPtr& slot : slots) {
    const Result<verification::CheckedTransaction>& checked = *slot->checked;
    const bool forged =
        checked.ok() && std::any_of(checked->verdicts.begin(), checked->verdicts.end(),
                                    [](const auto& verdict) { return !verdict.valid; });
    if (!checked.ok()) {
      refused.emplace_back(slot, checked.error());
    } else if (forged) {
      refused.emplace_back(slot, make_error(ErrorCode::signature_invalid));
    } else {
      kept.push_back(std::move(slot));
    }
  }
  refuse(refused);
  return kept;
}

void SoloEngine::refuse(const std::vector<std::pair<SlotPtr, Error>>& refused) {
  {
    const std::scoped_lock lock(mutex_);
    in_flight_ -= refused.size();
  }
  for (const auto& [slot, error] : refused) slot->submission->done(slot->index, error);
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
    refuse(refused);
    slots = std::move(kept);
  }
  return {};
}

void SoloEngine::make_block(std::vector<SlotPtr> slots) {
  const std::uint64_t block_ms = headers_.next_block_ms(clock_.now_ms());
  slots = drop_bad(std::move(slots));
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
  work.header = data.light.header;
  work.signed_height = static_cast<std::uint64_t>(proof.light.header.height);
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
  std::vector<execution::Receipt> receipts = std::move(work.block.result.receipts);
  step("before_write");
  const Status persisted = chain_.persist(std::move(work.block), work.signed_height);
  // Nobody was told of this block yet, and going on would build on what is not on disk.
  if (!persisted.ok()) stop_process(persisted.error().text());
  step("written");
  {
    const std::scoped_lock lock(mutex_);
    in_flight_ -= work.answers.size();
  }
  const CommittedBlock committed{std::move(work.header), std::move(receipts)};
  for (Follower* follower : followers_) follower->committed(committed);
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
  XL_TRY_ASSIGN(HeaderMaker headers, HeaderMaker::resume(chain, validator));
  return std::unique_ptr<Engine>(
      std::make_unique<SoloEngine>(chain, clock, envelope_key, std::move(headers), options));
}

}  // namespace xl::ordering::solo
