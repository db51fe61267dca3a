// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Question: how many signed transactions per second does one process take end to end (decode,
// verify, execute, state root, history, synced commit), as a share of what its signature checks
// alone would allow? Limit of the same run: cores × the single-thread rate of verifying the same
// signatures. Arguments: --keys N (1000000), --count N (200000), --json.
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string_view>
#include <thread>

#include "base/checked.h"
#include "base/json/writer.h"
#include "benchmarks/support/ledger_fixture.h"
#include "model/transaction.h"

namespace xl::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double thread_cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double process_cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Verifications per second of one thread over the same transactions, median of five runs.
double signature_rate(const LedgerFixture& fixture, const std::vector<Bytes>& transactions) {
  std::vector<Bytes> messages;
  std::vector<Bytes> signatures;
  const std::size_t count = std::min<std::size_t>(transactions.size(), 4000);
  std::vector<std::size_t> keys;
  for (std::size_t i = 0; i < count; ++i) {
    const auto decoded = model::decode_transaction(transactions[i]);
    if (!decoded.ok()) stop_process(decoded.error().text());
    messages.push_back(model::signed_bytes(decoded->body_bytes));
    signatures.push_back(decoded->signatures[0]);
    for (std::size_t k = 0; k < fixture.signers().size(); ++k) {
      const std::size_t at = (i + k) % fixture.signers().size();
      const auto& key = fixture.signers()[at];
      if (model::key_id_of(key.algorithm(), key.public_key()) == decoded->body.signers[0].key_id) {
        keys.push_back(at);
        break;
      }
    }
  }
  std::vector<double> rates;
  for (int run = 0; run < 5; ++run) {
    const double start = thread_cpu_s();
    for (std::size_t i = 0; i < count; ++i) {
      if (!crypto::verify(crypto::Algorithm::ed25519, fixture.signers()[keys[i]].public_key(),
                          messages[i], signatures[i])) {
        stop_process("a signature of the benchmark does not verify");
      }
    }
    rates.push_back(static_cast<double>(count) / (thread_cpu_s() - start));
  }
  std::sort(rates.begin(), rates.end());
  return rates[2];
}

struct Measured {
  double seconds = 0;
  double cpu_s = 0;
  double order_cpu_s = 0;
  double store_cpu_s = 0;
  double feed_cpu_s = 0;
  std::vector<double> latencies_ms;  ///< submit to durable, one per submitted group
  std::size_t blocks = 0;
};

/// CPU of the two single threads of the pipeline, read where they pass.
struct ThreadTimes {
  std::atomic<double> order{0};
  std::atomic<double> store{0};
  std::atomic<std::size_t> blocks{0};
};

Measured run(LedgerFixture& fixture, std::vector<Bytes> transactions, const ThreadTimes& times) {
  constexpr std::size_t group = 250;
  constexpr std::size_t in_flight_max = 8000;
  Measured out;
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t in_flight = 0;
  const double order_before = times.order;
  const double store_before = times.store;
  const std::size_t blocks_before = times.blocks;
  const double cpu_before = process_cpu_s();
  const double feed_before = thread_cpu_s();
  const auto start = Clock::now();
  for (std::size_t at = 0; at < transactions.size(); at += group) {
    const std::size_t end = std::min(at + group, transactions.size());
    std::vector<Bytes> batch(std::make_move_iterator(transactions.begin() + static_cast<long>(at)),
                             std::make_move_iterator(transactions.begin() + static_cast<long>(end)));
    const std::size_t size = batch.size();
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return in_flight + size <= in_flight_max; });
      in_flight += size;
    }
    const auto left = std::make_shared<std::atomic<std::size_t>>(size);
    const auto submitted = Clock::now();
    fixture.engine().submit(std::move(batch), [&, left, submitted](std::size_t,
                                                                   ordering::Outcome outcome) {
      if (!outcome.ok()) stop_process(outcome.error().text());
      if (outcome->status != 0) stop_process("status " + std::to_string(outcome->status));
      const bool last = --*left == 0;
      const std::scoped_lock lock(mutex);
      --in_flight;
      if (last) out.latencies_ms.push_back(seconds_since(submitted) * 1000);
      if (last) changed.notify_one();
    });
  }
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return in_flight == 0; });
  }
  out.seconds = seconds_since(start);
  out.feed_cpu_s = thread_cpu_s() - feed_before;
  out.cpu_s = process_cpu_s() - cpu_before;
  out.order_cpu_s = times.order - order_before;
  out.store_cpu_s = times.store - store_before;
  out.blocks = times.blocks - blocks_before;
  std::sort(out.latencies_ms.begin(), out.latencies_ms.end());
  return out;
}

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

}  // namespace
}  // namespace xl::bench

int main(int argc, char** argv) {
  using namespace xl;
  using namespace xl::bench;
  std::uint64_t keys = 1'000'000;
  std::uint64_t count = 200'000;
  bool json_output = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool more = i + 1 < argc;
    if (argument == "--json") {
      json_output = true;
    } else if (argument == "--keys" && more && parse_decimal(argv[i + 1], keys)) {
      ++i;
    } else if (argument == "--count" && more && parse_decimal(argv[i + 1], count)) {
      ++i;
    } else {
      std::fprintf(stderr, "usage: bench_ledger_throughput [--keys N] [--count N] [--json]\n");
      return 2;
    }
  }
  ThreadTimes times;
  LedgerFixture::Options options;
  options.filler_keys = keys;
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  options.engine.verify_threads = cores;
  options.engine.step_hook = [&times](std::string_view step) {
    if (step == "queued") times.order = thread_cpu_s();
    if (step == "answered") {
      times.store = thread_cpu_s();
      ++times.blocks;
    }
  };
  std::fprintf(stderr, "filling the state with %llu keys\n", static_cast<unsigned long long>(keys));
  LedgerFixture fixture(options);
  std::fprintf(stderr, "signing %llu transactions\n", static_cast<unsigned long long>(count));
  const std::vector<Bytes> warm_up = fixture.make_anchors(20'000);
  const std::vector<Bytes> transactions = fixture.make_anchors(count);
  const double bytes_in = static_cast<double>(transactions[0].size());
  const double rate = signature_rate(fixture, transactions);
  (void)run(fixture, warm_up, times);
  const std::uint64_t disk_before = fixture.database().disk_bytes();
  std::fprintf(stderr, "running\n");
  const Measured measured = run(fixture, transactions, times);
  const double per_second = static_cast<double>(count) / measured.seconds;
  const double limit = rate * cores;
  const double micro = 1e6 / static_cast<double>(count);
  const double verify_cpu = measured.cpu_s - measured.order_cpu_s - measured.store_cpu_s -
                            measured.feed_cpu_s;
  const double written = static_cast<double>(fixture.database().disk_bytes() - disk_before);
  const auto& latencies = measured.latencies_ms;
  json::Writer out;
  out.begin_object().key("name").string("ledger_throughput");
  const auto number = [&](std::string_view name, double value, int digits) {
    out.key(name).number_text(fixed(value, digits));
  };
  number("ratio", per_second / limit, 3);
  number("transactions_per_s", per_second, 0);
  number("signature_limit_per_s", limit, 0);
  number("cores", cores, 0);
  number("state_keys_before", static_cast<double>(keys), 0);
  number("transactions", static_cast<double>(count), 0);
  number("transaction_bytes", bytes_in, 0);
  number("latency_p50_ms", latencies[latencies.size() / 2], 1);
  number("latency_p99_ms", latencies[latencies.size() * 99 / 100], 1);
  number("blocks", static_cast<double>(measured.blocks), 0);
  number("disk_bytes_per_transaction", written / static_cast<double>(count), 0);
  number("cpu_us_verify", verify_cpu * micro, 1);
  number("cpu_us_order_execute", measured.order_cpu_s * micro, 1);
  number("cpu_us_store", measured.store_cpu_s * micro, 1);
  number("cpu_us_feed", measured.feed_cpu_s * micro, 1);
  number("cpu_us_signature_alone", 1e6 / rate, 1);
  number("tree_memory_mb", static_cast<double>(fixture.chain().state().memory_bytes()) / 1e6, 0);
  out.end_object();
  const std::string text_out = out.take();
  if (json_output) {
    std::printf("%s\n", text_out.c_str());
  } else {
    const auto document = json::parse(text_out, {});
    for (const json::Member member : document->root().members()) {
      std::printf("%-28s %s\n", std::string(member.key).c_str(),
                  std::string(member.value.number_text().value_or(
                                  member.value.as_string().value_or("")))
                      .c_str());
    }
  }
  return 0;
}
