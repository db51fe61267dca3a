// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// Question: does the index of one organisation's records still answer at once when it holds a
// million of them, and what does it take to fill? A ward's worth of resources for each patient, on
// this machine's disk, encrypted. Arguments: --resources N (1000000), --json.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <string_view>

#include "base/checked.h"
#include "benchmarks/support/measure.h"
#include "query/search_text.h"

namespace xl::bench {
namespace {

constexpr std::uint64_t of_one_patient = 20;
constexpr std::size_t batch = 1000;
constexpr int rounds = 60;

struct Arguments {
  std::uint64_t resources = 1'000'000;
  bool json = false;
};

bool parse_arguments(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--json") {
      out.json = true;
    } else if (argument == "--resources" && i + 1 < argc &&
               parse_decimal(argv[i + 1], out.resources)) {
      ++i;
    } else {
      return false;
    }
  }
  return true;
}

model::Id numbered(std::uint64_t number, std::uint8_t kind) {
  model::Id out;
  out.bytes[0] = kind;
  for (std::size_t i = 0; i < 8; ++i) {
    out.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return out;
}

std::string day(std::uint64_t number) {
  const auto two = [](std::uint64_t value) {
    return (value < 10 ? "0" : "") + std::to_string(value);
  };
  return std::to_string(2010 + number % 16) + "-" + two(1 + number % 12) + "-" +
         two(1 + number % 28);
}

constexpr std::string_view families[] = {"Schmidt", "Müller", "Wang", "Li",     "Zhang",
                                         "Garcia",  "Smith",  "Chen", "Dubois", "Ivanov"};

/// One resource of a typical mix: a Patient, encounters, conditions, and mostly Observations.
std::string resource_of(std::uint64_t number) {
  const std::uint64_t patient = number / of_one_patient;
  const std::string who = "p" + std::to_string(patient);
  const std::string id = "r" + std::to_string(number);
  const std::string subject = R"("subject":{"reference":"Patient/)" + who + R"("})";
  switch (number % of_one_patient) {
    case 0:
      return R"({"resourceType":"Patient","id":")" + who +
             R"(","identifier":[{"system":"urn:mrn","value":")" + std::to_string(patient) +
             R"("}],"name":[{"family":")" + std::string(families[patient % 10]) +
             std::to_string(patient % 997) + R"(","given":["G)" + std::to_string(patient % 89) +
             R"("]}],"gender":"female","birthDate":")" + day(patient) + R"("})";
    case 1:
    case 2:
      return R"({"resourceType":"Encounter","id":")" + id +
             R"(","status":"finished","class":{"system":"urn:c","code":"AMB"},)" + subject +
             R"(,"period":{"start":")" + day(number) + R"("}})";
    case 3:
      return R"({"resourceType":"Condition","id":")" + id +
             R"(","code":{"coding":[{"system":"http://snomed.info/sct","code":")" +
             std::to_string(1000 + number % 300) + R"(","display":"Condition )" +
             std::to_string(number % 300) + R"("}]},)" + subject + R"(,"onsetDateTime":")" +
             day(number) + R"("})";
    default:
      return R"({"resourceType":"Observation","id":")" + id +
             R"(","status":"final","category":[{"coding":[{"system":"urn:cat","code":"vital"}]}],)"
             R"("code":{"coding":[{"system":"http://loinc.org","code":")" +
             std::to_string(8000 + number % 60) + R"(-1","display":"Measured )" +
             std::to_string(number % 60) + R"("}]},)" + subject + R"(,"effectiveDateTime":")" +
             day(number) + R"(","valueQuantity":{"value":)" + std::to_string(number % 200) +
             R"(.5,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}})";
  }
}

query::RecordEntry entry_of(std::uint64_t number) {
  const std::string text = resource_of(number);
  const auto document = json::parse(text, {});
  query::RecordEntry out;
  out.record = numbered(number, 1);
  out.type = document->root().find("resourceType").as_string().value_or("");
  out.id = document->root().find("id").as_string().value_or("");
  out.version = out.vault_version = 1;
  out.patient = numbered(number / of_one_patient, 2);
  out.last_updated_ms = 1'700'000'000'000 + number;
  out.terms = std::move(*query::terms_of(document->root()));
  return out;
}

/// Seconds to fill.
double fill(query::RecordIndex& index, std::uint64_t resources) {
  const auto start = Clock::now();
  std::vector<query::RecordEntry> entries;
  for (std::uint64_t i = 0; i < resources; ++i) {
    entries.push_back(entry_of(i));
    if (entries.size() < batch && i + 1 < resources) continue;
    const Status kept = index.put_batch(entries);
    if (!kept.ok()) {
      std::fprintf(stderr, "%s\n", kept.error().text().c_str());
      return 0;
    }
    entries.clear();
    if ((i + 1) % (20 * batch) == 0) {
      std::fprintf(stderr, "\r%llu resources ", static_cast<unsigned long long>(i + 1));
    }
  }
  std::fprintf(stderr, "\n");
  return seconds_since(start);
}

/// Entries one by one, as a ward writes them, behind those that are there.
bool put_singly(json::Writer& out, query::RecordIndex& index, std::uint64_t behind) {
  constexpr std::uint64_t count = 1000;
  std::vector<query::RecordEntry> entries;
  for (std::uint64_t i = 0; i < count; ++i) entries.push_back(entry_of(behind + i));
  const double cpu = process_cpu_s();
  Samples samples;
  for (const query::RecordEntry& entry : entries) {
    const auto start = Clock::now();
    const Status kept = index.put(entry);
    samples.add(seconds_since(start) * 1000);
    if (kept.ok()) continue;
    std::fprintf(stderr, "%s\n", kept.error().text().c_str());
    return false;
  }
  write_number(out, "put_one_ms_p50", samples.median(), 3);
  write_number(out, "put_one_ms_p99", samples.quantile(0.99), 3);
  write_number(out, "put_one_cpu_ms", (process_cpu_s() - cpu) / count * 1000, 3);
  return true;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

query::Query query_of(std::string type, const Pairs& pairs) {
  query::Query out;
  out.type = std::move(type);
  for (const auto& [name, value] : pairs) {
    out.criteria.push_back(*query::read_criterion(out.type, name, value));
  }
  // As the organisation's own systems ask: every match is decided.
  out.allowed.record = [](const query::RecordEntry&) { return true; };
  return out;
}

void measure(json::Writer& out, query::RecordIndex& index, std::string_view name,
             const std::function<query::Query(std::uint64_t)>& make) {
  Samples samples;
  std::uint64_t found = 0;
  for (int i = 0; i < rounds; ++i) {
    const query::Query query = make(static_cast<std::uint64_t>(i) * 37 + 11);
    const auto start = Clock::now();
    const auto page = index.search(query);
    samples.add(seconds_since(start) * 1000);
    if (!page.ok()) std::fprintf(stderr, "%s\n", page.error().text().c_str());
    if (page.ok()) found += page->total.value_or(page->entries.size());
  }
  write_number(out, std::string(name) + "_ms_p50", samples.median(), 2);
  write_number(out, std::string(name) + "_ms_p99", samples.quantile(0.99), 2);
  write_number(out, std::string(name) + "_found", static_cast<double>(found) / rounds, 1);
}

void measure_all(json::Writer& out, query::RecordIndex& index, std::uint64_t patients) {
  const auto who = [=](std::uint64_t i) { return "p" + std::to_string(i * 101 % patients); };
  measure(out, index, "by_identifier", [&](std::uint64_t i) {
    return query_of("Patient", {{"identifier", "urn:mrn|" + std::to_string(i * 101 % patients)}});
  });
  measure(out, index, "by_name", [&](std::uint64_t i) {
    return query_of("Patient", {{"family", std::string(families[i % 10]) + std::to_string(i % 997)},
                                {"gender", "female"}});
  });
  measure(out, index, "of_patient_by_code_and_date", [&](std::uint64_t i) {
    query::Query out_query =
        query_of("Observation", {{"patient", who(i)}, {"category", "vital"}, {"date", "ge2015"}});
    out_query.sort = {{"date", true}};
    return out_query;
  });
  measure(out, index, "conditions_of_patient", [&](std::uint64_t i) {
    return query_of("Condition", {{"patient", who(i)}});
  });
  measure(out, index, "by_code_and_value", [&](std::uint64_t i) {
    return query_of("Observation",
                    {{"code", "http://loinc.org|" + std::to_string(8000 + i % 60) + "-1"},
                     {"value-quantity", "gt190"}});
  });
  measure(out, index, "by_chain", [&](std::uint64_t i) {
    return query_of("Condition",
                    {{"subject:Patient.identifier", "urn:mrn|" + std::to_string(i % patients)}});
  });
  measure(out, index, "all_of_a_type", [&](std::uint64_t) { return query_of("Observation", {}); });
}

int run(const Arguments& arguments) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("xl-bench-index-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  json::Writer out;
  out.begin_object();
  write_origin(out);
  {
    auto index = query::RecordIndex::open(folder / "index.db", Bytes(32, 0x5a));
    if (!index.ok()) {
      std::fprintf(stderr, "%s\n", index.error().text().c_str());
      return 1;
    }
    const double cpu = process_cpu_s();
    const double seconds = fill(**index, arguments.resources);
    const double filled_cpu = process_cpu_s() - cpu;
    out.key("resources").unsigned_integer(arguments.resources);
    write_number(out, "filled_per_s", static_cast<double>(arguments.resources) / seconds, 0);
    write_number(out, "filled_cpu_ms_each",
                 filled_cpu / static_cast<double>(arguments.resources) * 1000, 3);
    if (!put_singly(out, **index, arguments.resources)) return 1;
    const auto bytes = std::filesystem::file_size(folder / "index.db");
    write_number(out, "bytes_per_resource",
                 static_cast<double>(bytes) / static_cast<double>(arguments.resources), 0);
    measure_all(out, **index, arguments.resources / of_one_patient);
  }
  std::filesystem::remove_all(folder);
  print_report(out.end_object().take(), arguments.json);
  return 0;
}

}  // namespace
}  // namespace xl::bench

int main(int argc, char** argv) {
  xl::bench::Arguments arguments;
  if (!xl::bench::parse_arguments(argc, argv, arguments)) {
    std::fprintf(stderr, "usage: bench_record_index [--resources N] [--json]\n");
    return 2;
  }
  return xl::bench::run(arguments);
}
