// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "golden/chain_player.h"

#include <unistd.h>

#include "base/check.h"
#include "base/json/writer.h"
#include "model/comet/header.h"

namespace xl::golden {
namespace {

constexpr std::array<std::uint64_t, 2> table_seeds = {0, 0xfedcba9876543210};

bool same_results(const execution::BlockResult& one, const execution::BlockResult& two) {
  if (one.envelope_data != two.envelope_data || one.receipts.size() != two.receipts.size() ||
      one.writes.size() != two.writes.size()) {
    return false;
  }
  for (std::size_t i = 0; i < one.receipts.size(); ++i) {
    if (one.receipts[i].entry() != two.receipts[i].entry()) return false;
  }
  auto other = two.writes.begin();
  for (const auto& [key, value] : one.writes) {
    if (!equal(key, other->key) || value.has_value() != other->value.has_value()) return false;
    if (value && !equal(*value, *other->value)) return false;
    ++other;
  }
  return true;
}

void write_head(json::Writer& out, const chain::Head& head) {
  out.key("app_hash").string(to_hex(head.app_hash));
  out.key("state_root").string(to_hex(head.state_root));
  out.key("history_root").string(to_hex(head.history_root));
  out.key("history_size").unsigned_integer(head.history_size);
}

/// `status transaction result`, each executed transaction on one line of the array.
void write_results(json::Writer& out, const execution::BlockResult& result) {
  out.key("results").begin_array();
  for (const execution::Receipt& receipt : result.receipts) {
    const model::HistoryEntry& entry = receipt.entry();
    out.string(std::to_string(entry.status) + " " + to_hex(entry.transaction_id) + " " +
               to_hex(entry.result_digest));
  }
  out.end_array().key("rejections").begin_array();
  for (const execution::Rejection& rejection : result.rejections) {
    out.string(code_text(describe(rejection.error.code).number) + " " +
               std::to_string(rejection.index) +
               (rejection.whole_envelope ? "" : "." + std::to_string(rejection.envelope_index)));
  }
  out.end_array().key("alarms").unsigned_integer(result.alarms.size());
}

}  // namespace

ChainPlayer::ChainPlayer(std::string genesis, const crypto::SigningKey& validator)
    : genesis_(std::move(genesis)),
      validator_(validator),
      directory_(std::filesystem::temp_directory_path() /
                 ("xl-golden-" + std::to_string(::getpid()))) {
  std::filesystem::remove_all(directory_);
  open();
}

ChainPlayer::~ChainPlayer() {
  headers_.reset();
  chain_.reset();
  database_.reset();
  std::filesystem::remove_all(directory_);
}

void ChainPlayer::open() {
  headers_.reset();
  chain_.reset();
  database_.reset();
  auto database = state::Database::open(directory_, {});
  XL_CHECK(database.ok());
  database_ = std::move(*database);
  auto genesis = model::read_genesis(view_of(genesis_));
  XL_CHECK(genesis.ok());
  auto opened = chain::Chain::open(*database_, registry_, std::move(*genesis));
  XL_CHECK(opened.ok());
  chain_ = std::move(*opened);
  auto headers = ordering::solo::HeaderMaker::resume(*chain_, validator_);
  XL_CHECK(headers.ok());
  headers_.emplace(std::move(*headers));
}

std::string ChainPlayer::founding() {
  const Hash app_hash = chain_->finalized_head().app_hash;
  const auto block = headers_->sign({}, headers_->next_block_ms(0), app_hash, {});
  chain::FinalizedBlock founding = chain_->finalize(1, {});
  XL_CHECK(chain_->add_signed(founding.batch, block).ok());
  XL_CHECK(chain_->persist(std::move(founding), 1).ok());
  json::Writer out;
  out.begin_object().key("header").string(to_hex(model::comet::hash_of(block.light.header)));
  write_head(out, chain_->head());
  out.end_object();
  return out.take();
}

bool ChainPlayer::same_for_other_seeds(std::uint64_t height, std::uint64_t block_ms,
                                       const chain::DecodedBlock& decoded,
                                       const execution::BlockResult& result) const {
  for (const std::uint64_t seed : table_seeds) {
    const execution::Executor executor(registry_, chain_->genesis().network, seed);
    const auto other =
        executor.execute(chain_->head_state(), {height, block_ms, execution::places_of(decoded)});
    if (!same_results(result, other)) return false;
  }
  return true;
}

std::string ChainPlayer::play(std::uint64_t block_ms, const std::vector<Bytes>& envelopes) {
  const std::uint64_t height = headers_->next_height();
  const chain::DecodedBlock decoded =
      decoder_ ? decoder_(envelopes) : chain::decode_block(envelopes, registry_);
  auto result = chain_->execute(height, block_ms, decoded);
  json::Writer out;
  out.begin_object().key("height").unsigned_integer(height);
  out.key("block_ms").unsigned_integer(block_ms).key("envelopes").begin_array();
  for (const Bytes& envelope : envelopes) out.string(to_base64(envelope));
  out.end_array();
  if (!same_for_other_seeds(height, block_ms, decoded, result)) out.key("seeds").string("differ");
  write_results(out, result);
  for (const auto& receipt : result.receipts) executed_.push_back(receipt.entry().transaction_id);

  const Hash before = chain_->finalized_head().app_hash;
  chain::FinalizedBlock block = chain_->finalize(height, std::move(result));
  const auto data = headers_->sign(envelopes, block_ms, before, block.result.envelope_data);
  const auto proof = headers_->sign({}, block_ms + 1, block.head.app_hash, {});
  XL_CHECK(chain_->add_signed(block.batch, data).ok());
  XL_CHECK(chain_->add_signed(block.batch, proof).ok());
  XL_CHECK(chain_->persist(std::move(block), height + 1).ok());
  out.key("header").string(to_hex(model::comet::hash_of(data.light.header)));
  out.key("proof_header").string(to_hex(model::comet::hash_of(proof.light.header)));
  write_head(out, chain_->head());
  out.end_object();
  return out.take();
}

std::string ChainPlayer::reopened() {
  open();
  json::Writer out;
  out.begin_object().key("height").unsigned_integer(chain_->head().signed_height);
  write_head(out, chain_->head());
  out.end_object();
  return out.take();
}

}  // namespace xl::golden
