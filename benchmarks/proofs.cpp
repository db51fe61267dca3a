// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Question: how many receipts and state proofs per second does one thread make from a ledger, and
// how many receipts per second does it check, as a share of what the two signatures in each
// (the transaction's and the validator's) would allow? Every proof made is also checked once.
// Arguments: --keys N (1000000), --count N transactions (50000), --samples N (9), --json.
#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <random>
#include <string_view>

#include "base/check.h"
#include "base/checked.h"
#include "benchmarks/support/ledger_fixture.h"
#include "benchmarks/support/measure.h"
#include "benchmarks/support/must.h"
#include "crypto/hash.h"
#include "model/transaction.h"

namespace xl::bench {
namespace {

struct Arguments {
  std::uint64_t keys = 1'000'000;
  std::uint64_t count = 50'000;
  std::uint64_t samples = 9;
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
    } else if (argument == "--samples" && more && parse_decimal(argv[i + 1], out.samples)) {
      ++i;
    } else {
      return false;
    }
  }
  return out.count > 0 && out.samples > 0;
}

/// Proofs in one sample: enough that the clock's step does not count.
constexpr std::size_t per_sample = 500;

/// Sends the transactions in groups, as one busy gateway would, and waits until all are durable.
void send(LedgerFixture& fixture, std::vector<Bytes> transactions) {
  constexpr std::size_t group = 4000;
  for (std::size_t at = 0; at < transactions.size(); at += group) {
    const std::size_t end = std::min(at + group, transactions.size());
    std::vector<Bytes> batch(
        std::make_move_iterator(transactions.begin() + static_cast<long>(at)),
        std::make_move_iterator(transactions.begin() + static_cast<long>(end)));
    std::mutex mutex;
    std::condition_variable arrived;
    std::size_t missing = batch.size();
    fixture.engine().submit(std::move(batch), [&](std::size_t, ordering::Outcome outcome) {
      if (!outcome.ok()) stop_process(outcome.error().text());
      const std::scoped_lock lock(mutex);
      if (--missing == 0) arrived.notify_one();
    });
    std::unique_lock lock(mutex);
    arrived.wait(lock, [&] { return missing == 0; });
  }
}

/// Runs `one` `per_sample` times for each sample and adds how many a second of CPU time gives.
template <typename One>
void sample(std::uint64_t samples, Samples& rates, const One& one) {
  for (std::uint64_t i = 0; i < samples; ++i) {
    const double start = thread_cpu_s();
    for (std::size_t k = 0; k < per_sample; ++k) one();
    rates.add(static_cast<double>(per_sample) / (thread_cpu_s() - start));
  }
}

struct Report {
  Samples receipts_made;
  Samples receipts_checked;
  Samples state_at_head;
  Samples state_recent;
  Samples signatures;
  double receipt_bytes = 0;
  std::uint64_t heights_back = 0;
};

/// A state key that the benchmark's filler wrote.
Bytes filler_key(std::uint64_t number) {
  Bytes name;
  append_be(name, number);
  Bytes key{126};
  append(key, crypto::sha256(name));
  return key;
}

Report measure(const Arguments& arguments) {
  LedgerFixture::Options options;
  options.filler_keys = arguments.keys;
  options.engine.intake.verify_threads = 2;
  std::fprintf(stderr, "filling the state, then running transactions\n");
  LedgerFixture fixture(options);
  const std::vector<Bytes> transactions = fixture.make_anchors(arguments.count);
  std::vector<Hash> ids;
  for (const Bytes& raw : transactions) ids.push_back(must(model::decode_transaction(raw)).id);
  Report report;
  measure_signatures(fixture.signers(), transactions, 5, report.signatures);
  send(fixture, transactions);
  std::fprintf(stderr, "proving\n");
  const chain::Chain& chain = fixture.chain();
  std::mt19937_64 random(1);  // the same places in each run
  sample(arguments.samples, report.receipts_made,
         [&] { (void)must(chain.receipt(ids[random() % ids.size()])); });
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < per_sample; ++i) {
    texts.push_back(model::write_receipt(must(chain.receipt(ids[random() % ids.size()]))));
    report.receipt_bytes += static_cast<double>(texts.back().size()) / per_sample;
  }
  sample(arguments.samples, report.receipts_checked, [&] {
    const auto receipt = must(model::read_receipt(texts[random() % texts.size()]));
    const Status verdict = model::verify_receipt(receipt, chain.genesis());
    if (!verdict.ok()) stop_process(verdict.error().text());
  });
  const auto prove = [&](std::uint64_t height) {
    return must(chain.state_receipt(filler_key(random() % arguments.keys), height));
  };
  // Eight executed blocks back: heights of executed blocks lie two apart, a proof block behind
  // each.
  const std::uint64_t head = chain.head().height;
  report.heights_back = std::min<std::uint64_t>(16, head - 2);
  const std::uint64_t recent = head - report.heights_back;
  for (const std::uint64_t height : {std::uint64_t{0}, recent}) {
    const Status verdict = model::verify_receipt(prove(height), chain.genesis());
    if (!verdict.ok()) stop_process(verdict.error().text());
  }
  sample(arguments.samples, report.state_at_head, [&] { (void)prove(0); });
  for (std::uint64_t i = 0; i < arguments.samples; ++i) {  // slower: fewer in each sample
    const double start = thread_cpu_s();
    for (int k = 0; k < 20; ++k) (void)prove(recent);
    report.state_recent.add(20 / (thread_cpu_s() - start));
  }
  measure_signatures(fixture.signers(), transactions, 5, report.signatures);
  return report;
}

std::string report_json(const Arguments& arguments, const Report& report) {
  json::Writer out;
  out.begin_object().key("name").string("proofs");
  const double limit = report.signatures.highest() / 2;
  write_number(out, "ratio", report.receipts_checked.median() / limit, 3);
  write_samples(out, "receipts_made_per_s", report.receipts_made, 0);
  write_samples(out, "receipts_checked_per_s", report.receipts_checked, 0);
  write_samples(out, "state_proofs_at_head_per_s", report.state_at_head, 0);
  write_samples(out, "state_proofs_recent_per_s", report.state_recent, 0);
  write_number(out, "recent_heights_back", static_cast<double>(report.heights_back), 0);
  write_number(out, "signatures_per_s", report.signatures.highest(), 0);
  write_number(out, "receipt_json_bytes", report.receipt_bytes, 0);
  write_number(out, "state_keys_before", static_cast<double>(arguments.keys), 0);
  write_number(out, "transactions", static_cast<double>(arguments.count), 0);
  write_number(out, "samples", static_cast<double>(arguments.samples), 0);
  write_origin(out);
  return out.end_object().take();
}

}  // namespace
}  // namespace xl::bench

int main(int argc, char** argv) {
  xl::bench::Arguments arguments;
  if (!xl::bench::parse_arguments(argc, argv, arguments)) {
    std::fprintf(stderr, "usage: bench_proofs [--keys N] [--count N] [--samples N] [--json]\n");
    return 2;
  }
  const xl::bench::Report report = xl::bench::measure(arguments);
  xl::bench::print_report(xl::bench::report_json(arguments, report), arguments.json);
  return 0;
}
