// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Question: how many signed transactions per second do four members on one machine agree on, and
// how long does one take to be final, for envelopes of different sizes? Limits of the same run:
// (a) CometBFT's own kvstore application with four validators, the same bytes for each transaction,
// not batched; (b) a quarter of what the processors can verify, since every member verifies every
// signature. Then one member is lost under load: how long is the longest silence?
// Arguments: --seconds N (10) for each measurement, --json.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string_view>
#include <thread>

#include "base/checked.h"
#include "base/file.h"
#include "benchmarks/support/measure.h"
#include "benchmarks/support/must.h"
#include "benchmarks/support/network_fixture.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "node/demo/members.h"
#include "ordering/cometbft/rpc.h"

namespace xl::bench {
namespace {

constexpr std::size_t members = NetworkFixture::members;
constexpr int samples_between = 2;

struct Arguments {
  std::uint64_t seconds = 10;
  bool json = false;
};

bool parse_arguments(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--json") {
      out.json = true;
    } else if (argument == "--seconds" && i + 1 < argc && parse_decimal(argv[i + 1], out.seconds)) {
      ++i;
    } else {
      return false;
    }
  }
  return out.seconds > 0 && out.seconds <= 60;
}

/// What a load came to.
struct Measured {
  double per_s = 0;
  Samples finality_ms;  ///< submitted to durable with a complete receipt, one for each group
};

/// Keeps `window` groups of `group` transactions under way at one member until the time is over or
/// there are none left.
class Feeder {
 public:
  Feeder(NetworkFixture& network, std::size_t member, std::size_t group, std::size_t window)
      : network_(network), member_(member), group_(group), window_(window) {}

  void run(std::vector<Bytes> transactions, Clock::time_point until) {
    for (std::size_t at = 0; at + group_ <= transactions.size() && Clock::now() < until;
         at += group_) {
      const auto first = transactions.begin() + static_cast<long>(at);
      std::vector<Bytes> batch(std::make_move_iterator(first),
                               std::make_move_iterator(first + static_cast<long>(group_)));
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return under_way_ < window_; });
        ++under_way_;
      }
      send(std::move(batch));
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return under_way_ == 0; });
  }

  [[nodiscard]] std::size_t done() const { return done_; }
  [[nodiscard]] const std::vector<Clock::time_point>& times() const { return times_; }
  [[nodiscard]] const std::vector<double>& finality_ms() const { return finality_ms_; }

 private:
  void send(std::vector<Bytes> batch) {
    const auto left = std::make_shared<std::atomic<std::size_t>>(batch.size());
    const auto submitted = Clock::now();
    network_.engine(member_).submit(
        std::move(batch), [this, left, submitted](std::size_t, ordering::Outcome outcome) {
          if (!outcome.ok()) stop_process(outcome.error().text());
          if (outcome->status != 0) stop_process("status " + std::to_string(outcome->status));
          const std::scoped_lock lock(mutex_);
          ++done_;
          if (--*left != 0) return;
          times_.push_back(Clock::now());
          finality_ms_.push_back(seconds_since(submitted) * 1000);
          --under_way_;
          changed_.notify_one();
        });
  }

  NetworkFixture& network_;
  std::size_t member_;
  std::size_t group_;
  std::size_t window_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::size_t under_way_ = 0;
  std::size_t done_ = 0;
  std::vector<Clock::time_point> times_;
  std::vector<double> finality_ms_;
};

/// Feeds the first `feeding` members for so long, each on a thread of its own, and hands each
/// finished feeder to `look`.
Measured feed(NetworkFixture& network, std::size_t feeding, std::size_t group, std::size_t window,
              double seconds, std::size_t each,
              const std::function<void(const Feeder&)>& look = {}) {
  std::vector<std::vector<Bytes>> transactions;
  for (std::size_t i = 0; i < feeding; ++i) transactions.push_back(network.make_anchors(i, each));
  std::vector<std::unique_ptr<Feeder>> feeders;
  std::vector<std::thread> threads;
  const auto start = Clock::now();
  const auto until =
      start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  for (std::size_t i = 0; i < feeding; ++i) {
    feeders.push_back(std::make_unique<Feeder>(network, i, group, window));
    threads.emplace_back([&, i] { feeders[i]->run(std::move(transactions[i]), until); });
  }
  for (std::thread& one : threads) one.join();
  const double took = seconds_since(start);
  Measured out;
  std::size_t done = 0;
  for (const auto& feeder : feeders) {
    done += feeder->done();
    for (const double one : feeder->finality_ms()) out.finality_ms.add(one);
    if (look) look(*feeder);
  }
  out.per_s = static_cast<double>(done) / took;
  return out;
}

/// How many groups are under way at each member: enough to fill blocks.
std::size_t window_of(std::size_t group) { return group == 1 ? 128 : 8; }

/// One envelope size: `quiet` has one group under way in all.
struct Row {
  std::size_t size = 0;
  Measured loaded;
  Measured quiet;
};

Row measure_size(std::size_t size, const Arguments& arguments, Samples& signature_rates,
                 std::size_t& transaction_bytes) {
  std::fprintf(stderr, "envelopes of %zu\n", size);
  NetworkFixture network({.envelope_transactions = size});
  const std::vector<Bytes> sample = network.make_anchors(0, 4000);
  transaction_bytes = sample[0].size();
  measure_signatures({&network.signers()[0], 1}, sample, samples_between, signature_rates);
  const auto seconds = static_cast<double>(arguments.seconds);
  const std::size_t each = size == 1 ? 20'000 : 50'000;
  (void)feed(network, members, size, window_of(size), 2, each / 4);  // warm
  Row out;
  out.size = size;
  out.loaded = feed(network, members, size, window_of(size), seconds, each);
  out.quiet = feed(network, 1, size, 1, std::min(seconds, 5.0), 100 * size);
  measure_signatures({&network.signers()[0], 1}, sample, samples_between, signature_rates);
  return out;
}

/// The longest time within a load in which nothing was acknowledged, in ms.
double longest_silence_ms(std::vector<Clock::time_point> times) {
  std::sort(times.begin(), times.end());
  double out = 0;
  for (std::size_t i = 1; i < times.size(); ++i) {
    out = std::max(out, std::chrono::duration<double>(times[i] - times[i - 1]).count() * 1000);
  }
  return out;
}

/// What the loss of one member of four costs those who stay, and how long it is behind afterwards.
struct Loss {
  double silence_before_ms = 0;
  double silence_ms = 0;
  double per_s_before = 0;
  double per_s = 0;
  double caught_up_s = 0;
};

Loss measure_loss(const Arguments& arguments) {
  std::fprintf(stderr, "one member lost\n");
  constexpr std::size_t size = 256;
  NetworkFixture network({.envelope_transactions = size});
  const auto seconds = static_cast<double>(arguments.seconds);
  std::vector<Clock::time_point> times;
  const auto look = [&](const Feeder& feeder) {
    times.insert(times.end(), feeder.times().begin(), feeder.times().end());
  };
  Loss out;
  out.per_s_before = feed(network, members - 1, size, 4, seconds, 50'000, look).per_s;
  out.silence_before_ms = longest_silence_ms(std::exchange(times, {}));
  std::thread loses([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(arguments.seconds * 200));
    network.stop(members - 1);
  });
  out.per_s = feed(network, members - 1, size, 4, seconds, 50'000, look).per_s;
  loses.join();
  out.silence_ms = longest_silence_ms(std::move(times));
  const auto back = Clock::now();
  network.start(members - 1);
  while (network.head(members - 1).height < network.head(0).height) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  out.caught_up_s = seconds_since(back);
  return out;
}

/// Four validators with CometBFT's kvstore inside the engine itself: no node, no socket between.
class KvStore {
 public:
  KvStore()
      : folder_(std::filesystem::temp_directory_path() /
                ("xl-bench-kv-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(folder_);
    const node::Unlock unlock = node::Unlock::with_operator_key(crypto::SecretBytes(32));
    const SystemClock clock;
    must(node::demo::found_members(folder_, members,
                                   {{"First Hospital", node::OrganisationType::hospital}}, 0,
                                   unlock, clock));
    for (std::size_t i = 1; i <= members; ++i) {
      const node::Layout layout = node::demo::member_layout(folder_, i);
      const node::Config config = must(node::read_config(layout.config()));
      const model::Genesis genesis = must(node::load_genesis(layout));
      node::OrderingKeys keys = must(node::load_ordering_keys(layout, config.engine, unlock));
      auto home = node::engine_config(layout, config.engine, genesis);
      std::filesystem::create_directories(layout.rpc_socket().parent_path());
      const auto socket = std::filesystem::absolute(layout.signer_socket());
      home.signer = "unix://" + socket.string();
      signers_.push_back(ordering::cometbft::Signer::start(
          must(ordering::cometbft::SignGuard::open(layout.signer())), std::move(*keys.validator),
          {socket, genesis.chain_id, {}}));
      must(ordering::cometbft::write_home({layout.engine()}, home, genesis.raw, *keys.peer));
      more_room({layout.engine()});
      std::filesystem::create_directories(layout.engine_log().parent_path());
      ordering::cometbft::Program program = node::engine_program(layout, config.engine, genesis);
      program.arguments.insert(program.arguments.end(), {"--proxy_app", "kvstore"});
      sockets_.push_back(std::filesystem::absolute(layout.rpc_socket()));
      engines_.push_back(must(ordering::cometbft::Supervisor::start(std::move(program), {})));
    }
  }
  ~KvStore() {
    for (auto& one : engines_) one->stop();
    std::filesystem::remove_all(folder_);
  }
  KvStore(const KvStore&) = delete;
  KvStore& operator=(const KvStore&) = delete;

  /// Transactions in blocks per second, from the first one sent to the header time of the last
  /// block, and how many.
  double run(std::size_t bytes, double seconds);

 private:
  /// Its transactions are as many as ours, not as few as our envelopes.
  static void more_room(const ordering::cometbft::Home& home) {
    std::string text(text_of(must(read_file(home.config(), 1U << 20U))));
    const std::string size = "\nsize = 2000\n";
    const std::size_t at = text.find(size);
    if (at == std::string::npos) stop_process("no mempool size in " + home.config().string());
    text.replace(at, size.size(), "\nsize = 50000\n");
    must(write_file_durably(home.config(), view_of(text)));
  }
  void wait_until_ready();

  std::filesystem::path folder_;
  std::vector<std::filesystem::path> sockets_;
  std::vector<std::unique_ptr<ordering::cometbft::Signer>> signers_;  // outlive the engines
  std::vector<std::unique_ptr<ordering::cometbft::Supervisor>> engines_;
};

/// A transaction of the kvstore, `key=value`, so many bytes long.
Bytes kvstore_transaction(std::size_t bytes) {
  Hash random{};
  crypto::random_bytes(random);
  std::string text = to_hex(random) + "=";
  text.resize(bytes, 'v');
  return copy_of(view_of(text));
}

void KvStore::wait_until_ready() {
  ordering::cometbft::EngineRpc rpc(sockets_[0]);
  for (int i = 0; i < 600; ++i) {
    const auto sent = rpc.broadcast(kvstore_transaction(300));
    const auto status = rpc.call("status", "{}");
    if (sent.ok() && status.ok() &&
        status->find("sync_info").find("latest_block_height").as_string().value_or("0") != "0") {
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  stop_process("the kvstore network makes no block");
}

std::uint64_t height_of(ordering::cometbft::EngineRpc& rpc) {
  const json::Value status = must(rpc.call("status", "{}"));
  std::uint64_t out = 0;
  (void)parse_decimal(status.find("sync_info").find("latest_block_height").as_string().value_or(""),
                      out);
  return out;
}

double KvStore::run(std::size_t bytes, double seconds) {
  wait_until_ready();
  ordering::cometbft::EngineRpc rpc(sockets_[0]);
  const std::uint64_t before = height_of(rpc);
  const auto start = Clock::now();
  std::vector<std::thread> senders;
  for (std::size_t i = 0; i < 2 * members; ++i) {
    senders.emplace_back([&, i] {
      ordering::cometbft::EngineRpc mine(sockets_[i % members]);
      while (seconds_since(start) < seconds) {
        if (!mine.broadcast(kvstore_transaction(bytes)).ok()) {
          std::this_thread::sleep_for(std::chrono::milliseconds(5));  // its mempool is full
        }
      }
    });
  }
  for (std::thread& one : senders) one.join();
  double took = seconds_since(start);
  std::uint64_t height = height_of(rpc);
  // What is in the mempool still counts, and so does its time.
  while (true) {
    const json::Value waiting = must(rpc.call("num_unconfirmed_txs", "{}"));
    const bool none = waiting.find("n_txs").as_string() == "0";
    const std::uint64_t now = height_of(rpc);
    if (now > height) took = seconds_since(start);
    height = now;
    if (none) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  std::uint64_t transactions = 0;
  for (std::uint64_t at = before + 1; at <= height; ++at) {
    const std::string which = "{\"height\":\"" + std::to_string(at) + "\"}";
    const json::Value block = must(rpc.call("block", which));
    transactions += block.find("block").find("data").find("txs").size();
  }
  return static_cast<double>(transactions) / took;
}

void write_row(json::Writer& out, const Row& row, double kvstore_per_s, double limit) {
  const auto at = [](const Samples& samples, double share) { return samples.quantile(share); };
  out.begin_object();
  write_number(out, "envelope", static_cast<double>(row.size), 0);
  write_number(out, "transactions_per_s", row.loaded.per_s, 0);
  write_number(out, "ratio_to_kvstore", row.loaded.per_s / kvstore_per_s, 2);
  write_number(out, "ratio_to_signature_limit", row.loaded.per_s / limit, 3);
  write_number(out, "finality_p50_ms", at(row.loaded.finality_ms, 0.5), 0);
  write_number(out, "finality_p95_ms", at(row.loaded.finality_ms, 0.95), 0);
  write_number(out, "finality_p99_ms", at(row.loaded.finality_ms, 0.99), 0);
  write_number(out, "quiet_finality_p50_ms", at(row.quiet.finality_ms, 0.5), 0);
  write_number(out, "quiet_finality_p99_ms", at(row.quiet.finality_ms, 0.99), 0);
  out.end_object();
}

int measure(const Arguments& arguments) {
  Samples signature_rates;
  Samples kvstore_rates;
  std::size_t bytes = 0;
  std::vector<Row> rows;
  const auto kvstore = [&] {
    std::fprintf(stderr, "kvstore\n");
    kvstore_rates.add(KvStore().run(bytes, static_cast<double>(arguments.seconds)));
  };
  for (const std::size_t size : {1U, 16U, 64U, 256U, 512U}) {
    rows.push_back(measure_size(size, arguments, signature_rates, bytes));
    // Around and between, as the machine changes its speed.
    if (size == 1 || size == 64 || size == 512) kvstore();
  }
  const Loss loss = measure_loss(arguments);
  const double cores = std::max(1U, std::thread::hardware_concurrency());
  const double limit = signature_rates.median() * cores / members;
  json::Writer out;
  out.begin_object().key("name").string("network_throughput");
  const auto best = std::max_element(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return a.loaded.per_s < b.loaded.per_s;
  });
  write_number(out, "ratio", best->loaded.per_s / limit, 3);
  write_number(out, "ratio_to_kvstore", best->loaded.per_s / kvstore_rates.median(), 2);
  write_number(out, "signature_limit_per_s", limit, 0);
  write_samples(out, "kvstore_per_s", kvstore_rates, 0);
  write_number(out, "transaction_bytes", static_cast<double>(bytes), 0);
  out.key("envelopes").begin_array();
  for (const Row& row : rows) write_row(out, row, kvstore_rates.median(), limit);
  out.end_array();
  write_number(out, "loss_per_s_before", loss.per_s_before, 0);
  write_number(out, "loss_per_s", loss.per_s, 0);
  write_number(out, "loss_silence_before_ms", loss.silence_before_ms, 0);
  write_number(out, "loss_silence_ms", loss.silence_ms, 0);
  write_number(out, "loss_caught_up_s", loss.caught_up_s, 1);
  write_origin(out);
  print_report(out.end_object().take(), arguments.json);
  return 0;
}

}  // namespace
}  // namespace xl::bench

int main(int argc, char** argv) {
  xl::bench::Arguments arguments;
  if (!xl::bench::parse_arguments(argc, argv, arguments)) {
    std::fprintf(stderr, "usage: bench_network_throughput [--seconds N] [--json]\n");
    return 2;
  }
  return xl::bench::measure(arguments);
}
