// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Question: how long does a member without a ledger need to join a network whose state has a
// million keys: find a snapshot, take and prove it, and come to the height of the others?
// Four members on this machine, which also goes on serving. Arguments: --keys N (1000000), --json.
#include <algorithm>
#include <cstdio>
#include <string_view>
#include <thread>

#include "base/checked.h"
#include "benchmarks/support/measure.h"
#include "benchmarks/support/network_fixture.h"
#include "node/tools/repair.h"

namespace xl::bench {
namespace {

constexpr std::size_t joins = NetworkFixture::members - 1;
constexpr std::size_t envelope = 512;
constexpr std::uint64_t snapshot_every = 100;

struct Arguments {
  std::uint64_t keys = 1'000'000;
  bool json = false;
};

bool parse_arguments(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--json") {
      out.json = true;
    } else if (argument == "--keys" && i + 1 < argc && parse_decimal(argv[i + 1], out.keys)) {
      ++i;
    } else {
      return false;
    }
  }
  return true;
}

/// The highest snapshot that a member offers; 0 for none.
std::uint64_t snapshot_at(const NetworkFixture& network, std::size_t member) {
  std::uint64_t out = 0;
  std::error_code failure;
  for (const auto& entry :
       std::filesystem::directory_iterator(network.layout(member).snapshots(), failure)) {
    std::uint64_t height = 0;
    if (parse_decimal(entry.path().filename().string(), height)) out = std::max(out, height);
  }
  return out;
}

/// Anchors records until the state has so many keys and a snapshot holds them.
void fill(NetworkFixture& network, std::uint64_t keys) {
  std::uint64_t full_at = 0;
  while (full_at == 0 || snapshot_at(network, 0) < full_at) {
    network.submit_and_wait(0, network.make_anchors(0, 4 * envelope));
    const auto head = network.head(0);
    if (full_at == 0 && head.state_keys >= keys) full_at = head.height;
    std::fprintf(stderr, "\r%llu state keys, height %llu ",
                 static_cast<unsigned long long>(head.state_keys),
                 static_cast<unsigned long long>(head.height));
  }
  std::fprintf(stderr, "\n");
}

int measure(const Arguments& arguments) {
  NetworkFixture network({envelope, snapshot_every});
  fill(network, arguments.keys);
  std::vector<client::NodeAddress> others;
  for (std::size_t i = 0; i < joins; ++i) others.push_back(network.address(i));
  const std::uint64_t keys = network.head(0).state_keys;
  network.stop(joins);
  std::fprintf(stderr, "joining\n");
  const auto start = Clock::now();
  const auto repaired = network.restore(joins, others);
  const double restored_s = seconds_since(start);
  network.start(joins);
  while (network.head(joins).height < network.head(0).height) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const double joined_s = seconds_since(start);
  json::Writer out;
  out.begin_object().key("name").string("join");
  write_number(out, "joined_s", joined_s, 1);
  write_number(out, "restored_s", restored_s, 1);
  write_number(out, "state_keys", static_cast<double>(keys), 0);
  write_number(out, "snapshot_height", static_cast<double>(repaired.height), 0);
  write_number(out, "height", static_cast<double>(network.head(0).height), 0);
  write_origin(out);
  print_report(out.end_object().take(), arguments.json);
  return 0;
}

}  // namespace
}  // namespace xl::bench

int main(int argc, char** argv) {
  xl::bench::Arguments arguments;
  if (!xl::bench::parse_arguments(argc, argv, arguments)) {
    std::fprintf(stderr, "usage: bench_join [--keys N] [--json]\n");
    return 2;
  }
  return xl::bench::measure(arguments);
}
