// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Question: how many signed transactions per second does one process take end to end (decode,
// verify, execute, state root, history, synced commit), as a share of what its signature checks
// alone would allow? Limit of the same run: cores × the single-thread rate of verifying the same
// signatures. A shared machine changes its speed within a run, so the run is cut into stretches
// with samples of that rate between them, and their median counts. Arguments: --keys N (1000000),
// --count N (200000), --json.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string_view>
#include <thread>

#include "base/check.h"
#include "base/checked.h"
#include "benchmarks/support/ledger_fixture.h"
#include "benchmarks/support/measure.h"

namespace xl::bench {
namespace {

struct Measured {
  double seconds = 0;
  double cpu_s = 0;
  double order_cpu_s = 0;
  double store_cpu_s = 0;
  double feed_cpu_s = 0;
  std::vector<double> latencies_ms;  ///< submit to durable, one per submitted group
  std::size_t blocks = 0;
};

constexpr std::size_t stretches = 4;
constexpr int samples_between = 2;

/// CPU of the two single threads of the pipeline, read where they pass.
struct ThreadTimes {
  std::atomic<double> order{0};
  std::atomic<double> store{0};
  std::atomic<std::size_t> blocks{0};
};

/// Sends `transactions` and adds what they took to `out`.
void run(LedgerFixture& fixture, std::vector<Bytes> transactions, const ThreadTimes& times,
         Measured& out) {
  constexpr std::size_t group = 250;
  constexpr std::size_t in_flight_max = 8000;
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
    std::vector<Bytes> batch(
        std::make_move_iterator(transactions.begin() + static_cast<long>(at)),
        std::make_move_iterator(transactions.begin() + static_cast<long>(end)));
    const std::size_t size = batch.size();
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return in_flight + size <= in_flight_max; });
      in_flight += size;
    }
    const auto left = std::make_shared<std::atomic<std::size_t>>(size);
    const auto submitted = Clock::now();
    fixture.engine().submit(std::move(batch),
                            [&, left, submitted](std::size_t, ordering::Outcome outcome) {
                              if (!outcome.ok()) stop_process(outcome.error().text());
                              if (outcome->status != 0)
                                stop_process("status " + std::to_string(outcome->status));
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
  out.seconds += seconds_since(start);
  out.feed_cpu_s += thread_cpu_s() - feed_before;
  out.cpu_s += process_cpu_s() - cpu_before;
  out.order_cpu_s += times.order - order_before;
  out.store_cpu_s += times.store - store_before;
  out.blocks += times.blocks - blocks_before;
}

struct Arguments {
  std::uint64_t keys = 1'000'000;
  std::uint64_t count = 200'000;
  bool json = false;
};

bool parse_arguments(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool more = i + 1 < argc;
    if (argument == "--json") {
      out.json = true;
    } else if (argument == "--keys" && more && parse_decimal(argv[i + 1], out.keys)) {
      ++i;
    } else if (argument == "--count" && more && parse_decimal(argv[i + 1], out.count)) {
      ++i;
    } else {
      return false;
    }
  }
  return true;
}

/// Everything the report is made of.
struct Report {
  Arguments arguments;
  Measured measured;
  Samples signature_rates;
  double cores = 0;
  double transaction_bytes = 0;
  double disk_bytes = 0;
  double tree_bytes = 0;
};

std::string report_json(const Report& report) {
  const Measured& measured = report.measured;
  const auto count = static_cast<double>(report.arguments.count);
  const double per_second = count / measured.seconds;
  const double limit = report.signature_rates.median() * report.cores;
  const double micro = 1e6 / count;
  const double verify_cpu =
      measured.cpu_s - measured.order_cpu_s - measured.store_cpu_s - measured.feed_cpu_s;
  const auto& latencies = measured.latencies_ms;
  json::Writer out;
  const auto number = [&](std::string_view name, double value, int digits) {
    write_number(out, name, value, digits);
  };
  out.begin_object().key("name").string("ledger_throughput");
  number("ratio", per_second / limit, 3);
  number("transactions_per_s", per_second, 0);
  number("signature_limit_per_s", limit, 0);
  number("ratio_to_fastest_sample", per_second / (report.signature_rates.highest() * report.cores),
         3);
  number("state_keys_before", static_cast<double>(report.arguments.keys), 0);
  number("transactions", count, 0);
  number("transaction_bytes", report.transaction_bytes, 0);
  number("latency_p50_ms", latencies[latencies.size() / 2], 1);
  number("latency_p99_ms", latencies[latencies.size() * 99 / 100], 1);
  number("blocks", static_cast<double>(measured.blocks), 0);
  number("disk_bytes_per_transaction", report.disk_bytes / count, 0);
  number("cpu_us_verify_and_background", verify_cpu * micro, 1);
  number("cpu_us_order_execute", measured.order_cpu_s * micro, 1);
  number("cpu_us_store", measured.store_cpu_s * micro, 1);
  number("cpu_us_feed", measured.feed_cpu_s * micro, 1);
  number("cpu_us_all", measured.cpu_s * micro, 1);
  number("cpu_us_signature_alone", 1e6 / report.signature_rates.median(), 1);
  number("cpu_us_signature_alone_fastest", 1e6 / report.signature_rates.highest(), 1);
  number("cpu_us_signature_alone_slowest", 1e6 / report.signature_rates.lowest(), 1);
  number("tree_memory_mb", report.tree_bytes / 1e6, 0);
  write_origin(out);
  return out.end_object().take();
}

Report measure(const Arguments& arguments) {
  ThreadTimes times;
  LedgerFixture::Options options;
  options.filler_keys = arguments.keys;
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  options.engine.intake.verify_threads = cores;
  options.engine.step_hook = [&times](std::string_view step) {
    if (step == "queued") times.order = thread_cpu_s();
    if (step == "answered") {
      times.store = thread_cpu_s();
      ++times.blocks;
    }
  };
  std::fprintf(stderr, "filling the state, then signing\n");
  LedgerFixture fixture(options);
  Report report;
  report.arguments = arguments;
  report.cores = cores;
  const std::vector<Bytes> warm_up = fixture.make_anchors(20'000);
  const std::vector<Bytes> transactions = fixture.make_anchors(arguments.count);
  report.transaction_bytes = static_cast<double>(transactions[0].size());
  Measured warm;
  run(fixture, warm_up, times, warm);
  const std::uint64_t disk_before = fixture.database().disk_bytes();
  std::fprintf(stderr, "running\n");
  const std::size_t stretch = (transactions.size() + stretches - 1) / stretches;
  for (std::size_t at = 0; at < transactions.size(); at += stretch) {
    measure_signatures(fixture.signers(), transactions, samples_between, report.signature_rates);
    const auto first = transactions.begin() + static_cast<long>(at);
    const auto last =
        transactions.begin() + static_cast<long>(std::min(at + stretch, transactions.size()));
    run(fixture, {first, last}, times, report.measured);
  }
  measure_signatures(fixture.signers(), transactions, samples_between, report.signature_rates);
  std::sort(report.measured.latencies_ms.begin(), report.measured.latencies_ms.end());
  // Compaction may have made the store smaller.
  report.disk_bytes =
      static_cast<double>(fixture.database().disk_bytes()) - static_cast<double>(disk_before);
  report.tree_bytes = static_cast<double>(fixture.chain().state().memory_bytes());
  return report;
}

}  // namespace
}  // namespace xl::bench

int main(int argc, char** argv) {
  xl::bench::Arguments arguments;
  if (!xl::bench::parse_arguments(argc, argv, arguments) || arguments.count == 0) {
    std::fprintf(stderr, "usage: bench_ledger_throughput [--keys N] [--count N] [--json]\n");
    return 2;
  }
  const xl::bench::Report report = xl::bench::measure(arguments);
  xl::bench::print_report(xl::bench::report_json(report), arguments.json);
  return 0;
}
