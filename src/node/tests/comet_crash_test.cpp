// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: whichever step of FinalizeBlock or Commit the node dies in, it stands at a whole block
// afterwards, takes up what CometBFT sends it again, and comes to the app hashes of a node that was
// never killed. Method: the same blocks go to a reference and to a child process that is killed at
// every named step; then the store is opened again and given what CometBFT's handshake gives: each
// block above the last one that was committed (consensus/replay.go ReplayBlocks).
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/tests/test_network.h"
#include "ordering/cometbft/application.h"

namespace xl::node::testing {
namespace {

namespace comet = ordering::cometbft;
namespace abci = xinglin::abci::v1;

constexpr std::uint32_t blocks = 6;
constexpr std::uint32_t transactions_in_block = 20;

/// The envelopes of a block: good ones, one that is malformed, and a replay of the block before.
std::vector<std::string> block_of(const Network& network, std::uint32_t height) {
  std::vector<Bytes> transactions;
  for (std::uint32_t i = 0; i < transactions_in_block; ++i) {
    transactions.push_back(network.numbered_transaction(height * transactions_in_block + i));
  }
  if (height > 1) {
    transactions.push_back(network.numbered_transaction((height - 1) * transactions_in_block));
  }
  const Bytes envelope = model::seal_envelope(
      model::key_id_of(network.hospital.algorithm(), network.hospital.public_key()), height,
      transactions, network.hospital);
  return {std::string(text_of(envelope)), "malformed"};
}

/// What CometBFT asks for a block. The app hash that FinalizeBlock gave.
std::string run_block(comet::Application& application, const Network& network,
                      std::uint32_t height) {
  abci::Request request;
  auto* block = request.mutable_finalize_block();
  block->set_height(height);
  block->set_hash("block " + std::to_string(height));
  block->mutable_time()->set_seconds(static_cast<std::int64_t>(start_ms / 1000 + height));
  for (const std::string& tx : block_of(network, height)) block->add_txs(tx);
  abci::Response finalized;
  application.handle(request, finalized);
  request.mutable_commit();
  abci::Response committed;
  application.handle(request, committed);
  EXPECT_TRUE(committed.has_commit());
  return finalized.finalize_block().app_hash();
}

std::int64_t committed_height(comet::Application& application, std::string& app_hash) {
  abci::Request request;
  request.mutable_info();
  abci::Response response;
  application.handle(request, response);
  app_hash = response.info().last_block_app_hash();
  return response.info().last_block_height();
}

/// A process that runs blocks 1 to the last and is killed at `step` of block `height`.
void live_and_die(Network& network, std::string_view step, std::uint32_t height) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::uint32_t now = 0;
    comet::Application::Hooks hooks;
    hooks.step_hook = [&](std::string_view at) {
      if (at == step && now == height) ::kill(::getpid(), SIGKILL);
    };
    network.open_chain();
    comet::Application application(*network.chain, network.clock, std::move(hooks));
    for (now = 1; now <= blocks; ++now) (void)run_block(application, network, now);
    ::_exit(9);  // the step was never reached
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "never at " << step;
  ASSERT_EQ(WTERMSIG(status), SIGKILL);
}

TEST(CometCrash, AtEveryStepOfFinalizeBlockAndCommit) {
  Network reference(start_ms);
  reference.directory += "-reference";
  reference.open_chain();
  comet::Application undisturbed(*reference.chain, reference.clock, {});
  std::vector<std::string> app_hashes = {""};
  for (std::uint32_t height = 1; height <= blocks; ++height) {
    app_hashes.push_back(run_block(undisturbed, reference, height));
  }
  struct Death {
    std::string_view step;
    std::uint32_t lost;  ///< blocks that are not durable after it
  };
  for (const Death& death : {Death{"began", 1}, Death{"executed", 1}, Death{"answered", 1},
                             Death{"before_write", 1}, Death{"written", 0}, Death{"told", 0}}) {
    for (const std::uint32_t height : {1U, 4U}) {
      SCOPED_TRACE(std::string(death.step) + " of block " + std::to_string(height));
      Network network(start_ms);
      live_and_die(network, death.step, height);
      if (HasFatalFailure()) return;
      network.open_chain();
      comet::Application application(*network.chain, network.clock, {});
      std::string app_hash;
      const std::int64_t durable = committed_height(application, app_hash);
      ASSERT_EQ(durable, height - death.lost);
      EXPECT_EQ(app_hash, app_hashes[static_cast<std::size_t>(durable)]);
      for (auto next = static_cast<std::uint32_t>(durable) + 1; next <= blocks; ++next) {
        ASSERT_EQ(run_block(application, network, next), app_hashes[next]) << next;
      }
      const auto head = network.chain->head();
      EXPECT_EQ(head.history_size, std::uint64_t{blocks} * transactions_in_block);
      EXPECT_EQ(head.history_root, reference.chain->head().history_root);
    }
  }
}

}  // namespace
}  // namespace xl::node::testing
