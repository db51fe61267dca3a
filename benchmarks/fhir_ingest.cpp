// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Question: how many FHIR resources per second does a node take through HTTP (sign-in, validation,
// encryption, synced vault, anchor committed on the ledger, index), one by one and in transactions,
// beside the requests per second that the same server and clients reach when nothing is done?
// Arguments: --patients N (60), --clients N (8), --json.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <mutex>
#include <string_view>
#include <thread>

#include "base/check.h"
#include "base/checked.h"
#include "benchmarks/support/measure.h"
#include "benchmarks/support/must.h"
#include "client/bundle_file.h"
#include "node/demo/cast.h"
#include "node/demo/histories.h"
#include "node/init.h"
#include "node/node.h"

namespace xl::bench {
namespace {

struct Arguments {
  std::uint64_t patients = 60;
  std::uint64_t clients = 8;
  bool json = false;
};

bool parse_arguments(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool more = i + 1 < argc;
    if (argument == "--json") {
      out.json = true;
    } else if (argument == "--patients" && more && parse_decimal(argv[i + 1], out.patients)) {
      ++i;
    } else if (argument == "--clients" && more && parse_decimal(argv[i + 1], out.clients)) {
      ++i;
    } else {
      return false;
    }
  }
  return out.patients > 0 && out.clients > 0 && out.clients <= 64;
}

/// A node of one hospital on a folder of its own.
class Hospital {
 public:
  Hospital()
      : root_(std::filesystem::temp_directory_path() / ("xl-bench-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(root_);
    const node::NewMember init{"bench",
                               {{"Hospital", contracts::identity::OrganisationType::hospital}}};
    must(node::init_solo(layout(), init, unlock(), clock_));
    node::Config config;
    config.port = 0;
    node_ = must(node::Node::start(layout(), config, unlock(), clock_, log_));
    const model::Genesis genesis = must(node::load_genesis(layout()));
    const json::Value one = genesis.section("identity").find("organisations").at(0);
    did_ = must(model::id_from_did(one.find("did").as_string().value_or("")));
  }
  ~Hospital() {
    node_.reset();
    std::filesystem::remove_all(root_);
  }
  Hospital(const Hospital&) = delete;
  Hospital& operator=(const Hospital&) = delete;

  [[nodiscard]] node::demo::Persona connect() {
    node::demo::Cast cast({"127.0.0.1", std::to_string(node_->port())}, clock_, root_,
                          {crypto::keyfile::Protection::operator_key, key_});
    return must(cast.organisation(layout(), unlock(), "Hospital", did_));
  }
  /// Bytes of everything the node keeps.
  [[nodiscard]] double disk_bytes() const {
    double out = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(root_)) {
      if (file.is_regular_file()) out += static_cast<double>(file.file_size());
    }
    return out;
  }

 private:
  [[nodiscard]] node::Layout layout() const { return {root_ / "data"}; }
  [[nodiscard]] node::Unlock unlock() const {
    return node::Unlock::with_operator_key(crypto::SecretBytes::copy_of(key_));
  }
  std::filesystem::path root_;
  Bytes key_ = Bytes(32, 7);
  SystemClock clock_;
  Log log_;  ///< writes nothing
  model::Id did_;
  std::unique_ptr<node::Node> node_;
};

/// A request that is sent again and again, each number once.
struct Load {
  std::string method;
  std::vector<std::pair<std::string, std::string>> requests;  ///< path and body
  double resources = 0;
};

struct Outcome {
  double per_s = 0;  ///< resources, or requests where they carry none
  double p50_ms = 0;
  double p99_ms = 0;
};

Outcome run(Hospital& hospital, const Load& load, std::uint64_t clients) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::vector<double> latencies;
  std::vector<node::demo::Persona> people;
  for (std::uint64_t i = 0; i < clients; ++i) people.push_back(hospital.connect());
  const auto start = Clock::now();
  std::vector<std::thread> threads;
  for (node::demo::Persona& person : people) {
    threads.emplace_back([&] {
      std::vector<double> mine;
      for (std::size_t i = next++; i < load.requests.size(); i = next++) {
        const auto before = Clock::now();
        const auto answer =
            must(person.session->ask(load.method, load.requests[i].first,
                                     load.requests[i].second.empty() ? "" : "application/fhir+json",
                                     load.requests[i].second, {{"Prefer", "return=minimal"}}));
        if (answer.status >= 300) stop_process(answer.body.substr(0, 300));
        mine.push_back(seconds_since(before) * 1000);
      }
      const std::scoped_lock lock(mutex);
      latencies.insert(latencies.end(), mine.begin(), mine.end());
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double elapsed = seconds_since(start);
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](double share) {
    return latencies[static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1))];
  };
  const double amount =
      load.resources > 0 ? load.resources : static_cast<double>(load.requests.size());
  return {amount / elapsed, at(0.5), at(0.99)};
}

void write_outcome(json::Writer& out, const std::string& name, const Outcome& outcome) {
  write_number(out, name + "_per_s", outcome.per_s, 0);
  write_number(out, name + "_p50_ms", outcome.p50_ms, 2);
  write_number(out, name + "_p99_ms", outcome.p99_ms, 2);
}

/// The histories of other patients in each run: `first` on.
std::vector<node::demo::DemoHistory> histories(std::uint64_t first, std::uint64_t count) {
  std::vector<node::demo::DemoHistory> out;
  for (std::uint64_t i = 0; i < count; ++i) {
    out.push_back(node::demo::make_history(static_cast<std::uint32_t>(first + i)));
  }
  return out;
}

std::string measure(const Arguments& arguments) {
  Hospital hospital;
  Load nothing{"GET", std::vector<std::pair<std::string, std::string>>(4000, {"/health", ""}), 0};
  std::fprintf(stderr, "requests that do nothing\n");
  const Outcome ceiling = run(hospital, nothing, arguments.clients);

  // Patients first, then everything about them, one resource in each request.
  Load patients{"PUT", {}, 0};
  Load singles{"PUT", {}, 0};
  for (const auto& history : histories(0, arguments.patients)) {
    for (const node::demo::DemoResource& resource : history.resources) {
      const json::Document document = must(json::parse(resource.json, {}));
      const std::string path = "/fhir/" + resource.type + "/" +
                               std::string(document.root().find("id").as_string().value_or(""));
      (resource.type == "Patient" ? patients : singles).requests.emplace_back(path, resource.json);
    }
  }
  std::fprintf(stderr, "one resource in a request\n");
  (void)run(hospital, patients, arguments.clients);
  singles.resources = static_cast<double>(singles.requests.size());
  const double disk_before = hospital.disk_bytes();
  const Outcome single = run(hospital, singles, arguments.clients);

  Load bundles{"POST", {}, 0};
  for (const auto& history : histories(1'000'000, arguments.patients)) {
    std::vector<json::Document> documents;
    std::vector<json::Value> resources;
    for (const node::demo::DemoResource& resource : history.resources) {
      documents.push_back(must(json::parse(resource.json, {})));
      resources.push_back(documents.back().root());
    }
    for (std::string& body : client::transactions_of(resources)) {
      bundles.requests.emplace_back("/fhir/", std::move(body));
    }
    bundles.resources += static_cast<double>(resources.size());
  }
  std::fprintf(stderr, "a patient's history in a transaction\n");
  const Outcome bundled = run(hospital, bundles, arguments.clients);
  const double kept = singles.resources + bundles.resources;
  const double disk = (hospital.disk_bytes() - disk_before) / kept;

  json::Writer out;
  out.begin_object().key("benchmark").string("fhir_ingest");
  out.key("clients").unsigned_integer(arguments.clients);
  write_outcome(out, "empty_requests", ceiling);
  write_outcome(out, "singles", single);
  write_outcome(out, "bundled_resources", bundled);
  write_number(out, "singles_ratio", single.per_s / ceiling.per_s, 3);
  write_number(out, "bundled_ratio", bundled.per_s / ceiling.per_s, 3);
  write_number(out, "disk_bytes_per_resource", disk, 0);
  write_origin(out);
  return out.end_object().take();
}

}  // namespace
}  // namespace xl::bench

int main(int argc, char** argv) {
  xl::bench::Arguments arguments;
  if (!xl::bench::parse_arguments(argc, argv, arguments)) {
    std::fprintf(stderr, "usage: bench_fhir_ingest [--patients N] [--clients N] [--json]\n");
    return 2;
  }
  xl::bench::print_report(xl::bench::measure(arguments), arguments.json);
  return 0;
}
