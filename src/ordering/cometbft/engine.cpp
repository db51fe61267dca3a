// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "ordering/cometbft/engine.h"

#include <algorithm>
#include <map>

#include "crypto/hash.h"
#include "ordering/cometbft/rpc.h"

namespace xl::ordering::cometbft {
namespace {

/// Between two questions to an engine that does not answer or has no room.
constexpr auto retry_pause = std::chrono::milliseconds(100);
/// Between two questions for a header that is about to be there.
constexpr auto header_pause = std::chrono::milliseconds(3);
/// How often transactions that can no longer run are looked for.
constexpr auto sweep_pause = std::chrono::seconds(1);

/// Who waits for a transaction, and what becomes of it.
struct Answer {
  SlotPtr slot;
  Outcome outcome;
};

/// The latest time at which anything of these could still run.
std::uint64_t last_chance_ms(const std::vector<SlotPtr>& slots) {
  std::uint64_t out = 0;
  for (const SlotPtr& slot : slots) out = std::max(out, slot->valid_until_ms);
  return out;
}

std::size_t count_unanswered(const std::vector<SlotPtr>& slots) {
  return slots.size() - static_cast<std::size_t>(std::count(slots.begin(), slots.end(), nullptr));
}

class Impl final : public CometEngine {
 public:
  Impl(chain::Chain& chain, const Clock& clock, const crypto::SigningKey& envelope_key,
       Options options)
      : chain_(chain),
        envelope_key_(envelope_key),
        envelope_key_id_(model::key_id_of(envelope_key.algorithm(), envelope_key.public_key())),
        options_(std::move(options)),
        intake_(chain, options_.intake),
        application_(chain, clock, hooks(), options_.snapshots),
        asked_(options_.rpc_socket),
        sequence_(clock.now_ms() << 16U) {}
  ~Impl() override { stop(); }

  Status listen() {
    XL_TRY_ASSIGN(server_, AbciServer::start(options_.abci_socket,
                                             [this](const auto& request, auto& response) {
                                               application_.handle(request, response);
                                             }));
    return {};
  }

  [[nodiscard]] std::string_view name() const override { return "cometbft"; }
  void submit(std::vector<Bytes> transactions, Done done) override {
    intake_.submit(std::move(transactions), std::move(done));
  }
  void start() override;
  void stop() override;
  [[nodiscard]] std::size_t queued() const override { return intake_.queued(); }
  [[nodiscard]] std::size_t connections() const override { return server_->connections(); }
  [[nodiscard]] Health health() const override {
    Health out = watch_ ? watch_->health() : Health{};
    if (options_.snapshots == nullptr) return out;
    const auto made = options_.snapshots->list();
    if (!made.empty()) out.snapshot = made.back().height;
    return out;
  }
  [[nodiscard]] Result<std::string> forward(const std::string& request) override {
    const std::scoped_lock lock(asked_mutex_);
    return asked_.forward(request);
  }

 private:
  struct Envelope {
    std::vector<SlotPtr> slots;  // null: it ran out of another envelope, and is answered
    std::uint64_t last_chance_ms = 0;
  };
  /// Sealed, and shared with the application.
  struct Sealed {
    Hash digest{};
    Bytes raw;
  };

  Application::Hooks hooks();
  void send_loop();
  void send(std::vector<SlotPtr> slots);
  [[nodiscard]] Status may_send() const;
  Sealed seal(const std::vector<SlotPtr>& slots);
  std::vector<SlotPtr> refuse(const Hash& digest, ByteView refusals);
  void committed(ExecutedBlock block);
  SlotPtr take_waiting(const Hash& id);
  void forget(const std::vector<SlotPtr>& slots);
  void collect_loop();
  bool collect_next(EngineRpc& rpc);
  void answer_up_to(std::uint64_t height);
  void sweep();
  [[nodiscard]] bool stopping() const {
    const std::scoped_lock lock(mutex_);
    return stopping_;
  }

  chain::Chain& chain_;
  const crypto::SigningKey& envelope_key_;
  Hash envelope_key_id_;
  Options options_;
  Intake intake_;
  Application application_;
  std::mutex asked_mutex_;
  EngineRpc asked_;         // guarded by asked_mutex_
  std::uint64_t sequence_;  // sending thread only
  std::unique_ptr<AbciServer> server_;
  std::unique_ptr<HealthWatch> watch_;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable room_;
  std::condition_variable committed_;
  std::map<Hash, Envelope> waiting_;                        // sent, not in a block yet
  std::map<Hash, std::pair<Hash, std::size_t>> places_;     // id -> envelope, position: in waiting_
  std::map<std::uint64_t, std::vector<Answer>> by_height_;  // in a block, header to come
  std::size_t in_flight_ = 0;                               // transactions in the two
  bool stopping_ = false;
  std::thread sender_;
  std::thread collector_;
};

Application::Hooks Impl::hooks() {
  Application::Hooks out = options_.hooks;
  out.committed = [this](ExecutedBlock block) { committed(std::move(block)); };
  return out;
}

void Impl::start() {
  intake_.start();
  watch_ =
      std::make_unique<HealthWatch>(chain_, options_.rpc_socket, options_.members, options_.signer);
  sender_ = std::thread([this] { send_loop(); });
  collector_ = std::thread([this] { collect_loop(); });
}

void Impl::stop() {
  intake_.stop();
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  room_.notify_all();
  committed_.notify_all();
  if (sender_.joinable()) sender_.join();
  if (collector_.joinable()) collector_.join();
  if (server_) server_->stop();
  // The engine has the rest: what becomes of it can be asked for by id.
  std::vector<std::pair<SlotPtr, Error>> left;
  for (auto& [digest, envelope] : std::exchange(waiting_, {})) {
    for (SlotPtr& slot : envelope.slots) {
      if (slot) left.emplace_back(std::move(slot), make_error(ErrorCode::wait_timed_out));
    }
  }
  places_.clear();
  for (auto& [height, answers] : std::exchange(by_height_, {})) {
    for (Answer& answer : answers) {
      left.emplace_back(std::move(answer.slot), make_error(ErrorCode::wait_timed_out));
    }
  }
  intake_.refuse(left);
}

void Impl::send_loop() {
  const Intake::Wanted wanted{options_.envelope_transactions, options_.envelope_bytes,
                              options_.envelope_patience};
  while (intake_.wait(wanted)) {
    {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [this] { return stopping_ || in_flight_ < options_.in_flight_max; });
    }
    std::vector<SlotPtr> slots =
        intake_.take(options_.envelope_transactions, options_.envelope_bytes);
    if (stopping()) {
      std::vector<std::pair<SlotPtr, Error>> left;
      for (SlotPtr& slot : slots) {
        left.emplace_back(std::move(slot), make_error(ErrorCode::node_stopping));
      }
      intake_.refuse(left);
    } else if (!slots.empty()) {
      send(std::move(slots));
    }
  }
}

/// Packs and signs, and keeps the checked forms for the application.
Impl::Sealed Impl::seal(const std::vector<SlotPtr>& slots) {
  std::vector<ByteView> content;
  std::vector<execution::Item> items;
  for (const SlotPtr& slot : slots) {
    content.push_back(slot->raw);
    // Checked again only when a first attempt was refused in part, which is rare.
    if (!slot->checked) slot->checked.emplace(verification::check(slot->raw, chain_.registry()));
    slot->valid_until_ms = (*slot->checked)->transaction.body.valid_until_ms;
    slot->id = (*slot->checked)->transaction.id;
    items.push_back(std::move(*slot->checked));
    slot->checked.reset();
  }
  model::PackedEnvelope packed =
      model::pack_envelope(envelope_key_id_, ++sequence_, content, envelope_key_);
  Sealed out{crypto::sha256(packed.raw), std::move(packed.raw)};
  // Signed a moment ago by this very key: there is nothing to find out by checking it.
  application_.remember(out.digest, out.raw.size(),
                        std::make_shared<execution::EnvelopeInput>(execution::EnvelopeInput{
                            std::move(packed.envelope), std::move(items),
                            verification::SignatureVerdict{envelope_key_id_, true}}));
  return out;
}

/// Is this node's key a present member's? The others' engines would not even take a connection of
/// one that was expelled, so nobody but this node can say it.
Status Impl::may_send() const {
  model::Envelope envelope;
  envelope.key_id = envelope_key_id_;
  const verification::SignatureVerdict own{envelope_key_id_, true};
  return verification::admit_envelope(envelope, application_.block_ms(), *chain_.durable_state(),
                                      &own);
}

/// Hands transactions to the engine, whatever it takes: only a block, a refusal or their own end
/// decides what became of them.
void Impl::send(std::vector<SlotPtr> slots) {
  EngineRpc rpc(options_.rpc_socket);
  if (const Status may = may_send(); !may.ok()) {
    std::vector<std::pair<SlotPtr, Error>> refused;
    for (SlotPtr& slot : slots) refused.emplace_back(std::move(slot), may.error());
    intake_.refuse(refused);
    return;
  }
  while (!slots.empty()) {
    const Sealed sealed = seal(slots);
    {
      const std::scoped_lock lock(mutex_);
      in_flight_ += slots.size();
      const std::uint64_t last_chance = last_chance_ms(slots);
      for (std::size_t i = 0; i < slots.size(); ++i) places_[slots[i]->id] = {sealed.digest, i};
      waiting_.emplace(sealed.digest, Envelope{std::move(slots), last_chance});
    }
    slots.clear();
    while (true) {
      const auto sent = rpc.broadcast(sealed.raw);
      if (sent.ok() && sent->code == 0) break;
      if (sent.ok()) {
        slots = refuse(sealed.digest, sent->data);
        break;
      }
      std::unique_lock lock(mutex_);
      committed_.wait_for(lock, retry_pause, [this] { return stopping_; });
      // It was in a block after all, or its time is over.
      if (stopping_ || !waiting_.contains(sealed.digest)) return;
    }
  }
}

/// Answers what CheckTx refused. Returns the others, to be packed anew.
std::vector<SlotPtr> Impl::refuse(const Hash& digest, ByteView refusals) {
  std::vector<SlotPtr> slots;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = waiting_.find(digest);
    if (found == waiting_.end()) return {};
    slots = std::move(found->second.slots);
    waiting_.erase(found);
    forget(slots);
    in_flight_ -= count_unanswered(slots);
  }
  std::vector<Refusal> decoded;
  std::vector<std::pair<SlotPtr, Error>> refused;
  const bool understood = decode_refusals(refusals, decoded) && !decoded.empty();
  bool named = false;
  for (const Refusal& refusal : decoded) {
    if (refusal.position >= slots.size()) continue;
    named = true;
    if (slots[refusal.position]) {
      refused.emplace_back(std::move(slots[refusal.position]), make_error(refusal.code));
    }
  }
  std::erase(slots, nullptr);
  // Refused as a whole, or for a reason that names no transaction: none can go.
  if (!understood || !named) {
    const ErrorCode code = understood ? decoded[0].code : ErrorCode::engine_refused;
    for (SlotPtr& slot : slots) refused.emplace_back(std::move(slot), make_error(code));
    slots.clear();
  }
  intake_.refuse(refused);
  return slots;
}

/// On the consensus connection's thread.
void Impl::committed(ExecutedBlock block) {
  {
    const std::scoped_lock lock(mutex_);
    std::vector<Answer>& answers = by_height_[block.height];
    const auto answer = [&](SlotPtr slot, const Outcome& outcome) {
      if (slot) answers.push_back({std::move(slot), outcome});
    };
    // What ran out of another member's envelope ran: nobody gains by packing what is not theirs.
    for (const execution::Receipt& receipt : block.result.receipts) {
      const model::HistoryEntry& entry = receipt.entry();
      if (waiting_.contains(block.envelopes[entry.index])) continue;
      answer(take_waiting(entry.transaction_id), entry);
    }
    std::map<std::uint32_t, std::vector<SlotPtr>> mine;
    for (std::uint32_t i = 0; i < block.envelopes.size(); ++i) {
      const auto found = waiting_.find(block.envelopes[i]);
      if (found == waiting_.end()) continue;
      forget(found->second.slots);
      mine.emplace(i, std::move(found->second.slots));
      waiting_.erase(found);
    }
    const auto take_mine = [&](std::uint32_t index, std::uint32_t position) -> SlotPtr {
      const auto found = mine.find(index);
      if (found == mine.end() || position >= found->second.size()) return nullptr;
      return std::exchange(found->second[position], nullptr);
    };
    for (const execution::Receipt& receipt : block.result.receipts) {
      answer(take_mine(receipt.entry().index, receipt.entry().envelope_index), receipt.entry());
    }
    for (const execution::Rejection& rejection : block.result.rejections) {
      const auto found = mine.find(rejection.index);
      if (!rejection.whole_envelope) {
        answer(take_mine(rejection.index, rejection.envelope_index), rejection.error);
      } else if (found != mine.end()) {
        for (SlotPtr& slot : found->second) answer(std::exchange(slot, nullptr), rejection.error);
      }
    }
    if (answers.empty()) by_height_.erase(block.height);
  }
  committed_.notify_all();
}

/// The transaction that waits under this id, in whatever envelope; null when there is none. Caller
/// holds mutex_.
SlotPtr Impl::take_waiting(const Hash& id) {
  const auto place = places_.find(id);
  if (place == places_.end()) return nullptr;
  const auto [digest, position] = place->second;
  places_.erase(place);
  const auto found = waiting_.find(digest);
  if (found == waiting_.end()) return nullptr;
  SlotPtr out = std::exchange(found->second.slots[position], nullptr);
  if (count_unanswered(found->second.slots) == 0) waiting_.erase(found);
  return out;
}

/// Their envelope waits no longer. Caller holds mutex_.
void Impl::forget(const std::vector<SlotPtr>& slots) {
  for (const SlotPtr& slot : slots) {
    if (slot) places_.erase(slot->id);
  }
}

/// Makes headers and commits durable as soon as they exist, and answers whose receipts they
/// complete.
void Impl::collect_loop() {
  EngineRpc rpc(options_.rpc_socket);
  auto swept = std::chrono::steady_clock::now();
  while (!stopping()) {
    const chain::Head head = chain_.head();
    bool more = head.signed_height < head.height;
    const bool collected = more && collect_next(rpc);
    if (std::chrono::steady_clock::now() > swept + sweep_pause) {
      sweep();
      swept = std::chrono::steady_clock::now();
    }
    std::unique_lock lock(mutex_);
    if (collected) continue;
    committed_.wait_for(lock, more ? header_pause : sweep_pause, [&] {
      if (stopping_) return true;
      return !more && chain_.head().height > head.height;
    });
  }
}

bool Impl::collect_next(EngineRpc& rpc) {
  const std::uint64_t height = chain_.head().signed_height + 1;
  auto block = rpc.signed_block(height);
  if (!block.ok()) return false;
  // Whatever the engine says is verified: a header without two thirds is never stored.
  const Status stored = chain_.persist_signed(*block);
  if (!stored.ok()) {
    if (stored.error().code == ErrorCode::store_failed) stop_process(stored.error().text());
    return false;
  }
  answer_up_to(height - 1);
  return true;
}

void Impl::answer_up_to(std::uint64_t height) {
  std::vector<Answer> ready;
  {
    const std::scoped_lock lock(mutex_);
    while (!by_height_.empty() && by_height_.begin()->first <= height) {
      auto& answers = by_height_.begin()->second;
      ready.insert(ready.end(), std::make_move_iterator(answers.begin()),
                   std::make_move_iterator(answers.end()));
      by_height_.erase(by_height_.begin());
    }
    in_flight_ -= ready.size();
  }
  room_.notify_one();
  intake_.finished(ready.size());
  for (Answer& answer : ready) {
    answer.slot->submission->done(answer.slot->index, std::move(answer.outcome));
  }
}

/// Answers what no later block can hold any more.
void Impl::sweep() {
  const std::uint64_t block_ms = application_.block_ms();
  std::vector<std::pair<SlotPtr, Error>> expired;
  {
    const std::scoped_lock lock(mutex_);
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      if (at->second.last_chance_ms > block_ms) {
        ++at;
        continue;
      }
      forget(at->second.slots);
      for (SlotPtr& slot : at->second.slots) {
        if (slot) expired.emplace_back(std::move(slot), make_error(ErrorCode::transaction_expired));
      }
      at = waiting_.erase(at);
    }
    in_flight_ -= expired.size();
  }
  if (expired.empty()) return;
  room_.notify_one();
  intake_.refuse(expired);
}

}  // namespace

Result<std::unique_ptr<CometEngine>> CometEngine::make(chain::Chain& chain, const Clock& clock,
                                                       const crypto::SigningKey& envelope_key,
                                                       Options options) {
  auto engine = std::make_unique<Impl>(chain, clock, envelope_key, std::move(options));
  XL_TRY(engine->listen());
  return std::unique_ptr<CometEngine>(std::move(engine));
}

}  // namespace xl::ordering::cometbft
