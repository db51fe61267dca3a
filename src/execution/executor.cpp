// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "execution/executor.h"

#include "contracts/governance/view.h"
#include "contracts/identity/view.h"
#include "crypto/hash.h"
#include "model/limits.h"
#include "model/tags.h"
#include "model/wire_writer.h"

namespace xl::execution {

namespace wire = model::wire_writer;

struct Executor::Position {
  std::uint64_t height;
  std::uint32_t index;
  std::uint32_t envelope_index;
};

namespace {

/// Says that a transaction ran; the key holds all there is to know.
constexpr std::uint8_t replay_mark_value[] = {1};

/// Where the search for droppable marks starts: 0x00 'f' -> version byte ‖ valid_until (8) of the
/// last mark dropped. New marks always lie above it, and a scan from the first key of the table
/// would have to step over the tombstones of every mark ever dropped.
constexpr std::uint8_t floor_key[] = {0, 'f'};
constexpr std::uint8_t floor_version = 1;

/// Drops replay marks that can no longer matter, oldest first. The block's own marks lie behind its
/// time, so they are looked for in the state `before` it.
void drop_replay_marks(const model::StateReader& before, model::BlockState& state,
                       std::uint64_t block_ms, std::size_t executed) {
  const auto count_max =
      static_cast<std::uint32_t>(executed * 2 + limits::replay_marks_dropped_base);
  const Bytes prefix = verification::replay_mark_prefix();
  Bytes from = prefix;
  Bytes floor;
  if (before.get(floor_key, floor)) append(from, ByteView(floor).subspan(1));
  std::vector<Bytes> expired;
  before.scan(prefix, from, count_max, [&](ByteView key, ByteView) {
    if (verification::replay_mark_valid_until_ms(key) > block_ms) return false;
    expired.push_back(copy_of(key));
    return true;
  });
  if (expired.empty()) return;
  for (const Bytes& key : expired) state.erase(key);
  floor = {floor_version};
  append_be(floor, verification::replay_mark_valid_until_ms(expired.back()));
  state.put(floor_key, floor);
}

/// Canonical TransactionResult of ledger.proto.
Bytes encode_result(contracts::StatusCode status, std::uint32_t failed_message,
                    const std::vector<contracts::Event>& events) {
  Bytes out;
  out.reserve(256);
  wire::append_number(out, 1, status);
  wire::append_number(out, 2, failed_message);
  Bytes encoded;
  Bytes one;
  for (const contracts::Event& event : events) {
    encoded.clear();
    wire::append_number(encoded, 1, event.contract);
    wire::append_number(encoded, 2, event.type);
    for (const contracts::EventAttribute& attribute : event.attributes) {
      one.clear();
      wire::append_number(one, 1, attribute.key);
      wire::append_bytes(one, 2, attribute.value);
      wire::append_element(encoded, 3, one);
    }
    wire::append_element(out, 3, encoded);
  }
  return out;
}

}  // namespace

std::vector<const EnvelopeInput*> places_of(std::span<const EnvelopeInput> envelopes) {
  std::vector<const EnvelopeInput*> out;
  out.reserve(envelopes.size());
  for (const EnvelopeInput& one : envelopes) out.push_back(&one);
  return out;
}

bool Executor::invariants_hold(const model::Overlay& changes,
                               const model::StateReader& before) const {
  const model::WriteSet& writes = changes.writes();
  if (writes.empty()) return true;
  // Nearly always one contract was touched: then nothing has to be copied.
  const std::uint8_t lowest = writes.begin()->key[0];
  if (lowest == (writes.end() - 1)->key[0]) {
    const contracts::Contract* contract = registry_.find(lowest);
    XL_CHECK(contract != nullptr);
    return contract->invariants(writes, before, changes);
  }
  for (const auto& contract : registry_.all()) {
    const Bytes first{contract->number()};
    const Bytes behind{static_cast<std::uint8_t>(contract->number() + 1)};
    const model::WriteSet own = writes.range(first, behind);
    if (!own.empty() && !contract->invariants(own, before, changes)) return false;
  }
  return true;
}

Receipt Executor::run(const verification::VerifiedTransaction& verified, contracts::Context context,
                      model::BlockState& block_state, const Position& position,
                      BlockResult& result) const {
  const model::Transaction& transaction = verified.transaction();
  context.transaction_id = transaction.id;
  context.callers = verified.callers();
  model::Overlay changes(block_state);
  std::vector<contracts::Event> events;
  contracts::StatusCode status = contracts::applied;
  std::uint32_t failed_message = 0;
  for (std::size_t i = 0; i < verified.commands().size() && status == contracts::applied; ++i) {
    const std::uint8_t number = transaction.body.messages[i].contract;
    status = verified.commands()[i]->authorize(context, changes);
    if (status != contracts::applied) {
      failed_message = static_cast<std::uint32_t>(i + 1);
      break;
    }
    contracts::OwnPrefixWriter writer(number, changes);
    contracts::EventSink sink(number, events);
    verified.commands()[i]->apply(context, writer, sink);
  }
  if (status == contracts::applied && changes.writes().size() > limits::writes_max) {
    status = static_cast<contracts::StatusCode>(ErrorCode::writes_exceeded);
  }
  if (status == contracts::applied && !invariants_hold(changes, block_state)) {
    status = static_cast<contracts::StatusCode>(ErrorCode::invariant_broken);
    result.alarms.push_back(transaction.id);
  }
  if (status == contracts::applied) {
    block_state.absorb(changes.writes());
  } else {
    events.clear();
  }
  block_state.put(verification::replay_mark_key(transaction.body.valid_until_ms, transaction.id),
                  replay_mark_value);
  Receipt receipt;
  receipt.result_ = encode_result(status, failed_message, events);
  receipt.events_ = std::move(events);
  receipt.entry_ = {transaction.id, position.height,
                    position.index, position.envelope_index,
                    status,         model::result_digest(receipt.result_)};
  return receipt;
}

Bytes Executor::run_envelope(const EnvelopeInput& input, const contracts::Context& context,
                             std::uint32_t index, model::BlockState& block_state,
                             verification::QuotaMeter& quotas, BlockResult& result) const {
  // One status per transaction, 0xffff ‖ code for what was rejected, so that members that disagree
  // about any of them cannot agree on the next header.
  Bytes data;
  const auto reject = [&](std::uint32_t envelope_index, const Error& error) {
    result.rejections.push_back({index, envelope_index, false, error});
    append_be<std::uint16_t>(data, 0xffff);
    append_be(data, static_cast<std::uint16_t>(error.code));
  };
  const auto* verdict = input.verdict ? &*input.verdict : nullptr;
  Status admitted =
      input.envelope.ok()
          ? verification::admit_envelope(*input.envelope, context.block_ms, block_state, verdict)
          : Status(input.envelope.error());
  if (admitted.ok()) admitted = quotas.take(*input.envelope, input.items.size(), block_state);
  if (!admitted.ok()) {
    reject(0, admitted.error());
    result.rejections.back().whole_envelope = true;
    return data;
  }
  for (std::size_t i = 0; i < input.items.size(); ++i) {
    const auto envelope_index = static_cast<std::uint32_t>(i);
    if (!input.items[i].ok()) {
      reject(envelope_index, input.items[i].error());
      continue;
    }
    const auto verified = verification::admit(*input.items[i], context, block_state);
    if (!verified.ok()) {
      reject(envelope_index, verified.error());
      continue;
    }
    const Position position{context.height, index, envelope_index};
    result.receipts.push_back(run(*verified, context, block_state, position, result));
    append_be(data, static_cast<std::uint16_t>(result.receipts.back().entry().status));
  }
  return data;
}

/// Each step stands alone: one that breaks an invariant is undone, and nothing more is done here.
void Executor::end_block(const contracts::Context& context, model::BlockState& block_state,
                         BlockResult& result) const {
  std::vector<contracts::Event> events;
  for (const auto& contract : registry_.all()) {
    for (std::uint32_t i = 0; i < limits::block_end_steps_max; ++i) {
      model::Overlay changes(block_state);
      contracts::EngineChanges engine = result.engine;
      const std::size_t reported = events.size();
      contracts::EventSink sink(contract->number(), events);
      if (!contract->end_block(context, changes, sink, engine)) break;
      if (!invariants_hold(changes, block_state)) {
        result.alarms.emplace_back();
        events.resize(reported);
        break;
      }
      block_state.absorb(changes.writes());
      result.engine = std::move(engine);
    }
  }
  if (!events.empty()) result.end_result = encode_result(contracts::applied, 0, events);
}

BlockResult Executor::execute(const model::StateReader& state, const BlockInput& block) const {
  BlockResult result;
  model::BlockState block_state(state, table_seed_);
  contracts::Context context;
  context.height = block.height;
  context.block_ms = block.block_ms;
  context.network = network_;
  verification::QuotaMeter quotas(block_state, block.block_ms);
  for (std::size_t i = 0; i < block.envelopes.size(); ++i) {
    const Bytes data = run_envelope(*block.envelopes[i], context, static_cast<std::uint32_t>(i),
                                    block_state, quotas, result);
    result.envelope_data.push_back(copy_of(crypto::sha256(data)));
  }
  if (!result.receipts.empty()) {
    quotas.write(block_state);
    end_block(context, block_state, result);
    drop_replay_marks(state, block_state, block.block_ms, result.receipts.size());
  }
  result.writes = block_state.take_writes();
  return result;
}

model::comet::ValidatorSet validators_of(const model::StateReader& state) {
  model::comet::ValidatorSet out;
  for (const contracts::governance::Member& member : contracts::governance::members_of(state)) {
    if (member.record.power() == 0) continue;
    out.push_back({copy_of(view_of(member.record.validator_key())),
                   static_cast<std::int64_t>(member.record.power())});
  }
  model::comet::sort_validators(out);
  return out;
}

std::optional<Bytes> public_key_of(const model::StateReader& state, const Hash& key_id) {
  const auto key = contracts::identity::find_key(state, key_id);
  if (!key) return std::nullopt;
  return copy_of(view_of(key->public_key()));
}

}  // namespace xl::execution
