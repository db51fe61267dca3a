// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
#include "cli/bench.h"

#include <algorithm>
#include <chrono>

#include "base/json/writer.h"
#include "cli/actor.h"
#include "cli/words.h"

namespace xl::cli {
namespace {

using Steady = std::chrono::steady_clock;

struct BenchOptions {
  std::string name;
  std::uint32_t patients = 100;
  std::uint32_t records = 40;  ///< of each, the Patient included: one transaction
  bool yes = false;
};

std::uint64_t micros_since(Steady::time_point start) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - start).count());
}

/// A patient with observations that no person ever had.
std::string made_up_patient(const std::string& id, std::uint32_t records) {
  std::string bundle = R"({"resourceType":"Bundle","type":"transaction","entry":[)";
  const auto add = [&](const std::string& name, const std::string& resource) {
    if (!bundle.ends_with('[')) bundle += ',';
    bundle +=
        R"({"resource":)" + resource + R"(,"request":{"method":"PUT","url":")" + name + "\"}}";
  };
  add("Patient/" + id, R"({"resourceType":"Patient","id":")" + id + R"(","gender":"other"})");
  for (std::uint32_t i = 1; i < records; ++i) {
    const std::string name = id + "-" + std::to_string(i);
    add("Observation/" + name,
        R"({"resourceType":"Observation","id":")" + name + R"(","status":"final",)" +
            R"("code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},)" +
            R"("subject":{"reference":"Patient/)" + id + R"("},"valueQuantity":{"value":)" +
            std::to_string(100 + i % 60) + R"(,"unit":"mm[Hg]"}})");
  }
  return bundle + "]}";
}

/// The value below which `percent` of the sorted samples lie.
std::uint64_t percentile(const std::vector<std::uint64_t>& sorted, std::size_t percent) {
  return sorted.empty() ? 0 : sorted[std::min(sorted.size() - 1, sorted.size() * percent / 100)];
}

struct BenchReport {
  std::uint64_t resources = 0;
  std::uint64_t bytes = 0;
  std::uint64_t micros = 0;
  std::vector<std::uint64_t> samples;  ///< microseconds per transaction, sorted
};

Result<BenchReport> ingest(Actor& actor, const BenchOptions& options, const Console& console) {
  BenchReport out;
  const std::string run = "bench-" + client::random_id().text().substr(0, 10);
  Progress progress(console, std::string(console.pick("Patients", "患者")), actor.now_ms());
  const auto start = Steady::now();
  for (std::uint32_t i = 0; i < options.patients; ++i) {
    const std::string body = made_up_patient(run + "-" + std::to_string(i), options.records);
    const auto sent = Steady::now();
    XL_TRY_ASSIGN(const client::HttpResponse answer,
                  actor.fhir("POST", "", body, {{"Prefer", "return=minimal"}}));
    if (answer.status != 200) return client::error_of(answer);
    out.samples.push_back(micros_since(sent));
    out.resources += options.records;
    out.bytes += body.size();
    progress.update(i + 1, options.patients, actor.now_ms());
  }
  out.micros = std::max<std::uint64_t>(micros_since(start), 1);
  progress.finish();
  std::sort(out.samples.begin(), out.samples.end());
  return out;
}

void show_bench(const BenchReport& report, const Console& console) {
  const std::uint64_t rate = report.resources * 1'000'000 / report.micros;
  const std::uint64_t p50 = percentile(report.samples, 50);
  const std::uint64_t p99 = percentile(report.samples, 99);
  if (console.json()) {
    json::Writer out;
    out.begin_object().key("schema").string("xinglin/bench/v1").key("name").string("fhir_ingest");
    out.key("resources").unsigned_integer(report.resources);
    out.key("bytes_sent").unsigned_integer(report.bytes);
    out.key("resources_per_second").unsigned_integer(rate);
    out.key("transactions").unsigned_integer(report.samples.size());
    out.key("transaction_us_p50").unsigned_integer(p50);
    out.key("transaction_us_p99").unsigned_integer(p99).end_object();
    console.answer(out.take());
    return;
  }
  console.result("fhir_ingest\t" + std::to_string(rate) + " resources/s\tp50 " + tenths_text(p50) +
                 " ms\tp99 " + tenths_text(p99) +
                 " ms\tn=" + std::to_string(report.samples.size()) + " transactions, " +
                 std::to_string(report.resources) + " resources, " + bytes_text(report.bytes));
}

Result<int> run_bench(const Session& session, const BenchOptions& options, const Console& console) {
  if (options.name != "fhir_ingest") {
    return make_error(ErrorCode::usage_invalid,
                      "no benchmark '" + options.name + "'; there is: fhir_ingest");
  }
  if (!options.yes) {
    return make_error(ErrorCode::usage_invalid,
                      "it writes made-up patients into the node for ever: confirm with --yes");
  }
  XL_TRY_ASSIGN(Actor actor, Actor::signed_in(session));
  XL_TRY_ASSIGN(const BenchReport report, ingest(actor, options, console));
  show_bench(report, console);
  return succeeded;
}

Result<int> list_benches(const Session&, const BenchOptions&, const Console& console) {
  const std::string_view text = console.pick(
      "transactions of one patient each, one after another, each durable when it is answered",
      "逐个写入患者事务,每个事务在应答时均已落盘");
  if (console.json()) {
    console.answer(R"({"schema":"xinglin/benches/v1","names":["fhir_ingest"]})");
  } else {
    console.result("fhir_ingest\t" + std::string(text));
  }
  return succeeded;
}

}  // namespace

void add_bench_commands(CLI::App& app, Session& session) {
  auto* group = app.add_subcommand("bench", "how fast a running node is")->require_subcommand(1);
  group->footer(
      "Examples:\n  xinglin bench list\n"
      "  xinglin bench run fhir_ingest --patients 100 --yes --as hospital.json");
  auto options = std::make_shared<BenchOptions>();
  auto* list = group->add_subcommand("list", "the benchmarks");
  list->footer("Examples:\n  xinglin bench list\n  xinglin bench list --json");
  choose(list, session, options, list_benches);
  auto* run = group->add_subcommand("run", "run one; it writes made-up patients");
  run->add_option("NAME", options->name, "which")->required();
  run->add_option("--patients", options->patients, "how many")->check(CLI::Range(1, 1'000'000));
  run->add_option("--records", options->records, "of each patient")->check(CLI::Range(1, 500));
  run->add_flag("--yes", options->yes, "yes, write into this node");
  run->footer(
      "Examples:\n  xinglin bench run fhir_ingest --patients 100 --yes --as hospital.json\n"
      "  xinglin bench run fhir_ingest --patients 10 --records 500 --yes --as hospital.json "
      "--json");
  choose(run, session, options, run_bench);
}

}  // namespace xl::cli
