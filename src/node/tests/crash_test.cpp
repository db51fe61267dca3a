// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Goal: whatever moment the process dies in, every acknowledged transaction is there afterwards,
// nothing is half-written, and the store equals an independent replay. Method: a child process
// submits and notes each acknowledgement in a pipe; it is killed at every named step of a commit
// once, and 20 times (XL_FULL=1: 200) at random moments under load; then the store is opened again
// and verified from the genesis.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

#include "node/tests/test_network.h"
#include "node/tools/ledger_verify.h"

namespace xl::node {
namespace {

using testing::Network;
using testing::start_ms;

/// Submits transactions until the process is killed; writes each acknowledged number to `out`.
[[noreturn]] void submit_until_killed(Network& network, int out, std::uint32_t first) {
  for (std::uint32_t i = first;; i += 8) {
    std::vector<Bytes> batch;
    for (std::uint32_t k = 0; k < 8; ++k) batch.push_back(network.numbered_transaction(i + k));
    std::promise<void> all;
    std::atomic<int> left{8};
    network.engine->submit(std::move(batch), [&](std::size_t index, ordering::Outcome outcome) {
      const std::uint32_t number = i + static_cast<std::uint32_t>(index);
      if (outcome.ok() && ::write(out, &number, sizeof number) != sizeof number) ::_exit(9);
      if (--left == 0) all.set_value();
    });
    all.get_future().wait();
  }
}

/// Numbers that the child acknowledged before it died.
std::vector<std::uint32_t> read_acknowledged(int in) {
  std::vector<std::uint32_t> numbers;
  std::uint32_t number = 0;
  while (::read(in, &number, sizeof number) == static_cast<ssize_t>(sizeof number)) {
    numbers.push_back(number);
  }
  return numbers;
}

/// Opens the store again and checks it against what was acknowledged and against a replay.
void expect_intact(Network& network, const std::vector<std::uint32_t>& acknowledged) {
  network.open();
  for (const std::uint32_t number : acknowledged) {
    const auto decoded = model::decode_transaction(network.numbered_transaction(number));
    ASSERT_TRUE(decoded.ok());
    const auto receipt = network.chain->receipt(decoded->id);
    ASSERT_TRUE(receipt.ok()) << number << ": " << receipt.error().text();
    ASSERT_TRUE(model::verify_receipt(*receipt, network.genesis()).ok());
  }
  const auto report = verify_ledger(*network.database, network.registry, network.genesis(), {});
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_FALSE(report->damage.has_value()) << report->damage->record << report->damage->what;
  EXPECT_EQ(report->app_hash, network.chain->head().app_hash);
  EXPECT_GE(report->transactions, acknowledged.size());
  network.close();
}

/// How a child dies.
struct Death {
  std::string_view step;  ///< at this step of a commit, its `occurrence`-th time; or
  int occurrence = 0;
  unsigned delay_us = 0;  ///< so long after its start,
  bool at_work = false;   ///< or after the first transaction that it acknowledged
};

/// One life of a child.
std::vector<std::uint32_t> live_and_die(Network& network, std::uint32_t first, const Death& death) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    std::atomic<int> seen{0};
    ordering::solo::Options options;
    if (!death.step.empty()) {
      options.step_hook = [&seen, &death](std::string_view at) {
        if (at == death.step && ++seen == death.occurrence) ::kill(::getpid(), SIGKILL);
      };
    }
    network.open(options);
    submit_until_killed(network, ends[1], first);
  }
  ::close(ends[1]);
  if (death.step.empty()) {
    pollfd acknowledged{ends[0], POLLIN, 0};
    if (death.at_work) ::poll(&acknowledged, 1, 60'000);
    ::usleep(death.delay_us);
    ::kill(child, SIGKILL);
  }
  auto acknowledged = read_acknowledged(ends[0]);
  ::close(ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  return acknowledged;
}

TEST(Crash, AtEveryStepOfACommit) {
  Network network(start_ms);
  std::uint32_t first = 1;
  for (const std::string_view step :
       {"executed", "signed", "queued", "before_write", "written", "answered"}) {
    for (const int occurrence : {1, 4}) {
      const auto acknowledged = live_and_die(network, first, {step, occurrence, 0, false});
      expect_intact(network, acknowledged);
      if (::testing::Test::HasFatalFailure()) FAIL() << "step " << step;
      first += 100'000;
    }
  }
}

TEST(Crash, AtRandomMomentsUnderLoad) {
  const char* full = std::getenv("XL_FULL");
  const int kills = full != nullptr && std::string_view(full) == "1" ? 200 : 20;
  const auto seed = static_cast<unsigned>(::getpid());
  std::mt19937 random(seed);
  Network network(start_ms);
  std::uint32_t first = 1;
  std::size_t total = 0;
  for (int i = 0; i < kills; ++i) {
    const auto delay_us = static_cast<unsigned>(20'000 + random() % 120'000);
    const auto acknowledged = live_and_die(network, first, {{}, 0, delay_us, i % 2 != 0});
    total += acknowledged.size();
    expect_intact(network, acknowledged);
    if (::testing::Test::HasFatalFailure()) FAIL() << "seed " << seed << " kill " << i;
    first += 100'000;
  }
  EXPECT_GT(total, 100U);  // the children did work before they died
}

}  // namespace
}  // namespace xl::node
