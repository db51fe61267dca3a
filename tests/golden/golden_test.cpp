// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: what this ledger decided once it decides for ever, whatever compiler built it, however its
// hash tables are seeded, however many threads check signatures and whichever engine drives it.
// Method: a recorded chain with every message of every contract is run
// again from its bytes, and every header, root and result is compared with the record; the record
// itself is made again from its story.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "base/json/json.h"
#include "base/json/writer.h"
#include "golden/chain_player.h"
#include "golden/story.h"
#include "model/receipt.h"
#include "ordering/cometbft/application.h"
#include "ordering/intake.h"

namespace xl::golden {
namespace {

const std::string record_path = std::string(XL_SOURCE_DIR) + "/tests/golden/chain.jsonl";

model::Genesis read_genesis(std::string_view text) {
  auto genesis = model::read_genesis(view_of(text));
  XL_CHECK(genesis.ok());
  return std::move(*genesis);
}

std::string genesis_line(std::string_view text) {
  json::Writer out;
  out.begin_object().key("genesis").string(text).end_object();
  return out.take();
}

/// The whole record as the story gives it.
std::vector<std::string> record() {
  const std::string genesis = genesis_text();
  ChainPlayer player(genesis, validator());
  std::vector<std::string> lines = {genesis_line(genesis), player.founding()};
  for (const StoryBlock& block : story(read_genesis(genesis))) {
    lines.push_back(player.play(block.block_ms, block.envelopes));
  }
  lines.push_back(player.reopened());
  return lines;
}

std::vector<std::string> recorded() {
  std::ifstream file(record_path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

json::Document parsed(const std::string& line) {
  json::Limits bounds;
  bounds.bytes_max = line.size() + 1;
  auto document = json::parse(line, bounds);
  XL_CHECK(document.ok());
  return std::move(*document);
}

StoryBlock block_of(const json::Document& line) {
  StoryBlock out;
  out.block_ms = line.root().find("block_ms").as_uint64().value_or(0);
  for (const json::Value one : line.root().find("envelopes").items()) {
    XL_CHECK(from_base64(one.as_string().value_or(""), out.envelopes.emplace_back()));
  }
  return out;
}

/// The recorded chain, run again from its bytes.
class GoldenChain : public testing::Test {
 protected:
  void SetUp() override {
    lines = recorded();
    ASSERT_GE(lines.size(), 4U) << "there is no record: see tests/golden/README.md";
    const json::Document first = parsed(lines[0]);
    const std::string text(first.root().find("genesis").as_string().value_or(""));
    player.emplace(text, validator());
  }
  /// Lines 2 to the last but one are blocks.
  void replay() {
    EXPECT_EQ(player->founding(), lines[1]);
    for (std::size_t i = 2; i + 1 < lines.size(); ++i) {
      const StoryBlock block = block_of(parsed(lines[i]));
      ASSERT_EQ(player->play(block.block_ms, block.envelopes), lines[i]) << "block " << i;
    }
  }
  std::vector<std::string> lines;
  std::optional<ChainPlayer> player;
};

TEST(GoldenRecord, IsWhatItsStoryGives) {
  const std::vector<std::string> made = record();
  if (std::getenv("XL_GOLDEN_RECORD") != nullptr) {
    std::ofstream file(record_path, std::ios::trunc);
    for (const std::string& line : made) file << line << "\n";
    ASSERT_TRUE(file.flush().good());
  }
  EXPECT_EQ(made, recorded());
}

TEST_F(GoldenChain, GivesTheSameRootsAgain) {
  replay();
  EXPECT_EQ(player->reopened(), lines.back());
}

/// A block's transactions as the intake gives them out, checked on so many threads; what it refuses
/// at once is decoded as it would be in another member's block.
chain::DecodedBlock decode_on_threads(const ChainPlayer& player, unsigned threads,
                                      const std::vector<Bytes>& envelopes) {
  chain::DecodedBlock decoded = chain::decode_block(envelopes, player.registry());
  std::vector<Bytes> transactions;
  std::vector<execution::Item*> items;
  for (execution::EnvelopeInput& envelope : decoded) {
    if (!envelope.envelope.ok()) continue;
    const auto& packed = envelope.envelope->transactions;
    transactions.insert(transactions.end(), packed.begin(), packed.end());
    for (execution::Item& item : envelope.items) items.push_back(&item);
  }
  ordering::Intake::Options options;
  options.verify_threads = threads;
  ordering::Intake intake(player.chain(), options);
  std::atomic<std::size_t> answered = 0;
  intake.start();
  intake.submit(transactions, [&](std::size_t, const auto&) { ++answered; });
  for (std::size_t taken = 0; taken + answered < transactions.size();) {
    XL_CHECK(intake.wait({}));
    for (const ordering::SlotPtr& slot : intake.take(SIZE_MAX, SIZE_MAX)) {
      *items[slot->index] = std::move(*slot->checked);
      intake.finished(1);
      ++taken;
    }
  }
  intake.stop();
  return decoded;
}

TEST_F(GoldenChain, GivesTheSameRootsOnAnyNumberOfThreads) {
  for (const unsigned threads : {1U, 2U, 8U}) {
    SCOPED_TRACE(threads);
    SetUp();
    player->decode_with(
        [&](const auto& envelopes) { return decode_on_threads(*player, threads, envelopes); });
    replay();
  }
}

/// The same blocks as CometBFT would have the ledger run them.
class GoldenApplication : public testing::TestWithParam<unsigned> {};

TEST_P(GoldenApplication, GivesTheSameAppHashes) {
  namespace comet = ordering::cometbft;
  namespace abci = xinglin::abci::v1;
  const unsigned threads = GetParam();
  const std::vector<std::string> lines = recorded();
  ChainPlayer player(std::string(*parsed(lines[0]).root().find("genesis").as_string()),
                     validator());
  ManualClock clock(0);
  comet::Application application(player.mutable_chain(), clock, {});
  std::int64_t height = 0;
  const auto run = [&](std::uint64_t block_ms, const std::vector<Bytes>& envelopes) {
    abci::Request request;
    auto* block = request.mutable_finalize_block();
    block->set_height(++height);
    block->set_hash(std::to_string(height));
    block->mutable_time()->set_seconds(static_cast<std::int64_t>(block_ms / 1000));
    block->mutable_time()->set_nanos(static_cast<std::int32_t>(block_ms % 1000 * 1'000'000));
    for (const Bytes& one : envelopes) block->add_txs(std::string(text_of(one)));
    abci::Response answer;
    application.handle(request, answer);
    request.mutable_commit();
    abci::Response committed;
    application.handle(request, committed);
    return to_hex(view_of(answer.finalize_block().app_hash()));
  };
  (void)run(0, {});
  for (std::size_t i = 2; i + 1 < lines.size(); ++i) {
    const json::Document line = parsed(lines[i]);
    const StoryBlock block = block_of(line);
    // CheckTx leaves what it found in the cache that FinalizeBlock reads.
    std::vector<std::thread> checkers;
    for (unsigned thread = 0; thread < threads; ++thread) {
      checkers.emplace_back([&, thread] {
        for (std::size_t at = 0; at < block.envelopes.size(); ++at) {
          abci::Request request;
          const Bytes& tx = block.envelopes[(at + thread) % block.envelopes.size()];
          request.mutable_check_tx()->set_tx(std::string(text_of(tx)));
          abci::Response answer;
          application.handle(request, answer);
        }
      });
    }
    for (std::thread& one : checkers) one.join();
    ASSERT_EQ(run(block.block_ms, block.envelopes), line.root().find("app_hash").as_string())
        << "block " << i;
    (void)run(block.block_ms + 1, {});  // its proof block
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, GoldenApplication, testing::Values(0U, 1U, 2U, 8U));

TEST_F(GoldenChain, HasReceiptsThatVerify) {
  replay();
  const model::Genesis& genesis = player->chain().genesis();
  ASSERT_GT(player->executed().size(), 50U);
  for (const Hash& id : player->executed()) {
    const auto receipt = player->chain().receipt(id);
    ASSERT_TRUE(receipt.ok()) << receipt.error().text();
    const auto again = model::read_receipt(model::write_receipt(*receipt));
    ASSERT_TRUE(again.ok()) << again.error().text();
    const Status verified = model::verify_receipt(*again, genesis);
    EXPECT_TRUE(verified.ok()) << verified.error().text();
  }
}

TEST_F(GoldenChain, HoldsEveryMessageAndRefusalsOfEveryContract) {
  replay();
  std::set<std::pair<std::uint8_t, std::uint16_t>> applied;
  std::set<std::uint8_t> refused;
  for (const Hash& id : player->executed()) {
    const auto located = player->chain().transaction(id);
    ASSERT_TRUE(located.ok());
    const auto raw = player->chain().transaction_bytes(*located);
    ASSERT_TRUE(raw.ok());
    const auto transaction = model::decode_transaction(*raw);
    ASSERT_TRUE(transaction.ok());
    const std::uint32_t status = located->entry.status;
    if (status != 0) refused.insert(static_cast<std::uint8_t>(status / 100 - 20));
    for (const model::Message& message : transaction->body.messages) {
      if (status == 0) applied.insert({message.contract, message.type});
    }
  }
  for (const auto& contract : player->registry().all()) {
    EXPECT_TRUE(refused.contains(contract->number())) << contract->name();
    for (std::uint16_t type = 0; type < 64; ++type) {
      const auto checked = contract->check(type, {});
      if (!checked.ok() && checked.error().code == ErrorCode::contract_unknown) continue;
      EXPECT_TRUE(applied.contains({contract->number(), type}))
          << contract->name() << " type " << type << " was never applied";
    }
  }
}

}  // namespace
}  // namespace xl::golden
