// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Question: how fast does a hospital's FHIR server answer what its systems ask all day, with
// everything encrypted, decided by consent, journalled and anchored on the ledger, beside HAPI
// FHIR's JPA server, which does none of that, asked the same by the same clients in the same run?
// And how fast does it take, and on how much disk does it keep, a large number of resources?
// Arguments: --patients N (1000), --clients N (4), --bulk N (100000 resources; 0: none), --hapi
// CLASSPATH (none: ours alone), --json.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/checked.h"
#include "base/json/json.h"
#include "benchmarks/support/child_process.h"
#include "benchmarks/support/measure.h"
#include "benchmarks/support/must.h"
#include "benchmarks/support/synthea_like.h"
#include "client/http_client.h"
#include "node/demo/cast.h"
#include "node/init.h"
#include "node/node.h"

namespace xl::bench {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::uint64_t patients = 1000;
  std::uint64_t clients = 4;
  std::uint64_t bulk = 100'000;
  std::string hapi;
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
    } else if (argument == "--bulk" && more && parse_decimal(argv[i + 1], out.bulk)) {
      ++i;
    } else if (argument == "--hapi" && more) {
      out.hapi = argv[++i];
    } else {
      return false;
    }
  }
  return out.patients > 0 && out.clients > 0 && out.clients <= 64;
}

double disk_bytes(const fs::path& folder) {
  double out = 0;
  for (const auto& file : fs::recursive_directory_iterator(folder)) {
    if (file.is_regular_file()) out += static_cast<double>(file.file_size());
  }
  return out;
}

/// A server while it is measured.
struct Server {
  std::unique_ptr<ChildProcess> process;
  fs::path folder;
  client::NodeAddress address;
  std::string base;                            ///< path of the FHIR base
  std::map<std::string, std::string> headers;  ///< of every request
};

std::string program_beside_us(std::string_view name) {
  return (fs::read_symlink("/proc/self/exe").parent_path() / name).string();
}

/// A node of one hospital, by its real program.
Server start_ours(const fs::path& folder) {
  const fs::path key = folder / "operator.key";
  fs::create_directories(folder);
  std::ofstream(key) << std::string(32, '\7');
  fs::permissions(key, fs::perms::owner_read | fs::perms::owner_write);
  const node::Layout layout{folder / "data"};
  const std::string program = program_beside_us("xinglin");
  const std::string log = (folder / "log").string();
  ChildProcess made({program, "node", "init", "--data", layout.root.string(), "--organisation",
                     "Hospital:hospital", "--operator-key", key.string()},
                    log);
  if (!made.wait()) stop_process("the node was not made, see " + log);
  Server out;
  out.folder = layout.root;
  out.base = "/fhir";
  out.process = std::make_unique<ChildProcess>(
      std::vector<std::string>{program, "node", "run", "--data", layout.root.string(),
                               "--operator-key", key.string(), "--port", "0", "--json"},
      log);
  const json::Document told = must(json::parse(out.process->read_line(), {}));
  out.address = must(client::parse_node_url(told.root().find("url").as_string().value_or("")));
  return out;
}

/// Signs the hospital's software in; a token is good for a quarter of an hour.
void sign_in(Server& ours) {
  static const SystemClock clock;
  const fs::path root = ours.folder.parent_path();
  const Bytes key(32, 7);
  const node::Layout layout{ours.folder};
  const model::Genesis genesis = must(node::load_genesis(layout));
  const json::Value one = genesis.section("identity").find("organisations").at(0);
  const model::Id did = must(model::id_from_did(one.find("did").as_string().value_or("")));
  node::demo::Cast cast(ours.address, clock, root,
                        {crypto::keyfile::Protection::operator_key, key});
  auto hospital = must(cast.organisation(
      layout, node::Unlock::with_operator_key(crypto::SecretBytes::copy_of(key)), "Hospital", did));
  ours.headers["Authorization"] = "Bearer " + hospital.session->token();
}

Server start_hapi(const fs::path& folder, const std::string& classpath) {
  fs::create_directories(folder);
  Server out;
  out.folder = folder;
  out.base = "/fhir";
  out.process =
      std::make_unique<ChildProcess>(std::vector<std::string>{"java", "-Xmx4g", "-cp", classpath,
                                                              "HapiJpaServer", folder.string()},
                                     (folder.parent_path() / "hapi.log").string());
  out.address.port = out.process->read_line();
  if (out.address.port.empty()) stop_process("HAPI did not start, see hapi.log");
  return out;
}

/// What one client asks for with its `nth` request.
struct Ask {
  std::string method;
  std::string path;  ///< below the base
  std::string body;
};
using Load = std::function<Ask(std::uint64_t nth)>;

struct Outcome {
  double per_s = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double cpu_ms = 0;  ///< of the server, for each request
  double resident_mb = 0;
};

/// Asks `count` times, from `first` on. The latencies in milliseconds, ascending.
std::vector<double> ask_all(const Server& server, const Load& load, std::uint64_t clients,
                            std::uint64_t first, std::uint64_t count) {
  std::atomic<std::uint64_t> next{0};
  std::mutex mutex;
  std::vector<double> latencies;
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < clients; ++i) {
    threads.emplace_back([&] {
      client::HttpClient http(server.address);
      std::vector<double> mine;
      for (std::uint64_t nth = next++; nth < count; nth = next++) {
        const Ask ask = load(first + nth);
        const auto before = Clock::now();
        const auto answer = must(http.send(ask.method, server.base + ask.path,
                                           ask.body.empty() ? "" : "application/fhir+json",
                                           ask.body, server.headers));
        if (answer.status >= 300) stop_process(ask.path + " " + answer.body.substr(0, 400));
        mine.push_back(seconds_since(before) * 1000);
      }
      const std::scoped_lock lock(mutex);
      latencies.insert(latencies.end(), mine.begin(), mine.end());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::sort(latencies.begin(), latencies.end());
  return latencies;
}

Outcome measure(const Server& server, const Load& load, std::uint64_t clients, std::uint64_t first,
                std::uint64_t count) {
  const double cpu_before = server.process->cpu_s();
  const auto start = Clock::now();
  const std::vector<double> latencies = ask_all(server, load, clients, first, count);
  const double elapsed = seconds_since(start);
  const auto at = [&](double share) {
    return latencies[static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1))];
  };
  const auto amount = static_cast<double>(count);
  return {amount / elapsed, at(0.5), at(0.99),
          (server.process->cpu_s() - cpu_before) * 1000 / amount, server.process->resident_mb()};
}

/// One row of the report: the same requests to each server, all of them different.
struct Row {
  std::string name;
  std::uint64_t warm_up = 0;
  std::uint64_t count = 0;
  Load load;
};

std::vector<Row> rows(std::uint64_t patients) {
  // A prime that spreads what is asked for over all patients, each once before any again.
  const auto whom = [patients](std::uint64_t nth) { return nth * 7919 % patients; };
  const auto text = [](std::uint64_t number) { return std::to_string(number); };
  const std::uint64_t searches = patients / 2;
  return {
      {"create", 1000, 1000,
       [=](std::uint64_t nth) {
         return Ask{"POST", "/Observation", make_observation(whom(nth), nth)};
       }},
      {"read", 2000, 3000,
       [=](std::uint64_t nth) {
         return Ask{
             "GET",
             "/Observation/p" + text(whom(nth)) + "-" + static_cast<char>('h' + nth / patients % 9),
             {}};
       }},
      {"search_patient_by_name", searches, searches,
       [=](std::uint64_t nth) {
         return Ask{"GET", "/Patient?name=" + family_of(whom(nth)), {}};
       }},
      {"search_observation_by_patient_code_date_sorted", searches, searches,
       [=](std::uint64_t nth) {
         return Ask{"GET",
                    "/Observation?patient=Patient/p" + text(whom(nth)) +
                        "&code=http://loinc.org%7C8480-6&date=ge2012-01-01&_sort=-date",
                    {}};
       }},
      {"search_condition_by_patient", searches, searches,
       [=](std::uint64_t nth) {
         return Ask{"GET", "/Condition?patient=Patient/p" + text(whom(nth)), {}};
       }},
      {"transaction_of_21", 20, 100,
       [=](std::uint64_t nth) {
         return Ask{"POST", "", post_all(make_patient(1'000'000 + nth))};
       }},
  };
}

void write_outcome(json::Writer& out, const std::string& name, const Outcome& outcome) {
  write_number(out, name + "_per_s", outcome.per_s, 0);
  write_number(out, name + "_p50_ms", outcome.p50_ms, 2);
  write_number(out, name + "_p99_ms", outcome.p99_ms, 2);
  write_number(out, name + "_cpu_ms", outcome.cpu_ms, 3);
  write_number(out, name + "_resident_mb", outcome.resident_mb, 0);
}

/// Loads the patients, 21 resources in a transaction each.
void load_patients(json::Writer& out, const std::string& name, const Server& server,
                   const Arguments& arguments) {
  std::fprintf(stderr, "%s: load\n", name.c_str());
  const Outcome load = measure(
      server,
      [](std::uint64_t nth) {
        return Ask{"POST", "", put_all(make_patient(nth))};
      },
      arguments.clients, 0, arguments.patients);
  write_number(out, name + "_load_resources_per_s", load.per_s * 21, 0);
  write_number(out, name + "_load_disk_bytes_per_resource",
               disk_bytes(server.folder) / static_cast<double>(arguments.patients * 21), 0);
  write_number(out, name + "_load_resident_mb", load.resident_mb, 0);
}

/// Many resources in transactions of about 500, by as many clients.
void load_much(json::Writer& out, const Server& ours, const Arguments& arguments) {
  constexpr std::uint64_t patients = 24;  // of 21 resources
  const std::uint64_t bundles = arguments.bulk / (patients * 21) + 1;
  const double disk_before = disk_bytes(ours.folder);
  std::fprintf(stderr, "ours: %lu resources\n",
               static_cast<unsigned long>(bundles * patients * 21));
  const Outcome load = measure(
      ours,
      [](std::uint64_t nth) {
        std::vector<MadeResource> all;
        for (std::uint64_t i = 0; i < patients; ++i) {
          for (MadeResource& one : make_patient(2'000'000 + nth * patients + i)) {
            all.push_back(std::move(one));
          }
        }
        return Ask{"POST", "", put_all(all)};
      },
      arguments.clients, 0, bundles);
  const auto resources = static_cast<double>(bundles * patients * 21);
  write_number(out, "bulk_resources", resources, 0);
  write_number(out, "bulk_resources_per_s", load.per_s * static_cast<double>(patients * 21), 0);
  write_number(out, "bulk_p99_ms", load.p99_ms, 0);
  write_number(out, "bulk_disk_bytes_per_resource",
               (disk_bytes(ours.folder) - disk_before) / resources, 0);
  write_number(out, "bulk_resident_mb", load.resident_mb, 0);
}

std::string measure_all(const Arguments& arguments) {
  const fs::path root = fs::temp_directory_path() / ("xl-bench-" + std::to_string(::getpid()));
  json::Writer out;
  out.begin_object().key("benchmark").string("fhir_server");
  out.key("patients").unsigned_integer(arguments.patients);
  out.key("clients").unsigned_integer(arguments.clients);
  {
    Server ours = start_ours(root / "ours");
    std::optional<Server> theirs;
    if (!arguments.hapi.empty()) theirs = start_hapi(root / "hapi", arguments.hapi);
    sign_in(ours);
    load_patients(out, "ours", ours, arguments);
    if (theirs) load_patients(out, "hapi", *theirs, arguments);
    for (const Row& row : rows(arguments.patients)) {
      std::fprintf(stderr, "%s\n", row.name.c_str());
      sign_in(ours);
      Outcome both[2];
      for (int i = 0; i < (theirs ? 2 : 1); ++i) {
        const Server& server = i == 0 ? ours : *theirs;
        (void)ask_all(server, row.load, arguments.clients, 0, row.warm_up);
        both[i] = measure(server, row.load, arguments.clients, row.warm_up, row.count);
        write_outcome(out, row.name + (i == 0 ? "_ours" : "_hapi"), both[i]);
      }
      if (theirs) write_number(out, row.name + "_ratio", both[0].per_s / both[1].per_s, 2);
      if (theirs) write_number(out, row.name + "_cpu_ratio", both[1].cpu_ms / both[0].cpu_ms, 2);
    }
    theirs.reset();
    sign_in(ours);
    if (arguments.bulk > 0) load_much(out, ours, arguments);
  }
  fs::remove_all(root);
  write_origin(out);
  return out.end_object().take();
}

}  // namespace
}  // namespace xl::bench

int main(int argc, char** argv) {
  xl::bench::Arguments arguments;
  if (!xl::bench::parse_arguments(argc, argv, arguments)) {
    std::fprintf(stderr,
                 "usage: bench_fhir_server [--patients N] [--clients N] [--bulk N] [--hapi "
                 "CLASSPATH] [--json]\n");
    return 2;
  }
  xl::bench::print_report(xl::bench::measure_all(arguments), arguments.json);
  return 0;
}
